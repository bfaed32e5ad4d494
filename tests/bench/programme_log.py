"""The log of a large programme: events of many placements in the order in which they would be recorded.

Every placement departs, is paid monthly for a year, and returns; that is 14 events. There are as many counties, destinations
and enterprises as a country has. The records are filled in from templates, since writing them is not measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import count, islice
from typing import Any

import pycountry
from aiokafka import AIOKafkaProducer

from shared import reference
from shared.delivery import kafka
from shared.events import DOCKING, RIGHTS
from shared.settings import Settings
from shared.values import Designation

MONTHS = 48
PAID_MONTHS = 12  # wage periods of a placement
EVENTS_PER_PLACEMENT = PAID_MONTHS + 2
ENTERPRISES = 300
DESTINATIONS = 60
OCCUPATIONS = ("7112", "7115", "7212", "7231", "7411", "8332", "8350", "5120", "5321", "5223", "6111", "6221", "9112", "9313", "9629")
CURRENCY = {"JPN": "JPY", "SGP": "SGD", "SAU": "SAR", "MAC": "MOP", "HKG": "HKD"}  # US dollars elsewhere
START = date(2017, 1, 1)
PAY_DAYS = (10, 25)  # of the month after the wage period: an enterprise reports once a month
BATCH_BYTES = 512 * 1024
_TYPE = ("content-type", b"application/cloudevents+json; charset=UTF-8")
Record = tuple[str, int, bytes, bytes]  # topic, partition, key, value
Placement = dict[str, Any]

_HEAD = (
    '{"specversion":"1.0","id":"%(id)s","source":"/%(source)s","type":"%(source)s.%(type)s.v1","subject":"%(placement)s",'
    '"time":"%(on)sT04:00:00Z","datacontenttype":"application/json","dataschema":"/asyncapi#%(source)s.%(type)s.v1",'
    '"correlationid":"%(id)s","actor":"enterprise:%(enterprise)s","data":{"placement":"%(placement)s","worker":"%(worker)s",'
)
_ORIGIN = '"origin":{"county":"%(county)s","designation":"%(designation)s","designation_version":"poverty-counties-2012..2020/1"}'
_BY = '"enterprise":"%(enterprise)s",' + _ORIGIN
_WORK = '"destination":"%(destination)s","occupation":"%(occupation)s","channel":"%(channel)s"'
_FACT = (
    '{"departed_on":"%(departed_on)s","port":"PVG",' + _WORK + "," + _BY + ',"household_status":"unknown","sex":"%(sex)s",'
    '"birth_year":%(birth_year)d,"first_ever":true,"first_this_year":%(first)s,"evidence":"exit_stamp"}'
)
_MONEY = '{"minor":%%(%s)d,"currency":"%%(currency)s"}'
_INCOME = (
    _HEAD + _BY + "," + _WORK + ',"effective":"%(on)s","report":"%(id)s","fact":{"period":"%(period)s",'
    '"gross":'
    + _MONEY % "gross"
    + ',"deductions":'
    + _MONEY % "deducted"
    + ',"net":'
    + _MONEY % "net"
    + ',"remitted":null,"paid_on":"%(on)s","source":"employer"}}}'
)
_TEMPLATES = {
    "Dispatched": _HEAD + '"fact":' + _FACT + "}}",
    "Returned": _HEAD + '"fact":{"returned_on":"%(on)s","reason":"completed"},"dispatch":' + _FACT + "}}",
    "IncomeReported": _INCOME,
}


def placements(number_of: int) -> list[Placement]:
    """The same placements in every run."""
    rng = random.Random(20170101)
    counties = sorted(reference.counties())
    destinations = [*CURRENCY, *(each.alpha_3 for each in pycountry.countries if each.alpha_3 not in CURRENCY)][:DESTINATIONS]
    weights = [1 / (rank + 1) for rank in range(len(destinations))]
    abroad = rng.choices(destinations, weights, k=number_of)
    span = (MONTHS - PAID_MONTHS - 1) * 30
    made = []
    for number, destination in enumerate(abroad):
        departed = START + timedelta(days=number * span // number_of)
        county, gross = rng.choice(counties), rng.randrange(300_000, 1_200_000)
        deducted = rng.choice((0, 0, 0, 20_000))
        designation = reference.designation(county, departed)
        made.append(
            {
                "number": number,
                "placement": _id(1, number),
                "worker": _id(2, number),
                "county": county,
                "designation": designation.value,
                "destination": destination,
                "occupation": rng.choice(OCCUPATIONS),
                "enterprise": _id(3, number % ENTERPRISES),
                "channel": rng.choice(("labour_cooperation", "labour_cooperation", "contracted_project")),
                "departed_on": departed,
                "sex": rng.choice(("male", "female")),
                "birth_year": departed.year - rng.randrange(20, 50),
                "first": rng.choice(("true", "true", "false")),
                "currency": CURRENCY.get(destination, "USD"),
                "gross": gross,
                "deducted": deducted,
                "net": gross - deducted,
            }
        )
    assert Designation.UNCLASSIFIED not in {one["designation"] for one in made}
    return made


def _id(kind: int, number: int) -> str:
    return f"0{kind:07x}-0000-7000-8000-{number:012x}"


def records(events: int, partitions: int) -> Iterator[Record]:
    """`events` records in the order in which they are recorded; those of a placement in one partition."""
    every = placements(-(-events // EVENTS_PER_PLACEMENT))
    first_day: dict[date, list[Placement]] = {}
    for one in every:
        first_day.setdefault(one["departed_on"], []).append(one)
    return islice(_by_day(first_day, partitions), events)


def _by_day(departing: dict[date, list[Placement]], partitions: int) -> Iterator[Record]:
    """Day by day: departures, payments, and returns a year after departure."""
    numbers = count(1)
    abroad: dict[int, list[tuple[Placement, date]]] = {day: [] for day in PAY_DAYS}

    def record(topic: str, kind: str, one: Placement, day: date) -> Record:
        fields = {
            **one,
            "source": topic.partition(".")[0],
            "type": kind,
            "id": _id(4, next(numbers)),
            "on": day,
            "period": _previous_month(day),
        }
        return topic, one["number"] % partitions, one["placement"].encode(), (_TEMPLATES[kind] % fields).encode()

    for day in (START + timedelta(days=offset) for offset in range(MONTHS * 31)):
        for one in departing.get(day, ()):
            abroad[PAY_DAYS[one["number"] % len(PAY_DAYS)]].append((one, day))
            yield record(DOCKING, "Dispatched", one, day)
        if day.day not in PAY_DAYS:
            continue
        staying = []
        for one, departed in abroad[day.day]:
            months = (day.year - departed.year) * 12 + day.month - departed.month
            if months > PAID_MONTHS:
                yield record(DOCKING, "Returned", one, day)
                continue
            staying.append((one, departed))
            if months:
                yield record(RIGHTS, "IncomeReported", one, day)
        abroad[day.day] = staying


def _previous_month(day: date) -> str:
    return (day.replace(day=1) - timedelta(days=1)).isoformat()[:7]


async def write(settings: Settings, events: int) -> None:
    """The log of so many events."""
    await write_records(settings, [DOCKING, RIGHTS], records(events, settings.topic_partitions))


async def write_records(settings: Settings, topics: Sequence[str], written: Iterable[Record]) -> None:
    """Write records as relays do: numbered per topic and partition, in batches of the size of a relay's."""
    await kafka.create_topics(settings, topics)
    producer = await kafka.open_producer(settings)
    try:
        await _send(producer, settings, written)
    finally:
        await kafka.stop_producer(producer, 30)


async def _send(producer: AIOKafkaProducer, settings: Settings, written: Iterable[Record]) -> None:
    numbers: dict[tuple[str, int], int] = {}
    open_batches: dict[tuple[str, int], object] = {}
    for topic, partition, key, value in written:
        topic_partition = (topic, partition)
        number = numbers.get(topic_partition, 0)
        numbers[topic_partition] = number + 1
        headers = [_TYPE, ("sequence", b"1.%d" % number)]
        batch = open_batches.get(topic_partition)
        if batch is None or batch.append(key=key, value=value, timestamp=None, headers=headers) is None:  # type: ignore[attr-defined]
            if batch is not None:
                await producer.send_batch(batch, kafka.topic_name(settings, topic), partition=partition)
            batch = open_batches[topic_partition] = producer.create_batch()
            batch.append(key=key, value=value, timestamp=None, headers=headers)
    for (topic, partition), batch in open_batches.items():
        await producer.send_batch(batch, kafka.topic_name(settings, topic), partition=partition)
    await producer.flush()

"""An oracle of the log: reads it with a bare Kafka client and counts its events, with no code of the product.

Independent of shared/delivery, shared/events and services/stats on purpose: agreement with it does not come from one mistake
made once. A record counts when its number is the next of its partition; figures are counted from the JSON of events by year and
county.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, TopicPartition

TOPICS = ("registration.events", "docking.events", "training.events", "rights.events", "stats.events")
Record = Any  # aiokafka's: topic, partition, offset, key, value, headers
Figure = tuple[str, str, str]  # measure, year, county
Following = dict[tuple[str, int], tuple[int, int]]  # of each partition, the epoch and the next number


@dataclass(slots=True)
class Recount:
    """`events` in log order within each partition, each once; `taken`: how many of them each partition holds."""

    events: list[dict[str, Any]] = field(default_factory=list)
    taken: Counter[tuple[str, int]] = field(default_factory=Counter)
    repeats: int = 0
    unnumbered: int = 0  # records that no relay wrote

    def ids(self, topic: str) -> list[str]:
        return [event["id"] for event in self.events if event["source"] == f"/{topic.partition('.')[0]}"]

    def of(self, *types: str) -> list[dict[str, Any]]:
        """Events of these types, such as "docking.Dispatched.v1"."""
        return [event for event in self.events if event["type"] in types]

    def per_subject(self) -> Mapping[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for event in self.events:
            found[event["subject"]].append(event)
        return found


async def every_record(kafka: str, topics: Sequence[str] | None = None) -> list[Record]:
    """Every record that is in the topics now, in log order within each partition; all topics of the cluster unless named."""
    return [record async for record in read_records(kafka, topics)]


async def read_records(kafka: str, topics: Sequence[str] | None = None) -> AsyncIterator[Record]:
    """The same one by one, for a log that no memory holds."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=50)
    await consumer.start()
    try:
        cluster = await consumer._client.fetch_all_metadata()
        wanted = sorted(cluster.topics() if topics is None else topics)
        partitions = [TopicPartition(topic, number) for topic in wanted for number in sorted(cluster.partitions_for_topic(topic))]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=100)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()


async def recount(kafka: str, prefix: str = "") -> Recount:
    """The five logs, counted."""
    return accepted(await every_record(kafka, [prefix + topic for topic in TOPICS]))


def accepted(records: Iterable[Record]) -> Recount:
    """A record counts with the next number of its partition's epoch, or number 0 of a later epoch; all others are repeats or early."""
    result, following = Recount(), Following()
    for record in records:
        if _accept(result, following, record):
            result.events.append(json.loads(record.value))
    return result


def _accept(result: Recount, following: Following, record: Record) -> bool:
    """Whether the record counts; it is counted among what was taken, repeated or not numbered."""
    topic_partition = record.topic, record.partition
    numbers = [value for name, value in record.headers if name == "sequence"]
    if len(numbers) != 1:
        result.unnumbered += 1
        return False
    epoch, number = (int(part) for part in numbers[0].decode().split("."))
    epoch_now, next_number = following.get(topic_partition, (0, 0))
    if (epoch, number) != (epoch_now, next_number) and not (epoch > epoch_now and number == 0):
        result.repeats += 1
        return False
    following[topic_partition] = epoch, number + 1
    result.taken[topic_partition] += 1
    return True


@dataclass(slots=True)
class LongRecount:
    """Of a log that no memory holds: the figures, and the ids of what each service has published, as 16 bytes."""

    counted: Recount = field(default_factory=Recount)  # without its events
    figures: Counter[Figure] = field(default_factory=Counter)
    ids: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))  # by service

    @property
    def events(self) -> int:
        return self.counted.taken.total()


async def long_recount(kafka: str) -> LongRecount:
    """The same, record by record. Raises AssertionError for an event that is in a log twice."""
    result, following = LongRecount(), Following()
    async for record in read_records(kafka, TOPICS):
        if not _accept(result.counted, following, record):
            continue
        event = json.loads(record.value)
        service, event_id = record.topic.partition(".")[0], UUID(event["id"]).bytes
        assert event_id not in result.ids[service], f"{record.topic}: {event['id']} twice"
        result.ids[service].add(event_id)
        count = _COUNTS.get(event["type"])
        if count is not None:
            count(result.figures, event["data"])
    return result


# --- figures ----------------------------------------------------------------------------------------------------------
def figures(events: Iterable[dict[str, Any]]) -> dict[Figure, int]:
    """dispatches, persons, returns and income (minor units, by currency: "income CNY") by year and county."""
    total: Counter[Figure] = Counter()
    for event in events:
        count = _COUNTS.get(event["type"])
        if count is not None:
            count(total, event["data"])
    return {figure: value for figure, value in total.items() if value}


def _departure(total: Counter[Figure], fact: dict[str, Any], sign: int) -> None:
    where = fact["departed_on"][:4], fact["origin"]["county"]
    total["dispatches", *where] += sign
    if fact["first_this_year"]:
        total["persons", *where] += sign


def _return(total: Counter[Figure], dispatch: dict[str, Any], returned: dict[str, Any] | None, sign: int) -> None:
    if returned is not None:
        total["returns", returned["returned_on"][:4], dispatch["origin"]["county"]] += sign


def _income(total: Counter[Figure], data: dict[str, Any], fact: str, sign: int) -> None:
    paid = data[fact]
    total[f"income {paid['net']['currency']}", paid["period"][:4], data["origin"]["county"]] += sign * paid["net"]["minor"]


def _dispatched(total: Counter[Figure], data: dict[str, Any]) -> None:
    _departure(total, data["fact"], 1)


def _returned(total: Counter[Figure], data: dict[str, Any]) -> None:
    _return(total, data["dispatch"], data["fact"], 1)


def _return_corrected(total: Counter[Figure], data: dict[str, Any]) -> None:
    _return(total, data["dispatch"], data["previous"], -1)
    _return(total, data["dispatch"], data["fact"], 1)


def _corrected(total: Counter[Figure], data: dict[str, Any]) -> None:
    for fact, sign in (("previous", -1), ("fact", 1)):
        _departure(total, data[fact], sign)
        _return(total, data[fact], data["returned"], sign)


def _voided(total: Counter[Figure], data: dict[str, Any]) -> None:
    _departure(total, data["previous"], -1)
    _return(total, data["previous"], data["returned"], -1)


def _income_reported(total: Counter[Figure], data: dict[str, Any]) -> None:
    _income(total, data, "fact", 1)


def _income_corrected(total: Counter[Figure], data: dict[str, Any]) -> None:
    _income(total, data, "previous", -1)
    _income(total, data, "fact", 1)


def _income_voided(total: Counter[Figure], data: dict[str, Any]) -> None:
    _income(total, data, "previous", -1)


def _taken_back(total: Counter[Figure], data: dict[str, Any]) -> None:
    event = json.loads(data["taken_back"])
    count, found = _COUNTS.get(event["type"]), Counter[Figure]()
    if count is not None:
        count(found, event["data"])
    total.subtract(found)


_COUNTS = {
    "docking.Dispatched.v1": _dispatched,
    "docking.Returned.v1": _returned,
    "docking.ReturnCorrected.v1": _return_corrected,
    "docking.DispatchCorrected.v1": _corrected,
    "docking.DispatchVoided.v1": _voided,
    "rights.IncomeReported.v1": _income_reported,
    "rights.IncomeCorrected.v1": _income_corrected,
    "rights.IncomeVoided.v1": _income_voided,
    **{f"{service}.{service.title()}EventVoided.v1": _taken_back for service in ("registration", "docking", "training", "rights", "stats")},
}


def by_year(found: Mapping[Figure, int]) -> dict[tuple[str, str], int]:
    """(measure, year) -> the sum over the counties."""
    total: Counter[tuple[str, str]] = Counter()
    for (measure, year, _), value in found.items():
        total[measure, year] += value
    return dict(total)


def stock_at_end_of(year: str, found: Mapping[Figure, int]) -> int:
    """Departures less returns of all years up to this one."""
    signs = {"dispatches": 1, "returns": -1}
    return sum(signs.get(measure, 0) * value for (measure, when, _), value in found.items() if when <= year)

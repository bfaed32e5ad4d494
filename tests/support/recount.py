"""An oracle of the log: reads it with a bare Kafka client and counts its events, with no code of the product.

Independent of shared/delivery, shared/events and services/stats on purpose: agreement with it does not come from one mistake
made once. A record counts when its number is the next of its partition; figures are counted from the JSON of events by year and
county.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

TOPICS = ("registration.events", "docking.events", "training.events", "rights.events", "stats.events")
Record = Any  # aiokafka's: topic, partition, offset, key, value, headers
Figure = tuple[str, str, str]  # measure, year, county


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
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=50)
    await consumer.start()
    try:
        cluster = await consumer._client.fetch_all_metadata()
        wanted = sorted(cluster.topics() if topics is None else topics)
        partitions = [TopicPartition(topic, number) for topic in wanted for number in sorted(cluster.partitions_for_topic(topic))]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[Record] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for records in (await consumer.getmany(timeout_ms=100)).values():
                found += records
        return found
    finally:
        await consumer.stop()


async def recount(kafka: str, prefix: str = "") -> Recount:
    """The five logs, counted."""
    return accepted(await every_record(kafka, [prefix + topic for topic in TOPICS]))


def accepted(records: Iterable[Record]) -> Recount:
    """A record counts with the next number of its partition's epoch, or number 0 of a later epoch; all others are repeats or early."""
    result = Recount()
    following: dict[tuple[str, int], tuple[int, int]] = {}
    for record in records:
        topic_partition = record.topic, record.partition
        numbers = [value for name, value in record.headers if name == "sequence"]
        if len(numbers) != 1:
            result.unnumbered += 1
            continue
        epoch, number = (int(part) for part in numbers[0].decode().split("."))
        epoch_now, next_number = following.get(topic_partition, (0, 0))
        if (epoch, number) != (epoch_now, next_number) and not (epoch > epoch_now and number == 0):
            result.repeats += 1
            continue
        following[topic_partition] = epoch, number + 1
        result.taken[topic_partition] += 1
        result.events.append(json.loads(record.value))
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

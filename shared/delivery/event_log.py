"""Reading the numbered log: which records are events, and which are repeats of one, or ahead of one that has not come yet.

A log may hold repeats (a relay that crashed sends its last batch again), so every reader (consumers, rebuilds, audits, watch)
accepts records by `accept`, and by nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeAlias

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from shared.delivery import kafka
from shared.delivery.kafka import COMPACTED, REQUEST_MS, logical_name, topic_name
from shared.settings import Settings

KafkaRecord: TypeAlias = ConsumerRecord  # key, value: bytes or None; headers: tuple of (str, bytes)
_NUMBERED = re.compile(rb"([1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,17})")  # within PostgreSQL's integer and bigint


class Number(NamedTuple):
    """What the relay wrote in the header `sequence`: the epoch, and the number within topic, partition and epoch."""

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"


RUN_FETCH_BYTES = 1024 * 1024  # of a partition at a time, compressed: partitions are read side by side, so that a batch is of one time
START = Number(0, 0)  # nothing read yet: the first record of any epoch is the next


class Verdict(Enum):
    ACCEPTED = "accepted"  # the next event
    REPEAT = "repeat"  # read before, or written by a relay that has since been restored from a backup
    AHEAD = "ahead"  # an earlier number has not come yet; the relay will send this one again after it


def accept(expected: Number, found: Number) -> Verdict:
    """The rule of every reader. After ACCEPTED, `following(found)` is expected."""
    if found == expected or (found.epoch > expected.epoch and found.number == 0):
        return Verdict.ACCEPTED
    return Verdict.AHEAD if found > expected else Verdict.REPEAT


def following(number: Number) -> Number:
    return Number(number.epoch, number.number + 1)


def number_of(record: KafkaRecord) -> Number | None:
    """The record's number; None when it has none, an unreadable one, or two: then no relay of ours wrote it."""
    values = [value for name, value in record.headers if name == "sequence"]
    match = _NUMBERED.fullmatch(values[0] or b"") if len(values) == 1 else None
    return Number(int(match[1]), int(match[2])) if match else None


def run_of(records: Sequence[KafkaRecord], expected: Number) -> Number | None:
    """The number of the first record, where all are accepted one after the other: what a log mostly holds, told without judging each."""
    first = number_of(records[0])
    if first is None or accept(expected, first) is not Verdict.ACCEPTED:
        return None
    epoch, number = first
    for record in records:
        if [value for name, value in record.headers if name == "sequence"] != [b"%d.%d" % (epoch, number)]:
            return None
        number += 1
    return first


@dataclass(frozen=True, slots=True)
class Entry:
    """An accepted record. `topic` is the logical name."""

    topic: str
    number: Number
    record: KafkaRecord


def entries(settings: Settings, records: Sequence[KafkaRecord], expected: dict[tuple[str, int], Number]) -> list[Entry]:
    """The accepted ones of records in log order; `expected` is moved on. Compaction leaves holes: there only going back is a repeat."""
    accepted = []
    for record in records:
        topic, found = logical_name(settings, record.topic), number_of(record)
        place = (topic, record.partition)
        wanted = expected.get(place, START)
        if found is None:
            continue
        if accept(wanted, found) is Verdict.ACCEPTED or (topic in COMPACTED and found > wanted):
            expected[place] = following(found)
            accepted.append(Entry(topic, found, record))
    return accepted


async def read_log(settings: Settings, topics: Sequence[str], *, follow: bool = False) -> AsyncIterator[Entry]:
    """Every event of the topics from the beginning, in order within each partition; up to the present end, or for ever.

    Raises kafka.Unavailable.
    """
    expected: dict[tuple[str, int], Number] = {}
    async with _reading(settings) as consumer:
        async with asyncio.timeout(15):
            places = await partitions_of(consumer, [topic_name(settings, topic) for topic in topics])
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await end_offsets(consumer, places)
        while follow or await _short_of(consumer, ends):
            for records in (await consumer.getmany(timeout_ms=100, max_records=5_000)).values():
                for entry in entries(settings, records, expected):
                    yield entry


async def read_upto(settings: Settings, upto: Mapping[tuple[str, int], int]) -> AsyncIterator[tuple[int, list[Entry]]]:
    """The events of these partitions from the beginning up to the given offsets, a fetch at a time: how many records it held
    (the counts add up to the offsets), and the accepted ones. Raises kafka.Unavailable, Truncated.
    """
    expected: dict[tuple[str, int], Number] = {}
    wanted = {TopicPartition(topic_name(settings, topic), partition): end for (topic, partition), end in upto.items() if end > 0}
    if not wanted:
        return
    async with _reading(settings) as consumer:
        consumer.assign(list(wanted))
        await _check_whole(consumer, wanted)
        await consumer.seek_to_beginning(*wanted)
        reached = dict.fromkeys(wanted, 0)
        while reached != wanted:
            for place, fetched in (await consumer.getmany(timeout_ms=100, max_records=5_000)).items():
                inside = [record for record in fetched if record.offset < wanted[place]]
                now = wanted[place] if len(inside) < len(fetched) else fetched[-1].offset + 1
                yield now - reached[place], entries(settings, inside, expected)
                reached[place] = now
                if now == wanted[place]:
                    consumer.pause(place)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a partition was read: the next offset, and the number expected there."""

    offset: int = 0
    expected: Number = START


async def read_runs(
    settings: Settings, marks: Mapping[tuple[str, int], Mark], upto: Mapping[tuple[str, int], int], *, most: int
) -> AsyncIterator[dict[tuple[str, int], tuple[Mark, list[KafkaRecord]]]]:
    """The accepted records from the marks up to the given offsets, as they come, `most` at a time; and where each partition stands then.

    Raises kafka.Unavailable, Truncated.
    """
    reached = {place: marks.get(place, Mark()) for place in upto}
    places = {TopicPartition(topic_name(settings, topic), partition): (topic, partition) for topic, partition in upto}
    wanted = {place: upto[name] for place, name in places.items() if reached[name].offset < upto[name]}
    if not wanted:
        return
    async with _reading(settings, fetch_bytes=RUN_FETCH_BYTES) as consumer:
        consumer.assign(list(wanted))
        await _check_whole(consumer, wanted)
        for place in wanted:
            consumer.seek(place, reached[places[place]].offset)
        while any(reached[places[place]].offset < end for place, end in wanted.items()):
            found = {}
            for place, fetched in (await consumer.getmany(timeout_ms=100, max_records=most)).items():
                name, end = places[place], wanted[place]
                inside = fetched if fetched[-1].offset < end else [record for record in fetched if record.offset < end]
                beyond = end if len(inside) < len(fetched) else fetched[-1].offset + 1
                reached[name], accepted = _run(inside, reached[name].expected, beyond)
                found[name] = (reached[name], accepted)
                if beyond >= end:
                    consumer.pause(place)
            if found:
                yield found


def _run(records: Sequence[KafkaRecord], expected: Number, beyond: int) -> tuple[Mark, list[KafkaRecord]]:
    first = run_of(records, expected) if records else None
    if first is not None:
        return Mark(beyond, Number(first.epoch, first.number + len(records))), list(records)
    accepted = []
    for record in records:
        number = number_of(record)
        if number is not None and accept(expected, number) is Verdict.ACCEPTED:
            expected = following(number)
            accepted.append(record)
    return Mark(beyond, expected), accepted


class Truncated(Exception):
    """The log does not hold what was read from it before: its beginning was deleted, or it was made anew."""


async def _check_whole(consumer: AIOKafkaConsumer, wanted: Mapping[TopicPartition, int]) -> None:
    begins, ends = await begin_offsets(consumer, list(wanted)), await end_offsets(consumer, list(wanted))
    short = [
        f"{place.topic}/{place.partition} holds {begins[place]} to {ends[place]}, 0 to {end} was read"
        for place, end in sorted(wanted.items())
        if begins[place] > 0 or ends[place] < end
    ]
    if short:
        raise Truncated("; ".join(short))


@asynccontextmanager
async def _reading(settings: Settings, *, fetch_bytes: int = 1024 * 1024) -> AsyncIterator[AIOKafkaConsumer]:
    """A client without a group. Raises kafka.Unavailable for whatever Kafka does not do."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        request_timeout_ms=REQUEST_MS,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=fetch_bytes,
    )
    try:
        async with asyncio.timeout(15):
            await consumer.start()
        yield consumer
    except (KafkaError, OSError, TimeoutError) as error:
        raise kafka.Unavailable(f"the log could not be read: {error!r}") from error
    finally:
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(3):
                await consumer.stop()


async def _short_of(consumer: AIOKafkaConsumer, ends: Mapping[TopicPartition, int]) -> bool:
    for place, end in ends.items():
        if await consumer.position(place) < end:
            return True
    return False


async def partitions_of(consumer: Any, names: Sequence[str]) -> list[TopicPartition]:
    """Every partition of the topics (names on the cluster), sorted. Raises KafkaError, TimeoutError, kafka.Unavailable."""
    found = []
    for name in sorted(names):
        async with asyncio.timeout(REQUEST_MS / 1000):
            await consumer._client._wait_on_metadata(name)  # noqa: SLF001  # partitions_for_topic() knows only subscribed topics
        partitions = consumer._client.cluster.partitions_for_topic(name)  # noqa: SLF001
        if not partitions:
            raise kafka.Unavailable(f"topic {name} is not there")
        found += [TopicPartition(name, partition) for partition in sorted(partitions)]
    return found


async def end_offsets(consumer: Any, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Offset after the last record of each, asked of the broker. Raises KafkaError, TimeoutError."""
    async with asyncio.timeout(REQUEST_MS / 1000):
        return dict(await consumer.end_offsets(list(places)))


async def begin_offsets(consumer: Any, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Offset of the first record that is still there. Raises KafkaError, TimeoutError."""
    async with asyncio.timeout(REQUEST_MS / 1000):
        return dict(await consumer.beginning_offsets(list(places)))

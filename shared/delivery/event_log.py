"""Reading the numbered log of a topic outside a consumer group: whole, up to given offsets, or from where a reader has come.

Records are accepted by the rule of numbering.py.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka import TopicPartition as KafkaTopicPartition

from shared.delivery import aiokafka_internals, kafka
from shared.delivery.aiokafka_internals import LightRecord, StoredBatches
from shared.delivery.growth import Growth, growth_of
from shared.delivery.kafka import COMPACTED, REQUEST_MS, logical, on_cluster, topic_name
from shared.delivery.numbering import START, KafkaRecord, Number, Verdict, accept, following, number_of
from shared.delivery.positions import TopicPartition
from shared.delivery.record_runs import first_if_next, read_stored
from shared.kafka_access import client_options
from shared.kafka_settings import KafkaSettings

# Per partition and fetch, compressed. Small, so that partitions advance together and a batch holds events of about the same time.
FETCH_BYTES = 1024 * 1024
RECORDS_TOGETHER = 8_000  # handed over at once


@dataclass(frozen=True, slots=True)
class Entry:
    """An accepted record. `topic` is the logical name."""

    topic: str
    number: Number
    record: KafkaRecord


def _entries(partition: TopicPartition, records: Sequence[KafkaRecord], expected: dict[TopicPartition, Number]) -> list[Entry]:
    """The accepted ones of a partition's records; `expected` moves on. A compacted topic skips numbers: only a lower one is a repeat."""
    accepted = []
    wanted, compacted = expected.get(partition, START), partition.topic in COMPACTED
    for record in records:
        found = number_of(record)
        if found is None:
            continue
        if accept(wanted, found) is Verdict.ACCEPTED or (compacted and found > wanted):
            wanted = following(found)
            accepted.append(Entry(partition.topic, found, record))
    expected[partition] = wanted
    return accepted


async def read_log(settings: KafkaSettings, topics: Sequence[str], *, follow: bool = False) -> AsyncIterator[Entry]:
    """Every event of the topics from the beginning, in order within each partition; up to the present end, or without end.

    Raises kafka.Unavailable.
    """
    expected: dict[TopicPartition, Number] = {}
    async with _reading(settings) as consumer:
        async with asyncio.timeout(15):
            partitions = await partitions_of(consumer, [topic_name(settings, topic) for topic in topics])
            consumer.assign(partitions)
            await consumer.seek_to_beginning(*partitions)
            ends = await end_offsets(consumer, partitions)
        while follow or await _is_before(consumer, ends):
            for partition, records in (await consumer.getmany(timeout_ms=100, max_records=5_000)).items():
                for entry in _entries(logical(settings, partition), records, expected):
                    yield entry


async def read_upto(settings: KafkaSettings, upto: Mapping[TopicPartition, int]) -> AsyncIterator[tuple[int, list[Entry]]]:
    """The events of these partitions from the beginning up to the given offsets, a fetch at a time: how many records it held
    (the counts add up to the offsets), and the accepted ones. Raises kafka.Unavailable, Truncated.
    """
    expected: dict[TopicPartition, Number] = {}
    ends = {on_cluster(settings, partition): end for partition, end in upto.items() if end > 0}
    if not ends:
        return
    async with _reading(settings) as consumer:
        consumer.assign(list(ends))
        await _check_whole(consumer, ends)
        await consumer.seek_to_beginning(*ends)
        reached = dict.fromkeys(ends, 0)
        waiting: dict[KafkaTopicPartition, Growth] = {}
        while reached != ends:
            for partition in [one for one, growth in waiting.items() if _is_past(one, growth, reached, ends)]:
                del waiting[partition]
                consumer.resume(partition)
            fetched = await consumer.getmany(timeout_ms=100, max_records=5_000)
            for partition, end in ends.items():
                records = fetched.get(partition, [])
                blocked = _first_waiting(partition, records, reached, ends)
                if blocked is not None:
                    waiting[partition] = blocked[1]
                    consumer.pause(partition)
                    consumer.seek(partition, blocked[0])  # the rest comes again
                now = await _position(consumer, partition, ends)
                if now <= reached[partition]:
                    continue
                inside = [record for record in records if record.offset < now]
                yield now - reached[partition], _entries(logical(settings, partition), inside, expected)
                reached[partition] = now
                if now == end:
                    consumer.pause(partition)


def _first_waiting(
    partition: KafkaTopicPartition,
    records: Sequence[KafkaRecord],
    reached: Mapping[KafkaTopicPartition, int],
    ends: Mapping[KafkaTopicPartition, int],
) -> tuple[int, Growth] | None:
    """Offset of the first record that comes after some of another partition which are not read yet, and which."""
    for record in records:
        growth = growth_of(record)
        if growth is not None and not _is_past(partition, growth, reached, ends):
            return record.offset, growth
    return None


def _is_past(
    partition: KafkaTopicPartition,
    growth: Growth,
    reached: Mapping[KafkaTopicPartition, int],
    ends: Mapping[KafkaTopicPartition, int],
) -> bool:
    """Whether the parent is read so far, or as far as it is to be read at all."""
    parent = KafkaTopicPartition(partition.topic, growth.parent)
    return parent not in ends or reached[parent] >= min(growth.parent_end, ends[parent])


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a partition was read: the next offset, and the number expected there."""

    offset: int = 0
    expected: Number = START


class ReadRun(NamedTuple):
    """Accepted records of a partition in order, and the mark after them."""

    mark: Mark
    records: Sequence[LightRecord]


async def read_runs(
    settings: KafkaSettings, marks: Mapping[TopicPartition, Mark], upto: Mapping[TopicPartition, int], *, most: int
) -> AsyncIterator[dict[TopicPartition, list[ReadRun]]]:
    """The accepted records from the marks up to the given offsets, about `most` at a time as they arrive.

    Raises kafka.Unavailable, Truncated.
    """
    reached = {partition: marks.get(partition, Mark()) for partition in upto}
    ends = {on_cluster(settings, partition): end for partition, end in upto.items() if reached[partition].offset < end}
    if not ends:
        return
    partitions = {partition: logical(settings, partition) for partition in ends}
    async with _reading(settings, by_batches=True) as consumer:
        consumer.assign(list(ends))
        await _check_whole(consumer, ends)
        for partition, name in partitions.items():
            consumer.seek(partition, reached[name].offset)
        while any(reached[partitions[partition]].offset < end for partition, end in ends.items()):
            fetched = await consumer.getmany(timeout_ms=100, max_records=max(1, most // RECORDS_TOGETHER))
            now = {name: await _position(consumer, partition, ends) for partition, name in partitions.items()}
            found = await asyncio.to_thread(_accept_fetched, {partitions[one]: batches for one, batches in fetched.items()}, reached, now)
            reached |= {name: runs[-1].mark for name, runs in found.items()}
            consumer.pause(*(one for one, end in ends.items() if reached[partitions[one]].offset >= end))
            if found:
                yield found


def _accept_fetched(
    fetched: Mapping[TopicPartition, Sequence[StoredBatches]], reached: Mapping[TopicPartition, Mark], now: Mapping[TopicPartition, int]
) -> dict[TopicPartition, list[ReadRun]]:
    """Per partition that has come further."""
    further = {name: offset for name, offset in now.items() if offset > reached[name].offset}
    return {name: list(_accept_before(offset, fetched.get(name, ()), reached[name])) for name, offset in further.items()}


def _accept_before(end: int, fetched: Sequence[StoredBatches], mark: Mark) -> Iterator[ReadRun]:
    """What is accepted of records before the offset `end`; the last run ends there, without a record where none is left."""
    for read in chain.from_iterable(map(read_stored, fetched)):
        inside = read[: bisect_left(read, end, key=attrgetter("offset"))]
        beyond = end if len(inside) < len(read) else read[-1].offset + 1
        first = first_if_next(inside, mark.expected) if inside else None
        if first is not None:
            accepted, expected = inside, Number(first.epoch, first.number + len(inside))
        else:
            accepted, expected = _accept_each(inside, mark.expected)
        mark = Mark(beyond, expected)
        yield ReadRun(mark, accepted)
    if mark.offset < end:
        yield ReadRun(Mark(end, mark.expected), [])


def _accept_each(records: Sequence[LightRecord], expected: Number) -> tuple[Sequence[LightRecord], Number]:
    """The accepted ones, and the number expected after them."""
    accepted = []
    for record in records:
        number = number_of(record)
        if number is not None and accept(expected, number) is Verdict.ACCEPTED:
            expected = following(number)
            accepted.append(record)
    return accepted, expected


async def read_end_offsets(settings: KafkaSettings, partitions: Collection[TopicPartition]) -> dict[TopicPartition, int]:
    """Offset after the last record of each. Raises kafka.Unavailable."""
    async with _reading(settings) as consumer:
        found = await end_offsets(consumer, [on_cluster(settings, partition) for partition in partitions])
    return {logical(settings, partition): end for partition, end in found.items()}


async def read_parents(settings: KafkaSettings, partitions: Collection[TopicPartition]) -> dict[TopicPartition, TopicPartition]:
    """Of partitions that were added to their topic: the one their subjects were in before. Raises kafka.Unavailable."""
    if not partitions:
        return {}
    async with _reading(settings) as consumer:
        records = await _first_records(consumer, [on_cluster(settings, partition) for partition in partitions])
    found = {logical(settings, partition): growth_of(record) for partition, record in records.items()}
    return {partition: TopicPartition(partition.topic, growth.parent) for partition, growth in found.items() if growth is not None}


async def _first_records(consumer: AIOKafkaConsumer, partitions: Sequence[KafkaTopicPartition]) -> dict[KafkaTopicPartition, KafkaRecord]:
    first, last = await begin_offsets(consumer, partitions), await end_offsets(consumer, partitions)
    wanted = {partition for partition in partitions if first[partition] < last[partition]}
    found: dict[KafkaTopicPartition, KafkaRecord] = {}
    consumer.assign(list(wanted))
    for partition in wanted:
        consumer.seek(partition, first[partition])
    while wanted:
        for partition, records in (await consumer.getmany(*wanted, timeout_ms=100)).items():
            found[partition] = records[0]
        wanted = {one for one in wanted - found.keys() if await consumer.position(one) < last[one]}
    return found


async def read_tails(settings: KafkaSettings, topics: Sequence[str]) -> dict[TopicPartition, list[KafkaRecord]]:
    """The last records of every partition as they stand there, repeats among them. Raises kafka.Unavailable."""
    async with _reading(settings) as consumer:
        records = await _last_records(consumer, await partitions_of(consumer, [topic_name(settings, topic) for topic in topics]))
    return {logical(settings, partition): found for partition, found in records.items()}


async def _last_records(
    consumer: AIOKafkaConsumer, partitions: Sequence[KafkaTopicPartition], *, most: int = 100
) -> dict[KafkaTopicPartition, list[KafkaRecord]]:
    first, last = await begin_offsets(consumer, partitions), await end_offsets(consumer, partitions)
    held = {partition: last[partition] for partition in partitions if first[partition] < last[partition]}
    found: dict[KafkaTopicPartition, list[KafkaRecord]] = {partition: [] for partition in partitions}
    consumer.assign(list(held))
    for partition, end in held.items():
        consumer.seek(partition, max(first[partition], end - most))
    while held and await _is_before(consumer, held):
        for partition, records in (await consumer.getmany(timeout_ms=100)).items():
            found[partition] += records
    return found


class Truncated(Exception):
    """The log no longer holds what was read from it: its beginning was deleted, or the topic was created anew."""


async def _check_whole(consumer: AIOKafkaConsumer, ends: Mapping[KafkaTopicPartition, int]) -> None:
    """Raises Truncated when the log does not reach from 0 to these offsets."""
    first, last = await begin_offsets(consumer, list(ends)), await end_offsets(consumer, list(ends))
    short = [
        f"{partition.topic}/{partition.partition} holds {first[partition]} to {last[partition]}, 0 to {end} was read"
        for partition, end in sorted(ends.items())
        if first[partition] > 0 or last[partition] < end
    ]
    if short:
        raise Truncated("; ".join(short))


@asynccontextmanager
async def _reading(settings: KafkaSettings, *, by_batches: bool = False) -> AsyncIterator[AIOKafkaConsumer]:
    """A client without a group; `by_batches`: one that hands over batches. Whatever Kafka refuses inside becomes kafka.Unavailable."""
    try:
        consumer = AIOKafkaConsumer(
            **client_options(settings),
            request_timeout_ms=REQUEST_MS,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
            max_partition_fetch_bytes=FETCH_BYTES,
        )
        try:
            async with asyncio.timeout(15):
                await consumer.start()
            if by_batches:
                aiokafka_internals.hand_over_batches(consumer, RECORDS_TOGETHER)
            else:
                aiokafka_internals.hand_over_light_records(consumer)
            yield consumer
        finally:
            await kafka.stopped(consumer.stop(), 3)
    except kafka.ERRORS as error:
        raise kafka.Unavailable(f"the log could not be read: {error!r}") from error


async def _is_before(consumer: AIOKafkaConsumer, ends: Mapping[KafkaTopicPartition, int]) -> bool:
    """Whether some partition is not read up to its end."""
    for partition, end in ends.items():
        if await consumer.position(partition) < end:
            return True
    return False


async def _position(consumer: AIOKafkaConsumer, partition: KafkaTopicPartition, ends: Mapping[KafkaTopicPartition, int]) -> int:
    """How far a partition is read, at most to its end: past what was handed over, and past offsets at which no record is left."""
    return min(int(await consumer.position(partition)), ends[partition])


async def partitions_of(consumer: AIOKafkaConsumer, names: Sequence[str]) -> list[KafkaTopicPartition]:
    """Every partition of the topics (names on the cluster), sorted. Raises kafka.ERRORS, kafka.Unavailable."""
    found = []
    for name in sorted(names):
        async with asyncio.timeout(REQUEST_MS / 1000):
            partitions = await aiokafka_internals.partitions_of_topic(consumer, name)
        if not partitions:
            raise kafka.Unavailable(f"topic {name} is not there")
        found += [KafkaTopicPartition(name, partition) for partition in sorted(partitions)]
    return found


async def end_offsets(consumer: AIOKafkaConsumer, partitions: Sequence[KafkaTopicPartition]) -> dict[KafkaTopicPartition, int]:
    """Offset after the last record of each, asked of the broker. Raises kafka.ERRORS."""
    async with asyncio.timeout(REQUEST_MS / 1000):
        return dict(await consumer.end_offsets(list(partitions)))


async def begin_offsets(consumer: AIOKafkaConsumer, partitions: Sequence[KafkaTopicPartition]) -> dict[KafkaTopicPartition, int]:
    """Offset of the first record that each still holds. Raises kafka.ERRORS."""
    async with asyncio.timeout(REQUEST_MS / 1000):
        return dict(await consumer.beginning_offsets(list(partitions)))

"""What a batch of records contains: events to apply, repeats, records ahead of a missing one, records to park and why."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from shared.delivery.aiokafka_internals import StoredBatches
from shared.delivery.growth import Growth, growth_of, is_past
from shared.delivery.numbering import KafkaRecord, Number, Verdict, accept, following, number_of
from shared.delivery.positions import Position, TopicPartition
from shared.delivery.raw_records import RawRecords, join
from shared.delivery.record_runs import RecordRun, first_if_next, raw_of, read_stored
from shared.events import Event, EventEnvelope, Undecodable, Unknown, Unwanted, decode

Reads = Callable[[str, KafkaRecord, Number], "Item | Unknown | Unwanted"]
Decoded = EventEnvelope[Event] | Unknown | Unwanted
_NONE: Mapping[bytes, Decoded] = {}
SLICE = 50  # records decoded at a stretch, in less than a millisecond


@dataclass(slots=True)  # one per record: a frozen one costs three times as much to make
class Item:
    """An event to apply, a record to park with a reason, or one that is not decoded (yet)."""

    topic: str
    record: KafkaRecord
    number: Number | None
    _: KW_ONLY
    event: EventEnvelope[Event] | None = None
    reason: str = ""
    detail: str = ""
    event_type: str | None = None

    @property
    def subject(self) -> tuple[str, bytes] | None:
        return None if self.record.key is None else (self.topic, self.record.key)

    @property
    def topic_partition_offset(self) -> tuple[str, int, int]:
        return self.topic, self.record.partition, self.record.offset

    @property
    def blocks(self) -> bool:
        """A record without a number was never part of a subject's history; later events need not wait for it."""
        return self.number is not None

    def parked(self, reason: str, detail: str) -> Item:
        return replace(self, reason=reason, detail=detail)


@dataclass(slots=True, kw_only=True)
class Taken:
    """What became of a batch. `waiting`: partitions whose next record comes after some of another one, and which."""

    positions: dict[TopicPartition, Position]
    applied: Counter[str] = field(default_factory=Counter)  # by topic
    parked: list[Item] = field(default_factory=list)
    dropped: list[tuple[str, Verdict]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    diverted: int = 0  # in a row, at the end of the batch
    waiting: dict[TopicPartition, Growth] = field(default_factory=dict)


class Chunk(NamedTuple):
    """Records of one partition, one after the other in the batch. `topic` is the logical name."""

    topic: str
    partition: int
    records: Sequence[KafkaRecord]

    @property
    def topic_partition(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)

    def with_key(self, key: bytes) -> Sequence[KafkaRecord]:
        """The records with this key."""
        if isinstance(self.records, RecordRun):
            return self.records.with_key(key)
        return [record for record in self.records if record.key == key]


def chunks(prefix: str, fetched: Sequence[KafkaRecord | StoredBatches]) -> list[Chunk]:
    """What was fetched, record by record or as it is stored, in order."""
    found: list[Chunk] = []
    for (name, partition), same in groupby(fetched, attrgetter("topic", "partition")):
        topic, group = name.removeprefix(prefix), list(same)
        if isinstance(group[0], StoredBatches):
            found += [Chunk(topic, partition, records) for stored in group for records in read_stored(stored)]
        else:
            found.append(Chunk(topic, partition, group))
    return found


def records_in(read: Sequence[Chunk]) -> int:
    return sum(len(chunk.records) for chunk in read)


def as_raw(read: Sequence[Chunk]) -> RawRecords:
    return join([raw_of(chunk.topic, chunk.records) for chunk in read])


def any_growth(read: Sequence[Chunk]) -> bool:
    """Whether a record may have to wait for another partition: nearly never, and none of a run."""
    return any(growth_of(record) is not None for _, _, records in read if not isinstance(records, RecordRun) for record in records)


def cut_waiting(read: Sequence[Chunk], stored: Mapping[TopicPartition, Position]) -> tuple[list[Chunk], dict[TopicPartition, Growth]]:
    """The chunks, each up to the record that has to wait for the partition where its subject was before; and which partitions wait."""
    cut: list[Chunk] = []
    waiting: dict[TopicPartition, Growth] = {}
    for chunk in read:
        partition = chunk.topic_partition
        if partition in waiting:
            continue
        records = chunk.records
        for index, record in enumerate(records):
            growth = growth_of(record)
            if growth is not None and record.offset >= stored[partition].next_offset and not is_past(stored, chunk.topic, growth):
                records, waiting[partition] = records[:index], growth
                break
        if records:
            cut.append(chunk._replace(records=records))
    return cut, waiting


def read_new(batch: Sequence[Chunk], taken: Taken, reads: Reads) -> list[Item]:
    """Read the records that are new, in order; positions move past all of them."""
    items: list[Item] = []
    for chunk in batch:
        position = taken.positions[chunk.topic_partition]
        past = position_after(chunk, position)
        if past is None:
            items += _one_by_one(chunk.topic, chunk.records, position, taken, reads)
            continue
        taken.positions[chunk.topic_partition] = past
        epoch, end = past.expected
        for number, record in enumerate(chunk.records, end - len(chunk.records)):
            add(reads(chunk.topic, record, Number(epoch, number)), chunk.topic, items, taken)
    return items


def position_after(chunk: Chunk, position: Position) -> Position | None:
    """The position after the chunk when all its records are new and in sequence; None: each has to be judged."""
    if chunk.records[0].offset < position.next_offset:
        return None
    first = first_if_next(chunk.records, position.expected)
    return first and Position(chunk.records[-1].offset + 1, Number(first.epoch, first.number + len(chunk.records)), None)


def _one_by_one(topic: str, records: Sequence[KafkaRecord], position: Position, taken: Taken, reads: Reads) -> list[Item]:
    items: list[Item] = []
    for record in records:
        if record.offset < position.next_offset:
            continue
        position.next_offset = record.offset + 1
        number = number_of(record)
        if number is None:
            items.append(Item(topic, record, None, reason="no_sequence", detail="the header sequence is missing or malformed"))
            continue
        verdict = accept(position.expected, number)
        if verdict is Verdict.ACCEPTED:
            position.expected, position.gap_since = following(number), None
            add(reads(topic, record, number), topic, items, taken)
            continue
        taken.dropped.append((topic, verdict))
        if verdict is Verdict.AHEAD and position.gap_since is None:
            position.gap_since = datetime.now(UTC)
    return items


def add(found: Item | Unknown | Unwanted, topic: str, items: list[Item], taken: Taken) -> None:
    """To the items, or to the count of unknown types."""
    if isinstance(found, Item):
        items.append(found)
    elif isinstance(found, Unknown):
        taken.unknown[topic] += 1


async def decode_ahead(records: Sequence[KafkaRecord], wanted: frozenset[str] | None) -> dict[bytes, Decoded]:
    """By their values, what records hold that are taken later; other tasks go on meanwhile.

    Nothing is judged: what cannot be decoded, and what follows it in its slice, is left to decode_record().
    """
    decoded: dict[bytes, Decoded] = {}
    for start in range(0, len(records), SLICE):
        if start:
            await asyncio.sleep(0)
        with contextlib.suppress(Exception):
            decoded.update((record.value, decode(record.value, wanted)) for record in records[start : start + SLICE])
    return decoded


def decode_record(
    topic: str, record: KafkaRecord, number: Number, *, wanted: frozenset[str] | None = None, decoded: Mapping[bytes, Decoded] = _NONE
) -> Item | Unknown | Unwanted:
    """What a numbered record holds: an event to apply, a reason to park it, or nothing for this reader. `decoded`: by decode_ahead()."""
    if record.value is None:
        return Item(topic, record, number, reason="no_value", detail="a record without a value is no event")
    try:
        event = decoded.get(record.value) or decode(record.value, wanted)
    except Undecodable as error:
        return Item(topic, record, number, reason="undecodable", detail=str(error))
    except (ValueError, ArithmeticError, RecursionError) as error:  # whatever a validator may raise on hostile input
        return Item(topic, record, number, reason="undecodable", detail=f"{type(error).__name__}: {error}")
    if isinstance(event, Unknown | Unwanted):
        return event
    kind = event.data.type_name()
    if topic != event.data.TOPIC or event.subject.encode() != record.key:
        detail = f"{kind} of {event.subject} under this topic and key"
        return Item(topic, record, number, event=event, reason="misfiled", detail=detail, event_type=kind)
    return Item(topic, record, number, event=event, event_type=kind)

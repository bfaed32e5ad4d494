"""How far a service has read each log: the row per topic and partition that makes every record count exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from shared.delivery.numbering import Number


class TopicPartition(NamedTuple):
    """A partition by the logical name of its topic: without the prefix it has on the cluster."""

    topic: str
    partition: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}"


@dataclass(slots=True)
class Position:
    """How far a partition has been read: the next offset, the number expected, and since when a number is missing."""

    next_offset: int
    expected: Number
    gap_since: datetime | None


# Locked one after the other in sorted order: FOR UPDATE follows ORDER BY.
_LOCK_POSITIONS = """
SELECT consumed.topic, consumed.partition, next_offset, epoch, next_number, gap_since
FROM consumed JOIN unnest($1::text[], $2::integer[]) AS wanted (topic, partition)
    ON consumed.topic = wanted.topic AND consumed.partition = wanted.partition
ORDER BY consumed.topic, consumed.partition
FOR UPDATE OF consumed
"""
_ADD_POSITIONS = """
INSERT INTO consumed (topic, partition) SELECT * FROM unnest($1::text[], $2::integer[]) ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""
_STORE_POSITIONS = """
UPDATE consumed SET next_offset = new.next_offset, epoch = new.epoch, next_number = new.next_number, gap_since = new.gap_since
FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::integer[], $5::bigint[], $6::timestamptz[])
    AS new (topic, partition, next_offset, epoch, next_number, gap_since)
WHERE consumed.topic = new.topic AND consumed.partition = new.partition
"""
_POSITIONS = "SELECT topic, partition, next_offset, epoch, next_number, gap_since FROM consumed ORDER BY topic, partition"


async def positions(conn: Any) -> dict[TopicPartition, Position]:
    """Every stored position."""
    return _positions(await conn.fetch(_POSITIONS))


def _positions(rows: Iterable[Any]) -> dict[TopicPartition, Position]:
    return {
        TopicPartition(row["topic"], row["partition"]): Position(
            row["next_offset"], Number(row["epoch"], row["next_number"]), row["gap_since"]
        )
        for row in rows
    }


async def lock_positions(conn: Any, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, Position]:
    """Lock and return the positions until the transaction ends: no other process takes these partitions meanwhile. `partitions` sorted."""
    columns = [one.topic for one in partitions], [one.partition for one in partitions]
    found = await conn.fetch(_LOCK_POSITIONS, *columns)
    if len(found) < len(partitions):
        await conn.execute(_ADD_POSITIONS, *columns)
        found = await conn.fetch(_LOCK_POSITIONS, *columns)
    return _positions(found)


async def store_positions(conn: Any, moved: dict[TopicPartition, Position]) -> None:
    rows = [(*partition, p.next_offset, p.expected.epoch, p.expected.number, p.gap_since) for partition, p in sorted(moved.items())]
    await conn.execute(_STORE_POSITIONS, *map(list, zip(*rows, strict=True)))

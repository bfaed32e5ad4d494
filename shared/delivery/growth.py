"""Partitions that are added to a topic in use, with the order of every subject kept, whoever reads the log and however late.

A topic grows to a multiple of its partitions only: then a subject stays, or moves from its partition, the parent, to one that is new and
empty. The first record of a new partition names its parent and the offset at which the parent ended then (header `after`). Every reader
that keeps an order waits there until it has read the parent so far; so nobody has to stop while partitions are added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from shared.delivery.numbering import KafkaRecord
from shared.delivery.positions import Position, TopicPartition

HEADER = "after"
_USUAL_HEADERS = 2  # content-type and sequence
_WRITTEN = re.compile(rb"(0|[1-9][0-9]{0,5})@(0|[1-9][0-9]{0,17}) of ([1-9][0-9]{0,5})")

_ASKED = "SELECT topic, partitions, wanted FROM relay_topic WHERE wanted > partitions ORDER BY topic FOR UPDATE"
_IS_ASKED = "SELECT EXISTS (SELECT FROM relay_topic WHERE wanted > partitions)"
_ASK = "UPDATE relay_topic SET wanted = $2 WHERE topic = $1 AND partitions < $2"
_GROW = "UPDATE relay_topic SET partitions = $2, wanted = NULL WHERE topic = $1 AND partitions < $2"
_ADD = """
INSERT INTO relay_growth (topic, partition, parent, parent_end, partitions) SELECT $1, added.*, $2
FROM unnest($3::integer[], $4::integer[], $5::bigint[]) AS added ON CONFLICT (topic, partition) DO NOTHING
"""
_GROWTHS = "SELECT topic, partition, parent, parent_end, partitions FROM relay_growth"
_LAYOUT = "SELECT topic, partitions, wanted FROM relay_topic ORDER BY topic"


class NotMultiple(Exception):
    """Subjects would move between partitions that have records already, out of order."""


class Growth(NamedTuple):
    """Of a partition added when its topic grew to `partitions`: its subjects were in `parent`, which ended at this offset."""

    parent: int
    parent_end: int
    partitions: int

    @property
    def header(self) -> tuple[str, bytes]:
        return HEADER, b"%d@%d of %d" % self


def growth_of(record: KafkaRecord) -> Growth | None:
    """What the record says is to be read before it; None: nothing."""
    if len(record.headers) <= _USUAL_HEADERS:
        return None
    found = [_WRITTEN.fullmatch(value or b"") for name, value in record.headers if name == HEADER]
    match = found[0] if len(found) == 1 else None
    growth = Growth(int(match[1]), int(match[2]), int(match[3])) if match else None
    return growth if growth is not None and growth.parent < record.partition else None


def require_multiple(topic: str, partitions: int, wanted: int) -> None:
    """Raises NotMultiple."""
    if wanted % partitions:
        raise NotMultiple(
            f"{topic} has {partitions} partitions and cannot have {wanted}: only to a multiple, such as {2 * partitions}, does every "
            "subject stay or move to a partition that is new"
        )


# --- readers ----------------------------------------------------------------------------------------------------------
def is_past(stored: Mapping[TopicPartition, Position], topic: str, growth: Growth) -> bool:
    """Whether the parent has been applied as far as it reached when the partition was added."""
    parent = stored.get(TopicPartition(topic, growth.parent))
    return growth.parent_end == 0 or (parent is not None and parent.next_offset >= growth.parent_end)


# --- the relay, and who asks it ---------------------------------------------------------------------------------------
async def layout(conn: Any) -> dict[str, tuple[int, int | None]]:
    """Topic -> the partitions among which its subjects are shared out, and how many are asked for. Topics that were written to."""
    return {row["topic"]: (row["partitions"], row["wanted"]) for row in await conn.fetch(_LAYOUT)}


async def ask(conn: Any, topic: str, wanted: int) -> None:
    """For the relay to take up; the topic has that many already."""
    await conn.execute(_ASK, topic, wanted)


async def is_asked(conn: Any) -> bool:
    found: bool = await conn.fetchval(_IS_ASKED)
    return found


async def asked(conn: Any) -> dict[str, tuple[int, int]]:
    """Topic -> partitions now, and wanted; locked."""
    return {row["topic"]: (row["partitions"], row["wanted"]) for row in await conn.fetch(_ASKED)}


async def growths(conn: Any) -> dict[tuple[str, int], Growth]:
    """Of every partition that was added."""
    rows = await conn.fetch(_GROWTHS)
    return {(row["topic"], row["partition"]): Growth(row["parent"], row["parent_end"], row["partitions"]) for row in rows}


async def grow(conn: Any, topic: str, wanted: int, added: Mapping[int, Growth]) -> None:
    """Share the topic's subjects out among `wanted` partitions from now on. In a transaction, with nothing in flight."""
    rows = sorted((partition, growth.parent, growth.parent_end) for partition, growth in added.items())
    await conn.execute(_ADD, topic, wanted, *map(list, zip(*rows, strict=True)))
    await conn.execute(_GROW, topic, wanted)

"""Recounting and rebuilding: every cell, positions, generations beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.stats.counting.reference_fold import Cell
from shared.db import Tx
from shared.delivery.event_log import Mark, Number

MOST_NAMED = 100
LONG_SECONDS = 1800.0

# --- recounting ---------------------------------------------------------------------------------------------------------
ALL_CELLS = """
SELECT measure, cut, k1, k2, day, recorded_on, currency, sum(value)::bigint AS value FROM cell
WHERE generation = (SELECT id FROM generation WHERE state = 'live')
GROUP BY measure, cut, k1, k2, day, recorded_on, currency HAVING sum(value) <> 0
"""
POSITIONS = "SELECT topic, partition, next_offset FROM consumed ORDER BY topic, partition"
LEFT_OUT = """SELECT topic, partition, "offset" FROM dead_letter WHERE state IN ('parked', 'discarded')"""


async def all_cells(conn: Any) -> dict[Cell, int]:
    """Every live cell."""
    return {Cell(*tuple(row)[:7]): row["value"] for row in await conn.fetch(ALL_CELLS, timeout=1800)}


async def positions_by_place(conn: Any) -> dict[tuple[str, int], int]:
    """The next offset of every topic and partition."""
    return {(row["topic"], row["partition"]): row["next_offset"] for row in await conn.fetch(POSITIONS)}


async def left_out(conn: Any) -> frozenset[tuple[str, int, int]]:
    """Records that stand in dead letters and were not counted: (topic, partition, offset)."""
    return frozenset(tuple(row) for row in await conn.fetch(LEFT_OUT))


# --- generations --------------------------------------------------------------------------------------------------------
# A whole generation at a time: neither the bound of a statement nor the memory of one fits.
UNHURRIED = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '128MB'"
BUILDING = "SELECT id FROM generation WHERE state = 'building' AND rules = $1"
NEW_GENERATION = "INSERT INTO generation (state, rules) VALUES ('building', $1) RETURNING id"
MARKS = "SELECT topic, partition, next_offset, epoch, next_number FROM rebuilt WHERE generation = $1"
# Only from where the caller thinks it stands: of two that go on with the same beginning one fails, and nothing is counted twice.
ADD_MARKS = """
INSERT INTO rebuilt (generation, topic, partition, next_offset, epoch, next_number)
SELECT $1, topic, partition, 0, 0, 0 FROM unnest($2::text[], $3::integer[]) AS row (topic, partition) ON CONFLICT DO NOTHING
"""
MOVE_MARKS = """
UPDATE rebuilt SET next_offset = new.next_offset, epoch = new.epoch, next_number = new.next_number
FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::integer[], $7::bigint[])
    AS new (topic, partition, was, next_offset, epoch, next_number)
WHERE rebuilt.generation = $1 AND rebuilt.topic = new.topic AND rebuilt.partition = new.partition AND rebuilt.next_offset = new.was
RETURNING rebuilt.topic
"""
COUNTED = "SELECT DISTINCT cut, measure FROM block WHERE generation IN ($1, $2) ORDER BY cut, measure"
# By the numbers of the words: only what differs is named.
DIFFERENCE = """
SELECT $4::smallint AS measure, $3::smallint AS cut, first.word AS k1, second.word AS k2, month + day - 1 AS day,
    month + recorded AS recorded_on, currency, live, rebuilt
FROM (
    SELECT month, currency, one.day, one.recorded, one.k1, one.k2,
        coalesce(sum(one.value) FILTER (WHERE generation = $1), 0)::bigint AS live,
        coalesce(sum(one.value) FILTER (WHERE generation = $2), 0)::bigint AS rebuilt
    FROM block
        CROSS JOIN LATERAL unnest(days, recorded, block.k1, block.k2, block.value) AS one (day, recorded, k1, k2, value)
    WHERE generation IN ($1, $2) AND cut = $3 AND measure = $4
    GROUP BY 1, 2, 3, 4, 5, 6
) AS both_generations JOIN word AS first ON first.code = k1 JOIN word AS second ON second.code = k2
WHERE live <> rebuilt
ORDER BY 3, 4, 5, 6, 7 LIMIT 100
"""
RETIRE = "UPDATE generation SET state = 'retired' WHERE id = $1"
GO_LIVE = "UPDATE generation SET state = 'live', live_at = now() WHERE id = $1"
TAKE_OVER_APPLIED = "UPDATE applied SET generation = $2 WHERE generation = $1"
FORGET_MARKS = "DELETE FROM rebuilt WHERE generation = $1"
DROP_BLOCKS = "DELETE FROM block USING generation WHERE block.generation = generation.id AND generation.state = $1"
DROP_YEARS = "DELETE FROM year_cell USING generation WHERE year_cell.generation = generation.id AND generation.state = $1"
DROP_MARKS = "DELETE FROM rebuilt USING generation WHERE rebuilt.generation = generation.id AND generation.state = $1"
DROP_VERSIONS = "DELETE FROM settled USING generation WHERE settled.generation = generation.id AND generation.state = $1"
DROP_GENERATIONS = "DELETE FROM generation WHERE state = $1"


async def without_statement_timeout(tx: Tx) -> None:
    """Until the transaction ends, statements may take what a whole generation takes."""
    await tx.conn.execute(UNHURRIED)


async def building(tx: Tx, rules: str) -> int | None:
    """The generation that a rebuild by the same rules has begun."""
    found: int | None = await tx.conn.fetchval(BUILDING, rules)
    return found


async def new_generation(tx: Tx, rules: str) -> int:
    found: int = await tx.conn.fetchval(NEW_GENERATION, rules)
    return found


async def marks(conn: Any, generation: int) -> dict[tuple[str, int], Mark]:
    """How far a rebuild has come."""
    rows = await conn.fetch(MARKS, generation)
    return {(row["topic"], row["partition"]): Mark(row["next_offset"], Number(row["epoch"], row["next_number"])) for row in rows}


async def move_marks(tx: Tx, generation: int, moved: Mapping[tuple[str, int], tuple[Mark, Mark]]) -> bool:
    """`moved`: from, to. False: somebody else has moved one meanwhile."""
    topics, partitions = [place[0] for place in moved], [place[1] for place in moved]
    await tx.conn.execute(ADD_MARKS, generation, topics, partitions)
    ends = [end for _, end in moved.values()]
    rows = await tx.conn.fetch(
        MOVE_MARKS,
        generation,
        topics,
        partitions,
        [start.offset for start, _ in moved.values()],
        [end.offset for end in ends],
        [end.expected.epoch for end in ends],
        [end.expected.number for end in ends],
    )
    return len(rows) == len(moved)


async def difference(tx: Tx, live: int, rebuilt: int) -> list[tuple[Cell, int, int]]:
    """Cells that two generations hold differently: cell, live, rebuilt; at most 100. By cut and measure, to keep each statement small."""
    found: list[tuple[Cell, int, int]] = []
    for cut, measure in await tx.conn.fetch(COUNTED, live, rebuilt, timeout=LONG_SECONDS):
        rows = await tx.conn.fetch(DIFFERENCE, live, rebuilt, cut, measure, timeout=LONG_SECONDS)
        found += [(Cell(*tuple(row)[:7]), row["live"], row["rebuilt"]) for row in rows]
        if len(found) >= MOST_NAMED:
            break
    return found[:MOST_NAMED]


async def swap(tx: Tx, live: int, rebuilt: int) -> None:
    """Readers see the one generation until the commit and the other after it."""
    await tx.conn.execute(RETIRE, live)
    await tx.conn.execute(GO_LIVE, rebuilt)
    await tx.conn.execute(TAKE_OVER_APPLIED, live, rebuilt)
    await tx.conn.execute(FORGET_MARKS, rebuilt)


async def drop_building(tx: Tx) -> None:
    """What a rebuild has counted that is not to be gone on with."""
    await _drop(tx, "building")


async def drop_retired(tx: Tx) -> None:
    await _drop(tx, "retired")


async def _drop(tx: Tx, state: str) -> None:
    for statement in (DROP_BLOCKS, DROP_YEARS, DROP_MARKS, DROP_VERSIONS, DROP_GENERATIONS):
        await tx.conn.execute(statement, state, timeout=LONG_SECONDS)

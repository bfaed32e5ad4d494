"""Recounting and rebuilding: every cell, positions, generations beside each other."""

from __future__ import annotations

from typing import Any

from services.stats.fold import Cell
from shared.db import Tx
from shared.log import Number

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
NEW_GENERATION = "INSERT INTO generation (state) VALUES ('building') RETURNING id"
NUMBERS = "SELECT topic, partition, epoch, next_number FROM consumed ORDER BY topic, partition"
DIFFERENCE = """
SELECT measure, cut, k1, k2, day, recorded_on, currency, live, rebuilt FROM (
    SELECT measure, cut, k1, k2, day, recorded_on, currency,
        coalesce(sum(value) FILTER (WHERE generation = $1), 0)::bigint AS live,
        coalesce(sum(value) FILTER (WHERE generation = $2), 0)::bigint AS rebuilt
    FROM cell WHERE generation IN ($1, $2) GROUP BY measure, cut, k1, k2, day, recorded_on, currency
) AS both_generations WHERE live <> rebuilt
ORDER BY measure, cut, k1, k2, day, recorded_on, currency LIMIT 100
"""
RETIRE = "UPDATE generation SET state = 'retired' WHERE id = $1"
GO_LIVE = "UPDATE generation SET state = 'live', live_at = now() WHERE id = $1"
TAKE_OVER_APPLIED = "UPDATE applied SET generation = $2 WHERE generation = $1"
DROP_BLOCKS = "DELETE FROM block USING generation WHERE block.generation = generation.id AND generation.state = $1"
DROP_YEARS = "DELETE FROM year_cell USING generation WHERE year_cell.generation = generation.id AND generation.state = $1"
DROP_GENERATIONS = "DELETE FROM generation WHERE state = $1"


async def new_generation(tx: Tx) -> int:
    found: int = await tx.conn.fetchval(NEW_GENERATION)
    return found


async def numbers_reached(tx: Tx) -> dict[tuple[str, int], Number]:
    """The number expected next of every topic and partition."""
    return {(row["topic"], row["partition"]): Number(row["epoch"], row["next_number"]) for row in await tx.conn.fetch(NUMBERS)}


async def difference(tx: Tx, live: int, rebuilt: int) -> list[tuple[Cell, int, int]]:
    """Cells that two generations hold differently: cell, live, rebuilt; at most 100."""
    return [(Cell(*tuple(row)[:7]), row["live"], row["rebuilt"]) for row in await tx.conn.fetch(DIFFERENCE, live, rebuilt)]


async def swap(tx: Tx, live: int, rebuilt: int) -> None:
    """Readers see the one generation until the commit and the other after it."""
    await tx.conn.execute(RETIRE, live)
    await tx.conn.execute(GO_LIVE, rebuilt)
    await tx.conn.execute(TAKE_OVER_APPLIED, live, rebuilt)


async def drop_building(tx: Tx) -> None:
    """Whatever a rebuild that did not end has left."""
    await _drop(tx, "building")


async def drop_retired(tx: Tx) -> None:
    await _drop(tx, "retired")


async def _drop(tx: Tx, state: str) -> None:
    for statement in (DROP_BLOCKS, DROP_YEARS, DROP_GENERATIONS):
        await tx.conn.execute(statement, state)

"""Generations of cells: all cells of the live one, how far the log is counted, and the one that a rebuild builds beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.stats.counting.reference_fold import Cell
from shared.db import Tx
from shared.delivery.event_log import Mark
from shared.delivery.numbering import Number
from shared.delivery.positions import TopicPartition

MAX_DIFFERENCES = 100
LONG_SECONDS = 1800.0

# --- the live generation ------------------------------------------------------------------------------------------------
# FOR SHARE: a rebuild is swapped in only between batches.
LOCK_LIVE = "SELECT id FROM generation WHERE state = 'live' FOR SHARE"
GET_LIVE = "SELECT id FROM generation WHERE state = 'live'"
LOCK_LIVE_EXCLUSIVELY = "SELECT id FROM generation WHERE state = 'live' FOR UPDATE"
EXISTS_BUILDING = "SELECT EXISTS (SELECT FROM generation WHERE state = 'building')"


async def get_live(tx: Tx) -> int:
    """The generation that is read, without a lock."""
    found: int = await tx.conn.fetchval(GET_LIVE)
    return found


async def lock_live(tx: Tx) -> int:
    """The generation that counts; no swap happens until the transaction ends."""
    return await _lock(tx, LOCK_LIVE)


async def lock_live_exclusively(tx: Tx) -> int:
    """The generation that counts; waits for every batch in flight, and none begins until the transaction ends."""
    return await _lock(tx, LOCK_LIVE_EXCLUSIVELY)


async def _lock(tx: Tx, statement: str) -> int:
    """A statement that waited for a swap finds nothing: the row it waited for is not live any more, and the new one was not live when
    it began. The next statement sees the new one.
    """
    found: int | None = None
    while found is None:
        found = await tx.conn.fetchval(statement)
    return found


async def exists_building(tx: Tx) -> bool:
    """Whether a generation is being built, or was left behind by a rebuild that was cut short."""
    return bool(await tx.conn.fetchval(EXISTS_BUILDING))


# --- what is counted ----------------------------------------------------------------------------------------------------
LIST_CELLS = """
SELECT measure, cut, k1, k2, day, recorded_on, currency, sum(value)::bigint AS value FROM cell
WHERE generation = (SELECT id FROM generation WHERE state = 'live')
GROUP BY measure, cut, k1, k2, day, recorded_on, currency HAVING sum(value) <> 0
"""
LIST_POSITIONS = "SELECT topic, partition, next_offset FROM consumed ORDER BY topic, partition"
LIST_UNCOUNTED = """SELECT topic, partition, "offset" FROM dead_letter WHERE state IN ('parked', 'discarded')"""


async def list_cells(conn: Any) -> dict[Cell, int]:
    """Every cell of the live generation."""
    return {Cell(*tuple(row)[:7]): row["value"] for row in await conn.fetch(LIST_CELLS, timeout=LONG_SECONDS)}


async def list_next_offsets(conn: Any) -> dict[TopicPartition, int]:
    """The next offset of every topic and partition that is counted."""
    return {TopicPartition(row["topic"], row["partition"]): row["next_offset"] for row in await conn.fetch(LIST_POSITIONS)}


async def list_uncounted(conn: Any) -> frozenset[tuple[str, int, int]]:
    """Records in dead letters that were not counted: (topic, partition, offset)."""
    return frozenset(tuple(row) for row in await conn.fetch(LIST_UNCOUNTED))


# --- rebuilding ---------------------------------------------------------------------------------------------------------
# A whole generation at a time: the default time and memory of a statement are too small.
LONG_STATEMENTS = "SET LOCAL statement_timeout = 0; SET LOCAL work_mem = '128MB'"
GET_BUILDING = "SELECT id FROM generation WHERE state = 'building' AND rules = $1"
INSERT = "INSERT INTO generation (state, rules) VALUES ('building', $1) RETURNING id"
LIST_MARKS = "SELECT topic, partition, next_offset, epoch, next_number FROM rebuilt WHERE generation = $1"
# A mark moves only from where the caller read it: of two rebuilds that resume at the same marks one fails, and nothing is counted twice.
# None is begun once another process has swapped the generation in: that would count the log once more into what is live now.
INSERT_MARKS = """
WITH building AS (SELECT id FROM generation WHERE id = $1 AND state = 'building' FOR SHARE)
INSERT INTO rebuilt (generation, topic, partition, next_offset, epoch, next_number)
SELECT id, topic, partition, 0, 0, 0 FROM building CROSS JOIN unnest($2::text[], $3::integer[]) AS row (topic, partition)
ON CONFLICT DO NOTHING
"""
UPDATE_MARKS = """
UPDATE rebuilt SET next_offset = new.next_offset, epoch = new.epoch, next_number = new.next_number
FROM unnest($2::text[], $3::integer[], $4::bigint[], $5::bigint[], $6::integer[], $7::bigint[])
    AS new (topic, partition, was, next_offset, epoch, next_number)
WHERE rebuilt.generation = $1 AND rebuilt.topic = new.topic AND rebuilt.partition = new.partition AND rebuilt.next_offset = new.was
RETURNING rebuilt.topic
"""
# Whoever inserts blocks into it holds its row for their foreign key: none is in flight once it is locked.
LOCK_BUILDING = "SELECT compared_live, compared_rebuilt FROM generation WHERE id = $1 AND state = 'building' FOR UPDATE"
GET_NEWEST_BLOCK = "SELECT coalesce(max(number), 0) FROM block WHERE generation = $1"
UPDATE_COMPARED = "UPDATE generation SET compared_live = $2, compared_rebuilt = $3 WHERE id = $1"
EXISTS_DIFFERENCE = """
SELECT EXISTS (
    SELECT FROM (
        SELECT cut, measure, month, currency, unnest(days) AS day, unnest(recorded) AS recorded, unnest(k1) AS k1, unnest(k2) AS k2,
            unnest(value) AS value
        FROM block WHERE generation = $1 AND number > $3 AND number <= $5
        UNION ALL
        SELECT cut, measure, month, currency, unnest(days), unnest(recorded), unnest(k1), unnest(k2), -unnest(value)
        FROM block WHERE generation = $2 AND number > $4 AND number <= $6
    ) AS added
    GROUP BY cut, measure, month, currency, day, recorded, k1, k2 HAVING sum(value) <> 0
)
"""
LIST_CUTS = "SELECT DISTINCT cut, measure FROM block WHERE generation IN ($1, $2) ORDER BY cut, measure"
# Compared by the numbers of the keys: only the cells that differ are joined with their words.
LIST_DIFFERENCES = """
SELECT $4::smallint AS measure, $3::smallint AS cut, first.word AS k1, second.word AS k2, month + day - 1 AS day,
    month + recorded AS recorded_on, currency, live, rebuilt
FROM (
    SELECT month, currency, day, recorded, k1, k2,
        coalesce(sum(value) FILTER (WHERE generation = $1), 0)::bigint AS live,
        coalesce(sum(value) FILTER (WHERE generation = $2), 0)::bigint AS rebuilt
    FROM (
        SELECT generation, month, currency, unnest(days) AS day, unnest(recorded) AS recorded, unnest(k1) AS k1, unnest(k2) AS k2,
            unnest(value) AS value
        FROM block WHERE generation IN ($1, $2) AND cut = $3 AND measure = $4
            AND number <= CASE generation WHEN $1 THEN $5::bigint ELSE $6::bigint END
    ) AS one
    GROUP BY 1, 2, 3, 4, 5, 6
) AS both_generations JOIN word AS first ON first.code = k1 JOIN word AS second ON second.code = k2
WHERE live <> rebuilt
ORDER BY 3, 4, 5, 6, 7 LIMIT 100
"""
UPDATE_RETIRED = "UPDATE generation SET state = 'retired' WHERE id = $1"
UPDATE_LIVE = "UPDATE generation SET state = 'live', live_at = now() WHERE id = $1"
UPDATE_APPLIED = "UPDATE applied SET generation = $2 WHERE generation = $1"
DELETE_MARKS_OF = "DELETE FROM rebuilt WHERE generation = $1"
DELETE_BLOCKS = "DELETE FROM block USING generation WHERE block.generation = generation.id AND generation.state = $1"
DELETE_YEARS = "DELETE FROM year_cell USING generation WHERE year_cell.generation = generation.id AND generation.state = $1"
DELETE_MARKS = "DELETE FROM rebuilt USING generation WHERE rebuilt.generation = generation.id AND generation.state = $1"
DELETE_VERSIONS = "DELETE FROM settled USING generation WHERE settled.generation = generation.id AND generation.state = $1"
DELETE_GENERATIONS = "DELETE FROM generation WHERE state = $1"


async def without_statement_timeout(tx: Tx) -> None:
    """Until the transaction ends, statements may take the time and memory that a whole generation takes."""
    await tx.conn.execute(LONG_STATEMENTS)


async def get_building(tx: Tx, rules: str) -> int | None:
    """The generation that a rebuild by the same rules has begun and not finished."""
    found: int | None = await tx.conn.fetchval(GET_BUILDING, rules)
    return found


async def insert_building(tx: Tx, rules: str) -> int:
    """A new generation, to be built by these rules."""
    found: int = await tx.conn.fetchval(INSERT, rules)
    return found


async def list_marks(conn: Any, generation: int) -> dict[TopicPartition, Mark]:
    """How far a rebuild has counted each partition."""
    rows = await conn.fetch(LIST_MARKS, generation)
    return {
        TopicPartition(row["topic"], row["partition"]): Mark(row["next_offset"], Number(row["epoch"], row["next_number"])) for row in rows
    }


async def update_marks(tx: Tx, generation: int, moved: Mapping[TopicPartition, tuple[Mark, Mark]]) -> bool:
    """`moved`: from, to. False where another process has moved one of them in the meantime."""
    topics, partitions = [topic for topic, _ in moved], [partition for _, partition in moved]
    await tx.conn.execute(INSERT_MARKS, generation, topics, partitions)
    ends = [end for _, end in moved.values()]
    rows = await tx.conn.fetch(
        UPDATE_MARKS,
        generation,
        topics,
        partitions,
        [start.offset for start, _ in moved.values()],
        [end.offset for end in ends],
        [end.expected.epoch for end in ends],
        [end.expected.number for end in ends],
    )
    return len(rows) == len(moved)


class Blocks(NamedTuple):
    """The newest block of each generation at some moment: those with greater numbers were inserted later."""

    live: int
    rebuilt: int


Difference = tuple[Cell, int, int]  # live, rebuilt


async def lock_building(tx: Tx, generation: int) -> Blocks | None:
    """Up to which blocks it was found equal to the live one. None: it is not being built any more.

    Waits for every batch in flight; nobody inserts a block into it until the transaction ends.
    """
    row = await tx.conn.fetchrow(LOCK_BUILDING, generation)
    return row and Blocks(*row)


async def get_newest_block(tx: Tx, generation: int) -> int:
    """The number of the block inserted last; 0: it has none. To be asked while no batch is in flight."""
    found: int = await tx.conn.fetchval(GET_NEWEST_BLOCK, generation)
    return found


async def update_compared(tx: Tx, generation: int, upto: Blocks) -> None:
    """The cells of the blocks up to these are equal."""
    await tx.conn.execute(UPDATE_COMPARED, generation, *upto)


async def list_differences(tx: Tx, live: int, rebuilt: int, compared: Blocks, upto: Blocks) -> list[Difference]:
    """Cells that differ between the blocks of two generations up to some; at most 100. `compared`: up to where they are known to be equal.

    Cells are sums: if those of the blocks up to `compared` are equal, all are exactly if those of the blocks since are.
    """
    if compared != (0, 0) and not await tx.conn.fetchval(EXISTS_DIFFERENCE, live, rebuilt, *compared, *upto, timeout=LONG_SECONDS):
        return []
    found: list[Difference] = []
    for cut, measure in await tx.conn.fetch(LIST_CUTS, live, rebuilt, timeout=LONG_SECONDS):  # to keep each statement small
        rows = await tx.conn.fetch(LIST_DIFFERENCES, live, rebuilt, cut, measure, *upto, timeout=LONG_SECONDS)
        found += [(Cell(*tuple(row)[:7]), row["live"], row["rebuilt"]) for row in rows]
        if len(found) >= MAX_DIFFERENCES:
            break
    return found[:MAX_DIFFERENCES]


async def update_live(tx: Tx, live: int, rebuilt: int) -> None:
    """Swap: readers see the old generation until the commit and the new one after it."""
    await tx.conn.execute(UPDATE_RETIRED, live)
    await tx.conn.execute(UPDATE_LIVE, rebuilt)
    await tx.conn.execute(UPDATE_APPLIED, live, rebuilt)
    await tx.conn.execute(DELETE_MARKS_OF, rebuilt)


async def delete_building(tx: Tx) -> None:
    """Discard an abandoned rebuild."""
    await _delete(tx, "building")


async def delete_retired(tx: Tx) -> None:
    """Delete the generation that a rebuild has replaced."""
    await _delete(tx, "retired")


async def _delete(tx: Tx, state: str) -> None:
    for statement in (DELETE_BLOCKS, DELETE_YEARS, DELETE_MARKS, DELETE_VERSIONS, DELETE_GENERATIONS):
        await tx.conn.execute(statement, state, timeout=LONG_SECONDS)

"""Cells are stored as blocks; their keys are numbers of the table `word`; `year_cell` holds their sums by year, which figures read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import polars as pl

from services.stats.counting import block_encoding
from shared.db import Tx

# A word that a concurrent transaction adds is waited for, but visible only to the next statement.
LIST_WORDS = """
WITH wanted AS (SELECT word FROM unnest($1::text[]) AS row (word)), added AS (
    INSERT INTO word (word) SELECT word FROM wanted WHERE NOT EXISTS (SELECT FROM word WHERE word.word = wanted.word) ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING code, word
)
SELECT code, word FROM word WHERE word = ANY ($1) UNION ALL SELECT code, word FROM added
"""
COLUMNS = ("generation", "cut", "measure", "month", "currency", "settled", "cells", "days", "recorded", "k1", "k2", "value")
EXISTS_NEW_CELLS = """
SELECT coalesce(sum(cells) > $1, false) FROM block WHERE generation = (SELECT id FROM generation WHERE state = 'live') AND NOT settled
"""
# At most $3 blocks, once those not in the sums yet hold more than $2 cells. In key order, so that concurrent runs do not deadlock.
UPDATE_YEAR_SUMS = """
WITH due AS (
    SELECT ctid, cells FROM block WHERE generation = $1 AND NOT settled
        AND $2 < (SELECT sum(cells) FROM block WHERE generation = $1 AND NOT settled)
    LIMIT $3
), settlement AS (
    INSERT INTO settled (generation, number) SELECT $1, sum(cells) FROM due HAVING count(*) > 0
    ON CONFLICT (generation) DO UPDATE
    SET version = DEFAULT, number = settled.number + excluded.number, earlier = (settled.version || settled.earlier)[:20]
    RETURNING number
), newest AS (
    UPDATE block SET settled = true, settlement = (SELECT number FROM settlement)
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM due)) AND NOT settled
    RETURNING cut, measure, extract(year FROM month)::smallint AS year, extract(month FROM month)::integer AS month, currency, k1, k2,
        value
), summed AS (
    SELECT cut, measure, one.k1, one.k2, currency, year,
        sum(one.value) FILTER (WHERE month = 1) AS m01, sum(one.value) FILTER (WHERE month = 2) AS m02,
        sum(one.value) FILTER (WHERE month = 3) AS m03, sum(one.value) FILTER (WHERE month = 4) AS m04,
        sum(one.value) FILTER (WHERE month = 5) AS m05, sum(one.value) FILTER (WHERE month = 6) AS m06,
        sum(one.value) FILTER (WHERE month = 7) AS m07, sum(one.value) FILTER (WHERE month = 8) AS m08,
        sum(one.value) FILTER (WHERE month = 9) AS m09, sum(one.value) FILTER (WHERE month = 10) AS m10,
        sum(one.value) FILTER (WHERE month = 11) AS m11, sum(one.value) FILTER (WHERE month = 12) AS m12
    FROM newest CROSS JOIN LATERAL unnest(k1, k2, value) AS one (k1, k2, value) GROUP BY 1, 2, 3, 4, 5, 6
)
INSERT INTO year_cell (generation, cut, measure, k1, k2, currency, year, province, m01, m02, m03, m04, m05, m06, m07, m08, m09, m10,
    m11, m12)
SELECT $1, cut, measure, k1, k2, currency, year, CASE WHEN word = '-' THEN word ELSE left(word, 2) || '0000' END,
    m01, m02, m03, m04, m05, m06, m07, m08, m09, m10, m11, m12
FROM summed JOIN word ON code = k1 ORDER BY 2, 3, 4, 5, 6, 7
ON CONFLICT (generation, cut, measure, k1, k2, currency, year) DO UPDATE SET
    m01 = coalesce(year_cell.m01 + excluded.m01, year_cell.m01, excluded.m01),
    m02 = coalesce(year_cell.m02 + excluded.m02, year_cell.m02, excluded.m02),
    m03 = coalesce(year_cell.m03 + excluded.m03, year_cell.m03, excluded.m03),
    m04 = coalesce(year_cell.m04 + excluded.m04, year_cell.m04, excluded.m04),
    m05 = coalesce(year_cell.m05 + excluded.m05, year_cell.m05, excluded.m05),
    m06 = coalesce(year_cell.m06 + excluded.m06, year_cell.m06, excluded.m06),
    m07 = coalesce(year_cell.m07 + excluded.m07, year_cell.m07, excluded.m07),
    m08 = coalesce(year_cell.m08 + excluded.m08, year_cell.m08, excluded.m08),
    m09 = coalesce(year_cell.m09 + excluded.m09, year_cell.m09, excluded.m09),
    m10 = coalesce(year_cell.m10 + excluded.m10, year_cell.m10, excluded.m10),
    m11 = coalesce(year_cell.m11 + excluded.m11, year_cell.m11, excluded.m11),
    m12 = coalesce(year_cell.m12 + excluded.m12, year_cell.m12, excluded.m12)
"""


async def insert(tx: Tx, generation: int, cells: pl.DataFrame) -> None:
    """Insert cells given as columns. Two statements, whatever their number."""
    codes = await _list_word_codes(tx, block_encoding.key_words(cells))
    rows = await asyncio.to_thread(block_encoding.encode_blocks, cells, codes, generation)
    # A buffer: asyncpg reads a file in another thread, and then keeps it until the garbage collector finds a cycle.
    await tx.conn.copy_to_table("block", source=memoryview(rows), columns=COLUMNS, format="binary")


async def _list_word_codes(tx: Tx, words: Iterable[str]) -> dict[str, int]:
    """The number of every word; new words get one."""
    wanted = sorted(words)
    codes: dict[str, int] = {}
    while len(codes) < len(wanted):
        codes = {row["word"]: row["code"] for row in await tx.conn.fetch(LIST_WORDS, wanted)}
    return codes


async def exists_new_cells(conn: Any, above: int) -> bool:
    """Whether the live blocks that are not in the sums by year hold more cells than that."""
    found: bool = await conn.fetchval(EXISTS_NEW_CELLS, above)
    return found


async def update_year_sums(tx: Tx, generation: int, *, above: int = 0, limit: int | None = None) -> bool:
    """Add at most `limit` blocks (None: all) to the sums by year, if the blocks not in them hold more than `above` cells.

    Returns whether any were added.
    """
    return str(await tx.conn.execute(UPDATE_YEAR_SUMS, generation, above, limit, timeout=600)) != "INSERT 0 0"

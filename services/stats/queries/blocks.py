"""Adding cells: blocks of them, the words they are keyed by, and the sums by year that boards read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from io import BytesIO

import polars as pl

from services.stats.counting import block_encoding
from shared.db import Tx

# A word that another transaction adds meanwhile is waited for, but seen only by the next statement.
WORDS = """
WITH wanted AS (SELECT word FROM unnest($1::text[]) AS row (word)), added AS (
    INSERT INTO word (word) SELECT word FROM wanted WHERE NOT EXISTS (SELECT FROM word WHERE word.word = wanted.word) ORDER BY 1
    ON CONFLICT DO NOTHING RETURNING code, word
)
SELECT code, word FROM word WHERE word = ANY ($1) UNION ALL SELECT code, word FROM added
"""
BLOCK_COLUMNS = ("generation", "cut", "measure", "month", "currency", "settled", "cells", "days", "recorded", "k1", "k2", "value")
# At most $3 blocks, once what is not settled holds more than $2 cells. In key order, so that two who settle wait for each other.
SETTLE = """
WITH due AS (
    SELECT ctid FROM block WHERE generation = $1 AND NOT settled
        AND $2 < (SELECT sum(cells) FROM block WHERE generation = $1 AND NOT settled)
    LIMIT $3
), newest AS (
    UPDATE block SET settled = true WHERE ctid = ANY (ARRAY(SELECT ctid FROM due)) AND NOT settled
    RETURNING cut, measure, extract(year FROM month)::smallint AS year, extract(month FROM month)::integer AS month, currency, k1, k2,
        value
), told AS (
    INSERT INTO settled (generation) SELECT $1 WHERE EXISTS (SELECT FROM newest)
    ON CONFLICT (generation) DO UPDATE SET version = DEFAULT
)
INSERT INTO year_cell (generation, cut, measure, k1, k2, currency, year, province, m01, m02, m03, m04, m05, m06, m07, m08, m09, m10,
    m11, m12)
SELECT $1, cut, measure, one.k1, one.k2, currency, year, CASE WHEN word = '-' THEN word ELSE left(word, 2) || '0000' END,
    sum(one.value) FILTER (WHERE month = 1), sum(one.value) FILTER (WHERE month = 2), sum(one.value) FILTER (WHERE month = 3),
    sum(one.value) FILTER (WHERE month = 4), sum(one.value) FILTER (WHERE month = 5), sum(one.value) FILTER (WHERE month = 6),
    sum(one.value) FILTER (WHERE month = 7), sum(one.value) FILTER (WHERE month = 8), sum(one.value) FILTER (WHERE month = 9),
    sum(one.value) FILTER (WHERE month = 10), sum(one.value) FILTER (WHERE month = 11), sum(one.value) FILTER (WHERE month = 12)
FROM newest CROSS JOIN LATERAL unnest(k1, k2, value) AS one (k1, k2, value) JOIN word ON code = one.k1
GROUP BY 2, 3, 4, 5, 6, 7, 8 ORDER BY 2, 3, 4, 5, 6, 7
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


async def add_blocks(tx: Tx, generation: int, cells: pl.DataFrame) -> None:
    """Add cells given as columns. Two statements, whatever their number."""
    codes = await _codes(tx, block_encoding.words(cells))
    written = await asyncio.to_thread(block_encoding.blocks, cells, codes, generation)
    await tx.conn.copy_to_table("block", source=BytesIO(written), columns=BLOCK_COLUMNS, format="binary")


async def _codes(tx: Tx, words: Iterable[str]) -> dict[str, int]:
    wanted = sorted(words)
    codes: dict[str, int] = {}
    while len(codes) < len(wanted):
        codes = {row["word"]: row["code"] for row in await tx.conn.fetch(WORDS, wanted)}
    return codes


async def settle(tx: Tx, generation: int, *, above: int = 0, blocks: int | None = None) -> bool:
    """Add the sums of so many blocks (None: all) to those by year, if those not yet added hold more than so many cells.

    False: they do not.
    """
    return str(await tx.conn.execute(SETTLE, generation, above, blocks, timeout=600)) != "INSERT 0 0"

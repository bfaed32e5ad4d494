"""Cells: sums of them to the day and as known at any day, pages, a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple

from services.stats.counting.reference_fold import Cell
from services.stats.queries import words
from shared.db import Tx

# Summed by the numbers of the keys first, as finely as is asked, and joined with their words after. unnest() stands among the columns:
# in FROM, PostgreSQL stores the cells of every block before it reads them.
LIST_SUMS = """
WITH summed AS (
    SELECT measure, CASE WHEN $6 = 'day' THEN month + one.day - 1 ELSE bucket END AS bucket,
        CASE WHEN $7 = 'none' AND $10::text[] IS NULL THEN NULL ELSE one.k1 END AS first, CASE WHEN $8 THEN one.k2 END AS second,
        currency, sum(one.value) AS value
    FROM (
        SELECT measure, month, CASE $6 WHEN 'none' THEN NULL WHEN 'day' THEN NULL ELSE date_trunc($6, month::timestamp)::date END AS bucket,
            currency, unnest(days) AS day, unnest(recorded) AS recorded, unnest(k1) AS k1, unnest(k2) AS k2, unnest(value) AS value
        FROM block
        WHERE generation = (SELECT id FROM generation WHERE state = 'live') AND cut = $1 AND measure = ANY ($2::smallint[])
            AND month BETWEEN date_trunc('month', $3::date::timestamp)::date AND $4
    ) AS one
    WHERE month + one.day - 1 BETWEEN $3 AND $4 AND ($5::date IS NULL OR month + one.recorded <= $5)
        AND ($9::integer[] IS NULL OR one.k1 = ANY ($9)) AND ($11::integer[] IS NULL OR one.k2 = ANY ($11))
    GROUP BY 1, 2, 3, 4, 5
)
SELECT measure, bucket,
    CASE $7 WHEN 'key' THEN one.word
        WHEN 'province' THEN CASE WHEN one.word = '-' THEN one.word ELSE left(one.word, 2) || '0000' END ELSE '' END AS k1,
    coalesce(two.word, '') AS k2, currency, sum(value)::bigint AS value
FROM summed LEFT JOIN word AS one ON one.code = first LEFT JOIN word AS two ON two.code = second
WHERE $10::text[] IS NULL OR left(one.word, 2) || '0000' = ANY ($10)
GROUP BY 1, 2, 3, 4, 5
"""
LIST_RECORDED = """
SELECT month + recorded AS recorded_on, sum(value)::bigint AS value
FROM (
    SELECT month, unnest(days) AS day, unnest(recorded) AS recorded, unnest(value) AS value FROM block
    WHERE generation = (SELECT id FROM generation WHERE state = 'live') AND cut = $1 AND measure = ANY ($2::smallint[])
        AND month BETWEEN date_trunc('month', $3::date::timestamp)::date AND $4
) AS one
WHERE month + day - 1 BETWEEN $3 AND $4
GROUP BY 1
"""
LIST_PAGE = """
SELECT measure, cut, k1, k2, day, recorded_on, currency, sum(value)::bigint AS value
FROM cell
WHERE generation = (SELECT id FROM generation WHERE state = 'live') AND cut = $1 AND measure = $2
    AND month >= date_trunc('month', $3::date::timestamp)::date
    AND (day, recorded_on, k1, k2, currency) > ($3::date, $4::date, $5::text COLLATE "C", $6::text COLLATE "C", $7::text COLLATE "C")
GROUP BY cut, measure, day, recorded_on, k1, k2, currency
HAVING sum(value) <> 0
ORDER BY day, recorded_on, k1, k2, currency
LIMIT $8
"""
GET_DIGEST = """
SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex') FROM (
    SELECT concat_ws('|', cut, measure, day, recorded_on, k1, k2, currency, sum(value)) AS line FROM cell
    WHERE generation = $1 AND month BETWEEN date_trunc('month', $2::date::timestamp)::date AND $3 AND day BETWEEN $2 AND $3
    GROUP BY cut, measure, day, recorded_on, k1, k2, currency HAVING sum(value) <> 0
) AS cells
"""
Buckets = Sequence[tuple[date | None, int]]
CellKey = tuple[date, date, str, str, str]  # day, recorded_on, k1, k2, currency


@dataclass(frozen=True, slots=True, kw_only=True)
class SumQuery:
    """Which cells to sum. `bucket` and `level` say how finely; a filter that is None lets everything through."""

    cut: int
    measures: tuple[int, ...]
    start: date
    end: date
    bucket: Literal["none", "year", "month", "day"]
    level: Literal["none", "province", "key"]  # of k1; province: the county's, by its first two digits
    by_k2: bool
    known_on: date | None
    k1: tuple[str, ...] | None
    provinces: tuple[str, ...] | None
    k2: tuple[str, ...] | None


class CellSum(NamedTuple):
    """What was counted under two keys, by bucket, within one year at most; the same keys may come in several rows."""

    measure: int
    k1: str
    k2: str
    currency: str
    values: Buckets


async def list_sums(tx: Tx, query: SumQuery) -> list[CellSum]:
    """From every cell, to the day and as known at any day."""
    k1, k2 = [None if chosen is None else await words.list_numbers(tx, chosen) for chosen in (query.k1, query.k2)]
    rows = await tx.conn.fetch(
        LIST_SUMS,
        query.cut,
        query.measures,
        query.start,
        query.end,
        query.known_on,
        query.bucket,
        query.level,
        query.by_k2,
        k1,
        query.provinces,
        k2,
    )
    return [CellSum(measure, k1, k2, currency, ((bucket, value),)) for measure, bucket, k1, k2, currency, value in rows]


async def list_recorded(tx: Tx, query: SumQuery) -> list[tuple[date, int]]:
    """What was recorded on each day of all that the span holds; of the query's filters none is applied."""
    rows = await tx.conn.fetch(LIST_RECORDED, query.cut, query.measures, query.start, query.end)
    return [(recorded_on, value) for recorded_on, value in rows]


async def list_page(tx: Tx, cut: int, measure: int, after: CellKey, limit: int) -> list[tuple[Cell, int]]:
    """Cells of one cut and measure in key order, those after a key."""
    rows = await tx.conn.fetch(LIST_PAGE, cut, measure, *after, limit)
    return [(Cell(*key), value) for *key, value in rows]


async def get_digest(tx: Tx, generation: int, starts: date, ends: date) -> str:
    """Over every cell of every cut with a day in the span: equal cells, equal digest."""
    found: str = await tx.conn.fetchval(GET_DIGEST, generation, starts, ends)
    return found

"""Sums of whole months as known now: by year where they are settled, from the newest blocks where they are not.

What is settled changes only when more is settled, and then has another version: a question asked again reads only what is not.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.stats.queries import Buckets, Sum, Sums
from shared.db import Tx

# Twelve months a row. The version stands in every row, and in one without a year where there is nothing.
SETTLED = """
WITH live AS (SELECT id, version FROM generation LEFT JOIN settled ON generation = id WHERE state = 'live'), kept AS (
    SELECT measure, year, CASE $5 WHEN 'province' THEN province ELSE '' END AS province, CASE $5 WHEN 'key' THEN k1 END AS first,
        CASE WHEN $6 THEN k2 END AS second, currency,
        ARRAY[sum(m01), sum(m02), sum(m03), sum(m04), sum(m05), sum(m06), sum(m07), sum(m08), sum(m09), sum(m10), sum(m11), sum(m12)
        ]::bigint[] AS months
    FROM year_cell
    WHERE generation = (SELECT id FROM live) AND cut = $1 AND measure = ANY ($2::smallint[])
        AND year BETWEEN extract(year FROM $3::date)::smallint AND extract(year FROM $4::date)::smallint
        AND ($7::integer[] IS NULL OR k1 = ANY ($7)) AND ($8::text[] IS NULL OR province = ANY ($8))
        AND ($9::integer[] IS NULL OR k2 = ANY ($9))
    GROUP BY 1, 2, 3, 4, 5, 6
)
SELECT version, measure, year, coalesce(one.word, province) AS k1, coalesce(two.word, '') AS k2, currency, months
FROM live LEFT JOIN kept ON true LEFT JOIN word AS one ON one.code = first LEFT JOIN word AS two ON two.code = second
"""
# A month a row: the last of as many elements as its month has.
NEWEST = """
WITH live AS (SELECT id, version FROM generation LEFT JOIN settled ON generation = id WHERE state = 'live'), newest AS (
    SELECT measure, extract(year FROM month)::smallint AS year, CASE $5 WHEN 'key' THEN one.word WHEN 'province' THEN
        CASE WHEN one.word = '-' THEN one.word ELSE left(one.word, 2) || '0000' END ELSE '' END AS k1,
        CASE WHEN $6 THEN two.word ELSE '' END AS k2, currency,
        array_fill(NULL::bigint, ARRAY[extract(month FROM month)::integer - 1]) || sum(each.value)::bigint AS months
    FROM block
        CROSS JOIN LATERAL unnest(block.k1, block.k2, block.value) AS each (k1, k2, value)
        JOIN word AS one ON one.code = each.k1
        JOIN word AS two ON two.code = each.k2
    WHERE NOT settled AND generation = (SELECT id FROM live) AND cut = $1 AND measure = ANY ($2::smallint[]) AND month BETWEEN $3 AND $4
        AND ($7::text[] IS NULL OR one.word = ANY ($7)) AND ($8::text[] IS NULL OR left(one.word, 2) || '0000' = ANY ($8))
        AND ($9::text[] IS NULL OR two.word = ANY ($9))
    GROUP BY measure, month, 3, 4, 5
)
SELECT version, measure, year, k1, k2, currency, months FROM live LEFT JOIN newest ON true
"""
CODES = "SELECT coalesce(array_agg(code), '{}') FROM word WHERE word = ANY ($1)"
MOST_REMEMBERED = 20_000  # sums
Version = UUID | None
Months = Sequence[int | None]  # None: nothing was ever counted in that month; 0: it has come to nothing, and is told so
_remembered: OrderedDict[tuple[Version, Sums], list[Sum]] = OrderedDict()


async def sum_months(tx: Tx, ask: Sums, *, anew: bool = False) -> list[Sum]:
    """The same keys may come in several rows. `anew`: trust nothing that was read before, for who recounts."""
    while True:
        version, newest = await _fetch(tx, NEWEST, ask, ask.k1, ask.k2)
        kept = None if anew else _remembered.get((version, ask))
        if kept is None:
            k1, k2 = [None if words is None else await _codes(tx, words) for words in (ask.k1, ask.k2)]
            then, kept = await _fetch(tx, SETTLED, ask, k1, k2)
            if then != version:  # more was settled between the two
                continue
            if version is not None and not anew:
                _remember(version, ask, kept)
        else:
            _remembered.move_to_end((version, ask))
        return [*kept, *newest]


def _remember(version: UUID, ask: Sums, sums: list[Sum]) -> None:
    """Instead of what was not asked for the longest."""
    _remembered[version, ask] = sums
    while sum(len(kept) + 1 for kept in _remembered.values()) > MOST_REMEMBERED:
        _remembered.popitem(last=False)


async def _codes(tx: Tx, words: Sequence[str]) -> list[int]:
    """What the words are kept as. A plan for given numbers knows how many they are, one for a sub-select does not."""
    found: list[int] = await tx.conn.fetchval(CODES, words)
    return found


async def _fetch(tx: Tx, statement: str, ask: Sums, k1: Sequence[Any] | None, k2: Sequence[Any] | None) -> tuple[Version, list[Sum]]:
    """The sums, and the version of what was settled when they were read."""
    rows = await tx.conn.fetch(statement, ask.cut, ask.measures, ask.start, ask.end, ask.level, ask.by_k2, k1, ask.provinces, k2)
    years = {year: (_asked(year, ask), _bucketed(year, ask)) for year in {row["year"] for row in rows} if year is not None}
    found = []
    for _, measure, year, first, second, currency, months in rows:
        if year is not None:
            within, bucketed = years[year]
            if values := bucketed(months[within]):
                found.append(Sum(measure, first, second, currency, values))
    return rows[0]["version"], found


def _asked(year: int, ask: Sums) -> slice:
    """The months of a year that are asked for."""
    return slice(ask.start.month - 1 if year == ask.start.year else 0, ask.end.month if year == ask.end.year else 12)


def _bucketed(year: int, ask: Sums) -> Callable[[Months], Buckets]:
    """Makes buckets of the months of that year that are asked for."""
    first = ask.start.month if year == ask.start.year else 1
    days = [date(year, month, 1) for month in range(first, 13)]
    whole = date(year, 1, 1) if ask.bucket == "year" else None

    def by_month(months: Months) -> Buckets:
        return [(day, value) for day, value in zip(days, months, strict=False) if value is not None]

    def together(months: Months) -> Buckets:
        counted = [value for value in months if value is not None]
        return ((whole, sum(counted)),) if counted else ()

    return by_month if ask.bucket == "month" else together

"""Sums of whole months as known now: by year where they are settled, from the newest blocks where they are not.

Settled sums change only when more is settled, and then have another version.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from services.stats.queries import words
from services.stats.queries.cells import Buckets, CellSum, SumQuery
from shared.db import Tx

# Twelve months a row. Every row has the version; where there is nothing to sum, one row without a year does. The words of a key that is
# not asked for are not read: the condition says so as the statement is planned.
LIST_SETTLED = """
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
FROM live LEFT JOIN kept ON true
    LEFT JOIN word AS one ON $5 = 'key' AND one.code = first
    LEFT JOIN word AS two ON $6 AND two.code = second
"""
# A month a row: the last of as many elements as its month has. Summed by the numbers of the keys, and joined with their words after: while
# much is counted there are thousands of blocks of a cell or two, and PostgreSQL would read all words for each of them.
LIST_UNSETTLED = """
WITH live AS (SELECT id, version FROM generation LEFT JOIN settled ON generation = id WHERE state = 'live'), newest AS (
    SELECT measure, month, each.k1, each.k2, currency, sum(each.value) AS value
    FROM block CROSS JOIN LATERAL unnest(block.k1, block.k2, block.value) AS each (k1, k2, value)
    WHERE NOT settled AND generation = (SELECT id FROM live) AND cut = $1 AND measure = ANY ($2::smallint[]) AND month BETWEEN $3 AND $4
        AND ($7::integer[] IS NULL OR each.k1 = ANY ($7)) AND ($9::integer[] IS NULL OR each.k2 = ANY ($9))
    GROUP BY 1, 2, 3, 4, 5
), chosen AS (
    SELECT measure, extract(year FROM month)::smallint AS year, CASE $5 WHEN 'key' THEN one.word WHEN 'province' THEN
        CASE WHEN one.word = '-' THEN one.word ELSE left(one.word, 2) || '0000' END ELSE '' END AS k1,
        CASE WHEN $6 THEN two.word ELSE '' END AS k2, currency,
        array_fill(NULL::bigint, ARRAY[extract(month FROM month)::integer - 1]) || sum(value)::bigint AS months
    FROM newest JOIN word AS one ON one.code = newest.k1 JOIN word AS two ON two.code = newest.k2
    WHERE $8::text[] IS NULL OR left(one.word, 2) || '0000' = ANY ($8)
    GROUP BY measure, month, 3, 4, 5
)
SELECT version, measure, year, k1, k2, currency, months FROM live LEFT JOIN chosen ON true
"""
Version = UUID | None
Months = Sequence[int | None]  # None: nothing was ever counted in that month; 0: what was counted there has come to nothing


async def list_settled(tx: Tx, query: SumQuery) -> tuple[Version, list[CellSum]]:
    """The settled sums, and their version."""
    return await _fetch(tx, LIST_SETTLED, query)


async def list_unsettled(tx: Tx, query: SumQuery) -> tuple[Version, list[CellSum]]:
    """The sums of the newest blocks, and the version of what is settled besides them."""
    return await _fetch(tx, LIST_UNSETTLED, query)


async def _fetch(tx: Tx, statement: str, query: SumQuery) -> tuple[Version, list[CellSum]]:
    k1, k2 = [None if chosen is None else await words.list_numbers(tx, chosen) for chosen in (query.k1, query.k2)]
    rows = await tx.conn.fetch(
        statement, query.cut, query.measures, query.start, query.end, query.level, query.by_k2, k1, query.provinces, k2
    )
    years = {year: (_asked(year, query), _bucketed(year, query)) for year in {row["year"] for row in rows} if year is not None}
    found = []
    for _, measure, year, first, second, currency, months in rows:
        if year is not None:
            within, bucketed = years[year]
            if values := bucketed(months[within]):
                found.append(CellSum(measure, first, second, currency, values))
    return rows[0]["version"], found


def _asked(year: int, query: SumQuery) -> slice:
    """The months of a year that are asked for."""
    return slice(query.start.month - 1 if year == query.start.year else 0, query.end.month if year == query.end.year else 12)


def _bucketed(year: int, query: SumQuery) -> Callable[[Months], Buckets]:
    """Makes buckets of the months of that year that are asked for."""
    first = query.start.month if year == query.start.year else 1
    days = [date(year, month, 1) for month in range(first, 13)]
    whole = date(year, 1, 1) if query.bucket == "year" else None

    def by_month(months: Months) -> Buckets:
        return [(day, value) for day, value in zip(days, months, strict=False) if value is not None]

    def together(months: Months) -> Buckets:
        counted = [value for value in months if value is not None]
        return ((whole, sum(counted)),) if counted else ()

    return by_month if query.bucket == "month" else together

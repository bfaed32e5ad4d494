"""Sums of whole months as known now: by year where they are settled, from the newest blocks where they are not.

Every update of the settled sums has a number: how many cells have been added to them. What was read at one of them is brought up to date
by the blocks that were added since.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from services.stats.queries import words
from services.stats.queries.cells import Buckets, CellSum, SumQuery
from shared.db import Tx

MOST_CELLS = 100_000  # settled since, that are read one by one; more take longer than the sums by year of a province's counties

# Twelve months a row. Every row has the settlement; where there is nothing to sum, one row without a year does. The words of a key that
# is not asked for are not read: the condition says so as the statement is planned.
LIST_SETTLED = """
WITH live AS (SELECT id, version, number FROM generation LEFT JOIN settled ON generation = id WHERE state = 'live'), kept AS (
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
SELECT version, number, measure, year, coalesce(one.word, province) AS k1, coalesce(two.word, '') AS k2, currency, months
FROM live LEFT JOIN kept ON true
    LEFT JOIN word AS one ON $5 = 'key' AND one.code = first
    LEFT JOIN word AS two ON $6 AND two.code = second
"""
# Of blocks that are not settled, and of those settled after number $11 of version $10, where that is at most $12 cells ago and one of the
# last versions of this database, as the snapshot that is read has it. A month a row: the last of as many elements as its month has. While
# much is counted there are thousands of blocks of a cell or two: unnest() among the columns takes a fifth of what it takes in FROM, and the
# words are joined once the numbers of the keys are summed.
LIST_NEWEST = """
WITH live AS (
    SELECT id, version, number, coalesce($10 = ANY (version || earlier) AND number <= $11::bigint + $12, false) AS continued
    FROM generation LEFT JOIN settled ON generation = id WHERE state = 'live'
), newest AS (
    SELECT settled, measure, month, currency, unnest(k1) AS k1, unnest(k2) AS k2, unnest(value) AS value FROM block
    WHERE NOT settled AND generation = (SELECT id FROM live) AND cut = $1 AND measure = ANY ($2::smallint[]) AND month BETWEEN $3 AND $4
    UNION ALL
    SELECT settled, measure, month, currency, unnest(k1), unnest(k2), unnest(value) FROM block
    WHERE settlement > $11 AND generation = (SELECT id FROM live WHERE continued) AND cut = $1 AND measure = ANY ($2::smallint[])
        AND month BETWEEN $3 AND $4
), summed AS (
    SELECT settled, measure, month, CASE WHEN $5 <> 'none' OR $8::text[] IS NOT NULL THEN k1 END AS first,
        CASE WHEN $6 THEN k2 END AS second, currency, sum(value) AS value
    FROM newest
    WHERE ($7::text[] IS NULL OR k1 IN (SELECT code FROM word WHERE word = ANY ($7)))
        AND ($9::text[] IS NULL OR k2 IN (SELECT code FROM word WHERE word = ANY ($9)))
    GROUP BY 1, 2, 3, 4, 5, 6
), chosen AS (
    SELECT settled, measure, extract(year FROM month)::smallint AS year, CASE $5 WHEN 'key' THEN one.word WHEN 'province' THEN
        CASE WHEN one.word = '-' THEN one.word ELSE left(one.word, 2) || '0000' END ELSE '' END AS k1,
        coalesce(two.word, '') AS k2, currency,
        array_fill(NULL::bigint, ARRAY[extract(month FROM month)::integer - 1]) || sum(value)::bigint AS months
    FROM summed LEFT JOIN word AS one ON ($5 <> 'none' OR $8 IS NOT NULL) AND one.code = first
        LEFT JOIN word AS two ON $6 AND two.code = second
    WHERE $8 IS NULL OR left(one.word, 2) || '0000' = ANY ($8)
    GROUP BY settled, measure, month, 4, 5, 6
)
SELECT continued, settled, version, number, measure, year, k1, k2, currency, months FROM live LEFT JOIN chosen ON true
"""
Months = Sequence[int | None]  # None: nothing was ever counted in that month; 0: what was counted there has come to nothing


class Settlement(NamedTuple):
    """An update of the sums by year, by how many cells were added until then.

    Of a version that is not among the last nothing is known: of another generation, lost by a restore, or followed by one without number.
    """

    version: UUID
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestSums:
    """`at`: the newest settlement. `settled`: what was settled since the one that was given; None: too much, or it cannot be known."""

    at: Settlement | None
    settled: list[CellSum] | None
    unsettled: list[CellSum]


async def list_settled(tx: Tx, query: SumQuery) -> tuple[Settlement | None, list[CellSum]]:
    """The settled sums, and which settlement was the last; None: nothing was settled yet."""
    k1, k2 = [None if chosen is None else await words.list_numbers(tx, chosen) for chosen in (query.k1, query.k2)]
    rows = await tx.conn.fetch(LIST_SETTLED, *_arguments(query, k1, k2))
    return _settlement(rows[0]), _sums(rows, query)


async def list_newest(tx: Tx, query: SumQuery, since: Settlement | None) -> NewestSums:
    """The sums of the blocks that are not settled, and of those settled since."""
    version, number = since or (None, None)
    rows = await tx.conn.fetch(LIST_NEWEST, *_arguments(query, query.k1, query.k2), version, number, MOST_CELLS)
    return NewestSums(
        at=_settlement(rows[0]),
        settled=_sums([row for row in rows if row["settled"]], query) if rows[0]["continued"] else None,
        unsettled=_sums([row for row in rows if not row["settled"]], query),
    )


def _arguments(query: SumQuery, k1: Sequence[Any] | None, k2: Sequence[Any] | None) -> tuple[Any, ...]:
    return query.cut, query.measures, query.start, query.end, query.level, query.by_k2, k1, query.provinces, k2


def _settlement(row: Any) -> Settlement | None:
    return None if row["version"] is None else Settlement(row["version"], row["number"])


def _sums(rows: Sequence[Any], query: SumQuery) -> list[CellSum]:
    years = {year: (_asked(year, query), _bucketed(year, query)) for year in {row["year"] for row in rows} if year is not None}
    found = []
    for *_, measure, year, first, second, currency, months in rows:
        if year is not None:
            within, bucketed = years[year]
            if values := bucketed(months[within]):
                found.append(CellSum(measure, first, second, currency, values))
    return found


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

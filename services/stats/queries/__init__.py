"""All SQL of the stats service: one named constant and one typed function each. Here counting, figures and freshness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from services.stats.counting.reference_fold import Cell
from shared.db import Tx

# --- counting -----------------------------------------------------------------------------------------------------------
# FOR SHARE: a rebuild is swapped in only between batches.
LIVE = "SELECT id FROM generation WHERE state = 'live' FOR SHARE"
READ = "SELECT id FROM generation WHERE state = 'live'"
LIVE_ALONE = "SELECT id FROM generation WHERE state = 'live' FOR UPDATE"

ADD_APPLIED = """
INSERT INTO applied (generation, topic, events, newest)
SELECT $1, topic, events, newest FROM unnest($2::text[], $3::bigint[], $4::timestamptz[]) AS row (topic, events, newest) ORDER BY topic
ON CONFLICT (generation, topic) DO UPDATE
SET events = applied.events + excluded.events, newest = greatest(applied.newest, excluded.newest)
"""


async def read_generation(tx: Tx) -> int:
    """The generation that is read, without holding it."""
    found: int = await tx.conn.fetchval(READ)
    return found


async def live_generation(tx: Tx) -> int:
    """The generation that counts, held against a swap until the transaction ends."""
    found: int = await tx.conn.fetchval(LIVE)
    return found


async def live_generation_alone(tx: Tx) -> int:
    """The generation that counts, with every batch in flight waited for and none begun until the transaction ends."""
    found: int = await tx.conn.fetchval(LIVE_ALONE)
    return found


async def add_applied(tx: Tx, generation: int, applied: Mapping[str, tuple[int, datetime]]) -> None:
    await tx.conn.execute(
        ADD_APPLIED, generation, list(applied), [count for count, _ in applied.values()], [newest for _, newest in applied.values()]
    )


# --- figures ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Sums:
    """What to sum. `bucket` and `level` say how finely; a filter that is None lets everything through."""

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


SUM_CELLS = """
SELECT measure,
    CASE WHEN $6 = 'none' THEN NULL ELSE date_trunc($6, day::timestamp)::date END AS bucket,
    CASE $7 WHEN 'key' THEN k1 WHEN 'province' THEN CASE WHEN k1 = '-' THEN k1 ELSE left(k1, 2) || '0000' END ELSE '' END AS k1,
    CASE WHEN $8 THEN k2 ELSE '' END AS k2, currency, sum(value)::bigint AS value
FROM cell
WHERE generation = (SELECT id FROM generation WHERE state = 'live')
    AND cut = $1 AND measure = ANY ($2::smallint[])
    AND month BETWEEN date_trunc('month', $3::date::timestamp)::date AND $4 AND day BETWEEN $3 AND $4
    AND ($5::date IS NULL OR recorded_on <= $5)
    AND ($9::text[] IS NULL OR k1 = ANY ($9)) AND ($10::text[] IS NULL OR left(k1, 2) || '0000' = ANY ($10))
    AND ($11::text[] IS NULL OR k2 = ANY ($11))
GROUP BY 1, 2, 3, 4, 5
"""
Buckets = Sequence[tuple[date | None, int]]


class Sum(NamedTuple):
    """What was counted under two keys, by bucket, within one year at most; the same keys may come in several rows."""

    measure: int
    k1: str
    k2: str
    currency: str
    values: Buckets


async def sum_cells(tx: Tx, ask: Sums) -> list[Sum]:
    """From every cell, to the day and as known at any day."""
    rows = await tx.conn.fetch(
        SUM_CELLS, ask.cut, ask.measures, ask.start, ask.end, ask.known_on, ask.bucket, ask.level, ask.by_k2, ask.k1, ask.provinces, ask.k2
    )
    return [Sum(measure, k1, k2, currency, ((bucket, value),)) for measure, bucket, k1, k2, currency, value in rows]


# Six digits that are no province: whatever stood where a county's code stands.
COUNTIES = "SELECT word FROM word WHERE word ~ '^[1-9][0-9]{5}$' AND right(word, 4) <> '0000'"


async def counties(tx: Tx) -> set[str]:
    """Every county that cells are keyed by, known to a list or not."""
    return {row["word"] for row in await tx.conn.fetch(COUNTIES)}


PAGE = """
SELECT cut, measure, day, recorded_on, k1, k2, currency, sum(value)::bigint AS value
FROM cell
WHERE generation = (SELECT id FROM generation WHERE state = 'live') AND cut = $1 AND measure = $2
    AND month >= date_trunc('month', $3::date::timestamp)::date
    AND (day, recorded_on, k1, k2, currency) > ($3::date, $4::date, $5::text COLLATE "C", $6::text COLLATE "C", $7::text COLLATE "C")
GROUP BY cut, measure, day, recorded_on, k1, k2, currency
HAVING sum(value) <> 0
ORDER BY day, recorded_on, k1, k2, currency
LIMIT $8
"""


async def page_of_cells(tx: Tx, cut: int, measure: int, after: Sequence[Any], limit: int) -> list[tuple[Cell, int]]:
    """Cells of one cut and measure in key order, after (day, recorded_on, k1, k2, currency)."""
    rows = await tx.conn.fetch(PAGE, cut, measure, *after, limit)
    return [
        (Cell(row["measure"], row["cut"], row["k1"], row["k2"], row["day"], row["recorded_on"], row["currency"]), row["value"])
        for row in rows
    ]


# --- freshness ----------------------------------------------------------------------------------------------------------
APPLIED = "SELECT topic, events, newest FROM applied WHERE generation = (SELECT id FROM generation WHERE state = 'live')"
PARKED = "SELECT count(*) FROM dead_letter WHERE state = 'parked'"


async def applied(tx: Tx) -> dict[str, tuple[int, datetime]]:
    """Per topic: events counted, and the newest time its source recorded one."""
    return {row["topic"]: (row["events"], row["newest"]) for row in await tx.conn.fetch(APPLIED)}


async def parked(tx: Tx) -> int:
    count: int = await tx.conn.fetchval(PARKED)
    return count

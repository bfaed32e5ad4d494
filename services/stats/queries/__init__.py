"""All SQL of the stats service: one named constant and one typed function each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from services.stats.fold import Cell
from shared.db import Tx
from shared.log import Number

# --- counting ---------------------------------------------------------------------------------------------------------
# FOR SHARE: a rebuild is swapped in only between batches.
LIVE = "SELECT id FROM generation WHERE state = 'live' FOR SHARE"
LIVE_ALONE = "SELECT id FROM generation WHERE state = 'live' FOR UPDATE"
CELL_COLUMNS = ("generation", "cut", "measure", "day", "recorded_on", "k1", "k2", "currency", "value")

# Sorted, so that two consumers adding to the same cells wait for each other instead of deadlocking.
ADD_MONTHS = """
INSERT INTO month_cell (generation, cut, measure, month, k1, k2, currency, value)
SELECT $1, cut, measure, month, k1, k2, currency, value
FROM unnest($2::smallint[], $3::smallint[], $4::date[], $5::text[], $6::text[], $7::text[], $8::bigint[])
    AS row (cut, measure, month, k1, k2, currency, value)
ORDER BY cut, measure, month, k1 COLLATE "C", k2 COLLATE "C", currency COLLATE "C"
ON CONFLICT (generation, cut, measure, month, k1, k2, currency) DO UPDATE SET value = month_cell.value + excluded.value
"""
ADD_APPLIED = """
INSERT INTO applied (generation, topic, events, newest)
SELECT $1, topic, events, newest FROM unnest($2::text[], $3::bigint[], $4::timestamptz[]) AS row (topic, events, newest) ORDER BY topic
ON CONFLICT (generation, topic) DO UPDATE
SET events = applied.events + excluded.events, newest = greatest(applied.newest, excluded.newest)
"""


async def live_generation(tx: Tx) -> int:
    """The generation that counts, held against a swap until the transaction ends."""
    found: int = await tx.conn.fetchval(LIVE)
    return found


async def live_generation_alone(tx: Tx) -> int:
    """The generation that counts, with every batch in flight waited for and none begun until the transaction ends."""
    found: int = await tx.conn.fetchval(LIVE_ALONE)
    return found


async def add_cells(tx: Tx, generation: int, cells: Mapping[Cell, int]) -> None:
    rows = [
        (generation, cell.cut, cell.measure, cell.day, cell.recorded_on, cell.k1, cell.k2, cell.currency, value)
        for cell, value in cells.items()
    ]
    await tx.conn.copy_records_to_table("cell", records=rows, columns=CELL_COLUMNS)


MonthKey = tuple[int, int, date, str, str, str]


async def add_months(tx: Tx, generation: int, months: Mapping[MonthKey, int]) -> None:
    columns = list(zip(*months, strict=True)) if months else [()] * 6
    await tx.conn.execute(ADD_MONTHS, generation, *columns, list(months.values()))


async def add_applied(tx: Tx, generation: int, applied: Mapping[str, tuple[int, datetime]]) -> None:
    await tx.conn.execute(
        ADD_APPLIED, generation, list(applied), [count for count, _ in applied.values()], [newest for _, newest in applied.values()]
    )


# --- figures ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Sums:
    """What to sum. `bucket` and `level` say how finely; a filter that is None lets everything through."""

    cut: int
    measures: Sequence[int]
    start: date
    end: date
    bucket: Literal["none", "year", "month", "day"]
    level: Literal["none", "province", "key"]  # of k1; province: the county's, by its first two digits
    by_k2: bool
    known_on: date | None
    k1: Sequence[str] | None
    provinces: Sequence[str] | None
    k2: Sequence[str] | None


SUM_CELLS = """
SELECT measure,
    CASE WHEN $6 = 'none' THEN NULL ELSE date_trunc($6, day::timestamp)::date END AS bucket,
    CASE $7 WHEN 'key' THEN k1 WHEN 'province' THEN CASE WHEN k1 = '-' THEN k1 ELSE left(k1, 2) || '0000' END ELSE '' END AS k1,
    CASE WHEN $8 THEN k2 ELSE '' END AS k2, currency, sum(value)::bigint AS value
FROM cell
WHERE generation = (SELECT id FROM generation WHERE state = 'live')
    AND cut = $1 AND measure = ANY ($2::smallint[]) AND day BETWEEN $3 AND $4
    AND ($5::date IS NULL OR recorded_on <= $5)
    AND ($9::text[] IS NULL OR k1 = ANY ($9)) AND ($10::text[] IS NULL OR left(k1, 2) || '0000' = ANY ($10))
    AND ($11::text[] IS NULL OR k2 = ANY ($11))
GROUP BY 1, 2, 3, 4, 5
"""
SUM_MONTHS = """
SELECT measure,
    CASE WHEN $5 = 'none' THEN NULL ELSE date_trunc($5, month::timestamp)::date END AS bucket,
    CASE $6 WHEN 'key' THEN k1 WHEN 'province' THEN CASE WHEN k1 = '-' THEN k1 ELSE left(k1, 2) || '0000' END ELSE '' END AS k1,
    CASE WHEN $7 THEN k2 ELSE '' END AS k2, currency, sum(value)::bigint AS value
FROM month_cell
WHERE generation = (SELECT id FROM generation WHERE state = 'live')
    AND cut = $1 AND measure = ANY ($2::smallint[]) AND month BETWEEN $3 AND $4
    AND ($8::text[] IS NULL OR k1 = ANY ($8)) AND ($9::text[] IS NULL OR left(k1, 2) || '0000' = ANY ($9))
    AND ($10::text[] IS NULL OR k2 = ANY ($10))
GROUP BY 1, 2, 3, 4, 5
"""


@dataclass(frozen=True, slots=True)
class Sum:
    measure: int
    bucket: date | None
    k1: str
    k2: str
    currency: str
    value: int


async def sum_cells(tx: Tx, ask: Sums) -> list[Sum]:
    """From every cell, to the day and as known at any day."""
    rows = await tx.conn.fetch(
        SUM_CELLS, ask.cut, ask.measures, ask.start, ask.end, ask.known_on, ask.bucket, ask.level, ask.by_k2, ask.k1, ask.provinces, ask.k2
    )  # fmt: skip
    return [Sum(*row) for row in rows]


async def sum_months(tx: Tx, ask: Sums) -> list[Sum]:
    """From the monthly sums: whole months, as known now."""
    rows = await tx.conn.fetch(
        SUM_MONTHS, ask.cut, ask.measures, ask.start, ask.end, ask.bucket, ask.level, ask.by_k2, ask.k1, ask.provinces, ask.k2
    )
    return [Sum(*row) for row in rows]


PAGE = """
SELECT cut, measure, day, recorded_on, k1, k2, currency, sum(value)::bigint AS value
FROM cell
WHERE generation = (SELECT id FROM generation WHERE state = 'live') AND cut = $1 AND measure = $2
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


# --- recounting -----------------------------------------------------------------------------------------------------------
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


# --- generations ----------------------------------------------------------------------------------------------------------
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
DROP_CELLS = "DELETE FROM cell USING generation WHERE cell.generation = generation.id AND generation.state = $1"
DROP_MONTHS = "DELETE FROM month_cell USING generation WHERE month_cell.generation = generation.id AND generation.state = $1"
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
    for statement in (DROP_CELLS, DROP_MONTHS, DROP_GENERATIONS):
        await tx.conn.execute(statement, state)


# --- freshness ------------------------------------------------------------------------------------------------------------
APPLIED = "SELECT topic, events, newest FROM applied WHERE generation = (SELECT id FROM generation WHERE state = 'live')"
PARKED = "SELECT count(*) FROM dead_letter WHERE state = 'parked'"


async def applied(tx: Tx) -> dict[str, tuple[int, datetime]]:
    """Per topic: events counted, and the newest time its source recorded one."""
    return {row["topic"]: (row["events"], row["newest"]) for row in await tx.conn.fetch(APPLIED)}


async def parked(tx: Tx) -> int:
    count: int = await tx.conn.fetchval(PARKED)
    return count


# --- programmes -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Programme:
    code: str
    version: int
    document: dict[str, Any]
    reason: str
    entered_by: str
    entered_at: datetime


PROGRAMMES_IN_FORCE = """
SELECT DISTINCT ON (code) code, version, document, reason, entered_by, entered_at FROM programme ORDER BY code, version DESC
"""
PROGRAMME = """
SELECT code, version, document, reason, entered_by, entered_at FROM programme WHERE code = $1 ORDER BY version DESC LIMIT 1
"""
PROGRAMME_VERSIONS = """
SELECT code, version, document, reason, entered_by, entered_at FROM programme WHERE code = $1 ORDER BY version
"""
ADD_PROGRAMME = """
INSERT INTO programme (code, version, document, reason, entered_by, entered_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (code, version) DO NOTHING RETURNING true
"""


async def programmes_in_force(tx: Tx) -> list[Programme]:
    return [Programme(*row) for row in await tx.conn.fetch(PROGRAMMES_IN_FORCE)]


async def programme(tx: Tx, code: str) -> Programme | None:
    row = await tx.conn.fetchrow(PROGRAMME, code)
    return None if row is None else Programme(*row)


async def programme_versions(tx: Tx, code: str) -> list[Programme]:
    return [Programme(*row) for row in await tx.conn.fetch(PROGRAMME_VERSIONS, code)]


async def add_programme(tx: Tx, entry: Programme) -> bool:
    """False: this version exists already."""
    added = await tx.conn.fetchval(
        ADD_PROGRAMME, entry.code, entry.version, entry.document, entry.reason, entry.entered_by, entry.entered_at
    )
    return bool(added)


# --- rates ------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rate:
    currency: str
    month: date
    version: int
    yuan_per_unit: Decimal
    source: str
    reason: str
    entered_by: str
    entered_at: datetime
    entered_on: date


RATES = """
SELECT DISTINCT ON (currency, month) currency, month, yuan_per_unit FROM fx_rate
WHERE $1::date IS NULL OR entered_on <= $1 ORDER BY currency, month, version DESC
"""
RATE_HISTORY = """
SELECT currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on FROM fx_rate
WHERE ($1::text IS NULL OR currency = $1) ORDER BY currency, month, version LIMIT 10000
"""
NEWEST_RATE = "SELECT coalesce(max(version), 0) FROM fx_rate WHERE currency = $1 AND month = $2"
RATE_COUNT = "SELECT count(*) FROM fx_rate"
ADD_RATE = """
INSERT INTO fx_rate (currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (currency, month, version) DO NOTHING RETURNING true
"""


async def rates(tx: Tx, known_on: date | None) -> dict[tuple[str, date | None], Decimal]:
    """Yuan per unit by currency and month, as entered by a day."""
    return {(row["currency"], row["month"]): row["yuan_per_unit"] for row in await tx.conn.fetch(RATES, known_on)}


async def rate_history(tx: Tx, currency: str | None) -> list[Rate]:
    return [Rate(*row) for row in await tx.conn.fetch(RATE_HISTORY, currency)]


async def newest_rate(tx: Tx, currency: str, month: date) -> int:
    """The newest version; 0: none."""
    found: int = await tx.conn.fetchval(NEWEST_RATE, currency, month)
    return found


async def rate_count(tx: Tx) -> int:
    count: int = await tx.conn.fetchval(RATE_COUNT)
    return count


async def add_rate(tx: Tx, rate: Rate) -> bool:
    """False: this version exists already."""
    added = await tx.conn.fetchval(
        ADD_RATE, rate.currency, rate.month, rate.version, rate.yuan_per_unit, rate.source, rate.reason, rate.entered_by, rate.entered_at,
        rate.entered_on,
    )  # fmt: skip
    return bool(added)


# --- publication ------------------------------------------------------------------------------------------------------------
PUBLISHING = "SELECT pg_try_advisory_xact_lock(7301003)"
PUBLISHED = "SELECT key, said FROM published"
PUBLISH = """
INSERT INTO published (key, said) SELECT key, said FROM unnest($1::text[], $2::jsonb[]) AS row (key, said)
ON CONFLICT (key) DO UPDATE SET said = excluded.said
"""


async def may_publish(tx: Tx) -> bool:
    """One publisher at a time; another leaves it to the first."""
    return bool(await tx.conn.fetchval(PUBLISHING))


async def published(tx: Tx) -> dict[str, dict[str, Any]]:
    return {row["key"]: row["said"] for row in await tx.conn.fetch(PUBLISHED)}


async def save_published(tx: Tx, said: Mapping[str, Mapping[str, Any]]) -> None:
    await tx.conn.execute(PUBLISH, list(said), list(said.values()))

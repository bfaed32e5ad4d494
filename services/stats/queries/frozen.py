"""Closed periods: what was frozen, at which place of the log, and what was restated since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.stats.queries.generations import LIST_POSITIONS
from shared.db import Tx


@dataclass(frozen=True, slots=True)
class Close:
    period: str
    version: int
    starts: date
    ends: date
    digest: str
    positions: list[list[Any]]  # topic, partition, next offset
    closed_by: str
    closed_at: datetime
    reopened_by: str | None = None
    reopened_at: datetime | None = None
    reason: str | None = None
    explanation: str | None = None


CLOSES = """
SELECT period, version, starts, ends, digest, positions, closed_by, closed_at, reopened_by, reopened_at, reason, explanation
FROM period_close ORDER BY period, version
"""
CLOSED = """
SELECT period, version, starts, ends, digest, positions, closed_by, closed_at, reopened_by, reopened_at, reason, explanation
FROM period_close WHERE reopened_at IS NULL ORDER BY period
"""
NEWEST_CLOSE = "SELECT coalesce(max(version), 0) FROM period_close WHERE period = $1"
ADD_CLOSE = """
INSERT INTO period_close (period, version, starts, ends, digest, positions, closed_by, closed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
REOPEN = """
UPDATE period_close SET reopened_by = $3, reopened_at = $4, reason = $5, explanation = $6 WHERE period = $1 AND version = $2
"""
DIGEST = """
SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex') FROM (
    SELECT concat_ws('|', cut, measure, day, recorded_on, k1, k2, currency, sum(value)) AS line FROM cell
    WHERE generation = $1 AND month BETWEEN date_trunc('month', $2::date::timestamp)::date AND $3 AND day BETWEEN $2 AND $3
    GROUP BY cut, measure, day, recorded_on, k1, k2, currency HAVING sum(value) <> 0
) AS cells
"""
FREEZE = """
INSERT INTO frozen (period, version, measure, currency, province, as_closed, value)
SELECT $1, $2, measure, currency, CASE WHEN k1 = '-' THEN k1 ELSE left(k1, 2) || '0000' END, sum(value)::bigint, sum(value)::bigint
FROM cell JOIN unnest($4::smallint[], $5::smallint[]) AS pick (measure, cut) USING (measure, cut)
WHERE generation = $3 AND month BETWEEN date_trunc('month', $6::date::timestamp)::date AND $7 AND day BETWEEN $6 AND $7
GROUP BY measure, currency, 5
"""
RESTATE = """
INSERT INTO frozen AS was (period, version, measure, currency, province, as_closed, value)
SELECT period, version, measure, currency, province, 0, delta
FROM unnest($1::text[], $2::integer[], $3::smallint[], $4::text[], $5::text[], $6::bigint[])
    AS row (period, version, measure, currency, province, delta)
ORDER BY period, measure, currency COLLATE "C", province COLLATE "C"
ON CONFLICT (period, version, measure, currency, province) DO UPDATE SET value = was.value + excluded.value
RETURNING period, version, measure, currency, province, value
"""
FROZEN_NATION = """
SELECT period, version, measure, currency, sum(value)::bigint AS value FROM frozen
WHERE (period, version, measure, currency) IN (SELECT * FROM unnest($1::text[], $2::integer[], $3::smallint[], $4::text[]))
GROUP BY period, version, measure, currency
"""
ADD_RESTATEMENTS = """
INSERT INTO restatement (period, version, told)
SELECT period, version, told FROM unnest($1::text[], $2::integer[], $3::jsonb[]) AS row (period, version, told)
"""
RESTATEMENTS = """
SELECT id, version, told FROM restatement WHERE ($1::text IS NULL OR period = $1) AND id > $2 ORDER BY id LIMIT $3
"""

FrozenKey = tuple[str, int, int, str, str]  # period, version, measure, currency, province


async def closes(tx: Tx) -> list[Close]:
    return [Close(*row) for row in await tx.conn.fetch(CLOSES)]


async def closed(tx: Tx) -> list[Close]:
    """The periods closed now."""
    return [Close(*row) for row in await tx.conn.fetch(CLOSED)]


async def newest_close(tx: Tx, period: str) -> int:
    found: int = await tx.conn.fetchval(NEWEST_CLOSE, period)
    return found


async def add_close(tx: Tx, close: Close) -> None:
    await tx.conn.execute(
        ADD_CLOSE, close.period, close.version, close.starts, close.ends, close.digest, close.positions, close.closed_by, close.closed_at
    )


async def reopen(tx: Tx, close: Close) -> None:
    await tx.conn.execute(REOPEN, close.period, close.version, close.reopened_by, close.reopened_at, close.reason, close.explanation)


async def positions(tx: Tx) -> list[list[Any]]:
    return [list(row) for row in await tx.conn.fetch(LIST_POSITIONS)]


async def digest(tx: Tx, generation: int, starts: date, ends: date) -> str:
    """Over every cell of every cut with a day in the span: equal cells, equal digest."""
    found: str = await tx.conn.fetchval(DIGEST, generation, starts, ends)
    return found


async def freeze(tx: Tx, generation: int, close: Close, cut_of: Mapping[int, int]) -> None:
    """`cut_of`: for each measure the cut that its provinces are summed from."""
    await tx.conn.execute(FREEZE, close.period, close.version, generation, list(cut_of), list(cut_of.values()), close.starts, close.ends)


async def restate(tx: Tx, deltas: Mapping[FrozenKey, int]) -> dict[FrozenKey, int]:
    """Add to frozen sums. Returns what they are now."""
    rows = await tx.conn.fetch(RESTATE, *map(list, zip(*deltas, strict=True)), list(deltas.values()))
    return {tuple(row)[:5]: row["value"] for row in rows}


async def frozen_nation(tx: Tx, keys: Sequence[tuple[str, int, int, str]]) -> dict[tuple[str, int, int, str], int]:
    rows = await tx.conn.fetch(FROZEN_NATION, *map(list, zip(*keys, strict=True)))
    return {tuple(row)[:4]: row["value"] for row in rows}


async def add_restatements(tx: Tx, told: Sequence[tuple[str, int, dict[str, Any]]]) -> None:
    await tx.conn.execute(ADD_RESTATEMENTS, *map(list, zip(*told, strict=True)))


async def restatements(tx: Tx, period: str | None, after: int, limit: int) -> list[tuple[int, int, dict[str, Any]]]:
    """(id, version of the close, what was told), oldest first."""
    return [(row["id"], row["version"], row["told"]) for row in await tx.conn.fetch(RESTATEMENTS, period, after, limit)]

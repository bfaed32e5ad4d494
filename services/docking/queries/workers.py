"""Workers as registration's events tell of them, the supply they make up, and where the quotas stand."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.docking.matching import QuotaGap, Worker
from shared.db import Tx
from shared.values import CountyCode, Destination, HouseholdStatus, Money, Occupation, Sex, WorkerId

ADD = """
INSERT INTO worker (id, registered_at, registered_on, county, poor, sex, birth_year, household_status, occupations, verified)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
VERIFY = "UPDATE worker SET verified = true WHERE id = $1 RETURNING true"
WILLING = """
UPDATE worker SET willing = true, destinations = $2, wanted = $3, floor_minor = $4, floor_currency = $5, available_from = $6,
    willing_since = $7, willing_until = $8
WHERE id = $1 RETURNING true
"""
UNWILLING = "UPDATE worker SET willing = false WHERE id = $1 RETURNING true"
LEAVE_SUPPLY = "DELETE FROM supply WHERE worker = $1"
ENTER_SUPPLY = """
INSERT INTO supply (worker, destination, occupation, poor, registered_at, county)
SELECT worker.id, destination, occupation, worker.poor, worker.registered_at, worker.county
FROM worker, unnest(worker.destinations) AS destination, unnest(worker.wanted) AS occupation
WHERE worker.id = $1
"""
GET = """
SELECT id, registered_at, registered_on, county, poor, sex, birth_year, household_status, occupations, verified, willing, destinations,
    wanted, floor_minor, floor_currency, available_from, willing_since, willing_until,
    EXISTS (SELECT FROM placement WHERE worker = worker.id AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad')) AS placed
FROM worker WHERE id = $1
"""
LOCK = """
SELECT id, registered_at, registered_on, county, poor, sex, birth_year, household_status, occupations, verified, willing, destinations,
    wanted, floor_minor, floor_currency, available_from, willing_since, willing_until
FROM worker WHERE id = $1 FOR UPDATE
"""
LOCK_ALL = """
SELECT id, registered_at, registered_on, county, poor, sex, birth_year, household_status, occupations, verified, willing, destinations,
    wanted, floor_minor, floor_currency, available_from, willing_since, willing_until
FROM worker WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE
"""
# Per wanted code and county group the longest waiting, read from the front of supply_waiting; the score ranks what comes back.
CANDIDATES = """
SELECT DISTINCT ON (worker.id) worker.id, worker.registered_at, registered_on, county, worker.poor, sex, birth_year, household_status,
    occupations, verified, willing, destinations, wanted, floor_minor, floor_currency, available_from, willing_since, willing_until
FROM unnest($2::text[]) AS code CROSS JOIN (VALUES (true), (false)) AS listed (poor)
CROSS JOIN LATERAL (
    SELECT candidate.*
    FROM supply JOIN worker AS candidate ON candidate.id = supply.worker
    WHERE supply.destination = $1 AND supply.occupation = code AND supply.poor = listed.poor
        AND candidate.verified AND candidate.willing AND candidate.willing_until >= $4 AND candidate.birth_year BETWEEN $5 AND $6
        AND supply.county LIKE ANY($7::text[])
        AND NOT EXISTS (
            SELECT FROM placement
            WHERE worker = candidate.id AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad')
        )
    ORDER BY supply.registered_at, supply.worker LIMIT $3
) AS worker
ORDER BY worker.id
"""
GAP = """
SELECT num, den, CASE WHEN status = 'met' THEN 0 ELSE coalesce(gap_heads, 0) END AS heads
FROM quota_status WHERE quota = $1 AND period = $2
"""
SET_GAP = """
INSERT INTO quota_status (quota, period, status, num, den, gap_heads) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (quota, period) DO UPDATE
SET status = excluded.status, num = excluded.num, den = excluded.den, gap_heads = excluded.gap_heads
"""


def of(row: Any) -> Worker:
    floor = row["floor_minor"]
    return Worker(
        id=row["id"],
        registered_at=row["registered_at"],
        registered_on=row["registered_on"],
        county=CountyCode(row["county"]),
        poor=row["poor"],
        sex=Sex(row["sex"]),
        birth_year=row["birth_year"],
        household_status=HouseholdStatus(row["household_status"]),
        occupations=tuple(Occupation(one) for one in row["occupations"]),
        verified=row["verified"],
        willing=row["willing"],
        destinations=tuple(Destination(one) for one in row["destinations"]),
        wanted=tuple(Occupation(one) for one in row["wanted"]),
        floor=None if floor is None else Money(minor=floor, currency=row["floor_currency"]),
        available_from=row["available_from"],
        willing_since=row["willing_since"],
        willing_until=row["willing_until"],
    )


async def add(tx: Tx, one: Worker) -> None:
    await tx.conn.execute(
        ADD,
        one.id,
        one.registered_at,
        one.registered_on,
        one.county,
        one.poor,
        one.sex,
        one.birth_year,
        one.household_status,
        list(one.occupations),
        one.verified,
    )


async def verify(tx: Tx, worker: WorkerId) -> bool:
    """False when the worker is not known here."""
    return bool(await tx.conn.fetchval(VERIFY, worker))


async def set_willing(
    tx: Tx,
    worker: WorkerId,
    destinations: tuple[Destination, ...],
    wanted: tuple[Occupation, ...],
    floor: Money | None,
    available_from: date,
    since: date,
    until: date,
) -> bool:
    """Into the supply under the new wishes. False when the worker is not known here."""
    known = await tx.conn.fetchval(
        WILLING, worker, list(destinations), list(wanted), floor and floor.minor, floor and floor.currency, available_from, since, until
    )
    if known:
        await tx.conn.execute(LEAVE_SUPPLY, worker)
        await tx.conn.execute(ENTER_SUPPLY, worker)
    return bool(known)


async def set_unwilling(tx: Tx, worker: WorkerId) -> bool:
    """Out of the supply. False when the worker is not known here."""
    known = await tx.conn.fetchval(UNWILLING, worker)
    await tx.conn.execute(LEAVE_SUPPLY, worker)
    return bool(known)


async def get(tx: Tx, worker: WorkerId) -> tuple[Worker, bool] | None:
    """The worker, and whether an active placement holds them."""
    row = await tx.conn.fetchrow(GET, worker)
    return (of(row), row["placed"]) if row else None


async def lock(tx: Tx, worker: WorkerId) -> Worker | None:
    """Whoever changes a worker's departures holds this lock: which one is the first is decided one at a time."""
    row = await tx.conn.fetchrow(LOCK, worker)
    return of(row) if row else None


async def lock_all(tx: Tx, workers: list[WorkerId]) -> dict[WorkerId, Worker]:
    return {row["id"]: of(row) for row in await tx.conn.fetch(LOCK_ALL, workers)}


async def candidates(
    tx: Tx, destination: Destination, codes: list[str], limit: int, on: date, born: tuple[int, int], counties: list[str]
) -> list[Worker]:
    """At most 2 * len(codes) * limit workers who are free and want this; `counties` are LIKE patterns."""
    return [of(row) for row in await tx.conn.fetch(CANDIDATES, destination, codes, limit, on, *born, counties)]


async def quota_gap(tx: Tx, quota: str, period: str) -> QuotaGap | None:
    row = await tx.conn.fetchrow(GAP, quota, period)
    return QuotaGap(row["num"], row["den"], row["heads"]) if row else None


async def set_quota_gap(tx: Tx, quota: str, period: str, status: str, share: tuple[int, int], gap_heads: int | None) -> None:
    await tx.conn.execute(SET_GAP, quota, period, status, *share, gap_heads)

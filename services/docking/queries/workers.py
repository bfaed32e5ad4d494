"""Workers, and the supply that the willing ones make up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.docking.domain.workers import Worker, WorkerAvailability
from shared.db import Tx
from shared.events import WillingnessRecorded
from shared.rows import Columns, fetch, fetch_one
from shared.values import CountyCode, Destination, HouseholdStatus, WorkerId


@dataclass(frozen=True, slots=True)
class CodesOn:
    """What a worker's codes were on a day, where they were others than today's."""

    worker: WorkerId
    day: date
    county: CountyCode | None
    household_status: HouseholdStatus | None


WORKER = Columns(
    Worker,
    """
    id, registered_at, registered_on, county, poor, sex, birth_year, household_status, occupations, verified, number, suspended, erased,
    willing, destinations, wanted, floor_minor AS "floor.minor", floor_currency AS "floor.currency",
    available_from, willing_since, willing_until
    """,
)
AVAILABILITY = WORKER.extend(
    WorkerAvailability,
    """
    EXISTS (
        SELECT FROM placement WHERE worker = worker.id AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad')
    ) AS placed
    """,
)
GET = AVAILABILITY.select("FROM worker WHERE id = $1")
GET_ALL = AVAILABILITY.select("FROM worker WHERE id = ANY($1::uuid[])")
LOCK_SHARED = AVAILABILITY.select("FROM worker WHERE id = $1 FOR SHARE")
LOCK_ALL_SHARED = AVAILABILITY.select("FROM worker WHERE id = ANY($1::uuid[]) ORDER BY id FOR SHARE")
LOCK = WORKER.select("FROM worker WHERE id = $1 FOR UPDATE")
LOCK_ALL = WORKER.select("FROM worker WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE")
# Per wanted code and county group the longest waiting, read from the front of supply_waiting; the score ranks what comes back.
# ^@ is starts_with() as an operator: a subquery over the prefixes would hide from the planner how many rows pass, and it would read
# the whole supply (40 times as long with 50,000 workers).
LIST_CANDIDATES = WORKER.select("""
FROM (
    SELECT DISTINCT ON (waiting.id) waiting.*
    FROM unnest($2::text[]) AS code CROSS JOIN (VALUES (true), (false)) AS listed (poor)
    CROSS JOIN LATERAL (
        SELECT candidate.*
        FROM supply JOIN worker AS candidate ON candidate.id = supply.worker
        WHERE supply.destination = $1 AND supply.occupation = code AND supply.poor = listed.poor
            AND candidate.verified AND NOT candidate.suspended AND candidate.willing AND candidate.willing_until >= $3
            AND candidate.birth_year BETWEEN $4 AND $5
            AND supply.county ^@ ANY($6::text[])
            AND NOT EXISTS (
                SELECT FROM placement
                WHERE worker = candidate.id AND state IN ('matched', 'clearance_requested', 'cleared', 'abroad')
            )
        ORDER BY supply.registered_at, supply.worker LIMIT $7
    ) AS waiting
    ORDER BY waiting.id
) AS worker
""")
# Code lists travel as text: unnest() would flatten arrays of arrays.
INSERT_ALL = """
INSERT INTO worker (id, registered_at, registered_on, county, poor, sex, birth_year, household_status, occupations, verified, number)
SELECT id, registered_at, registered_on, county, poor, sex, birth_year, household_status, string_to_array(occupations, ','), verified,
    number
FROM unnest(
    $1::uuid[], $2::timestamptz[], $3::date[], $4::text[], $5::boolean[], $6::text[], $7::integer[], $8::text[], $9::text[], $10::boolean[],
    $11::text[]
) AS new (id, registered_at, registered_on, county, poor, sex, birth_year, household_status, occupations, verified, number)
"""
UPDATE_VERIFIED = "UPDATE worker SET verified = true WHERE id = $1 RETURNING true"
UPDATE_CODES = """
UPDATE worker SET county = $2, poor = $3, sex = $4, birth_year = $5, household_status = $6, occupations = $7 WHERE id = $1
"""
INSERT_EARLIER_CODE = "INSERT INTO earlier_code (worker, code, until, value) VALUES ($1, $2, $3, $4)"
CODES_ON = Columns(CodesOn, "worker, day, county, household_status")
LIST_CODES_ON = CODES_ON.select("""
FROM unnest($1::uuid[], $2::date[]) AS asked (worker, day)
CROSS JOIN LATERAL (
    SELECT
        (SELECT value FROM earlier_code WHERE worker = asked.worker AND code = 'county' AND until > day ORDER BY until LIMIT 1) AS county,
        (
            SELECT value FROM earlier_code WHERE worker = asked.worker AND code = 'household_status' AND until > day
            ORDER BY until LIMIT 1
        ) AS household_status
) AS earlier
""")
UPDATE_WILLING = """
UPDATE worker SET willing = true, destinations = string_to_array(new.destinations, ','), wanted = string_to_array(new.wanted, ','),
    floor_minor = new.floor_minor, floor_currency = new.floor_currency, available_from = new.available_from,
    willing_since = new.willing_since, willing_until = new.willing_until
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::date[], $7::date[], $8::date[])
    AS new (id, destinations, wanted, floor_minor, floor_currency, available_from, willing_since, willing_until)
WHERE worker.id = new.id RETURNING worker.id
"""
# Whoever is in the supply stays there, under the codes of now.
UPDATE_SUPPLY = """
UPDATE supply SET poor = worker.poor, county = worker.county FROM worker WHERE worker.id = $1 AND supply.worker = worker.id
"""
UPDATE_SUSPENDED = "UPDATE worker SET suspended = $2 WHERE id = $1 RETURNING true"
UPDATE_ERASED = "UPDATE worker SET erased = true WHERE id = $1"
UPDATE_UNWILLING = "UPDATE worker SET willing = false WHERE id = ANY($1::uuid[]) RETURNING id"
DELETE_SUPPLY = "DELETE FROM supply WHERE worker = ANY($1::uuid[])"
INSERT_SUPPLY = """
INSERT INTO supply (worker, destination, occupation, poor, registered_at, county)
SELECT worker.id, destination, occupation, worker.poor, worker.registered_at, worker.county
FROM worker, unnest(worker.destinations) AS destination, unnest(worker.wanted) AS occupation
WHERE worker.id = ANY($1::uuid[])
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateFilter:
    """Who is read as a candidate for an order."""

    destination: Destination
    occupations: Sequence[str]  # any of these codes is wanted
    willing_on: date
    born: tuple[int, int]  # years, both included
    counties: Sequence[str]  # what the codes of the visible counties begin with
    per_group: int  # at most so many of each code, in and outside poverty counties


async def get(tx: Tx, worker: WorkerId) -> WorkerAvailability | None:
    return await fetch_one(tx.conn, GET, worker)


async def get_all(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, WorkerAvailability]:
    return {one.id: one for one in await fetch(tx.conn, GET_ALL, workers)}


async def lock_shared(tx: Tx, worker: WorkerId) -> WorkerAvailability | None:
    """As they stay until the caller has committed."""
    return await fetch_one(tx.conn, LOCK_SHARED, worker)


async def lock_all_shared(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, WorkerAvailability]:
    """The same of each."""
    return {one.id: one for one in await fetch(tx.conn, LOCK_ALL_SHARED, workers)}


async def lock(tx: Tx, worker: WorkerId) -> Worker | None:
    """Whoever changes a worker's departures holds this lock: which one is the first is decided one at a time."""
    return await fetch_one(tx.conn, LOCK, worker)


async def lock_all(tx: Tx, workers: list[WorkerId]) -> dict[WorkerId, Worker]:
    return {one.id: one for one in await fetch(tx.conn, LOCK_ALL, workers)}


async def list_candidates(tx: Tx, wanted: CandidateFilter) -> list[Worker]:
    """Workers who are free and want this, by id."""
    return await fetch(
        tx.conn,
        LIST_CANDIDATES,
        wanted.destination,
        wanted.occupations,
        wanted.willing_on,
        *wanted.born,
        wanted.counties,
        wanted.per_group,
    )


async def insert_all(tx: Tx, registered: Sequence[Worker]) -> None:
    entries = (
        (
            one.id,
            one.registered_at,
            one.registered_on,
            one.county,
            one.poor,
            one.sex,
            one.birth_year,
            one.household_status,
            ",".join(one.occupations),
            one.verified,
            one.number,
        )
        for one in registered
    )
    await tx.conn.execute(INSERT_ALL, *zip(*entries, strict=True))


async def update_verified(tx: Tx, worker: WorkerId) -> bool:
    """False when the worker is not known here."""
    return bool(await tx.conn.fetchval(UPDATE_VERIFIED, worker))


async def update_codes(tx: Tx, one: Worker) -> None:
    """Whom matching looks for by which codes, in the supply too."""
    await tx.conn.execute(UPDATE_CODES, one.id, one.county, one.poor, one.sex, one.birth_year, one.household_status, list(one.occupations))
    await tx.conn.execute(UPDATE_SUPPLY, one.id)


async def insert_earlier_code(tx: Tx, worker: WorkerId, code: Literal["county", "household_status"], *, until: date, value: str) -> None:
    """What the code was until then."""
    await tx.conn.execute(INSERT_EARLIER_CODE, worker, code, until, value)


async def list_as_of(tx: Tx, asked: Sequence[tuple[Worker, date]]) -> list[Worker]:
    """Each worker with the county and household status of a day, in the order asked."""
    found = await fetch(tx.conn, LIST_CODES_ON, [worker.id for worker, _ in asked], [day for _, day in asked])
    codes = {(one.worker, one.day): one for one in found}
    return [_as_of(worker, codes[worker.id, day]) for worker, day in asked]


def _as_of(worker: Worker, codes: CodesOn) -> Worker:
    return replace(worker, county=codes.county or worker.county, household_status=codes.household_status or worker.household_status)


async def update_willing(tx: Tx, recorded: Sequence[WillingnessRecorded]) -> frozenset[WorkerId]:
    """Into the supply under the new wishes. Returns those that are known here."""
    entries = (
        (
            one.worker,
            ",".join(one.destinations),
            ",".join(one.occupations),
            one.wage_floor and one.wage_floor.minor,
            one.wage_floor and one.wage_floor.currency,
            one.available_from,
            one.effective,
            one.expires_on,
        )
        for one in recorded
    )
    known = frozenset(row["id"] for row in await tx.conn.fetch(UPDATE_WILLING, *zip(*entries, strict=True)))
    await tx.conn.execute(DELETE_SUPPLY, list(known))
    await tx.conn.execute(INSERT_SUPPLY, list(known))
    return known


async def update_suspended(tx: Tx, worker: WorkerId, *, suspended: bool) -> bool:
    """False when the worker is not known here."""
    return bool(await tx.conn.fetchval(UPDATE_SUSPENDED, worker, suspended))


async def update_erased(tx: Tx, worker: WorkerId) -> None:
    await tx.conn.execute(UPDATE_ERASED, worker)


async def update_unwilling(tx: Tx, workers: Sequence[WorkerId]) -> frozenset[WorkerId]:
    """Out of the supply. Returns those that are known here."""
    known = frozenset(row["id"] for row in await tx.conn.fetch(UPDATE_UNWILLING, list(workers)))
    await tx.conn.execute(DELETE_SUPPLY, list(workers))
    return known

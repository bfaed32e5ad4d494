"""The table `old_number`: by which numbers of which earlier systems a worker is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.registration.queries.workers import county_patterns
from shared import rows
from shared.db import Tx
from shared.old_numbers import OldNumber
from shared.values import WorkerId


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """A number, whose it is now, and the worker's number here."""

    number: str
    worker: WorkerId
    worker_no: str


@dataclass(frozen=True, slots=True)
class NumbersOfProvince:
    province: str
    count: int


# In one order, so that two lists that meet do not wait for each other. Of a number that is claimed twice the first one gets it.
INSERT_ALL = """
INSERT INTO old_number (system, number, worker)
SELECT system, number, worker FROM unnest($1::text[], $2::text[], $3::uuid[]) WITH ORDINALITY AS claimed (system, number, worker, position)
ORDER BY system, number, position ON CONFLICT (system, number) DO NOTHING RETURNING worker
"""
LIST = "SELECT worker, system, number FROM old_number WHERE worker = ANY($1::uuid[]) ORDER BY worker, system, number"
LIST_WORKERS = "SELECT DISTINCT worker FROM old_number WHERE number = $1"
LIST_TAKEN = """
SELECT old_number.system, old_number.number FROM old_number
    JOIN unnest($1::text[], $2::text[]) AS asked (system, number) USING (system, number)
"""
KNOWN = rows.Columns(KnownNumber, "number, worker, worker_no")
LIST_KNOWN = KNOWN.select("""
FROM old_number JOIN worker USING (worker) WHERE system = $1 AND number = ANY($2::text[]) AND county LIKE ANY($3::text[]) ORDER BY number
""")
COUNTED = rows.Columns(NumbersOfProvince, "province, count")
GET_COUNTS = COUNTED.select("""
FROM (
    SELECT left(county, 2) || '0000' AS province, count(*) AS count FROM old_number JOIN worker USING (worker)
    WHERE system = $1 AND county LIKE ANY($2::text[]) GROUP BY left(county, 2)
) AS counted ORDER BY province
""")
UPDATE_WORKER = "UPDATE old_number SET worker = $2 WHERE worker = $1"


async def insert_all(tx: Tx, numbers: Mapping[WorkerId, OldNumber]) -> set[WorkerId]:
    """Whose number somebody has already; the others have theirs now. Waits for others' commits."""
    if not numbers:
        return set()
    systems, texts = [one.system for one in numbers.values()], [one.number for one in numbers.values()]
    return set(numbers) - {row["worker"] for row in await tx.conn.fetch(INSERT_ALL, systems, texts, list(numbers))}


async def list_(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, list[OldNumber]]:
    """By worker; who has none is absent."""
    found: dict[WorkerId, list[OldNumber]] = {}
    for row in await tx.conn.fetch(LIST, workers):
        found.setdefault(row["worker"], []).append(OldNumber(system=row["system"], number=row["number"]))
    return found


async def list_workers(tx: Tx, number: str) -> list[WorkerId]:
    """Whoever had this number, in whichever system."""
    return [row["worker"] for row in await tx.conn.fetch(LIST_WORKERS, number)]


async def list_taken(tx: Tx, numbers: Sequence[OldNumber]) -> set[tuple[str, str]]:
    """Those of them, by system and number, that somebody has."""
    found = await tx.conn.fetch(LIST_TAKEN, [one.system for one in numbers], [one.number for one in numbers])
    return {(row["system"], row["number"]) for row in found}


async def list_known(tx: Tx, system: str, numbers: Sequence[str]) -> list[KnownNumber]:
    """Of workers of the principal's regions."""
    return await rows.fetch(tx.conn, LIST_KNOWN, system, numbers, county_patterns(tx))


async def get_counts(tx: Tx, system: str) -> list[NumbersOfProvince]:
    """Of workers of the principal's regions."""
    return await rows.fetch(tx.conn, GET_COUNTS, system, county_patterns(tx))


async def update_worker(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """Every number that led to the one leads to the other."""
    await tx.conn.execute(UPDATE_WORKER, absorbed, survivor)

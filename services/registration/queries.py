"""The only SQL of registration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.registration.domain import Assurance, ImportState, Offer, ResidenceBasis, Source, Willingness, Worker
from services.registration.vault import Sealed
from shared.db import Tx
from shared.values import CountyCode, Destination, HouseholdStatus, ImportId, Money, Occupation, Sex, WorkerId


# --- workers ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Entry:
    """A worker ready to be written."""

    worker: Worker
    sealed: Sealed
    id_hash: bytes | None
    blocking_hash: bytes
    import_id: ImportId | None


TAKE_NUMBERS = "SELECT nextval('worker_number') AS number FROM generate_series(1, $1::integer)"

# One statement for one worker and for a thousand. Code lists travel as text: unnest() would flatten arrays of arrays.
INSERT_WORKERS = """
INSERT INTO worker (
    worker, worker_no, version, birth_year, sex, county, residence_basis, education, occupations, household_status, source, assurance,
    registered_on, provisional_until, verified_on, willingness, willingness_since, destinations, offered_occupations,
    wage_floor_minor, wage_floor_currency, available_from, expires_on, family_consent, import_id, import_row
)
SELECT worker, worker_no, version, birth_year, sex, county, residence_basis, education, string_to_array(occupations, ','), household_status,
    source, assurance, registered_on, provisional_until, verified_on, willingness, willingness_since, string_to_array(destinations, ','),
    string_to_array(offered_occupations, ','), wage_floor_minor, wage_floor_currency, available_from, expires_on, family_consent,
    import_id, import_row
FROM unnest(
    $1::uuid[], $2::text[], $3::integer[], $4::smallint[], $5::text[], $6::text[], $7::text[], $8::smallint[], $9::text[], $10::text[],
    $11::text[], $12::text[], $13::date[], $14::date[], $15::date[], $16::text[], $17::date[], $18::text[], $19::text[], $20::bigint[],
    $21::text[], $22::date[], $23::date[], $24::boolean[], $25::uuid[], $26::integer[]
) AS entry (
    worker, worker_no, version, birth_year, sex, county, residence_basis, education, occupations, household_status, source, assurance,
    registered_on, provisional_until, verified_on, willingness, willingness_since, destinations, offered_occupations,
    wage_floor_minor, wage_floor_currency, available_from, expires_on, family_consent, import_id, import_row
)
"""
INSERT_PERSONAL = """
INSERT INTO personal (worker, ciphertext, wrapped_key, id_hash, blocking_hash)
SELECT worker, ciphertext, wrapped_key, id_hash, blocking_hash
FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[], $5::bytea[])
    AS entry (worker, ciphertext, wrapped_key, id_hash, blocking_hash)
"""
SAVE_WORKER = """
UPDATE worker SET
    version = version + 1, assurance = $2, provisional_until = $3, verified_on = $4, willingness = $5, willingness_since = $6,
    destinations = $7, offered_occupations = $8, wage_floor_minor = $9, wage_floor_currency = $10, available_from = $11,
    expires_on = $12, family_consent = $13
WHERE worker = $1 AND version = $14
"""
LOCK_WORKERS = "SELECT worker FROM worker WHERE worker = ANY($1::uuid[]) ORDER BY worker FOR UPDATE"
WORKERS = """
SELECT worker, worker_no, version, birth_year, sex, county, residence_basis, education, occupations, household_status, source, assurance,
    registered_on, provisional_until, verified_on, willingness, willingness_since, destinations, offered_occupations,
    wage_floor_minor, wage_floor_currency, available_from, expires_on, family_consent, import_row
FROM worker WHERE worker = ANY($1::uuid[]) ORDER BY worker
"""
BY_NUMBER = "SELECT worker FROM worker WHERE worker_no = $1"
BY_ID_HASH = "SELECT worker FROM personal WHERE id_hash = $1 ORDER BY worker LIMIT 100"
# $4: what the state was on the day $5 says; a willingness whose time is over counts as expired before the sweep has said so
SEARCH = """
SELECT worker FROM worker
WHERE county LIKE ANY($1::text[])
  AND ($2::text IS NULL OR worker_no = $2)
  AND ($3::text IS NULL OR county = $3)
  AND ($4::text IS NULL OR CASE WHEN willingness = 'willing' AND expires_on < $5::date THEN 'expired' ELSE willingness END = $4)
  AND ($6::uuid IS NULL OR import_id = $6)
  AND ($7::uuid IS NULL OR worker > $7)
ORDER BY worker LIMIT $8
"""
LAPSED = """
SELECT worker FROM worker WHERE willingness = 'willing' AND expires_on < $1
ORDER BY expires_on LIMIT $2 FOR UPDATE SKIP LOCKED
"""
EXPIRE = """
UPDATE worker SET version = version + 1, willingness = 'expired', willingness_since = expires_on + 1
WHERE worker = ANY($1::uuid[]) AND willingness = 'willing'
"""


async def take_numbers(tx: Tx, count: int) -> list[int]:
    """Numbers nobody else gets. A refused registration leaves a gap."""
    return [row["number"] for row in await tx.conn.fetch(TAKE_NUMBERS, count)]


async def insert_workers(tx: Tx, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    rows = zip(*(_columns(entry) for entry in entries), strict=True)
    await tx.conn.execute(INSERT_WORKERS, *(list(column) for column in rows))
    await tx.conn.execute(
        INSERT_PERSONAL,
        [entry.worker.worker for entry in entries],
        [entry.sealed.ciphertext for entry in entries],
        [entry.sealed.wrapped_key for entry in entries],
        [entry.id_hash for entry in entries],
        [entry.blocking_hash for entry in entries],
    )


def _columns(entry: Entry) -> tuple[Any, ...]:
    worker, offer = entry.worker, entry.worker.offer
    floor = offer.wage_floor if offer else None
    return (
        worker.worker,
        worker.worker_no,
        worker.version,
        worker.birth_year,
        worker.sex,
        worker.county,
        worker.residence_basis,
        worker.education,
        ",".join(worker.occupations),
        worker.household_status,
        worker.source,
        worker.assurance,
        worker.registered_on,
        worker.provisional_until,
        worker.verified_on,
        worker.willingness,
        worker.willingness_since,
        ",".join(offer.destinations) if offer else None,
        ",".join(offer.occupations) if offer else None,
        floor.minor if floor else None,
        floor.currency if floor else None,
        offer.available_from if offer else None,
        offer.expires_on if offer else None,
        offer.family_consent if offer else None,
        entry.import_id,
        worker.import_row,
    )


async def save_worker(tx: Tx, worker: Worker) -> None:
    """Write what commands change; the row must still be the version that was loaded under its lock."""
    offer = worker.offer
    floor = offer.wage_floor if offer else None
    await tx.conn.execute(
        SAVE_WORKER,
        worker.worker,
        worker.assurance,
        worker.provisional_until,
        worker.verified_on,
        worker.willingness,
        worker.willingness_since,
        offer.destinations if offer else None,
        offer.occupations if offer else None,
        floor.minor if floor else None,
        floor.currency if floor else None,
        offer.available_from if offer else None,
        offer.expires_on if offer else None,
        offer.family_consent if offer else None,
        worker.version,
    )


async def lock_worker(tx: Tx, worker: WorkerId) -> Worker | None:
    """Lock first, read then: what is read is what the last holder of the lock has committed."""
    await tx.conn.execute(LOCK_WORKERS, [worker])
    found = await workers(tx, [worker])
    return found[0] if found else None


async def workers(tx: Tx, ids: Sequence[WorkerId]) -> list[Worker]:
    """In the order of their ids."""
    return [_worker(row) for row in await tx.conn.fetch(WORKERS, ids)]


def _worker(row: Any) -> Worker:
    return Worker(
        worker=WorkerId(row["worker"]),
        worker_no=row["worker_no"],
        version=row["version"],
        birth_year=row["birth_year"],
        sex=Sex(row["sex"]),
        county=CountyCode(row["county"]),
        residence_basis=ResidenceBasis(row["residence_basis"]),
        education=row["education"],
        occupations=tuple(map(Occupation, row["occupations"])),
        household_status=HouseholdStatus(row["household_status"]),
        source=Source(row["source"]),
        assurance=Assurance(row["assurance"]),
        registered_on=row["registered_on"],
        provisional_until=row["provisional_until"],
        verified_on=row["verified_on"],
        willingness=Willingness(row["willingness"]),
        willingness_since=row["willingness_since"],
        offer=_offer(row),
        import_row=row["import_row"],
    )


def _offer(row: Any) -> Offer | None:
    if row["destinations"] is None:
        return None
    minor, currency = row["wage_floor_minor"], row["wage_floor_currency"]
    return Offer(
        destinations=tuple(map(Destination, row["destinations"])),
        occupations=tuple(map(Occupation, row["offered_occupations"])),
        wage_floor=None if minor is None else Money(minor=minor, currency=currency),
        available_from=row["available_from"],
        expires_on=row["expires_on"],
        family_consent=row["family_consent"],
    )


async def by_number(tx: Tx, worker_no: str) -> WorkerId | None:
    found: WorkerId | None = await tx.conn.fetchval(BY_NUMBER, worker_no)
    return found


async def by_id_hash(tx: Tx, id_hash: bytes) -> list[WorkerId]:
    return [row["worker"] for row in await tx.conn.fetch(BY_ID_HASH, id_hash)]


@dataclass(frozen=True, slots=True)
class Filter:
    worker_no: str | None = None
    county: CountyCode | None = None
    state: Willingness | None = None
    import_id: ImportId | None = None


# Optional conditions fold away, and indexes come into play, only in a plan made for the values at hand.
PLAN_FOR_VALUES = "SELECT set_config('plan_cache_mode', 'force_custom_plan', true)"


async def search(tx: Tx, regions: Sequence[str], wanted: Filter, today: date, *, after: UUID | None, limit: int) -> list[WorkerId]:
    """`regions`: county patterns of who asks."""
    await tx.conn.execute(PLAN_FOR_VALUES)
    rows = await tx.conn.fetch(SEARCH, regions, wanted.worker_no, wanted.county, wanted.state, today, wanted.import_id, after, limit)
    return [row["worker"] for row in rows]


async def lock_lapsed(tx: Tx, today: date, limit: int) -> list[Worker]:
    """Locked: workers whose willingness ended before today and who still stand as willing."""
    found = await workers(tx, [row["worker"] for row in await tx.conn.fetch(LAPSED, today, limit)])
    return [worker for worker in found if worker.willingness is Willingness.WILLING]


async def expire(tx: Tx, ids: Sequence[WorkerId]) -> None:
    await tx.conn.execute(EXPIRE, ids)


# --- personal data ----------------------------------------------------------------------------------------------------
PERSONAL = "SELECT worker, ciphertext, wrapped_key FROM personal WHERE worker = ANY($1::uuid[])"
SAVE_PERSONAL = "UPDATE personal SET ciphertext = $2, wrapped_key = $3, id_hash = $4 WHERE worker = $1"
DUPLICATES = """
SELECT own.worker, count(*) AS others
FROM personal own
JOIN personal other ON other.worker <> own.worker AND (other.blocking_hash = own.blocking_hash OR other.id_hash = own.id_hash)
WHERE own.worker = ANY($1::uuid[]) GROUP BY own.worker
"""


async def personal(tx: Tx, ids: Sequence[WorkerId]) -> dict[WorkerId, Sealed]:
    rows = await tx.conn.fetch(PERSONAL, ids)
    return {WorkerId(row["worker"]): Sealed(row["ciphertext"], row["wrapped_key"]) for row in rows}


async def save_personal(tx: Tx, worker: WorkerId, sealed: Sealed, id_hash: bytes | None) -> None:
    await tx.conn.execute(SAVE_PERSONAL, worker, sealed.ciphertext, sealed.wrapped_key, id_hash)


async def duplicates(tx: Tx, ids: Sequence[WorkerId]) -> dict[WorkerId, int]:
    """How many others share the document, or name, birth date and county. Who shares neither is absent."""
    return {WorkerId(row["worker"]): row["others"] for row in await tx.conn.fetch(DUPLICATES, ids)}


# --- supply -----------------------------------------------------------------------------------------------------------
SUPPLY = """
SELECT county, occupation, destination, count(*) AS willing
FROM worker CROSS JOIN unnest(offered_occupations) AS occupation CROSS JOIN unnest(destinations) AS destination
WHERE willingness = 'willing' AND expires_on >= $1 AND county LIKE ANY($2::text[])
  AND ($3::text IS NULL OR county = $3)
  AND ($4::text IS NULL OR occupation = $4)
  AND ($5::text IS NULL OR destination = $5)
  AND (county, occupation, destination) > ($6::text, $7::text, $8::text)
GROUP BY county, occupation, destination ORDER BY county, occupation, destination LIMIT $9
"""


@dataclass(frozen=True, slots=True)
class Cell:
    county: CountyCode
    occupation: Occupation
    destination: Destination


async def supply(
    tx: Tx,
    regions: Sequence[str],
    today: date,
    *,
    county: CountyCode | None,
    occupation: Occupation | None,
    destination: Destination | None,
    after: Cell | None,
    limit: int,
) -> list[tuple[Cell, int]]:
    """Willing workers by cell; a worker stands in every cell he is willing to fill."""
    await tx.conn.execute(PLAN_FOR_VALUES)
    start = (after.county, after.occupation, after.destination) if after else ("", "", "")
    rows = await tx.conn.fetch(SUPPLY, today, regions, county, occupation, destination, *start, limit)
    return [(Cell(row["county"], row["occupation"], row["destination"]), row["willing"]) for row in rows]


# --- imports ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class ImportRun:
    import_id: ImportId
    digest: str
    state: ImportState
    rows: int
    done: int
    accepted: int
    rejected: int
    regions: tuple[str, ...]
    started_by: str
    started_on: date
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a cell, or worth a look. The value is masked already."""

    row: int
    column: str
    code: str
    severity: str
    value: str | None


BEGIN_IMPORT = """
INSERT INTO import_run (import_id, digest, state, rows, regions, started_by, started_on, started_at)
VALUES ($1, $2, 'running', $3, $4, $5, $6, $7) ON CONFLICT (digest) DO NOTHING
"""
LOCK_IMPORT = """
SELECT import_id, digest, state, rows, done, accepted, rejected, regions, started_by, started_on, started_at, finished_at
FROM import_run WHERE digest = $1 FOR UPDATE
"""
IMPORT = """
SELECT import_id, digest, state, rows, done, accepted, rejected, regions, started_by, started_on, started_at, finished_at
FROM import_run WHERE import_id = $1
"""
ADVANCE_IMPORT = """
UPDATE import_run SET done = done + $2 + $3, accepted = accepted + $2, rejected = rejected + $3 WHERE import_id = $1
"""
FINISH_IMPORT = "UPDATE import_run SET state = 'completed', finished_at = $2 WHERE import_id = $1"
INSERT_FINDINGS = """
INSERT INTO import_finding (import_id, row, "column", code, severity, value)
SELECT $1, row, "column", code, severity, value
FROM unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[])
    WITH ORDINALITY AS finding (row, "column", code, severity, value, place)
ORDER BY place
"""
FINDINGS = """
SELECT id, row, "column", code, severity, value FROM import_finding
WHERE import_id = $1 AND id > $2 ORDER BY id LIMIT $3
"""


async def begin_import(tx: Tx, import_id: ImportId, digest: str, rows: int, started_on: date) -> None:
    """Nothing where the file is known already."""
    await tx.conn.execute(BEGIN_IMPORT, import_id, digest, rows, tx.principal.regions, str(tx.principal), started_on, tx.clock.now())


async def lock_import(tx: Tx, digest: str) -> ImportRun | None:
    return _import(await tx.conn.fetchrow(LOCK_IMPORT, digest))


async def import_run(tx: Tx, import_id: ImportId) -> ImportRun | None:
    return _import(await tx.conn.fetchrow(IMPORT, import_id))


def _import(row: Any) -> ImportRun | None:
    if row is None:
        return None
    return ImportRun(**dict(row) | {"state": ImportState(row["state"]), "regions": tuple(row["regions"])})


async def advance_import(tx: Tx, import_id: ImportId, accepted: int, rejected: int, findings: Sequence[Finding]) -> None:
    await tx.conn.execute(ADVANCE_IMPORT, import_id, accepted, rejected)
    if findings:
        await tx.conn.execute(
            INSERT_FINDINGS,
            import_id,
            [finding.row for finding in findings],
            [finding.column for finding in findings],
            [finding.code for finding in findings],
            [finding.severity for finding in findings],
            [finding.value for finding in findings],
        )


async def finish_import(tx: Tx, import_id: ImportId) -> None:
    await tx.conn.execute(FINISH_IMPORT, import_id, tx.clock.now())


async def findings(tx: Tx, import_id: ImportId, after: int, limit: int) -> list[tuple[int, Finding]]:
    rows = await tx.conn.fetch(FINDINGS, import_id, after, limit)
    return [(row["id"], Finding(row["row"], row["column"], row["code"], row["severity"], row["value"])) for row in rows]

"""The tables `correction`, `correction_field` and `correction_sealed`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.registration.domain.corrections import Correction, FieldChange
from services.registration.personal_data.vault import Sealed
from services.registration.queries.workers import county_patterns
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.principals import system
from shared.values import CorrectionId, CountyCode, WorkerId


@dataclass(frozen=True, slots=True)
class StoredChange:
    correction: CorrectionId
    change: FieldChange


CORRECTION = rows.Columns(
    Correction,
    """
    correction, correction.worker, (SELECT worker_no FROM worker AS corrected WHERE corrected.worker = correction.worker) AS worker_no,
    state, reason, requested_by, requested_at, decided_by, decided_at, rejected_for
    """,
)
GET = CORRECTION.select("FROM correction WHERE correction = $1")
LOCK = CORRECTION.select("FROM correction WHERE correction = $1 FOR UPDATE")
GET_PENDING = CORRECTION.select("FROM correction WHERE worker = $1 AND state = 'pending'")
# Those of the registrations that a worker has absorbed are the worker's.
LIST_OF_WORKER = CORRECTION.pages(
    "correction",
    "worker = $1 OR worker IN (SELECT worker FROM worker WHERE merged_into = $1)",
    "requested_at timestamptz",
    key="correction uuid",
)
EXISTS_PENDING = "SELECT EXISTS (SELECT FROM correction WHERE worker = ANY($1::uuid[]) AND state = 'pending')"
LIST_PENDING = CORRECTION.pages(
    "correction JOIN worker ON worker.worker = correction.worker",
    "state = 'pending' AND county LIKE ANY($1::text[]) AND ($2::text IS NULL OR county = $2)",
    "requested_at timestamptz",
    key="correction uuid",
)
INSERT = """
INSERT INTO correction (correction, worker, state, reason, requested_by, requested_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (worker) WHERE state = 'pending' DO NOTHING RETURNING true
"""
UPDATE = "UPDATE correction SET state = $2, decided_by = $3, decided_at = $4, rejected_for = $5 WHERE correction = $1"

UPDATE_WITHDRAWN = """
UPDATE correction SET state = 'rejected', rejected_for = 'withdrawn', decided_by = $2, decided_at = $3
WHERE worker = $1 AND state = 'pending'
"""

STORED_CHANGE = rows.Columns(StoredChange, 'correction, field AS "change.field", previous AS "change.previous", fact AS "change.fact"')
LIST_CHANGES = STORED_CHANGE.select("FROM correction_field WHERE correction = ANY($1::uuid[]) ORDER BY correction, field")
INSERT_CHANGES = """
INSERT INTO correction_field (correction, field, previous, fact)
SELECT $1, field, previous, fact FROM unnest($2::text[], $3::text[], $4::text[]) AS change (field, previous, fact)
"""

SEALED = rows.Columns(Sealed, "ciphertext, wrapped_key")
GET_SEALED = SEALED.select("FROM correction_sealed WHERE correction = $1")
INSERT_SEALED = "INSERT INTO correction_sealed (correction, worker, ciphertext, wrapped_key) VALUES ($1, $2, $3, $4)"
DELETE_SEALED = "DELETE FROM correction_sealed WHERE correction = $1"


async def get(tx: Tx, correction: CorrectionId) -> Correction | None:
    return await rows.fetch_one(tx.conn, GET, correction)


async def get_pending(tx: Tx, worker: WorkerId) -> Correction | None:
    return await rows.fetch_one(tx.conn, GET_PENDING, worker)


async def lock(tx: Tx, correction: CorrectionId) -> Correction | None:
    """The caller holds the worker's lock."""
    return await rows.fetch_one(tx.conn, LOCK, correction)


async def list_of_worker(tx: Tx, page: Page, worker: WorkerId) -> tuple[Sequence[Correction], str | None]:
    return await fetch_page(tx.conn, LIST_OF_WORKER, page, worker)


async def list_pending(tx: Tx, page: Page, county: CountyCode | None) -> tuple[Sequence[Correction], str | None]:
    """Of workers of the county, in the principal's regions."""
    return await fetch_page(tx.conn, LIST_PENDING, page, county_patterns(tx), county)


async def list_changes(tx: Tx, corrections: Sequence[CorrectionId]) -> dict[CorrectionId, list[FieldChange]]:
    found: dict[CorrectionId, list[FieldChange]] = {}
    for stored in await rows.fetch(tx.conn, LIST_CHANGES, corrections):
        found.setdefault(stored.correction, []).append(stored.change)
    return found


async def exists_pending(tx: Tx, workers: Sequence[WorkerId]) -> bool:
    """Whether somebody has still to decide on the identity of one of them."""
    return bool(await tx.conn.fetchval(EXISTS_PENDING, workers))


async def get_sealed(tx: Tx, correction: CorrectionId) -> Sealed | None:
    """What a pending correction asks for; None once it is decided."""
    return await rows.fetch_one(tx.conn, GET_SEALED, correction)


async def insert(tx: Tx, one: Correction, changes: Sequence[FieldChange]) -> bool:
    """False, and nothing written, when another one of the worker is pending."""
    inserted = await tx.conn.fetchval(INSERT, one.correction, one.worker, one.state, one.reason, one.requested_by, one.requested_at)
    if inserted:
        columns = ([change.field for change in changes], [change.previous for change in changes], [change.fact for change in changes])
        await tx.conn.execute(INSERT_CHANGES, one.correction, *columns)
    return bool(inserted)


async def insert_sealed(tx: Tx, one: Correction, sealed: Sealed) -> None:
    await tx.conn.execute(INSERT_SEALED, one.correction, one.worker, sealed.ciphertext, sealed.wrapped_key)


async def update_decided(tx: Tx, one: Correction) -> None:
    """What was asked for is applied or refused, and kept no longer."""
    await tx.conn.execute(UPDATE, one.correction, one.state, one.decided_by, one.decided_at, one.rejected_for)
    await tx.conn.execute(DELETE_SEALED, one.correction)


async def update_withdrawn(tx: Tx, worker: WorkerId) -> None:
    """The pending one of a worker whose personal data are erased: there is nothing left to decide, and nobody decides it."""
    await tx.conn.execute(UPDATE_WITHDRAWN, worker, str(system(tx.service)), tx.clock.now())

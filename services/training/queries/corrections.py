"""Corrections of attendance, examinations and certificates."""

from __future__ import annotations

from collections.abc import Sequence

from services.training.domain.corrections import Correction, CorrectionState
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CorrectionId, EnrolmentId

CORRECTION = rows.Columns(
    Correction,
    """
    correction AS id, correction.enrolment, kind AS "change.kind", day AS "change.day", minutes AS "change.minutes",
    correction.score AS "change.score", correction.assessed_on AS "change.assessed_on", issued_on AS "change.issued_on", correction.state,
    reason, requested_by, requested_at, decided_by, decided_at,
    (
        SELECT worker_no FROM enrolment AS seat JOIN need ON need.placement = seat.placement WHERE seat.enrolment = correction.enrolment
    ) AS worker_no
    """,
)
GET = CORRECTION.select("FROM correction WHERE correction = $1")
LOCK = CORRECTION.select("FROM correction WHERE correction = $1 FOR UPDATE")
LIST = CORRECTION.pages(
    "correction JOIN enrolment ON enrolment.enrolment = correction.enrolment",
    """
    correction.state = $1 AND ($2::uuid IS NULL OR correction.enrolment = $2)
    AND county ^@ ANY($3::text[])
    """,
    "requested_at timestamptz",
)
INSERT = """
INSERT INTO correction (
    correction, enrolment, kind, day, minutes, score, assessed_on, issued_on, state, reason, requested_by, requested_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (enrolment) WHERE state = 'pending' DO NOTHING RETURNING true
"""
UPDATE_DECIDED = "UPDATE correction SET state = $2, decided_by = $3, decided_at = $4 WHERE correction = $1"


async def get(tx: Tx, correction: CorrectionId) -> Correction | None:
    return await rows.fetch_one(tx.conn, GET, correction)


async def lock(tx: Tx, correction: CorrectionId) -> Correction | None:
    """The caller holds the lock of the enrolment."""
    return await rows.fetch_one(tx.conn, LOCK, correction)


async def list_(
    tx: Tx, page: Page, *, state: CorrectionState, enrolment: EnrolmentId | None, counties: Sequence[str]
) -> tuple[Sequence[Correction], str | None]:
    """`counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST, page, state, enrolment, list(counties))


async def insert(tx: Tx, one: Correction) -> bool:
    """False, and nothing written, when another one of the enrolment is pending."""
    change = one.change
    inserted = await tx.conn.fetchval(
        INSERT,
        one.id,
        one.enrolment,
        change.kind,
        change.day,
        change.minutes,
        change.score,
        change.assessed_on,
        change.issued_on,
        one.state,
        one.reason,
        one.requested_by,
        one.requested_at,
    )
    return bool(inserted)


async def update_decided(tx: Tx, one: Correction) -> None:
    await tx.conn.execute(UPDATE_DECIDED, one.id, one.state, one.decided_by, one.decided_at)

"""Recognitions of prior learning."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training.domain.recognitions import Recognition, RecognitionState
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CourseId, RecognitionId, WorkerId

RECOGNITION = rows.Columns(
    Recognition,
    """
    recognition AS id, recognition.placement, recognition.worker, course, kind, evidence, completed_on, minutes, valid_to,
    recognition.state, requested_by, requested_at, decided_by, decided_at,
    (SELECT worker_no FROM need AS its WHERE its.placement = recognition.placement) AS worker_no
    """,
)
GET = RECOGNITION.select("FROM recognition WHERE recognition = $1")
LOCK = RECOGNITION.select("FROM recognition WHERE recognition = $1 FOR UPDATE")
LIST = RECOGNITION.pages(
    "recognition JOIN need ON need.placement = recognition.placement",
    "recognition.state = $1 AND county ^@ ANY($2::text[])",
    "requested_at timestamptz",
)
LIST_OF_WORKER = RECOGNITION.select("FROM recognition WHERE worker = $1 ORDER BY recognition LIMIT $2")
# A certificate from elsewhere stands for the whole course: it credits nothing towards one. One piece of evidence is credited once, for
# however many placements, and under whichever number of the worker, it was recognised.
GET_CREDITS = """
SELECT worker, sum(minutes) AS minutes FROM (
    SELECT worker, max(minutes) AS minutes FROM recognition
    WHERE worker = ANY($1::uuid[]) AND course = $2 AND state = 'recognised' AND kind <> 'certificate' AND valid_to >= $3
    GROUP BY worker, lower(evidence), completed_on
) AS learned GROUP BY worker
"""
INSERT = """
INSERT INTO recognition (
    recognition, placement, worker, course, kind, evidence, completed_on, minutes, valid_to, state, requested_by, requested_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (placement, course) WHERE state = 'pending' DO NOTHING RETURNING true
"""
UPDATE_DECIDED = "UPDATE recognition SET state = $2, decided_by = $3, decided_at = $4 WHERE recognition = $1"


async def get(tx: Tx, recognition: RecognitionId) -> Recognition | None:
    return await rows.fetch_one(tx.conn, GET, recognition)


async def lock(tx: Tx, recognition: RecognitionId) -> Recognition | None:
    return await rows.fetch_one(tx.conn, LOCK, recognition)


async def list_(tx: Tx, page: Page, *, state: RecognitionState, counties: Sequence[str]) -> tuple[Sequence[Recognition], str | None]:
    """`counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST, page, state, list(counties))


async def list_of_worker(tx: Tx, worker: WorkerId, limit: int) -> list[Recognition]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_OF_WORKER, worker, limit)


async def get_credits(tx: Tx, workers: Sequence[WorkerId], course: CourseId, on: date) -> dict[WorkerId, int]:
    """Minutes credited towards the course that count on the day."""
    return {row["worker"]: row["minutes"] for row in await tx.conn.fetch(GET_CREDITS, list(workers), course, on)}


async def insert(tx: Tx, one: Recognition) -> bool:
    """False: another one of the placement and course waits for a decision."""
    inserted = await tx.conn.fetchval(
        INSERT,
        one.id,
        one.placement,
        one.worker,
        one.course,
        one.kind,
        one.evidence,
        one.completed_on,
        one.minutes,
        one.valid_to,
        one.state,
        one.requested_by,
        one.requested_at,
    )
    return bool(inserted)


async def update_decided(tx: Tx, one: Recognition) -> None:
    await tx.conn.execute(UPDATE_DECIDED, one.id, one.state, one.decided_by, one.decided_at)

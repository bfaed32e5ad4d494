"""Workers that were merged into another. Every caller holds the allocation lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared import rows
from shared.db import Tx
from shared.values import EnrolmentId, WorkerId


@dataclass(frozen=True, slots=True)
class Survivor:
    """Whom a worker was merged into; `number` None: before numbers were kept here."""

    absorbed: WorkerId
    worker: WorkerId
    number: str | None


GET_CURRENT = "SELECT coalesce((SELECT survivor FROM merged WHERE absorbed = $1), $1)"
SURVIVOR = rows.Columns(Survivor, "absorbed, survivor AS worker, survivor_no AS number")
LIST_SURVIVORS = SURVIVOR.select("FROM merged WHERE absorbed = ANY($1::uuid[])")
INSERT = """
INSERT INTO merged (absorbed, survivor, survivor_no) VALUES ($1, $2, $3) ON CONFLICT (absorbed) DO NOTHING RETURNING true
"""
UPDATE_REDIRECTS = "UPDATE merged SET survivor = $2, survivor_no = $3 WHERE survivor = $1"
UPDATE_NEEDS = "UPDATE need SET worker = $2, worker_no = $3 WHERE worker = $1"
UPDATE_ENROLMENTS = "UPDATE enrolment SET worker = $2 WHERE worker = $1"
UPDATE_CERTIFICATES = "UPDATE certificate SET worker = $2 WHERE worker = $1"
UPDATE_ATTENDANCE = "UPDATE attendance SET worker = $2 WHERE worker = $1"
UPDATE_RECOGNITIONS = "UPDATE recognition SET worker = $2 WHERE worker = $1"
UPDATE_FINDINGS = "UPDATE finding SET worker = $2 WHERE worker = $1"
LIST_DAYS_TWICE = """
SELECT day, (array_agg(enrolment ORDER BY enrolment DESC))[1] AS latest FROM attendance WHERE worker = $1 AND minutes > 0
GROUP BY day HAVING count(*) > 1 ORDER BY day
"""


async def get_current(tx: Tx, worker: WorkerId) -> WorkerId:
    """Who the worker is now."""
    return WorkerId(await tx.conn.fetchval(GET_CURRENT, worker))


async def list_survivors(tx: Tx, workers: Sequence[WorkerId]) -> dict[WorkerId, Survivor]:
    """Whom each of those that were merged was merged into."""
    return {one.absorbed: one for one in await rows.fetch(tx.conn, LIST_SURVIVORS, list(workers))}


async def insert(tx: Tx, absorbed: WorkerId, survivor: WorkerId, survivor_no: str) -> bool:
    """False: it is known already."""
    return bool(await tx.conn.fetchval(INSERT, absorbed, survivor, survivor_no))


async def update_worker(tx: Tx, absorbed: WorkerId, survivor: WorkerId, survivor_no: str) -> None:
    """Everything of the absorbed one is the survivor's, and whoever led to the absorbed one leads to the survivor."""
    for statement in (UPDATE_REDIRECTS, UPDATE_NEEDS):
        await tx.conn.execute(statement, absorbed, survivor, survivor_no)
    for statement in (
        UPDATE_ENROLMENTS,
        UPDATE_CERTIFICATES,
        UPDATE_ATTENDANCE,
        UPDATE_FINDINGS,
        UPDATE_RECOGNITIONS,
    ):
        await tx.conn.execute(statement, absorbed, survivor)


async def list_days_twice(tx: Tx, worker: WorkerId) -> dict[date, EnrolmentId]:
    """Days on which the worker attended in several enrolments, and the latest of these."""
    return {row["day"]: row["latest"] for row in await tx.conn.fetch(LIST_DAYS_TWICE, worker)}

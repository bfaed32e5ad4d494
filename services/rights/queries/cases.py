"""Cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.rights.domain.cases import Case, CaseState, Outcome
from shared import rows
from shared.db import Tx
from shared.values import CaseId, EnterpriseId, Period

CASE = rows.Columns(
    Case,
    """
    "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, answered_at, missed,
    state, outcome, closed_at, version
    """,
)
GET = CASE.select('FROM rights_case WHERE "case" = $1')
GET_COLLECTIVE = CASE.select("FROM rights_case WHERE enterprise = $1 AND period = $2 AND state = 'open'")
LOCK = CASE.select('FROM rights_case WHERE "case" = $1 FOR UPDATE')
LOCK_UNANSWERED = CASE.select("""
FROM rights_case WHERE state = 'open' AND answered_at IS NULL AND NOT missed AND due_at < $1
ORDER BY due_at, "case" LIMIT $2 FOR UPDATE SKIP LOCKED
""")
# Of one enterprise, or of some counties; a case about no placement belongs to no county.
LIST = CASE.select("""
FROM rights_case
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR enterprise::text = $2) AND ($3::uuid IS NULL OR "case" > $3)
  AND ($4::text[] IS NULL OR placement IS NULL OR EXISTS (
    SELECT FROM ledger JOIN unnest($4) AS prefix ON starts_with(county, prefix) WHERE ledger.placement = rights_case.placement
  ))
ORDER BY "case" LIMIT $5
""")
INSERT = """
INSERT INTO rights_case ("case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
UPDATE_ANSWERED = 'UPDATE rights_case SET answer = $2, answered_at = $3, version = version + 1 WHERE "case" = $1'
UPDATE_MISSED = 'UPDATE rights_case SET missed = true WHERE "case" = ANY($1::uuid[])'
UPDATE_CLOSED = "UPDATE rights_case SET state = 'closed', outcome = $2, closed_at = $3, version = version + 1 WHERE \"case\" = $1"


async def get(tx: Tx, case: CaseId) -> Case | None:
    return await rows.fetch_one(tx.conn, GET, case)


async def get_collective(tx: Tx, enterprise: EnterpriseId, period: Period) -> Case | None:
    """The open collective case; the caller holds the enterprise's lock, so that two findings cannot open two."""
    return await rows.fetch_one(tx.conn, GET_COLLECTIVE, enterprise, period)


async def lock(tx: Tx, case: CaseId) -> Case | None:
    return await rows.fetch_one(tx.conn, LOCK, case)


async def lock_unanswered(tx: Tx, now: datetime, limit: int) -> list[Case]:
    """Open cases past the time of their first answer whose CaseDeadlineMissed is not published yet, longest due first."""
    return await rows.fetch(tx.conn, LOCK_UNANSWERED, now, limit)


async def list_(
    tx: Tx, *, state: CaseState | None, enterprise: str | None, counties: Sequence[str] | None, after: CaseId | None, limit: int
) -> list[Case]:
    """`counties`: what the codes begin with; None: of all."""
    return await rows.fetch(tx.conn, LIST, state, enterprise, after, counties, limit)


async def insert(tx: Tx, case: Case) -> None:
    await tx.conn.execute(
        INSERT,
        case.case,
        case.category,
        case.severity,
        case.via,
        case.enterprise,
        case.placement,
        case.period,
        case.text,
        case.hidden,
        case.blocking,
        case.opened_at,
        case.due_at,
        case.state,
    )


async def update_answered(tx: Tx, case: CaseId, answer: str) -> None:
    await tx.conn.execute(UPDATE_ANSWERED, case, answer, tx.clock.now())


async def update_missed(tx: Tx, cases: Sequence[CaseId]) -> None:
    await tx.conn.execute(UPDATE_MISSED, list(cases))


async def update_closed(tx: Tx, case: CaseId, outcome: Outcome) -> None:
    await tx.conn.execute(UPDATE_CLOSED, case, outcome, tx.clock.now())

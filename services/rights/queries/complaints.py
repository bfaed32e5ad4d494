"""Cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.rights.domain import CaseState, Severity
from shared.db import Tx
from shared.values import (
    CaseId,
    EnterpriseId,
    Period,
    PlacementId,
)


@dataclass(frozen=True, slots=True)
class Case:
    case: CaseId
    category: Any
    severity: Severity
    via: Any
    enterprise: EnterpriseId
    placement: PlacementId | None
    period: Period | None
    text: str
    hidden: bool
    blocking: bool
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None
    missed: bool
    state: CaseState
    outcome: str | None
    closed_at: datetime | None
    version: int


def _case(row: Any) -> Case:
    return Case(**{**row, "state": CaseState(row["state"])})


INSERT_CASE = """
INSERT INTO rights_case ("case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'open')
"""
LOCK_CASE = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, answered_at, missed,
       state, outcome, closed_at, version
FROM rights_case WHERE "case" = $1 FOR UPDATE
"""
CASE = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, answered_at, missed,
       state, outcome, closed_at, version
FROM rights_case WHERE "case" = $1
"""
# Of one enterprise, or of some counties; a case about no placement belongs to no county.
CASES = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, answered_at, missed,
       state, outcome, closed_at, version
FROM rights_case
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR enterprise::text = $2) AND ($3::uuid IS NULL OR "case" > $3)
  AND ($4::text[] IS NULL OR placement IS NULL OR EXISTS (
    SELECT FROM ledger JOIN unnest($4) AS prefix ON starts_with(county, prefix) WHERE ledger.placement = rights_case.placement
  ))
ORDER BY "case" LIMIT $5
"""
COLLECTIVE_CASE = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, answered_at, missed,
       state, outcome, closed_at, version
FROM rights_case WHERE enterprise = $1 AND period = $2 AND state = 'open'
"""
ANSWER_CASE = 'UPDATE rights_case SET answer = $2, answered_at = $3, version = version + 1 WHERE "case" = $1'
UNANSWERED = """
SELECT "case", category, severity, via, enterprise, placement, period, text, hidden, blocking, opened_at, due_at, answered_at, missed,
       state, outcome, closed_at, version
FROM rights_case WHERE state = 'open' AND answered_at IS NULL AND NOT missed AND due_at < $1
ORDER BY due_at, "case" LIMIT $2 FOR UPDATE SKIP LOCKED
"""
SET_MISSED = 'UPDATE rights_case SET missed = true WHERE "case" = ANY($1::uuid[])'
CLOSE_CASE = "UPDATE rights_case SET state = 'closed', outcome = $2, closed_at = $3, version = version + 1 WHERE \"case\" = $1"


async def insert_case(tx: Tx, case: Case) -> None:
    await tx.conn.execute(
        INSERT_CASE,
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
    )


async def lock_case(tx: Tx, case: CaseId) -> Case | None:
    row = await tx.conn.fetchrow(LOCK_CASE, case)
    return _case(row) if row else None


async def case(tx: Tx, case: CaseId) -> Case | None:
    row = await tx.conn.fetchrow(CASE, case)
    return _case(row) if row else None


async def cases(
    tx: Tx, state: str | None, enterprise: str | None, after: UUID | None, counties: Sequence[str] | None, limit: int
) -> list[Case]:
    return [_case(row) for row in await tx.conn.fetch(CASES, state, enterprise, after, counties, limit)]


async def collective_case(tx: Tx, enterprise: EnterpriseId, period: Period) -> Case | None:
    """The open collective case; the caller holds the enterprise, so that two findings cannot open two."""
    row = await tx.conn.fetchrow(COLLECTIVE_CASE, enterprise, period)
    return _case(row) if row else None


async def close_case(tx: Tx, case: CaseId, outcome: str) -> None:
    await tx.conn.execute(CLOSE_CASE, case, outcome, tx.clock.now())


async def answer_case(tx: Tx, case: CaseId, answer: str) -> None:
    await tx.conn.execute(ANSWER_CASE, case, answer, tx.clock.now())


async def lock_unanswered(tx: Tx, now: datetime, limit: int) -> list[Case]:
    """Open cases past the time of their first answer of which it was not told yet, longest due first."""
    return [_case(row) for row in await tx.conn.fetch(UNANSWERED, now, limit)]


async def set_missed(tx: Tx, cases: Sequence[CaseId]) -> None:
    await tx.conn.execute(SET_MISSED, list(cases))

"""Cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.rights.domain.cases import Case, Filter
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CaseId, CountyCode

CASE = rows.Columns(
    Case,
    """
    "case", category, severity, via, medium, enterprise, placement, county AS "origin.county", designation AS "origin.designation",
    designation_version AS "origin.designation_version", destination AS "origin.destination",
    (SELECT seat FROM enterprise WHERE enterprise.enterprise = rights_case.enterprise) AS lead,
    period, collective, text, hidden, blocking, opened_at, due_at, answered_at, missed, state, level, assignee, step_due, lapsed,
    paused_at, pause_reason, asked_at, outcome, closed_at, version
    """,
)
GET = CASE.select('FROM rights_case WHERE "case" = $1')
LOCK = CASE.select('FROM rights_case WHERE "case" = $1 FOR UPDATE')
# No higher office is left for the step of a lapsed case; its first answer may become late still.
LOCK_LATE = CASE.select("""
FROM rights_case
WHERE paused_at IS NULL AND (clock_due < $1 AND NOT lapsed OR due_at < $1 AND lapsed AND answered_at IS NULL AND NOT missed)
ORDER BY clock_due, "case" LIMIT $2 FOR UPDATE SKIP LOCKED
""")
# Of one enterprise; or of the counties of the workers or of the enterprise's seat. Where there is neither, for national offices, whose
# prefix is the empty one.
LIST = CASE.pages(
    "rights_case",
    """
    ($1::text IS NULL OR enterprise::text = $1)
    AND ($2::text[] IS NULL OR '' = ANY($2) OR EXISTS (
    SELECT FROM ledger JOIN unnest($2) AS prefix ON starts_with(ledger.county, prefix) WHERE ledger.placement = rights_case.placement
    ) OR EXISTS (
    SELECT FROM collective_member JOIN ledger USING (placement) JOIN unnest($2) AS prefix ON starts_with(ledger.county, prefix)
    WHERE collective_member."case" = rights_case."case"
    ) OR EXISTS (
    SELECT FROM enterprise JOIN unnest($2) AS prefix ON starts_with(seat, prefix) WHERE enterprise.enterprise = rights_case.enterprise
    ))
    AND ($3::text IS NULL OR state = $3) AND ($4::bool IS NULL OR (state <> 'closed') = $4)
    AND ($5::text IS NULL OR category = $5) AND ($6::text IS NULL OR severity = $6) AND ($7::text IS NULL OR level = $7)
    AND ($8::text IS NULL OR assignee = $8)
    AND ($9::bool IS NULL OR (clock_due IS NOT NULL AND coalesce(paused_at, $10) > clock_due) = $9)
    AND ($11::uuid IS NULL OR enterprise = $11) AND ($12::int IS NULL OR coalesce(closed_at, $10) - opened_at > make_interval(days => $12))
    AND ($13::bool IS NULL OR (paused_at IS NOT NULL) = $13)
    """,
    "opened_at timestamptz",
    "due_at timestamptz",
    key="case uuid",
)
LIST_COUNTIES = """
SELECT DISTINCT county FROM ledger WHERE placement = $2 OR placement IN (SELECT placement FROM collective_member WHERE "case" = $1)
"""
INSERT = """
INSERT INTO rights_case ("case", category, severity, via, medium, enterprise, placement, county, designation, designation_version,
                         destination, period, collective, text, hidden, blocking, opened_at, due_at, state, level, step_due)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
"""
UPDATE = """
UPDATE rights_case SET category = $2, severity = $3, blocking = $4, due_at = $5, answered_at = $6, missed = $7, state = $8, level = $9,
    assignee = $10, step_due = $11, lapsed = $12, paused_at = $13, pause_reason = $14, asked_at = $15, outcome = $16, closed_at = $17,
    version = $18
WHERE "case" = $1
"""


async def get(tx: Tx, case: CaseId) -> Case | None:
    return await rows.fetch_one(tx.conn, GET, case)


async def lock(tx: Tx, case: CaseId) -> Case | None:
    return await rows.fetch_one(tx.conn, LOCK, case)


async def lock_late(tx: Tx, now: datetime, limit: int) -> list[Case]:
    """Cases whose clock has run out, longest due first; those that somebody else holds are left out."""
    return await rows.fetch(tx.conn, LOCK_LATE, now, limit)


async def list_(
    tx: Tx, page: Page, chosen: Filter, *, enterprise: str | None, counties: Sequence[str] | None
) -> tuple[Sequence[Case], str | None]:
    """`counties`: what the codes begin with; None: of all."""
    return await fetch_page(
        tx.conn,
        LIST,
        page,
        enterprise,
        counties,
        chosen.state,
        chosen.open,
        chosen.category,
        chosen.severity,
        chosen.level,
        chosen.assignee,
        chosen.late,
        tx.clock.now(),
        chosen.enterprise,
        chosen.older_than_days,
        chosen.paused,
    )


async def list_counties(tx: Tx, case: Case) -> list[CountyCode]:
    """Of the worker, or of the members of a collective case."""
    return [row["county"] for row in await tx.conn.fetch(LIST_COUNTIES, case.case, case.placement)]


async def insert(tx: Tx, case: Case) -> None:
    origin = case.origin
    await tx.conn.execute(
        INSERT,
        case.case,
        case.category,
        case.severity,
        case.via,
        case.medium,
        case.enterprise,
        case.placement,
        origin and origin.county,
        origin and origin.designation,
        origin and origin.designation_version,
        origin and origin.destination,
        case.period,
        case.collective,
        case.text,
        case.hidden,
        case.blocking,
        case.opened_at,
        case.due_at,
        case.state,
        case.level,
        case.step_due,
    )


async def update(tx: Tx, case: Case) -> None:
    """Whatever a step may change."""
    await tx.conn.execute(
        UPDATE,
        case.case,
        case.category,
        case.severity,
        case.blocking,
        case.due_at,
        case.answered_at,
        case.missed,
        case.state,
        case.level,
        case.assignee,
        case.step_due,
        case.lapsed,
        case.paused_at,
        case.pause_reason,
        case.asked_at,
        case.outcome,
        case.closed_at,
        case.version,
    )

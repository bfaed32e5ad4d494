"""Notices of breaches and penalties."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from services.docking.domain.notices import Breach, Notice
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch_one
from shared.values import EmployerId, EnterpriseId, NoticeId

NOTICE = Columns(
    Notice,
    """
    id, enterprise, employer, breach, penalty, fine_minor AS "fine.minor", fine_currency AS "fine.currency", decision_no, decided_on,
    since, until, state, withdrawn_on, version
    """,
)
GET = NOTICE.select("FROM notice WHERE id = $1")
LOCK = NOTICE.select("FROM notice WHERE id = $1 FOR UPDATE")
LIST_PUBLIC = NOTICE.pages(
    "notice",
    """
    since <= $1 AND (until IS NULL OR until >= $1) AND (withdrawn_on IS NULL OR withdrawn_on > $1)
    AND ($2::uuid IS NULL OR enterprise = $2) AND ($3::uuid IS NULL OR employer = $3) AND ($4::text IS NULL OR breach = $4)
    """,
    "decided_on date",
    "since date",
)
LIST_COUNTS = """
SELECT enterprise, count(*) AS notices FROM notice
WHERE enterprise = ANY($1::uuid[]) AND since <= $2 AND (until IS NULL OR until >= $2) AND (withdrawn_on IS NULL OR withdrawn_on > $2)
GROUP BY enterprise
"""
GET_PUBLISHED = "SELECT id FROM notice WHERE decision_no = $1 AND coalesce(enterprise, employer) = $2 AND state = 'published'"
INSERT = """
INSERT INTO notice (id, enterprise, employer, breach, penalty, fine_minor, fine_currency, decision_no, decided_on, since, until, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (decision_no, coalesce(enterprise, employer)) WHERE state = 'published' DO NOTHING RETURNING true
"""
UPDATE = "UPDATE notice SET state = $2, withdrawn_on = $3, version = version + 1 WHERE id = $1"


async def get(tx: Tx, notice: NoticeId) -> Notice | None:
    return await fetch_one(tx.conn, GET, notice)


async def lock(tx: Tx, notice: NoticeId) -> Notice | None:
    return await fetch_one(tx.conn, LOCK, notice)


async def list_public(
    tx: Tx, page: Page, on: date, *, enterprise: EnterpriseId | None, employer: EmployerId | None, breach: Breach | None
) -> tuple[Sequence[Notice], str | None]:
    """Those that are public on the day."""
    return await fetch_page(tx.conn, LIST_PUBLIC, page, on, enterprise, employer, breach)


async def list_counts(tx: Tx, enterprises: Collection[EnterpriseId], on: date) -> dict[EnterpriseId, int]:
    """How many are public on the day, of those enterprises that have any."""
    rows = await tx.conn.fetch(LIST_COUNTS, list(enterprises), on)
    return {EnterpriseId(row["enterprise"]): row["notices"] for row in rows}


async def get_published(tx: Tx, one: Notice) -> NoticeId | None:
    """The notice of the same decision."""
    found = await tx.conn.fetchval(GET_PUBLISHED, one.decision_no, one.enterprise or one.employer)
    return None if found is None else NoticeId(found)


async def insert(tx: Tx, one: Notice) -> bool:
    """False when the decision is published already."""
    inserted = await tx.conn.fetchval(
        INSERT,
        one.id,
        one.enterprise,
        one.employer,
        one.breach,
        one.penalty,
        one.fine and one.fine.minor,
        one.fine and one.fine.currency,
        one.decision_no,
        one.decided_on,
        one.since,
        one.until,
        one.state,
    )
    return bool(inserted)


async def update(tx: Tx, one: Notice) -> None:
    """That it was withdrawn. The caller holds the row's lock."""
    await tx.conn.execute(UPDATE, one.id, one.state, one.withdrawn_on)

"""Repatriations."""

from __future__ import annotations

from collections.abc import Sequence

from services.rights.domain.repatriations import Repatriation, RepatriationState
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import PlacementId, RepatriationId

REPATRIATION = rows.Columns(
    Repatriation,
    """
    repatriation, repatriation.placement, enterprise, emergency, cause, requested_by,
    (SELECT effective FROM history WHERE subject = repatriation.repatriation::text AND type = 'RepatriationRequested') AS requested_on,
    paid_by, state, approval, criteria_version, approver, refusal, completed_on,
    cost_minor AS "cost.minor", repatriation.currency AS "cost.currency", version
    """,
)
GET = REPATRIATION.select("FROM repatriation JOIN ledger USING (placement) WHERE repatriation = $1")
LOCK = REPATRIATION.select("FROM repatriation JOIN ledger USING (placement) WHERE repatriation = $1 FOR UPDATE OF repatriation")
LIST_OF = REPATRIATION.select("FROM repatriation JOIN ledger USING (placement) WHERE placement = $1 ORDER BY repatriation")
# Of one enterprise, or of some counties.
LIST = REPATRIATION.pages(
    "repatriation JOIN ledger USING (placement)",
    "($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR enterprise::text = $2) AND county ^@ ANY($3::text[])",
    key="repatriation uuid",
)
INSERT = """
INSERT INTO repatriation (repatriation, placement, emergency, cause, requested_by, paid_by, state) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
UPDATE = """
UPDATE repatriation SET state = $2, paid_by = $3, approval = $4, criteria_version = $5, approver = $6, refusal = $7, completed_on = $8,
    cost_minor = $9, currency = $10, version = version + 1
WHERE repatriation = $1
"""


async def get(tx: Tx, repatriation: RepatriationId) -> Repatriation | None:
    return await rows.fetch_one(tx.conn, GET, repatriation)


async def lock(tx: Tx, repatriation: RepatriationId) -> Repatriation | None:
    return await rows.fetch_one(tx.conn, LOCK, repatriation)


async def list_of(tx: Tx, placement: PlacementId) -> list[Repatriation]:
    """Oldest first. The caller holds the ledger."""
    return await rows.fetch(tx.conn, LIST_OF, placement)


async def list_(
    tx: Tx, page: Page, *, state: RepatriationState | None, enterprise: str | None, counties: Sequence[str]
) -> tuple[Sequence[Repatriation], str | None]:
    """`counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST, page, state, enterprise, list(counties))


async def insert(tx: Tx, one: Repatriation) -> None:
    await tx.conn.execute(INSERT, one.repatriation, one.placement, one.emergency, one.cause, one.requested_by, one.paid_by, one.state)


async def update(tx: Tx, one: Repatriation) -> None:
    """Everything a step may change."""
    await tx.conn.execute(
        UPDATE,
        one.repatriation,
        one.state,
        one.paid_by,
        one.approval,
        one.criteria_version,
        one.approver,
        one.refusal,
        one.completed_on,
        one.cost and one.cost.minor,
        one.cost and one.cost.currency,
    )

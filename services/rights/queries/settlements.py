"""Settlements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.rights.domain.settlements import Settlement
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CaseId, EnterpriseId, SettlementId

SETTLEMENT = rows.Columns(
    Settlement,
    'settlement, "case", amount_minor AS "amount.minor", currency AS "amount.currency", paid_by, state, at, decided_at, refusal',
)
LIST = SETTLEMENT.select('FROM settlement WHERE "case" = $1 ORDER BY settlement LIMIT 1000')
# The case is locked first, also by the reserve's answer, so that both steps see each other.
LOCK = SETTLEMENT.select("FROM settlement WHERE settlement = $1 FOR UPDATE")
LOCK_PENDING = SETTLEMENT.select("FROM settlement WHERE \"case\" = $1 AND state = 'pending' FOR UPDATE")
# Seen like their cases (queries/cases.py).
LIST_STUCK = SETTLEMENT.pages(
    "settlement",
    """
    state = 'pending' AND at < $1 AND EXISTS (
      SELECT FROM rights_case AS held WHERE held."case" = settlement."case" AND ($2::uuid IS NULL OR held.enterprise = $2)
      AND ('' = ANY($3::text[]) OR EXISTS (
        SELECT FROM ledger JOIN unnest($3) AS prefix ON starts_with(ledger.county, prefix) WHERE ledger.placement = held.placement
      ) OR EXISTS (
        SELECT FROM collective_member JOIN ledger USING (placement) JOIN unnest($3) AS prefix ON starts_with(ledger.county, prefix)
        WHERE collective_member."case" = held."case"
      ) OR EXISTS (
        SELECT FROM enterprise JOIN unnest($3) AS prefix ON starts_with(seat, prefix) WHERE enterprise.enterprise = held.enterprise
      ))
    )
    """,
    "at timestamptz",
    key="settlement uuid",
)
INSERT = """
INSERT INTO settlement (settlement, "case", amount_minor, currency, paid_by, state, at, decided_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
UPDATE = "UPDATE settlement SET state = $2, decided_at = $3, refusal = $4 WHERE settlement = $1"


async def list_(tx: Tx, case: CaseId) -> list[Settlement]:
    return await rows.fetch(tx.conn, LIST, case)


async def list_stuck(
    tx: Tx, page: Page, before: datetime, *, enterprise: EnterpriseId | None, counties: Sequence[str]
) -> tuple[Sequence[Settlement], str | None]:
    """Asked for before that moment and not answered. `counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST_STUCK, page, before, enterprise, list(counties))


async def lock(tx: Tx, settlement: SettlementId) -> Settlement | None:
    return await rows.fetch_one(tx.conn, LOCK, settlement)


async def lock_pending(tx: Tx, case: CaseId) -> Settlement | None:
    return await rows.fetch_one(tx.conn, LOCK_PENDING, case)


async def insert(tx: Tx, settlement: Settlement) -> None:
    amount = settlement.amount
    await tx.conn.execute(
        INSERT,
        settlement.settlement,
        settlement.case,
        amount and amount.minor,
        amount and amount.currency,
        settlement.paid_by,
        settlement.state,
        settlement.at,
        settlement.decided_at,
    )


async def update(tx: Tx, settlement: Settlement) -> None:
    await tx.conn.execute(UPDATE, settlement.settlement, settlement.state, settlement.decided_at, settlement.refusal)

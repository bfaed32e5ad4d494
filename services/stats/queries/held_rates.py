"""Rates that wait for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from services.stats.domain.rates import HeldState
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns, fetch_one


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRate:
    """`version`: what it would be; `compared`: the rate it is far off from."""

    id: UUID
    currency: str
    month: date
    version: int
    yuan_per_unit: Decimal
    source: str
    reason: str
    entered_by: str
    entered_at: datetime
    compared_month: date
    compared_yuan_per_unit: Decimal
    state: HeldState = HeldState.HELD
    decided_by: str | None = None
    decided_at: datetime | None = None


HELD = Columns(
    HeldRate,
    """
    id, currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, compared_month, compared_yuan_per_unit, state,
    decided_by, decided_at
    """,
)
LOCK = HELD.select("FROM held_rate WHERE id = $1 FOR UPDATE")
LIST = HELD.pages("held_rate", "($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR currency = $2)", "month date", "currency text")
GET_OPEN = "SELECT id FROM held_rate WHERE currency = $1 AND month = $2 AND state = 'held'"
INSERT = """
INSERT INTO held_rate (id, currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, compared_month,
    compared_yuan_per_unit)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (currency, month) WHERE state = 'held' DO NOTHING RETURNING true
"""
UPDATE = "UPDATE held_rate SET state = $2, decided_by = $3, decided_at = $4 WHERE id = $1"


async def lock(tx: Tx, held: UUID) -> HeldRate | None:
    return await fetch_one(tx.conn, LOCK, held)


async def list_(tx: Tx, page: Page, state: HeldState | None, currency: str | None) -> tuple[Sequence[HeldRate], str | None]:
    return await fetch_page(tx.conn, LIST, page, state, currency)


async def get_open(tx: Tx, currency: str, month: date) -> UUID | None:
    """The rate of this month that waits."""
    found: UUID | None = await tx.conn.fetchval(GET_OPEN, currency, month)
    return found


async def insert(tx: Tx, one: HeldRate) -> bool:
    """False: another rate of this month waits."""
    inserted = await tx.conn.fetchval(
        INSERT,
        one.id,
        one.currency,
        one.month,
        one.version,
        one.yuan_per_unit,
        one.source,
        one.reason,
        one.entered_by,
        one.entered_at,
        one.compared_month,
        one.compared_yuan_per_unit,
    )
    return bool(inserted)


async def update(tx: Tx, one: HeldRate) -> None:
    """What was decided. The caller holds the row's lock."""
    await tx.conn.execute(UPDATE, one.id, one.state, one.decided_by, one.decided_at)

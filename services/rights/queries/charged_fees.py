"""What workers were charged."""

from __future__ import annotations

from services.rights.domain.costs import ChargedFee
from shared import rows
from shared.db import Tx
from shared.values import FeeId, PlacementId

FEE = rows.Columns(ChargedFee, 'fee, placement, minor AS "amount.minor", currency AS "amount.currency"')
LIST = FEE.select("FROM charged_fee WHERE placement = $1 ORDER BY fee")
UPDATE = """
INSERT INTO charged_fee (fee, placement, minor, currency) VALUES ($1, $2, $3, $4)
ON CONFLICT (fee) DO UPDATE SET minor = excluded.minor, currency = excluded.currency
"""
DELETE = "DELETE FROM charged_fee WHERE fee = $1"


async def list_(tx: Tx, placement: PlacementId) -> list[ChargedFee]:
    return await rows.fetch(tx.conn, LIST, placement)


async def update(tx: Tx, one: ChargedFee) -> None:
    """Enter it, or its new amount."""
    await tx.conn.execute(UPDATE, one.fee, one.placement, one.amount.minor, one.amount.currency)


async def delete(tx: Tx, fee: FeeId) -> None:
    await tx.conn.execute(DELETE, fee)

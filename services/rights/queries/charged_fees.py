"""What workers were charged."""

from __future__ import annotations

from collections.abc import Sequence

from services.rights.domain.costs import ChargedFee
from shared import rows
from shared.db import Tx
from shared.values import FeeId, PlacementId

FEE = rows.Columns(ChargedFee, 'fee, placement, minor AS "amount.minor", currency AS "amount.currency"')
LIST = FEE.select("FROM charged_fee WHERE placement = ANY($1::uuid[]) ORDER BY fee")
UPDATE_ALL = """
INSERT INTO charged_fee (fee, placement, minor, currency)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[])
ON CONFLICT (fee) DO UPDATE SET minor = excluded.minor, currency = excluded.currency
"""
DELETE_ALL = "DELETE FROM charged_fee WHERE fee = ANY($1::uuid[])"


async def list_(tx: Tx, placements: Sequence[PlacementId]) -> dict[PlacementId, list[ChargedFee]]:
    """Of each placement; one without any is absent."""
    found: dict[PlacementId, list[ChargedFee]] = {}
    for one in await rows.fetch(tx.conn, LIST, list(placements)):
        found.setdefault(one.placement, []).append(one)
    return found


async def update_all(tx: Tx, charged: Sequence[ChargedFee]) -> None:
    """Enter them, or their new amounts."""
    if charged:
        columns = zip(*((one.fee, one.placement, one.amount.minor, one.amount.currency) for one in charged), strict=True)
        await tx.conn.execute(UPDATE_ALL, *columns)


async def delete_all(tx: Tx, fees: Sequence[FeeId]) -> None:
    if fees:
        await tx.conn.execute(DELETE_ALL, list(fees))

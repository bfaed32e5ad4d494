"""What rights asked the reserve to pay."""

from __future__ import annotations

from services.docking.domain.settlement_draws import SettlementDraw
from shared.db import Tx
from shared.rows import Columns, fetch_one
from shared.values import SettlementId

DRAW = Columns(SettlementDraw, 'settlement, case_id AS "case", enterprise, state, paid_minor, use')
LOCK = DRAW.select("FROM settlement_draw WHERE settlement = $1 FOR UPDATE")
UPDATE = """
INSERT INTO settlement_draw (settlement, case_id, enterprise, state, paid_minor, use) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (settlement) DO UPDATE
SET case_id = excluded.case_id, enterprise = excluded.enterprise, state = excluded.state, paid_minor = excluded.paid_minor,
    use = excluded.use
"""


async def lock(tx: Tx, settlement: SettlementId) -> SettlementDraw | None:
    return await fetch_one(tx.conn, LOCK, settlement)


async def update(tx: Tx, one: SettlementDraw) -> None:
    """Enter it, or what has become of it. The caller holds the row's lock, where there is a row."""
    await tx.conn.execute(UPDATE, one.settlement, one.case, one.enterprise, one.state, one.paid_minor, one.use)

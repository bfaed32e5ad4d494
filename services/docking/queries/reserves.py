"""The account of an enterprise's reserve."""

from __future__ import annotations

from uuid import UUID

from services.docking.domain.reserves import Entry
from shared.db import Tx
from shared.rows import Columns, fetch
from shared.values import EnterpriseId

ENTRY = Columns(
    Entry,
    """
    id, kind, amount_minor, balance_minor, effective,
    case_id AS "payment.case", use AS "payment.use", settlement AS "payment.settlement"
    """,
)
LIST = ENTRY.select("FROM reserve_entry WHERE enterprise = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3")
INSERT = """
INSERT INTO reserve_entry (id, enterprise, kind, amount_minor, balance_minor, effective, use, case_id, settlement)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def list_(tx: Tx, enterprise: EnterpriseId, after: UUID | None, limit: int) -> list[Entry]:
    """Oldest first."""
    return await fetch(tx.conn, LIST, enterprise, after, limit)


async def insert(tx: Tx, enterprise: EnterpriseId, one: Entry) -> None:
    paid = one.payment
    await tx.conn.execute(
        INSERT,
        one.id,
        enterprise,
        one.kind,
        one.amount_minor,
        one.balance_minor,
        one.effective,
        paid.use if paid else None,
        paid.case if paid else None,
        paid.settlement if paid else None,
    )

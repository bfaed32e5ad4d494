"""Open cases that keep an enterprise from clearance."""

from __future__ import annotations

from shared.db import Tx
from shared.values import CaseId, EnterpriseId

INSERT = "INSERT INTO blocking_case (id, enterprise) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING"
DELETE = "DELETE FROM blocking_case WHERE id = $1"


async def insert(tx: Tx, case: CaseId, enterprise: EnterpriseId) -> None:
    await tx.conn.execute(INSERT, case, enterprise)


async def delete(tx: Tx, case: CaseId) -> None:
    await tx.conn.execute(DELETE, case)

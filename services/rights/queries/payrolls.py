"""Payroll files and what was wrong in their rows."""

from __future__ import annotations

from collections.abc import Sequence

from services.rights.domain.payrolls import Payroll, RowFinding
from shared import rows
from shared.db import Tx
from shared.values import ImportId

PAYROLL = rows.Columns(Payroll, "payroll, party, digest, rows, done, accepted, rejected, finished_at")
GET = PAYROLL.select("FROM payroll WHERE payroll = $1")
LOCK = PAYROLL.select("FROM payroll WHERE digest = $1 AND party = $2 FOR UPDATE")
INSERT = """
INSERT INTO payroll (payroll, digest, party, rows, started_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest, party) DO NOTHING
"""
UPDATE_PROGRESS = """
UPDATE payroll SET done = done + $2 + $3, accepted = accepted + $2, rejected = rejected + $3,
    finished_at = CASE WHEN done + $2 + $3 = rows THEN $4::timestamptz END
WHERE payroll = $1
"""

ROW_FINDING = rows.Columns(RowFinding, 'row, "column", code, value')
LIST_FINDINGS = ROW_FINDING.select("FROM payroll_finding WHERE payroll = $1 ORDER BY id LIMIT $2")
INSERT_FINDINGS = """
INSERT INTO payroll_finding (payroll, row, "column", code, value)
SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[])
"""


async def get(tx: Tx, payroll: ImportId) -> Payroll | None:
    return await rows.fetch_one(tx.conn, GET, payroll)


async def lock(tx: Tx, digest: str, party: str) -> Payroll | None:
    return await rows.fetch_one(tx.conn, LOCK, digest, party)


async def insert(tx: Tx, payroll: Payroll) -> None:
    """Nothing where the party's file is known already."""
    await tx.conn.execute(INSERT, payroll.payroll, payroll.digest, payroll.party, payroll.rows, tx.clock.now())


async def update_progress(tx: Tx, payroll: ImportId, accepted: int, rejected: int) -> None:
    """So many more rows are entered."""
    await tx.conn.execute(UPDATE_PROGRESS, payroll, accepted, rejected, tx.clock.now())


async def list_findings(tx: Tx, payroll: ImportId, limit: int) -> list[RowFinding]:
    return await rows.fetch(tx.conn, LIST_FINDINGS, payroll, limit)


async def insert_findings(tx: Tx, payroll: ImportId, findings: Sequence[RowFinding]) -> None:
    if findings:
        columns = zip(*((f.row, f.column, f.code, f.value) for f in findings), strict=True)
        await tx.conn.execute(INSERT_FINDINGS, payroll, *columns)

"""Payroll files and what was wrong in their rows."""

from __future__ import annotations

from collections.abc import Sequence

from services.rights.domain.payrolls import Payroll
from shared import rows
from shared.db import Tx
from shared.sheets.findings import Finding
from shared.values import ImportId

PAYROLL = rows.Columns(Payroll, "payroll, party, digest, rows, done, accepted, rejected, already, finished_at")
GET = PAYROLL.select("FROM payroll WHERE payroll = $1")
# Of every party: payrolls of the same file take turns.
LOCK = PAYROLL.select("FROM payroll WHERE digest = $1 ORDER BY payroll FOR UPDATE")
INSERT = """
INSERT INTO payroll (payroll, digest, party, rows, started_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest, party) DO NOTHING
"""
UPDATE_PROGRESS = """
UPDATE payroll SET done = done + $2 + $3 + $4, accepted = accepted + $2, rejected = rejected + $3, already = already + $4,
    finished_at = CASE WHEN done + $2 + $3 + $4 = rows THEN $5::timestamptz END
WHERE payroll = $1
"""
UPDATE_RETRIED = "UPDATE payroll SET done = 0, accepted = 0, rejected = 0, already = 0, finished_at = NULL WHERE payroll = $1"
LIST_TAKEN = "SELECT row, payroll FROM payroll_row WHERE digest = $1 AND source = $2 AND row = ANY($3::int[])"
INSERT_TAKEN = "INSERT INTO payroll_row (digest, source, row, payroll) SELECT $1, $2, row, $4 FROM unnest($3::int[]) AS row"

FINDING = rows.Columns(Finding, 'row, "column", code, severity, value, hints')
LIST_FINDINGS = FINDING.select("FROM payroll_finding WHERE payroll = $1 ORDER BY id LIMIT $2")
INSERT_FINDINGS = """
INSERT INTO payroll_finding (payroll, row, "column", code, severity, value, hints)
SELECT $1, row, "column", code, severity, value, string_to_array(hints, E'\\n')
FROM unnest($2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    WITH ORDINALITY AS finding (row, "column", code, severity, value, hints, position)
ORDER BY position
"""
DELETE_FINDINGS = "DELETE FROM payroll_finding WHERE payroll = $1"


async def get(tx: Tx, payroll: ImportId) -> Payroll | None:
    return await rows.fetch_one(tx.conn, GET, payroll)


async def lock(tx: Tx, digest: str, party: str) -> Payroll | None:
    """The party's payroll of the file, with everybody's locked."""
    locked = await rows.fetch(tx.conn, LOCK, digest)
    return next((payroll for payroll in locked if payroll.party == party), None)


async def insert(tx: Tx, payroll: Payroll) -> None:
    """Nothing where the party's file is known already."""
    await tx.conn.execute(INSERT, payroll.payroll, payroll.digest, payroll.party, payroll.rows, tx.clock.now())


async def update_progress(tx: Tx, payroll: ImportId, accepted: int, rejected: int, already: int) -> None:
    """So many more rows are decided."""
    await tx.conn.execute(UPDATE_PROGRESS, payroll, accepted, rejected, already, tx.clock.now())


async def update_retried(tx: Tx, payroll: ImportId) -> None:
    """From its first row again: what was found is forgotten."""
    await tx.conn.execute(UPDATE_RETRIED, payroll)
    await tx.conn.execute(DELETE_FINDINGS, payroll)


async def list_taken(tx: Tx, digest: str, source: str, numbers: Sequence[int]) -> dict[int, ImportId]:
    """Which of these rows of the file are entered, and by which payroll."""
    return {row["row"]: ImportId(row["payroll"]) for row in await tx.conn.fetch(LIST_TAKEN, digest, source, numbers)}


async def insert_taken(tx: Tx, payroll: Payroll, source: str, numbers: Sequence[int]) -> None:
    await tx.conn.execute(INSERT_TAKEN, payroll.digest, source, numbers, payroll.payroll)


async def list_findings(tx: Tx, payroll: ImportId, limit: int | None) -> list[Finding]:
    """In the order of the file's rows; None: all."""
    return await rows.fetch(tx.conn, LIST_FINDINGS, payroll, limit)


async def insert_findings(tx: Tx, payroll: ImportId, findings: Sequence[Finding]) -> None:
    if findings:
        columns = zip(*((f.row, f.column, f.code, f.severity, f.value, "\n".join(f.hints)) for f in findings), strict=True)
        await tx.conn.execute(INSERT_FINDINGS, payroll, *columns)

"""Payroll files and what was wrong in their rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.db import Tx
from shared.values import (
    ImportId,
)


@dataclass(frozen=True, slots=True)
class Payroll:
    payroll: ImportId
    party: str
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class RowFinding:
    row: int
    column: str
    code: str
    value: str | None


BEGIN_PAYROLL = """
INSERT INTO payroll (payroll, digest, party, rows, started_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (digest, party) DO NOTHING
"""
LOCK_PAYROLL = """
SELECT payroll, party, digest, rows, done, accepted, rejected, finished_at FROM payroll WHERE digest = $1 AND party = $2 FOR UPDATE
"""
PAYROLL = "SELECT payroll, party, digest, rows, done, accepted, rejected, finished_at FROM payroll WHERE payroll = $1"
ADVANCE_PAYROLL = """
UPDATE payroll SET done = done + $2 + $3, accepted = accepted + $2, rejected = rejected + $3,
    finished_at = CASE WHEN done + $2 + $3 = rows THEN $4::timestamptz END
WHERE payroll = $1
"""
INSERT_ROW_FINDINGS = """
INSERT INTO payroll_finding (payroll, row, "column", code, value)
SELECT $1, * FROM unnest($2::int[], $3::text[], $4::text[], $5::text[])
"""
ROW_FINDINGS = """
SELECT row, "column", code, value FROM payroll_finding WHERE payroll = $1 ORDER BY id LIMIT $2
"""


async def begin_payroll(tx: Tx, payroll: ImportId, digest: str, party: str, rows: int) -> None:
    await tx.conn.execute(BEGIN_PAYROLL, payroll, digest, party, rows, tx.clock.now())


async def lock_payroll(tx: Tx, digest: str, party: str) -> Payroll | None:
    row = await tx.conn.fetchrow(LOCK_PAYROLL, digest, party)
    return Payroll(**row) if row else None


async def payroll(tx: Tx, payroll: ImportId) -> Payroll | None:
    row = await tx.conn.fetchrow(PAYROLL, payroll)
    return Payroll(**row) if row else None


async def advance_payroll(tx: Tx, payroll: ImportId, accepted: int, findings: Sequence[RowFinding], rejected: int) -> None:
    await tx.conn.execute(ADVANCE_PAYROLL, payroll, accepted, rejected, tx.clock.now())
    if findings:
        rows = [(f.row, f.column, f.code, f.value) for f in findings]
        await tx.conn.execute(INSERT_ROW_FINDINGS, payroll, *map(list, zip(*rows, strict=True)))


async def row_findings(tx: Tx, payroll: ImportId, limit: int) -> list[RowFinding]:
    return [RowFinding(**row) for row in await tx.conn.fetch(ROW_FINDINGS, payroll, limit)]

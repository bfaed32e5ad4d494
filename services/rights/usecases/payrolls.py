"""Payroll files: judged row by row, the good rows in, resumable at the row where a kill left off.

A file is named by its digest and whose it is. Every chunk is one transaction that locks the payroll, takes the rows after
`done`, and writes reports, events, findings and the new `done` together; so nothing is reported twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace

from services.rights.domain.errors import PayrollNotFound
from services.rights.domain.incomes import Paid, Source
from services.rights.domain.payrolls import Payroll, RowFinding
from services.rights.payroll_files.columns import read_payroll
from services.rights.payroll_files.rows import RowRefused, found, read_row
from services.rights.queries import payrolls
from services.rights.settings import PAYROLL_CHUNK, PAYROLL_ROWS
from services.rights.usecases.incomes import enter_reports
from services.rights.views import payrolls as views
from shared.db import Cause, Database, Tx
from shared.errors import Refused
from shared.principals import Forbidden, Principal, Role
from shared.sheets.files import Kind
from shared.sheets.tables import Row, SheetColumn, Table
from shared.values import ImportId, PlacementId, new_id

FINDINGS_SHOWN = 200


async def import_payroll(database: Database, cause: Cause, content: bytes, kind: Kind) -> views.Payroll:
    """Enter a payroll; the finished one where the file is known. Raises what read_payroll raises."""
    table = await _read_file(content, kind)
    rows = table.rows
    started = _payroll(cause.principal, content, len(rows))
    async with database.transaction(cause) as tx:
        await payrolls.insert(tx, started)
    while True:
        async with database.transaction(cause) as tx:
            payroll = await payrolls.lock(tx, started.digest, started.party)
            if payroll is None:
                raise PayrollNotFound
            if payroll.done == payroll.rows:
                return await _show(tx, payroll, table.columns)
            chunk = rows[payroll.done : payroll.done + PAYROLL_CHUNK]
            findings = await _enter(tx, chunk)
            rejected = _rows_of(findings)
            await payrolls.update_progress(tx, payroll.payroll, len(chunk) - rejected, rejected)
            await payrolls.insert_findings(tx, payroll.payroll, findings)


async def try_payroll(database: Database, cause: Cause, content: bytes, kind: Kind) -> views.Payroll:
    """What entering the file would find: it is entered, and rolled back."""
    table = await _read_file(content, kind)
    rows = table.rows

    async def enter(tx: Tx) -> list[RowFinding]:
        chunks = (rows[start : start + PAYROLL_CHUNK] for start in range(0, len(rows), PAYROLL_CHUNK))
        return [finding for chunk in chunks for finding in await _enter(tx, chunk)]

    findings = await database.dry_run(cause, enter)
    rejected = _rows_of(findings)
    payroll = _payroll(cause.principal, content, len(rows))
    entered = replace(payroll, done=len(rows), accepted=len(rows) - rejected, rejected=rejected)
    return views.Payroll.from_payroll(entered, findings[:FINDINGS_SHOWN], dry_run=True, columns=table.columns)


async def show_payroll(tx: Tx, payroll_id: ImportId) -> views.Payroll:
    """Raises PayrollNotFound, Forbidden."""
    payroll = await payrolls.get(tx, payroll_id)
    if payroll is None:
        raise PayrollNotFound
    if tx.principal.role is not Role.AUDITOR and payroll.party != _party(tx.principal):
        raise Forbidden("the payroll is somebody else's")
    return await _show(tx, payroll)


async def _read_file(content: bytes, kind: Kind) -> Table:
    return await asyncio.to_thread(read_payroll, content, kind, PAYROLL_ROWS)


def _payroll(who: Principal, content: bytes, rows: int) -> Payroll:
    """One of which nothing is entered yet."""
    return Payroll(
        payroll=ImportId(new_id()),
        party=_party(who),
        digest=hashlib.sha256(content).hexdigest(),
        rows=rows,
        done=0,
        accepted=0,
        rejected=0,
        finished_at=None,
    )


def _party(who: Principal) -> str:
    return who.party if who.role is Role.ENTERPRISE and who.party else str(who)


def _rows_of(findings: Sequence[RowFinding]) -> int:
    """In how many rows something was found."""
    return len({finding.row for finding in findings})


async def _show(tx: Tx, payroll: Payroll, columns: Sequence[SheetColumn] = ()) -> views.Payroll:
    return views.Payroll.from_payroll(payroll, await payrolls.list_findings(tx, payroll.payroll, FINDINGS_SHOWN), columns=columns)


# --- rows ------------------------------------------------------------------------------------------------------------
async def _enter(tx: Tx, rows: Sequence[Row]) -> list[RowFinding]:
    """Enter the good rows; what is wrong with the others."""
    source: Source = "employer" if tx.principal.role is Role.ENTERPRISE else "bank"
    findings: list[RowFinding] = []
    good: list[tuple[Row, PlacementId, Paid]] = []
    for row in rows:
        try:
            good.append((row, *read_row(row, source)))
        except RowRefused as refused:
            findings += refused.findings
    outcomes = await enter_reports(tx, [(placement, paid) for _, placement, paid in good])
    for (row, *_), outcome in zip(good, outcomes, strict=True):
        if isinstance(outcome, Refused):
            findings.append(found(row, outcome.field or "placement", outcome.slug))
        elif isinstance(outcome, Forbidden):
            findings.append(found(row, "placement", "FORBIDDEN"))
    return sorted(findings, key=lambda finding: finding.row)

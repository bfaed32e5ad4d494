"""Payroll files: judged row by row, the good rows in, resumable at the row where a kill left off.

A file is named by its digest and whose it is. Every chunk is one transaction that locks every party's payroll of the file, takes the rows
after `done`, and writes reports, events, findings and the new `done` together; so nothing is reported twice. The same file again tries
the rows again that were refused: what kept them out may be gone (F8).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.rights.domain.errors import PayrollNotFound
from services.rights.domain.incomes import Paid, Source
from services.rights.domain.payrolls import Payroll
from services.rights.payroll_files.columns import read_payroll
from services.rights.payroll_files.messages import MESSAGES
from services.rights.payroll_files.rows import RowRefused, found, read_row
from services.rights.queries import payrolls
from services.rights.settings import PAYROLL_CHUNK, PAYROLL_ROWS
from services.rights.usecases.incomes import enter_reports
from services.rights.views import payrolls as views
from shared.db import Cause, Database, Tx
from shared.errors import Refused
from shared.principals import Forbidden, Principal, Role
from shared.sheets.annotated import annotate
from shared.sheets.files import Kind
from shared.sheets.findings import Finding
from shared.sheets.tables import Row, Table
from shared.values import ImportId, PlacementId, new_id

FINDINGS_SHOWN = 200


# --- commands ---------------------------------------------------------------------------------------------------------
async def import_payroll(database: Database, cause: Cause, content: bytes, kind: Kind) -> views.Payroll:
    """Enter a payroll; of one that is known, the rows refused before. Raises what read_payroll raises."""
    payroll, table = await _import(database, cause, content, kind)
    async with database.transaction(cause) as tx:
        return await _show(tx, payroll, table)


async def import_annotated(database: Database, cause: Cause, content: bytes, kind: Kind) -> bytes:
    """The same, answered with the payroll as it was sent and what was found in it. Raises what read_payroll raises."""
    payroll, table = await _import(database, cause, content, kind)
    async with database.transaction(cause) as tx:
        findings = await payrolls.list_findings(tx, payroll.payroll, None)
    return await asyncio.to_thread(annotate, table, findings, MESSAGES)


async def _import(database: Database, cause: Cause, content: bytes, kind: Kind) -> tuple[Payroll, Table]:
    table = await _read_file(content, kind)
    started = _payroll(cause.principal, content, len(table.rows))
    async with database.transaction(cause) as tx:
        await payrolls.insert(tx, started)
        payroll = await _lock(tx, started)
        if payroll.done == payroll.rows and payroll.rejected:
            await payrolls.update_retried(tx, payroll.payroll)
    while True:
        async with database.transaction(cause) as tx:
            payroll = await _lock(tx, started)
            if payroll.done == payroll.rows:
                return payroll, table
            entered = await _enter_chunk(tx, payroll, table.rows[payroll.done : payroll.done + PAYROLL_CHUNK])
            await payrolls.update_progress(tx, payroll.payroll, entered.accepted, entered.rejected, entered.already)
            await payrolls.insert_findings(tx, payroll.payroll, entered.findings)


async def _lock(tx: Tx, started: Payroll) -> Payroll:
    payroll = await payrolls.lock(tx, started.digest, started.party)
    if payroll is None:
        raise PayrollNotFound
    return payroll


# --- trials -----------------------------------------------------------------------------------------------------------
async def try_payroll(database: Database, cause: Cause, content: bytes, kind: Kind) -> views.Payroll:
    """What entering the file would find: it is entered, and rolled back. Raises what read_payroll raises."""
    payroll, table, findings = await _try(database, cause, content, kind)
    return views.Payroll.from_payroll(payroll, findings[:FINDINGS_SHOWN], dry_run=True, table=table)


async def try_annotated(database: Database, cause: Cause, content: bytes, kind: Kind) -> bytes:
    """The same, as the payroll with what would be found in it. Raises what read_payroll raises."""
    _, table, findings = await _try(database, cause, content, kind)
    return await asyncio.to_thread(annotate, table, findings, MESSAGES)


async def _try(database: Database, cause: Cause, content: bytes, kind: Kind) -> tuple[Payroll, Table, list[Finding]]:
    table = await _read_file(content, kind)
    started = _payroll(cause.principal, content, len(table.rows))

    async def enter(tx: Tx) -> list[Entered]:
        await payrolls.insert(tx, started)
        payroll = await _lock(tx, started)
        starts = range(0, len(table.rows), PAYROLL_CHUNK)
        return [await _enter_chunk(tx, payroll, table.rows[start : start + PAYROLL_CHUNK]) for start in starts]

    entered = await database.dry_run(cause, enter)
    payroll = replace(
        started,
        done=len(table.rows),
        accepted=sum(one.accepted for one in entered),
        rejected=sum(one.rejected for one in entered),
        already=sum(one.already for one in entered),
    )
    return payroll, table, [finding for one in entered for finding in one.findings]


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_payroll(tx: Tx, payroll_id: ImportId) -> views.Payroll:
    """Raises PayrollNotFound, Forbidden."""
    payroll = await payrolls.get(tx, payroll_id)
    if payroll is None:
        raise PayrollNotFound
    if tx.principal.role is not Role.AUDITOR and payroll.party != _party(tx.principal):
        raise Forbidden("the payroll is somebody else's")
    return await _show(tx, payroll)


async def _show(tx: Tx, payroll: Payroll, table: Table | None = None) -> views.Payroll:
    return views.Payroll.from_payroll(payroll, await payrolls.list_findings(tx, payroll.payroll, FINDINGS_SHOWN), table=table)


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
        already=0,
        finished_at=None,
    )


def _party(who: Principal) -> str:
    return who.party if who.role is Role.ENTERPRISE and who.party else str(who)


# --- rows -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Entered:
    """What became of some rows. `already`: entered by another party's payroll of the same file."""

    accepted: int
    rejected: int
    already: int
    findings: list[Finding]


async def _enter_chunk(tx: Tx, payroll: Payroll, rows: Sequence[Row]) -> Entered:
    """Enter the rows of the file that are not entered yet."""
    source: Source = "employer" if tx.principal.role is Role.ENTERPRISE else "bank"
    taken = await payrolls.list_taken(tx, payroll.digest, source, [row.number for row in rows])
    left = [row for row in rows if row.number not in taken]
    own = sum(by == payroll.payroll for by in taken.values())
    findings = await _enter(tx, left, source)
    refused = {finding.row for finding in findings}
    good = [row.number for row in left if row.number not in refused]
    await payrolls.insert_taken(tx, payroll, source, good)
    return Entered(len(good) + own, len(refused), len(taken) - own, findings)


async def _enter(tx: Tx, rows: Sequence[Row], source: Source) -> list[Finding]:
    """Enter the good rows; what is wrong with the others."""
    findings: list[Finding] = []
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

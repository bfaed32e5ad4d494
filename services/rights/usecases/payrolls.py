"""Payroll files: judged row by row, the good rows in, resumable at the row where a kill left off.

A file is named by its digest and whose it is. Every chunk is one transaction that locks the payroll, takes the rows after
`done`, and writes reports, events, findings and the new `done` together; so nothing is reported twice.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.rights.commands import LARGEST_AMOUNT, Reference
from services.rights.domain.errors import CellInvalid, PayrollNotFound
from services.rights.domain.incomes import Paid, Source
from services.rights.domain.payrolls import Payroll, RowFinding
from services.rights.queries import payrolls
from services.rights.settings import PAYROLL_CHUNK, PAYROLL_ROWS
from services.rights.usecases.incomes import enter_reports
from services.rights.views import payrolls as views
from shared import sheets
from shared.db import Cause, Database, Tx
from shared.errors import Refused
from shared.principals import Forbidden, Principal, Role
from shared.sheets import Kind, Row
from shared.values import Currency, CurrencyField, Day, ImportId, Money, Period, PeriodField, PlacementId, exponent, new_id

T = TypeVar("T")
COLUMNS = ("placement", "period", "gross", "deductions", "net", "remitted", "currency", "paid_on", "reference")
REQUIRED = ("placement", "period", "gross", "net", "currency", "paid_on")
FINDINGS_SHOWN = 200
LONGEST_SHOWN = 60  # characters of a cell
_PERIOD, _CURRENCY, _DAY = TypeAdapter(PeriodField), TypeAdapter(CurrencyField), TypeAdapter(Day)
_REFERENCE = TypeAdapter(Reference)


async def import_payroll(database: Database, cause: Cause, content: bytes, kind: Kind) -> views.Payroll:
    """Enter a payroll; the finished one where the file is known. Raises what sheets.read raises."""
    rows = await _read_file(content, kind)
    started = _payroll(cause.principal, content, len(rows))
    async with database.transaction(cause) as tx:
        await payrolls.insert(tx, started)
    while True:
        async with database.transaction(cause) as tx:
            payroll = await payrolls.lock(tx, started.digest, started.party)
            if payroll is None:
                raise PayrollNotFound
            if payroll.done == payroll.rows:
                return await _show(tx, payroll)
            chunk = rows[payroll.done : payroll.done + PAYROLL_CHUNK]
            findings = await _enter(tx, chunk)
            rejected = _rows_of(findings)
            await payrolls.update_progress(tx, payroll.payroll, len(chunk) - rejected, rejected)
            await payrolls.insert_findings(tx, payroll.payroll, findings)


async def try_payroll(database: Database, cause: Cause, content: bytes, kind: Kind) -> views.Payroll:
    """What entering the file would find: it is entered, and rolled back."""
    rows = await _read_file(content, kind)

    async def enter(tx: Tx) -> list[RowFinding]:
        chunks = (rows[start : start + PAYROLL_CHUNK] for start in range(0, len(rows), PAYROLL_CHUNK))
        return [finding for chunk in chunks for finding in await _enter(tx, chunk)]

    findings = await database.dry_run(cause, enter)
    rejected = _rows_of(findings)
    payroll = _payroll(cause.principal, content, len(rows))
    entered = replace(payroll, done=len(rows), accepted=len(rows) - rejected, rejected=rejected)
    return views.Payroll.from_payroll(entered, findings[:FINDINGS_SHOWN], dry_run=True)


async def show_payroll(tx: Tx, payroll_id: ImportId) -> views.Payroll:
    """Raises PayrollNotFound, Forbidden."""
    payroll = await payrolls.get(tx, payroll_id)
    if payroll is None:
        raise PayrollNotFound
    if tx.principal.role is not Role.AUDITOR and payroll.party != _party(tx.principal):
        raise Forbidden("the payroll is somebody else's")
    return await _show(tx, payroll)


async def _read_file(content: bytes, kind: Kind) -> Sequence[Row]:
    return await asyncio.to_thread(sheets.read, content, kind, PAYROLL_ROWS, columns=COLUMNS, required=REQUIRED)


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


async def _show(tx: Tx, payroll: Payroll) -> views.Payroll:
    return views.Payroll.from_payroll(payroll, await payrolls.list_findings(tx, payroll.payroll, FINDINGS_SHOWN), dry_run=False)


# --- rows ------------------------------------------------------------------------------------------------------------
async def _enter(tx: Tx, rows: Sequence[Row]) -> list[RowFinding]:
    """Enter the good rows; what is wrong with the others."""
    source: Source = "employer" if tx.principal.role is Role.ENTERPRISE else "bank"
    findings: list[RowFinding] = []
    good: list[tuple[Row, PlacementId, Paid]] = []
    for row in rows:
        try:
            good.append((row, *_read(row, source)))
        except CellInvalid as error:
            findings.append(_found(row, error.field or "", error.slug))
    outcomes = await enter_reports(tx, [(placement, paid) for _, placement, paid in good])
    for (row, *_), outcome in zip(good, outcomes, strict=True):
        if isinstance(outcome, Refused):
            findings.append(_found(row, outcome.field or "placement", outcome.slug))
        elif isinstance(outcome, Forbidden):
            findings.append(_found(row, "placement", "FORBIDDEN"))
    return sorted(findings, key=lambda finding: finding.row)


def _found(row: Row, column: str, code: str) -> RowFinding:
    """What is shown of the cell is short and printable: it may be anything."""
    value = row.cells.get(column)
    shown = None if value is None else "".join(sign if sign.isprintable() else "?" for sign in value[:LONGEST_SHOWN])
    return RowFinding(row.number, column, code, shown)


def _read(row: Row, source: Source) -> tuple[PlacementId, Paid]:
    """Raises CellInvalid naming the column."""
    currency = Currency(_cell(row, "currency", lambda text: _CURRENCY.validate_python(text.upper())))

    def money(column: str) -> Money:
        return Money(minor=_cell(row, column, lambda text: minor(text, currency)), currency=currency)

    placement = PlacementId(_cell(row, "placement", UUID))
    paid = Paid(
        period=Period(_cell(row, "period", _PERIOD.validate_python)),
        gross=money("gross"),
        deductions=money("deductions") if "deductions" in row.cells else Money(minor=0, currency=currency),
        net=money("net"),
        remitted=money("remitted") if "remitted" in row.cells else None,
        paid_on=_cell(row, "paid_on", _DAY.validate_python),
        source=source,
        reference=_cell(row, "reference", _REFERENCE.validate_python) if "reference" in row.cells else None,
    )
    return placement, paid


def _cell(row: Row, column: str, read: Callable[[str], T]) -> T:
    try:
        return read(row.cells[column])
    except (KeyError, ValueError, ValidationError, ArithmeticError):
        raise CellInvalid(field=column) from None


def minor(text: str, currency: Currency) -> int:
    """Minor units of an amount written in major units. Raises ValueError for more digits than the currency has."""
    amount = Decimal(text.replace(",", "")).scaleb(exponent(currency))
    if not amount.is_finite() or amount != amount.to_integral_value() or not 0 <= amount <= LARGEST_AMOUNT:
        raise ValueError(text)
    return int(amount)

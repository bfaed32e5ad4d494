"""A row of a payroll as the report it makes, and what is wrong with its cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.rights.commands import Reference
from services.rights.domain.incomes import Paid, Source
from shared import words
from shared.sheets.cells import CellRefused, read_amount, read_day, read_month
from shared.sheets.findings import Finding
from shared.sheets.tables import Row
from shared.values import Currency, Money, PlacementId

LONGEST_SHOWN = 60  # characters of a cell
_OPTIONAL = frozenset({"deductions", "remitted", "reference"})
_REFERENCE = TypeAdapter(Reference)


class RowRefused(Exception):
    """Cells of a row cannot be read; `findings` has one for each."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings)
        self.findings = findings


def read_row(row: Row, source: Source) -> tuple[PlacementId, Paid]:
    """Raises RowRefused."""
    findings = [found(row, column, code) for column, code in row.refused.items()]

    def cell(column: str, read: Callable[[str], Any]) -> Any:
        """None: it is empty, or refused."""
        if column in row.refused:
            return None
        if column in row.cells:
            try:
                return read(row.cells[column])
            except CellRefused as error:
                findings.append(found(row, column, error.code, error.hints))
        elif column not in _OPTIONAL:
            findings.append(found(row, column, "MISSING"))
        return None

    def money(column: str) -> Money | None:
        minor = cell(column, lambda text: read_amount(text, currency)) if currency else None
        return None if minor is None else Money(minor=minor, currency=currency)

    placement, period, paid_on = cell("placement", _placement), cell("period", read_month), cell("paid_on", read_day)
    currency: Currency = cell("currency", words.read_currency)
    reference = cell("reference", _reference)
    gross, deductions, net, remitted = map(money, ("gross", "deductions", "net", "remitted"))
    if findings or gross is None or net is None:
        raise RowRefused(findings)
    paid = Paid(
        period=period,
        gross=gross,
        deductions=deductions or Money(minor=0, currency=currency),
        net=net,
        remitted=remitted,
        paid_on=paid_on,
        source=source,
        reference=reference,
    )
    return placement, paid


def _reference(text: str) -> str:
    try:
        return _REFERENCE.validate_python(text)
    except ValidationError:
        raise CellRefused("REFERENCE_NOT_READABLE") from None


def _placement(text: str) -> PlacementId:
    try:
        return PlacementId(UUID(text))
    except ValueError:
        raise CellRefused("PLACEMENT_NOT_READABLE") from None


def found(row: Row, column: str, code: str, hints: tuple[str, ...] = ()) -> Finding:
    """What is shown of the cell is short and printable: it may be anything."""
    value = row.cells.get(column)
    shown = None if value is None else "".join(sign if sign.isprintable() else "?" for sign in value[:LONGEST_SHOWN])
    return Finding(row=row.number, column=column, code=code, value=shown, hints=hints)

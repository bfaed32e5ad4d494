"""A row of a list as what a service is asked for, or what is wrong with its cells. What a service alone can judge is left to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from console.cut_over.old_lists import COLUMNS, ENTERPRISES, MATCHES, ORDERS, PLACEMENTS, required
from shared import words
from shared.old_numbers import OldNumber, OldNumberIsDocument, read_old_number, require_no_document
from shared.sheets.cells import CellRefused, read_amount, read_day, read_number
from shared.sheets.findings import Finding
from shared.sheets.tables import Row
from shared.values import Channel, Currency, WagePeriod

MOST = 100_000


def _one(read: Callable[[str], tuple[str, ...]], refusal: str) -> Callable[[str], str]:
    """A cell that lists exactly one."""

    def of(text: str) -> str:
        found = read(text)
        if len(found) != 1:
            raise CellRefused(refusal)
        return found[0]

    return of


def _among(values: type[Channel | WagePeriod], refusal: str) -> Callable[[str], str]:
    def of(text: str) -> str:
        if text.lower() not in {one.value for one in values}:
            raise CellRefused(refusal)
        return text.lower()

    return of


def _channels(text: str) -> list[str]:
    return [_channel(part) for part in words.read_codes(text)]


def _whole(text: str) -> int:
    number = read_number(text)
    if number != int(number) or not 0 < number <= MOST:
        raise CellRefused("NUMBER_NOT_READABLE")
    return int(number)


def _iso_day(text: str) -> str:
    return read_day(text).isoformat()


def is_old_number(text: str) -> bool:
    """Whether services can be asked for it."""
    try:
        return _old_number(text) == text
    except CellRefused:
        return False


_channel = _among(Channel, "CHANNEL_NOT_KNOWN")


def _old_number(text: str) -> str:
    try:
        number = read_old_number(text)
        require_no_document(OldNumber(system="old", number=number))
    except ValidationError:
        raise CellRefused("OLD_NUMBER_NOT_READABLE") from None
    except OldNumberIsDocument as refused:
        raise CellRefused(refused.slug) from None
    return number


_READERS: Mapping[str, Callable[[str], Any]] = {
    "old_number": _old_number,
    "worker": _old_number,
    "order": _old_number,
    "licence_no": str.upper,
    "seat": words.read_county,
    "scope": _channels,
    "destinations": words.read_destinations,
    "destination": _one(words.read_destinations, "DESTINATION_NOT_KNOWN"),
    "occupation": _one(words.read_occupations, "OCCUPATION_NOT_KNOWN"),
    "channel": _channel,
    "wage_currency": words.read_currency,
    "wage_period": _among(WagePeriod, "WAGE_PERIOD_NOT_KNOWN"),
    **dict.fromkeys(("positions", "term_months", "days_per_month", "pay_day"), _whole),
    **dict.fromkeys(("valid_to", "expires", "departed_on", "signed_on", "start", "end"), _iso_day),
}
_CONTRACT = ("wage", "wage_currency", "wage_period", "pay_day", "start", "end")  # what a match needs beside the number of its contract
_IN_WAGE_CURRENCY = ("wage", "deductions_max", "service_fee")


@dataclass(slots=True)
class Cells:
    """The values of a row's cells, and what is wrong with the others."""

    row: Row
    values: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def refuse(self, column: str, code: str, hints: tuple[str, ...] = ()) -> None:
        self.findings.append(Finding(row=self.row.number, column=column, code=code, value=None, hints=hints))


def read_cells(kind: str, row: Row) -> Cells:
    """Every cell under a column of the kind."""
    cells = Cells(row)
    for column, code in row.refused.items():
        cells.refuse(column, code)
    signed = _CONTRACT if kind == MATCHES and "contract_no" in row.cells else ()
    for column in (*required(kind), *signed):
        if column not in row.cells and column not in row.refused:
            cells.refuse(column, "MISSING")
    for column, text in row.cells.items():
        if column not in row.refused and column not in (*_IN_WAGE_CURRENCY, "reserve"):
            _read(cells, column, _READERS.get(column, str), text)
    currency = cells.values.get("wage_currency")
    for column in _IN_WAGE_CURRENCY:
        if column in row.cells and column not in row.refused and currency is not None:
            _read(cells, column, _money(currency), row.cells[column])
    if "reserve" in row.cells and "reserve" not in row.refused:
        _read(cells, "reserve", _money(Currency("CNY")), row.cells["reserve"])
    return cells


def _read(cells: Cells, column: str, read: Callable[[str], Any], text: str) -> None:
    try:
        cells.values[column] = read(text)
    except CellRefused as refused:
        cells.refuse(column, refused.code, refused.hints)


def _money(currency: Currency) -> Callable[[str], dict[str, Any]]:
    return lambda text: {"minor": read_amount(text, currency), "currency": currency}


# --- bodies -------------------------------------------------------------------------------------------------------------
def enterprise(values: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("name", "licence_no", "seat", "scope", "destinations", "valid_to")
    return {name: values[name] for name in wanted if name in values}


def order(values: Mapping[str, Any], enterprises: Mapping[str, str], system: str) -> dict[str, Any]:
    """`enterprises`: licence -> id."""
    wanted = ("employer", "destination", "occupation", "channel", "positions", "wage", "wage_period", "term_months", "expires")
    body = {name: values[name] for name in wanted if name in values}
    return body | {"enterprise": enterprises[values["licence_no"]], "old_number": {"system": system, "number": values["old_number"]}}


def placement(values: Mapping[str, Any], enterprises: Mapping[str, str], workers: Mapping[str, str], system: str) -> dict[str, Any]:
    """`enterprises`: licence -> id; `workers`: old number -> id."""
    body = {name: values[name] for name in ("destination", "occupation", "channel", "departed_on", "port")}
    return body | {
        "worker": workers[values["worker"]],
        "enterprise": enterprises[values["licence_no"]],
        "contract": contract(values),
        "old_number": {"system": system, "number": values["old_number"]},
    }


def contract(values: Mapping[str, Any]) -> dict[str, Any]:
    terms = ("contract_no", "signed_on", "wage", "wage_period", "days_per_month", "pay_day", "start", "end", "service_fee")
    nothing = {"minor": 0, "currency": values["wage_currency"]}
    return {name: values[name] for name in terms if name in values} | {"deductions_max": values.get("deductions_max", nothing)}


# Names in a service's body that a list has other columns for.
COLUMN_OF_FIELD = {
    ENTERPRISES: {"amount": "reserve"},
    ORDERS: {"enterprise": "licence_no", "currency": "wage_currency"},
    PLACEMENTS: {"enterprise": "licence_no", "currency": "wage_currency"},
    MATCHES: {"currency": "wage_currency", "number": "old_number"},
}


def column_of(kind: str, named: str | None) -> str:
    """The column of a field that a service has refused: "contract.wage.currency" is wage_currency."""
    for part in reversed((named or "").split(".")):
        column = COLUMN_OF_FIELD[kind].get(part, part)
        if column in COLUMNS[kind]:
            return column
    return "row"

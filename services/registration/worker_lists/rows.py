"""A row of a worker list as the commands it asks for, and what is wrong with its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from pydantic import ValidationError

from services.registration.commands import RecordWillingness, RegisterWorker
from services.registration.personal_data.masking import mask
from shared import words
from shared.errors import Refused
from shared.sheets.cells import CellRefused, read_amount, read_day
from shared.sheets.findings import Finding, Severity
from shared.sheets.tables import Row
from shared.values import Currency

Reader = Callable[[str], Any]

# The command's own model bounds what is read here as it stands.
_REGISTRATION: Mapping[str, Reader] = {
    "name": str,
    "name_pinyin": str,
    "id_number": str,
    "birth_date": read_day,
    "sex": words.read_sex,
    "county": words.read_county,
    "education": words.read_education,
    "occupations": words.read_occupations,
    "phone": str,
    "household_status": words.read_household_status,
    "id_checked": words.read_yes_no,
    "registered_on": read_day,
}
_OFFER: Mapping[str, Reader] = {
    "destinations": words.read_destinations,
    "available_from": read_day,
    "family_consent": words.read_yes_no,
}
_OLD_NUMBER = ("old_system", "old_number")
_HEARD: Mapping[str, Reader] = {"announcement": str, "outreach_channel": words.read_outreach_channel}
_WAGE_COLUMNS = ("wage_floor", "wage_currency")
_OFFER_COLUMNS = (*_OFFER, *_WAGE_COLUMNS)
_NAMES = frozenset({"name", "name_pinyin"})
_PLACE_ABOVE = ("province", "city")  # columns of their own, before the county's name
_NOTHING = frozenset({"-", "--", "—", "——", "/", "无", "暂无", "none"})  # how people fill a cell that has nothing to hold
_MAY_BE_NOTHING = ("name_pinyin", "id_number", "phone", "registered_on", *_HEARD, *_OLD_NUMBER, *_OFFER_COLUMNS[:2], *_WAGE_COLUMNS)
# Every other field has the column of its name.
_COLUMN_OF_FIELD = {
    "recorded_on": "registered_on",
    "outreach.announcement": "announcement",
    "outreach.channel": "outreach_channel",
    "old_number.system": "old_system",
}


class RowRefused(Exception):
    """Cells of a row cannot be read; `findings` has one for each."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(findings)
        self.findings = findings


def read_row(row: Row, default_day: date) -> tuple[RegisterWorker, RecordWillingness | None]:
    """`default_day`: what an empty registered_on means. Raises RowRefused with everything that is wrong in the row's cells."""
    found = [finding(row, column, code) for column, code in row.refused.items()]
    cells = _with_whole_place(_without_nothing(row.cells))
    registration = _read_all(row, cells, _REGISTRATION, found)
    registration.setdefault("registered_on", default_day)
    if (heard := _heard(row, cells, found)) is not None:
        registration["outreach"] = heard
    if (old := _old_number(row, cells, found)) is not None:
        registration["old_number"] = old
    command = _model(row, RegisterWorker, registration, found)
    offer: RecordWillingness | None = None
    if any(column in cells for column in _OFFER_COLUMNS):
        fields = _read_all(row, cells, _OFFER, found)
        if (floor := _wage(row, cells, found)) is not None:
            fields["wage_floor"] = floor
        offer = _model(row, RecordWillingness, fields | {"recorded_on": registration["registered_on"]}, found)
    if found or command is None:
        raise RowRefused(found)
    return command, offer


def _without_nothing(cells: dict[str, str]) -> Mapping[str, str]:
    if _NOTHING.isdisjoint(cells.values()):
        return cells
    return {column: text for column, text in cells.items() if column not in _MAY_BE_NOTHING or text not in _NOTHING}


def _with_whole_place(cells: Mapping[str, str]) -> Mapping[str, str]:
    """The county's name behind those of its province and prefecture, where they are columns of their own."""
    county, above = cells.get("county", ""), "".join(cells.get(column, "") for column in _PLACE_ABOVE)
    if not above or not county or county.isdecimal():
        return cells
    return {**cells, "county": county if county.startswith(above) else above + county}


def _read_all(row: Row, cells: Mapping[str, str], readers: Mapping[str, Reader], found: list[Finding]) -> dict[str, Any]:
    """What the cells mean; what is wrong goes to `found`."""
    values = {}
    for column, read in readers.items():
        if column in cells and column not in row.refused:
            try:
                values[column] = read(cells[column])
            except CellRefused as error:
                found.append(finding(row, column, error.code, hints=error.hints))
    return values


def _model(row: Row, model: type[Any], values: dict[str, Any], found: list[Finding]) -> Any:
    """The command, or None with what is wrong in `found`; a column has one finding."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        named = {one.column for one in found}
        for item in error.errors(include_url=False, include_input=False, include_context=False):
            column = _column(".".join(map(str, item["loc"])))
            if column not in named:
                named.add(column)
                found.append(finding(row, column, "MISSING" if item["type"] == "missing" else f"{column}_not_readable".upper()))
        return None


def _heard(row: Row, cells: Mapping[str, str], found: list[Finding]) -> dict[str, Any] | None:
    """Announcement and channel; one without the other is missing it."""
    given = [column for column in _HEARD if column in cells or column in row.refused]
    if len(given) == 1:
        found.extend(finding(row, column, "MISSING") for column in _HEARD if column not in given)
    read = _read_all(row, cells, _HEARD, found)
    return {"announcement": read["announcement"], "channel": read["outreach_channel"]} if len(read) == len(_HEARD) else None


def _old_number(row: Row, cells: Mapping[str, str], found: list[Finding]) -> dict[str, str] | None:
    """System and number; one without the other is missing it."""
    given = [column for column in _OLD_NUMBER if column in cells or column in row.refused]
    if len(given) == 1:
        found.extend(finding(row, column, "MISSING") for column in _OLD_NUMBER if column not in given)
    read = {column: cells[column] for column in given if column in cells and column not in row.refused}
    return {"system": read["old_system"].lower(), "number": read["old_number"]} if len(read) == len(_OLD_NUMBER) else None


def _wage(row: Row, cells: Mapping[str, str], found: list[Finding]) -> dict[str, Any] | None:
    if not any(column in cells for column in _WAGE_COLUMNS) or any(column in row.refused for column in _WAGE_COLUMNS):
        return None
    missing = [column for column in _WAGE_COLUMNS if column not in cells]
    if missing:
        found.extend(finding(row, column, "MISSING") for column in missing)
        return None
    read: dict[str, Any] = _read_all(row, cells, {"wage_currency": words.read_currency}, found)
    if not read:
        return None
    currency: Currency = read["wage_currency"]
    amount = _read_all(row, cells, {"wage_floor": lambda text: read_amount(text, currency)}, found)
    return {"minor": amount["wage_floor"], "currency": currency} if amount else None


# --- findings ---------------------------------------------------------------------------------------------------------
def refusal(row: Row, error: Refused) -> Finding:
    """Why a row is refused whose cells can all be read."""
    return finding(row, _column(error.field or "row"), error.slug)


def finding(row: Row, column: str, code: str, severity: Severity = "error", *, hints: tuple[str, ...] = ()) -> Finding:
    value = mask(row.cells.get(column), tail=0) if column in _NAMES else mask(row.cells.get(column))
    return Finding(row=row.number, column=column, code=code, severity=severity, value=value, hints=hints)


def _column(field: str) -> str:
    return _COLUMN_OF_FIELD.get(field, field.partition(".")[0])

"""A row of a worker list as the commands it asks for, and what is wrong with its cells."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from services.registration.commands import RecordWillingness, RegisterWorker
from services.registration.domain.imports import Finding, Severity
from services.registration.personal_data.masking import mask
from shared.errors import Refused
from shared.sheets import Row
from shared.values import Currency, exponent

_SEPARATOR = re.compile(r"[;；,，、]")
_DAY = re.compile(r"([0-9]{4})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
_SEX = {"女": "female", "男": "male"}
_YES_NO = {"yes": True, "是": True, "no": False, "否": False}
_OFFER_COLUMNS = ("destinations", "wage_floor", "wage_currency", "available_from", "family_consent")
_COLUMN_OF_FIELD = {"recorded_on": "registered_on"}  # every other field has the column of its name


class CellRefused(Exception):
    """A cell cannot be what its column takes."""

    def __init__(self, column: str, code: str) -> None:
        super().__init__(column, code)
        self.column = column
        self.code = code


def registration(row: Row, default_day: date) -> RegisterWorker:
    """`default_day`: what an empty registered_on means. Raises CellRefused, ValidationError."""
    for column in row.rounded:
        raise CellRefused(column, "NUMBER_ROUNDED")
    cells = row.cells
    fields = _filled(
        name=cells.get("name"),
        name_pinyin=cells.get("name_pinyin"),
        id_number=cells.get("id_number"),
        birth_date=_day(cells.get("birth_date")),
        sex=_SEX.get(cells.get("sex", ""), cells.get("sex")),
        county=cells.get("county"),
        education=_whole(cells.get("education")),
        occupations=_codes(cells.get("occupations")),
        phone=cells.get("phone"),
        household_status=cells.get("household_status"),
        id_checked=_yes_no(cells.get("id_checked")),
        registered_on=_day(cells.get("registered_on")) or default_day,
    )
    return RegisterWorker.model_validate(fields)


def willingness(row: Row, recorded_on: date | None) -> RecordWillingness | None:
    """None: the row states none. Raises CellRefused, ValidationError."""
    cells = row.cells
    if not any(column in cells for column in _OFFER_COLUMNS):
        return None
    fields = _filled(
        destinations=_codes(cells.get("destinations")),
        wage_floor=_money(cells.get("wage_floor"), cells.get("wage_currency")),
        available_from=_day(cells.get("available_from")),
        family_consent=_yes_no(cells.get("family_consent")),
    )
    return RecordWillingness.model_validate(fields | {"recorded_on": recorded_on})


# --- findings ---------------------------------------------------------------------------------------------------------
def findings(row: Row, error: CellRefused | ValidationError | Refused) -> list[Finding]:
    """Why the row is refused: the column and code of each error."""
    if isinstance(error, CellRefused):
        return [finding(row, error.column, error.code)]
    if isinstance(error, Refused):
        return [finding(row, _column(error.field or "row"), error.slug)]
    items = error.errors(include_url=False, include_input=False, include_context=False)
    return [finding(row, _column(str(item["loc"][0])), str(item["type"]).upper()) for item in items]


def finding(row: Row, column: str, code: str, severity: Severity = "error") -> Finding:
    return Finding(row=row.number, column=column, code=code, severity=severity, value=mask(row.cells.get(column)))


def _column(field: str) -> str:
    first = field.partition(".")[0]
    return _COLUMN_OF_FIELD.get(first, first)


# --- cells: text that cannot be read stays text, and the command's own model says what is wrong with it ---------------
def _filled(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _codes(text: str | None) -> list[str] | None:
    return None if text is None else [code for part in _SEPARATOR.split(text) if (code := part.strip())]


def _whole(text: str | None) -> int | str | None:
    return int(text) if text and len(text) < 10 and text.isascii() and text.isdigit() else text


def _yes_no(text: str | None) -> bool | str | None:
    return None if text is None else _YES_NO.get(text.lower(), text)


def _day(text: str | None) -> str | None:
    match = _DAY.fullmatch(text) if text else None
    if match is None or (not match[2] and len(match[0]) != 8):
        return text
    return f"{match[1]}-{int(match[3]):02d}-{int(match[4]):02d}"


def _money(amount: str | None, currency: str | None) -> dict[str, Any] | None:
    """Whole minor units of an amount as people write it. Raises CellRefused."""
    if amount is None and currency is None:
        return None
    if amount is None:
        raise CellRefused("wage_floor", "MISSING")
    if currency is None:
        raise CellRefused("wage_currency", "MISSING")
    try:
        digits = exponent(Currency(currency))
    except ValueError:
        raise CellRefused("wage_currency", "VALUE_ERROR") from None
    try:
        minor = Decimal(amount).scaleb(digits)
        whole = minor.is_finite() and abs(minor) < 10**15 and minor == minor.to_integral_value()
    except InvalidOperation:
        whole = False
    if not whole:
        raise CellRefused("wage_floor", "VALUE_ERROR")
    return {"minor": int(minor), "currency": currency}

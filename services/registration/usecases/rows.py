"""A row of a worker list as the commands it stands for, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from pydantic import ValidationError

from services.registration import domain
from services.registration.commands import RecordWillingness, RegisterWorker
from services.registration.queries import Entry, Finding
from services.registration.settings import Programme
from services.registration.usecases.willingness import stated
from services.registration.usecases.workers import entry, registered
from shared.errors import Refused
from shared.events import Event
from shared.principals import Principal
from shared.sheets import Row
from shared.values import Currency, ImportId, exponent

_SEPARATOR = re.compile(r"[;；,，、]")
_DAY = re.compile(r"([0-9]{4})([-/.]?)([0-9]{1,2})\2([0-9]{1,2})", re.ASCII)
_SEX = {"女": "female", "男": "male"}
_YES_NO = {"yes": True, "是": True, "no": False, "否": False}
_OFFER_COLUMNS = ("destinations", "wage_floor", "wage_currency", "available_from", "family_consent")
_COLUMN_OF_FIELD = {"recorded_on": "registered_on"}  # every other field has the column of its name


@dataclass(frozen=True, slots=True)
class Context:
    """What the rows of one import have in common."""

    programme: Programme
    who: Principal
    import_id: ImportId
    default_day: date  # where registered_on is empty
    today: date


@dataclass(frozen=True, slots=True)
class Judged:
    """The rows that go in, what is published about them, and what was found in all."""

    entries: list[Entry]
    changes: list[Event]
    findings: list[Finding]

    @property
    def rejected(self) -> int:
        return len({finding.row for finding in self.findings if finding.severity == "error"})


class _Misread(Exception):
    """A cell cannot be what its column takes."""

    def __init__(self, column: str, code: str) -> None:
        super().__init__(column, code)
        self.column = column
        self.code = code


def judge(context: Context, rows: Sequence[Row], numbers: Sequence[int]) -> Judged:
    """Decide on every row by itself. Pure computation, safe to run beside the event loop."""
    judged = Judged([], [], [])
    for row, number in zip(rows, numbers, strict=True):
        try:
            new, changes, notices = _new(context, row, domain.worker_no(number))
        except _Misread as error:
            judged.findings.append(_finding(row, error.column, error.code))
        except ValidationError as error:
            judged.findings.extend(_of_validation(row, error))
        except Refused as error:
            judged.findings.append(_finding(row, _column(error.field or "row"), error.slug))
        else:
            judged.entries.append(new)
            judged.changes.extend(changes)
            judged.findings.extend(_finding(row, notice.field, notice.code, "warning") for notice in notices)
    return judged


def _new(context: Context, row: Row, worker_no: str) -> tuple[Entry, list[Event], tuple[domain.Notice, ...]]:
    for column in row.rounded:
        raise _Misread(column, "NUMBER_ROUNDED")
    command = RegisterWorker.model_validate(_registration(context, row.cells))
    if not context.who.covers_county(command.county):
        raise _Misread("county", "OUT_OF_SCOPE")
    new, notices = entry(context.programme, command, worker_no, context.today, imported=(context.import_id, row.number))
    changes: list[Event] = [registered(new.worker)]
    if any(column in row.cells for column in _OFFER_COLUMNS):
        wish = RecordWillingness.model_validate(_willingness(row.cells) | {"recorded_on": command.registered_on})
        worker, more = stated(context.programme.rules, new.worker, wish, context.today)
        new = replace(new, worker=worker)
        changes += more
    return new, changes, notices


def _registration(context: Context, cells: dict[str, str]) -> dict[str, Any]:
    return _filled(
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
        registered_on=_day(cells.get("registered_on")) or context.default_day,
    )


def _willingness(cells: dict[str, str]) -> dict[str, Any]:
    return _filled(
        destinations=_codes(cells.get("destinations")),
        wage_floor=_money(cells.get("wage_floor"), cells.get("wage_currency")),
        available_from=_day(cells.get("available_from")),
        family_consent=_yes_no(cells.get("family_consent")),
    )


# --- cells: text that cannot be read stays text, and the command's own model says what is wrong with it ----------------
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
    """Whole minor units of an amount as people write it. Raises _Misread."""
    if amount is None and currency is None:
        return None
    if amount is None:
        raise _Misread("wage_floor", "MISSING")
    if currency is None:
        raise _Misread("wage_currency", "MISSING")
    try:
        digits = exponent(Currency(currency))
    except ValueError:
        raise _Misread("wage_currency", "VALUE_ERROR") from None
    try:
        minor = Decimal(amount).scaleb(digits)
        whole = minor.is_finite() and abs(minor) < 10**15 and minor == minor.to_integral_value()
    except InvalidOperation:
        whole = False
    if not whole:
        raise _Misread("wage_floor", "VALUE_ERROR")
    return {"minor": int(minor), "currency": currency}


# --- findings ---------------------------------------------------------------------------------------------------------
def _of_validation(row: Row, error: ValidationError) -> list[Finding]:
    items = error.errors(include_url=False, include_input=False, include_context=False)
    return [_finding(row, _column(str(item["loc"][0])), str(item["type"]).upper()) for item in items]


def _column(field: str) -> str:
    first = field.partition(".")[0]
    return _COLUMN_OF_FIELD.get(first, first)


def _finding(row: Row, column: str, code: str, severity: str = "error") -> Finding:
    return Finding(row.number, column, code, severity, domain.masked(row.cells.get(column)))

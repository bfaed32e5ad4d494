"""A list as rows of text: its header, wherever it stands, and below it the cells under the columns that the header names.

What keeps a row from being read for what it is stays with the row: a cell that holds an error, more cells than the header has.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from shared.sheets import csv_text, workbooks
from shared.sheets.files import ColumnMissing, ColumnRepeated, FileUnreadable, Kind, NoRows, TooManyRows
from shared.sheets.workbooks import Sheet

HEADER_WITHIN = 20  # rows: titles and notes may stand above it
LONGEST_HEADER = 100  # characters of one that are read
MOST_COLUMNS = 200
ROW = "row"  # where a finding is about no single column


@dataclass(frozen=True, slots=True)
class Form:
    """The columns of a kind of list."""

    names: Mapping[str, str]  # a column's name, as `column_key` spells it -> column
    required: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """How one column was read; `column` None: it is left out."""

    position: int  # from 1
    header: str
    column: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One filled row. `number` is the spreadsheet's."""

    number: int
    cells: dict[str, str]  # column -> text, where there is any
    refused: dict[str, str] = field(default_factory=dict)  # column, or ROW -> code of why it cannot be read
    sent: tuple[str, ...] = ()  # every cell as text, under whatever header


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`header_row` is the spreadsheet's number of it, as `Row.number`."""

    columns: tuple[SheetColumn, ...]
    rows: Sequence[Row]
    header_row: int
    sheet: str | None  # of a workbook


def read_table(content: bytes, kind: Kind, limit: int, form: Form) -> Table:
    """The filled rows of a list, at most `limit`.

    Raises FileUnreadable, QuoteUnclosed, ColumnMissing, ColumnRepeated, TooManyRows, NoRows.
    """
    table = _read_csv(csv_text.decode(content), limit, form) if kind is Kind.CSV else _read_xlsx(content, limit, form)
    if not table.rows:
        raise NoRows
    return table


# --- the header -------------------------------------------------------------------------------------------------------
_BRACKETED = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_BETWEEN_WORDS = re.compile(r"[\s_\-.:：*＊/、\"']+")


def column_key(header: str) -> str:
    """What a header comes to whatever its case, spaces, marks and notes in brackets: "身 份 证号 (必填) *" -> 身份证号."""
    return _BETWEEN_WORDS.sub("", _BRACKETED.sub("", unicodedata.normalize("NFKC", header))).casefold()


def read_names(path: Path) -> dict[str, str]:
    """The usual names of columns, from a table of column and name."""
    with path.open(encoding="utf-8", newline="") as file:
        return {column_key(row["name"]): row["column"] for row in csv.DictReader(file)}


def _find_header(rows: Sequence[Sequence[Any]], form: Form) -> tuple[int, tuple[SheetColumn, ...]]:
    """Its place among the first rows: the first with every required column, else the one with the most known ones.

    Raises ColumnMissing, ColumnRepeated.
    """
    found = [(_known(columns), -place, columns) for place, row in enumerate(rows) if (columns := _columns(row, form))]
    whole = [entry for entry in found if all(name in entry[0] for name in form.required)]
    known, place, columns = whole[0] if whole else max(found, key=lambda entry: (len(entry[0]), entry[1]), default=(set(), 0, ()))
    for name in form.required:
        if name not in known:
            raise ColumnMissing(
                f"no row among the first {HEADER_WITHIN} has the column {name} beside the others; the template has them all", field=name
            )
    _require_once(columns)
    return -place, columns


def _columns(row: Sequence[Any], form: Form) -> tuple[SheetColumn, ...]:
    headers = [" ".join(str(value)[:LONGEST_HEADER].split()) if value is not None else "" for value in row[:MOST_COLUMNS]]
    while headers and not headers[-1]:
        headers.pop()
    return tuple(SheetColumn(place, header, form.names.get(column_key(header))) for place, header in enumerate(headers, start=1))


def _known(columns: Iterable[SheetColumn]) -> set[str]:
    return {one.column for one in columns if one.column is not None}


def _require_once(columns: Iterable[SheetColumn]) -> None:
    """Raises ColumnRepeated."""
    seen: dict[str, int] = {}
    for one in columns:
        if one.column is None:
            continue
        if one.column in seen:
            raise ColumnRepeated(
                f"columns {seen[one.column]} and {one.position} are both read as {one.column}; delete or rename one",
                field=f"header.{one.position}",
            )
        seen[one.column] = one.position


# --- csv --------------------------------------------------------------------------------------------------------------
def _read_csv(text: str, limit: int, form: Form) -> Table:
    heads = {separator: csv_text.first_records(text, separator, HEADER_WITHIN) for separator in csv_text.SEPARATORS}
    separator = max(heads, key=lambda one: max((len(_known(_columns(row, form))) for row in heads[one]), default=0))
    place, columns = _find_header(heads[separator], form)
    rows = []
    for number, record in enumerate(csv_text.records(text, separator, len(columns)), start=1):
        if number > place + 1 and (row := _read_row(number, columns, record)):
            rows.append(row)
            if len(rows) > limit:
                raise TooManyRows(f"one import may have {limit} rows")
    return Table(columns=columns, rows=rows, header_row=place + 1, sheet=None)


# --- xlsx -------------------------------------------------------------------------------------------------------------
def _read_xlsx(content: bytes, limit: int, form: Form) -> Table:
    sheet = workbooks.read_sheet(content, limit)
    try:
        place, columns = _find_header(sheet.values[:HEADER_WITHIN], form)
    except ColumnMissing as error:
        raise ColumnMissing(f"sheet {sheet.name[:31]}: {error}", field=error.field) from None
    filled, crossed = _unmerge(sheet, place)
    rows = []
    for index, values in enumerate(filled[place + 1 :], start=place + 1):
        marked = {column: code for column in range(len(values)) if (code := sheet.marks.refused.get((index, column)))}
        row = _read_row(index + 1, columns, values, marked)
        if row is None:
            continue
        if index in sheet.marks.hidden:
            row.refused[ROW] = "ROW_HIDDEN"
        elif index in crossed:
            row.refused[ROW] = "CELLS_MERGED"
        rows.append(row)
        if len(rows) > limit:
            raise TooManyRows(f"one import may have {limit} rows")
    return Table(columns=columns, rows=rows, header_row=place + 1, sheet=sheet.name)


def _unmerge(sheet: Sheet, header: int) -> tuple[list[list[Any]], set[int]]:
    """The values, with what a cell merged downwards says in each of its rows; and the rows below the header merged across columns."""
    values = [list(row) for row in sheet.values] if sheet.merged else list(map(list, sheet.values))
    crossed: set[int] = set()
    left = sum(map(len, values))  # merged cells do not overlap: more than there are cells is no workbook
    for (top, start), (bottom, end) in sheet.merged:
        rows = range(max(top, header + 1), min(bottom + 1, len(values)))
        left -= len(rows)
        if left < 0:
            raise FileUnreadable("merged cells overlap")
        if start != end:
            crossed.update(rows)
        elif top > header and start < len(values[top]):
            for row in rows:
                values[row][start] = values[top][start]
    return values, crossed


# --- rows -------------------------------------------------------------------------------------------------------------
_ERROR = re.compile(r"#(?:N/A|NV|GETTING_DATA|[A-Z0-9/]+[!?]|#*)", re.ASCII)  # an error, or ##### where a column was too narrow
_SCIENTIFIC = re.compile(r"[0-9](?:[.,][0-9]+)?E\+[0-9]+", re.ASCII | re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_AS_TEXT = re.compile(r'="(.*)"|\'(?=[0-9])(.*)', re.DOTALL)  # how csv files keep a spreadsheet from reading digits as a number
_ROUNDED_FROM = 1e15  # a spreadsheet keeps fifteen digits


def _read_row(number: int, columns: Sequence[SheetColumn], values: Sequence[Any], marked: Mapping[int, str] | None = None) -> Row | None:
    """None: nothing is in it."""
    sent = tuple(map(_as_sent, values))
    if not any(sent) and not marked:
        return None
    row = Row(number, {}, {}, sent)
    for place, one in enumerate(columns[: len(values)]):
        if one.column is None:
            continue
        code = (marked or {}).get(place)
        text, wrong = _read_cell(sent[place], values[place])
        if code or wrong:
            row.refused[one.column] = code or wrong or ""
        if text:
            row.cells[one.column] = text
    if any(sent[len(columns) :]) or any(place >= len(columns) for place in marked or ()):
        row.refused[ROW] = "ROW_TOO_LONG"
    return row if row.cells or row.refused else None


def _as_sent(value: Any) -> str:
    """Whole numbers without a decimal point, others to the fifteen digits a spreadsheet keeps, days as YYYY-MM-DD."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value).strip()


def _read_cell(sent: str, value: Any) -> tuple[str, str | None]:
    """Its text in one form, and the code of what is wrong with it: full-width characters are the narrow ones, invisible ones are none."""
    text = sent
    if not sent.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", sent)).strip()
    if isinstance(value, float) and abs(value) >= _ROUNDED_FROM:
        return text, "NUMBER_ROUNDED"
    if text[:1] == "#" and _ERROR.fullmatch(text):
        return text, "CELL_ERROR"
    if text[:1] in ("=", "'") and (kept := _AS_TEXT.fullmatch(text)):
        text = (kept[1] or kept[2] or "").strip()
    if "E+" in text.upper() and _SCIENTIFIC.fullmatch(text):
        return text, "NUMBER_ROUNDED"
    return text, None

"""Worker lists as files: csv and xlsx in, the template and the sheet of findings out.

Cells become text here; what they mean is judged in usecases/rows.py.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import xlsxwriter
from python_calamine import CalamineError, load_workbook

from shared.errors import Invalid


class Kind(StrEnum):
    CSV = "text/csv"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


# column: what it takes
COLUMNS = {
    "name": "姓名 · name as in the document",
    "name_pinyin": "拼音 · optional; name in Latin letters as in the passport",
    "id_number": "身份证号 · optional, as text; without it the registration is provisional",
    "birth_date": "出生日期 · YYYY-MM-DD",
    "sex": "性别 · female | male | 女 | 男",
    "county": "户籍县代码 · GB/T 2260, six digits",
    "education": "学历 · ISCED 2011 level, 0 to 8",
    "occupations": "职业 · ISCO-08 codes, separated by ;",
    "phone": "电话 · optional",
    "household_status": "建档立卡 · registered_poor | not_registered | unknown (or empty)",
    "id_checked": "已核验证件 · yes | no (or empty): the document was seen",
    "registered_on": "登记日期 · optional, YYYY-MM-DD; else the day of the import",
    "destinations": "意向国家 · optional, ISO 3166-1 alpha-3, separated by ;",
    "wage_floor": "最低月薪 · optional, such as 4500 or 4500.50",
    "wage_currency": "币种 · ISO 4217, with wage_floor",
    "available_from": "可出发日期 · optional, YYYY-MM-DD",
    "family_consent": "家属同意 · yes | no, where destinations are given",
}
REQUIRED = ("name", "birth_date", "sex", "county", "education", "occupations")
MAX_COLUMNS = 52
MAX_UNPACKED = 256 * 1024 * 1024


class UnsupportedFile(Invalid):
    """Worker lists are text/csv or xlsx; the Content-Type says which."""

    slug = "UNSUPPORTED_FILE"
    status = 415


class FileUnreadable(Invalid):
    """The file is not what its type says."""

    slug = "FILE_UNREADABLE"


class ColumnMissing(Invalid):
    """A column that every worker needs is missing."""

    slug = "COLUMN_MISSING"


class ColumnUnknown(Invalid):
    """A column that the template does not have, or has once."""

    slug = "COLUMN_UNKNOWN"


class TooManyRows(Invalid):
    """The file has more rows than one import may have."""

    slug = "TOO_MANY_ROWS"


class NoRows(Invalid):
    """The file has no rows."""

    slug = "NO_ROWS"


@dataclass(frozen=True, slots=True)
class Row:
    """The filled cells of one row as text. `number` is the spreadsheet's: the header is row 1."""

    number: int
    cells: dict[str, str]
    rounded: frozenset[str]  # columns whose number a spreadsheet has rounded: 16 digits and more do not survive as a number


def kind_of(content_type: str) -> Kind:
    """Raises UnsupportedFile."""
    name = content_type.partition(";")[0].strip().lower()
    if name not in tuple(Kind):
        raise UnsupportedFile(field="Content-Type")
    return Kind(name)


# --- reading ----------------------------------------------------------------------------------------------------------
def read(content: bytes, kind: Kind, limit: int) -> list[Row]:
    """The filled rows of a list. Raises FileUnreadable, ColumnMissing, ColumnUnknown, TooManyRows, NoRows."""
    table = _csv(content) if kind is Kind.CSV else _xlsx(content, limit)
    header = _header(next(table, ()))
    rows: list[Row] = []
    for number, values in enumerate(table, start=2):
        row = _row(number, header, values)
        if row.cells:
            rows.append(row)
        if len(rows) > limit:
            raise TooManyRows(f"one import may have {limit} rows")
    if not rows:
        raise NoRows
    return rows


def _csv(content: bytes) -> Iterator[Sequence[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")  # what a Chinese spreadsheet saves as csv
        except UnicodeDecodeError:
            raise FileUnreadable("neither UTF-8 nor GB 18030 text") from None
    return _csv_rows(text)


def _csv_rows(text: str) -> Iterator[Sequence[Any]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error as error:
        raise FileUnreadable(f"not csv: {error}") from None


def _xlsx(content: bytes, limit: int) -> Iterator[Sequence[Any]]:
    _require_harmless(content)
    try:
        workbook = load_workbook(io.BytesIO(content))
        sheet = workbook.get_sheet_by_index(0)
        if sheet.height > limit * 2:  # blank rows count here
            raise TooManyRows(f"one import may have {limit} rows")
        return iter(sheet.to_python(skip_empty_area=False))
    except (CalamineError, OSError, ValueError, IndexError):
        raise FileUnreadable("not an xlsx workbook") from None


# The reader lays a sheet out as a full rectangle up to its furthest cell, so one cell at XFD1048576 would take 400 GB.
_FAR_CELL = re.compile(rb"""\br\s*=\s*["'](?:(?:[A-Za-z]{3,}|[B-Zb-z][A-Za-z])[0-9]+|[A-Za-z]*(?:[2-9][0-9]{5}|[0-9]{7,}))["']""")
_PIECE = 1024 * 1024
_OVERLAP = 64


def _require_harmless(content: bytes) -> None:
    """A bound on what unpacking takes. Raises FileUnreadable, TooManyRows."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
                raise TooManyRows("the workbook unpacks to more than an import may have")
            for member in archive.infolist():
                _require_near(archive, member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error):
        raise FileUnreadable("not an xlsx workbook") from None


def _require_near(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    tail = b""
    with archive.open(member) as file:
        while piece := file.read(_PIECE):
            if _FAR_CELL.search(tail + piece):
                raise TooManyRows(f"cells lie beyond column {MAX_COLUMNS} or row 199,999")
            tail = piece[-_OVERLAP:]


def _header(values: Sequence[Any]) -> list[str]:
    names = [str(value).strip().lower() if value is not None else "" for value in values]
    while names and not names[-1]:
        names.pop()
    for place, name in enumerate(names, start=1):
        if name not in COLUMNS or names.count(name) > 1:
            raise ColumnUnknown(f"column {place} is not one of the template's, each once", field=f"header.{place}")
    for name in REQUIRED:
        if name not in names:
            raise ColumnMissing(f"the column {name} is missing", field=name)
    return names


def _row(number: int, header: Sequence[str], values: Sequence[Any]) -> Row:
    cells, rounded = {}, set()
    for name, value in zip(header, values, strict=False):
        text = _text(value)
        if name and text:
            cells[name] = text
            if isinstance(value, float) and abs(value) >= 1e15:
                rounded.add(name)
    return Row(number, cells, frozenset(rounded))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value).strip()


# --- writing ----------------------------------------------------------------------------------------------------------
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


def template(kind: Kind) -> bytes:
    """An empty list with every column; as xlsx with a second sheet that says what each takes."""
    if kind is Kind.CSV:
        return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as workbook:
        sheet = workbook.add_worksheet("workers")
        as_text = workbook.add_format({"num_format": "@"})
        head = workbook.add_format({"bold": True})
        sheet.set_column(0, len(COLUMNS) - 1, 18, as_text)
        sheet.write_row(0, 0, list(COLUMNS), head)
        sheet.freeze_panes(1, 0)
        notes = workbook.add_worksheet("说明 notes")
        notes.set_column(0, 1, 40)
        for place, (name, meaning) in enumerate(COLUMNS.items()):
            notes.write_row(place, 0, [name + (" *" if name in REQUIRED else ""), meaning])
    return buffer.getvalue()


@dataclass(frozen=True, slots=True)
class Mark:
    """What was found in one cell of the list."""

    row: int
    column: str
    code: str


def annotated(marks: Iterable[Mark]) -> bytes:
    """The list's rows that need a look: row number, the codes in the columns they belong to, and all of them under `errors`.

    The list itself is not kept (it names people), so this lies beside it, row by row.
    """
    rows: dict[int, list[Mark]] = {}
    for mark in marks:
        rows.setdefault(mark.row, []).append(mark)
    columns = {name: place for place, name in enumerate(COLUMNS, start=1)}
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, _OPTIONS) as workbook:
        sheet = workbook.add_worksheet("errors")
        sheet.write_row(0, 0, ["row", *columns, "errors"], workbook.add_format({"bold": True}))
        sheet.freeze_panes(1, 1)
        red = workbook.add_format({"bg_color": "#F8D7DA"})
        for line, (number, found) in enumerate(sorted(rows.items()), start=1):
            sheet.write_number(line, 0, number)
            for mark in found:
                if mark.column in columns:
                    sheet.write_string(line, columns[mark.column], mark.code, red)
            sheet.write_string(line, len(columns) + 1, "; ".join(f"{mark.column}: {mark.code}" for mark in found))
    return buffer.getvalue()

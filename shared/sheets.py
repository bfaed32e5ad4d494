"""Spreadsheets as people send them: csv (UTF-8 or GB 18030) and xlsx, read into rows of text under a fixed header.

Cells become text here; the service validates them. What a hostile file may unpack to is limited before it is unpacked.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from python_calamine import CalamineError, load_workbook

from shared.errors import Invalid

MAX_COLUMNS = 52
MAX_UNPACKED = 256 * 1024 * 1024  # bytes


class Kind(StrEnum):
    CSV = "text/csv"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class UnsupportedFile(Invalid):
    """Lists are text/csv or xlsx; the Content-Type says which."""

    slug = "UNSUPPORTED_FILE"
    status = 415


class FileUnreadable(Invalid):
    """The file is not what its type says."""

    slug = "FILE_UNREADABLE"


class ColumnMissing(Invalid):
    """A column that every row needs is missing."""

    slug = "COLUMN_MISSING"


class ColumnNotRecognised(Invalid):
    """A column that the template does not have, or has once."""

    slug = "COLUMN_NOT_RECOGNISED"


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
    rounded: frozenset[str]  # columns with a number of 16 digits or more, which a spreadsheet has rounded


def kind_of(content_type: str) -> Kind:
    """Raises UnsupportedFile."""
    name = content_type.partition(";")[0].strip().lower()
    if name not in tuple(Kind):
        raise UnsupportedFile(field="Content-Type")
    return Kind(name)


# --- reading ----------------------------------------------------------------------------------------------------------
def read(content: bytes, kind: Kind, limit: int, *, columns: Collection[str], required: Collection[str]) -> list[Row]:
    """The filled rows of a list under a header of `columns`.

    Raises FileUnreadable, ColumnMissing, ColumnNotRecognised, TooManyRows, NoRows.
    """
    table = _decode_csv(content) if kind is Kind.CSV else _read_xlsx(content, limit)
    header = _read_header(next(table, ()), columns, required)
    rows: list[Row] = []
    for number, values in enumerate(table, start=2):
        row = _read_row(number, header, values)
        if row.cells:
            rows.append(row)
        if len(rows) > limit:
            raise TooManyRows(f"one import may have {limit} rows")
    if not rows:
        raise NoRows
    return rows


def _decode_csv(content: bytes) -> Iterator[Sequence[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")  # what a Chinese spreadsheet saves as csv
        except UnicodeDecodeError:
            raise FileUnreadable("neither UTF-8 nor GB 18030 text") from None
    return _read_csv(text)


def _read_csv(text: str) -> Iterator[Sequence[Any]]:
    try:
        yield from csv.reader(io.StringIO(text, newline=""))
    except csv.Error as error:
        raise FileUnreadable(f"not csv: {error}") from None


def _read_xlsx(content: bytes, limit: int) -> Iterator[Sequence[Any]]:
    _require_bounded(content)
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
_CHUNK_BYTES = 1024 * 1024
_OVERLAP_BYTES = 64


def _require_bounded(content: bytes) -> None:
    """Limit what unpacking takes in memory and time. Raises FileUnreadable, TooManyRows."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
                raise TooManyRows("the workbook unpacks to more than an import may have")
            for member in archive.infolist():
                _require_near_cells(archive, member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error):
        raise FileUnreadable("not an xlsx workbook") from None


def _require_near_cells(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raises TooManyRows. Chunks overlap, so that a reference cut in two by them is found."""
    tail = b""
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK_BYTES):
            if _FAR_CELL.search(tail + chunk):
                raise TooManyRows(f"cells lie beyond column {MAX_COLUMNS} or row 199,999")
            tail = chunk[-_OVERLAP_BYTES:]


def _read_header(values: Sequence[Any], columns: Collection[str], required: Collection[str]) -> list[str]:
    names = [str(value).strip().lower() if value is not None else "" for value in values]
    while names and not names[-1]:
        names.pop()
    for position, name in enumerate(names, start=1):
        if name not in columns or names.count(name) > 1:
            raise ColumnNotRecognised(f"column {position} is not one of the template's, each once", field=f"header.{position}")
    for name in required:
        if name not in names:
            raise ColumnMissing(f"the column {name} is missing", field=name)
    return names


def _read_row(number: int, header: Sequence[str], values: Sequence[Any]) -> Row:
    cells, rounded = {}, set()
    for name, value in zip(header, values, strict=False):
        text = _cell_text(value)
        if name and text:
            cells[name] = text
            if isinstance(value, float) and abs(value) >= 1e15:
                rounded.add(name)
    return Row(number, cells, frozenset(rounded))


def _cell_text(value: Any) -> str:
    """Whole numbers without a decimal point, days as YYYY-MM-DD, an empty cell as ""."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return "" if value is None else str(value).strip()

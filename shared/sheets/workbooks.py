"""xlsx: the first sheet that people see, and which of its cells cannot be trusted.

What a hostile file may unpack to is limited before it is unpacked.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum, load_workbook

from shared.sheets.files import MAX_COLUMNS, FileUnreadable, TooManyRows
from shared.sheets.workbook_marks import Marks, RowColumn, read_marks

NO_WORKBOOK = "not an xlsx workbook; save the list as xlsx or as CSV UTF-8"
MAX_UNPACKED = 256 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells from A1 on; rows and columns count from 0."""

    name: str
    values: Sequence[Sequence[Any]]
    marks: Marks
    merged: Sequence[tuple[RowColumn, RowColumn]]  # first and last cell of each


def read_sheet(content: bytes, limit: int) -> Sheet:
    """The first visible sheet. Raises FileUnreadable, TooManyRows."""
    with _refusing_what_is_no_workbook(), zipfile.ZipFile(io.BytesIO(content)) as archive:
        _require_bounded(archive)
        workbook = load_workbook(io.BytesIO(content))
        position, name = _first_visible(workbook.sheets_metadata)
        sheet = workbook.get_sheet_by_index(position)
        if sheet.height > limit * 2:  # blank rows count here
            raise TooManyRows(f"one import may have {limit} rows")
        values = sheet.to_python(skip_empty_area=False)
        return Sheet(name, values, read_marks(archive, position), sheet.merged_cell_ranges or ())


@contextmanager
def _refusing_what_is_no_workbook() -> Iterator[None]:
    try:
        yield
    except (
        CalamineError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        OSError,
        EOFError,
        ValueError,
        LookupError,  # of an encoding too
    ):
        raise FileUnreadable(NO_WORKBOOK) from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # the reader's, in Rust, which is no Exception: a day beyond all calendars
            raise
        raise FileUnreadable(NO_WORKBOOK) from None


def _first_visible(sheets: Sequence[Any]) -> tuple[int, str]:
    """Its position among all sheets, and its name. Raises FileUnreadable."""
    for position, sheet in enumerate(sheets):
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible:
            return position, str(sheet.name)
    raise FileUnreadable("every sheet of the workbook is hidden; show the one with the list")


# --- what it may unpack to --------------------------------------------------------------------------------------------
# The reader lays a sheet out as a full rectangle up to its furthest cell, so one cell at XFD1048576 would take 400 GB.
_FAR_CELL = re.compile(rb"""\br\s*=\s*["'](?:(?:[A-Za-z]{3,}|[B-Zb-z][A-Za-z])[0-9]+|[A-Za-z]*(?:[2-9][0-9]{5}|[0-9]{7,}))["']""")
_CHUNK_BYTES = 1024 * 1024
_OVERLAP_BYTES = 64


def _require_bounded(archive: zipfile.ZipFile) -> None:
    """Limit what unpacking takes in memory and time. Raises TooManyRows and what reading an archive raises."""
    if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
        raise TooManyRows("the workbook unpacks to more than an import may have")
    for member in archive.infolist():
        _require_near_cells(archive, member)


def _require_near_cells(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Raises TooManyRows. Chunks overlap, so that a reference cut in two by them is found."""
    tail = b""
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK_BYTES):
            if _FAR_CELL.search(tail + chunk):
                raise TooManyRows(f"cells lie beyond column {MAX_COLUMNS} or row 199,999")
            tail = chunk[-_OVERLAP_BYTES:]

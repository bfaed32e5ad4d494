"""xlsx: the first sheet that people see, and which of its cells cannot be trusted.

What a hostile file may unpack to is limited before it is unpacked.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from python_calamine import CalamineError, SheetTypeEnum, SheetVisibleEnum, load_workbook

from shared.sheets.files import FileUnreadable, TooManyRows
from shared.sheets.workbook_marks import Marks, RowColumn, read_marks
from shared.sheets.workbook_size import require_bounded

NO_WORKBOOK = "not an xlsx workbook; save the list as xlsx or as CSV UTF-8"


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
        _require_xlsx(content, archive)
        require_bounded(archive)
        workbook = load_workbook(io.BytesIO(content))
        position, name = _first_visible(workbook.sheets_metadata)
        sheet = workbook.get_sheet_by_index(position)
        if sheet.height > limit * 2:  # blank rows count here
            raise TooManyRows(f"one import may have {limit} rows")
        values = _from_first_cell(sheet)
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


def _require_xlsx(content: bytes, archive: zipfile.ZipFile) -> None:
    """The reader takes a file for whichever kind it can open, and only xlsx is limited. Raises FileUnreadable."""
    names = [name.lower() for name in archive.namelist()]
    if not content.startswith(b"PK") or any(name == "content.xml" or name.endswith("workbook.bin") for name in names):
        raise FileUnreadable(NO_WORKBOOK)


def _from_first_cell(sheet: Any) -> list[list[Any]]:
    """The values from A1 on. The reader's own way to that copies the sheet first."""
    first_row, first_column = sheet.start or (0, 0)
    values: list[list[Any]] = sheet.to_python(skip_empty_area=True)
    if first_column:
        values = [[""] * first_column + row for row in values]
    return [[""] * (sheet.width + first_column) for _ in range(first_row)] + values if first_row else values

"""What a workbook may unpack to, limited before the reader unpacks it.

The reader, in Rust, ends the whole process where memory is not to be had. Most writers name the place of every cell in one plain form,
which is looked for in the bytes; a sheet written in any other form is parsed.
"""

from __future__ import annotations

import re
import zipfile
from typing import IO

from shared.sheets.files import TooManyRows
from shared.sheets.sheet_extent import Extent
from shared.sheets.workbook_marks import column_number, parse_sheet

MAX_UNPACKED = 256 * 1024 * 1024  # bytes
_CHUNK_BYTES = 1024 * 1024
_OVERLAP_BYTES = 1024
_LARGE_COUNT = re.compile(rb"uniqueCount\s*=\s*[\"'][^\"'<>]{0,1000}?(?:[5-9][0-9]{6}|[0-9]{8})")  # 5,000,000 and more
_SHEET = b"sheetData"  # cells stand in it only
_DIGITS, _LETTERS = b"0123456789", b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLAIN_CELL = re.compile(rb'<c r="([A-Z]{1,3}[1-9][0-9]{0,6})"(?: [a-qs-z]+="[^"<>]*")*/?>')
_OTHER_CELL = re.compile(rb"<c[\t\n\r\f\v/>]|:c[\s/>]|\x00")  # no ASCII: none of the reader's encodings is either


def require_bounded(archive: zipfile.ZipFile) -> None:
    """Limit what unpacking takes in memory and time. Raises TooManyRows, FileUnreadable and what reading an archive raises.

    Whatever holds cells is looked at, as the reader may take another member for the sheet than its name says.
    """
    if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED:
        raise TooManyRows("the workbook unpacks to more than an import may have")
    for member in archive.infolist():
        with archive.open(member) as file:
            plainly_bounded = _is_plainly_bounded(file)
        if not plainly_bounded:
            with archive.open(member) as file:
                parse_sheet(file)
        if member.filename.lower().endswith("sharedstrings.xml"):
            with archive.open(member) as file:
                _require_bounded_count(file)


def _require_bounded_count(file: IO[bytes]) -> None:
    """The reader reserves memory for as many texts as the count claims. Raises TooManyRows."""
    rest = b""
    while chunk := file.read(_CHUNK_BYTES):
        text = rest + chunk
        if _LARGE_COUNT.search(text):
            raise TooManyRows("the workbook says that it has more texts than an import may have")
        rest = text[-_OVERLAP_BYTES:]


def _is_plainly_bounded(file: IO[bytes]) -> bool:
    """Whether every cell is in the plain form and there are not too many; True of what is no sheet."""
    extent, is_sheet, is_plain, rest = Extent(), False, True, b""
    while chunk := file.read(_CHUNK_BYTES):
        text = rest + chunk
        is_sheet = is_sheet or _SHEET in text
        end = text.rfind(b"<")  # a tag may be cut in two
        rest = text[end:]
        is_plain = is_plain and len(rest) <= _CHUNK_BYTES and _take_plain_cells(text[:end], extent)
        if not is_plain:
            rest = text[-len(_SHEET) :]
        if is_sheet and not is_plain:
            return False
    is_plain = is_plain and _take_plain_cells(rest, extent)
    return not is_sheet or (is_plain and extent.is_bounded())


def _take_plain_cells(text: bytes, extent: Extent) -> bool:
    """Whether every cell in it is plain."""
    found = _PLAIN_CELL.findall(text)
    extent.cells += len(found)
    if found:
        places = b" ".join(found)
        last = max(set(places.translate(None, _DIGITS).split()), key=lambda letters: (len(letters), letters))
        extent.columns = max(extent.columns, column_number(last.decode()))
        extent.rows = max(extent.rows, *map(int, set(places.translate(None, _LETTERS).split())))
    return len(found) == text.count(b"<c ") and _OTHER_CELL.search(text) is None

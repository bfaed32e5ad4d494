"""What a workbook may unpack to, limited before the reader unpacks it.

The reader, in Rust, ends the whole process where memory is not to be had. Most writers name the place of every cell in one plain form,
which is looked for in the bytes; a sheet written in any other form is parsed.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from typing import IO

from shared.sheets.files import MAX_CELLS, FileUnreadable, TooManyRows
from shared.sheets.shared_texts import SharedTexts, read_lengths
from shared.sheets.sheet_extent import Extent
from shared.sheets.workbook_marks import column_number, parse_sheet

MAX_UNPACKED = 256 * 1024 * 1024  # bytes
_CHUNK_BYTES = 1024 * 1024
_LONG_CELL = 64 * 1024  # bytes; one that names its text is short
_NUMBER_OF_TEXT = re.compile(rb't="s"[^<>]*><v>([0-9]{1,9})</v></c>')
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
    texts = _shared_texts(archive)
    for member in archive.infolist():
        with archive.open(member) as file:
            extent = _plain_extent(file, texts)
        if extent is None or not extent.is_bounded() or extent.texts > MAX_UNPACKED:
            with archive.open(member) as file:
                parse_sheet(file, (texts, MAX_UNPACKED))


def _shared_texts(archive: zipfile.ZipFile) -> SharedTexts:
    """Raises TooManyRows, FileUnreadable."""
    members = [member for member in archive.infolist() if member.filename.lower().endswith("sharedstrings.xml")]
    if len(members) > 1:
        raise FileUnreadable("not an xlsx workbook")
    if not members:
        return SharedTexts()
    with archive.open(members[0]) as file:
        return read_lengths(file)


def _plain_extent(file: IO[bytes], texts: SharedTexts) -> Extent | None:
    """None: a cell is not in the plain form. Empty for what is no sheet."""
    extent, is_sheet, is_plain, rest = Extent(), False, True, b""
    while chunk := file.read(_CHUNK_BYTES):
        text = rest + chunk
        is_sheet = is_sheet or _SHEET in text
        end = text.rfind(b"<c ")  # a cell may be cut in two
        if len(text) - end > _LONG_CELL:
            end = text.rfind(b"<")
        rest = text[end:]
        is_plain = is_plain and len(rest) <= _CHUNK_BYTES and _take_plain_cells(text[:end], extent, texts)
        if not is_plain:
            rest = text[-len(_SHEET) :]
        if is_sheet and not is_plain:
            return None
    if not is_sheet:
        return Extent()
    return extent if _take_plain_cells(rest, extent, texts) else None


def _take_plain_cells(text: bytes, extent: Extent, texts: SharedTexts) -> bool:
    """Whether every cell in it is plain."""
    found = _PLAIN_CELL.findall(text)
    extent.cells += len(found)
    if found:
        places = b" ".join(found)
        last = max(set(places.translate(None, _DIGITS).split()), key=lambda letters: (len(letters), letters))
        extent.columns = max(extent.columns, column_number(last.decode()))
        extent.rows = max(extent.rows, *map(int, set(places.translate(None, _LETTERS).split())))
    return _take_texts(text, extent, texts) and len(found) == text.count(b"<c ") and _OTHER_CELL.search(text) is None


def _take_texts(text: bytes, extent: Extent, texts: SharedTexts) -> bool:
    """Whether every cell names its text in the plain form."""
    named = text.count(b't="s"')
    if not texts.is_plain or texts.longest * MAX_CELLS <= MAX_UNPACKED:
        extent.texts += named * texts.longest
        return True
    numbers = Counter(_NUMBER_OF_TEXT.findall(text))
    extent.texts += sum(texts.length(number.decode()) * cells for number, cells in numbers.items())
    return numbers.total() == named

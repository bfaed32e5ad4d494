"""What the spreadsheet reader does not report of a sheet: error cells, formulas without a stored value, hidden rows.

The reader gives an error cell as an empty one (python-calamine#105), so a failed look-up would read as "no document".
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from typing import IO, NoReturn
from xml.parsers import expat

from shared.sheets.files import FileUnreadable, TooManyRows
from shared.sheets.shared_texts import SharedTexts
from shared.sheets.sheet_extent import Extent

RowColumn = tuple[int, int]  # both from 0
_REFERENCE = re.compile(r"([A-Za-z]{1,3})([0-9]{1,7})", re.ASCII)
_ROW_NUMBER = re.compile(r"[0-9]{1,7}", re.ASCII)
MAX_REFUSED = 500_000  # cells: each takes some 200 bytes
_CHUNK_BYTES = 1024 * 1024
_OVERLAP_BYTES = 64
# Most sheets have none of these, and are not parsed a second time.
_MARKED = re.compile(rb"""\bt\s*=\s*["']e["']|<(?:\w+:)?f[\s/>]|\bhidden\s*=""")


@dataclass(slots=True)
class Marks:
    refused: dict[RowColumn, str] = field(default_factory=dict)  # cell -> code of what is wrong with it
    hidden: set[int] = field(default_factory=set)  # rows


def read_marks(archive: zipfile.ZipFile, position: int) -> Marks:
    """The marks of the sheet at that position among all sheets. Raises FileUnreadable and what reading an archive raises."""
    path = _sheet_path(archive, position)
    marks = Marks()
    if _is_marked(archive, path):
        with archive.open(path) as file:
            marks = parse_sheet(file)
    return marks


def parse_sheet(file: IO[bytes], texts: tuple[SharedTexts, int] | None = None) -> Marks:
    """Follow every cell. `texts`: those that cells share, and how many bytes they may come to. Raises FileUnreadable, TooManyRows."""
    marks = Marks()
    _parse(_MarkParser(marks, *(texts or (SharedTexts(), 0))).parser, iter(lambda: file.read(_CHUNK_BYTES), b""))
    return marks


def _is_marked(archive: zipfile.ZipFile, path: str) -> bool:
    tail = b""
    with archive.open(path) as file:
        while chunk := file.read(_CHUNK_BYTES):
            if _MARKED.search(tail + chunk):
                return True
            tail = chunk[-_OVERLAP_BYTES:]
    return False


def _parse(parser: expat.XMLParserType, chunks: object) -> None:
    try:
        for chunk in chunks:  # type: ignore[attr-defined]
            parser.Parse(chunk)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise FileUnreadable("not an xlsx workbook") from None


def _new_parser() -> expat.XMLParserType:
    """Names without their namespace's prefix; a document type, which no workbook has, is refused with whatever it would unfold to."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _refuse(*_: object) -> NoReturn:
    raise FileUnreadable("not an xlsx workbook")


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


class _MarkParser:
    """Follows rows and cells as the reader does; a cell may leave out where it stands, and then stands after the one before."""

    def __init__(self, marks: Marks, texts: SharedTexts, left: int) -> None:
        self.marks = marks
        self.texts, self.left = texts, left
        self.number = ""  # of the text that a cell names
        self.extent = Extent()
        self.row, self.column = 0, 0  # of the next cell that does not say where it stands
        self.cell = (0, 0)
        self.kind, self.formula, self.value = "", False, False
        self.in_value = False
        self.parser = _new_parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                self._start_row(attributes)
            case "c":
                self._start_cell(attributes)
            case "f":
                self.formula = True
            case "v" | "t":
                self.in_value, self.number = True, ""

    def _start_row(self, attributes: dict[str, str]) -> None:
        if (number := attributes.get("r")) is not None:
            if _ROW_NUMBER.fullmatch(number) is None:
                _refuse()
            self.row = int(number) - 1
        if attributes.get("hidden") in ("1", "true"):
            self.marks.hidden.add(self.row)
        self._take(self.row + 1, 0)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        row = self.row
        if (place := attributes.get("r")) is not None:
            match = _REFERENCE.fullmatch(place)
            if match is None:
                _refuse()
            self.column, row = column_number(match[1]) - 1, int(match[2]) - 1
        self.cell = (row, self.column)
        self.kind, self.formula, self.value = attributes.get("t", ""), False, False
        self.extent.cells += 1
        self._take(row + 1, self.column + 1)

    def _take(self, rows: int, columns: int) -> None:
        extent = self.extent
        extent.rows, extent.columns = max(extent.rows, rows), max(extent.columns, columns)
        extent.require_bounded()

    def _characters(self, text: str) -> None:
        self.value = self.value or self.in_value
        if self.in_value and self.kind == "s":
            self.number = f"{self.number} {text}" if self.number else text  # in pieces it is no number: the reader takes the first

    def _take_text(self) -> None:
        self.left -= self.texts.length(self.number)
        if self.left < 0:
            raise TooManyRows("the texts of the cells come to more than an import may have")

    def _end(self, name: str) -> None:
        match _local(name):
            case "v" | "t":
                self.in_value = False
                if self.kind == "s" and self.texts.longest:
                    self._take_text()
            case "c":
                self.column += 1
                if self.kind == "e":
                    self._mark("CELL_ERROR")
                elif self.formula and not self.value and self.kind != "str":  # of type str: its result is the empty text
                    self._mark("FORMULA_WITHOUT_VALUE")
            case "row":
                self.row, self.column = self.row + 1, 0

    def _mark(self, code: str) -> None:
        self.marks.refused[self.cell] = code
        if len(self.marks.refused) > MAX_REFUSED:
            raise TooManyRows(f"more than {MAX_REFUSED:,} cells hold an error, or a formula without a value")


def column_number(letters: str) -> int:
    """From 1, of A, B, ..., Z, AA."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


# --- where a sheet is kept --------------------------------------------------------------------------------------------
def _sheet_path(archive: zipfile.ZipFile, position: int) -> str:
    """Raises FileUnreadable."""
    sheets = [attributes for name, attributes in _elements(archive, "xl/workbook.xml") if name == "sheet"]
    targets = {
        attributes.get("Id"): attributes.get("Target", "")
        for name, attributes in _elements(archive, "xl/_rels/workbook.xml.rels")
        if name == "Relationship"
    }
    identifiers = [value for key, value in sheets[position].items() if _local(key) == "id"] if position < len(sheets) else []
    target = targets.get(identifiers[0]) if identifiers else None
    if not target:
        raise FileUnreadable("not an xlsx workbook")
    return posixpath.normpath(posixpath.join("xl", target)).lstrip("/")


def _elements(archive: zipfile.ZipFile, path: str) -> list[tuple[str, dict[str, str]]]:
    """Name and attributes of every element of a small document. Raises FileUnreadable."""
    found: list[tuple[str, dict[str, str]]] = []
    parser = _new_parser()
    parser.StartElementHandler = lambda name, attributes: found.append((_local(name), attributes))
    try:
        _parse(parser, [archive.read(path)])
    except KeyError:
        raise FileUnreadable("not an xlsx workbook") from None
    return found

"""What the spreadsheet reader does not report of a sheet: error cells, formulas without a stored value, hidden rows.

The reader gives an error cell as an empty one (python-calamine#105), so a failed look-up would read as "no document".
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from shared.sheets.files import FileUnreadable

RowColumn = tuple[int, int]  # both from 0
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
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
            _parse(_MarkParser(marks).parser, iter(lambda: file.read(_CHUNK_BYTES), b""))
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
    """Follows rows and cells; a cell may leave out where it stands, and then stands after the one before."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.row, self.column = -1, -1
        self.kind, self.formula, self.value = "", False, False
        self.in_value = False
        self.parser = _new_parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match _local(name):
            case "row":
                number = attributes.get("r", "")
                self.row, self.column = int(number) - 1 if number.isdecimal() and len(number) < 8 else self.row + 1, -1
                if attributes.get("hidden") in ("1", "true"):
                    self.marks.hidden.add(self.row)
            case "c":
                self.column = _column(attributes.get("r", ""), self.column + 1)
                self.kind, self.formula, self.value = attributes.get("t", ""), False, False
            case "f":
                self.formula = True
            case "v" | "t":
                self.in_value = True

    def _characters(self, _: str) -> None:
        self.value = self.value or self.in_value

    def _end(self, name: str) -> None:
        match _local(name):
            case "v" | "t":
                self.in_value = False
            case "c" if self.kind == "e":
                self.marks.refused[self.row, self.column] = "CELL_ERROR"
            case "c" if self.formula and not self.value and self.kind != "str":  # of type str: its result is the empty text
                self.marks.refused[self.row, self.column] = "FORMULA_WITHOUT_VALUE"


def _column(reference: str, otherwise: int) -> int:
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return otherwise
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1


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

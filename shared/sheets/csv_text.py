"""Text files as spreadsheets save them: UTF-8 with or without a mark, UTF-16 ("Unicode text"), GB 18030; comma, semicolon or tab."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence

from shared.sheets.files import FileUnreadable, QuoteUnclosed

SEPARATORS = ",;\t"
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SEPARATOR_LINE = re.compile(r"sep=[,;\t]\r?\n", re.IGNORECASE)  # as Excel writes and reads it


def decode(content: bytes) -> str:
    """Raises FileUnreadable, naming the line where the encoding breaks."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decode(content[len(mark) :], encoding)
    if content.count(0) > len(content) // 20:  # in UTF-16 every second byte of a digit or separator is zero
        return _decode(content, "utf-16-le" if content[1::2].count(0) > content[::2].count(0) else "utf-16-be")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        if _is_damaged_utf8(content):
            raise _unreadable(content, error.start, "UTF-8") from None
        return _decode(content, "gb18030")  # what a Chinese spreadsheet saves as csv


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _unreadable(content, error.start, encoding.upper()) from None


def _is_damaged_utf8(content: bytes) -> bool:
    """Mostly UTF-8: read as GB 18030, every name in it would become another."""
    text = content.decode("utf-8", errors="replace")
    broken = text.count("\N{REPLACEMENT CHARACTER}")
    return sum(not character.isascii() for character in text) - broken > broken


def _unreadable(content: bytes, position: int, encoding: str) -> FileUnreadable:
    line = content.count(b"\n", 0, position) + 1
    return FileUnreadable(f"line {line} is not {encoding} text; save the file as CSV UTF-8 again")


def first_records(text: str, separator: str, count: int) -> list[list[str]]:
    """The first records, whatever their quotes; for looking for the header."""
    records: list[list[str]] = []
    try:
        for record in csv.reader(io.StringIO(_without_separator_line(text)[: 1024 * 1024], newline=""), delimiter=separator):
            records.append(record)
            if len(records) == count:
                break
    except csv.Error:
        pass  # reading all of it says what is wrong, and where
    return records


def records(text: str, separator: str, width: int) -> Iterator[Sequence[str]]:
    """Every record of a table of `width` columns. Raises QuoteUnclosed, FileUnreadable; both name the line."""
    reader = csv.reader(io.StringIO(_without_separator_line(text), newline=""), delimiter=separator, strict=True)
    ended = 0
    while True:
        try:
            record = next(reader, None)
        except csv.Error as error:
            if "field larger" in str(error):
                raise FileUnreadable(f"line {ended + 1} has a cell of more than {csv.field_size_limit():,} characters") from None
            raise QuoteUnclosed(f'a double quote in line {ended + 1} is never closed; write "" for a quote inside a cell') from None
        if record is None:
            return
        if reader.line_num > ended + 1 and _holds_rows(record, separator, width):
            raise QuoteUnclosed(
                f"a double quote in line {ended + 1} is closed in line {reader.line_num}: one cell would hold the rows between"
            )
        ended = reader.line_num
        yield record


def _holds_rows(record: Sequence[str], separator: str, width: int) -> bool:
    """A quote that runs on into the next row swallows its separators or leaves the record too long; a note of several lines does not."""
    return _filled_width(record) > width or any("\n" in cell and cell.count(separator) >= width - 1 for cell in record)


def _filled_width(record: Sequence[str]) -> int:
    return max((position for position, cell in enumerate(record, start=1) if cell.strip()), default=0)


def _without_separator_line(text: str) -> str:
    match = _SEPARATOR_LINE.match(text)
    return text[match.end() :] if match else text

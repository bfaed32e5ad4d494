"""How long the texts are that cells share: the spreadsheet reader copies one for every cell that names it."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from typing import IO

from shared.sheets.files import MAX_CELLS, TooManyRows

_CHUNK_BYTES = 1024 * 1024
_LONGEST = 8 * 1024 * 1024  # bytes of one with its marks; a cell may have 32,767 characters
_END = re.compile(rb"</(?:\w+:)?si\s*>")
_START = re.compile(rb"<(?:[^\s<>]+:)?si[\s/>]")
_HEAD = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml[^<>]*>\s*<(?:\w+:)?sst(?:\s[^<>]*)?>")
_PLAIN = re.compile(rb"\s*<(?:\w+:)?si>\s*<(?:\w+:)?[rt][\s/>]")
_OTHER_COUNT = re.compile(rb"uniqueCount(?!=[\"'][0-9]{1,7}[\"'])")
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(slots=True)
class SharedTexts:
    lengths: array[int] = field(default_factory=lambda: array("L"))  # bytes of each, as they are written: no text is longer
    longest: int = 0
    is_plain: bool = True  # the reader counts them as we do

    def length(self, number: str) -> int:
        """Of the one that a cell names; the longest where the reader may read the number in another way."""
        if not self.is_plain or _NUMBER.fullmatch(number) is None or int(number) >= len(self.lengths):
            return self.longest
        return self.lengths[int(number)]


def read_lengths(file: IO[bytes]) -> SharedTexts:
    """Raises TooManyRows: there are too many, one is too long, or memory would be reserved for more than there are."""
    found, rest = SharedTexts(), b""
    first = file.read(_CHUNK_BYTES)
    _require_plain_count(first)
    head = _HEAD.match(first)
    chunk = first[head.end() if head else 0 :]
    while chunk:
        text = rest + chunk
        *pieces, rest = _END.split(text)
        _take(found, text[: len(text) - len(rest)], pieces)
        if len(rest) > _LONGEST or len(found.lengths) > MAX_CELLS:
            raise TooManyRows("the workbook has longer texts, or more, than an import may have")
        chunk = file.read(_CHUNK_BYTES)
    _require_plain_count(rest)
    return found


def _take(found: SharedTexts, text: bytes, pieces: list[bytes]) -> None:
    found.lengths.extend(map(len, pieces))
    found.longest = max(found.longest, *map(len, pieces), 0)
    starts = len(_START.findall(text))
    found.is_plain = found.is_plain and b"<!" not in text and starts == len(pieces) and all(map(_PLAIN.match, pieces))
    _require_plain_count(text)


def _require_plain_count(text: bytes) -> None:
    """The reader reserves memory for as many as the count claims."""
    if _OTHER_COUNT.search(text):
        raise TooManyRows("the workbook says that it has more texts than an import may have")

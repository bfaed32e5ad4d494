"""Records that differ only in their values are read together: the first of them by its pattern, the others by what it found.

Most of a record is the same in every record of its class: names, brackets, commas. Of records of one length, those that also
have the same text between the values have each value in the same place (a layout), so that whether a thousand of them match
the pattern is a handful of comparisons of a thousand rows of bytes. Whatever is judged here not to be laid out alike is not
wrong for that: the pattern has to judge it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import polars as pl

from services.stats.counting.record_patterns import (
    CURRENCY,
    DATE,
    INTEGER,
    MINOR,
    SUBJECT,
    TEXT,
    TIME,
    UID,
    Kind,
    Pattern,
    class_of,
    pattern,
)
from shared.delivery.inbox import Raw
from shared.events import Event

FEW = 64  # records: so many at least make a layout worth the while
PATIENCE = 3  # layouts of fewer records, among those of one length, before the rest is left alone
_PIECE = 1024  # records compared at a time: a megabyte, which a processor's cache holds
_PRINTABLE, _QUOTE, _BACKSLASH, _ZERO, _NINE = ord(" "), ord('"'), ord("\\"), ord("0"), ord("9")
_COLON, _BETWEEN = _NINE + 1, ord("a") - _NINE - 1  # the first byte after 9, and how many there are before a
_LAST_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, *[0] * 243], np.uint8)  # by month, and by any byte that is none
Bytes: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]
Places: TypeAlias = npt.NDArray[np.intp]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layout:
    """What the records of a class that are laid out like one of them have in common.

    Each byte of them lies between `low` and `low` + `width`; besides, their values are right for their `kinds`.
    """

    reads: Pattern
    spans: Mapping[str, Span]  # of every value that is not null
    low: Bytes
    width: Bytes
    kinds: Sequence[tuple[Kind, Span]]

    def length_of(self, name: str) -> int:
        start, end = self.spans[name]
        return end - start

    def fits(self, block: Bytes, keys: Bytes) -> Mask:
        """Which of the rows match the pattern with the same spans, their keys being their subjects. Never true for one that does not."""
        start, end = self.spans["subject"]
        fits: Mask = np.concatenate([self._fits(block[begin : begin + _PIECE]) for begin in range(0, len(block), _PIECE)])
        fits &= (block[:, start:end] == keys).all(axis=1)
        return fits

    def _fits(self, block: Bytes) -> Any:
        bounded: Any = ((block - self.low) <= self.width).all(axis=1)
        rest = block if bounded.all() else block[bounded]
        escaped = rest == _BACKSLASH
        fits: Any = ~escaped.any(axis=1) if escaped.any() else np.ones(len(rest), np.bool_)
        for kind, (start, end) in self.kinds:
            fits &= self._right(kind, rest, rest[:, start:end])
        bounded[bounded] = fits
        return bounded

    def _right(self, kind: Kind, block: Bytes, values: Bytes) -> Any:
        """Which of the values are of the kind, each of their bytes being within its bounds."""
        if kind is TEXT:
            return ~(values == _QUOTE).any(axis=1)
        if kind is UID:
            return ~((values - np.uint8(_COLON)) < _BETWEEN).any(axis=1)
        if kind is SUBJECT:
            start, end = self.spans["subject"]
            return (values == block[:, start:end]).all(axis=1)
        if kind in (DATE, TIME):
            return _is_day(values[:, :10]) & (_is_hour(values[:, 11:13]) if kind is TIME else True)
        return _is_option(kind, values)


@dataclass(frozen=True, slots=True)
class Alike:
    """Records laid out alike: their rows in the batch, and where each begins in the one value of `text`, which holds others too."""

    layout: Layout
    rows: Places
    text: pl.Series
    begins: Places


def sort_out(records: Sequence[Raw]) -> tuple[list[Alike], list[int]]:
    """The records of which many are laid out alike, each under its topic and key; and the rows of all others."""
    of_length: dict[tuple[str, int, int], tuple[list[int], list[bytes], list[bytes]]] = {}
    found, rest = list[Alike](), list[int]()
    for row, (topic, key, value) in enumerate(records):
        if key is None or value is None:
            rest.append(row)
            continue
        place = topic, len(key), len(value)
        same = of_length.get(place) or of_length.setdefault(place, ([], [], []))
        same[0].append(row)
        same[1].append(key)
        same[2].append(value)
    for (topic, *lengths), (rows, keys, values) in of_length.items():
        rest += _layouts(topic, rows, keys, values, found) if all(lengths) and len(rows) >= FEW else rows
    return found, sorted(rest)


def _layouts(topic: str, rows: Sequence[int], keys: Sequence[bytes], values: Sequence[bytes], found: list[Alike]) -> list[int]:
    """Adds to what is found, of records of one length with keys of one length; returns the rows that are left."""
    together = b"".join(values)
    text = pl.Series("text", [together], dtype=pl.Binary)
    block = np.frombuffer(together, np.uint8).reshape(len(rows), -1)
    subjects = np.frombuffer(b"".join(keys), np.uint8).reshape(len(rows), -1)
    at, places, left, poor = np.array(rows), np.arange(len(rows)), list[int](), 0
    while len(places) >= FEW and poor < PATIENCE:
        layout = layout_of(values[places[0]])
        fits = np.zeros(len(places), np.bool_)
        if layout and topic == layout.reads.event.TOPIC and layout.length_of("subject") == subjects.shape[1]:
            fits = layout.fits(block, subjects) if len(places) == len(block) else layout.fits(block[places], subjects[places])
        if fits[0] and layout:
            found.append(Alike(layout, at[places[fits]], text, places[fits] * block.shape[1]))
        else:
            left.append(int(places[0]))
        poor += int(fits.sum() < FEW)
        fits[0] = True
        places = places[~fits]
    return [rows[place] for place in (*left, *places)]


def layout_of(value: bytes) -> Layout | None:
    """The layout of a record, None where no pattern matches it."""
    event = class_of(value)
    reads = _pattern(event) if event else None
    match = reads.match(value) if reads else None
    if reads is None or match is None:
        return None
    low = np.frombuffer(value, np.uint8).copy()
    high = low.copy()
    spans, kinds = {}, []
    for name, kind, text in zip(reads.names, reads.kinds, match.groups(), strict=True):
        if text is None:
            continue
        spans[name] = (start, end) = match.span(name.replace(".", "__"))
        low[start:end], high[start:end] = _bounds(kind, text)
        if kind in (TEXT, UID, DATE, TIME, SUBJECT) or len(_options(kind, end - start)) > 1:
            kinds.append((kind, (start, end)))
    return Layout(reads, spans, low, high - low, kinds)


@cache
def _pattern(event: type[Event]) -> Pattern | None:
    return pattern(event, None)


# --- kinds of values --------------------------------------------------------------------------------------------------
def _bounds(kind: Kind, text: bytes) -> tuple[Bytes, Bytes]:
    """The least and the greatest byte in each place of the value."""
    low = np.frombuffer(text, np.uint8).copy()
    high = low.copy()
    free = (low >= _ZERO) & (low <= _NINE)
    if kind in (TEXT, SUBJECT):
        low[:], high[:] = _PRINTABLE, 127
    elif kind is UID:
        free = low != ord("-")
        low[free], high[free] = _ZERO, ord("f")
    elif kind in (INTEGER, MINOR):
        low[free], high[free] = _ZERO, _NINE
        if len(text) > 1:
            low[np.argmax(free)] += 1  # no leading zero, no zero with a sign
    elif kind in (DATE, TIME):
        low[free], high[free] = _ZERO, _NINE
        for place, least, greatest in ((0, "1", "2"), (5, "0", "1"), (8, "0", "3"), (11, "0", "2"), (14, "0", "5"), (17, "0", "5")):
            if place < len(text):
                low[place], high[place] = ord(least), ord(greatest)
    else:
        options = _options(kind, len(text))
        low, high = options.min(axis=0), options.max(axis=0)
    return low, high


@cache
def _options(kind: Kind, length: int) -> Bytes:
    """Those of the length, one a row; none where they cannot be listed."""
    options = [option for option in kind.options if len(option) == length]
    return np.frombuffer(b"".join(options), np.uint8).reshape(len(options), length)


@cache
def _known_currencies() -> Mask:
    known = np.zeros(1 << 15, np.bool_)
    known[_number(_options(CURRENCY, 3))] = True
    return known


def _number(letters: Bytes) -> Any:
    """Of three capital letters, five bits each."""
    first, second, third = (letters[:, place].astype(np.uint16) & 31 for place in range(3))
    return (first << 10) | (second << 5) | third


def _is_option(kind: Kind, values: Bytes) -> Any:
    if kind is CURRENCY:
        return _known_currencies()[_number(values)]
    fits = np.zeros(len(values), np.bool_)
    for option in _options(kind, values.shape[1]):
        fits |= (values == option).all(axis=1)
    return fits


def _is_day(text: Bytes) -> Any:
    """YYYY-MM-DD, its places being digits already."""
    digit = text - np.uint8(_ZERO)
    year = digit[:, 0] * np.uint16(1000) + digit[:, 1] * np.uint16(100) + digit[:, 2] * np.uint16(10) + digit[:, 3]
    month, day = digit[:, 5] * np.uint8(10) + digit[:, 6], digit[:, 8] * np.uint8(10) + digit[:, 9]
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0)) & (month == 2)
    return (day >= 1) & (day <= _LAST_DAYS[month] + leap)


def _is_hour(text: Bytes) -> Any:
    return (text[:, 0] < ord("2")) | (text[:, 1] < ord("4"))

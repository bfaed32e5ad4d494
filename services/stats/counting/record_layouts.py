"""Groups records by byte layout: one record of a group is matched by its regular expression, the others by comparing bytes.

Most of a record is the same in every record of its class: names, brackets, commas. Records of one length that also have the
same text between their values have each value at the same offsets: a layout. Whether a thousand of them match the pattern is
then a handful of numpy comparisons over a thousand rows of bytes. A record that fits no layout here is not invalid: it goes to
the pattern of its class, one record at a time.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from services.stats.counting.record_patterns import (
    CURRENCY,
    DATE,
    INTEGER,
    MINOR,
    SUBJECT,
    TEXT,
    TIME,
    UID,
    Pattern,
    ValueKind,
    build_pattern,
    event_class_of,
)
from shared.delivery.raw_records import Bytes, Integers, RawRecords
from shared.events import Event

MIN_GROUP = 64  # records: below that, deriving a layout costs more than it saves
MAX_SMALL_GROUPS = 3  # layouts with fewer records tried per record length before the rest is matched one by one
_CHUNK = 2048  # records compared at a time: some megabytes, which fit the processor's cache
_PRINTABLE, _QUOTE, _BACKSLASH, _ZERO, _NINE = ord(" "), ord('"'), ord("\\"), ord("0"), ord("9")
_COLON, _BETWEEN = _NINE + 1, ord("a") - _NINE - 1  # the bytes between "9" and "a" are no hexadecimal digits
_DAY = re.compile(DATE.text.encode())
Mask: TypeAlias = npt.NDArray[np.bool_]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordLayout:
    """The byte layout shared by records of one event class and one length.

    A record fits when each of its bytes lies between `low` and `high` and each value is valid for its kind.
    """

    pattern: Pattern
    model: Bytes  # the record it was derived from
    spans: Mapping[str, Span]  # start and end offset of every value that is not null
    low: Bytes
    high: Bytes
    checks: Sequence[tuple[ValueKind, Span]]  # values for which the bounds per byte are not enough

    def length_of(self, name: str) -> int:
        start, end = self.spans[name]
        return end - start

    def fits(self, block: Bytes, keys: Bytes) -> Any:
        """Which rows match the pattern with these spans and have their subject as key. Never true for a record the pattern refuses.

        Nearly always all of them do, which takes half as long to find as which do.
        """
        least, greatest = block.min(axis=0), block.max(axis=0)
        bounded: Any = np.ones(len(block), np.bool_)
        if (least < self.low).any() or (greatest > self.high).any():
            bounded = ((block - self.low) <= self.high - self.low).all(axis=1)
            block, keys = block[bounded], keys[bounded]
        if len(block) == 0:
            return bounded
        varies = (least != self.model) | (greatest != self.model)
        fits: Any = np.ones(len(block), np.bool_)
        for valid in self._valid(block, keys, varies):
            if not valid.all():
                fits &= valid if valid.ndim == 1 else valid.all(axis=1)
        bounded[bounded] = fits
        return bounded

    def _valid(self, block: Bytes, keys: Bytes, varies: Mask) -> Iterator[Mask]:
        """Which rows, or which of their bytes, are valid; all bytes are already known to be within the bounds.

        `varies`: the offsets where some row differs from the model; a value that has none of them is valid, as it is in the model.
        """
        start, end = self.spans["subject"]
        subjects = block[:, start:end]
        yield subjects == keys
        for kind, (start, end) in self.checks:
            values = block[:, start:end]
            if kind is SUBJECT:
                yield values == subjects
            elif not varies[start:end].any():
                continue
            elif kind is TEXT:
                yield (values != _QUOTE) & (values != _BACKSLASH)
            elif kind is UID:
                yield (values - np.uint8(_COLON)) >= _BETWEEN
            elif kind in (DATE, TIME):
                yield _are_days(values[:, :10])
                if kind is TIME:
                    yield _is_hour(values[:, 11:13])
            else:
                yield _is_option(kind, values)


@dataclass(frozen=True, slots=True)
class LayoutGroup:
    """At most _CHUNK records that share a layout: their rows in the batch, and the bytes of each."""

    layout: RecordLayout
    rows: Integers
    block: Bytes

    def texts(self, path: str) -> Bytes:
        """The value at the path, a row of bytes for every record; a copy, so that the block is not kept."""
        start, end = self.layout.spans[path]
        return self.block[:, start:end].copy()


def groups(records: RawRecords, rest: list[int]) -> Iterator[LayoutGroup]:
    """The records that share a layout with others; the rows of all others are added to `rest`.

    Each group is to be read before the next is made: its bytes are in the processor's cache.
    """
    for rows in _rows_of_one_length(records):
        topic, key, value = records[int(rows[0])]
        if key and value:
            rows = yield from _groups_of_one_length(topic, len(key), records, rows, rest)  # noqa: PLW2901  # what is left of them
        rest += rows.tolist()


def _rows_of_one_length(records: RawRecords) -> Iterator[Integers]:
    """The rows of records of one topic whose keys have one length, and whose values have one."""
    topics = {topic: number for number, topic in enumerate(dict.fromkeys(part.topic for part in records.parts))}
    shapes = [(np.full_like(keys.lengths, topics[topic]), keys.lengths, values.lengths) for topic, _, keys, values in records.parts]
    columns = np.concatenate([np.zeros((3, 0), np.int64), *map(np.stack, shapes)], axis=1)
    order = np.lexsort(columns)
    begins = np.flatnonzero((np.diff(columns[:, order]) != 0).any(axis=0)) + 1
    yield from (rows for rows in np.split(order, begins) if len(rows))


def _groups_of_one_length(
    topic: str, key_length: int, records: RawRecords, rows: Integers, rest: list[int]
) -> Generator[LayoutGroup, None, Integers]:
    """The groups among records with keys and values of one length; returns the rows of those for which none was sought."""
    small_groups = 0
    while len(rows) >= MIN_GROUP and small_groups < MAX_SMALL_GROUPS:
        layout = layout_of(records[int(rows[0])][2] or b"")
        fits = np.zeros(len(rows), np.bool_)
        if layout and topic == layout.pattern.event.TOPIC and layout.length_of("subject") == key_length:
            for begin in range(0, len(rows), _CHUNK):
                chunk = rows[begin : begin + _CHUNK]
                keys, block = records.blocks(chunk)
                fits[begin : begin + _CHUNK] = fitting = layout.fits(block, keys)
                if fitting.any():
                    yield LayoutGroup(layout, chunk[fitting], block if fitting.all() else block[fitting])
        if not fits.any():
            rest.append(int(rows[0]))
            fits[0] = True
        small_groups += int(fits.sum() < MIN_GROUP)
        rows = rows[~fits]
    return rows


def layout_of(value: bytes) -> RecordLayout | None:
    """The layout of a record, None where no pattern matches it."""
    event = event_class_of(value)
    pattern = _pattern(event) if event else None
    match = pattern.match(value) if pattern else None
    if pattern is None or match is None:
        return None
    model = np.frombuffer(value, np.uint8)
    low, high = model.copy(), model.copy()
    spans, checks = {}, []
    for name, kind, text in zip(pattern.names, pattern.kinds, match.groups(), strict=True):
        if text is None:
            continue
        spans[name] = (start, end) = match.span(name.replace(".", "__"))
        low[start:end], high[start:end] = _bounds(kind, text)
        if kind in (TEXT, UID, DATE, TIME, SUBJECT) or len(_options(kind, end - start)) > 1:
            checks.append((kind, (start, end)))
    return RecordLayout(pattern=pattern, model=model, spans=spans, low=low, high=high, checks=checks)


@cache
def _pattern(event: type[Event]) -> Pattern | None:
    return build_pattern(event, None)


# --- kinds of values --------------------------------------------------------------------------------------------------
def _bounds(kind: ValueKind, text: bytes) -> tuple[Bytes, Bytes]:
    """The least and the greatest byte allowed at each offset of the value."""
    low = np.frombuffer(text, np.uint8).copy()
    high = low.copy()
    variable = (low >= _ZERO) & (low <= _NINE)
    if kind in (TEXT, SUBJECT):
        low[:], high[:] = _PRINTABLE, 127
    elif kind is UID:
        variable = low != ord("-")
        low[variable], high[variable] = _ZERO, ord("f")
    elif kind in (INTEGER, MINOR):
        low[variable], high[variable] = _ZERO, _NINE
        if len(text) > 1:
            low[np.argmax(variable)] += 1  # no leading zero, no zero with a sign
    elif kind in (DATE, TIME):
        low[variable], high[variable] = _ZERO, _NINE
        for offset, least, greatest in ((0, "1", "2"), (5, "0", "1"), (8, "0", "3"), (11, "0", "2"), (14, "0", "5"), (17, "0", "5")):
            if offset < len(text):
                low[offset], high[offset] = ord(least), ord(greatest)
    else:
        options = _options(kind, len(text))
        low, high = options.min(axis=0), options.max(axis=0)
    return low, high


@cache
def _options(kind: ValueKind, length: int) -> Bytes:
    """The options of this length, one per row; none where the kind cannot be listed."""
    options = [option for option in kind.options if len(option) == length]
    return np.frombuffer(b"".join(options), np.uint8).reshape(len(options), length)


@cache
def _known_currencies() -> Mask:
    known = np.zeros(1 << 15, np.bool_)
    known[_number(_options(CURRENCY, 3))] = True
    return known


def _number(letters: Bytes) -> Any:
    """Three capital letters as one number, five bits each."""
    first, second, third = (letters[:, index].astype(np.uint16) & 31 for index in range(3))
    return (first << 10) | (second << 5) | third


def _is_option(kind: ValueKind, values: Bytes) -> Any:
    if kind is CURRENCY:
        return _known_currencies()[_number(values)]
    fits = np.zeros(len(values), np.bool_)
    for option in _options(kind, values.shape[1]):
        fits |= (values == option).all(axis=1)
    return fits


def _are_days(text: Bytes) -> Any:
    """Whether each is in the calendar, asked once of those that follow the same one: what is recorded together is mostly of one day."""
    days = np.ascontiguousarray(text).view(f"S{text.shape[1]}").ravel()
    starts = np.concatenate(([0], np.flatnonzero(days[1:] != days[:-1]) + 1))
    return np.repeat([_is_day(day) for day in days[starts].tolist()], np.diff(starts, append=len(days)))


@lru_cache(maxsize=100_000)
def _is_day(text: bytes) -> bool:
    return _DAY.fullmatch(text) is not None


def _is_hour(text: Bytes) -> Any:
    return (text[:, 0] < ord("2")) | (text[:, 1] < ord("4"))

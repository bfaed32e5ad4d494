"""Records as columns: buffers that hold keys and values, and where in them each lies, without an object per record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias, overload

import numpy as np
import numpy.typing as npt

Raw = tuple[str, bytes | None, bytes | None]  # logical topic, key, value
Bytes: TypeAlias = npt.NDArray[np.uint8]
Integers: TypeAlias = npt.NDArray[np.int64]


class Spans(NamedTuple):
    """Where in a buffer the key or value of each record begins, and how many bytes it takes; -1: it is null."""

    begins: Integers
    lengths: Integers

    def take(self, rows: Any) -> Spans:
        return Spans(self.begins[rows], self.lengths[rows])

    def text(self, data: bytes, row: int) -> bytes | None:
        begin, length = int(self.begins[row]), int(self.lengths[row])
        return None if length < 0 else data[begin : begin + length]


class RawPart(NamedTuple):
    """Records of one topic (its logical name) whose keys and values lie in one buffer."""

    topic: str
    data: bytes
    keys: Spans
    values: Spans

    def take(self, rows: Any) -> RawPart:
        """Of the records at these indexes, or that a mask names."""
        return self._replace(keys=self.keys.take(rows), values=self.values.take(rows))


@dataclass(frozen=True, slots=True, eq=False)
class RawRecords(Sequence[Raw]):
    """The records of a batch, in order. `begins`: the row of the first record of each part, and last how many there are."""

    parts: Sequence[RawPart]
    begins: Integers

    def __len__(self) -> int:
        return int(self.begins[-1])

    @overload
    def __getitem__(self, row: int) -> Raw: ...
    @overload
    def __getitem__(self, row: slice) -> RawRecords: ...
    def __getitem__(self, row: int | slice) -> Raw | RawRecords:
        if isinstance(row, slice):
            return self.take(np.arange(len(self))[row])
        if not 0 <= row < len(self):
            raise IndexError(row)
        number = int(np.searchsorted(self.begins, row, side="right")) - 1
        part, inside = self.parts[number], row - int(self.begins[number])
        return part.topic, part.keys.text(part.data, inside), part.values.text(part.data, inside)

    def take(self, rows: Integers) -> RawRecords:
        """The records in these rows, which ascend."""
        return join([part.take(inside) for part, inside in self.by_part(rows)])

    def by_part(self, rows: Integers) -> Iterator[tuple[RawPart, Integers]]:
        """Each part that has some of these rows, which ascend, and their indexes in it."""
        cuts = np.searchsorted(rows, self.begins)
        for number, (begin, end) in enumerate(pairwise(cuts)):
            if begin < end:
                yield self.parts[number], rows[begin:end] - self.begins[number]

    def blocks(self, rows: Integers) -> tuple[Bytes, Bytes]:
        """The keys and the values in these rows, which ascend: a row of bytes each. All keys have one length, and all values."""
        parts = list(self.by_part(rows))
        keys = [_block(part.data, part.keys.take(inside)) for part, inside in parts]
        values = [_block(part.data, part.values.take(inside)) for part, inside in parts]
        return _stacked(keys), _stacked(values)


def join(parts: Sequence[RawPart]) -> RawRecords:
    return RawRecords(parts, np.array([0, *accumulate(len(part.keys.begins) for part in parts)], np.int64))


def raw_records(records: Sequence[Raw]) -> RawRecords:
    """The same records as columns."""
    if isinstance(records, RawRecords):
        return records
    return join([raw_part(topic, [record[1:] for record in same]) for topic, same in groupby(records, key=itemgetter(0))])


def raw_part(topic: str, records: Sequence[tuple[bytes | None, bytes | None]]) -> RawPart:
    """Keys and values of records of the topic, as columns."""
    texts = [text for record in records for text in record]
    lengths = np.array([-1 if text is None else len(text) for text in texts], np.int64).reshape(-1, 2)
    begins = np.array([0, *accumulate(len(text or b"") for text in texts)][:-1], np.int64).reshape(-1, 2)
    keys, values = (Spans(begins[:, column], lengths[:, column]) for column in range(2))
    return RawPart(topic, b"".join(filter(None, texts)), keys, values)


def _stacked(blocks: Sequence[Bytes]) -> Bytes:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)


def _block(data: bytes, spans: Spans) -> Bytes:
    return windows(data, spans.begins, int(spans.lengths[0]))


def windows(data: bytes, begins: Integers, length: int) -> Bytes:
    """So many bytes from each place on, one row each. Raises IndexError where they lead beyond the end."""
    if len(data) < length:
        raise IndexError(length)
    every = np.ndarray((len(data) - length + 1, length), np.uint8, data, strides=(1, 1))  # from each byte on: no byte is copied
    found: Bytes = every[begins]
    return found

"""Stored record batches read as columns: where each key and value lies in the decompressed bytes.

What one relay has sent looks alike: offsets and numbers follow each other, and each record has the relay's two headers. Such records are
a run: they are read, and found to be one, by a few operations on whole columns. Whatever looks different is read record by record by
aiokafka. The format: https://kafka.apache.org/documentation/#messageformat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from aiokafka import codec

from shared.delivery.aiokafka_internals import StoredBatch
from shared.delivery.numbering import CONTENT_TYPE, SEQUENCE, Number, number_of, read_number
from shared.delivery.raw_records import Bytes, Integers, RawPart, Spans, raw_part, windows

TOGETHER = 16  # batches: some megabytes, which stay in the processor's cache while they are read
_FORMAT = 2
_COUNT = slice(57, 61)  # of a batch: how many records it has; they follow, compressed together
_DECODERS: Mapping[int, Callable[[bytes], bytes]] = {0: bytes, 4: codec.zstd_decode}  # by compression; relays use the second
_LONGEST_VARINT = 5


@dataclass(frozen=True, slots=True, eq=False)
class StoredRecords:
    """Records of a partition in order. `first`: the number of the first one, where each other has the next number; None: see `numbers`."""

    raw: RawPart
    offsets: Integers
    first: Number | None
    numbers: Sequence[Number | None] = ()

    def each_number(self) -> Sequence[Number | None]:
        if self.first is None:
            return self.numbers
        epoch, number = self.first
        return [Number(epoch, number + index) for index in range(len(self.offsets))]


def read_stored(topic: str, batches: Sequence[StoredBatch]) -> Iterator[StoredRecords]:
    """The records of batches of one partition, in order. `topic`: its logical name."""
    for begin in range(0, len(batches), TOGETHER):
        together = batches[begin : begin + TOGETHER]
        run = _read_run(topic, together)
        if run is not None:
            yield run
        else:
            yield from (_read_run(topic, [batch]) or _read_each(topic, batch) for batch in together)


def _read_each(topic: str, batch: StoredBatch) -> StoredRecords:
    records = batch.records()
    raw = raw_part(topic, [(record.key, record.value) for record in records])
    return StoredRecords(raw, np.array([record.offset for record in records], np.int64), None, [number_of(record) for record in records])


def _read_run(topic: str, batches: Sequence[StoredBatch]) -> StoredRecords | None:
    """None: they are no run."""
    if not all(batch.whole and batch.decoder.magic == _FORMAT and batch.decoder.compression_type in _DECODERS for batch in batches):
        return None
    counts = [int.from_bytes(batch.stored[_COUNT], "big") for batch in batches]
    data = b"".join(_DECODERS[batch.decoder.compression_type](batch.stored[_COUNT.stop :]) for batch in batches)
    try:
        bodies = _bodies(data)
        if bodies is None or len(bodies) != sum(counts) + 1:
            return None
        return _run(topic, data, bodies, np.repeat([batch.decoder.base_offset for batch in batches], counts))
    except IndexError:  # a length leads beyond the end
        return None


def _bodies(data: bytes) -> Integers | None:
    """Where each record begins, after its length, and last where the data end. None: a length has not two bytes. Raises IndexError."""
    bodies, at = list[int](), 2
    while at < len(data) + 2:
        bodies.append(at)
        at += (data[at - 2] & 127 | data[at - 1] << 7) // 2 + 2
    bodies.append(at)
    found, buffer = np.array(bodies, np.int64), np.frombuffer(data, np.uint8)
    two_bytes = (buffer[found[:-1] - 2] > 127) & (buffer[found[:-1] - 1] < 128)
    return found if at == len(data) + 2 and two_bytes.all() else None


def _run(topic: str, data: bytes, bodies: Integers, base_offsets: Integers) -> StoredRecords | None:
    buffer = np.frombuffer(data, np.uint8)
    ends = bodies[1:] - 2
    if buffer[bodies[:-1]].any():  # attributes, of which none is in use
        return None
    _, at = _varints(buffer, bodies[:-1] + 1)  # the time
    deltas, at = _varints(buffer, at)
    offsets = base_offsets + deltas
    keys, at = _texts(buffer, at)
    values, at = _texts(buffer, at)
    if not (_follow(offsets) and (keys.lengths >= 0).all() and (values.lengths >= 0).all()):
        return None
    if not (windows(data, at, len(_HEADERS)) == np.frombuffer(_HEADERS, np.uint8)).all():
        return None
    numbers, at = _texts(buffer, at + len(_HEADERS))
    first = read_number(numbers.text(data, 0))
    if first is None or not (at == ends).all() or not _are_numbered(data, numbers, first):
        return None
    return StoredRecords(RawPart(topic, data, keys, values), offsets, first)


def _varints(buffer: Bytes, at: Integers) -> tuple[Integers, Integers]:
    """The integers at these places, and the places after them. Raises IndexError."""
    read = np.zeros(len(at), np.int64)
    more = np.ones(len(at), np.bool_)
    for byte in range(_LONGEST_VARINT):
        found = np.where(more, buffer[at], 0).astype(np.int64)
        read |= (found & 127) << (7 * byte)
        at = at + more
        more = found > 127
        if not more.any():
            return (read >> 1) ^ -(read & 1), at
    raise IndexError("longer than any that a relay writes")


def _texts(buffer: Bytes, at: Integers) -> tuple[Spans, Integers]:
    lengths, begins = _varints(buffer, at)
    return Spans(begins, lengths), begins + np.maximum(lengths, 0)


def _follow(numbers: Integers) -> bool:
    return bool((np.diff(numbers) == 1).all())


def _are_numbered(data: bytes, texts: Spans, first: Number) -> bool:
    """Whether they read as the numbers from the first on, compared for one number of digits after the other."""
    epoch, number, end = b"%d." % first.epoch, first.number, first.number + len(texts.begins)
    while number < end:
        digits = len(b"%d" % number)
        upto = min(end, 10**digits)
        rows = slice(number - first.number, upto - first.number)
        length = len(epoch) + digits
        if not (texts.lengths[rows] == length).all():
            return False
        written = windows(data, texts.begins[rows], length)
        expected = np.arange(number, upto)[:, None] // 10 ** np.arange(digits - 1, -1, -1) % 10 + ord("0")
        if not ((written[:, : len(epoch)] == np.frombuffer(epoch, np.uint8)).all() and (written[:, len(epoch) :] == expected).all()):
            return False
        number = upto
    return True


def _zigzag(length: int) -> bytes:
    return bytes([2 * length])


# What stands between a value and its number: how many headers there are, the first, and the name of the second.
_HEADERS = b"".join((_zigzag(2), *(_zigzag(len(text)) + text for text in (CONTENT_TYPE[0].encode(), CONTENT_TYPE[1], SEQUENCE.encode()))))

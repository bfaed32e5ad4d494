"""Stored record batches read as columns: where each key and value lies in the decompressed bytes.

What one relay has sent looks alike: offsets and numbers follow each other, and each record has the relay's two headers. Such records are
a run: they are read, and found to be one, by a few operations on whole columns. Whatever looks different is read record by record by
aiokafka. The format: https://kafka.apache.org/documentation/#messageformat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from aiokafka import codec

from shared.delivery.aiokafka_internals import LightRecord, StoredBatch, StoredBatches
from shared.delivery.numbering import CONTENT_TYPE, SEQUENCE, KafkaRecord, Number, Verdict, accept, first_of_run, read_number
from shared.delivery.raw_records import Bytes, Integers, RawPart, Spans, raw_part, windows

TOGETHER = 32  # batches: some megabytes, which stay in the processor's cache while they are read
SHORTEST_RUN = 50  # records: fewer are read as fast one by one
_MAGIC = 16  # where a batch says in which format it is
_FORMAT, _BY_PRODUCER = 2, 0  # of a batch; who has set the times
_COUNT = slice(57, 61)  # of a batch: how many records it has; they follow, compressed together
_DECODERS: Mapping[int, Callable[[bytes], bytes]] = {0: bytes, 4: codec.zstd_decode}  # by compression; relays use the second
_LONGEST_VARINT = 5


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RecordRun(Sequence[LightRecord]):
    """Records of a partition that follow each other in offset and number; one is made when it is asked for.

    `topic`: as the cluster names it; `first`: the number of the first; `times`: milliseconds since 1970.
    """

    topic: str
    partition: int
    data: bytes
    first_offset: int
    first: Number
    times: Integers
    keys: Spans
    values: Spans

    def __len__(self) -> int:
        return len(self.times)

    @overload
    def __getitem__(self, row: int) -> LightRecord: ...
    @overload
    def __getitem__(self, row: slice) -> RecordRun: ...
    def __getitem__(self, row: int | slice) -> LightRecord | RecordRun:
        if isinstance(row, slice):
            begin, end, step = row.indices(len(self))
            if step != 1:
                raise ValueError("the records of a run follow each other: a slice has no step")
            return self._cut(begin, end)
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        index = row % len(self)
        number = Number(self.first.epoch, self.first.number + index)
        return LightRecord(
            topic=self.topic,
            partition=self.partition,
            offset=self.first_offset + index,
            timestamp=int(self.times[index]),
            key=self.keys.text(self.data, index),
            value=self.values.text(self.data, index),
            headers=(CONTENT_TYPE, (SEQUENCE, str(number).encode())),
        )

    def _cut(self, begin: int, end: int) -> RecordRun:
        rows = slice(begin, end)
        return replace(
            self,
            first_offset=self.first_offset + begin,
            first=Number(self.first.epoch, self.first.number + begin),
            times=self.times[rows],
            keys=self.keys.take(rows),
            values=self.values.take(rows),
        )

    def with_key(self, key: bytes) -> list[LightRecord]:
        rows = np.flatnonzero(self.keys.lengths == len(key)).tolist()
        return [self[row] for row in rows if self.keys.text(self.data, row) == key]


def raw_of(topic: str, records: Sequence[KafkaRecord]) -> RawPart:
    """Records of a partition as columns, under the topic's logical name."""
    if isinstance(records, RecordRun):
        return RawPart(topic, records.data, records.keys, records.values)
    return raw_part(topic, [(record.key, record.value) for record in records])


def first_if_next(records: Sequence[KafkaRecord], expected: Number) -> Number | None:
    """The number of the first record when every record is the next one; None: each has to be judged."""
    if isinstance(records, RecordRun):
        return records.first if accept(expected, records.first) is Verdict.ACCEPTED else None
    return first_of_run(records, expected)


def read_stored(stored: StoredBatches) -> Iterator[Sequence[LightRecord]]:
    """The records of the batches, in order: runs, and between them those that are none."""
    for begin in range(0, len(stored.batches), TOGETHER):
        together = stored._replace(batches=stored.batches[begin : begin + TOGETHER])
        decompressed = _decompress(together.batches)
        run = _read_run(together, decompressed)
        if run is not None:
            del decompressed  # while the run is used
            yield run
            continue
        for index, batch in enumerate(together.batches):
            alone = _decompress([batch]) if decompressed is None else [decompressed[index]]
            records = _read_run(stored._replace(batches=[batch]), alone) or list(batch.records(stored.topic, stored.partition))
            if records:
                yield records


def _decompress(batches: Sequence[StoredBatch]) -> Sequence[bytes] | None:
    """The records of each batch. None: one is not as relays store them, or they are so few that it does not pay."""
    if not all(map(_is_usual, batches)) or sum(map(_count, batches)) < SHORTEST_RUN:
        return None
    return [_DECODERS[batch.decoder.compression_type](batch.stored[_COUNT.stop :]) for batch in batches]


def _count(batch: StoredBatch) -> int:
    return int.from_bytes(batch.stored[_COUNT], "big")


def _read_run(stored: StoredBatches, decompressed: Sequence[bytes] | None) -> RecordRun | None:
    """None: they are no run."""
    if decompressed is None:
        return None
    decoders, counts = [batch.decoder for batch in stored.batches], [*map(_count, stored.batches)]
    data = b"".join(decompressed)
    try:
        bodies = _bodies(data)
        if bodies is None or len(bodies) != sum(counts) + 1:
            return None
        base_offsets = np.repeat([decoder.base_offset for decoder in decoders], counts)
        base_times = np.repeat([decoder.first_timestamp for decoder in decoders], counts)
        return _run(stored, data, bodies, base_offsets, base_times)
    except IndexError:  # a length leads beyond the end
        return None


def _is_usual(batch: StoredBatch) -> bool:
    if batch.stored[_MAGIC] != _FORMAT:  # the decoder of an older one does not say
        return False
    decoder = batch.decoder
    return bool(batch.whole and decoder.timestamp_type == _BY_PRODUCER and decoder.compression_type in _DECODERS)


def _bodies(data: bytes) -> Integers | None:
    """Where each record begins, after its length, and last where the data end. None: a length has not two bytes or is negative.

    Raises IndexError.
    """
    bodies, at, end = list[int](), 2, len(data) + 2
    while at < end:
        bodies.append(at)
        at += (data[at - 2] & 127 | data[at - 1] << 7) // 2 + 2
    bodies.append(at)
    found, buffer = np.array(bodies, np.int64), np.frombuffer(data, np.uint8)
    first, second = buffer[found[:-1] - 2], buffer[found[:-1] - 1]
    sound = (first > 127) & (first % 2 == 0) & (second < 128)  # an odd one is negative
    return found if at == end and sound.all() else None


def _run(stored: StoredBatches, data: bytes, bodies: Integers, base_offsets: Integers, base_times: Integers) -> RecordRun | None:
    buffer = np.frombuffer(data, np.uint8)
    if buffer[bodies[:-1]].any():  # attributes, of which none is in use
        return None
    times, at = _varints(buffer, bodies[:-1] + 1)
    offsets, at = _varints(buffer, at)
    keys, at = _texts(buffer, at)
    values, at = _texts(buffer, at)
    if (np.diff(base_offsets + offsets) != 1).any() or (keys.lengths < 0).any() or (values.lengths < 0).any():
        return None
    if (windows(data, at, len(_HEADERS)) != np.frombuffer(_HEADERS, np.uint8)).any():
        return None
    numbers, at = _texts(buffer, at + len(_HEADERS))
    first = read_number(numbers.text(data, 0))
    if first is None or (at != bodies[1:] - 2).any() or not _are_numbered(data, numbers, first):
        return None
    return RecordRun(
        topic=stored.topic,
        partition=stored.partition,
        data=data,
        first_offset=int(base_offsets[0] + offsets[0]),
        first=first,
        times=base_times + times,
        keys=keys,
        values=values,
    )


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

"""Stored batches read as columns hold what aiokafka reads of them, and only what is surely a run is taken as one."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import chain, pairwise
from typing import Any

import pytest
from aiokafka.codec import zstd_decode
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.delivery import event_log, record_runs
from shared.delivery.aiokafka_internals import LightRecord, StoredBatch, StoredBatches
from shared.delivery.event_log import Mark, ReadRun
from shared.delivery.numbering import CONTENT_TYPE, Number
from shared.delivery.positions import TopicPartition
from shared.delivery.record_runs import RecordRun, raw_of, read_stored


@pytest.fixture(autouse=True)
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of a few records, read as many are."""
    monkeypatch.setattr(record_runs, "SHORTEST_RUN", 1)


NONE, GZIP, ZSTD = 0, 1, 4
KEY = b"00000001-0000-7000-8000-000000000001"
Headers = list[tuple[str, bytes | None]]


def usual(number: int, epoch: int = 1) -> Headers:
    return [CONTENT_TYPE, ("sequence", b"%d.%d" % (epoch, number))]


def record(number: int, *, key: bytes | None = KEY, value: bytes | None = b"", headers: Headers | None = None) -> Any:
    return key, b'{"number":%d}' % number + b" " * (number % 90) if value == b"" else value, usual(number) if headers is None else headers


def a_batch(records: Iterable[Any], *, offset: int = 0, compression: int = ZSTD, begin: int = 0) -> StoredBatch:
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=compression, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1, batch_size=1 << 20
    )
    for number, (key, value, headers) in enumerate(records):
        assert builder.append(number, 1_000 + 70 * number, key, value, headers) is not None
    return stored(offset.to_bytes(8, "big") + bytes(builder.build())[8:], begin)


def stored(data: bytes, begin: int = 0) -> StoredBatch:
    return StoredBatch(data, MemoryRecords(data).next_batch(), begin)


def with_checksum(data: bytearray) -> StoredBatch:
    data[17:21] = struct.pack(">I", calc_crc32c(bytes(data[21:])))
    return stored(bytes(data))


def emptied_batch(offset: int) -> StoredBatch:
    """Of which no record is left."""
    data = bytearray(a_batch([record(n) for n in range(8)], offset=offset, compression=NONE).stored[:61])
    data[8:12], data[57:61] = struct.pack(">i", 61 - 12), bytes(4)
    return with_checksum(data)


def together(*batches: StoredBatch) -> StoredBatches:
    return StoredBatches("test.docking.events", 2, batches)


def by_aiokafka(*batches: StoredBatch) -> list[LightRecord]:
    again = [stored(batch.stored, batch.begin).records("test.docking.events", 2) for batch in batches]
    return [one._replace(headers=tuple(one.headers)) for records in again for one in records]


def run_of(batch: StoredBatch) -> RecordRun | None:
    return record_runs._read_run(together(batch), record_runs._decompress([batch]))


def is_run(*batches: StoredBatch) -> bool:
    expected, read = by_aiokafka(*batches), [*read_stored(together(*batches))]
    assert [one._replace(headers=tuple(one.headers)) for one in chain(*read)] == expected
    return len(read) == 1 and isinstance(read[0], RecordRun)


@pytest.mark.parametrize("compression", [NONE, ZSTD])
def test_what_a_relay_has_sent_is_a_run_over_several_batches(compression: int) -> None:
    first, second, third = [record(n) for n in range(95)], [record(n) for n in range(95, 1_020)], [record(1_020)]
    assert is_run(a_batch(first, offset=7, compression=compression), a_batch(second, offset=102), a_batch(third, offset=1_027))


@pytest.mark.parametrize(
    "odd",
    [
        record(5, key=None),
        record(5, value=None),
        record(5, value=b"x" * 9_000),  # its length takes three bytes
        record(5, headers=[]),
        record(5, headers=[CONTENT_TYPE]),
        record(5, headers=[*usual(5), ("after", b"0@12 of 6")]),
        record(5, headers=[*reversed(usual(5))]),
        record(5, headers=[("content-type", b"application/json"), usual(5)[1]]),
        record(5, headers=[CONTENT_TYPE, ("sequence", None)]),
        record(5, headers=[CONTENT_TYPE, ("sequencf", b"1.5")]),
        record(5, headers=[CONTENT_TYPE, ("sequence", b"1.05")]),
        record(5, headers=[CONTENT_TYPE, ("sequence", b"1.5 ")]),
        record(5, headers=usual(6)),
        record(5, headers=usual(4)),
        record(5, headers=usual(5, epoch=2)),
    ],
)
def test_one_odd_record_makes_its_batch_no_run_and_every_record_is_read_all_the_same(odd: Any) -> None:
    with_odd = [odd if number == 5 else record(number) for number in range(10)]
    assert not is_run(a_batch(with_odd))
    before, after = a_batch([record(n) for n in range(10, 20)], offset=10), a_batch([record(n) for n in range(20, 30)], offset=20)
    assert not is_run(a_batch(with_odd), before, after)
    found = [*read_stored(together(a_batch(with_odd), before, after))]
    assert [run.first for run in found if isinstance(run, RecordRun)] == [Number(1, 10), Number(1, 20)]


def test_no_batch_is_decompressed_twice_because_another_is_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    decompressed = list[bytes]()

    def decompress(stored: bytes) -> Any:
        decompressed.append(stored)
        return zstd_decode(stored)

    monkeypatch.setattr(record_runs, "_DECODERS", {ZSTD: decompress})
    odd = a_batch([record(0, key=None)])
    found = [*read_stored(together(odd, *(a_batch([record(n)], offset=n) for n in (1, 2))))]
    assert [isinstance(one, RecordRun) for one in found] == [False, True, True]
    assert len(decompressed) == 3


def test_the_first_record_may_have_any_number_and_the_digits_may_become_more() -> None:
    for first in (0, 9, 98, 99_999_999_999_999_990):
        assert is_run(a_batch([record(n, value=b"{}" * 50) for n in range(first, first + 25)]))
    assert is_run(a_batch([record(n, headers=usual(n, epoch=123_456_789)) for n in range(5)]))


def test_a_gap_between_offsets_or_numbers_of_two_batches_ends_a_run() -> None:
    first = [record(n) for n in range(5)]
    assert is_run(a_batch(first), a_batch([record(n) for n in range(5, 9)], offset=5))
    assert not is_run(a_batch(first), a_batch([record(n) for n in range(5, 9)], offset=6))
    assert not is_run(a_batch(first), a_batch([record(n) for n in range(6, 9)], offset=5))
    assert not is_run(a_batch(first), a_batch(first, offset=5))


def test_a_batch_of_which_the_beginning_is_not_wanted_and_one_in_another_compression_are_read_by_record() -> None:
    records = [record(n) for n in range(9)]
    assert not is_run(a_batch(records, begin=4))
    assert next(chain(*read_stored(together(a_batch(records, begin=4))))).offset == 4
    assert not is_run(a_batch(records, compression=GZIP))


def test_a_record_whose_length_is_negative_is_in_no_run() -> None:
    data = bytearray(a_batch([record(n) for n in range(5)], compression=NONE).stored)
    data[61] ^= 1  # the sign
    batch = with_checksum(data)
    assert run_of(batch) is None
    with pytest.raises(CorruptRecordException):
        by_aiokafka(batch)


@pytest.mark.parametrize("begin", [0, 2])
def test_a_header_whose_name_is_no_utf8_does_not_keep_its_batch_from_being_read(begin: int) -> None:
    plain = a_batch([record(n, headers=[*usual(n), ("odd name", b"\xff")]) for n in range(5)], compression=NONE, begin=begin)
    odd = with_checksum(bytearray(plain.stored.replace(b"odd name", b"odd\xffname")))._replace(begin=begin)
    expected = [one._replace(headers=(*one.headers[:2], ("odd\ufffdname", b"\xff"))) for one in by_aiokafka(plain)]
    assert [one._replace(headers=tuple(one.headers)) for one in chain(*read_stored(together(odd)))] == expected


@pytest.mark.parametrize("compression", [NONE, GZIP])
def test_batches_of_the_format_before_headers_are_read_by_record(compression: int) -> None:
    builder = LegacyRecordBatchBuilder(magic=1, compression_type=compression, batch_size=1 << 20)
    for number in range(3):
        builder.append(number, 1_000, KEY, b"value %d" % number)
    data = bytes(builder.build())
    begins, at = list[int](), 0  # uncompressed, each record is a batch
    while at < len(data):
        begins.append(at)
        at += 12 + int.from_bytes(data[at + 8 : at + 12], "big")
    read = [*chain(*read_stored(together(*(stored(data[begin:end]) for begin, end in pairwise([*begins, len(data)])))))]
    assert [(one.offset, one.key, one.value, [*one.headers]) for one in read] == [(n, KEY, b"value %d" % n, []) for n in range(3)]


def test_a_batch_whose_records_have_gone_holds_none() -> None:
    """A topic that was compacted keeps batches without records."""
    emptied = StoredBatches("test.docking.events", 2, [emptied_batch(offset=0), emptied_batch(offset=8)])
    partition = TopicPartition("docking.events", 2)
    assert [*read_stored(emptied)] == []
    assert event_log._accept_fetched({partition: [emptied]}, {partition: Mark()}, {partition: 16}) == {partition: [ReadRun(Mark(16), [])]}


def test_batches_are_read_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_runs, "TOGETHER", 2)
    batches = [a_batch([record(n)], offset=n) for n in range(5)]
    assert [len(run) for run in read_stored(together(*batches))] == [2, 2, 1]


def test_a_few_records_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_runs, "SHORTEST_RUN", 4)
    assert not is_run(a_batch([record(n) for n in range(3)]))
    assert is_run(a_batch([record(n) for n in range(3)]), a_batch([record(3)], offset=3))


def test_a_run_is_a_sequence_of_its_records() -> None:
    batch = a_batch([record(n) for n in range(7, 16)], offset=20)
    [run], expected = read_stored(together(batch)), by_aiokafka(batch)
    assert isinstance(run, RecordRun)
    assert ([run[0], run[-1], run[4]], [*run[2:5]], [*run[:0]]) == ([expected[0], expected[-1], expected[4]], expected[2:5], [])
    assert (run[2:5].first, run[2:5].first_offset) == (Number(1, 9), 22)
    assert run.with_key(KEY) == expected
    assert [*raw_of("docking.events", run).keys.lengths] == [len(KEY)] * 9
    with pytest.raises(IndexError):
        run[9]
    with pytest.raises(ValueError, match="follow each other"):
        run[::2]


@given(st.lists(st.tuples(st.integers(57, 700), st.integers(0, 255)), min_size=1, max_size=3))
@settings(max_examples=1000, deadline=None)
def test_bytes_changed_at_random_are_never_read_as_another_run_than_aiokafka_reads(changes: list[tuple[int, int]]) -> None:
    data = bytearray(a_batch([record(n) for n in range(5)], compression=NONE).stored)
    for at, byte in changes:
        data[min(at, len(data) - 1)] = byte
    batch = with_checksum(data)
    run = run_of(batch)
    if run is not None:
        assert [*run] == by_aiokafka(batch)

"""Results come back from the processes that read the log, or ReaderLost."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from services.stats.replay import log_shards
from services.stats.replay.log_shards import WORTH_A_PROCESS, LogShard, ReaderLost
from shared.delivery.positions import TopicPartition
from shared.settings import Settings


@pytest.mark.parametrize(
    "sent", [b"", b"\0\0\x01\0a quarter of a kilobyte, of which this is all"], ids=["silent", "in the middle of its result"]
)
def test_a_reader_that_ends_before_its_result_is_lost(sent: bytes) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    os.write(theirs.fileno(), sent)
    theirs.close()
    with ours, pytest.raises(ReaderLost, match=f"process {os.getpid()}, which read a shard of the log"):
        log_shards._receive_results([(multiprocessing.current_process(), ours)], lambda _records: None)


@pytest.mark.parametrize(
    ("records", "cores", "several"),
    [(0, 8, 1), (WORTH_A_PROCESS, 8, 1), (3 * WORTH_A_PROCESS, 8, 3), (50 * WORTH_A_PROCESS, 8, 8), (50 * WORTH_A_PROCESS, None, 1)],
)
def test_a_short_log_is_read_by_fewer_processes_than_there_are_cores(
    records: int, cores: int | None, several: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    half = records // 2
    upto = {TopicPartition("docking.events", 0): half, TopicPartition("docking.events", 1): records - half}
    assert log_shards.readers(LogShard(Settings.model_construct(), upto, frozenset())) == several

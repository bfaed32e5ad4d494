"""Results come back from the processes that read the log, or ReaderLost."""

from __future__ import annotations

import multiprocessing
import os

import pytest

from services.stats.replay import log_shards
from services.stats.replay.log_shards import ReaderLost


@pytest.mark.parametrize(
    "sent", [b"", b"\0\0\x01\0a quarter of a kilobyte, of which this is all"], ids=["silent", "in the middle of its result"]
)
def test_a_reader_that_ends_before_its_result_is_lost(sent: bytes) -> None:
    ours, theirs = multiprocessing.Pipe(duplex=False)
    os.write(theirs.fileno(), sent)
    theirs.close()
    with ours, pytest.raises(ReaderLost, match=f"process {os.getpid()}, which read a shard of the log"):
        log_shards._receive_results([(multiprocessing.current_process(), ours)], lambda _records: None)

"""What the peers of the bench are given is ours: the fold, and the Flink job."""

from __future__ import annotations

import json
from collections import Counter

from console.commands.flink_job import Job, compile_job
from services.stats.counting import columnar_fold
from tests.bench import programme_log
from tests.bench.peer_flink import exactly_once
from tests.bench.peer_fold import contributions

EVENTS = 14 * 300


def test_the_fold_written_out_for_the_peers_gives_the_cells_of_ours() -> None:
    values = [value for *_, value in programme_log.records(EVENTS, partitions=6)]
    theirs: Counter[str] = Counter()
    for value in values:
        for cell, amount in contributions(json.loads(value)):
            theirs[cell] += amount
    assert theirs == {"\t".join(map(str, cell)): value for cell, value in columnar_fold.fold(values).items()}


def test_the_flink_peer_runs_the_printed_job_but_streaming_and_in_transactions() -> None:
    printed = compile_job(Job("broker:9092", bounded=True))
    run = exactly_once(printed).splitlines()
    assert {line for line in run if line not in printed.splitlines()} == {
        "SET 'execution.runtime-mode' = 'streaming';",
        "    'sink.delivery-guarantee' = 'exactly-once',",
        "    'sink.transactional-id-prefix' = 'cells',",
        "    'properties.transaction.timeout.ms' = '600000',",
    }

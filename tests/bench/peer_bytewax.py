"""The fold as a Bytewax dataflow: the cells of a day of recording are one state, snapshot with the log's offsets at every epoch.

A state per cell, which `fold_final` would make of it, took six times as long.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main
from bytewax.testing import TestingSink
from orjson import loads

from tests.bench.peer_fold import COMMIT_SECONDS, Folded, Task, contributions, read_task, recorded_on, write_result

Cells = dict[str, int]


class Day(StatefulBatchLogic):  # type: ignore[misc]  # untyped where Bytewax is not installed
    """Kept when the log has been read, so that the last snapshot holds it too: `fold_final` drops its state there."""

    def __init__(self, snapshot: Cells | None) -> None:
        self.cells: Cells = snapshot or {}

    def on_batch(self, values: list[list[tuple[str, int]]]) -> tuple[Iterable[Cells], bool]:
        cells = self.cells
        for contributed in values:
            for cell, amount in contributed:
                cells[cell] = cells.get(cell, 0) + amount
        return (), self.RETAIN

    def on_eof(self) -> tuple[Iterable[Cells], bool]:
        return (self.cells,), self.RETAIN

    def snapshot(self) -> Cells:
        return self.cells.copy()


def fold(task: Task) -> tuple[Folded, list[tuple[str, Cells]]]:
    """The last commit is the last snapshot; with it the cells of each day."""
    began: list[float] = []
    days: list[tuple[str, Cells]] = []

    def read(message: Any) -> tuple[str, list[tuple[str, int]]]:
        if not began:
            began.append(time.perf_counter())
        event = loads(message.value)
        return recorded_on(event), contributions(event)

    flow = Dataflow("fold")
    log = op.input("log", flow, KafkaSource([task.bootstrap], task.topics, tail=False))
    cells = op.stateful_batch("cells", op.map("read", log, read), Day)
    op.output("days", cells, TestingSink(days))
    state = Path(task.folder) / "state"
    state.mkdir()
    init_db_dir(state, 1)
    cli_main(flow, epoch_interval=timedelta(seconds=COMMIT_SECONDS), recovery_config=RecoveryConfig(state))
    return Folded.since(began[0]), days


if __name__ == "__main__":
    task = read_task()
    folded, days = fold(task)
    write_result(task, folded, (cell for _, cells in days for cell in cells.items()))

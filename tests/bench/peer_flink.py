"""The fold as the job that `laowu flink-sql` prints, on Flink in one process: streaming up to the end of the log.

State lies on the heap with a checkpoint every few seconds, and the cells go out in Kafka transactions. The job also drops repeats by
the events' ids, which the others need not do. It runs in a Python that has our own packages.
"""

from __future__ import annotations

import asyncio
import re
import resource
from pathlib import Path

from console.commands.flink_job import CELLS, Job, compile_job
from shared.events import DOCKING
from tests.bench import flink
from tests.bench.peer_fold import COMMIT_RECORDS, COMMIT_SECONDS, Folded, Task, read_task, write_result

MEASURES = ("dispatches", "persons", "returns", "income", "income_deducted", "income_months")  # of the events of programme_log.py
# In batches a cell is put out once, not at every record.
CONFIGURATION = f"""\
execution.checkpointing.interval: {COMMIT_SECONDS:.0f} s
execution.checkpointing.mode: EXACTLY_ONCE
execution.checkpointing.dir: file://{{folder}}/checkpoints
table.exec.mini-batch.enabled: true
table.exec.mini-batch.allow-latency: {COMMIT_SECONDS:.0f} s
table.exec.mini-batch.size: {COMMIT_RECORDS}
"""
STREAMING = {
    "SET 'execution.runtime-mode' = 'batch'": "SET 'execution.runtime-mode' = 'streaming'",
    "'key.format' = 'json'": """'sink.delivery-guarantee' = 'exactly-once',
    'sink.transactional-id-prefix' = 'cells',
    'properties.transaction.timeout.ms' = '600000',
    'key.format' = 'json'""",
}
RUNNING, FINISHED = r"^(\d+) .* switched from INITIALIZING to RUNNING", r"^(\d+) Job .* switched from state RUNNING to FINISHED"


def fold(task: Task) -> Folded:
    """From when all tasks run to the job's end, as Flink's log has it: sources that are first wait for the others. Memory is Flink's."""
    folder = Path(task.folder)
    flink.run(exactly_once(_job(task)), flink.fetch_jars(), folder, CONFIGURATION.format(folder=folder))
    log = (folder / flink.LOG).read_text()
    began, ended = (max(map(int, re.findall(line, log, re.MULTILINE))) for line in (RUNNING, FINISHED))
    return Folded((ended - began) / 1000, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


def _prefix(task: Task) -> str:
    return next(topic for topic in task.topics if topic.endswith(DOCKING)).removesuffix(DOCKING)


def _job(task: Task) -> str:
    return compile_job(Job(task.bootstrap, _prefix(task), bounded=True), MEASURES)


def exactly_once(job: str) -> str:
    """The job in streaming mode, with transactions, instead of in batch mode; it still ends at the end of the log."""
    for batch, streaming in STREAMING.items():
        assert job.count(batch) == 1, batch
        job = job.replace(batch, streaming)
    return job


if __name__ == "__main__":
    task = read_task()
    folded = fold(task)
    cells = asyncio.run(flink.read_cells(task.bootstrap, _prefix(task) + CELLS))
    write_result(task, folded, (("\t".join(map(str, cell)), value) for *cell, value in cells.iter_rows()))

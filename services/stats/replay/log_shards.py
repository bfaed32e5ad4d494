"""Reads the log in several processes: each takes some of the partitions, a shard, and the results are gathered.

For work that is plain Python and holds the interpreter lock (the reference fold). Subjects do not cross partitions, unless some were
added to their topic: those are in the shard of their `parents`. So the events of a shard can be checked without those of the others.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol, TypeVar

import uvloop

from shared import db
from shared.delivery import event_log, kafka
from shared.delivery.positions import TopicPartition
from shared.settings import Settings

R = TypeVar("R")
WORTH_A_PROCESS = 20_000  # records: what is read in the time that a process takes to start
Progress = Callable[[int, int], None]  # records read, records in all


class ReportRead(Protocol):
    def __call__(self, records: int, /) -> None:
        """So many more records have been read."""


@dataclass(frozen=True, slots=True)
class LogShard:
    """What one process reads: these partitions up to these offsets, without the records in dead letters that were not counted."""

    settings: Settings
    upto: Mapping[TopicPartition, int]
    uncounted: frozenset[tuple[str, int, int]]  # topic, partition, offset
    parents: Mapping[TopicPartition, TopicPartition] = field(default_factory=dict)  # of partitions that were added

    def family(self, partition: TopicPartition) -> TopicPartition:
        """The partition that its subjects were in at first."""
        while partition in self.parents:
            partition = self.parents[partition]
        return partition


Work = Callable[[LogShard, ReportRead], Awaitable[R]]  # picklable: a function of a module, or a partial of one


class ReaderLost(Exception):
    """A process that read a shard of the log ended before it was done."""


async def map_shards(
    work: Work[R], whole: LogShard, processes: int | None = None, progress: Progress = lambda _done, _total: None
) -> list[R]:
    """Do the work on every shard. With one process it is done in this one. `processes` None: as many as `readers` says.

    Raises ReaderLost, kafka.Unavailable, event_log.Truncated.
    """
    shards = split(whole, processes or readers(whole))
    total, done = sum(whole.upto.values()), 0

    def report(records: int) -> None:
        nonlocal done
        done += records
        progress(done, total)

    report(0)
    if len(shards) == 1:
        return [await work(shards[0], report)]
    return await _gather([_start(work, shard) for shard in shards], report)


def readers(whole: LogShard) -> int:
    """How many processes read such a log soonest: one per core, but none that would still be starting when the others are done."""
    return max(1, min(os.cpu_count() or 1, sum(whole.upto.values()) // WORTH_A_PROCESS))


def split(whole: LogShard, processes: int) -> list[LogShard]:
    """Shards of about the same number of records, the largest families assigned first; at least one shard, none of them empty."""
    families: defaultdict[TopicPartition, dict[TopicPartition, int]] = defaultdict(dict)
    for topic_partition, end in whole.upto.items():
        if end > 0:
            families[whole.family(topic_partition)][topic_partition] = end
    parts: list[dict[TopicPartition, int]] = [{} for _ in range(max(1, processes))]
    for _, family in sorted(families.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        min(parts, key=lambda part: sum(part.values())).update(family)
    filled = [part for part in parts if part] or [{}]
    return [LogShard(whole.settings, part, frozenset(record for record in whole.uncounted if record[:2] in part)) for part in filled]


# --- processes --------------------------------------------------------------------------------------------------------
_SENT_ERRORS = (kafka.Unavailable, db.Unavailable, event_log.Truncated)
_Reader = tuple[multiprocessing.process.BaseProcess, Connection]


def _start(work: Work[Any], shard: LogShard) -> _Reader:
    """There are as many readers as cores: each works in one thread. More would wait for a core and for each other's interpreter lock, at
    a third of the speed.
    """
    context = multiprocessing.get_context("spawn")  # a fork would share this process's event loop and sockets
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(work, shard, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _read(work: Work[Any], shard: LogShard, pipe: Connection) -> None:
    """Runs in the reader process. It sends numbers of records as progress, and last a result or the error that prevented it."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the starter, which ends its readers

    async def run() -> Any:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(max_workers=1))
        return await work(shard, pipe.send)

    try:
        pipe.send((uvloop.run(run()),))
    except _SENT_ERRORS as error:
        pipe.send(error)


def _end_with_starter() -> None:
    """A reader ends when its starter is killed: what it still commits would overlap with the next rebuild."""
    starter = multiprocessing.parent_process()
    if starter is not None:
        starter.join()
        os._exit(1)


async def _gather(readers: list[_Reader], report: ReportRead) -> list[Any]:
    loop = asyncio.get_running_loop()

    def report_in_loop(records: int) -> None:
        loop.call_soon_threadsafe(report, records)

    try:
        return await asyncio.to_thread(_receive_results, readers, report_in_loop)
    finally:
        for process, pipe in readers:
            process.terminate()
            process.join()
            process.close()
            pipe.close()


def _receive_results(readers: list[_Reader], report: ReportRead) -> list[Any]:
    """Blocks until every reader has sent its result. Raises the error that one of them sends."""
    results: dict[Connection, Any] = {}
    while len(results) < len(readers):
        ready = wait([pipe for _, pipe in readers if pipe not in results])
        for process, pipe in (reader for reader in readers if reader[1] in ready):
            try:
                message = pipe.recv()
            except (EOFError, OSError):  # OSError: it ended in the middle of a message
                raise ReaderLost(f"process {process.pid}, which read a shard of the log, ended before it was done") from None
            if isinstance(message, int):
                report(message)
            elif isinstance(message, Exception):
                raise message
            else:
                results[pipe] = message[0]
    return [results[pipe] for _, pipe in readers]

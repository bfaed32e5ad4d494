"""Reading the log in several processes: each takes its share of the partitions, and what it found is gathered.

For work that is plain Python and holds the interpreter (the reference fold). Subjects do not cross partitions, so a share is
a history of its own.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Protocol, TypeVar

import uvloop

from shared import db
from shared.delivery import event_log, kafka
from shared.settings import Settings

R = TypeVar("R")
Place = tuple[str, int]  # logical topic, partition
Progress = Callable[[int, int], None]  # records read, records there are


class Report(Protocol):
    def __call__(self, records: int, /) -> None:
        """So many more records are read."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one process reads: these partitions, up to these offsets, without what stands in dead letters."""

    settings: Settings
    upto: Mapping[Place, int]
    left_out: frozenset[tuple[str, int, int]]


Work = Callable[[Share, Report], Awaitable[R]]  # picklable: a function of a module, or a partial of one


class ReaderLost(Exception):
    """A process that read a share of the log ended before it was done."""


async def in_shares(work: Work[R], whole: Share, processes: int | None = None, progress: Progress = lambda _done, _total: None) -> list[R]:
    """Do the work on every share. One process is this one. Raises ReaderLost, kafka.Unavailable, log.Truncated."""
    shares = divided(whole, processes or os.cpu_count() or 1)
    total, done = sum(whole.upto.values()), 0

    def report(records: int) -> None:
        nonlocal done
        done += records
        progress(done, total)

    report(0)
    if len(shares) == 1:
        return [await work(shares[0], report)]
    return await _gathered([_start(work, share) for share in shares], report)


def divided(whole: Share, processes: int) -> list[Share]:
    """Shares of about the same number of records, the largest partitions dealt out first; at least one, none of them empty."""
    parts: list[dict[Place, int]] = [{} for _ in range(max(1, processes))]
    for place, end in sorted(whole.upto.items(), key=lambda item: (-item[1], item[0])):
        if end > 0:
            min(parts, key=lambda part: sum(part.values()))[place] = end
    filled = [part for part in parts if part] or [{}]
    return [Share(whole.settings, part, frozenset(letter for letter in whole.left_out if letter[:2] in part)) for part in filled]


# --- processes --------------------------------------------------------------------------------------------------------
_PASSED_ON = (kafka.Unavailable, db.Unavailable, event_log.Truncated)
_Reader = tuple[multiprocessing.process.BaseProcess, Connection]


def _start(work: Work[Any], share: Share) -> _Reader:
    context = multiprocessing.get_context("spawn")  # a fork would share this process's event loop and sockets
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_read, args=(work, share, theirs), daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _read(work: Work[Any], share: Share, pipe: Connection) -> None:
    """In the process: ints are progress, the last thing sent is a result or what prevented it."""
    threading.Thread(target=_end_with_starter, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the starter's: it ends its readers

    async def all_of_it() -> Any:
        return await work(share, pipe.send)

    try:
        pipe.send((uvloop.run(all_of_it()),))
    except _PASSED_ON as error:
        pipe.send(error)


def _end_with_starter() -> None:
    """A reader whose starter was killed must not go on: what it commits would come between the marks of the next rebuild."""
    starter = multiprocessing.parent_process()
    if starter is not None:
        starter.join()
        os._exit(1)


async def _gathered(readers: list[_Reader], report: Report) -> list[Any]:
    loop = asyncio.get_running_loop()

    def tell(records: int) -> None:
        loop.call_soon_threadsafe(report, records)

    try:
        return await asyncio.to_thread(_results, readers, tell)
    finally:
        for process, pipe in readers:
            process.terminate()
            process.join()
            process.close()
            pipe.close()


def _results(readers: list[_Reader], tell: Report) -> list[Any]:
    """Blocks until every reader has answered. Raises what one of them could not do."""
    found: dict[Connection, Any] = {}
    while len(found) < len(readers):
        ready = wait([pipe for _, pipe in readers if pipe not in found])
        for process, pipe in (reader for reader in readers if reader[1] in ready):
            try:
                said = pipe.recv()
            except (EOFError, OSError):  # the latter: in the middle of what it said
                raise ReaderLost(f"process {process.pid}, which read a share of the log, ended before it was done") from None
            if isinstance(said, int):
                tell(said)
            elif isinstance(said, Exception):
                raise said
            else:
                found[pipe] = said[0]
    return [found[pipe] for _, pipe in readers]

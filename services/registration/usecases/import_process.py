"""Decisions on a long list made in a process of its own, so that other requests are served meanwhile and two cores are used.

It starts with the import and ends with it, whatever becomes of the import: it holds no connection and no row that is not asked about.
The keys of personal data are in its environment, as they are in the service's.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Protocol

from services.registration.domain.errors import ImportInterrupted
from services.registration.settings import policy
from services.registration.usecases.import_decisions import Chunk, DecidedRows, Decisions, Revision

MOST_MEMORY = 2 * 1024**3  # bytes of addresses; a chunk of rows takes some tens of MiB
_INHERITED = "REGISTRATION_"  # and nothing else: not where the database is

Asked = Chunk | Revision | None  # None: whether it is there

_running: set[int] = set()  # ids of the processes of this service


class Decider(Protocol):
    """Makes the decisions on one list; several may be asked for at once."""

    async def started(self) -> None:
        """Wait until what is asked for is decided at once: with no lock, as others wait for one. Raises ImportInterrupted."""

    async def decide(self, asked: Chunk | Revision) -> DecidedRows:
        """In the order of the calls. Raises ImportInterrupted."""


@asynccontextmanager
async def start_decider(size: int) -> AsyncIterator[Decider]:
    """For a list of so many bytes: in a process of its own if it is long and not too many are under way, else in a thread."""
    rules = policy()
    if size < rules.registration_import_process_bytes or len(_running) >= rules.registration_import_processes:
        yield DecidingThread()
        return
    process = DecidingProcess()
    try:
        yield process
    finally:
        await process.close()


class DecidingThread:
    """For a list that is decided before a process would have started."""

    def __init__(self) -> None:
        self._decisions = Decisions()
        self._turn = asyncio.Lock()

    async def started(self) -> None:
        return

    async def decide(self, asked: Chunk | Revision) -> DecidedRows:
        async with self._turn:
            return await asyncio.to_thread(self._decisions.decide, asked)


class DecidingProcess:
    """The service's end of it."""

    def __init__(self) -> None:
        self._pipe, theirs = Pipe()
        number = theirs.fileno()
        self._process = subprocess.Popen(  # noqa: S603  # this interpreter, with a module of ours
            [sys.executable, "-m", __name__, str(number)], stdin=subprocess.DEVNULL, pass_fds=(number,), env=_environment()
        )
        theirs.close()
        _running.add(self._process.pid)
        self._sending, self._receiving = asyncio.Lock(), asyncio.Lock()
        self._exchanges: set[asyncio.Task[DecidedRows | None]] = set()

    @property
    def pid(self) -> int:
        return self._process.pid

    async def started(self) -> None:
        await self._answer_to(None)

    async def decide(self, asked: Chunk | Revision) -> DecidedRows:
        decided = await self._answer_to(asked)
        assert decided is not None  # noqa: S101  # for mypy: whatever is asked is decided
        return decided

    async def _answer_to(self, asked: Asked) -> DecidedRows | None:
        task = asyncio.create_task(self._exchange(asked))
        self._exchanges.add(task)
        task.add_done_callback(self._answered)
        seconds = policy().registration_import_seconds
        await asyncio.wait({task}, timeout=seconds)
        if not task.done():
            raise ImportInterrupted(f"nothing was decided within {seconds} s; send the same file again")
        return task.result()

    async def close(self) -> None:
        """At once: whatever is still asked for is not wanted."""
        self._process.kill()  # the threads that send and receive see the end of the pipe
        self._process.wait()
        _running.discard(self._process.pid)
        await asyncio.gather(*self._exchanges, return_exceptions=True)
        self._pipe.close()

    def _answered(self, task: asyncio.Task[DecidedRows | None]) -> None:
        self._exchanges.discard(task)
        task.cancelled() or task.exception()  # nobody may wait for it any more

    async def _exchange(self, asked: Asked) -> DecidedRows | None:
        """The next chunk is on its way while the one before is decided; answers come in the order of what is asked."""
        try:
            async with self._sending:
                await asyncio.to_thread(self._pipe.send, asked)
            async with self._receiving:
                decided: DecidedRows | None = await asyncio.to_thread(self._pipe.recv)
        except (EOFError, OSError):  # OSError: it ended in the middle of a message
            raise ImportInterrupted from None
        return decided


def _environment() -> dict[str, str]:
    return {
        "PYTHONPATH": os.pathsep.join(sys.path),
        **{name: value for name, value in os.environ.items() if name.upper().startswith(_INHERITED)},
    }


# --- in the process -----------------------------------------------------------------------------------------------------
def _serve(pipe: Connection) -> None:
    threading.Thread(target=_end_with_starter, args=(os.getppid(),), daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the service, which ends this process
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    gc.disable()  # decisions make no cycles, and the process ends with its list
    decisions = Decisions()
    with suppress(EOFError, ConnectionError):  # the service is gone
        while True:
            asked: Asked = pipe.recv()
            pipe.send(decisions.decide(asked) if asked is not None else None)


def _end_with_starter(starter: int) -> None:
    """Decisions for a service that was killed would be made for nobody."""
    while os.getppid() == starter:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    _serve(Connection(int(sys.argv[1])))

"""What stats publishes, for everybody who looks at a board: one stream per console, handed on to every browser.

The stream is read with the token of one of those who look; all of them may read all of it. What has come is kept for a while, so
that a browser that was cut off goes on after the last number it has seen; where it cannot, it is asked to read the figures again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import aiohttp

from console.board.stream import FIRST_PAUSE, LONGEST_PAUSE, Alive, Connected, Lost, Missed, Published, Refused, Signal, connection
from console.web.backend import Backend
from shared.backoff import backoff

logger = logging.getLogger("laowu.console.live")
KEPT = 2000  # events for browsers that come back
WAITING = 500  # events that a slow browser may be behind
MOST_READERS = 500


class ReadersFull(Exception):
    """Too many browsers follow the stream."""


@dataclass(eq=False, slots=True)
class _Reader:
    backend: Backend
    signals: asyncio.Queue[Signal] = field(default_factory=lambda: asyncio.Queue(WAITING))

    def put(self, signal: Signal) -> None:
        """A reader that is too far behind reads everything again instead."""
        if self.signals.full():
            while not self.signals.empty():
                self.signals.get_nowait()
            signal = Missed()
        self.signals.put_nowait(signal)


class Live:
    """The one stream of a console's process. It is read, and what has come of it is kept, while anybody looks."""

    def __init__(self) -> None:
        self._readers: dict[_Reader, None] = {}  # in the order in which they came
        self._kept: deque[Published] = deque(maxlen=KEPT)
        self._last: int | None = None
        self._there = False
        self._task: asyncio.Task[None] | None = None

    @property
    def is_full(self) -> bool:
        return len(self._readers) >= MOST_READERS

    async def follow(self, backend: Backend, last: int | None) -> AsyncGenerator[Signal, None]:
        """What happens after number `last` (None: from now on), for one browser. Raises ReadersFull."""
        if self.is_full:
            raise ReadersFull
        reader = _Reader(backend)
        self._begin(reader, last)
        try:
            while True:
                yield await reader.signals.get()
        finally:
            del self._readers[reader]
            if not self._readers and self._task is not None:
                self._task.cancel()
                self._task, self._there = None, False
                self._kept.clear()

    def _begin(self, reader: _Reader, last: int | None) -> None:
        self._readers[reader] = None
        if self._task is None:
            self._last = last  # stats itself goes on from there
            self._task = asyncio.create_task(self._read_for_ever())
            return
        if last is not None and not self._reaches_back_to(last):
            reader.put(Missed())
        elif last is not None:
            for published in self._kept:
                if published.number > last:
                    reader.put(published)
        if self._there:
            reader.put(Connected())
        if last is None and self._last is not None:
            reader.put(Alive(self._last))

    def _reaches_back_to(self, last: int) -> bool:
        return last == self._last or bool(self._kept and self._kept[0].number - 1 <= last <= self._kept[-1].number)

    # --- the stream of stats ----------------------------------------------------------------------------------------------
    async def _read_for_ever(self) -> None:
        failures = 0
        while self._readers:
            reader = next(iter(self._readers))
            try:
                async for signal in connection(reader.backend.http, reader.backend.addresses["stats"], reader.backend.token, self._last):
                    failures = 0
                    self._take(signal)
            except Refused as refused:
                logger.info("stats refuses the stream: %s", refused)
                if reader in self._readers:  # its token may have expired: another's next time
                    self._readers[reader] = self._readers.pop(reader)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
                pass
            self._say(Lost())
            await asyncio.sleep(backoff(failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE))
            failures += 1

    def _take(self, signal: Connected | Missed | Alive | Published) -> None:
        match signal:
            case Connected():
                self._say(signal)
                return
            case Missed():
                self._kept.clear()
            case Alive():
                self._last = signal.number
            case Published():
                self._last = signal.number
                self._kept.append(signal)
        self._tell(signal)

    def _say(self, signal: Connected | Lost) -> None:
        """Where it is news whether the stream is there."""
        there = isinstance(signal, Connected)
        if self._there is not there:
            self._there = there
            self._tell(signal)

    def _tell(self, signal: Signal) -> None:
        for reader in self._readers:
            reader.put(signal)

    async def close(self) -> None:
        """End the stream; for the console's own end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

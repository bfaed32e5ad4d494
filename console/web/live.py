"""What stats publishes, for everybody who looks at a board: one stream per console, handed on to every browser.

The stream is read with the token of one of those who look; all of them may read all of it. What has come is kept for a while, so
that a browser that was cut off goes on after the last number it has seen; where it cannot, it is asked to read the figures again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from console.web.backend import Backend
from shared.backoff import backoff

logger = logging.getLogger("laowu.console.live")
KEPT = 2000  # events for browsers that come back
WAITING = 500  # events that a slow browser may be behind
MOST_READERS = 500
SILENCE = 40.0  # seconds; stats says every 15 that it is there
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
LONGEST_LINE = 2**20  # bytes


@dataclass(frozen=True, slots=True)
class Happened:
    """An event of stats: its number on the stream, the name of its class, and its data with the time at which it was published."""

    number: int
    kind: str
    data: dict[str, Any]
    time: str


@dataclass(frozen=True, slots=True)
class Missed:
    """More has happened than is kept: the figures have to be read again."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Whether the stream of stats is there."""

    there: bool


Signal = Happened | Missed | Connection


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
    """The one stream of a console's process. It is read while anybody looks."""

    def __init__(self) -> None:
        self._readers: dict[_Reader, None] = {}  # in the order in which they came
        self._kept: deque[Happened] = deque(maxlen=KEPT)
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

    def _begin(self, reader: _Reader, last: int | None) -> None:
        if self._task is None and self._last is None:
            self._last = last  # nobody has followed yet: stats itself goes on from there
        elif last is not None and not self._reaches_back_to(last):
            reader.put(Missed())
        elif last is not None:
            for happened in [one for one in self._kept if one.number > last][-WAITING + 1 :]:
                reader.put(happened)
        self._readers[reader] = None
        if self._task is None:
            self._task = asyncio.create_task(self._read_for_ever())
        elif self._there:
            reader.put(Connection(there=True))

    def _reaches_back_to(self, last: int) -> bool:
        return last == self._last or bool(self._kept and self._kept[0].number - 1 <= last <= self._kept[-1].number)

    # --- the stream of stats ----------------------------------------------------------------------------------------------
    async def _read_for_ever(self) -> None:
        failures = 0
        while True:
            reader = next(iter(self._readers), None)
            if reader is None:
                return
            try:
                async for name, number, data in self._frames(reader.backend):
                    failures = 0
                    self._take(name, number, data)
            except _Refused as refused:
                logger.info("stats refuses the stream: %s", refused)
                self._readers[reader] = self._readers.pop(reader)  # its token may have expired: another's next time
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError):  # ValueError: cut off in the middle of a line
                pass
            self._say(there=False)
            await asyncio.sleep(backoff(failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE))
            failures += 1

    def _take(self, name: str, number: int | None, data: str) -> None:
        if name == "reset" or number is None:
            self._kept.clear()
            self._tell(Missed())
            return
        envelope = json.loads(data)
        happened = Happened(number, name.split(".")[1] if "." in name else name, envelope["data"], envelope["time"])
        self._last = number
        self._kept.append(happened)
        self._tell(happened)

    def _say(self, *, there: bool) -> None:
        if self._there is not there:
            self._there = there
            self._tell(Connection(there=there))

    def _tell(self, signal: Signal) -> None:
        for reader in self._readers:
            reader.put(signal)

    async def _frames(self, backend: Backend) -> AsyncIterator[tuple[str, int | None, str]]:
        """(event, number, data) until the stream ends. Raises _Refused, and what a lost connection raises."""
        headers = {"authorization": f"Bearer {backend.token}"}
        if self._last is not None:
            headers["last-event-id"] = str(self._last)
        timeout = aiohttp.ClientTimeout(total=None, connect=5, sock_read=SILENCE)
        address = f"{backend.addresses['stats']}/stream"
        async with backend.http.get(address, headers=headers, timeout=timeout, read_bufsize=LONGEST_LINE) as response:
            if response.status != 200:
                raise _Refused(response.status)
            self._say(there=True)
            fields: dict[str, str] = {}
            async for raw in response.content:
                line = raw.decode().rstrip("\n")
                if line and not line.startswith(":"):
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif fields:
                    number = fields.get("id")
                    yield fields.get("event", ""), int(number) if number else None, fields.get("data", "")
                    fields = {}

    async def close(self) -> None:
        """End the stream; for the console's own end."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task


class _Refused(Exception):
    """Stats answers with another status."""

"""Server-sent events: what this service tells, to whoever listens over HTTP.

A reader names the last number it has seen and gets what came after it, out of a bounded tail; where the tail no longer reaches
back that far it is told so with an event `reset`, and should ask for the figures again. A slow reader holds up nobody: nothing
is kept for it but its number.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

from services.stats.domain.errors import StreamFull
from services.stats.queries import stream_events
from services.stats.settings import policy
from shared.db import Tx, Unavailable
from shared.running_service import RunningService

POLL_SECONDS = 0.5  # figures are published at most once a second per key
HEARTBEAT_SECONDS = 15.0  # a comment, so that proxies and readers see that the line is alive
PAGE = 200
_reading: set[object] = set()


def require_seat() -> None:
    """Raises StreamFull: every stream holds a connection open and asks the database twice a second."""
    if len(_reading) >= policy().stats_stream_clients:
        raise StreamFull(state={"most": policy().stats_stream_clients})


async def events(service: RunningService, last: int | None) -> AsyncIterator[bytes]:
    """What is told after number `last` (None: from now on), until the service stops, the database is away, or time is up.

    Whatever ends it, the reader comes back with its last number and misses nothing.
    """
    if len(_reading) >= policy().stats_stream_clients:
        return
    seat = object()
    _reading.add(seat)
    try:
        with contextlib.suppress(Unavailable):
            async for line in _events(service, last):
                yield line
    finally:
        _reading.discard(seat)


async def _events(service: RunningService, last: int | None) -> AsyncIterator[bytes]:
    oldest, newest = await _tail(service)
    if last is not None and (last > newest or last < oldest - 1):
        yield _frame("reset", {"oldest": oldest, "newest": newest})
        last = min(last, newest)
    last = newest if last is None else last
    ends, spoke = time.monotonic() + policy().stats_stream_minutes * 60, time.monotonic() - HEARTBEAT_SECONDS
    while not service.stopping.is_set() and time.monotonic() < ends:
        rows = await _after(service, last)
        for number, value in rows:
            last, spoke = number, time.monotonic()
            yield _frame(json.loads(value)["type"], value.decode(), number)
        if len(rows) == PAGE:
            continue
        if time.monotonic() - spoke >= HEARTBEAT_SECONDS:
            spoke = time.monotonic()
            yield b": here\n\n"
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(service.stopping.wait(), POLL_SECONDS)


def _frame(kind: str, data: object, number: int | None = None) -> bytes:
    """Data is one line: JSON has no line breaks of its own."""
    text = data if isinstance(data, str) else json.dumps(data)
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {text}\n\n".encode()


async def _tail(service: RunningService) -> tuple[int, int]:
    async with service.database.connection() as conn:
        return await stream_events.get_bounds(Tx(conn, service.name, service.database.system_cause()))


async def _after(service: RunningService, last: int) -> list[tuple[int, bytes]]:
    async with service.database.connection() as conn:
        return await stream_events.list_(Tx(conn, service.name, service.database.system_cause()), last, PAGE)

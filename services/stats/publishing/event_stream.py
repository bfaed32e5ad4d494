"""The stream of published events, for readers who follow it.

A reader names the last number it has seen and gets what follows, out of a bounded tail. Where the tail no longer reaches back
that far, it gets a Reset and should read the figures again. A slow reader delays nobody: all that is kept for it is its number.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from services.stats.domain.errors import StreamFull
from services.stats.queries import stream_events
from services.stats.settings import policy
from shared.db import Tx, Unavailable
from shared.running_service import RunningService

POLL_SECONDS = 0.5  # figures are published at most once a second per key
HEARTBEAT_SECONDS = 15.0  # so that proxies and readers see that the connection is alive
BATCH = 200  # events read at a time
_readers: set[object] = set()


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """`value`: the event as on the topic."""

    number: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Reset:
    """The events after the reader's last number are no longer kept; the stream continues at the newest."""

    oldest: int
    newest: int


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """Nothing was published for a while after `number`. A reader that has seen nothing yet learns from where it has to go on."""

    number: int


StreamItem = StreamEvent | Reset | Heartbeat


def require_capacity() -> None:
    """Raises StreamFull: every stream holds a connection open and polls the database twice a second."""
    if len(_readers) >= policy().stats_stream_clients:
        raise StreamFull(state={"most": policy().stats_stream_clients})


async def start(service: RunningService, last: int | None) -> tuple[int, Reset | None]:
    """After which number a reader goes on who has seen `last` (None: nothing), and what it gets before that.

    To be asked before a reader hears that it is connected: it misses nothing that is published from then on. Raises Unavailable.
    """
    async with service.database.connection() as conn:
        oldest, newest = await stream_events.get_bounds(Tx(conn, service.name, service.database.system_cause()))
    if last is None:
        return newest, None
    if oldest - 1 <= last <= newest:
        return last, None
    return min(last, newest), Reset(oldest, newest)


async def follow(service: RunningService, last: int, reset: Reset | None) -> AsyncGenerator[StreamItem, None]:
    """What is published after number `last`, by start(), until the service stops, the database is away, or time is up.

    Whatever ends it, the reader comes back with its last number and misses nothing.
    """
    if len(_readers) >= policy().stats_stream_clients:
        return
    reader = object()
    _readers.add(reader)
    try:
        if reset is not None:
            yield reset
        with contextlib.suppress(Unavailable):
            async for item in _items(service, last):
                yield item
    finally:
        _readers.discard(reader)


async def _items(service: RunningService, last: int) -> AsyncIterator[StreamEvent | Heartbeat]:
    ends, last_sent = time.monotonic() + policy().stats_stream_minutes * 60, time.monotonic() - HEARTBEAT_SECONDS
    while not service.stopping.is_set() and time.monotonic() < ends:
        rows = await _events_after(service, last)
        for number, value in rows:
            last, last_sent = number, time.monotonic()
            yield StreamEvent(number, value)
        if len(rows) == BATCH:
            continue
        if time.monotonic() - last_sent >= HEARTBEAT_SECONDS:
            last_sent = time.monotonic()
            yield Heartbeat(last)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(service.stopping.wait(), POLL_SECONDS)


async def _events_after(service: RunningService, last: int) -> list[tuple[int, bytes]]:
    async with service.database.connection() as conn:
        return await stream_events.list_(Tx(conn, service.name, service.database.system_cause()), last, BATCH)

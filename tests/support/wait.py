"""Waiting for what another process or task will do: the one place where tests poll."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, overload

from shared.db import Database

T = TypeVar("T")
PAUSE = 0.02  # seconds between two looks
PATIENCE = 3  # times as long as a quiet machine may take, for one with much else to do


@overload
async def until(condition: Callable[[], Awaitable[T]], seconds: float = 10, what: str = "") -> T: ...
@overload
async def until(condition: Callable[[], T], seconds: float = 10, what: str = "") -> T: ...
async def until(condition: Callable[[], Any], seconds: float = 10, what: str = "") -> Any:
    """Look until `condition()` (plain or async) is true and return what it gave.

    Raises AssertionError that names `what` and the last value seen when that takes much longer than `seconds`, which a quiet machine does
    not need.
    """
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        seen = condition()
        value = await seen if inspect.isawaitable(seen) else seen
        if value:
            return value
        if time.monotonic() > deadline:
            name = what or getattr(condition, "__name__", "the condition")
            raise AssertionError(f"not within {seconds * PATIENCE:g} s: {name}; last seen: {value!r}")
        await asyncio.sleep(PAUSE)


WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def until_waiting_for_a_lock(database: Database, sessions: int = 1) -> None:
    """Until so many sessions of the database wait for another's transaction."""

    async def wait() -> bool:
        async with database.connection() as conn:
            return bool(await conn.fetchval(WAITING) >= sessions)

    await until(wait)


async def both_awaiting(database: Database, lock: str, first: Coroutine[Any, Any, T], second: Coroutine[Any, Any, T]) -> tuple[T, T]:
    """What the two answer that begin, one after the other, while the rows of `lock` are held, until both wait for a lock."""
    async with database.connection() as conn:
        async with conn.transaction():
            await conn.execute(lock)
            begun = []
            for one in (first, second):
                begun.append(asyncio.create_task(one))
                await until_waiting_for_a_lock(database, len(begun))
        return await begun[0], await begun[1]

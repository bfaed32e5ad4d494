"""How long a background loop waits before it looks again: little where something was committed meanwhile, else longer."""

from __future__ import annotations

import asyncio
import contextlib

from shared.db import Database

IDLE_SECONDS = 10.0  # what another process commits, and what falls due by itself, is seen after so long


async def pause(database: Database, seen: int, seconds: float) -> None:
    """For `seconds`, and on until this process has committed more than the `seen` transactions, or IDLE_SECONDS are over."""
    await asyncio.sleep(seconds)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(IDLE_SECONDS - seconds):
            await database.wait_for_commit(seen)

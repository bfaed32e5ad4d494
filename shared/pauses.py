"""How long a background loop waits before it looks again: little where something was committed meanwhile, else longer."""

from __future__ import annotations

import asyncio
import time

from shared.db import Database

IDLE_SECONDS = 5.0  # what another process commits, and what falls due by itself, is seen after so long


async def pause(database: Database, seen: int, seconds: float) -> None:
    """For `seconds`, and on until this process has committed more than the `seen` transactions, or IDLE_SECONDS are over."""
    latest = time.monotonic() + IDLE_SECONDS
    await asyncio.sleep(seconds)
    while database.commits == seen and time.monotonic() < latest:  # noqa: ASYNC110  # several loops look, and an Event is for one
        await asyncio.sleep(seconds)

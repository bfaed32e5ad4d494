"""Periods closed and reopened, and what was restated since."""

from __future__ import annotations

from services.stats import views
from services.stats.commands import ClosePeriod, ReopenPeriod
from services.stats.periods import closing
from services.stats.queries import frozen
from shared.db import Tx


async def close_period(tx: Tx, command: ClosePeriod) -> views.Period:
    return views.period(await closing.close_period(tx, command))


async def reopen_period(tx: Tx, command: ReopenPeriod) -> views.Period:
    return views.period(await closing.reopen_period(tx, command))


async def periods(tx: Tx) -> list[views.Period]:
    """Every close, reopened ones included."""
    return [views.period(close) for close in await frozen.closes(tx)]


async def restatements(tx: Tx, period: str | None, after: int, limit: int) -> views.Restatements:
    return views.restatements(await frozen.restatements(tx, period, after, limit), limit)

"""Periods closed and reopened, and what was restated since."""

from __future__ import annotations

from services.stats.commands import ClosePeriod, ReopenPeriod
from services.stats.periods import closing
from services.stats.queries import period_closes
from services.stats.queries import restatements as stored
from services.stats.views import periods as views
from shared.db import Tx
from shared.paging import Page


async def close_period(tx: Tx, command: ClosePeriod) -> views.Period:
    """Raises PeriodRunning, PeriodAlreadyClosed."""
    return views.period(await closing.close_period(tx, command))


async def reopen_period(tx: Tx, command: ReopenPeriod) -> views.Period:
    """Raises PeriodNotClosed, SecondApproverNeeded."""
    return views.period(await closing.reopen_period(tx, command))


async def periods(tx: Tx) -> list[views.Period]:
    """Every close, reopened ones included."""
    return [views.period(close) for close in await period_closes.list_(tx)]


async def period_in_force(tx: Tx, period: str) -> views.Period:
    """Raises PeriodNotClosed."""
    return views.period(await closing.close_in_force(tx, period))


async def restatements(tx: Tx, page: Page, period: str | None, scope: str | None) -> views.Restatements:
    """A page of them."""
    return views.restatements(*await stored.list_(tx, page, period, scope))

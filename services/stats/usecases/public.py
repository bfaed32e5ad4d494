"""The public view: counts of closed years, with nobody to be found in them.

Only a closed year is public, as it was known on the day of its close: a table is published once and stays what it is, so no
difference between two days' tables tells what was left out (a year closed a second time is published a second time). Amounts of
money and levels are not in it, nor regions, whose sums of provinces could be subtracted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import date

from services.stats.domain.errors import NotPublic
from services.stats.domain.questions import PublicBy, Question
from services.stats.figures.freshness import Lag, freshness
from services.stats.figures.query import answer
from services.stats.figures.shaping import Point
from services.stats.periods.disclosure_control import suppress
from services.stats.queries import applied, period_closes
from services.stats.settings import policy
from services.stats.views import public as views
from shared.db import Tx
from shared.values import PROGRAMME_ZONE

MEASURES = ("registrations", "verified", "certified", "matched", "dispatches", "persons", "returns")


async def public_years(tx: Tx, *, simulated: bool) -> views.PublicYears:
    """The years that are closed now, oldest first. `simulated`: a calendar is played, and it is the day of the newest counted event."""
    closes = [close for close in await period_closes.list_closed(tx) if len(close.period) == 4]
    newest = max((recorded for _, recorded in (await applied.list_(tx)).values()), default=None) if simulated else None
    day = newest.astimezone(PROGRAMME_ZONE).date() if newest else None
    return views.public_years(closes, MEASURES, policy().stats_public_smallest, day)


async def public_figure(tx: Tx, measure: str, year: int, by: PublicBy, lag: Lag) -> views.PublicFigure:
    """Months of a closed year by one dimension. Raises NotPublic, NoCut."""
    closes = {close.period: close for close in await period_closes.list_closed(tx)}
    if measure not in MEASURES:
        raise NotPublic(f"{measure} is not public", field="measure", state=list(MEASURES))
    close = closes.get(str(year))
    if close is None:
        raise NotPublic(f"{year} is not closed", field="year", state=sorted(period for period in closes if len(period) == 4))
    question = Question(measure=measure, start=date(year, 1, 1), end=date(year, 12, 31), by=("month", by), known_on=close.as_known_at)
    smallest = policy().stats_public_smallest
    columns = [f"{year}-{month:02d}" for month in range(1, 13)]
    rows = _rows(await answer(tx, question), columns, by)
    shown = await asyncio.to_thread(suppress, columns, rows, smallest)
    table = views.PublicTable(measure, by, close, shown)
    return views.public_figure(table, smallest, await freshness(tx, lag))


def _rows(points: Iterable[Point], columns: list[str], by: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for point in points:
        found.setdefault(point.of[by], [0] * len(columns))[columns.index(point.of["month"])] += point.value
    return found

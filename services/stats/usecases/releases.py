"""The ministry's releases: closed periods as they were published, with what was restated since."""

from __future__ import annotations

from datetime import date

from services.stats.domain.questions import Question
from services.stats.figures.query import answer
from services.stats.periods.closing import close_in_force
from services.stats.queries import restatements
from services.stats.settings import policy
from services.stats.views import releases as views
from services.stats.views.releases import MOST_RESTATEMENTS, RESTATED, TABLES, By, Counts, Released
from shared.db import Tx


async def show_release(tx: Tx, period: str) -> views.Release:
    """As known at the end of the day of the close, beside what is counted now. Raises PeriodNotClosed."""
    close = await close_in_force(tx, period)
    found = await restatements.list_national(tx, close.period, close.version, measures=RESTATED, limit=MOST_RESTATEMENTS)
    released = Released(
        close=close,
        dispatches={by: await _counts(tx, "dispatches", by, close.ends, close.as_known_at) for by in TABLES},
        stock={by: await _counts(tx, "stock", by, close.ends, close.as_known_at) for by in TABLES},
        restatements=found,
    )
    return views.release(released, policy().stats_public_smallest)


async def _counts(tx: Tx, measure: str, by: By, ends: date, known_on: date) -> Counts:
    """By month from January of the year before."""
    question = Question(measure=measure, start=date(ends.year - 1, 1, 1), end=ends, by=("month", by), known_on=known_on)
    return Counts(published=await answer(tx, question), now=await answer(tx, question.model_copy(update={"known_on": None})))

"""Any figure, the same as a file, and the published form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.stats.domain.errors import TooManyPoints
from services.stats.domain.periods import year_before
from services.stats.domain.questions import Question
from services.stats.figures import classifications, planning
from services.stats.figures.freshness import Lag, freshness
from services.stats.figures.known_codes import require_known
from services.stats.figures.query import answer, known_by
from services.stats.figures.shaping import Point
from services.stats.figures.unclassified import unclassified
from services.stats.queries import period_closes
from services.stats.views.figures import AboutFigure, Figure, KnownFigure, cursor_of
from services.stats.views.figures import figure as figure_view
from services.stats.views.figures import known as known_view
from services.stats.views.metadata import answer_metadata
from services.stats.views.monthly import Monthly
from services.stats.views.monthly import monthly as monthly_view
from shared.db import Tx
from shared.paging import CursorInvalid
from shared.values import first_day, last_day, period_of

MOST_POINTS = 250_000


async def figure(tx: Tx, question: Question, lag: Lag, after: str | None = None, limit: int | None = None) -> Figure:
    """A page of a figure; without a limit, all that comes after. Raises CodeNotFound, CursorInvalid, and what answer() raises."""
    await require_known(tx, question.filter)
    points = await answer(tx, question)
    return figure_view(question, points, _page(points, after, limit), await _about(tx, question, lag))


async def known(tx: Tx, question: Question, days: Sequence[date]) -> KnownFigure:
    """How a count became known. Raises what known_by() raises."""
    return known_view(question, list(zip(days, await known_by(tx, question, days), strict=True)))


async def export(tx: Tx, question: Question, lag: Lag) -> tuple[Figure, list[Point]]:
    """The figure without points, for what its metadata say, and all its points.

    Raises CodeNotFound, TooManyPoints, and what answer() raises.
    """
    await require_known(tx, question.filter)
    points = await answer(tx, question)
    if len(points) > MOST_POINTS:
        raise TooManyPoints(f"{len(points):,} points, at most {MOST_POINTS:,} are exported at once", field="by")
    return figure_view(question, points, (), await _about(tx, question, lag)), points


def _page(points: Sequence[Point], after: str | None, limit: int | None) -> Sequence[Point]:
    start = 0
    if after is not None:
        start = next((number for number, point in enumerate(points, 1) if cursor_of(point) == after), -1)
        if start < 0:
            raise CursorInvalid(field="after")
    return points[start:] if limit is None else points[start : start + limit]


async def _about(tx: Tx, question: Question, lag: Lag) -> AboutFigure:
    closes = await period_closes.list_closed(tx)
    final = any(close.starts <= question.start and question.end <= close.ends for close in closes)
    return AboutFigure(
        label="final" if final else "preliminary",
        unclassified=await unclassified(tx, question),
        lists=(await classifications.in_force(tx, question.known_on)).versions if planning.uses_lists(question) else None,
        fresh=await freshness(tx, lag),
    )


async def monthly(tx: Tx, year: int, known_on: date | None, lag: Lag) -> Monthly:
    """The published form: cumulative from January in two channels, stock at month end, change on the year before.

    The running month, not over yet, is compared with the year before up to the same day.
    """
    today = known_on or tx.clock.today()
    last = 12 if year < today.year else today.month if year == today.year else 0
    start, end = date(year - 1, 1, 1), date(year, 12, 31)
    dispatches = Question(measure="dispatches", start=start, end=end, by=("month", "channel"), known_on=known_on)
    by_channel = await _comparable_points(tx, dispatches, today)
    stock = await _comparable_points(tx, Question(measure="stock", start=start, end=end, by=("month",), known_on=known_on), today)
    return monthly_view(year, last, by_channel, stock, answer_metadata(known_on, await freshness(tx, lag)))


async def _comparable_points(tx: Tx, question: Question, today: date) -> list[Point]:
    """By month; of the month a year before today only the days up to the same day."""
    points = await answer(tx, question)
    cut_off = year_before(today)
    if today.year != question.end.year or cut_off == last_day(period_of(cut_off)):
        return points
    month = period_of(cut_off)
    part = await answer(tx, question.model_copy(update={"start": first_day(month), "end": cut_off}))
    return [point for point in points if point.of["month"] != month] + part

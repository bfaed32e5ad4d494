"""Answers: any figure, the published form, quotas, targets, the report, the cells themselves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.stats import queries, views
from services.stats.counting.measures import MEASURE
from services.stats.domain.errors import CursorInvalid, MeasureNotFound, TooManyPoints
from services.stats.domain.questions import Question
from services.stats.figures import classifications, query
from services.stats.figures.freshness import Lag, freshness
from services.stats.programmes import evaluation
from services.stats.queries import frozen
from shared.db import Tx
from shared.values import first_day, last_day, period_of

MOST_POINTS = 250_000


async def figure(tx: Tx, question: Question, lag: Lag, after: str | None = None, limit: int | None = None) -> views.Figure:
    """A page of a figure; without a limit, all that comes after. Raises TooManyPoints, CursorInvalid, and what figures.answer raises."""
    points = await query.answer(tx, question)
    return await _said(tx, question, points, _page(points, after, limit), lag)


async def export(tx: Tx, question: Question, lag: Lag) -> tuple[views.Figure, list[query.Point]]:
    """What the figure says of itself, and all its points. Raises TooManyPoints, and what figures.answer raises."""
    points = await query.answer(tx, question)
    if len(points) > MOST_POINTS:
        raise TooManyPoints(f"{len(points):,} points, at most {MOST_POINTS:,} are exported at once", field="by")
    return await _said(tx, question, points, (), lag), points


def _page(points: Sequence[query.Point], after: str | None, limit: int | None) -> Sequence[query.Point]:
    start = 0
    if after is not None:
        start = next((at for at, point in enumerate(points, 1) if views.place_of(point) == after), -1)
        if start < 0:
            raise CursorInvalid(field="after")
    return points[start:] if limit is None else points[start : start + limit]


async def _said(tx: Tx, question: Question, points: Sequence[query.Point], shown: Sequence[query.Point], lag: Lag) -> views.Figure:
    final = any(close.starts <= question.start and question.end <= close.ends for close in await frozen.closed(tx))
    unknown = await query.unclassified(tx, question)
    versions = (await classifications.current(tx, question.known_on)).versions if query.asks_lists(question) else None
    return views.figure(question, points, shown, "final" if final else "preliminary", await freshness(tx, lag), unknown, versions)


async def monthly(tx: Tx, year: int, known_on: date | None, lag: Lag) -> views.Monthly:
    """The published form: cumulative from January in two channels, stock at month end, change on the year before.

    The running month, not over yet, is compared with the year before up to the same day.
    """
    today = known_on or tx.clock.today()
    last = 12 if year < today.year else today.month if year == today.year else 0
    start, end = date(year - 1, 1, 1), date(year, 12, 31)
    dispatches = Question(measure="dispatches", start=start, end=end, by=("month", "channel"), known_on=known_on)
    by_channel = await _like_for_like(tx, dispatches, today)
    stock = await _like_for_like(tx, Question(measure="stock", start=start, end=end, by=("month",), known_on=known_on), today)
    return views.monthly(year, last, by_channel, stock, known_on, await freshness(tx, lag))


async def _like_for_like(tx: Tx, question: Question, today: date) -> list[query.Point]:
    """By month; of the month a year before today only the days up to the same day."""
    points = await query.answer(tx, question)
    cut_off = query.year_before(today)
    if today.year != question.end.year or cut_off == last_day(period_of(cut_off)):
        return points
    month = period_of(cut_off)
    part = await query.answer(tx, question.model_copy(update={"start": first_day(month), "end": cut_off}))
    return [point for point in points if point.of["month"] != month] + part


async def quotas(tx: Tx, code: str, level: evaluation.Level, known_on: date | None, lag: Lag) -> views.Quotas:
    programme = await evaluation.in_force(tx, code)
    fresh = await freshness(tx, lag)
    judged = await evaluation.quota_years(tx, programme.plan, known_on or tx.clock.today(), known_on, fresh.complete_on, (level,))
    return views.quotas(programme, judged, known_on, fresh)


async def targets(tx: Tx, code: str, level: evaluation.Level, known_on: date | None, lag: Lag) -> views.Targets:
    programme, fresh = await evaluation.in_force(tx, code), await freshness(tx, lag)
    judged = await evaluation.target_states(tx, programme.plan, known_on or tx.clock.today(), known_on, fresh.complete_on, (level,))
    return views.targets(programme, judged, known_on, fresh)


_REPORTED = (
    ("dispatches", "dispatches", False),
    ("persons", "persons", False),
    ("stock", "stock", False),
    ("returns", "returns", False),
    ("income", "income", False),
    ("poverty_dispatches", "dispatches", True),
)


async def report(tx: Tx, code: str, known_on: date | None, lag: Lag) -> views.Report:
    """The report a ministry would want: every year of the programme, the totals, the targets, and how fresh it all is."""
    programme, on = await evaluation.in_force(tx, code), known_on or tx.clock.today()
    plan = programme.plan
    found = {}
    for name, measure, poverty in _REPORTED:
        part = evaluation.POVERTY if poverty else evaluation.ALL
        question = Question(measure=measure, start=plan.starts, end=plan.ends, by=("year",), filter=part, known_on=known_on)
        found[name] = await query.answer(tx, question)
    fresh = await freshness(tx, lag)
    judged = await evaluation.quota_years(tx, plan, on, known_on, fresh.complete_on)
    reached = await evaluation.target_states(tx, plan, on, known_on, fresh.complete_on)
    return views.report(programme, found, judged, reached, known_on, fresh)


async def cells(tx: Tx, cut: int, measure: str, after: str | None, limit: int) -> views.Cells:
    """The stored cells themselves, page by page, for whoever recounts. Raises MeasureNotFound, CursorInvalid."""
    if measure not in MEASURE:
        raise MeasureNotFound(field="measure", state=list(MEASURE))
    rows = await queries.page_of_cells(tx, cut, MEASURE[measure].code, _cursor(after), limit)
    return views.cells(rows, limit)


def _cursor(after: str | None) -> tuple[date, date, str, str, str]:
    """The key that `next` of the page before gave."""
    if after is None:
        return date.min, date.min, "", "", ""
    try:
        day, recorded_on, k1, k2, currency = after.split("|")
        return date.fromisoformat(day), date.fromisoformat(recorded_on), k1, k2, currency
    except ValueError as error:
        raise CursorInvalid(field="after") from error

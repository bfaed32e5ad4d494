"""What the service does: counts batches of events, takes in plans, answers, tells what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from services.stats import board, closing, figures, plans, queries, views
from services.stats.commands import ClosePeriod, EnterProgramme, FxRate, LoadFxRates, Plan, Question, ReopenPeriod, ReviseFxRate
from services.stats.domain import ContradictoryPlan, CursorInvalid, RateExists, RateUnknown, StalePlan, UnknownMeasure
from services.stats.fold import Cell, fold_all
from services.stats.freshness import Lag, freshness
from services.stats.measures import CUT_BY_CODE, MEASURE
from services.stats.queries import frozen
from shared.db import Tx
from shared.events import Data, Recorded
from shared.values import first_day


# --- counting -------------------------------------------------------------------------------------------------------------
async def count(tx: Tx, events: Sequence[Recorded[Data]]) -> None:
    """Add a batch to the live cells: five statements, whatever its size, and four more when it restates closed periods.

    Raises AbsurdDay; a batch of one says which record it was.
    """
    cells = fold_all(events)
    applied: dict[str, tuple[int, datetime]] = {}
    for event in events:
        counted, newest = applied.get(event.data.TOPIC, (0, event.time))
        applied[event.data.TOPIC] = (counted + 1, max(newest, event.time))
    generation = await queries.live_generation(tx)
    await queries.add_cells(tx, generation, cells)
    await queries.add_months(tx, generation, by_month(cells))
    await queries.add_applied(tx, generation, applied)
    await closing.restate(tx, cells, events)


def by_month(cells: Mapping[Cell, int]) -> dict[queries.MonthKey, int]:
    """The same sums whatever the day of recording, for the cuts that keep them."""
    months: Counter[queries.MonthKey] = Counter()
    for cell, value in cells.items():
        if CUT_BY_CODE[cell.cut].monthly:
            months[cell.cut, cell.measure, cell.day.replace(day=1), cell.k1, cell.k2, cell.currency] += value
    return dict(months)


# --- programmes -----------------------------------------------------------------------------------------------------------
async def enter_programme(tx: Tx, command: EnterProgramme) -> views.Programme:
    """A new plan, or the next version of one. Raises ContradictoryPlan (with the arithmetic), StalePlan."""
    plan = command.plan
    wrong = plans.contradictions(plan)
    if wrong:
        raise ContradictoryPlan("; ".join(wrong), field="plan", state=wrong)
    newest = await queries.programme(tx, plan.code)
    current = newest.version if newest else 0
    if command.version is not None and command.version != current:
        raise StalePlan(f"version {current} is in force", field="version", state={"version": current})
    entry = queries.Programme(plan.code, current + 1, plan.model_dump(mode="json"), command.reason, str(tx.principal), tx.clock.now())
    if not await queries.add_programme(tx, entry):
        raise StalePlan(field="version")
    return views.programme(plan, entry)


async def programmes(tx: Tx) -> list[views.Programme]:
    entered = {entry.code: entry for entry in await queries.programmes_in_force(tx)}
    return [views.programme(each.plan, entered.get(each.plan.code)) for each in await board.all_in_force(tx)]


async def programme_versions(tx: Tx, code: str) -> list[views.Programme]:
    """Every version, the shipped one first. Raises UnknownProgramme."""
    await board.in_force(tx, code)
    shipped = [views.programme(plan, None) for name, plan in board.shipped().items() if name == code]
    return shipped + [views.programme(Plan.model_validate(entry.document), entry) for entry in await queries.programme_versions(tx, code)]


# --- rates ------------------------------------------------------------------------------------------------------------------
async def load_fx_rates(tx: Tx, command: LoadFxRates) -> list[views.FxRate]:
    """Rates for months that have none. Raises RateExists; then none is loaded."""
    before = await closing.in_yuan(tx)
    entered = [await _enter_rate(tx, rate, 1, command.source, "loaded") for rate in command.rates]
    await closing.restate_rates(tx, before)
    return entered


async def revise_fx_rate(tx: Tx, command: ReviseFxRate) -> views.FxRate:
    """The next version of a rate. Raises RateUnknown."""
    newest = await queries.newest_rate(tx, command.rate.currency, first_day(command.rate.month))
    if newest == 0:
        raise RateUnknown(f"{command.rate.currency} {command.rate.month} has no rate", field="rate")
    before = await closing.in_yuan(tx)
    entered = await _enter_rate(tx, command.rate, newest + 1, command.source, command.reason)
    await closing.restate_rates(tx, before)
    return entered


async def _enter_rate(tx: Tx, rate: FxRate, version: int, source: str, reason: str) -> views.FxRate:
    entry = queries.Rate(
        rate.currency, first_day(rate.month), version, rate.yuan_per_unit, source, reason, str(tx.principal), tx.clock.now(),
        tx.clock.today(),
    )  # fmt: skip
    if not await queries.add_rate(tx, entry):
        raise RateExists(f"{rate.currency} {rate.month} has a rate: revise it", field="rates")
    return views.rate(entry)


async def fx_rates(tx: Tx, currency: str | None) -> list[views.FxRate]:
    """Every version of every rate."""
    return [views.rate(entry) for entry in await queries.rate_history(tx, currency)]


# --- closed periods -------------------------------------------------------------------------------------------------------
async def close_period(tx: Tx, command: ClosePeriod) -> views.Period:
    return views.period(await closing.close_period(tx, command))


async def reopen_period(tx: Tx, command: ReopenPeriod) -> views.Period:
    return views.period(await closing.reopen_period(tx, command))


async def periods(tx: Tx) -> list[views.Period]:
    """Every close, reopened ones included."""
    return [views.period(close) for close in await frozen.closes(tx)]


async def restatements(tx: Tx, period: str | None, after: int, limit: int) -> views.Restatements:
    return views.restatements(await frozen.restatements(tx, period, after, limit), limit)


# --- answering ------------------------------------------------------------------------------------------------------------
async def figure(tx: Tx, question: Question, lag: Lag) -> views.Figure:
    points = await figures.answer(tx, question)
    final = any(close.starts <= question.start and question.end <= close.ends for close in await frozen.closed(tx))
    return views.figure(question, points, "final" if final else "preliminary", await freshness(tx, lag))


async def monthly(tx: Tx, year: int, known_on: date | None, lag: Lag) -> views.Monthly:
    """The published form: cumulative from January in two channels, stock at month end, change on the year before."""
    today = known_on or tx.clock.today()
    last = 12 if year < today.year else today.month if year == today.year else 0
    start, end = date(year - 1, 1, 1), date(year, 12, 31)
    by_channel = await figures.answer(tx, Question(measure="dispatches", start=start, end=end, by=("month", "channel"), known_on=known_on))
    stock = await figures.answer(tx, Question(measure="stock", start=start, end=end, by=("month",), known_on=known_on))
    return views.monthly(year, last, by_channel, stock, known_on, await freshness(tx, lag))


async def quotas(tx: Tx, code: str, level: board.Level, known_on: date | None, lag: Lag) -> views.Quotas:
    programme = await board.in_force(tx, code)
    fresh = await freshness(tx, lag)
    judged = await board.quota_years(tx, programme.plan, known_on or tx.clock.today(), known_on, fresh.complete_on, (level,))
    return views.quotas(programme, judged, known_on, fresh)


async def targets(tx: Tx, code: str, level: board.Level, known_on: date | None, lag: Lag) -> views.Targets:
    programme = await board.in_force(tx, code)
    judged = await board.target_states(tx, programme.plan, known_on or tx.clock.today(), known_on, (level,))
    return views.targets(programme, judged, known_on, await freshness(tx, lag))


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
    programme, on = await board.in_force(tx, code), known_on or tx.clock.today()
    plan = programme.plan
    found = {}
    for name, measure, poverty in _REPORTED:
        part = board.POVERTY if poverty else board.ALL
        question = Question(measure=measure, start=plan.starts, end=plan.ends, by=("year",), filter=part, known_on=known_on)
        found[name] = await figures.answer(tx, question)
    fresh = await freshness(tx, lag)
    judged = await board.quota_years(tx, plan, on, known_on, fresh.complete_on)
    reached = await board.target_states(tx, plan, on, known_on)
    return views.report(programme, found, judged, reached, known_on, fresh)


async def cells(tx: Tx, cut: int, measure: str, after: str | None, limit: int) -> views.Cells:
    """The stored cells themselves, page by page, for whoever recounts. Raises UnknownMeasure, CursorInvalid."""
    if measure not in MEASURE:
        raise UnknownMeasure(field="measure", state=list(MEASURE))
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

"""What the service answers: every answer says as known at which day, complete through when, how far behind, what is parked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from services.stats import board, domain, figures, plans
from services.stats.board import InForce, QuotaYear, TargetAt
from services.stats.commands import Plan, Question
from services.stats.figures import Point
from services.stats.fold import Cell
from services.stats.freshness import Freshness
from services.stats.measures import CUT_BY_CODE, MEASURE_BY_CODE
from services.stats.queries import frozen, programmes, rates
from shared.events import FigureRestated
from shared.values import QuotaStatus, Ratio, TargetState, period_of

Label = Literal["preliminary", "final"]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Answered(_View):
    """`as_known_at` None: everything counted so far. `complete_through`: all that was recorded until then is counted."""

    as_known_at: date | None
    complete_through: datetime | None
    lag_seconds: int
    parked: int


def _standing(known_on: date | None, fresh: Freshness) -> dict[str, Any]:
    return {
        "as_known_at": known_on, "complete_through": fresh.complete_through, "lag_seconds": fresh.lag_seconds, "parked": fresh.parked,
    }  # fmt: skip


# --- figures --------------------------------------------------------------------------------------------------------------
class Value(_View):
    of: dict[str, str]
    value: int
    currency: str | None
    fen: str | None  # the part that a rate converts, exact, unrounded; None: no money
    pending: int  # minor units that no rate converts yet


class Figure(Answered):
    measure: str
    unit: str
    label: Label  # final: the span lies within a closed period
    definition: str
    start: date
    end: date
    basis: str
    scheme: str
    points: list[Value]
    total_cny: int | None  # fen, of what is in yuan or can be converted; None: no money
    pending_fx: dict[str, int]  # minor units by currency that no rate converts yet: no part of total_cny


def figure(question: Question, points: Sequence[Point], label: Label, fresh: Freshness) -> Figure:
    money = figures.is_money(question.measure)
    total, pending = figures.in_yuan(points)
    return Figure(
        measure=question.measure, unit=figures.unit(question.measure), label=label, definition=figures.definition(question.measure),
        start=question.start, end=question.end, basis=question.basis, scheme=question.scheme,
        points=[_value(point) for point in points],
        total_cny=total if money else None, pending_fx=pending if money else {}, **_standing(question.known_on, fresh),
    )  # fmt: skip


def _value(point: Point) -> Value:
    fen = None if point.currency is None else f"{point.fen.normalize():f}"
    return Value(of=point.of, value=point.value, currency=point.currency, fen=fen, pending=point.pending)


class MonthlyRow(_View):
    """Cumulative from January to the month's end. `change`: on the year before, same months; None without a year before."""

    month: str
    dispatches: int
    contracted_projects: int
    labour_cooperation: int  # seafarers included, as published
    stock: int
    change_dispatches: int | None
    change_stock: int | None


class Monthly(Answered):
    year: int
    definition: str
    months: list[MonthlyRow]


def monthly(year: int, last: int, by_channel: Iterable[Point], stock: Iterable[Point], known_on: date | None, fresh: Freshness) -> Monthly:
    counted = {(point.of["month"], point.of["channel"] == "contracted_project"): 0 for point in by_channel}
    for point in by_channel:
        counted[point.of["month"], point.of["channel"] == "contracted_project"] += point.value
    levels = {point.of["month"]: point.value for point in stock}

    def cumulated(of: int, through: int, *, projects: bool) -> int:
        return sum(counted.get((f"{of}-{month:02d}", projects), 0) for month in range(1, through + 1))

    rows = []
    for month in range(1, last + 1):
        projects, labour = cumulated(year, month, projects=True), cumulated(year, month, projects=False)
        before = cumulated(year - 1, month, projects=True) + cumulated(year - 1, month, projects=False)
        level, level_before = levels.get(f"{year}-{month:02d}", 0), levels.get(f"{year - 1}-{month:02d}", 0)
        rows.append(MonthlyRow(
            month=f"{year}-{month:02d}", dispatches=projects + labour, contracted_projects=projects, labour_cooperation=labour, stock=level,
            change_dispatches=projects + labour - before if before else None, change_stock=level - level_before if level_before else None,
        ))  # fmt: skip
    return Monthly(
        year=year, months=rows, definition=f"{figures.definition('dispatches')} {figures.definition('stock')}", **_standing(known_on, fresh)
    )


# --- programmes -----------------------------------------------------------------------------------------------------------
class Programme(_View):
    """`version` 0: as shipped. `arithmetic`: what the plan implies."""

    version: int
    plan: Plan
    arithmetic: list[str]
    reason: str | None
    entered_by: str | None
    entered_at: datetime | None


def programme(plan: Plan, entry: programmes.Programme | None) -> Programme:
    return Programme(
        version=entry.version if entry else 0, plan=plan, arithmetic=plans.arithmetic(plan), reason=entry.reason if entry else None,
        entered_by=entry.entered_by if entry else None, entered_at=entry.entered_at if entry else None,
    )  # fmt: skip


class Share(_View):
    """`gap_heads`: how many more of the numerator's kind reach the threshold; for a finished year how many were missing."""

    num: int
    den: int
    percent: str
    status: QuotaStatus
    rise: Literal["rose", "fell", "not_comparable"]
    gap_heads: int | None


class QuotaAt(Share):
    quota: str
    title: str
    scope: str
    year: int
    threshold: Ratio
    binding: bool
    finished: bool


class Quotas(Answered):
    programme: str
    version: int
    quotas: list[QuotaAt]


def _share(of: QuotaYear) -> dict[str, Any]:
    verdict = of.judgement
    return {
        "num": verdict.share[0], "den": verdict.share[1], "percent": domain.percent(verdict.share), "status": verdict.status,
        "rise": "not_comparable" if verdict.rise is None else "rose" if verdict.rise else "fell", "gap_heads": verdict.gap_heads,
    }  # fmt: skip


def quotas(programme: InForce, judged: Iterable[QuotaYear], known_on: date | None, fresh: Freshness) -> Quotas:
    rows = [
        QuotaAt(
            quota=of.quota.code, title=of.quota.title, scope=str(of.scope), year=of.year, threshold=of.quota.threshold,
            binding=of.quota.binding, finished=of.finished, **_share(of),
        )
        for of in judged
    ]  # fmt: skip
    return Quotas(programme=programme.plan.code, version=programme.version, quotas=rows, **_standing(known_on, fresh))


class TargetRow(_View):
    """Money in fen. `expected`: where a steady pace would stand; `run_rate`: needed per day from here on."""

    target: str
    definition: str
    scope: str
    actual: int
    pending_fx: dict[str, int]
    expected: int | None
    floor: int | None
    stretch: int | None
    state: TargetState | None
    days_left: int | None
    run_rate: int | None


class Targets(Answered):
    programme: str
    version: int
    targets: list[TargetRow]


def _target(of: TargetAt) -> TargetRow:
    stands = of.progress
    return TargetRow(
        target=of.target.code, definition=figures.definition(of.target.measure), scope=str(of.scope), actual=of.actual,
        pending_fx=of.pending_fx, expected=stands.expected if stands else None, floor=stands.floor if stands else None,
        stretch=stands.stretch if stands else None, state=stands.state if stands else None,
        days_left=stands.days_left if stands else None, run_rate=stands.run_rate if stands else None,
    )  # fmt: skip


def targets(programme: InForce, reached: Iterable[TargetAt], known_on: date | None, fresh: Freshness) -> Targets:
    rows = [_target(of) for of in reached]
    return Targets(programme=programme.plan.code, version=programme.version, targets=rows, **_standing(known_on, fresh))


# --- the report -----------------------------------------------------------------------------------------------------------
class YearRow(_View):
    """`income_cny` in fen (1/100 yuan); what no rate converts yet stands in `pending_fx` and is no part of it."""

    dispatches: int
    persons: int
    stock: int
    returns: int
    income_cny: int
    pending_fx: dict[str, int]
    poverty_dispatches: int
    q1: Share | None
    q2: Share | None
    indicator: Share | None


class Total(_View):
    dispatches: int
    persons: int
    poverty_dispatches: int
    income_cny: int
    pending_fx: dict[str, int]
    parked: int


class Fresh(_View):
    complete_through: datetime | None
    lag_seconds: int


class Report(_View):
    programme: str
    version: int
    as_known_at: date | None
    years: dict[str, YearRow]
    total: Total
    targets: list[TargetRow]
    fresh: Fresh


def report(
    programme: InForce, found: Mapping[str, Sequence[Point]], judged: Iterable[QuotaYear], reached: Iterable[TargetAt],
    known_on: date | None, fresh: Freshness,
) -> Report:  # fmt: skip
    shares = {(of.quota.code, of.year): Share(**_share(of)) for of in judged if of.scope == board.NATIONAL}
    years = sorted({year for _, year in shares} | {int(point.of["year"]) for point in found["dispatches"]})
    rows = {str(year): _year(year, found, shares) for year in years}
    income, pending = figures.in_yuan(found["income"])
    total = Total(
        dispatches=sum(row.dispatches for row in rows.values()), persons=sum(row.persons for row in rows.values()),
        poverty_dispatches=sum(row.poverty_dispatches for row in rows.values()), income_cny=income, pending_fx=pending, parked=fresh.parked,
    )  # fmt: skip
    return Report(
        programme=programme.plan.code, version=programme.version, as_known_at=known_on, years=rows, total=total,
        targets=[_target(of) for of in reached], fresh=Fresh(complete_through=fresh.complete_through, lag_seconds=fresh.lag_seconds),
    )  # fmt: skip


def _year(year: int, found: Mapping[str, Sequence[Point]], shares: Mapping[tuple[str, int], Share]) -> YearRow:
    counted = {name: [point for point in points if point.of["year"] == str(year)] for name, points in found.items()}
    heads = {name: sum(point.value for point in counted[name]) for name in counted if name != "income"}
    income, pending = figures.in_yuan(counted["income"])
    return YearRow(
        **heads, income_cny=income, pending_fx=pending,
        q1=shares.get(("Q1", year)), q2=shares.get(("Q2", year)), indicator=shares.get(("indicator", year)),
    )  # fmt: skip


# --- closed periods -------------------------------------------------------------------------------------------------------
class Period(_View):
    """A close; `reopened_by` None: in force, and the period's figures are final."""

    period: str
    version: int
    digest: str
    positions: list[tuple[str, int, int]]
    closed_by: str
    closed_at: datetime
    reopened_by: str | None
    reopened_at: datetime | None
    reason: str | None


def period(of: frozen.Close) -> Period:
    return Period(
        period=of.period, version=of.version, digest=of.digest, positions=[(row[0], row[1], row[2]) for row in of.positions],
        closed_by=of.closed_by, closed_at=of.closed_at, reopened_by=of.reopened_by, reopened_at=of.reopened_at, reason=of.reason,
    )  # fmt: skip


class Restatement(_View):
    id: int
    version: int
    restated: FigureRestated


class Restatements(_View):
    items: list[Restatement]
    next: int | None


def restatements(rows: Sequence[tuple[int, int, dict[str, Any]]], limit: int) -> Restatements:
    items = [Restatement(id=number, version=version, restated=FigureRestated.model_validate(told)) for number, version, told in rows]
    return Restatements(items=items, next=items[-1].id if len(items) == limit else None)


# --- rates ----------------------------------------------------------------------------------------------------------------
class FxRate(_View):
    currency: str
    month: str
    version: int
    yuan_per_unit: str
    source: str
    reason: str
    entered_by: str
    entered_at: datetime


def rate(of: rates.Rate) -> FxRate:
    return FxRate(
        currency=of.currency, month=period_of(of.month), version=of.version, yuan_per_unit=f"{of.yuan_per_unit.normalize():f}",
        source=of.source, reason=of.reason, entered_by=of.entered_by, entered_at=of.entered_at,
    )  # fmt: skip


# --- cells ----------------------------------------------------------------------------------------------------------------
class CellRow(_View):
    cut: str
    measure: str
    k1: str
    k2: str
    day: date
    recorded_on: date
    currency: str
    value: int


class Cells(_View):
    items: list[CellRow]
    next: str | None


def cells(rows: Sequence[tuple[Cell, int]], limit: int) -> Cells:
    items = [
        CellRow(
            cut=CUT_BY_CODE[cell.cut].name, measure=MEASURE_BY_CODE[cell.measure].name, k1=cell.k1, k2=cell.k2, day=cell.day,
            recorded_on=cell.recorded_on, currency=cell.currency, value=value,
        )
        for cell, value in rows
    ]  # fmt: skip
    last = rows[-1][0] if len(rows) == limit else None
    key = f"{last.day.isoformat()}|{last.recorded_on.isoformat()}|{last.k1}|{last.k2}|{last.currency}" if last else None
    return Cells(items=items, next=key)

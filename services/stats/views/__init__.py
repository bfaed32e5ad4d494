"""What the service answers: every answer says as known at which day, complete through when, how far behind, what is parked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.stats.counting.measures import CUT_BY_CODE, MEASURE_BY_CODE, Measure
from services.stats.counting.reference_fold import Cell
from services.stats.domain.questions import Question
from services.stats.figures import percentiles, query
from services.stats.figures.freshness import Freshness
from services.stats.figures.percentiles import Band
from services.stats.figures.query import Point
from services.stats.queries import frozen, rates
from services.stats.queries.classifications import Kind
from services.stats.views.answers import Answered, Label, View, standing
from services.stats.views.classifications import Designations, Divisions, ListVersion, designations, divisions, list_version
from services.stats.views.programmes import (
    Judged,
    Programme,
    QuotaAt,
    Quotas,
    Scenario,
    Share,
    TargetRow,
    Targets,
    judged_now,
    programme,
    quotas,
    scenario,
    targets,
)
from services.stats.views.public import PublicFigure, public_figure
from services.stats.views.report import Fresh, Report, Total, YearRow, report
from shared.events import FigureRestated
from shared.values import Ratio, period_of

__all__ = [
    "Answered",
    "Designations",
    "Divisions",
    "Fresh",
    "Judged",
    "ListVersion",
    "Programme",
    "PublicFigure",
    "QuotaAt",
    "Quotas",
    "Report",
    "Scenario",
    "Share",
    "TargetRow",
    "Targets",
    "Total",
    "YearRow",
    "designations",
    "divisions",
    "judged_now",
    "list_version",
    "programme",
    "public_figure",
    "quotas",
    "report",
    "scenario",
    "targets",
]


# --- figures --------------------------------------------------------------------------------------------------------------
class Value(View):
    of: dict[str, str]
    value: int
    currency: str | None
    fen: str | None  # the part that a rate converts, exact, unrounded; None: no money
    pending: int  # minor units that no rate converts yet
    ratio: Ratio | None  # of a quotient: exact; `value` is its whole part
    shown: str | None  # of a quotient: rounded half up; None: no quotient, or no denominator
    median_days: Band | None  # of durations: the median lies between these days, both included
    p90_days: Band | None


class Unclassified(View):
    """Counties that no list of divisions knows: part of the figure and of every denominator. `value`: theirs; None: money."""

    value: int | None
    counties: list[str]  # the first 100 codes
    number: int  # of such counties


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
    next: str | None  # where the next page begins, None after the last; totals are of all pages
    total_cny: int | None  # fen, of what is in yuan or can be converted; None: no money
    pending_fx: dict[str, int]  # minor units by currency that no rate converts yet: no part of total_cny
    unclassified: Unclassified | None  # None: not counted by county
    lists: dict[str, int] | None  # by which versions of the lists it was classified (0: as shipped); None: by none


def figure(
    question: Question,
    points: Sequence[Point],
    shown: Sequence[Point],
    label: Label,
    fresh: Freshness,
    unknown: Mapping[str, int] | None,
    versions: Mapping[Kind, int] | None,
) -> Figure:
    """`shown`: the page of the points that is asked for; totals are of all."""
    money = query.is_money(question.measure)
    total, pending = query.in_yuan(points)
    return Figure(
        measure=question.measure,
        unit=query.unit(question.measure),
        label=label,
        definition=query.definition(question.measure),
        start=question.start,
        end=question.end,
        basis=question.basis,
        scheme=question.scheme,
        points=values(question.measure, shown),
        next=place_of(shown[-1]) if shown and shown[-1] is not points[-1] else None,
        total_cny=total if money else None,
        pending_fx=pending if money else {},
        unclassified=_unclassified(unknown, money=money),
        lists={str(kind): version for kind, version in versions.items()} if versions else None,
        **standing(question.known_on, fresh),
    )


def _unclassified(unknown: Mapping[str, int] | None, *, money: bool) -> Unclassified | None:
    if unknown is None:
        return None
    return Unclassified(value=None if money else sum(unknown.values()), counties=list(unknown)[:100], number=len(unknown))


def values(measure: str, points: Iterable[Point]) -> list[Value]:
    return [_value(point, query.digits(measure)) for point in points]


def place_of(point: Point) -> str:
    """What names a point among those of its answer."""
    return "|".join((*point.of.values(), point.currency or ""))


def _value(point: Point, digits: int) -> Value:
    fen = None if point.currency is None else f"{point.fen.normalize():f}"
    shown = percentiles.written(point.ratio, digits) if point.ratio else None
    return Value(
        of=point.of,
        value=point.value,
        currency=point.currency,
        fen=fen,
        pending=point.pending,
        ratio=point.ratio,
        shown=shown,
        median_days=point.spread.median if point.spread else None,
        p90_days=point.spread.p90 if point.spread else None,
    )


class MeasureRow(View):
    """`cuts`: what each cut that answers for it has together. `rate`: for money, whose month's rate converts it."""

    name: str
    kind: str
    unit: str
    definition: str
    rate: str | None
    cuts: dict[str, list[str]]


def measures() -> list[MeasureRow]:
    """Everything that can be asked for, out of the one table."""
    return [
        MeasureRow(
            name=name,
            kind=measure.kind,
            unit=measure.unit,
            definition=query.definition(name),
            rate=measure.rate if isinstance(measure, Measure) else None,
            cuts={cut.name: sorted(cut.dimensions - {"person"}) for cut in query.cuts_with(measure)},
        )
        for name, measure in query.ALL.items()
    ]


class MonthlyRow(View):
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
        rows.append(
            MonthlyRow(
                month=f"{year}-{month:02d}",
                dispatches=projects + labour,
                contracted_projects=projects,
                labour_cooperation=labour,
                stock=level,
                change_dispatches=projects + labour - before if before else None,
                change_stock=level - level_before if level_before else None,
            )
        )
    return Monthly(
        year=year, months=rows, definition=f"{query.definition('dispatches')} {query.definition('stock')}", **standing(known_on, fresh)
    )


# --- closed periods -------------------------------------------------------------------------------------------------------
class Period(View):
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
    explanation: str | None


def period(of: frozen.Close) -> Period:
    return Period(
        period=of.period,
        version=of.version,
        digest=of.digest,
        positions=[(row[0], row[1], row[2]) for row in of.positions],
        closed_by=of.closed_by,
        closed_at=of.closed_at,
        reopened_by=of.reopened_by,
        reopened_at=of.reopened_at,
        reason=of.reason,
        explanation=of.explanation,
    )


class Restatement(View):
    id: int
    version: int
    restated: FigureRestated


class Restatements(View):
    items: list[Restatement]
    next: int | None


def restatements(rows: Sequence[tuple[int, int, dict[str, Any]]], limit: int) -> Restatements:
    items = [Restatement(id=number, version=version, restated=FigureRestated.model_validate(told)) for number, version, told in rows]
    return Restatements(items=items, next=items[-1].id if len(items) == limit else None)


# --- rates ----------------------------------------------------------------------------------------------------------------
class FxRate(View):
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
        currency=of.currency,
        month=period_of(of.month),
        version=of.version,
        yuan_per_unit=f"{of.yuan_per_unit.normalize():f}",
        source=of.source,
        reason=of.reason,
        entered_by=of.entered_by,
        entered_at=of.entered_at,
    )


# --- cells ----------------------------------------------------------------------------------------------------------------
class CellRow(View):
    cut: str
    measure: str
    k1: str
    k2: str
    day: date
    recorded_on: date
    currency: str
    value: int


class Cells(View):
    items: list[CellRow]
    next: str | None


def cells(rows: Sequence[tuple[Cell, int]], limit: int) -> Cells:
    items = [
        CellRow(
            cut=CUT_BY_CODE[cell.cut].name,
            measure=MEASURE_BY_CODE[cell.measure].name,
            k1=cell.k1,
            k2=cell.k2,
            day=cell.day,
            recorded_on=cell.recorded_on,
            currency=cell.currency,
            value=value,
        )
        for cell, value in rows
    ]
    last = rows[-1][0] if len(rows) == limit else None
    key = f"{last.day.isoformat()}|{last.recorded_on.isoformat()}|{last.k1}|{last.k2}|{last.currency}" if last else None
    return Cells(items=items, next=key)

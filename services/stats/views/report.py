"""The report a ministry would want."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from services.stats.figures.freshness import Freshness
from services.stats.figures.shaping import Point, in_yuan
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.programmes.evaluation import NATIONAL, QuotaYear, TargetAtScope
from services.stats.views.metadata import View
from services.stats.views.quotas import Share, share
from services.stats.views.targets import TargetRow, target


class YearRow(View):
    """`income_cny` in fen (1/100 yuan); what no rate converts yet is in `pending_fx` and no part of it.

    `efforts`: of each of the programme's four efforts, the figures by measure.
    """

    dispatches: int
    persons: int
    stock: int
    returns: int
    income_cny: int
    pending_fx: dict[str, int]
    poverty_dispatches: int
    quotas: dict[str, Share]  # every national one of the plan, in its order
    q1: Share | None
    q2: Share | None
    indicator: Share | None
    efforts: dict[str, dict[str, int]]


class Total(View):
    dispatches: int
    persons: int
    poverty_dispatches: int
    income_cny: int
    pending_fx: dict[str, int]
    parked: int


class Fresh(View):
    complete_through: datetime | None
    lag_seconds: int


class Report(View):
    programme: str
    version: int
    as_known_at: date | None
    years: dict[str, YearRow]
    total: Total
    targets: list[TargetRow]
    fresh: Fresh


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """What a report is made of. `figures`: points by year, by the names of the rows' fields; `efforts`: by effort and measure."""

    programme: ProgrammeInForce
    figures: Mapping[str, Sequence[Point]]
    efforts: Mapping[str, Mapping[str, Sequence[Point]]]
    quotas: Sequence[QuotaYear]
    targets: Sequence[TargetAtScope]


def report(evaluated: Evaluated, known_on: date | None, fresh: Freshness) -> Report:
    shares = {(one.quota.code, one.year): Share(**share(one)) for one in evaluated.quotas if one.scope == NATIONAL}
    years = sorted({year for _, year in shares} | {int(point.of["year"]) for point in evaluated.figures["dispatches"]})
    rows = {str(year): _year(year, evaluated, shares) for year in years}
    income, pending = in_yuan(evaluated.figures["income"])
    total = Total(
        dispatches=sum(row.dispatches for row in rows.values()),
        persons=sum(row.persons for row in rows.values()),
        poverty_dispatches=sum(row.poverty_dispatches for row in rows.values()),
        income_cny=income,
        pending_fx=pending,
        parked=fresh.parked,
    )
    return Report(
        programme=evaluated.programme.plan.code,
        version=evaluated.programme.version,
        as_known_at=known_on,
        years=rows,
        total=total,
        targets=[target(one) for one in evaluated.targets],
        fresh=Fresh(complete_through=fresh.complete_through, lag_seconds=fresh.lag_seconds),
    )


def _year(year: int, evaluated: Evaluated, shares: Mapping[tuple[str, int], Share]) -> YearRow:
    heads = {name: _in_year(points, year) for name, points in evaluated.figures.items() if name != "income"}
    income, pending = in_yuan([point for point in evaluated.figures["income"] if point.of["year"] == str(year)])
    return YearRow(
        **heads,
        income_cny=income,
        pending_fx=pending,
        quotas={code: share for (code, of), share in shares.items() if of == year},
        q1=shares.get(("Q1", year)),
        q2=shares.get(("Q2", year)),
        indicator=shares.get(("indicator", year)),
        efforts={
            effort: {measure: _in_year(points, year) for measure, points in figures.items()}
            for effort, figures in evaluated.efforts.items()
        },
    )


def _in_year(points: Sequence[Point], year: int) -> int:
    return sum(point.value for point in points if point.of["year"] == str(year))

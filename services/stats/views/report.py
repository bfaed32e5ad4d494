"""The report a ministry would want."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from services.stats.figures import query
from services.stats.figures.freshness import Freshness
from services.stats.figures.query import Point
from services.stats.programmes import evaluation
from services.stats.programmes.evaluation import InForce, QuotaYear, TargetAt
from services.stats.views.answers import View
from services.stats.views.programmes import Share, TargetRow, share_of, target


class YearRow(View):
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


def report(
    programme: InForce,
    found: Mapping[str, Sequence[Point]],
    judged: Iterable[QuotaYear],
    reached: Iterable[TargetAt],
    known_on: date | None,
    fresh: Freshness,
) -> Report:
    shares = {(of.quota.code, of.year): Share(**share_of(of)) for of in judged if of.scope == evaluation.NATIONAL}
    years = sorted({year for _, year in shares} | {int(point.of["year"]) for point in found["dispatches"]})
    rows = {str(year): _year(year, found, shares) for year in years}
    income, pending = query.in_yuan(found["income"])
    total = Total(
        dispatches=sum(row.dispatches for row in rows.values()),
        persons=sum(row.persons for row in rows.values()),
        poverty_dispatches=sum(row.poverty_dispatches for row in rows.values()),
        income_cny=income,
        pending_fx=pending,
        parked=fresh.parked,
    )
    return Report(
        programme=programme.plan.code,
        version=programme.version,
        as_known_at=known_on,
        years=rows,
        total=total,
        targets=[target(of) for of in reached],
        fresh=Fresh(complete_through=fresh.complete_through, lag_seconds=fresh.lag_seconds),
    )


def _year(year: int, found: Mapping[str, Sequence[Point]], shares: Mapping[tuple[str, int], Share]) -> YearRow:
    counted = {name: [point for point in points if point.of["year"] == str(year)] for name, points in found.items()}
    heads = {name: sum(point.value for point in counted[name]) for name in counted if name != "income"}
    income, pending = query.in_yuan(counted["income"])
    return YearRow(
        **heads,
        income_cny=income,
        pending_fx=pending,
        q1=shares.get(("Q1", year)),
        q2=shares.get(("Q2", year)),
        indicator=shares.get(("indicator", year)),
    )

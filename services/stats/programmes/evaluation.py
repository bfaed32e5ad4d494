"""A programme evaluated: its targets and quotas against the figures, at every level, as known on a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.stats.domain.periods import year_before
from services.stats.domain.plans import Plan
from services.stats.domain.questions import Filter, Question
from services.stats.domain.quotas import Judgement, Quota, Requirement, at_least, is_comparable, is_infeasible, judge
from services.stats.domain.targets import Progress, Projection, Target, days_left, expected_linearly, progress
from services.stats.figures.query import answer
from services.stats.figures.shaping import Point, in_yuan
from services.stats.programmes import projection
from shared.db import Tx
from shared.principals import NATION
from shared.reference import provinces, region
from shared.values import Period, Ratio, Scheme, first_day

Level = Literal["nation", "region", "province"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The day that is judged, what was known by then (None: everything now), through when figures are complete, at which levels."""

    on: date
    known_on: date | None
    complete_on: date | None
    levels: Sequence[Level] = ("nation",)


# --- scopes ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Scope:
    """Where a figure holds: the nation, a region group of a scheme, or a province."""

    level: Level
    code: str

    def __str__(self) -> str:
        return f"{self.level}:{self.code}"


NATIONAL = Scope("nation", NATION)


def _scopes(province: str, scheme: Scheme, levels: Sequence[Level]) -> list[Scope]:
    """The scopes a province's figures count for."""
    every = (NATIONAL, Scope("region", region(province, scheme)), Scope("province", province))
    known = province in provinces()
    return [scope for scope in every if scope.level in levels and (known or scope.level == "nation")]


def _by_scope(points: Iterable[Point], scheme: Scheme, levels: Sequence[Level]) -> dict[tuple[Scope, str], list[Point]]:
    """Points by province (and year) gathered by scope and year."""
    found: dict[tuple[Scope, str], list[Point]] = {}
    for point in points:
        for scope in _scopes(point.of["province"], scheme, levels):
            found.setdefault((scope, point.of.get("year", "")), []).append(point)
    return found


# --- quotas ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaYear:
    """One quota at one scope in one calendar year.

    `open_positions`: of the whole nation, which could still close a gap; None for a finished year.
    """

    quota: Quota
    scope: Scope
    year: int
    judgement: Judgement
    finished: bool
    open_positions: int | None

    @property
    def infeasible(self) -> bool:
        """With the orders in hand."""
        return is_infeasible(self.judgement.gap_heads, self.open_positions)


async def evaluate_quotas(tx: Tx, plan: Plan, as_of: AsOf) -> list[QuotaYear]:
    """Every quota of the plan in every year begun; finished years are judged whole, the running one on its cut-off day.

    A year of which too few days are complete is not judged.
    """
    found: list[QuotaYear] = []
    judge_year = _YearJudge(plan, as_of, await _reported(tx, plan, as_of))
    for quota in plan.quotas:
        shares = await _shares(tx, quota, as_of)
        before = await _shares_same_day_before(tx, quota, as_of)
        running = quota.first_year <= as_of.on.year <= quota.last_year
        open_positions = await _open_positions(tx, quota, as_of) if running else None
        for (scope, year), share in sorted(shares.items(), key=lambda item: (item[0][1], item[0][0].level, item[0][0].code)):
            if not quota.first_year <= year <= quota.last_year:
                continue
            finished = year < as_of.on.year
            base = (shares if finished else before).get((scope, year - 1))
            found.append(
                QuotaYear(
                    quota=quota,
                    scope=scope,
                    year=year,
                    judgement=judge_year(quota, year, share, base),
                    finished=finished,
                    open_positions=None if finished else open_positions,
                )
            )
    return found


@dataclass(frozen=True, slots=True)
class _YearJudge:
    plan: Plan
    as_of: AsOf
    reported: Callable[[int], bool]  # whether enough of a year is

    def __call__(self, quota: Quota, year: int, share: Ratio, before: Ratio | None) -> Judgement:
        """`before`: the share a year earlier, on the same cut-off day where the year is running."""
        on, finished = self.as_of.on, year < self.as_of.on.year
        requirement = Requirement(quota.threshold, quota.rising and year > quota.first_year, quota.strict)
        base = before if requirement.rising and self.reported(year - 1) else None
        cut_off = date(year, 12, 31) if finished else on
        complete = is_comparable(date(year, 1, 1), cut_off, self.as_of.complete_on, self.plan.comparable_from) and self.reported(year)
        return judge(share, base, requirement, finished=finished, complete=complete)


async def _reported(tx: Tx, plan: Plan, as_of: AsOf) -> Callable[[int], bool]:
    """Whether enough of a year's wage months that are due is reported in the nation; where the plan goes by days alone, always."""
    if plan.comparable_by == "days":
        return lambda _: True
    first, last = plan.starts.year, min(plan.ends.year, as_of.on.year)
    question = Question(measure="coverage", start=date(first, 1, 1), end=date(last, 12, 31), by=("year",), known_on=as_of.known_on)
    points = await answer(tx, question) if first <= last else []
    shares = {int(point.of["year"]): (point.ratio[0], 100 * point.ratio[1]) for point in points if point.ratio}  # the ratio is in percent
    return lambda year: at_least(shares.get(year, (0, 0)), plan.comparable_from)


async def _open_positions(tx: Tx, quota: Quota, as_of: AsOf) -> int:
    """Positions of open orders that a quota's numerator could be sent to. An order has no province, so any county may fill it."""
    part = Filter(destination=quota.numerator.destination, enterprise=quota.numerator.enterprise)
    question = Question(measure="open_positions", start=as_of.on, end=as_of.on, filter=part, known_on=as_of.known_on)
    return sum(point.value for point in await answer(tx, question))


Shares = dict[tuple[Scope, int], Ratio]


async def _shares(tx: Tx, quota: Quota, as_of: AsOf) -> Shares:
    """By year; the nation has one in every year begun, even with nothing."""
    start, end = date(quota.first_year, 1, 1), min(date(quota.last_year, 12, 31), date(as_of.on.year, 12, 31))
    if end < start:
        return {}
    shares = await _shares_between(tx, quota, start, end, as_of)
    for year in range(quota.first_year, end.year + 1):
        shares.setdefault((NATIONAL, year), (0, 0))
    return shares


async def _shares_same_day_before(tx: Tx, quota: Quota, as_of: AsOf) -> Shares:
    """Of the year before the running one, up to the same day."""
    if not quota.first_year < as_of.on.year <= quota.last_year:
        return {}
    return await _shares_between(tx, quota, date(as_of.on.year - 1, 1, 1), year_before(as_of.on), as_of)


async def _shares_between(tx: Tx, quota: Quota, start: date, end: date, as_of: AsOf) -> Shares:
    async def counted(part: Filter) -> dict[tuple[Scope, str], list[Point]]:
        question = Question(
            measure=quota.measure,
            start=start,
            end=end,
            by=("year", "province"),
            filter=part,
            basis=quota.basis,
            scheme=quota.scheme,
            known_on=as_of.known_on,
        )
        return _by_scope(await answer(tx, question), quota.scheme, as_of.levels)

    nums, dens = await counted(quota.numerator), await counted(quota.denominator)
    return {
        (scope, int(year)): (sum(point.value for point in nums.get((scope, year), ())), sum(point.value for point in points))
        for (scope, year), points in dens.items()
    }


# --- targets ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAtScope:
    """One target at one scope. Only the nation has a floor; regions and provinces show what they have contributed.

    `pending_fx`: amounts, by currency, that no rate turns into yuan yet. They are no part of `actual` and no zero either.
    """

    target: Target
    scope: Scope
    actual: int
    progress: Progress | None
    projection: Projection | None
    pending_fx: dict[str, int]
    distribution: str  # by which the amount expected to date was worked out


async def evaluate_targets(tx: Tx, plan: Plan, as_of: AsOf) -> list[TargetAtScope]:
    """Every target of the plan at every scope; projected from the last day through which the figures are complete."""
    found = []
    for target in plan.targets:
        question = Question(
            measure=target.measure,
            start=target.starts,
            end=target.ends,
            by=("month", "province"),
            filter=target.filter,
            known_on=as_of.known_on,
        )
        points = await answer(tx, question)
        months = _months(points)
        gathered: dict[Scope, list[Point]] = {NATIONAL: []}
        for (scope, _), part in _by_scope(points, "three_belt", as_of.levels).items():
            gathered[scope] = part
        distribution, expected = _expected(target, months, as_of.on)
        left = days_left(target.starts, target.ends, as_of.on)
        for scope, part in sorted(gathered.items(), key=lambda item: (item[0].level, item[0].code)):
            (actual, pending), national = in_yuan(part), scope == NATIONAL
            found.append(
                TargetAtScope(
                    target=target,
                    scope=scope,
                    actual=actual,
                    progress=progress(actual, expected, target.floor, target.stretch, left) if national else None,
                    projection=_projected(target, months, as_of) if national else None,
                    pending_fx=pending,
                    distribution=distribution,
                )
            )
    return found


def _projected(target: Target, months: dict[date, int], as_of: AsOf) -> Projection | None:
    return projection.project(months, target.starts, target.ends, min(as_of.on, as_of.complete_on or as_of.on))


def _months(points: Iterable[Point]) -> dict[date, int]:
    by_month: dict[date, list[Point]] = {}
    for point in points:
        by_month.setdefault(first_day(Period(point.of["month"])), []).append(point)
    return {month: in_yuan(part)[0] for month, part in by_month.items()}


def _expected(target: Target, months: dict[date, int], on: date) -> tuple[str, int]:
    """How the target is distributed over its days, and how much of its floor should be reached by the end of a day."""
    if target.distribution == "table":
        steps = [(step.until, step.amount) for step in target.table]
        return "table", projection.expected_by_table(steps, target.starts, on)
    if target.distribution == "linear":
        return "linear", expected_linearly(target.floor, target.starts, target.ends, on)
    name, seen = projection.patterns(months, target.starts, on)
    pattern = projection.pooled(seen)
    return f"seasonal, {name}", projection.expected_by_pattern(target.floor, pattern, target.starts, target.ends, on)

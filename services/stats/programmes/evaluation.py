"""A programme judged: its targets and quotas against the figures, at every level, as known on a day."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from services.stats.domain import quotas, targets
from services.stats.domain.errors import ProgrammeNotFound
from services.stats.domain.plans import Plan
from services.stats.domain.questions import Filter, Question
from services.stats.domain.quotas import Judgement, Quota
from services.stats.domain.targets import Progress, Projection, Target
from services.stats.figures import query
from services.stats.figures.query import Point
from services.stats.programmes import projection as seasons
from services.stats.queries import programmes
from shared.db import Tx
from shared.principals import NATION
from shared.reference import provinces, region
from shared.values import Designation, Period, Ratio, first_day

SHIPPED = Path(__file__).parent
MAIN = "2017-2020"
ALL = Filter()
POVERTY = Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL))
Level = Literal["nation", "region", "province"]


@dataclass(frozen=True, slots=True)
class InForce:
    """A plan and its version; 0: as shipped, nothing entered since."""

    plan: Plan
    version: int


def shipped() -> dict[str, Plan]:
    plans = [Plan.model_validate(json.loads(path.read_text(encoding="utf-8"))) for path in sorted(SHIPPED.glob("*.json"))]
    return {plan.code: plan for plan in plans}


async def in_force(tx: Tx, code: str = MAIN) -> InForce:
    """The newest version entered, else the one shipped. Raises ProgrammeNotFound."""
    entered = await programmes.programme(tx, code)
    if entered is not None:
        return InForce(Plan.model_validate(entered.document), entered.version)
    plan = shipped().get(code)
    if plan is None:
        raise ProgrammeNotFound(f"there is no programme {code!r}")
    return InForce(plan, 0)


async def all_in_force(tx: Tx) -> list[InForce]:
    entered = {
        entry.code: InForce(Plan.model_validate(entry.document), entry.version) for entry in await programmes.programmes_in_force(tx)
    }
    return [*entered.values(), *(InForce(plan, 0) for code, plan in shipped().items() if code not in entered)]


# --- scopes ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Scope:
    """Where a figure holds: the nation, a region group of a scheme, or a province."""

    level: Level
    code: str

    def __str__(self) -> str:
        return f"{self.level}:{self.code}"


NATIONAL = Scope("nation", NATION)


def _scopes(province: str, scheme: str, levels: Sequence[Level]) -> list[Scope]:
    """The scopes a province's figures count for."""
    grouped = region(province, "nbs4" if scheme == "nbs4" else "poverty22" if scheme == "poverty22" else "three_belt")
    every = (NATIONAL, Scope("region", grouped), Scope("province", province))
    known = province in provinces()
    return [scope for scope in every if scope.level in levels and (known or scope.level == "nation")]


def _by_scope(points: Iterable[Point], scheme: str, levels: Sequence[Level]) -> dict[tuple[Scope, str], list[Point]]:
    """Points by province (and year) gathered by scope and year. The nation always stands, even with nothing."""
    found: dict[tuple[Scope, str], list[Point]] = {}
    for point in points:
        for scope in _scopes(point.of["province"], scheme, levels):
            found.setdefault((scope, point.of.get("year", "")), []).append(point)
    return found


# --- quotas ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class QuotaYear:
    """One quota at one scope in one calendar year.

    `in_hand`: open positions of the whole nation that could still close a gap, None for a finished year.
    """

    quota: Quota
    scope: Scope
    year: int
    judgement: Judgement
    finished: bool
    in_hand: int | None

    @property
    def infeasible(self) -> bool:
        """With the orders in hand."""
        return quotas.is_infeasible(self.judgement.gap_heads, self.in_hand)


async def quota_years(
    tx: Tx, plan: Plan, on: date, known_on: date | None, complete_on: date | None, levels: Sequence[Level] = ("nation",)
) -> list[QuotaYear]:
    """Every quota of the plan in every year begun by `on`; finished years are judged, the running one on `on`'s cut-off day.

    `complete_on`: the last day through which the figures are complete. A year of which too few days are is not judged.
    """
    found: list[QuotaYear] = []
    reported = await _reported(tx, plan, on, known_on)
    for quota in plan.quotas:
        shares = await _shares(tx, quota, on, known_on, levels)
        before_cut = await _same_day_before(tx, quota, on, known_on, levels)
        open_now = await _in_hand(tx, quota, on, known_on) if quota.first_year <= on.year <= quota.last_year else None
        for (scope, year), share in sorted(shares.items(), key=lambda item: (item[0][1], item[0][0].level, item[0][0].code)):
            if not quota.first_year <= year <= quota.last_year:
                continue
            finished = year < on.year
            rule = quotas.Requirement(quota.threshold, quota.rising and year > quota.first_year, quota.strict)
            base = (shares if finished else before_cut).get((scope, year - 1)) if rule.rising and reported(year - 1) else None
            cut_off = date(year, 12, 31) if finished else on
            complete = quotas.is_comparable(date(year, 1, 1), cut_off, complete_on, plan.comparable_from) and reported(year)
            verdict = quotas.judge(share, base, rule, finished=finished, complete=complete)
            found.append(QuotaYear(quota, scope, year, verdict, finished, None if finished else open_now))
    return found


async def _reported(tx: Tx, plan: Plan, on: date, known_on: date | None) -> Callable[[int], bool]:
    """Whether enough of a year's wage months that are due is reported in the nation; where the plan goes by days alone, always."""
    if plan.comparable_by == "days":
        return lambda _: True
    first, last = plan.starts.year, min(plan.ends.year, on.year)
    question = Question(measure="coverage", start=date(first, 1, 1), end=date(last, 12, 31), by=("year",), known_on=known_on)
    points = await query.answer(tx, question) if first <= last else []
    shares = {int(point.of["year"]): (point.ratio[0], 100 * point.ratio[1]) for point in points if point.ratio}  # the ratio is in percent
    return lambda year: quotas.at_least(shares.get(year, (0, 0)), plan.comparable_from)


async def _in_hand(tx: Tx, quota: Quota, on: date, known_on: date | None) -> int:
    """Positions of open orders that a quota's numerator could be sent to. An order has no province, so any county may fill it."""
    part = Filter(destination=quota.numerator.destination, enterprise=quota.numerator.enterprise)
    points = await query.answer(tx, Question(measure="open_positions", start=on, end=on, filter=part, known_on=known_on))
    return sum(point.value for point in points)


Shares = dict[tuple[Scope, int], Ratio]


async def _shares(tx: Tx, quota: Quota, on: date, known_on: date | None, levels: Sequence[Level]) -> Shares:
    start, end = date(quota.first_year, 1, 1), min(date(quota.last_year, 12, 31), date(on.year, 12, 31))
    if end < start:
        return {}
    shares = await _share(tx, quota, start, end, known_on, levels)
    for year in range(quota.first_year, end.year + 1):
        shares.setdefault((NATIONAL, year), (0, 0))
    return shares


async def _same_day_before(tx: Tx, quota: Quota, on: date, known_on: date | None, levels: Sequence[Level]) -> Shares:
    """The year before the running one, up to the same day."""
    if not quota.first_year < on.year <= quota.last_year:
        return {}
    return await _share(tx, quota, date(on.year - 1, 1, 1), query.year_before(on), known_on, levels)


async def _share(tx: Tx, quota: Quota, start: date, end: date, known_on: date | None, levels: Sequence[Level]) -> Shares:
    async def counted(part: Filter) -> dict[tuple[Scope, str], list[Point]]:
        question = Question(
            measure=quota.measure,
            start=start,
            end=end,
            by=("year", "province"),
            filter=part,
            basis=quota.basis,
            scheme=quota.scheme,
            known_on=known_on,
        )
        return _by_scope(await query.answer(tx, question), quota.scheme, levels)

    nums, dens = await counted(quota.numerator), await counted(quota.denominator)
    return {
        (scope, int(year)): (sum(point.value for point in nums.get((scope, year), ())), sum(point.value for point in points))
        for (scope, year), points in dens.items()
    }


# --- targets ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class TargetAt:
    """One target at one scope. Only the nation has a floor; regions and provinces show what they have contributed.

    `pending_fx`: amounts, by currency, that no rate turns into yuan yet. They are no part of `actual` and no zero either.
    """

    target: Target
    scope: Scope
    actual: int
    progress: Progress | None
    projection: Projection | None
    pending_fx: dict[str, int]
    spread: str  # what "expected to date" goes by


async def target_states(
    tx: Tx, plan: Plan, on: date, known_on: date | None, complete_on: date | None, levels: Sequence[Level] = ("nation",)
) -> list[TargetAt]:
    """Every target of the plan at every scope; projected from the last day through which the figures are complete."""
    found = []
    for target in plan.targets:
        question = Question(
            measure=target.measure, start=target.starts, end=target.ends, by=("month", "province"), filter=target.filter, known_on=known_on
        )
        points = await query.answer(tx, question)
        months = _months(points)
        gathered: dict[Scope, list[Point]] = {NATIONAL: []}
        for (scope, _), part in _by_scope(points, "three_belt", levels).items():
            gathered[scope] = part
        for scope, part in sorted(gathered.items(), key=lambda item: (item[0].level, item[0].code)):
            actual, pending = query.in_yuan(part)
            stands, heading = None, None
            spread, expected = _expected(target, months, on)
            if scope == NATIONAL:
                left = targets.days_left(target.starts, target.ends, on)
                stands = targets.progress(actual, expected, target.floor, target.stretch, left)
                heading = seasons.project(months, target.starts, target.ends, min(on, complete_on or on))
            found.append(TargetAt(target, scope, actual, stands, heading, pending, spread))
    return found


def _months(points: Iterable[Point]) -> dict[date, int]:
    by_month: dict[date, list[Point]] = {}
    for point in points:
        by_month.setdefault(first_day(Period(point.of["month"])), []).append(point)
    return {month: query.in_yuan(part)[0] for month, part in by_month.items()}


def _expected(target: Target, months: dict[date, int], on: date) -> tuple[str, int]:
    """By what the target is spread over its days, and how much of its floor should be reached by the end of a day."""
    if target.distribution == "table":
        return "table", seasons.by_table([(step.until, step.amount) for step in target.table], target.starts, on)
    if target.distribution == "linear":
        return "linear", targets.expected_linearly(target.floor, target.starts, target.ends, on)
    name, seen = seasons.patterns(months, target.starts, on)
    return f"seasonal, {name}", seasons.seasonally(target.floor, seasons.pooled(seen), target.starts, target.ends, on)

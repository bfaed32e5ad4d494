"""A programme judged: its targets and quotas against the figures, at every level, as known on a day."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from services.stats import domain, figures
from services.stats.commands import Filter, Plan, Question, Quota, Target
from services.stats.domain import Judgement, Progress, UnknownProgramme
from services.stats.figures import Point
from services.stats.queries import programmes
from shared.auth import NATION
from shared.db import Tx
from shared.reference import provinces, region
from shared.values import Designation, Ratio

SHIPPED = Path(__file__).parent / "programmes"
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
    """The newest version entered, else the one shipped. Raises UnknownProgramme."""
    entered = await programmes.programme(tx, code)
    if entered is not None:
        return InForce(Plan.model_validate(entered.document), entered.version)
    plan = shipped().get(code)
    if plan is None:
        raise UnknownProgramme(f"there is no programme {code!r}")
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
    """One quota at one scope in one calendar year."""

    quota: Quota
    scope: Scope
    year: int
    judgement: Judgement
    finished: bool


async def quota_years(
    tx: Tx, plan: Plan, on: date, known_on: date | None, complete_on: date | None, levels: Sequence[Level] = ("nation",)
) -> list[QuotaYear]:
    """Every quota of the plan in every year begun by `on`; finished years are judged, the running one on `on`'s cut-off day.

    `complete_on`: the last day through which the figures are complete. A year whose days are not has no comparison.
    """
    found: list[QuotaYear] = []
    for quota in plan.quotas:
        shares = await _shares(tx, quota, on, known_on, levels)
        before_cut = await _same_day_before(tx, quota, on, known_on, levels)
        for (scope, year), share in sorted(shares.items(), key=lambda item: (item[0][1], item[0][0].level, item[0][0].code)):
            if not quota.first_year <= year <= quota.last_year:
                continue
            finished = year < on.year
            whole = domain.comparable(date(year, 1, 1), date(year, 12, 31) if finished else on, complete_on)
            base = (shares if finished else before_cut).get((scope, year - 1)) if year > quota.first_year and whole else None
            verdict = domain.judge(share, base, quota.threshold, rising=quota.rising, strict=quota.strict, finished=finished)
            found.append(QuotaYear(quota, scope, year, verdict, finished))
    return found


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
    last = on.year - 1
    cut_off = date(last, 3, 1) - timedelta(days=1) if (on.month, on.day) == (2, 29) else on.replace(year=last)
    return await _share(tx, quota, date(last, 1, 1), cut_off, known_on, levels)


async def _share(tx: Tx, quota: Quota, start: date, end: date, known_on: date | None, levels: Sequence[Level]) -> Shares:
    async def counted(part: Filter) -> dict[tuple[Scope, str], list[Point]]:
        question = Question(
            measure=quota.measure, start=start, end=end, by=("year", "province"), filter=part,
            basis=quota.basis, scheme=quota.scheme, known_on=known_on,
        )  # fmt: skip
        return _by_scope(await figures.answer(tx, question), quota.scheme, levels)

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
    pending_fx: dict[str, int]


async def target_states(tx: Tx, plan: Plan, on: date, known_on: date | None, levels: Sequence[Level] = ("nation",)) -> list[TargetAt]:
    found = []
    for target in plan.targets:
        question = Question(
            measure=target.measure, start=target.starts, end=target.ends, by=("province",), filter=target.filter, known_on=known_on
        )
        gathered = _by_scope(await figures.answer(tx, question), "three_belt", levels)
        gathered.setdefault((NATIONAL, ""), [])
        for (scope, _), points in sorted(gathered.items(), key=lambda item: (item[0][0].level, item[0][0].code)):
            actual, pending = figures.in_yuan(points)
            stands = domain.progress(actual, target.floor, target.stretch, target.starts, target.ends, on) if scope == NATIONAL else None
            found.append(TargetAt(target, scope, actual, stands, pending))
    return found

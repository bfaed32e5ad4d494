"""Parses published keys: what a key of stats.snapshot, of FigureRestated or of an audit names, as a question to the query path."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from services.stats.counting.cuts import CUTS
from services.stats.counting.derived import DERIVED
from services.stats.counting.measures import MEASURE
from services.stats.counting.reference_fold import Cell
from services.stats.domain.errors import KeyNotFound
from services.stats.domain.periods import period_end, period_start
from services.stats.domain.questions import Filter, Question
from services.stats.domain.quotas import Quota
from services.stats.domain.targets import Target
from services.stats.programmes import catalogue
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.replay.explain import FigureToExplain
from shared.db import Tx
from shared.principals import NATION

FORMS = (
    "measure|scope|period, measure|currency|scope|period, quota|scope|year, target|scope|programme,"
    " or a cell as laowu audit names it; a scope is nation:CN, nation:CN/listed:national, region:west, province:620000 or destination:JPN"
)
SCOPES = ("region", "province", "destination")
_CURRENCY = re.compile(r"[A-Z]{3}")
_YEARS = range(1990, 2200)  # what is counted lies in them
_PERIOD = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?")


async def parse(tx: Tx, key: str, known_on: date | None = None) -> list[FigureToExplain]:
    """The figure that the key names, or the two sides of a share, by the programmes in force at the end of a day. Raises KeyNotFound."""
    parts = [part.strip() for part in key.split("|")]
    if len(parts) in (6, 7):
        return [_of_cell(key, parts)]
    if len(parts) == 3:
        measure, scope, period = parts
        return _of_plan(key, parts, await catalogue.all_in_force(tx, known_on)) or [_of_measure(key, measure, scope, period)]
    if len(parts) == 4 and _CURRENCY.fullmatch(parts[1]):
        measure, currency, scope, period = parts
        return [_of_measure(key, measure, scope, period, currency)]
    raise KeyNotFound(f"{key!r} is none of: {FORMS}")


def _of_cell(key: str, parts: list[str]) -> FigureToExplain:
    measure, cut, k1, k2, day, recorded, *currency = parts
    codes = [one.code for one in CUTS if one.name == cut]
    if measure not in MEASURE or not codes:
        raise KeyNotFound(f"{measure} by {cut} is not counted")
    try:
        on, recorded_on = _day(day), _day(recorded.removeprefix("recorded "))
        cell = Cell(
            measure=MEASURE[measure].code,
            cut=codes[0],
            k1=k1,
            k2=k2,
            day=on,
            recorded_on=recorded_on,
            currency="".join(currency),
        )
    except ValueError:
        raise KeyNotFound(f"{day} and {recorded} are no days") from None
    return FigureToExplain(title=key, cell=cell)


def _day(text: str) -> date:
    """Raises ValueError."""
    day = date.fromisoformat(text)
    if day.year not in _YEARS:
        raise ValueError(text)
    return day


def _of_measure(key: str, measure: str, scope: str, period: str, currency: str | None = None) -> FigureToExplain:
    if measure not in MEASURE | DERIVED or not _PERIOD.fullmatch(period) or int(period[:4]) not in _YEARS:
        raise KeyNotFound(f"{measure!r} in {period!r} is no figure")
    start, end = period_start(period), period_end(period)
    part = _within(Filter(), scope)
    question = None if part is None else Question(measure=measure, start=start, end=end, filter=part)
    return FigureToExplain(title=key, question=question, currency=currency)


def _of_plan(key: str, parts: list[str], programmes: list[ProgrammeInForce]) -> list[FigureToExplain]:
    """The figure of a target or quota; empty where the key names neither."""
    code, scope, period = parts
    for programme in programmes:
        for target in programme.plan.targets:
            if (target.code, programme.plan.code) == (code, period):
                return [replace(_of_target(key, target, scope), programme=programme)]
        for quota in programme.plan.quotas:
            if quota.code == code and period.isdecimal():
                return [replace(side, programme=programme) for side in _of_quota(key, quota, scope, int(period))]
    return []


def _of_target(key: str, target: Target, scope: str) -> FigureToExplain:
    part = _within(target.filter, scope)
    question = None if part is None else Question(measure=target.measure, start=target.starts, end=target.ends, filter=part)
    return FigureToExplain(title=key, question=question)


def _of_quota(key: str, quota: Quota, scope: str, year: int) -> list[FigureToExplain]:
    if not quota.first_year <= year <= quota.last_year:
        raise KeyNotFound(f"{quota.code} holds from {quota.first_year} to {quota.last_year}")
    sides = (("numerator", _within(quota.numerator, scope)), ("denominator", _within(quota.denominator, scope)))
    return [
        FigureToExplain(
            title=f"{key} {side}",
            question=None
            if part is None
            else Question(
                measure=quota.measure,
                start=date(year, 1, 1),
                end=date(year, 12, 31),
                filter=part,
                basis=quota.basis,
                scheme=quota.scheme,
            ),
        )
        for side, part in sides
    ]


def _within(part: Filter, scope: str) -> Filter | None:
    """The part of a filter that lies in a scope; None where nothing of it does. Raises KeyNotFound where there is no such scope."""
    nation = f"nation:{NATION}"
    if scope == nation:
        return part
    level, _, code = scope.removeprefix(f"{nation}/").partition(":")
    if level not in (("listed",) if scope.startswith(nation) else SCOPES):
        raise KeyNotFound(f"{scope!r} is no scope")
    try:
        within = Filter.model_validate({**part.model_dump(), level: (code,)})
    except ValueError:
        raise KeyNotFound(f"{scope!r} is no scope") from None
    return within if code in part.chosen().get(level, {code}) else None

"""Evaluates every published figure and finds what differs from the last publication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from services.stats.domain.questions import Question
from services.stats.domain.quotas import Judgement
from services.stats.figures.freshness import Freshness, freshness
from services.stats.figures.query import answer
from services.stats.programmes import catalogue
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.programmes.evaluation import NATIONAL, AsOf, Level, QuotaYear, Scope, TargetAtScope, evaluate_quotas, evaluate_targets
from services.stats.publishing.figure_events import (
    Edition,
    PublishedValue,
    quota_events,
    quota_value,
    snapshot,
    target_events,
    target_value,
)
from services.stats.queries import period_closes
from shared.db import Tx
from shared.events import Event, FigurePublished
from shared.values import QuotaStatus

LEVELS: tuple[Level, ...] = ("nation", "region", "province")
PublishedValues = Mapping[str, PublishedValue]  # by the key of the figure


@dataclass(slots=True)
class Changes:
    """The events to publish, and the new values by key: only those that differ from the last publication."""

    events: list[Event] = field(default_factory=list)
    values: dict[str, dict[str, Any]] = field(default_factory=dict)


async def published_figures(tx: Tx) -> dict[str, dict[str, Any]]:
    """Every figure as a pass would publish it now."""
    return (await find_changes(tx, {}, await freshness(tx, {}))).values


async def find_changes(tx: Tx, last: PublishedValues, fresh: Freshness) -> Changes:
    """`last`: the values of the last publication."""
    changes, on = Changes(), tx.clock.today()
    edition = Edition(fresh, on, frozenset(close.period for close in await period_closes.list_closed(tx)))
    as_of = AsOf(on=on, known_on=None, complete_on=fresh.complete_on, levels=LEVELS)
    in_force = await catalogue.all_in_force(tx)
    for programme in in_force:
        quotas = await evaluate_quotas(tx, programme.plan, as_of)
        for quota in [*quotas, *_emptied_quotas(quotas, last, programme)]:
            key = f"{_code(quota.quota.code, programme)}|{quota.scope}|{quota.year}"
            if last.get(key) != (value := quota_value(quota, edition)):
                changes.events += quota_events(key, quota, last.get(key), programme, edition)
                changes.values[key] = value
        targets = await evaluate_targets(tx, programme.plan, as_of)
        for target in [*targets, *_emptied_targets(targets, last, programme)]:
            key = f"{_code(target.target.code, programme)}|{target.scope}|{programme.plan.code}"
            if last.get(key) != (value := target_value(target, edition)):
                changes.events += target_events(key, target, last.get(key), programme, edition)
                changes.values[key] = value
    since = min([on.year, *(programme.plan.starts.year for programme in in_force)])
    for event in await _national_figures(tx, edition, since, last):
        if last.get(event.key) != (value := {"value": event.value, "label": event.label, "parked": event.parked > 0}):
            changes.events.append(event)
            changes.values[event.key] = value
    return changes


def _code(code: str, programme: ProgrammeInForce) -> str:
    """Two programmes may use the same codes: those of all but the main one are prefixed."""
    return code if programme.plan.code == catalogue.MAIN else f"{programme.plan.code}/{code}"


async def _national_figures(tx: Tx, edition: Edition, since: int, last: PublishedValues) -> list[FigurePublished]:
    """Dispatches, persons, returns and year-end stock of every year: a late fact changes past years too."""
    found = []
    for measure in ("dispatches", "persons", "returns", "stock"):
        question = Question(measure=measure, start=date(since, 1, 1), end=date(edition.on.year, 12, 31), by=("year",))
        prefix = f"{measure}|{NATIONAL}|"  # a target may have the name of the measure; its period is a programme's
        emptied = {year: 0 for key in last if key.startswith(prefix) and (year := key.removeprefix(prefix)).isdecimal()}
        values = {str(edition.on.year): 0} | emptied | {point.of["year"]: point.value for point in await answer(tx, question)}
        for year, value in sorted(values.items()):
            key = f"{prefix}{year}"
            found.append(snapshot(edition, key=key, measure=measure, scope=str(NATIONAL), period=year, value=value, definition=measure))
    return found


# --- figures of which nothing is left -----------------------------------------------------------------------------------
def _emptied_quotas(evaluated: Sequence[QuotaYear], last: PublishedValues, programme: ProgrammeInForce) -> Iterator[QuotaYear]:
    """Shares that were published and of which nothing is left, as after a correction of the only departure."""
    present = {(quota.quota.code, quota.scope, quota.year) for quota in evaluated}
    nothing = Judgement(share=(0, 0), before=None, status=QuotaStatus.INSUFFICIENT_DATA, rise=None, gap_heads=None)
    for quota in evaluated:
        if quota.scope != NATIONAL:
            continue
        for scope in _published_scopes(last, _code(quota.quota.code, programme), str(quota.year)):
            if (quota.quota.code, scope, quota.year) not in present:
                yield replace(quota, scope=scope, judgement=nothing)


def _emptied_targets(evaluated: Sequence[TargetAtScope], last: PublishedValues, programme: ProgrammeInForce) -> Iterator[TargetAtScope]:
    """Targets that were published at a scope where nothing is left."""
    present = {(target.target.code, target.scope) for target in evaluated}
    for target in evaluated:
        if target.scope != NATIONAL:
            continue
        for scope in _published_scopes(last, target.target.code, programme.plan.code):
            if (target.target.code, scope) not in present:
                yield replace(target, scope=scope, actual=0, progress=None, projection=None, pending_fx={})


def _published_scopes(last: PublishedValues, code: str, period: str) -> list[Scope]:
    """The scopes at which a figure was published."""
    names = [
        key.removeprefix(f"{code}|").removesuffix(f"|{period}") for key in last if key.startswith(f"{code}|") and key.endswith(f"|{period}")
    ]
    return [Scope(level, name.removeprefix(f"{level}:")) for name in sorted(names) for level in LEVELS if name.startswith(f"{level}:")]

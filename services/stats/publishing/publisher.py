"""Telling what changed: stats.snapshot holds the newest value per key, stats.events the changes of state.

A pass compares everything judged with what was said last and says only what differs, in one transaction with the outbox: a
crash between two passes loses nothing and repeats nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Literal

from services.stats.domain.questions import Question
from services.stats.domain.quotas import Judgement
from services.stats.figures import classifications
from services.stats.figures.freshness import Freshness, Lag, freshness, lag_of
from services.stats.figures.query import answer
from services.stats.programmes import catalogue
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.programmes.evaluation import NATIONAL, AsOf, Level, QuotaYear, Scope, TargetAtScope, evaluate_quotas, evaluate_targets
from services.stats.publishing import staleness
from services.stats.publishing.staleness import Watch
from services.stats.queries import (
    applied,
    dead_letters,
    generations,
    last_published,
    period_closes,
    programmes,
    rates,
    stream_events,
)
from services.stats.settings import policy
from shared.db import Tx, Unavailable
from shared.delivery import outbox
from shared.events import Event, FigurePublished, QuotaStatusChanged, TargetProgressChanged, YearOnYearBreached
from shared.running_service import RunningService
from shared.values import Clock, QuotaStatus, TargetState

log = logging.getLogger("laowu.stats.publication")
DEBOUNCE_SECONDS = 1.0  # statistics.md 4: at most once a second per key
CALM = 9  # a pass takes a tenth of the time at most: while much is counted it takes long, and counting comes first
LEVELS: tuple[Level, ...] = ("nation", "region", "province")
Said = dict[str, dict[str, Any]]


async def publishing(service: RunningService) -> None:
    """The service's background loop: a pass whenever something was counted since the last one. A simulation publishes by sweep."""
    watch, took = Watch(timedelta(seconds=policy().stats_stale_seconds)), 0.0
    while True:
        await asyncio.sleep(max(DEBOUNCE_SECONDS, CALM * took))
        if service.settings.simulation:
            continue
        took = 0.0  # unless a pass is made: waiting for whatever is away is none, and is no reason to look again later
        try:
            lag = await lag_of(service)
            began = time.monotonic()
            async with service.database.transaction(service.database.system_cause(), snapshot=True) as tx:
                await publish(tx, lag, watch)
            took = time.monotonic() - began
        except Unavailable as error:
            log.warning("%s: again in %s s", error, DEBOUNCE_SECONDS)


async def sweep(tx: Tx) -> int:
    """A pass on command, when whoever asks has seen to it that nothing waits."""
    return await publish(tx, {})


async def publish(tx: Tx, lag: Lag, watch: Watch | None = None) -> int:
    """One pass. Returns how many events it told. In a simulation they carry the newest counted event's time.

    While Kafka does not say how much is unread, no figure is judged: nobody knows how complete it is.
    """
    if not await last_published.lock(tx):
        return 0
    said = await last_published.list_(tx)
    watched = await _watched(tx, said, lag, watch) if watch else 0
    return watched + (0 if lag is None else await _changed(tx, said, lag))


async def _watched(tx: Tx, said: Said, lag: Lag, watch: Watch) -> int:
    """Staleness raised or cleared."""
    told, now_said = staleness.told(said.get(staleness.KEY), watch, await freshness(tx, lag), lag, tx.clock.now())
    if now_said is not None:
        outbox.publish(tx, *told)
        await last_published.update(tx, {staleness.KEY: now_said})
    return len(told)


async def _changed(tx: Tx, said: Said, lag: Lag) -> int:
    """Everything judged, where something could have moved it since the last pass."""
    counted = await applied.list_(tx)
    mark = {
        "applied": {topic: events for topic, (events, _) in sorted(counted.items())},
        "programmes": {entry.code: entry.version for entry in await programmes.list_in_force(tx)},
        "closed": sorted(f"{close.period}/{close.version}" for close in await period_closes.list_closed(tx)),
        "rates": await rates.get_count(tx),
        "lists": {str(kind): version for kind, version in (await classifications.in_force(tx)).versions.items()},
        "generation": await generations.get_live(tx),
        "parked": await dead_letters.get_parked_count(tx) > 0,
        "day": tx.clock.today().isoformat() if tx.clock.at is None else "",
    }
    if not counted or said.get("mark") == mark:
        return 0
    if tx.clock.at is not None:
        tx.cause = replace(tx.cause, clock=Clock(max(newest for _, newest in counted.values())))
    told, now_said = await _judge_all(tx, said, await freshness(tx, lag))
    outbox.publish(tx, *told)
    await last_published.update(tx, {**now_said, "mark": mark})
    await stream_events.delete_old(tx, policy().stats_stream_tail)
    return len(told)


async def standing(tx: Tx) -> Said:
    """Every published figure as a pass would say it now."""
    _, now_said = await _judge_all(tx, {}, await freshness(tx, {}))
    return now_said


@dataclass(frozen=True, slots=True)
class Edition:
    """What every figure of one pass says of itself."""

    fresh: Freshness
    on: date
    closed: frozenset[str]  # periods whose figures are final

    def label(self, period: str) -> Literal["preliminary", "final"]:
        return "final" if period in self.closed else "preliminary"


async def _judge_all(tx: Tx, said: Said, fresh: Freshness) -> tuple[list[Event], Said]:
    """What has to be told, and what will have been said then."""
    on, told, changed = tx.clock.today(), list[Event](), Said()
    edition = Edition(fresh, on, frozenset(close.period for close in await period_closes.list_closed(tx)))
    as_of = AsOf(on=on, known_on=None, complete_on=fresh.complete_on, levels=LEVELS)
    in_force = await catalogue.all_in_force(tx)
    for programme in in_force:
        quotas = await evaluate_quotas(tx, programme.plan, as_of)
        for quota in [*quotas, *_emptied_quotas(quotas, said, programme)]:
            key = f"{_named(quota.quota.code, programme)}|{quota.scope}|{quota.year}"
            if said.get(key) != (now := _quota_now(quota, edition)):
                told += _quota_events(key, quota, said.get(key), programme, edition)
                changed[key] = now
        targets = await evaluate_targets(tx, programme.plan, as_of)
        for target in [*targets, *_emptied_targets(targets, said, programme)]:
            key = f"{_named(target.target.code, programme)}|{target.scope}|{programme.plan.code}"
            if said.get(key) != (now := _target_now(target, edition)):
                told += _target_events(key, target, said.get(key), programme, edition)
                changed[key] = now
    since = min([on.year, *(programme.plan.starts.year for programme in in_force)])
    for key, event in await _national(tx, edition, since, said):
        if said.get(key) != (now := {"value": event.value, "label": event.label, "parked": event.parked > 0}):
            told.append(event)
            changed[key] = now
    return told, changed


def _emptied_quotas(judged: Sequence[QuotaYear], said: Said, programme: ProgrammeInForce) -> list[QuotaYear]:
    """Where a share was told of and nothing is left, as after a correction of the only departure: that has to be told too."""
    there = {(one.quota.code, one.scope, one.year) for one in judged}
    nothing = Judgement(share=(0, 0), before=None, status=QuotaStatus.INSUFFICIENT_DATA, rise=None, gap_heads=None)
    return [
        replace(one, scope=scope, judgement=nothing)
        for one in judged
        if one.scope == NATIONAL
        for scope in _scopes_said(said, _named(one.quota.code, programme), str(one.year))
        if (one.quota.code, scope, one.year) not in there
    ]


def _emptied_targets(judged: Sequence[TargetAtScope], said: Said, programme: ProgrammeInForce) -> list[TargetAtScope]:
    there = {(one.target.code, one.scope) for one in judged}
    return [
        replace(one, scope=scope, actual=0, progress=None, projection=None, pending_fx={})
        for one in judged
        if one.scope == NATIONAL
        for scope in _scopes_said(said, one.target.code, programme.plan.code)
        if (one.target.code, scope) not in there
    ]


def _scopes_said(said: Said, name: str, period: str) -> list[Scope]:
    """Where a figure was told of before."""
    told = [
        key.removeprefix(f"{name}|").removesuffix(f"|{period}") for key in said if key.startswith(f"{name}|") and key.endswith(f"|{period}")
    ]
    return [Scope(level, text.removeprefix(f"{level}:")) for text in sorted(told) for level in LEVELS if text.startswith(f"{level}:")]


def _named(code: str, programme: ProgrammeInForce) -> str:
    """Two programmes may use the same codes; those of the shipped one stand alone."""
    return code if programme.plan.code == catalogue.MAIN else f"{programme.plan.code}/{code}"


def _quota_now(of: QuotaYear, edition: Edition) -> dict[str, Any]:
    verdict = of.judgement
    return {
        "share": list(verdict.share),
        "status": verdict.status,
        "rise": verdict.rise,
        "final": of.finished,
        "label": edition.label(str(of.year)),
        "infeasible": of.infeasible,
        "parked": edition.fresh.parked > 0,
    }


def _target_now(of: TargetAtScope, edition: Edition) -> dict[str, Any]:
    stands = of.progress
    return {
        "actual": of.actual,
        "state": stands.state if stands else None,
        "floor": stands.floor if stands else None,
        "projection": _projection(of),
        "parked": edition.fresh.parked > 0,
    }


def _projection(of: TargetAtScope) -> list[int] | None:
    return [of.projection.low, of.projection.likely, of.projection.high] if of.projection else None


def _snapshot(key: str, measure: str, scope: str, period: str, edition: Edition, **value: Any) -> FigurePublished:
    given = {"value": None, "share": None, "status": None, "gap_heads": None, **value}
    return FigurePublished(
        key=key,
        effective=edition.on,
        measure=measure,
        cut=scope,
        period=period,
        label=edition.label(period),
        complete_through=edition.fresh.complete_through,
        lag_seconds=edition.fresh.lag_seconds,
        parked=edition.fresh.parked,
        **given,
    )


def _quota_events(key: str, of: QuotaYear, before: Mapping[str, Any] | None, programme: ProgrammeInForce, edition: Edition) -> list[Event]:
    verdict, period = of.judgement, str(of.year)
    told: list[Event] = [
        _snapshot(
            key,
            of.quota.measure,
            str(of.scope),
            period,
            edition,
            share=verdict.share,
            status=verdict.status,
            gap_heads=verdict.gap_heads,
            open_positions=of.open_positions,
            infeasible=of.infeasible,
            definition=f"{programme.plan.code}/{programme.version}/{of.quota.code}",
        )
    ]
    was = QuotaStatus(before["status"]) if before else None
    if (was != verdict.status or (before and before["infeasible"] != of.infeasible)) and of.scope == NATIONAL:
        told.append(
            QuotaStatusChanged(
                key=key,
                effective=edition.on,
                quota=of.quota.code,
                period=period,
                status_from=was,
                status_to=verdict.status,
                share=verdict.share,
                gap_heads=verdict.gap_heads,
                open_positions=of.open_positions,
                infeasible=of.infeasible,
            )
        )
    said_already = before is not None and before["final"] and before["rise"] is False
    fell = verdict.rise is False and of.finished and not said_already
    if fell and of.scope == NATIONAL and verdict.before is not None:
        told.append(
            YearOnYearBreached(
                key=key,
                effective=edition.on,
                quota=of.quota.code,
                period=period,
                share=verdict.share,
                share_before=verdict.before,
            )
        )
    return told


def _target_events(
    key: str, of: TargetAtScope, before: Mapping[str, Any] | None, programme: ProgrammeInForce, edition: Edition
) -> list[Event]:
    stands = of.progress
    told: list[Event] = [
        _snapshot(
            key,
            of.target.measure,
            str(of.scope),
            programme.plan.code,
            edition,
            value=of.actual,
            status=stands.state if stands else None,
            projection=_projection(of),
            definition=f"{programme.plan.code}/{programme.version}/{of.target.code}",
        )
    ]
    was = TargetState(before["state"]) if before and before["state"] else None
    if stands is not None and was != stands.state:
        told.append(
            TargetProgressChanged(
                key=key,
                effective=edition.on,
                target=of.target.code,
                actual=of.actual,
                expected=stands.expected,
                floor=stands.floor,
                state_from=was,
                state_to=stands.state,
                projection=_projection(of),
            )
        )
    return told


async def _national(tx: Tx, edition: Edition, since: int, said: Said) -> list[tuple[str, FigurePublished]]:
    """Dispatches, persons and returns of every year and the stock at its end: what an operator watches. Late facts move past years too."""
    found = []
    for measure in ("dispatches", "persons", "returns", "stock"):
        question = Question(measure=measure, start=date(since, 1, 1), end=date(edition.on.year, 12, 31), by=("year",))
        start = f"{measure}|{NATIONAL}|"  # a target may have the measure's name; its period is a programme's
        told = {year: 0 for key in said if key.startswith(start) and (year := key.removeprefix(start)).isdecimal()}
        values = {str(edition.on.year): 0} | told | {point.of["year"]: point.value for point in await answer(tx, question)}
        for year, value in sorted(values.items()):
            key = f"{measure}|{NATIONAL}|{year}"
            found.append((key, _snapshot(key, measure, str(NATIONAL), year, edition, value=value, definition=measure)))
    return found

"""Closing a period, and telling every later change of it.

A close is a point in the logs, not a clock time: it is taken while no batch is in flight, and stores the position reached
per topic and partition. Whatever is counted afterwards and touches the period is restated, in the transaction that counts
it, with what it was, what it is and the events that made the difference.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from services.stats import queries
from services.stats.commands import ClosePeriod, ReopenPeriod
from services.stats.counting.measures import MEASURE, MEASURE_BY_CODE, MEASURES, cuts_for
from services.stats.counting.reference_fold import Cell, fold
from services.stats.domain.errors import PeriodAlreadyClosed, PeriodNotClosed, PeriodRunning, SecondApproverNeeded
from services.stats.domain.questions import Question
from services.stats.figures import query
from services.stats.queries import frozen
from services.stats.queries.frozen import Close, FrozenKey
from shared.db import Tx
from shared.delivery import outbox
from shared.events import (
    DispatchCorrected,
    DispatchVoided,
    Event,
    EventEnvelope,
    FigureRestated,
    IncomeCorrected,
    IncomeVoided,
    PeriodClosed,
    PeriodReopened,
    RecruitmentCostAssessed,
)
from shared.principals import NATION
from shared.values import PROGRAMME_ZONE

Kind = Literal["late", "correction", "merge", "fx", "designation", "rule"]
MOST_CAUSES = 100

# The cut whose provinces a measure's frozen sums are taken from: any of its cuts would give the same. What is counted by no
# province (open positions) is frozen in the digest only.
CUT_OF = {
    measure.code: cuts[0].code
    for measure in MEASURES
    if (cuts := [cut for cut in cuts_for(measure.name) if cut.k1 in ("province", "county")])
}


async def close_period(tx: Tx, command: ClosePeriod) -> Close:
    """Freeze the period as counted so far. Raises PeriodRunning, PeriodAlreadyClosed."""
    starts, ends = query.bounds(command.period, upper=False), query.bounds(command.period, upper=True)
    if ends >= tx.clock.today():
        raise PeriodRunning(f"{command.period} ends on {ends.isoformat()}", field="period")
    generation = await queries.live_generation_alone(tx)
    if any(close.period == command.period for close in await frozen.closed(tx)):
        raise PeriodAlreadyClosed(field="period")
    close = Close(
        period=command.period,
        version=await frozen.newest_close(tx, command.period) + 1,
        starts=starts,
        ends=ends,
        digest=await frozen.digest(tx, generation, starts, ends),
        positions=await frozen.positions(tx),
        closed_by=str(tx.principal),
        closed_at=tx.clock.now(),
    )
    await frozen.add_close(tx, close)
    await frozen.freeze(tx, generation, close, CUT_OF)
    at = tuple((str(topic), int(partition), int(offset)) for topic, partition, offset in close.positions)
    outbox.publish(
        tx,
        PeriodClosed(
            key=f"period|{close.period}",
            effective=tx.clock.today(),
            period=close.period,
            version=close.version,
            digest=close.digest,
            positions=at,
        ),
    )
    return close


async def reopen_period(tx: Tx, command: ReopenPeriod) -> Close:
    """Let the period change without restatements until it is closed again. Raises PeriodNotClosed, SecondApproverNeeded."""
    await queries.live_generation_alone(tx)
    found = next((close for close in await frozen.closed(tx) if close.period == command.period), None)
    if found is None:
        raise PeriodNotClosed(field="period")
    if found.closed_by == str(tx.principal):
        raise SecondApproverNeeded(field="period")
    close = replace(
        found, reopened_by=str(tx.principal), reopened_at=tx.clock.now(), reason=command.reason, explanation=command.explanation
    )
    await frozen.reopen(tx, close)
    outbox.publish(
        tx,
        PeriodReopened(
            key=f"period|{close.period}",
            effective=tx.clock.today(),
            period=close.period,
            version=close.version,
            approver=str(tx.principal),
            reason=command.reason,
        ),
    )
    return close


# --- restating ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Change:
    """What events of one kind add to one frozen sum."""

    key: FrozenKey
    kind: Kind
    delta: int
    causes: tuple[UUID, ...]


async def restate(tx: Tx, cells: Mapping[Cell, int], events: Sequence[EventEnvelope[Event]]) -> None:
    """Tell what a batch changes in closed periods. One statement when it changes nothing there."""
    closes = await frozen.closed(tx)
    if not any(close.starts <= cell.day <= close.ends for cell in cells for close in closes):
        return
    changes = _changes(events, closes)
    if not changes:  # moved within a province, or taken back in the same batch
        return
    total: Counter[FrozenKey] = Counter()
    for change in changes:
        total[change.key] += change.delta
    now = await frozen.restate(tx, total)
    national = await frozen.frozen_nation(tx, sorted({key[:4] for key in total}))
    effective = max(event.time for event in events).astimezone(PROGRAMME_ZONE).date()
    provinces = [_told(change.key[:4], f"province:{change.key[4]}", change, effective) for change in changes]
    told = _chained(provinces, {_scoped(key[:4], f"province:{key[4]}"): value - total[key] for key, value in now.items()})
    sums = _nationwide(changes)
    moved: Counter[tuple[str, int, int, str]] = Counter()
    for change in sums:
        moved[change.key[:4]] += change.delta
    nation = [_told(change.key[:4], f"nation:{NATION}", change, effective) for change in sums]
    told += _chained(nation, {_scoped(key, f"nation:{NATION}"): value - moved[key] for key, value in national.items()})
    await tell(tx, told)


async def tell(tx: Tx, told: Sequence[tuple[int, FigureRestated]]) -> None:
    """`told`: (version of the close, restatement)."""
    if told:
        outbox.publish(tx, *(event for _, event in told))
        await frozen.add_restatements(tx, [(event.period, version, event.model_dump(mode="json")) for version, event in told])


def _changes(events: Iterable[EventEnvelope[Event]], closes: Sequence[Close]) -> list[Change]:
    deltas: Counter[tuple[FrozenKey, Kind]] = Counter()
    causes: defaultdict[tuple[FrozenKey, Kind], list[UUID]] = defaultdict(list)
    for event in events:
        for cell, delta in fold(event):
            if cell.cut != CUT_OF.get(cell.measure):
                continue
            for close in closes:
                if close.starts <= cell.day <= close.ends:
                    key = (close.period, close.version, cell.measure, cell.currency, query.province_at(cell.k1)), kind_of(event.data)
                    deltas[key] += delta
                    causes[key].append(event.id)
    return [Change(key, kind, delta, tuple(dict.fromkeys(causes[key, kind]))) for (key, kind), delta in sorted(deltas.items()) if delta]


def kind_of(data: Event) -> Kind:
    """Why a closed figure changes: somebody was late, something was wrong, or two people were one."""
    if isinstance(data, DispatchCorrected):
        return "merge" if data.cause == "merge" else "correction"
    if isinstance(data, RecruitmentCostAssessed):
        return "late" if data.previous is None else "correction"
    return "correction" if isinstance(data, DispatchVoided | IncomeCorrected | IncomeVoided) else "late"


def _nationwide(changes: Iterable[Change]) -> list[Change]:
    deltas: Counter[tuple[tuple[str, int, int, str], Kind]] = Counter()
    causes: defaultdict[tuple[tuple[str, int, int, str], Kind], list[UUID]] = defaultdict(list)
    for change in changes:
        deltas[change.key[:4], change.kind] += change.delta
        causes[change.key[:4], change.kind] += change.causes
    return [
        Change((*key, NATION), kind, delta, tuple(dict.fromkeys(causes[key, kind])))
        for (key, kind), delta in sorted(deltas.items())
        if delta
    ]


def _scoped(key: tuple[str, int, int, str], scope: str) -> str:
    period, _, measure, currency = key
    return "|".join(filter(None, (MEASURE_BY_CODE[measure].name, currency, scope, period)))


def _told(key: tuple[str, int, int, str], scope: str, change: Change, effective: date) -> tuple[int, FigureRestated]:
    period, version, measure, currency = key
    return version, FigureRestated(
        key=_scoped(key, scope),
        effective=effective,
        measure=MEASURE_BY_CODE[measure].name,
        scope=scope,
        period=period,
        currency=currency or None,
        old=0,
        new=change.delta,
        kind=change.kind,
        causes=change.causes[:MOST_CAUSES],
        causes_total=len(change.causes),
    )


def _chained(told: Iterable[tuple[int, FigureRestated]], before: Mapping[str, int]) -> list[tuple[int, FigureRestated]]:
    """Each restatement begins where the one before it ended, so that they add up exactly."""
    at = dict(before)
    found = []
    for version, event in told:
        old = at[event.key]
        at[event.key] = old + event.new
        found.append((version, event.model_copy(update={"old": old, "new": at[event.key]})))
    return found


# --- lists ----------------------------------------------------------------------------------------------------------------
# What programmes set targets and quotas for: a list moves these between its classes.
LISTED = ("registrations", "certified", "matched", "dispatches", "persons", "returns", "income", "income_remitted")


async def by_listing(tx: Tx) -> dict[tuple[str, int, str, str, str | None], int]:
    """Closed figures by what their counties were ever listed as: (period, version, measure, class, currency) -> value."""
    found: Counter[tuple[str, int, str, str, str | None]] = Counter()
    for close in await frozen.closed(tx):
        for measure in LISTED:
            for point in await query.answer(tx, Question(measure=measure, start=close.starts, end=close.ends, by=("listed",))):
                found[close.period, close.version, measure, point.of["listed"], point.currency] += point.value
    return dict(found)


async def restate_listing(tx: Tx, before: Mapping[tuple[str, int, str, str, str | None], int]) -> None:
    """Tell what another list has made of closed figures; the whole of them it leaves alone."""
    now, told = await by_listing(tx), []
    for key in sorted(now.keys() | before.keys(), key=str):
        period, version, measure, listed, currency = key
        old, new, scope = before.get(key, 0), now.get(key, 0), f"nation:{NATION}/listed:{listed}"
        if old != new:
            told.append(
                (
                    version,
                    FigureRestated(
                        key="|".join(filter(None, (measure, currency, scope, period))),
                        effective=tx.clock.today(),
                        measure=measure,
                        scope=scope,
                        period=period,
                        currency=currency,
                        old=old,
                        new=new,
                        kind="designation",
                        causes=(),
                        causes_total=0,
                    ),
                )
            )
    await tell(tx, told)


# --- rates ----------------------------------------------------------------------------------------------------------------
MONEY = tuple(measure.name for measure in MEASURES if measure.money)


async def in_yuan(tx: Tx) -> dict[tuple[str, int, str], int]:
    """The money of every closed period in fen, by (period, version, measure)."""
    found = {}
    for close in await frozen.closed(tx):
        for measure in MONEY:
            points = await query.answer(tx, Question(measure=measure, start=close.starts, end=close.ends))
            found[close.period, close.version, measure] = query.in_yuan(points)[0]
    return found


async def restate_rates(tx: Tx, before: Mapping[tuple[str, int, str], int]) -> None:
    """Tell what other rates have made of the money of closed periods. Their key names no currency: it is the whole in yuan."""
    told = []
    for (period, version, measure), new in (await in_yuan(tx)).items():
        old = before[period, version, measure]
        if old != new:
            told.append(
                (
                    version,
                    FigureRestated(
                        key=f"{measure}|nation:{NATION}|{period}",
                        effective=tx.clock.today(),
                        measure=MEASURE[measure].name,
                        scope=f"nation:{NATION}",
                        period=period,
                        currency=query.YUAN,
                        old=old,
                        new=new,
                        kind="fx",
                        causes=(),
                        causes_total=0,
                    ),
                )
            )
    await tell(tx, told)

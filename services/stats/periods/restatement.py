"""Restatements: every later change of a closed period, with what it was, what it is and the events that made the difference.

Events restate in the transaction that counts them; lists and rates in the transaction that enters them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, NamedTuple
from uuid import UUID

from services.stats.counting.measures import MEASURE_BY_CODE, MEASURES
from services.stats.counting.reference_fold import Cell, fold
from services.stats.domain.questions import Question
from services.stats.figures.query import answer
from services.stats.figures.shaping import YUAN, in_yuan, province_at
from services.stats.periods.closing import CUT_OF
from services.stats.queries import frozen_sums, period_closes, restatements
from services.stats.queries.frozen_sums import FrozenKey
from services.stats.queries.period_closes import Close
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
    RecruitmentCostAssessed,
    ReturnCorrected,
)
from shared.events.voided import EVENTS as VOIDS
from shared.principals import NATION
from shared.values import PROGRAMME_ZONE

Kind = Literal["late", "correction", "merge", "fx", "designation", "rule"]
Restated = tuple[int, FigureRestated]  # version of the close, event
MOST_CAUSES = 100
NATIONAL = f"nation:{NATION}"


def figure_key(measure: str, currency: str, scope: str, period: str) -> str:
    """The key a closed figure is published under; `currency` is empty where it is no money."""
    return "|".join(filter(None, (measure, currency, scope, period)))


async def publish(tx: Tx, restated: Sequence[Restated]) -> None:
    """As events, and kept to be listed."""
    if restated:
        outbox.publish(tx, *(event for _, event in restated))
        await restatements.insert_all(tx, restated)


# --- by events ----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Change:
    """What events of one kind add to one frozen sum; the nation's has the province NATION."""

    key: FrozenKey
    kind: Kind
    delta: int
    causes: tuple[UUID, ...]


async def restate_events(tx: Tx, cells: Mapping[Cell, int], events: Sequence[EventEnvelope[Event]]) -> None:
    """Publish what a batch changes in closed periods. One statement when it changes nothing there."""
    closes = await period_closes.list_closed(tx)
    if not any(close.starts <= cell.day <= close.ends for cell in cells for close in closes):
        return
    changes = _changes(events, closes)
    if not changes:  # moved within a province, or taken back in the same batch
        return
    totals = _totals(changes)
    provincial = await frozen_sums.update(tx, totals)
    national = await frozen_sums.list_national(tx, sorted({key.national for key in totals}))
    effective = max(event.time for event in events).astimezone(PROGRAMME_ZONE).date()
    restated = _chained(changes, provincial, effective)
    restated += _chained(_nationwide(changes), {FrozenKey(*key, NATION): value for key, value in national.items()}, effective)
    await publish(tx, restated)


def _changes(events: Iterable[EventEnvelope[Event]], closes: Sequence[Close]) -> list[Change]:
    deltas: Counter[tuple[FrozenKey, Kind]] = Counter()
    causes: defaultdict[tuple[FrozenKey, Kind], list[UUID]] = defaultdict(list)
    for event in events:
        kind = kind_of(event.data)
        for cell, delta in fold(event):
            if cell.cut != CUT_OF.get(cell.measure):
                continue
            for close in closes:
                if close.starts <= cell.day <= close.ends:
                    key = FrozenKey(close.period, close.version, cell.measure, cell.currency, province_at(cell.k1))
                    deltas[key, kind] += delta
                    causes[key, kind].append(event.id)
    return _collected(deltas, causes)


def _nationwide(changes: Iterable[Change]) -> list[Change]:
    deltas: Counter[tuple[FrozenKey, Kind]] = Counter()
    causes: defaultdict[tuple[FrozenKey, Kind], list[UUID]] = defaultdict(list)
    for change in changes:
        key = FrozenKey(*change.key.national, NATION)
        deltas[key, change.kind] += change.delta
        causes[key, change.kind] += change.causes
    return _collected(deltas, causes)


def _collected(deltas: Mapping[tuple[FrozenKey, Kind], int], causes: Mapping[tuple[FrozenKey, Kind], Iterable[UUID]]) -> list[Change]:
    return [Change(key, kind, delta, tuple(dict.fromkeys(causes[key, kind]))) for (key, kind), delta in sorted(deltas.items()) if delta]


def _totals(changes: Iterable[Change]) -> Counter[FrozenKey]:
    total: Counter[FrozenKey] = Counter()
    for change in changes:
        total[change.key] += change.delta
    return total


def kind_of(data: Event) -> Kind:
    """Why a closed figure changes: somebody was late, something was wrong, or two people were one."""
    if isinstance(data, DispatchCorrected):
        return "merge" if data.cause == "merge" else "correction"
    if isinstance(data, RecruitmentCostAssessed):
        return "late" if data.previous is None else "correction"
    if isinstance(data, VOIDS):
        return "correction"
    return "correction" if isinstance(data, ReturnCorrected | DispatchVoided | IncomeCorrected | IncomeVoided) else "late"


def _chained(changes: Sequence[Change], now: Mapping[FrozenKey, int], effective: date) -> list[Restated]:
    """Each restatement begins where the one before it ended, so that they add up exactly."""
    at = {key: now[key] - delta for key, delta in _totals(changes).items()}
    found = []
    for change in changes:
        old = at[change.key]
        at[change.key] = old + change.delta
        found.append((change.key.version, _by_events(change, old, effective)))
    return found


def _by_events(change: Change, old: int, effective: date) -> FigureRestated:
    key = change.key
    measure, scope = MEASURE_BY_CODE[key.measure].name, NATIONAL if key.province == NATION else f"province:{key.province}"
    return FigureRestated(
        key=figure_key(measure, key.currency, scope, key.period),
        effective=effective,
        measure=measure,
        scope=scope,
        period=key.period,
        currency=key.currency or None,
        old=old,
        new=old + change.delta,
        kind=change.kind,
        causes=change.causes[:MOST_CAUSES],
        causes_total=len(change.causes),
    )


# --- by lists and rates -------------------------------------------------------------------------------------------------
class ClosedFigure(NamedTuple):
    """`currency`: part of the key; empty where the figure is no money, or the whole of it in yuan."""

    period: str
    version: int
    measure: str
    scope: str
    currency: str


# What programmes set targets and quotas for: a list moves these between its classes.
LISTED = ("registrations", "certified", "matched", "dispatches", "persons", "returns", "income", "income_remitted")
MONEY = tuple(measure.name for measure in MEASURES if measure.money)


async def closed_by_listing(tx: Tx) -> dict[ClosedFigure, int]:
    """Closed figures by what their counties were ever listed as."""
    found: Counter[ClosedFigure] = Counter()
    for close in await period_closes.list_closed(tx):
        for measure in LISTED:
            for point in await answer(tx, Question(measure=measure, start=close.starts, end=close.ends, by=("listed",))):
                scope = f"{NATIONAL}/listed:{point.of['listed']}"
                found[ClosedFigure(close.period, close.version, measure, scope, point.currency or "")] += point.value
    return dict(found)


async def restate_listing(tx: Tx, before: Mapping[ClosedFigure, int]) -> None:
    """Publish what another list has made of closed figures; the whole of them it leaves alone."""
    await _publish_recomputed(tx, before, await closed_by_listing(tx), "designation")


async def closed_in_yuan(tx: Tx) -> dict[ClosedFigure, int]:
    """The money of every closed period in fen."""
    found = {}
    for close in await period_closes.list_closed(tx):
        for measure in MONEY:
            points = await answer(tx, Question(measure=measure, start=close.starts, end=close.ends))
            found[ClosedFigure(close.period, close.version, measure, NATIONAL, "")] = in_yuan(points)[0]
    return found


async def restate_rates(tx: Tx, before: Mapping[ClosedFigure, int]) -> None:
    """Publish what other rates have made of the money of closed periods."""
    await _publish_recomputed(tx, before, await closed_in_yuan(tx), "fx")


async def _publish_recomputed(
    tx: Tx, before: Mapping[ClosedFigure, int], now: Mapping[ClosedFigure, int], kind: Literal["designation", "fx"]
) -> None:
    restated = []
    for figure in sorted(now.keys() | before.keys()):
        old, new = before.get(figure, 0), now.get(figure, 0)
        if old != new:
            event = FigureRestated(
                key=figure_key(figure.measure, figure.currency, figure.scope, figure.period),
                effective=tx.clock.today(),
                measure=figure.measure,
                scope=figure.scope,
                period=figure.period,
                currency=YUAN if kind == "fx" else figure.currency or None,
                old=old,
                new=new,
                kind=kind,
                causes=(),
                causes_total=0,
            )
            restated.append((figure.version, event))
    await publish(tx, restated)

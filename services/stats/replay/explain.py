"""Explains a figure: the events that make it up, read from the log, beside what the query path of the API answers for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.stats.counting.measures import MEASURE_BY_CODE, RULES, Rule
from services.stats.counting.reference_fold import Cell, fold
from services.stats.domain.errors import AbsurdDay
from services.stats.domain.questions import Question
from services.stats.figures import classifications, planning
from services.stats.figures.classifications import Classification
from services.stats.figures.query import answer
from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.queries import cells, generations
from services.stats.queries.cells import SumQuery
from services.stats.replay.audit import position_name, position_of
from services.stats.replay.log_shards import LogShard, Progress, ReportRead, map_shards
from shared.db import Cause, Tx
from shared.delivery import event_log
from shared.events import Event, EventEnvelope, Undecodable, Unknown, Unwanted, decode
from shared.events.voided import EVENTS as VOIDS
from shared.principals import system
from shared.settings import Settings
from shared.values import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureToExplain:
    """One cell exactly, or the answer to a question as one number; of one currency only, where one is named.

    Without both the figure is known to be 0, such as the poverty counties of the centre within the east. `programme`: whose quota or
    target it is.
    """

    title: str
    question: Question | None = None
    cell: Cell | None = None
    currency: str | None = None
    programme: ProgrammeInForce | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one event adds to a figure; money in minor units of its currency."""

    at: str  # topic/partition@offset
    event: UUID
    type: str
    subject: str
    time: datetime  # when its source recorded it
    day: date
    recorded_on: date
    currency: str
    delta: int


@dataclass(frozen=True, slots=True)
class Explanation:
    """`events` in the order in which they were recorded, their `totals` and the `answers` by currency ("" where it is no money).

    Totals and answers of 0 are left out.
    """

    figure: FigureToExplain
    events: list[Contribution]
    totals: dict[str, int]
    answers: dict[str, int]

    @property
    def explained(self) -> bool:
        """The events add up to the answer."""
        return self.totals == self.answers


@dataclass(frozen=True, slots=True)
class FiguresAsked:
    """Figures, what the query path answers for each, which cells make each up, and how much was counted of the logs that hold their
    events: one snapshot.
    """

    figures: Sequence[FigureToExplain]
    answers: Sequence[dict[str, int]]
    selections: Sequence[Sequence[CellSelection]]
    counted: LogShard

    @property
    def records(self) -> int:
        """How many records of the log are read to explain them."""
        return sum(self.counted.upto.values())


async def explain(
    settings: Settings,
    conn: Any,
    select_figures: Callable[[Tx], Awaitable[Sequence[FigureToExplain]]],
    *,
    processes: int | None = 1,
    progress: Progress = lambda _done, _total: None,
) -> list[Explanation]:
    """Explain figures from the log. Positions, dead letters and answers come from one snapshot, so counting may continue.

    Raises what `select_figures` does; MeasureNotFound, NoCut; kafka.Unavailable, event_log.Truncated, log_shards.ReaderLost.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        asked = await ask(settings, Tx(conn, "stats", Cause(principal=system("stats"), clock=Clock())), select_figures)
    return await read_events(asked, processes=processes, progress=progress)


async def ask(settings: Settings, tx: Tx, select_figures: Callable[[Tx], Awaitable[Sequence[FigureToExplain]]]) -> FiguresAsked:
    """The first step, in a transaction that reads one snapshot. Raises what `select_figures` does; MeasureNotFound, NoCut."""
    figures = await select_figures(tx)
    # Answers first: the query path refuses what cannot be answered.
    answers = [await _answer(tx, figure) for figure in figures]
    selections = [await _select_cells(tx, figure) for figure in figures]
    topics = {rule.event.TOPIC for rule in _rules(selections)}
    offsets = {partition: end for partition, end in (await generations.list_next_offsets(tx.conn)).items() if partition.topic in topics}
    counted = LogShard(settings, offsets, await generations.list_uncounted(tx.conn))
    return FiguresAsked(figures, answers, selections, counted)


async def read_events(
    asked: FiguresAsked, *, processes: int | None = 1, progress: Progress = lambda _done, _total: None
) -> list[Explanation]:
    """The second step, from the log alone. Raises kafka.Unavailable, event_log.Truncated, log_shards.ReaderLost."""
    by_shard = await map_shards(partial(find_contributions, asked.selections), asked.counted, processes, progress)
    explanations = []
    for number, figure in enumerate(asked.figures):
        events = sorted(
            (event for found in by_shard for event in found[number]),
            key=lambda event: (event.time, event.at, event.delta),
        )
        totals: Counter[str] = Counter()
        for event in events:
            totals[event.currency] += event.delta
        explanations.append(Explanation(figure, events, _without_zero(totals), asked.answers[number]))
    return explanations


async def _answer(tx: Tx, figure: FigureToExplain) -> dict[str, int]:
    found: Counter[str] = Counter()
    if figure.cell is not None:
        until = _known_by(figure.cell)
        for sums, sign in ((until, 1), (replace(until, known_on=date.fromordinal(figure.cell.recorded_on.toordinal() - 1)), -1)):
            for row in await cells.list_sums(tx, sums):
                found[row.currency] += sign * sum(value for _, value in row.values)
    elif figure.question is not None:
        for point in await answer(tx, figure.question):
            found[point.currency or ""] += point.value
    return _without_zero(Counter({name: value for name, value in found.items() if figure.currency in (None, name)}))


def _without_zero(found: Counter[str]) -> dict[str, int]:
    return {name: value for name, value in sorted(found.items()) if value}


def _known_by(cell: Cell) -> SumQuery:
    """The sum of the cell and of the cells with the same keys that were recorded before."""
    return SumQuery(
        cut=cell.cut,
        measures=(cell.measure,),
        start=cell.day,
        end=cell.day,
        bucket="none",
        level="none",
        by_k2=False,
        known_on=cell.recorded_on,
        k1=(cell.k1,),
        provinces=None,
        k2=(cell.k2,),
    )


# --- in the log ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class CellSelection:
    """Which cells belong to a figure, and which of them are subtracted."""

    sums: SumQuery
    subtracted: int = 0  # code of the measure that is subtracted
    listed: frozenset[str] | None = None  # the designations of which the county must ever have had one
    lists: Classification | None = None  # the classifications that say so
    recorded_on: date | None = None
    currency: str | None = None

    def delta(self, cell: Cell, value: int) -> int:
        """What a change of the cell adds to the figure; 0 where the cell is no part of it."""
        ask = self.sums
        belongs = (
            cell.cut == ask.cut
            and cell.measure in ask.measures
            and ask.start <= cell.day <= ask.end
            and (ask.known_on is None or cell.recorded_on <= ask.known_on)
            and (ask.k1 is None or cell.k1 in ask.k1)
            and (ask.provinces is None or f"{cell.k1[:2]}0000" in ask.provinces)
            and (ask.k2 is None or cell.k2 in ask.k2)
            and self.currency in (None, cell.currency)
            and self.recorded_on in (None, cell.recorded_on)
            and (self.listed is None or self.lists is None or self.lists.ever_listed(cell.k1).value in self.listed)
        )
        return 0 if not belongs else -value if cell.measure == self.subtracted else value


async def _select_cells(tx: Tx, figure: FigureToExplain) -> list[CellSelection]:
    """Disjoint sets of cells; several where the classification of the day decides and changes within the period."""
    if figure.cell is not None:
        return [CellSelection(sums=_known_by(figure.cell), recorded_on=figure.cell.recorded_on, currency=figure.cell.currency)]
    if figure.question is None:
        return []
    question, in_force = figure.question, await classifications.in_force(tx, figure.question.known_on)
    if question.basis != "listed_on_day" or not planning.uses_lists(question):
        return [_cells_of(question, in_force, figure.currency)]
    return [
        _cells_of(question.model_copy(update={"start": start, "end": end, "basis": "ever_listed"}), of_the_day, figure.currency)
        for start, end, of_the_day in in_force.spans(question.start, question.end)
    ]


def _cells_of(question: Question, in_force: Classification, currency: str | None) -> CellSelection:
    sums, subtracted, listed = planning.selection(question, in_force)
    return CellSelection(sums=sums, subtracted=subtracted, listed=listed, lists=in_force if listed else None, currency=currency)


async def find_contributions(figures: Sequence[Sequence[CellSelection]], shard: LogShard, report: ReportRead) -> list[list[Contribution]]:
    """What the events of a shard of the log add to each of the figures."""
    found: list[list[Contribution]] = [[] for _ in figures]
    types = _event_types(figures)
    async for records, entries in event_log.read_upto(shard.settings, shard.upto):
        for entry in entries:
            event = None if position_of(entry) in shard.uncounted else _event(entry.record.value, types)
            if event is not None:
                _add_contributions(event, position_name(entry), figures, found)
        report(records)
    return found


def _event_types(figures: Sequence[Sequence[CellSelection]]) -> frozenset[str]:
    """The event types that add to the measures of the figures, and those that take any back; only these are decoded."""
    return frozenset(event.type_name() for event in (*(rule.event for rule in _rules(figures)), *VOIDS))


def _rules(figures: Sequence[Sequence[CellSelection]]) -> list[Rule]:
    """What counts the measures of the figures."""
    names = {MEASURE_BY_CODE[code].name for figure in figures for selection in figure for code in selection.sums.measures}
    return [rule for rule in RULES if rule.measure in names]


def _event(value: bytes | None, types: frozenset[str]) -> EventEnvelope[Event] | None:
    try:
        event = decode(value, types)
    except Undecodable:  # an audit names it
        return None
    return None if isinstance(event, Unknown | Unwanted) else event


def _add_contributions(
    event: EventEnvelope[Event], at: str, figures: Sequence[Sequence[CellSelection]], found: list[list[Contribution]]
) -> None:
    try:
        cells = fold(event)
    except (AbsurdDay, Undecodable):  # an audit names it
        return
    for number, figure in enumerate(figures):
        for cell, value in cells:
            delta = sum(selection.delta(cell, value) for selection in figure)
            if delta:
                found[number].append(
                    Contribution(
                        at=at,
                        event=event.id,
                        type=event.data.type_name(),
                        subject=event.subject,
                        time=event.time,
                        day=cell.day,
                        recorded_on=cell.recorded_on,
                        currency=cell.currency,
                        delta=delta,
                    )
                )

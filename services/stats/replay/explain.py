"""Why a figure is what it is: the events it is made of, read from the log, beside what the one query path answers for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.stats import queries
from services.stats.counting.measures import MEASURE_BY_CODE, RULES
from services.stats.counting.reference_fold import Cell, fold
from services.stats.domain.errors import AbsurdDay
from services.stats.domain.questions import Question
from services.stats.figures import classifications, query
from services.stats.figures.classifications import Lists
from services.stats.queries import Sums, generations
from services.stats.replay.audit import at, place_of
from services.stats.replay.log_shards import Progress, Report, Share, in_shares
from shared.db import Cause, Tx
from shared.delivery import event_log
from shared.events import Event, EventEnvelope, Undecodable, Unknown, Unwanted, decode
from shared.principals import system
from shared.settings import Settings
from shared.values import Clock


@dataclass(frozen=True, slots=True)
class Asked:
    """A figure to explain: one cell exactly, or the answer to a question as one number; of one currency only, where one is named.

    Neither: it is known to be nothing, such as the poverty counties of the centre within the east.
    """

    title: str
    question: Question | None = None
    cell: Cell | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Behind:
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
class Why:
    """`events` in the order in which they were recorded. By currency ("" where it is no money), without those of 0."""

    title: str
    events: list[Behind]
    sums: dict[str, int]
    answers: dict[str, int]

    @property
    def explained(self) -> bool:
        """The events add up to what is answered."""
        return self.sums == self.answers


async def why(
    settings: Settings,
    conn: Any,
    asking: Callable[[Tx], Awaitable[Sequence[Asked]]],
    *,
    processes: int | None = 1,
    progress: Progress = lambda _done, _total: None,
) -> list[Why]:
    """Explain figures from the log. Positions, dead letters and answers are of one snapshot, so counting may go on.

    Raises what `asking` does; MeasureNotFound, NoCut; kafka.Unavailable, log.Truncated, shares.ReaderLost.
    """
    async with conn.transaction(isolation="repeatable_read", readonly=True):
        tx = Tx(conn, "stats", Cause(system("stats"), Clock()))
        asked = await asking(tx)
        answers = [await _answered(tx, one) for one in asked]  # first: what cannot be answered is refused by the one query path
        wanted = [await _selected(tx, one) for one in asked]
        whole = Share(settings, await generations.list_next_offsets(conn), await generations.list_uncounted(conn))
    found = await in_shares(partial(explain, wanted), whole, processes, progress)
    explained = []
    for number, one in enumerate(asked):
        events = sorted((behind for share in found for behind in share[number]), key=lambda behind: (behind.time, behind.at, behind.delta))
        sums: Counter[str] = Counter()
        for behind in events:
            sums[behind.currency] += behind.delta
        explained.append(Why(one.title, events, _without_zero(sums), answers[number]))
    return explained


async def _answered(tx: Tx, asked: Asked) -> dict[str, int]:
    found: Counter[str] = Counter()
    if asked.cell is not None:
        until = _around(asked.cell)
        for sums, sign in ((until, 1), (replace(until, known_on=date.fromordinal(asked.cell.recorded_on.toordinal() - 1)), -1)):
            for row in await queries.sum_cells(tx, sums):
                found[row.currency] += sign * sum(value for _, value in row.values)
    elif asked.question is not None:
        for point in await query.answer(tx, asked.question):
            found[point.currency or ""] += point.value
    return _without_zero(Counter({name: value for name, value in found.items() if asked.currency in (None, name)}))


def _without_zero(found: Counter[str]) -> dict[str, int]:
    return {name: value for name, value in sorted(found.items()) if value}


def _around(cell: Cell) -> Sums:
    """The cell, and what was recorded of it before."""
    return Sums(
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
@dataclass(frozen=True, slots=True)
class Selected:
    """Which cells belong to a figure, and which of them are taken away."""

    sums: Sums
    taken: int = 0  # code of the measure that is subtracted
    listed: frozenset[str] | None = None  # what the county must ever have been listed as
    lists: Lists | None = None  # by which lists
    recorded_on: date | None = None
    currency: str | None = None

    def delta(self, cell: Cell, value: int) -> int:
        """What the cell's change adds to the figure; 0 where it is no part of it."""
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
        return 0 if not belongs else -value if cell.measure == self.taken else value


async def _selected(tx: Tx, asked: Asked) -> list[Selected]:
    """Sets of cells that have none in common; several where the list of the day decides and changes meanwhile."""
    if asked.cell is not None:
        return [Selected(_around(asked.cell), recorded_on=asked.cell.recorded_on, currency=asked.cell.currency)]
    if asked.question is None:
        return []
    question, in_force = asked.question, await classifications.current(tx, asked.question.known_on)
    if question.basis != "listed_on_day" or not query.asks_lists(question):
        return [_of_question(question, in_force, asked.currency)]
    return [
        _of_question(question.model_copy(update={"start": start, "end": end, "basis": "ever_listed"}), of_the_day, asked.currency)
        for start, end, of_the_day in in_force.spans(question.start, question.end)
    ]


def _of_question(question: Question, in_force: Lists, currency: str | None) -> Selected:
    sums, taken, listed = query.selection(question, in_force)
    return Selected(sums, taken, listed, in_force if listed else None, currency=currency)


async def explain(wanted: Sequence[Sequence[Selected]], share: Share, report: Report) -> list[list[Behind]]:
    """What the events of a share of the log add to each of the figures."""
    found: list[list[Behind]] = [[] for _ in wanted]
    types = _types(wanted)
    async for records, entries in event_log.read_upto(share.settings, share.upto):
        for entry in entries:
            event = None if place_of(entry) in share.left_out else _event(entry.record.value, types)
            if event is not None:
                _explain(event, at(entry), wanted, found)
        report(records)
    return found


def _types(wanted: Sequence[Sequence[Selected]]) -> frozenset[str]:
    """The only event types that add to the figures' measures: the others are not even decoded."""
    names = {MEASURE_BY_CODE[code].name for figure in wanted for one in figure for code in one.sums.measures}
    return frozenset(rule.event.type_name() for rule in RULES if rule.measure in names)


def _event(value: bytes | None, types: frozenset[str]) -> EventEnvelope[Event] | None:
    try:
        event = decode(value, types)
    except Undecodable:  # an audit names it
        return None
    return None if isinstance(event, Unknown | Unwanted) else event


def _explain(event: EventEnvelope[Event], place: str, wanted: Sequence[Sequence[Selected]], found: list[list[Behind]]) -> None:
    try:
        cells = fold(event)
    except AbsurdDay:  # an audit names it
        return
    for number, figure in enumerate(wanted):
        for cell, value in cells:
            delta = sum(one.delta(cell, value) for one in figure)
            if delta:
                kind = event.data.type_name()
                behind = Behind(place, event.id, kind, event.subject, event.time, cell.day, cell.recorded_on, cell.currency, delta)
                found[number].append(behind)

"""The events behind a figure."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from uuid import UUID

from services.stats.programmes.catalogue import ProgrammeInForce
from services.stats.replay.explain import Contribution, Explanation
from services.stats.views.metadata import View


class EventBehind(View):
    """What one event adds, money in minor units, and the figure after it; `at`: topic/partition@offset of the log."""

    event: UUID
    type: str
    subject: str
    at: str
    time: datetime
    day: date
    recorded_on: date
    currency: str | None
    delta: int
    total: int


class ProgrammeBehind(View):
    """The programme that has the quota or target, as it was in force; `version` 0: as shipped."""

    code: str
    title: str
    version: int
    entered_at: datetime | None


class Explained(View):
    """`explained`: the events add up to the answer. Sums and answers are by currency, "" where it is no money, without those of 0.

    `programme` None: the figure is of no programme.
    """

    title: str
    programme: ProgrammeBehind | None
    explained: bool
    sums: dict[str, int]
    answers: dict[str, int]
    number: int  # of events in all
    events: list[EventBehind]  # the newest, newest first


def explained(found: Explanation, limit: int, skip: int = 0) -> Explained:
    """With at most `limit` of the events, after the newest `skip`."""
    totals: Counter[str] = Counter()
    rows = []
    for one in found.events:
        totals[one.currency] += one.delta
        rows.append((one, totals[one.currency]))
    return Explained(
        title=found.figure.title,
        programme=_programme(found.figure.programme),
        explained=found.explained,
        sums=found.totals,
        answers=found.answers,
        number=len(rows),
        events=[_behind(one, total) for one, total in rows[::-1][skip : skip + limit]],
    )


def _programme(found: ProgrammeInForce | None) -> ProgrammeBehind | None:
    if found is None:
        return None
    return ProgrammeBehind(code=found.plan.code, title=found.plan.title, version=found.version, entered_at=found.entered_at)


def _behind(one: Contribution, total: int) -> EventBehind:
    return EventBehind(
        event=one.event,
        type=one.type,
        subject=one.subject,
        at=one.at,
        time=one.time,
        day=one.day,
        recorded_on=one.recorded_on,
        currency=one.currency or None,
        delta=one.delta,
        total=total,
    )

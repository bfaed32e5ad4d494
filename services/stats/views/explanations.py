"""The events behind a figure."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from uuid import UUID

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


class Explained(View):
    """`explained`: the events add up to the answer. Sums and answers are by currency, "" where it is no money, without those of 0."""

    title: str
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
        title=found.title,
        explained=found.explained,
        sums=found.totals,
        answers=found.answers,
        number=len(rows),
        events=[_behind(one, total) for one, total in rows[::-1][skip : skip + limit]],
    )


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

"""Closed periods and restatements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.stats.queries import restatements as stored
from services.stats.queries.period_closes import Close
from services.stats.views.metadata import View
from shared.events import FigureRestated


class Period(View):
    """A close; `reopened_by` None: in force, and the period's figures are final."""

    period: str
    version: int
    digest: str
    positions: list[tuple[str, int, int]]
    closed_by: str
    closed_at: datetime
    reopened_by: str | None
    reopened_at: datetime | None
    reason: str | None
    explanation: str | None


def period(close: Close) -> Period:
    return Period.model_validate(close, from_attributes=True)


class Restatement(View):
    id: int
    version: int
    restated: FigureRestated


class Restatements(View):
    items: list[Restatement]
    next: str | None


def restatements(rows: Sequence[stored.Restatement], following: str | None) -> Restatements:
    return Restatements(items=[Restatement(id=row.id, version=row.version, restated=row.event) for row in rows], next=following)

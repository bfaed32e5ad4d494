"""Closed periods and restatements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal

from services.stats.figures.measure_catalogue import MEASURE_BY_NAME
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
    as_known_at: date  # its figures are those known at the end of this day
    reopened_by: str | None
    reopened_at: datetime | None
    reason: str | None
    explanation: str | None


def period(close: Close) -> Period:
    return Period.model_validate(close, from_attributes=True)


class Restatement(View):
    """`counted`: what the figure is of its measure. Of `durations` it is how many were counted, not the days; of a `level` its change
    within the period. None: the measure is no longer counted.
    """

    id: int
    version: int
    restated: FigureRestated
    counted: Literal["flow", "level", "durations", "quotient"] | None
    unit: str | None


class Restatements(View):
    items: list[Restatement]
    next: str | None


def restatements(rows: Sequence[stored.Restatement], following: str | None) -> Restatements:
    return Restatements(items=[_restatement(row) for row in rows], next=following)


def _restatement(row: stored.Restatement) -> Restatement:
    measure = MEASURE_BY_NAME.get(row.event.measure)
    return Restatement(
        id=row.id,
        version=row.version,
        restated=row.event,
        counted=measure.kind if measure is not None else None,
        unit=measure.unit if measure is not None else None,
    )

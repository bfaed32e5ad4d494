"""Events of stats. Subject: the published figure. FigurePublished goes to the compacted topic `stats.snapshot`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from shared.events.event import SNAPSHOT, STATS, Event
from shared.values import (
    QuotaStatus,
    Ratio,
    TargetState,
)


class _Figure(Event):
    TOPIC = STATS
    SUBJECT = "key"

    key: str  # measure|cut|period, quota|period, target
    effective: date


class FigurePublished(_Figure):
    """The current value of one figure; compaction keeps the newest per key."""

    TOPIC = SNAPSHOT

    measure: str
    cut: str
    period: str
    value: int | None
    share: Ratio | None
    status: str | None
    gap_heads: int | None
    label: Literal["preliminary", "final"]
    complete_through: datetime | None
    lag_seconds: int
    parked: int
    definition: str
    open_positions: int | None = None  # what the orders in hand could still send; None: not a running year's quota
    infeasible: bool = False  # the orders in hand cannot close the gap
    projection: tuple[int, int, int] | None = None  # low, likely, high at the end of a target's span


class TargetProgressChanged(_Figure):
    """Targets of income count in fen."""

    target: str
    actual: int
    expected: int
    floor: int
    state_from: TargetState | None
    state_to: TargetState
    projection: tuple[int, int, int] | None = None
    measure: str | None = None  # what the target counts
    programme: str | None = None  # the code of its plan


class QuotaStatusChanged(_Figure):
    """The status has changed, or whether the orders in hand can close the gap."""

    quota: str
    period: str
    status_from: QuotaStatus | None
    status_to: QuotaStatus
    share: Ratio
    gap_heads: int | None
    open_positions: int | None = None
    infeasible: bool = False


class YearOnYearBreached(_Figure):
    quota: str
    period: str
    share: Ratio
    share_before: Ratio
    with_status: bool | None = None  # whether its new status is published beside this; older events do not say


class PeriodClosed(_Figure):
    """A published period is frozen at these positions of the logs: a later record that changes its figures is a restatement."""

    period: str  # YYYY or YYYY-MM
    version: int
    digest: str  # sha-256 over the cells of the period, hex
    positions: tuple[tuple[str, int, int], ...]  # topic, partition, next offset


class PeriodReopened(_Figure):
    period: str
    version: int
    approver: str
    reason: Literal["late_reports", "wrong_reports", "merged_workers", "method"]


class FigureRestated(_Figure):
    """A figure of a closed period has changed. The differences new - old of a key add up to its change since the close."""

    measure: str
    scope: str
    period: str
    currency: str | None
    old: int
    new: int
    kind: Literal["late", "correction", "merge", "fx", "designation", "rule"]
    causes: tuple[UUID, ...]  # ids of the events behind it, at most 100
    causes_total: int


class DeadLetterRedriven(_Figure):
    """A record that could not be counted is counted after all; the envelope says who decided it."""

    letter: int
    topic: str
    partition: int
    offset: int
    event: UUID | None
    event_type: str | None
    why_parked: str  # slug of the reason it was parked for


class StalenessRaised(_Figure):
    """The figures have been further behind the logs than the bound, for as long as the bound."""

    complete_through: datetime | None
    lag_seconds: int
    bound_seconds: int
    parked: int


class StalenessCleared(_Figure):
    """The figures have caught up again."""

    complete_through: datetime | None
    lag_seconds: int
    parked: int


class ProjectionRebuilt(_Figure):
    """The cells were counted again from the beginning of the logs and have replaced the old ones."""

    generation: int
    events: int  # counted again
    differing: int  # cells with another value, at most 100; an operator has then accepted the swap


EVENTS: tuple[type[Event], ...] = (
    FigurePublished,
    TargetProgressChanged,
    QuotaStatusChanged,
    YearOnYearBreached,
    PeriodClosed,
    PeriodReopened,
    FigureRestated,
    DeadLetterRedriven,
    StalenessRaised,
    StalenessCleared,
    ProjectionRebuilt,
)

"""Events that take another one back: it was published, then lost with its service's database, and nobody stands by it any more.

One class per topic, since a service writes to its own topic only. Figures lose what the event taken back had added to them; the
readers that act upon events leave these alone.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.events.event import DOCKING, REGISTRATION, RIGHTS, STATS, TRAINING, Event


class _EventVoided(Event):
    """`taken_back`: the whole of the event, as it stands in the log. The key is that event's too, so this one comes after it."""

    SUBJECT: ClassVar[str] = "aggregate"
    aggregate: str
    voided: UUID
    taken_back: str
    effective: date


class RegistrationEventVoided(_EventVoided):
    """An event of registration that was lost in a restore is taken back."""

    TOPIC = REGISTRATION


class DockingEventVoided(_EventVoided):
    """An event of docking that was lost in a restore is taken back."""

    TOPIC = DOCKING


class TrainingEventVoided(_EventVoided):
    """An event of training that was lost in a restore is taken back."""

    TOPIC = TRAINING


class RightsEventVoided(_EventVoided):
    """An event of rights that was lost in a restore is taken back."""

    TOPIC = RIGHTS


class StatsEventVoided(_EventVoided):
    """An event of stats that was lost in a restore is taken back."""

    TOPIC = STATS


EVENTS: tuple[type[_EventVoided], ...] = (
    RegistrationEventVoided,
    DockingEventVoided,
    TrainingEventVoided,
    RightsEventVoided,
    StatsEventVoided,
)

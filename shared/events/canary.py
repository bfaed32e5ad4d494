"""Synthetic events, one a minute from every process: that they arrive proves that whatever a service publishes does.

Nothing counts them and nothing reacts to them. They lie in the topics of all other events, so that they come late where those do. One
class per topic, since a service writes to its own topic only.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal

from shared.events.event import DOCKING, REGISTRATION, RIGHTS, STATS, TRAINING, Event

CANARY = "canary"  # the subject of every one


class _Canary(Event):
    SUBJECT: ClassVar[str] = "aggregate"
    aggregate: Literal["canary"] = "canary"
    effective: date


class RegistrationCanary(_Canary):
    """Proves that what registration publishes arrives; it says nothing else."""

    TOPIC = REGISTRATION


class DockingCanary(_Canary):
    """Proves that what docking publishes arrives; it says nothing else."""

    TOPIC = DOCKING


class TrainingCanary(_Canary):
    """Proves that what training publishes arrives; it says nothing else."""

    TOPIC = TRAINING


class RightsCanary(_Canary):
    """Proves that what rights publishes arrives; it says nothing else."""

    TOPIC = RIGHTS


class StatsCanary(_Canary):
    """Proves that what stats publishes arrives; it says nothing else."""

    TOPIC = STATS


EVENTS: tuple[type[_Canary], ...] = (RegistrationCanary, DockingCanary, TrainingCanary, RightsCanary, StatsCanary)

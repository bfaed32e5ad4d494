"""Events of docking about fairs, where enterprises and counties meet. Subjects: a fair, or an intention."""

from __future__ import annotations

from datetime import date
from typing import Literal

from shared.events.event import DOCKING, Event, Origin, Part
from shared.values import CorrectionReason, CountyCode, Destination, EnterpriseId, FairId, IntentionId, Occupation, PlacementId


class FairFact(Part):
    """`county` None: at a place outside every county."""

    held_on: date
    county: CountyCode | None
    counties: tuple[CountyCode, ...]
    enterprises: tuple[EnterpriseId, ...]


class _Fair(Event):
    TOPIC = DOCKING
    SUBJECT = "fair"

    fair: FairId
    effective: date  # the day of the fair


class DockingFairHeld(_Fair):
    """`county` None: at a place outside every county."""

    county: CountyCode | None
    counties: tuple[CountyCode, ...]
    enterprises: tuple[EnterpriseId, ...]


class DockingFairCorrected(_Fair):
    """It was on another day, elsewhere, or others took part. On another day, its intentions are corrected too."""

    previous: FairFact
    fact: FairFact
    reason: CorrectionReason | None = None  # None: of an older event


class DockingFairVoided(_Fair):
    """There was no such fair; no intention is recorded at it."""

    previous: FairFact
    reason: str


class IntentionFact(Part):
    """How many workers of a county an enterprise means to take. `destination`, `occupation` None: not agreed yet."""

    held_on: date  # of the fair
    origin: Origin
    enterprise: EnterpriseId
    destination: Destination | None
    occupation: Occupation | None
    headcount: int


class _Intention(Event):
    TOPIC = DOCKING
    SUBJECT = "intention"

    intention: IntentionId
    fair: FairId
    effective: date


class IntentionRecorded(_Intention):
    fact: IntentionFact


class IntentionCorrected(_Intention):
    """`matched`: matches counted against it so far, which move to the corrected codes."""

    previous: IntentionFact
    fact: IntentionFact
    matched: int
    reason: CorrectionReason | Literal["fair_corrected"] | None = None  # None: of an older event


class IntentionVoided(_Intention):
    """There was no such intention. What was matched has been released before."""

    previous: IntentionFact
    reason: str


class IntentionMatched(_Intention):
    """A worker of the county was matched to the enterprise in time: one of the headcount is met."""

    fact: IntentionFact
    placement: PlacementId


class IntentionReleased(_Intention):
    """The match counts no more: it was cancelled or voided, or the intention was corrected."""

    fact: IntentionFact
    placement: PlacementId


EVENTS: tuple[type[Event], ...] = (
    DockingFairHeld,
    DockingFairCorrected,
    DockingFairVoided,
    IntentionRecorded,
    IntentionCorrected,
    IntentionVoided,
    IntentionMatched,
    IntentionReleased,
)

"""Docking fairs: who met, what enterprises intend to take from counties, and which matches meet an intention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from services.docking.domain.errors import FairVoided, FutureDay, IntentionVoided, NotAtFair, PlaceMissing
from shared.values import CountyCode, Destination, EnterpriseId, FairId, IntentionId, Occupation, PlacementId

FairVoidReason = Literal["mistaken", "duplicate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fair:
    """`county` None: it was held outside every county."""

    id: FairId
    name: str
    county: CountyCode | None
    place: str | None
    held_on: date
    counties: tuple[CountyCode, ...]
    enterprises: tuple[EnterpriseId, ...]
    voided: FairVoidReason | None = None  # why: there was no such fair
    version: int = 1


class IntentionState(StrEnum):
    RECORDED = "recorded"
    VOIDED = "voided"


class IntentionStep(StrEnum):
    CORRECT = "correct"
    VOID = "void"


_S, _T = IntentionState, IntentionStep
INTENTION_STEPS: Mapping[tuple[IntentionState, IntentionStep], IntentionState] = {
    (_S.RECORDED, _T.CORRECT): _S.RECORDED,
    (_S.RECORDED, _T.VOID): _S.VOIDED,
}


def intention_after(state: IntentionState, step: IntentionStep) -> IntentionState:
    """The state after the step. Raises IntentionVoided."""
    following = INTENTION_STEPS.get((state, step))
    if following is None:
        raise IntentionVoided(state=state)
    return following


@dataclass(frozen=True, slots=True, kw_only=True)
class Intention:
    """How many workers of the county the enterprise means to take, and how many matches are counted against it."""

    id: IntentionId
    fair: FairId
    held_on: date
    county: CountyCode
    enterprise: EnterpriseId
    destination: Destination | None
    occupation: Occupation | None
    headcount: int
    matched: int = 0
    state: IntentionState = IntentionState.RECORDED
    version: int = 1

    def covers(self, match: Match, days: int) -> bool:
        """Whether it is a match of this county with this enterprise, within so many days of the fair."""
        until = self.held_on + timedelta(days=days)
        return (self.county, self.enterprise) == (match.county, match.enterprise) and self.held_on <= match.matched_on <= until


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A placement that no intention counts yet."""

    placement: PlacementId
    county: CountyCode
    enterprise: EnterpriseId
    matched_on: date


def require_fair(fair: Fair, today: date) -> None:
    """Raises FutureDay, PlaceMissing."""
    if fair.held_on > today:
        raise FutureDay(field="held_on")
    if fair.county is None and fair.place is None:
        raise PlaceMissing(field="place")


def require_held(fair: Fair) -> None:
    """Raises FairVoided."""
    if fair.voided is not None:
        raise FairVoided(state=fair.voided)


def require_at_fair(intention: Intention, fair: Fair) -> None:
    """Raises NotAtFair."""
    if intention.county not in fair.counties:
        raise NotAtFair(field="county", state=list(fair.counties))
    if intention.enterprise not in fair.enterprises:
        raise NotAtFair(field="enterprise", state=[str(one) for one in fair.enterprises])


def allot(intentions: Sequence[Intention], matches: Sequence[Match], days: int) -> list[tuple[Intention, Match]]:
    """First come, first counted: each match goes to the intention of the earliest fair that covers it and has not its headcount yet."""
    room = {one.id: one.headcount - one.matched for one in intentions}
    by_fair = sorted(intentions, key=lambda one: (one.held_on, one.id))
    counted = []
    for match in sorted(matches, key=lambda one: (one.matched_on, one.placement)):
        chosen = next((one for one in by_fair if room[one.id] > 0 and one.covers(match, days)), None)
        if chosen is not None:
            room[chosen.id] -= 1
            counted.append((chosen, match))
    return counted

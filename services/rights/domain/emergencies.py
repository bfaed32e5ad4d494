"""Emergencies abroad, and the roll-call of everybody who is in the country: who is accounted for, and who is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from services.rights.domain.errors import AtHome, EmergencyHasEnded, FutureDay, WorkersUnaccounted
from services.rights.domain.ledgers import Ledger
from shared.values import CountyCode, Destination, EmergencyId, EnterpriseId, Grade, PlacementId

EmergencyKind = Literal["war", "unrest", "terror", "disaster", "epidemic", "accident", "crime"]
Authority = Literal["city", "province", "state", "embassy"]
Reported = Literal["safe", "injured", "missing", "dead", "left"]
Whereabouts = Literal["workplace", "dormitory", "embassy", "hospital", "shelter", "in_transit", "third_country", "home", "unknown"]
Reporter = Literal["worker", "enterprise", "employer", "embassy", "authority", "family", "rule"]


class EmergencyState(StrEnum):
    OPEN = "open"
    ENDED = "ended"


class EmergencyStep(StrEnum):
    END = "end"


EMERGENCY_STEPS: Mapping[tuple[EmergencyState, EmergencyStep], EmergencyState] = {
    (EmergencyState.OPEN, EmergencyStep.END): EmergencyState.ENDED,
}


class Condition(StrEnum):
    """What is known of a worker."""

    PENDING = "pending"  # nothing
    SAFE = "safe"
    INJURED = "injured"
    MISSING = "missing"
    DEAD = "dead"
    LEFT = "left"  # has left the country, and is not home yet
    RETURNED = "returned"  # home, by the return on record
    NOT_ABROAD = "not_abroad"  # the dispatch was void, or to another country


class RollCallStep(StrEnum):
    REPORT = "report"  # somebody reports what is known
    RETURN = "return"  # the worker is home
    CORRECT = "correct"  # the worker was never there
    REJOIN = "rejoin"  # the worker is there after all


_C, _T = Condition, RollCallStep
_REPORTED = (_C.SAFE, _C.INJURED, _C.MISSING, _C.DEAD, _C.LEFT)
_THERE = (_C.PENDING, *_REPORTED)
BY_RULE = (_C.RETURNED, _C.NOT_ABROAD)
# A report leads to the condition that it names; what a rule records leads to one only.
ROLL_CALL_STEPS: Mapping[tuple[Condition, RollCallStep], Condition] = {
    **{(one, _T.RETURN): _C.RETURNED for one in (*_THERE, _C.NOT_ABROAD) if one is not _C.DEAD},
    **{(one, _T.CORRECT): _C.NOT_ABROAD for one in (*_THERE, _C.RETURNED)},
    **{(one, _T.REJOIN): _C.PENDING for one in BY_RULE},
}
UNACCOUNTED = (_C.PENDING, _C.MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """One country; `region`: the part of it, in words. `since`: from when it is one, which may be before it was declared."""

    emergency: EmergencyId
    destination: Destination
    region: str | None
    kind: EmergencyKind
    grade: Grade
    since: date
    authority: Authority
    text: str
    declared_at: datetime
    state: EmergencyState = EmergencyState.OPEN
    ended_at: datetime | None = None
    end_reason: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One worker in the roll-call. `announced`: WorkerToAccountFor is published."""

    emergency: EmergencyId
    placement: PlacementId
    condition: Condition = Condition.PENDING
    whereabouts: Whereabouts = "unknown"
    reported_by: Reporter | None = None
    accounted_on: date | None = None
    announced: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Headcount:
    """How many members of a roll-call are in a condition, by enterprise and county."""

    enterprise: EnterpriseId
    county: CountyCode
    condition: Condition
    workers: int


def is_there(ledger: Ledger, destination: Destination) -> bool:
    """Whether the worker is abroad in the country now, as far as it is known."""
    return ledger.abroad is not None and ledger.returned_on is None and ledger.destination == destination


def require_since(since: date, today: date) -> None:
    """Raises FutureDay."""
    if since > today:
        raise FutureDay(field="since")


def require_open(emergency: Emergency) -> None:
    """Raises EmergencyHasEnded."""
    if emergency.state is not EmergencyState.OPEN:
        raise EmergencyHasEnded(state=emergency.state.value)


def require_all_accounted(unaccounted: int, reason: str | None) -> None:
    """Everybody is accounted for, or the emergency ends for a reason. Raises WorkersUnaccounted."""
    if unaccounted and reason is None:
        raise WorkersUnaccounted(f"{unaccounted} workers are not accounted for", field="reason", state={"unaccounted": unaccounted})


def require_reportable(member: Member) -> None:
    """Raises AtHome."""
    if member.condition in BY_RULE:
        raise AtHome(state=member.condition.value)


def change(before: Condition, after: Condition) -> int:
    """1: the worker is accounted for now; -1: no longer; 0: as before."""
    return int(after not in UNACCOUNTED) - int(before not in UNACCOUNTED)

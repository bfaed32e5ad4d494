"""Repatriations: asked for, approved in writing by another, carried out; once for a placement unless in a new emergency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from services.rights.domain.errors import (
    ApproverIsRequester,
    AtHome,
    BeforeDeparture,
    CauseMissing,
    FutureDay,
    NeverLeft,
    RepatriatedAlready,
    RepatriationIllegalStep,
    ReturnedOtherwise,
)
from services.rights.domain.ledgers import Ledger
from shared.values import EmergencyId, EnterpriseId, Money, Payer, PlacementId, RepatriationId

Cause = Literal["emergency", "distress", "illness", "unpaid", "abuse", "death"]
RefusalCause = Literal["criteria_not_met", "other_means", "not_wanted", "withdrawn"]


class RepatriationState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    COMPLETED = "completed"


class RepatriationStep(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    COMPLETE = "complete"


_S, _T = RepatriationState, RepatriationStep
REPATRIATION_STEPS: Mapping[tuple[RepatriationState, RepatriationStep], RepatriationState] = {
    (_S.REQUESTED, _T.APPROVE): _S.APPROVED,
    (_S.REQUESTED, _T.REFUSE): _S.REFUSED,
    (_S.APPROVED, _T.REFUSE): _S.REFUSED,
    (_S.APPROVED, _T.COMPLETE): _S.COMPLETED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repatriation:
    repatriation: RepatriationId
    placement: PlacementId
    enterprise: EnterpriseId
    emergency: EmergencyId | None
    cause: Cause
    requested_by: str
    requested_on: date
    paid_by: Payer
    state: RepatriationState = RepatriationState.REQUESTED
    approval: str | None = None  # the number of the written approval
    criteria_version: str | None = None
    approver: str | None = None
    refusal: RefusalCause | None = None
    completed_on: date | None = None
    cost: Money | None = None
    version: int = 1


def state_after(state: RepatriationState, step: RepatriationStep) -> RepatriationState:
    """Raises RepatriationIllegalStep."""
    following = REPATRIATION_STEPS.get((state, step))
    if following is None:
        raise RepatriationIllegalStep(f"{step} is not possible in state {state}", state=state.value)
    return following


def require_cause(cause: Cause, emergency: EmergencyId | None) -> None:
    """An emergency is named exactly where it is the cause. Raises CauseMissing."""
    if (cause == "emergency") is (emergency is None):
        raise CauseMissing(field="emergency")


def require_abroad(ledger: Ledger) -> None:
    """Raises NeverLeft, AtHome."""
    if ledger.abroad is None:
        raise NeverLeft(field="placement")
    if ledger.returned_on is not None:
        raise AtHome(
            f"the worker returned on {ledger.returned_on}", field="placement", state={"returned_on": ledger.returned_on.isoformat()}
        )


def require_first(known: Sequence[Repatriation], emergency: EmergencyId | None) -> None:
    """Once for a placement; again for an emergency in which there was none. Raises RepatriatedAlready."""
    alive = [one for one in known if one.state is not RepatriationState.REFUSED]
    if alive and (emergency is None or emergency in {one.emergency for one in alive}):
        newest = alive[-1]
        raise RepatriatedAlready(field="placement", state={"repatriation": str(newest.repatriation), "state": newest.state.value})


def require_other_approver(repatriation: Repatriation, approver: str) -> None:
    """By account, whatever roles it has. Raises ApproverIsRequester."""
    if repatriation.requested_by.partition(":")[2] == approver.partition(":")[2]:
        raise ApproverIsRequester


def require_only(known: Sequence[Repatriation], repatriation: RepatriationId) -> None:
    """Whoever was brought home by another is home. Raises RepatriatedAlready."""
    for one in known:
        if one.state is RepatriationState.COMPLETED and one.repatriation != repatriation:
            raise RepatriatedAlready(field="placement", state={"repatriation": str(one.repatriation), "state": one.state.value})


def require_completion(ledger: Ledger, completed_on: date, today: date) -> None:
    """The return may be on record already, with the same day. Raises NeverLeft, FutureDay, BeforeDeparture, ReturnedOtherwise."""
    if ledger.abroad is None:
        raise NeverLeft(field="placement")
    if completed_on > today:
        raise FutureDay(field="completed_on")
    if completed_on < ledger.abroad.departed_on:
        raise BeforeDeparture(field="completed_on", state=ledger.abroad.departed_on.isoformat())
    if ledger.returned_on not in (None, completed_on):
        raise ReturnedOtherwise(field="completed_on", state={"returned_on": str(ledger.returned_on)})

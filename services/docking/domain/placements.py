"""Placements: the steps one may take, and the days they may be taken on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from services.docking.domain.contracts import Contract, Insurance
from services.docking.domain.errors import (
    BeforeMatch,
    ClearanceNotValid,
    FutureDay,
    IllegalStep,
    InsuranceShortened,
    ReturnBeforeDeparture,
)
from services.docking.domain.medicals import Medical
from shared.values import Channel, CountyCode, Destination, EmployerId, EnterpriseId, Occupation, OrderId, PlacementId, WorkerId

CancelReason = Literal[
    "worker", "enterprise", "officer", "match_expired", "clearance_timeout", "clearance_expired", "clearance_withdrawn", "order_closed"
]
WithdrawnFor = Literal[  # of a clearance
    "asked_again",
    "certificate_corrected",
    "certificate_expired",
    "certificate_revoked",
    "emergency",
    "fee_above_cap",
    "medical",
    "worker_erased",
    "worker_suspended",
    "workers_merged",
]
VoidReason = Literal["not_departed", "duplicate", "wrong_worker", "false_evidence"]  # of a departure


class PlacementState(StrEnum):
    MATCHED = "matched"
    CLEARANCE_REQUESTED = "clearance_requested"
    CLEARED = "cleared"
    ABROAD = "abroad"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    VOIDED = "voided"


class Step(StrEnum):
    REGISTER_CONTRACT = "register_contract"
    BIND_INSURANCE = "bind_insurance"
    RECORD_MEDICAL = "record_medical"
    REQUEST_CLEARANCE = "request_clearance"
    DECLARE_FEE = "declare_fee"
    GRANT = "grant"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    DEPART = "depart"
    CONFIRM_ARRIVAL = "confirm_arrival"
    EXTEND = "extend"
    TRANSFER = "transfer"
    UNDO_CHANGE = "undo_change"
    RETURN = "return"
    CORRECT = "correct"
    VOID = "void"
    CANCEL = "cancel"


_S = PlacementState
BEFORE_DEPARTURE = frozenset({_S.MATCHED, _S.CLEARANCE_REQUESTED, _S.CLEARED})  # hold a reserved position
DEPARTED = frozenset({_S.ABROAD, _S.RETURNED})  # hold a filled one
ACTIVE = BEFORE_DEPARTURE | {_S.ABROAD}  # at most one per worker

# Every legal step. What is not here is refused with the state in the answer.
STEPS: Mapping[tuple[PlacementState, Step], PlacementState] = {
    (_S.MATCHED, Step.REGISTER_CONTRACT): _S.MATCHED,
    (_S.CLEARANCE_REQUESTED, Step.REGISTER_CONTRACT): _S.CLEARANCE_REQUESTED,
    (_S.MATCHED, Step.BIND_INSURANCE): _S.MATCHED,
    (_S.CLEARANCE_REQUESTED, Step.BIND_INSURANCE): _S.CLEARANCE_REQUESTED,
    (_S.MATCHED, Step.RECORD_MEDICAL): _S.MATCHED,
    (_S.CLEARANCE_REQUESTED, Step.RECORD_MEDICAL): _S.CLEARANCE_REQUESTED,
    (_S.CLEARED, Step.RECORD_MEDICAL): _S.CLEARED,
    (_S.MATCHED, Step.REQUEST_CLEARANCE): _S.CLEARANCE_REQUESTED,
    # The flight was put off, or the clearance has lapsed: asked for again for the same placement, under a longer insurance.
    (_S.CLEARED, Step.BIND_INSURANCE): _S.CLEARED,
    (_S.CLEARED, Step.REQUEST_CLEARANCE): _S.CLEARANCE_REQUESTED,
    (_S.CLEARANCE_REQUESTED, Step.GRANT): _S.CLEARED,
    (_S.CLEARANCE_REQUESTED, Step.REFUSE): _S.MATCHED,
    # What it was granted on no longer holds. The position is held as for another request.
    (_S.CLEARED, Step.WITHDRAW): _S.MATCHED,
    (_S.CLEARED, Step.DEPART): _S.ABROAD,
    (_S.ABROAD, Step.BIND_INSURANCE): _S.ABROAD,  # longer, for a contract that runs longer
    (_S.ABROAD, Step.EXTEND): _S.ABROAD,
    (_S.ABROAD, Step.TRANSFER): _S.ABROAD,
    (_S.ABROAD, Step.UNDO_CHANGE): _S.ABROAD,
    (_S.RETURNED, Step.UNDO_CHANGE): _S.RETURNED,
    (_S.ABROAD, Step.CONFIRM_ARRIVAL): _S.ABROAD,
    (_S.RETURNED, Step.CONFIRM_ARRIVAL): _S.RETURNED,
    (_S.ABROAD, Step.RETURN): _S.RETURNED,
    (_S.ABROAD, Step.CORRECT): _S.ABROAD,
    (_S.RETURNED, Step.CORRECT): _S.RETURNED,
    (_S.ABROAD, Step.VOID): _S.VOIDED,
    (_S.RETURNED, Step.VOID): _S.VOIDED,
    (_S.MATCHED, Step.CANCEL): _S.CANCELLED,
    (_S.CLEARANCE_REQUESTED, Step.CANCEL): _S.CANCELLED,
    (_S.CLEARED, Step.CANCEL): _S.CANCELLED,
    # What was charged may become known at any time.
    (_S.MATCHED, Step.DECLARE_FEE): _S.MATCHED,
    (_S.CLEARANCE_REQUESTED, Step.DECLARE_FEE): _S.CLEARANCE_REQUESTED,
    (_S.CLEARED, Step.DECLARE_FEE): _S.CLEARED,
    (_S.ABROAD, Step.DECLARE_FEE): _S.ABROAD,
    (_S.RETURNED, Step.DECLARE_FEE): _S.RETURNED,
}


def state_after(state: PlacementState, step: Step) -> PlacementState:
    """The state after the step. Raises IllegalStep."""
    following = STEPS.get((state, step))
    if following is None:
        raise IllegalStep(f"{step} is not possible in state {state}", state=state)
    return following


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """One worker in one position, from the match to the return."""

    id: PlacementId
    order: OrderId
    enterprise: EnterpriseId
    worker: WorkerId
    county: CountyCode
    destination: Destination
    occupation: Occupation
    channel: Channel
    state: PlacementState
    matched_on: date
    match_due: date
    due: date | None
    since: date
    registered_on: date | None = None  # of the worker; None: adopted abroad
    adopted: bool = False
    planned_departure: date | None = None
    contract: Contract | None = None
    insurance: Insurance | None = None
    medical: Medical | None = None
    employer_id: EmployerId | None = None  # who has taken the worker over; None: the employer of the order
    medical_required: bool = True  # False: matched before examinations were recorded here
    certificate: str | None = None
    clearance: str | None = None
    cleared_on: date | None = None  # also of a clearance that was asked for again
    clearance_valid_to: date | None = None
    ended: CancelReason | VoidReason | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingPlacement(Placement):
    """One abroad, with the day on which its contract ends."""

    ends_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementFilter:
    """Which placements are searched for; None: any."""

    worker: WorkerId | None = None
    state: PlacementState | None = None
    order: OrderId | None = None
    enterprise: EnterpriseId | None = None
    destination: Destination | None = None
    county: CountyCode | None = None
    among: tuple[PlacementId, ...] | None = None  # only these


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How many contracts of workers abroad have ended, and end within so many days from today, today included."""

    overdue: int
    in_30: int
    in_60: int
    in_90: int


OVERDUE_REASON: Mapping[PlacementState, CancelReason] = {
    _S.MATCHED: "match_expired",
    _S.CLEARANCE_REQUESTED: "clearance_timeout",
    _S.CLEARED: "clearance_expired",
}


def asked_again(placement: Placement) -> Placement:
    """The clearance is given up for another. The position is held as long as the clearance would have held it."""
    if placement.state is not _S.CLEARED or placement.due is None:
        return placement
    due = max(placement.match_due, placement.due)
    return replace(placement, match_due=due, clearance=None, clearance_valid_to=None, certificate=None)


def withdrawn(placement: Placement, today: date) -> Placement:
    """Without its clearance, to be asked for again. Raises IllegalStep."""
    state = state_after(placement.state, Step.WITHDRAW)
    given_up = asked_again(placement)
    return replace(given_up, state=state, due=given_up.match_due, since=today)


def require_insurance(placement: Placement, insurance: Insurance, today: date) -> None:
    """What a clearance was granted on, or a worker is abroad with, is only extended afterwards. Raises InsuranceShortened."""
    old = placement.insurance
    if placement.state not in (_S.CLEARED, _S.ABROAD) or old is None:
        return
    if insurance.valid_to < old.valid_to:
        raise InsuranceShortened(f"the insurance runs to {old.valid_to}", field="valid_to")
    if insurance.valid_from > max(old.valid_from, today):
        raise InsuranceShortened(f"the insurance has run since {old.valid_from}", field="valid_from")


def require_departure(placement: Placement, departed_on: date, today: date) -> None:
    """Raises FutureDay, BeforeMatch, ClearanceNotValid: the clearance must cover the day of departure, not the day of its record."""
    if departed_on > today:
        raise FutureDay(field="departed_on")
    if departed_on < placement.matched_on:
        raise BeforeMatch(field="departed_on", state=placement.matched_on)
    granted, ends = placement.cleared_on, placement.clearance_valid_to
    if granted is None or ends is None or not granted <= departed_on <= ends:
        raise ClearanceNotValid(f"the clearance runs from {granted} to {ends}", field="departed_on")


def require_correction(placement: Placement, departed_on: date, returned_on: date | None, today: date) -> None:
    """Raises FutureDay, BeforeMatch, ReturnBeforeDeparture. A stay adopted from a predecessor began before its record here."""
    if departed_on > today:
        raise FutureDay(field="departed_on")
    if departed_on < placement.matched_on and not placement.adopted:
        raise BeforeMatch(field="departed_on", state=placement.matched_on)
    if returned_on is None:
        return
    if returned_on > today:
        raise FutureDay(field="returned_on")
    if returned_on < departed_on:
        raise ReturnBeforeDeparture(f"departed on {departed_on}, returned on {returned_on}", field="departed_on", state=returned_on)

"""What docking decides, without I/O: aggregates, the state machine of a placement, who counts as first, named errors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

from shared.errors import Conflict, Invalid, NotFound
from shared.values import (
    Channel,
    CountyCode,
    Destination,
    EnterpriseId,
    MatchId,
    Money,
    Occupation,
    OrderId,
    PlacementId,
    WagePeriod,
    WorkerId,
)


# --- enterprises ------------------------------------------------------------------------------------------------------
class EnterpriseState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Enterprise:
    """A dispatching enterprise and what its licence allows. `destinations` empty: every destination."""

    id: EnterpriseId
    name: str
    licence_no: str
    seat: CountyCode | None
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]
    valid_to: date
    state: EnterpriseState
    reserve_minor: int  # fen
    version: int = 1


def require_licence(enterprise: Enterprise, on: date) -> None:
    """E1: only with a qualification in force. Raises EnterpriseNotActive, LicenceExpired."""
    if enterprise.state is not EnterpriseState.ACTIVE:
        raise EnterpriseNotActive(state=enterprise.state)
    if enterprise.valid_to < on:
        raise LicenceExpired(f"the licence ended on {enterprise.valid_to}", state=enterprise.valid_to)


def covers(enterprise: Enterprise, channel: Channel, destination: Destination) -> bool:
    return channel in enterprise.scope and (not enterprise.destinations or destination in enterprise.destinations)


# --- orders -----------------------------------------------------------------------------------------------------------
class OrderState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Order:
    """A job order. reserved: positions of placements before departure; filled: of placements that have departed."""

    id: OrderId
    enterprise: EnterpriseId
    employer: str
    destination: Destination
    occupation: Occupation
    channel: Channel
    positions: int
    reserved: int
    filled: int
    wage: Money
    wage_period: WagePeriod
    term_months: int
    fee_cap: Money | None
    opened_on: date
    expires: date
    state: OrderState
    version: int = 1

    @property
    def free(self) -> int:
        return self.positions - self.reserved - self.filled


def require_open(order: Order, on: date) -> None:
    """Raises OrderNotOpen; an order whose last day has passed is not open, swept or not."""
    if order.state is not OrderState.OPEN or order.expires < on:
        raise OrderNotOpen(state=order.state if order.state is not OrderState.OPEN else OrderState.EXPIRED)


# --- placements ---------------------------------------------------------------------------------------------------------
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
    REQUEST_CLEARANCE = "request_clearance"
    GRANT = "grant"
    REFUSE = "refuse"
    DEPART = "depart"
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
    (_S.MATCHED, Step.REQUEST_CLEARANCE): _S.CLEARANCE_REQUESTED,
    (_S.CLEARANCE_REQUESTED, Step.GRANT): _S.CLEARED,
    (_S.CLEARANCE_REQUESTED, Step.REFUSE): _S.MATCHED,
    (_S.CLEARED, Step.DEPART): _S.ABROAD,
    (_S.ABROAD, Step.RETURN): _S.RETURNED,
    (_S.ABROAD, Step.CORRECT): _S.ABROAD,
    (_S.RETURNED, Step.CORRECT): _S.RETURNED,
    (_S.ABROAD, Step.VOID): _S.VOIDED,
    (_S.RETURNED, Step.VOID): _S.VOIDED,
    (_S.MATCHED, Step.CANCEL): _S.CANCELLED,
    (_S.CLEARANCE_REQUESTED, Step.CANCEL): _S.CANCELLED,
    (_S.CLEARED, Step.CANCEL): _S.CANCELLED,
}


def after(state: PlacementState, step: Step) -> PlacementState:
    """The state after the step. Raises IllegalStep."""
    following = STEPS.get((state, step))
    if following is None:
        raise IllegalStep(f"{step} is not possible in state {state}", state=state)
    return following


@dataclass(frozen=True, slots=True)
class Contract:
    """C1-C2. `deductions_max` per wage period; `days_per_month` paid days of a full month, 1 where the wage is monthly."""

    contract_no: str
    signed_on: date
    wage: Money
    wage_period: WagePeriod
    days_per_month: int
    pay_day: int
    deductions_max: Money
    start: date
    end: date
    service_fee: Money | None
    filed_on: date

    @property
    def monthly_wage(self) -> int:
        """Minor units of the wage's currency."""
        return self.wage.minor * self.days_per_month

    @property
    def months(self) -> int:
        """Begun months of the term, at least one."""
        return max(1, (self.end.year - self.start.year) * 12 + self.end.month - self.start.month + (self.end.day > self.start.day))


@dataclass(frozen=True, slots=True)
class Insurance:
    """W2: personal accident insurance for the time abroad."""

    insurer: str
    policy_no: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
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
    registered_on: date | None = None  # of the worker; None: taken over abroad
    adopted: bool = False
    planned_departure: date | None = None
    contract: Contract | None = None
    insurance: Insurance | None = None
    certificate: str | None = None
    clearance: str | None = None
    cleared_on: date | None = None
    clearance_valid_to: date | None = None
    ended: str | None = None
    version: int = 1


OVERDUE_REASON: Mapping[PlacementState, str] = {
    _S.MATCHED: "match_expired",
    _S.CLEARANCE_REQUESTED: "clearance_timeout",
    _S.CLEARED: "clearance_expired",
}


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
    if returned_on is not None and returned_on < departed_on:
        raise ReturnBeforeDeparture(field="departed_on", state=returned_on)


# --- workers and proposals --------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Proposal:
    """A worker proposed for an order. It reserves nothing."""

    id: MatchId
    order: OrderId
    worker: WorkerId
    score: int
    reasons: tuple[str, ...]
    quota_effect: str | None
    policy_version: str
    expires: date
    state: str


def require_acceptable(proposal: Proposal, on: date) -> None:
    """Raises MatchNotOpen."""
    if proposal.state != "proposed" or proposal.expires < on:
        raise MatchNotOpen(state=proposal.state if proposal.state != "proposed" else "expired")


def terms_hash(contract: Contract) -> str:
    """SHA-256 over the agreed terms as canonical JSON, hex: they can be compared after arrival."""
    terms = asdict(contract)
    for not_agreed in ("signed_on", "filed_on"):
        del terms[not_agreed]
    return hashlib.sha256(json.dumps(terms, sort_keys=True, separators=(",", ":"), default=_plain).encode()).hexdigest()


def _plain(value: object) -> object:
    return value.model_dump() if isinstance(value, Money) else str(value)


# --- errors -----------------------------------------------------------------------------------------------------------------
class EnterpriseNotFound(NotFound):
    """There is no such enterprise."""

    slug = "ENTERPRISE_NOT_FOUND"


class OrderNotFound(NotFound):
    """There is no such job order."""

    slug = "ORDER_NOT_FOUND"


class MatchNotFound(NotFound):
    """There is no such proposed match."""

    slug = "MATCH_NOT_FOUND"


class PlacementNotFound(NotFound):
    """There is no such placement."""

    slug = "PLACEMENT_NOT_FOUND"


class WorkerNotFound(NotFound):
    """No registration of this worker has arrived here."""

    slug = "WORKER_NOT_FOUND"


class LicenceTaken(Conflict):
    """An enterprise with this licence number is qualified already."""

    slug = "LICENCE_TAKEN"


class EnterpriseNotActive(Conflict):
    """The enterprise's qualification is suspended or revoked (E1)."""

    slug = "ENTERPRISE_NOT_ACTIVE"


class LicenceExpired(Conflict):
    """The enterprise's licence is no longer valid (E1)."""

    slug = "LICENCE_EXPIRED"


class OrderNotOpen(Conflict):
    """The job order is closed or has expired."""

    slug = "ORDER_NOT_OPEN"


class PositionTaken(Conflict):
    """The last position of the order was taken by somebody else."""

    slug = "POSITION_TAKEN"


class AlreadyPlaced(Conflict):
    """The worker has an active placement already."""

    slug = "ALREADY_PLACED"


class NotEligible(Conflict):
    """The worker may not be matched to this order; `state` names the reasons."""

    slug = "WORKER_NOT_ELIGIBLE"


class MatchNotOpen(Conflict):
    """The proposal was accepted already, or has expired."""

    slug = "MATCH_NOT_OPEN"


class IllegalStep(Conflict):
    """The placement's state does not allow this step."""

    slug = "ILLEGAL_STEP"


class OutsideScope(Invalid):
    """The enterprise's licence does not cover this channel or destination."""

    slug = "OUTSIDE_LICENCE_SCOPE"


class DestinationNotFound(Invalid):
    """Not an ISO 3166-1 alpha-3 code of a country workers are dispatched to."""

    slug = "DESTINATION_NOT_FOUND"


class OccupationNotFound(Invalid):
    """Not an ISCO-08 code."""

    slug = "OCCUPATION_NOT_FOUND"


class NotYuan(Invalid):
    """The reserve is kept in yuan (E3)."""

    slug = "NOT_YUAN"


class FutureDay(Invalid):
    """The day has not come yet."""

    slug = "FUTURE_DAY"


class PastDay(Invalid):
    """The day has passed already."""

    slug = "PAST_DAY"


class BeforeMatch(Invalid):
    """The departure would lie before the match."""

    slug = "BEFORE_MATCH"


class ClearanceNotValid(Invalid):
    """The clearance does not cover the day of departure."""

    slug = "CLEARANCE_NOT_VALID"


class ReturnBeforeDeparture(Invalid):
    """The return would lie before the departure."""

    slug = "RETURN_BEFORE_DEPARTURE"


class VisaRefused(Invalid):
    """E5: nobody is dispatched on a business, tourist or study visa."""

    slug = "VISA_REFUSED"


class DepositForbidden(Invalid):
    """C5: no deposit and no guarantee in property may be taken from a worker, under any name."""

    slug = "DEPOSIT_FORBIDDEN"


class CurrencyDiffers(Invalid):
    """The amount must be in the currency of the wage."""

    slug = "CURRENCY_DIFFERS"


class NothingToCorrect(Invalid):
    """The correction says what is recorded already."""

    slug = "NOTHING_TO_CORRECT"


class NotYours(Invalid):
    """Another party has to give this reason."""

    slug = "REASON_NOT_YOURS"
    status = 403


class EndsBeforeStart(Invalid):
    """The end would lie before the start."""

    slug = "ENDS_BEFORE_START"


class DaysPerMonth(Invalid):
    """Paid days of a month are stated for a daily wage only."""

    slug = "DAYS_PER_MONTH"


class OutsideRegion(Invalid):
    """The worker's county is outside the caller's regions."""

    slug = "OUTSIDE_REGION"
    status = 403


class StayOverlaps(Conflict):
    """The worker was abroad at that time already."""

    slug = "STAY_OVERLAPS"

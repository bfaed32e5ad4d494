"""Events of docking. Subjects: an enterprise, a job order, or a placement from match to return."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

from shared.events.event import DOCKING, Event, Origin, Part
from shared.values import (
    CaseId,
    Channel,
    CorrectionReason,
    CountyCode,
    Destination,
    EmployerId,
    EnterpriseId,
    HouseholdStatus,
    MatchId,
    Money,
    Occupation,
    OrderId,
    PlacementId,
    SettlementId,
    Sex,
    WagePeriod,
    WorkerId,
)


class _Enterprise(Event):
    TOPIC = DOCKING
    SUBJECT = "enterprise"

    enterprise: EnterpriseId
    effective: date


class _Qualification(_Enterprise):
    """Carries the licence as it is now."""

    licence_no: str
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]  # empty: every destination
    valid_to: date
    seat: CountyCode | None = None


class EnterpriseQualified(_Qualification):
    pass


class EnterpriseRenewed(_Qualification):
    """The licence runs longer under the same number. A suspended enterprise stays suspended."""

    previous_valid_to: date


class EnterpriseSuspended(_Enterprise):
    """No matching, clearance or departure from this day on. `grounds`: every reason in force, this one included."""

    reason: str
    licence_no: str | None = None
    scope: tuple[Channel, ...] = ()
    destinations: tuple[Destination, ...] = ()
    valid_to: date | None = None
    grounds: tuple[str, ...] = ()


class EnterpriseReinstated(_Qualification):
    """The ground `reason` is lifted; `grounds` are those that remain. Empty: the enterprise is active again."""

    reason: str
    grounds: tuple[str, ...]


class EnterpriseExpired(_Qualification):
    """The licence has ended and was not renewed. A renewal brings the enterprise back."""


class EnterpriseRevoked(_Qualification):
    """For good: open orders are closed, placements before departure are cancelled."""

    reason: str


class ReserveDeposited(_Enterprise):
    amount: Money
    balance: Money


class ReserveDrawn(_Enterprise):
    """E4: paid out of the reserve in a case. `due`: the last day of the top-up; None: the minimum is still there.

    `settlement`: the one that rights asked it for; None: an officer drew it.
    """

    amount: Money
    balance: Money
    use: Literal["fee_refund", "wages", "compensation", "repatriation"]
    case: CaseId
    due: date | None
    settlement: SettlementId | None = None


class ReserveDrawRefused(_Enterprise):
    """Nothing was drawn for the settlement. `balance` None: there is no such enterprise.

    `drawn_already`: the earlier ReserveDrawn of this settlement stands. `withdrawn`: rights has withdrawn it before.
    """

    settlement: SettlementId
    case: CaseId
    amount: Money
    reason: Literal["enterprise_not_found", "not_yuan", "not_positive", "reserve_too_small", "drawn_already", "withdrawn"]
    balance: Money | None


class ReserveRestored(_Enterprise):
    """Topped up after a draw. `due`: the minimum is not reached yet, and the day stands; None: it is.

    `settlement` and its `case`: what was drawn for it is back, since it was withdrawn; None: the enterprise paid in.
    """

    amount: Money
    balance: Money
    due: date | None
    settlement: SettlementId | None = None
    case: CaseId | None = None


class EmployerRegistered(Event):
    """E6: a company of the host state, never a natural person."""

    TOPIC = DOCKING
    SUBJECT = "employer"

    employer: EmployerId
    effective: date
    destination: Destination
    company: str
    registration_no: str
    licence_no: str | None


class _Order(Event):
    TOPIC = DOCKING
    SUBJECT = "order"

    order: OrderId
    enterprise: EnterpriseId
    destination: Destination
    occupation: Occupation
    channel: Channel
    effective: date


class JobOrderOpened(_Order):
    employer: str
    positions: int
    wage: Money
    wage_period: WagePeriod
    term_months: int
    fee_cap: Money | None
    expires: date
    employer_id: EmployerId | None = None  # None: named only


class JobOrderAmended(_Order):
    """The order as it is now. `previous_positions`: as they were counted so far."""

    previous_positions: int
    positions: int
    wage: Money
    wage_period: WagePeriod
    term_months: int
    fee_cap: Money | None
    expires: date


class JobOrderClosed(_Order):
    unfilled: int


class JobOrderExpired(_Order):
    unfilled: int


class _Match(Event):
    """A proposal of a worker for an order, which has taken no position."""

    TOPIC = DOCKING
    SUBJECT = "match"

    match: MatchId
    order: OrderId
    enterprise: EnterpriseId
    worker: WorkerId
    origin: Origin
    destination: Destination
    occupation: Occupation
    channel: Channel
    effective: date


class MatchDeclined(_Match):
    """One side does not want it. Of an accepted match, the placement is cancelled with an event of its own."""

    side: Literal["worker", "enterprise"]
    reason: Literal["wage", "destination", "occupation", "employer", "family", "qualification", "other"]


class MatchExpired(_Match):
    """Nobody accepted in time."""


class _Placement(Event):
    TOPIC = DOCKING
    SUBJECT = "placement"

    placement: PlacementId
    worker: WorkerId


class _Pipeline(_Placement):
    """A step before departure. Carries the codes of the order, so that no consumer needs the order."""

    order: OrderId
    enterprise: EnterpriseId
    origin: Origin
    destination: Destination
    occupation: Occupation
    channel: Channel
    effective: date


class MatchedToEnterprise(_Pipeline):
    score: int  # 0..1000
    reasons: tuple[str, ...]
    quota_effect: str | None
    policy_version: str
    due: date  # the reserved position returns after this day
    registered_on: date | None = None
    worker_no: str | None = None  # that people know the worker by


class ContractRegistered(_Pipeline):
    contract_no: str
    terms_hash: str
    wage: Money
    wage_period: WagePeriod
    days_per_month: int  # paid working days of a full month; 1 where wage_period is month
    pay_day: int  # day of the month after the wage period, 1..28
    deductions_max: Money  # lawful deductions per wage period, at most
    start: date
    end: date
    service_fee: Money | None = None  # what the worker is charged, in the wage's currency; None: nothing was declared


class InsuranceBound(_Pipeline):
    insurer: str
    valid_from: date
    valid_to: date


class ClearanceRequested(_Pipeline):
    due: date


class ClearanceGranted(_Pipeline):
    certificate: str
    valid_to: date
    checks: tuple[str, ...]
    registered_on: date | None = None
    matched_on: date | None = None


class ClearanceRefused(_Pipeline):
    failed: tuple[str, ...]


class ClearanceWithdrawn(_Pipeline):
    reason: str


class PlacementCancelled(_Pipeline):
    """The position is released. `reason`: the party, the expiry or the withdrawn clearance that ended the placement."""

    reason: Literal[
        "worker", "enterprise", "officer", "match_expired", "clearance_expired", "clearance_timeout", "clearance_withdrawn", "order_closed"
    ]
    reopens: bool = False  # the order is still open: its position can be taken by another


class Evidence(StrEnum):
    """Proof that the border was crossed. A permit or a certificate is no proof."""

    EXIT_STAMP = "exit_stamp"
    BOARDING_RECORD = "boarding_record"
    ARRIVAL_CONFIRMATION = "arrival_confirmation"
    ADOPTED = "adopted"  # abroad already when this system took over; proven in the predecessor's records


class DispatchFact(Part):
    """One departure and every code it is counted by. `registered_on` and `matched_on` None: the worker was taken over abroad."""

    departed_on: date
    port: str
    destination: Destination
    occupation: Occupation
    channel: Channel
    enterprise: EnterpriseId
    origin: Origin
    household_status: HouseholdStatus
    sex: Sex
    birth_year: int
    first_ever: bool
    first_this_year: bool
    evidence: Evidence
    registered_on: date | None = None
    matched_on: date | None = None


class ReturnFact(Part):
    returned_on: date
    reason: Literal["completed", "early", "terminated", "distress", "death"]


class Dispatched(_Placement):
    EFFECTIVE = "departed_on"

    fact: DispatchFact

    @property
    def departed_on(self) -> date:
        return self.fact.departed_on


class Returned(_Placement):
    """Carries the dispatch that it ends, so that the stock abroad falls under the codes it was counted by."""

    EFFECTIVE = "returned_on"

    fact: ReturnFact
    dispatch: DispatchFact

    @property
    def returned_on(self) -> date:
        return self.fact.returned_on


class ReturnCorrected(_Placement):
    """The return was on another day, or for another reason, than recorded. Carries the dispatch as it is counted now."""

    EFFECTIVE = "returned_on"

    previous: ReturnFact
    fact: ReturnFact
    dispatch: DispatchFact
    reason: CorrectionReason | None = None  # None: of an older event

    @property
    def returned_on(self) -> date:
        return self.fact.returned_on


class DispatchCorrected(_Placement):
    """The departure's facts or codes were wrong. `returned`: the return counted so far, which moves to the corrected codes."""

    EFFECTIVE = "departed_on"

    previous: DispatchFact
    fact: DispatchFact
    returned: ReturnFact | None
    cause: Literal["correction", "void_of_first", "late_earlier_departure", "merge"]
    reason: CorrectionReason | Literal["worker_changed"] | None = None  # of a correction; None: of an older one, or the cause says it

    @property
    def departed_on(self) -> date:
        return self.fact.departed_on


class DispatchVoided(_Placement):
    EFFECTIVE = "departed_on"

    previous: DispatchFact
    returned: ReturnFact | None
    reason: str
    reopens: bool = False  # the order is still open: its position can be taken by another

    @property
    def departed_on(self) -> date:
        return self.previous.departed_on


class _Merge(Event):
    """What docking makes of registration's WorkersMerged."""

    TOPIC = DOCKING
    SUBJECT = "absorbed"

    absorbed: WorkerId
    survivor: WorkerId
    effective: date


class MergeHeld(_Merge):
    """The two were abroad at the same time, which one person cannot be: both stay as they are until the stays are put right."""

    reason: Literal["both_abroad", "stays_overlap"]
    placements: tuple[PlacementId, ...]  # the two stays that contradict each other


class MergeResumed(_Merge):
    """What contradicted itself is put right, and the two are one."""


EVENTS: tuple[type[Event], ...] = (
    EnterpriseQualified,
    EnterpriseRenewed,
    EnterpriseSuspended,
    EnterpriseReinstated,
    EnterpriseExpired,
    EnterpriseRevoked,
    ReserveDeposited,
    ReserveDrawn,
    ReserveDrawRefused,
    ReserveRestored,
    EmployerRegistered,
    JobOrderOpened,
    JobOrderAmended,
    JobOrderClosed,
    JobOrderExpired,
    MatchDeclined,
    MatchExpired,
    MatchedToEnterprise,
    ContractRegistered,
    InsuranceBound,
    ClearanceRequested,
    ClearanceGranted,
    ClearanceRefused,
    ClearanceWithdrawn,
    PlacementCancelled,
    Dispatched,
    Returned,
    ReturnCorrected,
    DispatchCorrected,
    DispatchVoided,
    MergeHeld,
    MergeResumed,
)

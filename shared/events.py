"""THE contract: the envelope and every event class, with its topic, its key and the date it is effective on.

An event is a CloudEvents 1.0 document in structured JSON; its Kafka key is its subject, the id of the aggregate it is
about, so everything about one aggregate stays in order. Events are self-contained: they carry every code that a consumer
folds by, and no name, document number, phone or bank data. A correction carries `previous` and `fact`; a consumer applies
fact - previous and looks nothing up. Evolution is additive; a breaking change is a new class with a higher `VERSION`.

To add an event: add a class here, append it to EVENTS, call outbox.publish() in one usecase, add a golden sample.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, Literal, TypeVar, overload
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from shared.values import (
    CaseId,
    Channel,
    CountyCode,
    CourseId,
    Designation,
    Destination,
    EnrolmentId,
    EnterpriseId,
    HouseholdStatus,
    ImportId,
    Money,
    Occupation,
    OrderId,
    Period,
    PlacementId,
    QuotaStatus,
    Ratio,
    ReportId,
    SessionId,
    Sex,
    TargetState,
    WagePeriod,
    WorkerId,
)

REGISTRATION = "registration.events"
DOCKING = "docking.events"
TRAINING = "training.events"
RIGHTS = "rights.events"
STATS = "stats.events"
SNAPSHOT = "stats.snapshot"  # compacted
TOPICS = (REGISTRATION, DOCKING, TRAINING, RIGHTS, STATS, SNAPSHOT)


class Part(BaseModel):
    """A value inside an event. Unknown fields are ignored: a newer producer may have added one."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Data(Part):
    """What happened. Subclasses name the field that is the subject and the field that says when it was effective."""

    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    SUBJECT: ClassVar[str]
    EFFECTIVE: ClassVar[str] = "effective"

    @classmethod
    def type_name(cls) -> str:
        """The CloudEvents type, such as "docking.Dispatched.v1"."""
        return f"{cls.TOPIC.partition('.')[0]}.{cls.__name__}.v{cls.VERSION}"

    @property
    def subject(self) -> str:
        return str(getattr(self, self.SUBJECT))

    @property
    def effective_on(self) -> date:
        """The day it happened, in the programme's zone."""
        day: date = getattr(self, self.EFFECTIVE)
        return day


class Origin(Part):
    """County of the household register, and what it was listed as by which list, on the day the event is effective."""

    county: CountyCode
    designation: Designation
    designation_version: str


# --- registration: subject = worker ---------------------------------------------------------------------------------
class _Registration(Data):
    TOPIC = REGISTRATION
    SUBJECT = "worker"


class WorkerRegistered(_Registration):
    worker: WorkerId
    worker_no: str
    birth_year: int
    sex: Sex
    origin: Origin
    residence_basis: Literal["household_register", "residence"]
    education: int  # ISCED 2011 level 0..8
    occupations: tuple[Occupation, ...]
    assurance: Literal["provisional", "verified"]
    source: Literal["self", "assisted", "import"]
    household_status: HouseholdStatus
    effective: date


class WorkerVerified(_Registration):
    worker: WorkerId
    origin: Origin
    effective: date


class WillingnessRecorded(_Registration):
    """`renewal` is true when the worker was already counted as willing: the level does not move."""

    worker: WorkerId
    origin: Origin
    destinations: tuple[Destination, ...]
    occupations: tuple[Occupation, ...]
    wage_floor: Money | None
    available_from: date
    expires_on: date
    family_consent: bool
    renewal: bool
    effective: date


class WillingnessWithdrawn(_Registration):
    worker: WorkerId
    origin: Origin
    reason: Literal["worker", "dispatched", "erased"]
    effective: date


class WillingnessExpired(_Registration):
    worker: WorkerId
    origin: Origin
    effective: date


class ImportCompleted(_Registration):
    SUBJECT = "import_id"

    import_id: ImportId
    rows: int
    accepted: int
    rejected: int
    digest: str  # sha-256 of the file, hex
    effective: date


# --- docking: enterprises, orders, placements -------------------------------------------------------------------------
class _Enterprise(Data):
    TOPIC = DOCKING
    SUBJECT = "enterprise"

    enterprise: EnterpriseId
    effective: date


class EnterpriseQualified(_Enterprise):
    licence_no: str
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]  # empty: every destination
    valid_to: date


class EnterpriseSuspended(_Enterprise):
    reason: str


class ReserveDeposited(_Enterprise):
    amount: Money
    balance: Money


class _Order(Data):
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


class JobOrderClosed(_Order):
    unfilled: int


class JobOrderExpired(_Order):
    unfilled: int


class _Placement(Data):
    TOPIC = DOCKING
    SUBJECT = "placement"

    placement: PlacementId
    worker: WorkerId


class _Pipeline(_Placement):
    """A step before departure. Carries what the order fixed, so no consumer needs the order."""

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
    """The position is released. `reason` says who or what ended it: a party, an expiry, a withdrawn clearance."""

    reason: Literal[
        "worker", "enterprise", "officer", "match_expired", "clearance_expired", "clearance_timeout", "clearance_withdrawn", "order_closed"
    ]
    reopens: bool = False  # the order is still open: its position can be taken by another


class Evidence(StrEnum):
    """What proves that the border was crossed. A permit or a certificate is none."""

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
    """Carries the dispatch it ends, so that the stock moves under the codes it was counted by."""

    EFFECTIVE = "returned_on"

    fact: ReturnFact
    dispatch: DispatchFact

    @property
    def returned_on(self) -> date:
        return self.fact.returned_on


class DispatchCorrected(_Placement):
    """The departure was other than recorded, or counts otherwise. `returned` is the return counted so far, which moves along."""

    EFFECTIVE = "departed_on"

    previous: DispatchFact
    fact: DispatchFact
    returned: ReturnFact | None
    cause: Literal["correction", "void_of_first", "late_earlier_departure", "merge"]

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


# --- training: subject = session, or enrolment ------------------------------------------------------------------------
class _Training(Data):
    TOPIC = TRAINING

    course: CourseId
    destination: Destination
    occupation: Occupation
    effective: date


class CoursePublished(_Training):
    SUBJECT = "course"

    centre: str
    minimum_minutes: int


class CourseScheduled(_Training):
    SUBJECT = "session"

    session: SessionId
    centre: str
    starts_on: date
    ends_on: date
    seats: int


class _Enrolment(_Training):
    SUBJECT = "enrolment"

    enrolment: EnrolmentId
    worker: WorkerId
    placement: PlacementId
    origin: Origin


class WorkerEnrolled(_Enrolment):
    session: SessionId


class EnrolmentCancelled(_Enrolment):
    reason: str


class AttendanceRecorded(_Enrolment):
    minutes: int
    minutes_total: int


class AssessmentRecorded(_Enrolment):
    score: int  # 0..100
    passed: bool


class CertificateIssued(_Enrolment):
    serial: str
    minutes: int
    valid_to: date


class CertificateRevoked(_Enrolment):
    serial: str
    reason: Literal["issued_in_error", "assessment_flawed", "fraud", "course_withdrawn"]


# --- rights: subject = placement (its wage ledger), or case --------------------------------------------------------------
class _Ledger(Data):
    TOPIC = RIGHTS
    SUBJECT = "placement"

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    origin: Origin
    destination: Destination
    occupation: Occupation
    channel: Channel
    effective: date  # the day the report was made, the finding found


class IncomeFact(Part):
    """What was paid for one wage period, in the currency it was paid in."""

    period: Period
    gross: Money
    deductions: Money
    net: Money
    remitted: Money | None
    paid_on: date
    source: Literal["worker", "employer", "bank"]


class IncomeReported(_Ledger):
    report: ReportId
    fact: IncomeFact


class IncomeCorrected(_Ledger):
    report: ReportId
    previous: IncomeFact
    fact: IncomeFact


class IncomeVoided(_Ledger):
    report: ReportId
    previous: IncomeFact
    reason: str


class WageShortfallDetected(_Ledger):
    period: Period
    expected: Money
    paid: Money
    shortfall: Money
    kind: Literal["short", "missing"]
    rule_version: str


class WageShortfallCleared(_Ledger):
    period: Period
    kind: Literal["short", "missing"]
    recovered: Money


class RecruitmentCost(Part):
    """What a worker was charged to be recruited, against the income of the first whole month abroad with a report."""

    period: Period
    fee: Money
    first_income: Money  # net, in the fee's currency
    months_milli: int  # fee / first_income in thousandths of a month, rounded half up


class RecruitmentCostAssessed(_Ledger):
    """`previous` None: assessed for the first time; `fact` None: there is no such income any more."""

    previous: RecruitmentCost | None
    fact: RecruitmentCost | None


class _Case(Data):
    TOPIC = RIGHTS
    SUBJECT = "case"

    case: CaseId
    category: Literal["wages", "contract", "safety", "conditions", "fees", "emergency"]
    enterprise: EnterpriseId
    placement: PlacementId | None
    origin: Origin | None
    destination: Destination | None
    blocking: bool  # no clearance is granted to this enterprise while the case is open
    effective: date


class CaseOpened(_Case):
    severity: Literal["low", "normal", "high", "emergency"]
    via: Literal["worker", "family", "authority", "embassy", "rule"]
    due_at: datetime


class CaseAnswered(_Case):
    """The first answer to whoever complained."""

    opened_on: date


class CaseDeadlineMissed(_Case):
    """The first answer was not given in time; effective on the day it was due."""

    due_at: datetime


class CaseClosed(_Case):
    outcome: Literal["settled", "unfounded", "withdrawn", "silence"]
    opened_on: date | None = None


class CasesGrouped(_Case):
    """Three or more workers of one enterprise with the same finding: one collective case."""

    members: tuple[PlacementId, ...]


# --- stats: subject = the figure ---------------------------------------------------------------------------------------
class _Figure(Data):
    TOPIC = STATS
    SUBJECT = "key"

    key: str  # measure|cut|period, quota|period, target
    effective: date


class FigurePublished(_Figure):
    """The present value of one figure; the newest per key survives compaction."""

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
    target: str
    actual: int
    expected: int
    floor: int
    state_from: TargetState | None
    state_to: TargetState
    projection: tuple[int, int, int] | None = None


class QuotaStatusChanged(_Figure):
    """Another status, or the same and the orders in hand have become too few, or enough again, to close the gap."""

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


class PeriodClosed(_Figure):
    """A published period is frozen: what lies beyond these positions of the logs and touches it is restated."""

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
    """A figure of a closed period has changed. new - old of all restatements of a key add up to what has changed since the close."""

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
    """The cells were counted anew from the beginning of the logs and have taken the place of the old ones."""

    generation: int
    events: int  # counted anew
    differing: int  # cells that came out otherwise, 100 for more; the swap was then accepted by an operator


EVENTS: tuple[type[Data], ...] = (
    WorkerRegistered, WorkerVerified, WillingnessRecorded, WillingnessWithdrawn, WillingnessExpired, ImportCompleted,
    EnterpriseQualified, EnterpriseSuspended, ReserveDeposited, JobOrderOpened, JobOrderClosed, JobOrderExpired,
    MatchedToEnterprise, ContractRegistered, InsuranceBound, ClearanceRequested, ClearanceGranted, ClearanceRefused,
    ClearanceWithdrawn, PlacementCancelled, Dispatched, Returned, DispatchCorrected, DispatchVoided,
    CoursePublished, CourseScheduled, WorkerEnrolled, EnrolmentCancelled, AttendanceRecorded, AssessmentRecorded,
    CertificateIssued, CertificateRevoked,
    IncomeReported, IncomeCorrected, IncomeVoided, WageShortfallDetected, WageShortfallCleared, RecruitmentCostAssessed,
    CaseOpened, CaseAnswered, CaseDeadlineMissed, CaseClosed, CasesGrouped,
    FigurePublished, TargetProgressChanged, QuotaStatusChanged, YearOnYearBreached, PeriodClosed, PeriodReopened, FigureRestated,
    DeadLetterRedriven, StalenessRaised, StalenessCleared, ProjectionRebuilt,
)  # fmt: skip
BY_TYPE = {event.type_name(): event for event in EVENTS}


# --- envelope ----------------------------------------------------------------------------------------------------------
D_co = TypeVar("D_co", bound=Data, covariant=True)


class Undecodable(Exception):
    """The record is not an event of this contract: not JSON, not a CloudEvent, or data that does not fit its type."""


class Envelope(BaseModel):
    """CloudEvents 1.0 attributes and our extensions, as on the wire."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    correlationid: str
    causationid: str | None = None
    actor: str
    traceparent: str | None = None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded(Generic[D_co]):
    """An event as recorded: its data, and who recorded it when and because of what."""

    id: UUID
    source: str
    time: datetime  # when it was recorded, UTC; not when it happened (data.effective_on)
    correlation_id: str
    causation_id: str | None
    actor: str
    traceparent: str | None
    data: D_co

    @property
    def subject(self) -> str:
        return self.data.subject


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a type or version this build does not know: counted and skipped."""

    type: str
    subject: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """An event that its reader has no use for; decoding its data is the dearest part of reading it, so it is left."""

    type: str


def encode(event: Recorded[Data]) -> bytes:
    """The CloudEvent as canonical JSON bytes."""
    name = event.data.type_name()
    attributes = Envelope.model_construct(
        id=event.id,
        source=event.source,
        type=name,
        subject=event.data.subject,
        time=event.time,
        dataschema=f"/asyncapi#{name}",
        correlationid=event.correlation_id,
        causationid=event.causation_id,
        actor=event.actor,
        traceparent=event.traceparent,
        data={},
    )
    head = attributes.model_dump_json(exclude={"data"}, exclude_none=True)
    return f'{head[:-1]},"data":{event.data.model_dump_json()}}}'.encode()


@overload
def decode(value: bytes | None) -> Recorded[Data] | Unknown: ...
@overload
def decode(value: bytes | None, wanted: Container[str] | None) -> Recorded[Data] | Unknown | Unwanted: ...
def decode(value: bytes | None, wanted: Container[str] | None = None) -> Recorded[Data] | Unknown | Unwanted:
    """The inverse of encode. Types not in `wanted` (None: all are) are not looked into. Raises Undecodable."""
    try:
        envelope = Envelope.model_validate_json(value or b"")
        cls = BY_TYPE.get(envelope.type)
        if cls is None:
            return Unknown(envelope.type, envelope.subject)
        if wanted is not None and envelope.type not in wanted:
            return Unwanted(envelope.type)
        data = cls.model_validate(envelope.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Undecodable(f"{'.'.join(map(str, first['loc'])) or 'value'}: {first['msg']}") from error
    if data.subject != envelope.subject:
        raise Undecodable("subject: does not name the aggregate in data")
    if envelope.time.tzinfo is None:
        raise Undecodable("time: has no zone")
    return Recorded(
        id=envelope.id,
        source=envelope.source,
        time=envelope.time,
        correlation_id=envelope.correlationid,
        causation_id=envelope.causationid,
        actor=envelope.actor,
        traceparent=envelope.traceparent,
        data=data,
    )

"""Events of rights. Subjects: a placement (its wage ledger), or a case."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from shared.events.event import RIGHTS, Event, Origin, Part
from shared.values import (
    CaseId,
    Channel,
    CorrectionReason,
    CountyCode,
    Destination,
    EmergencyId,
    EnterpriseId,
    Grade,
    Money,
    Occupation,
    Payer,
    Period,
    PlacementId,
    RepatriationId,
    ReportId,
    SettlementId,
    WorkerId,
)


class _Ledger(Event):
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
    """What was paid at once for one wage period, in the currency it was paid in."""

    period: Period
    gross: Money
    deductions: Money
    net: Money
    remitted: Money | None
    paid_on: date
    source: Literal["worker", "employer", "bank"]


class IncomeReported(_Ledger):
    """A payment that counts. `further`: another payment of its period counts already, so that the month does not count again."""

    report: ReportId
    fact: IncomeFact
    further: bool = False


class IncomeCorrected(_Ledger):
    """One payment in the place of another of the same period."""

    report: ReportId
    previous: IncomeFact
    fact: IncomeFact
    reason: CorrectionReason | Literal["superseded"] | None = None  # None: of an older event


class IncomeVoided(_Ledger):
    """A payment counts no more. `others_count`: another payment of its period still does, and so does the month."""

    report: ReportId
    previous: IncomeFact
    reason: str
    others_count: bool = False


class OrphanResolved(_Ledger):
    """Income of a voided dispatch, which counts nowhere, was explained; or handed to another province, which has it from now on.

    reattached: reported for `to_placement` as `to_report`, which may have been reported before.
    """

    report: ReportId
    outcome: Literal["reattached", "voided", "forwarded"]
    to_placement: PlacementId | None
    to_report: ReportId | None
    to_province: CountyCode | None
    cause: Literal["not_paid", "duplicate", "wrong_placement", "false_report", "paid_back"] | None


class WageShortfallDetected(_Ledger):
    period: Period
    expected: Money
    paid: Money
    shortfall: Money
    kind: Literal["short", "missing", "late", "illegal_deduction"]
    rule_version: str


class WageShortfallCleared(_Ledger):
    period: Period
    kind: Literal["short", "missing", "late", "illegal_deduction"]
    recovered: Money


class RecruitmentCost(Part):
    """What a worker was charged to be recruited, against the income of the first whole month abroad with a report."""

    period: Period
    fee: Money
    first_income: Money  # net, in the fee's currency
    months_milli: int  # fee / first_income in thousandths of a month, rounded half up


class RecruitmentCostAssessed(_Ledger):
    """`previous` None: assessed for the first time; `fact` None: the income was voided."""

    previous: RecruitmentCost | None
    fact: RecruitmentCost | None


class _Case(Event):
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


Severity = Literal["low", "normal", "high", "emergency"]


class CaseOpened(_Case):
    """`via`: who reported it; `medium`: how, where people did."""

    severity: Severity
    via: Literal["worker", "family", "authority", "embassy", "rule"]
    due_at: datetime
    medium: Literal["phone", "letter", "visit", "online"] | None = None


class CaseEvidenceAdded(_Case):
    """Documents stay with whoever holds them: `digest` is the SHA-256 of one, so that it can be recognised."""

    kind: Literal["contract", "payslip", "bank_statement", "photo", "recording", "medical", "testimony", "official"]
    digest: str
    provided_by: Literal["worker", "family", "enterprise", "authority", "embassy"]


class CaseTriaged(_Case):
    """Looked at, with the category and severity that it really has."""

    severity: Severity
    due_at: datetime


class CaseAssigned(_Case):
    assignee: str


class CasePaused(_Case):
    """The clock stands still."""

    reason: Literal["court", "police", "authority", "worker_unreachable", "evidence_abroad"]


class CaseResumed(_Case):
    """The clock runs on; the pause did not count."""

    clock_due_at: datetime


class CaseAnswered(_Case):
    """The first answer to the complainant."""

    opened_on: date


class CaseDeadlineMissed(_Case):
    """The first answer was not given in time; effective on the day it was due."""

    due_at: datetime


class CaseEscalated(_Case):
    """A higher office has it now; `cause`: what was not done in time, or why it went up."""

    level: Literal["province", "state"]
    cause: Literal["first_answer", "handling", "response", "offer", "draw", "closure", "collective", "reserve_refused", "officer"]


class CaseResponseRequested(_Case):
    """Whoever is complained about is asked."""

    due_at: datetime


class CaseResponseReceived(_Case):
    position: Literal["admits", "partly", "denies"]


class CaseOfferRecorded(_Case):
    amount: Money
    offered_by: Literal["enterprise", "employer", "insurance"]


class CaseSettled(_Case):
    """What was agreed is paid. `collective`: settled with that case, whose event has the amount of all its members together."""

    amount: Money | None
    paid_by: Payer
    settlement: SettlementId
    collective: CaseId | None


class CaseSettlementRefused(_Case):
    """The reserve does not pay; the case is back where an offer is looked for."""

    settlement: SettlementId
    amount: Money
    reason: Literal["enterprise_not_found", "not_yuan", "not_positive", "reserve_too_small", "withdrawn"]


class CaseClosureAsked(_Case):
    """Whoever complained is asked whether the case may be closed; from `silent_from` on their silence allows it."""

    silent_from: date


class CaseClosed(_Case):
    """`confirmed`: by whoever complained; otherwise closed by silence."""

    outcome: Literal["settled", "unfounded", "withdrawn", "silence"]
    opened_on: date | None = None
    confirmed: bool | None = None


class CaseReopened(_Case):
    """The closing of `closed_on` does not stand. `ground`: within the time for it, or for new evidence."""

    opened_on: date
    closed_on: date
    ground: Literal["term", "evidence"]


class CasesGrouped(_Case):
    """Workers of one enterprise with shortfalls of one month are one collective case; published again when more of them join.

    `cause`: so many workers, or a wage that was not paid for long.
    """

    members: tuple[PlacementId, ...]
    cause: Literal["workers", "unpaid"] | None = None


class ReserveDrawRequested(_Case):
    """E4: a settlement is to be paid out of the enterprise's reserve. Docking answers with ReserveDrawn or ReserveDrawRefused.

    Asked again after a refusal under the same settlement, it is decided anew; a settlement that was paid is never paid twice.
    """

    settlement: SettlementId
    amount: Money  # yuan
    use: Literal["fee_refund", "wages", "compensation", "repatriation"]


class ReserveDrawWithdrawn(_Case):
    """The settlement does not stand: what was drawn for it goes back, which docking publishes as ReserveRestored."""

    settlement: SettlementId


class _Emergency(Event):
    TOPIC = RIGHTS
    SUBJECT = "emergency"

    emergency: EmergencyId
    destination: Destination
    grade: Grade
    effective: date


class EmergencyDeclared(_Emergency):
    """Nobody is cleared for this country any more; everybody who is abroad there is to be accounted for."""

    kind: Literal["war", "unrest", "terror", "disaster", "epidemic", "accident", "crime"]
    authority: Literal["city", "province", "state", "embassy"]
    abroad: int  # workers there when it was declared


class EmergencyEnded(_Emergency):
    """Workers may be cleared for this country again. `unaccounted`: who nothing is known of, or who is missing."""

    unaccounted: int


class WorkerToAccountFor(_Ledger):
    """A worker is in a country with an emergency. `again`: was accounted for by a return that did not happen."""

    emergency: EmergencyId
    again: bool = False


class WorkerAccountedFor(_Ledger):
    """What is known of a worker in an emergency. `change`: 1 accounted for now, -1 no longer, 0 as before; a missing worker is not."""

    emergency: EmergencyId
    condition: Literal["safe", "injured", "missing", "dead", "left", "returned", "not_abroad"]
    whereabouts: Literal["workplace", "dormitory", "embassy", "hospital", "shelter", "in_transit", "third_country", "home", "unknown"]
    reported_by: Literal["worker", "enterprise", "employer", "embassy", "authority", "family", "rule"]
    change: int


class _Repatriation(_Ledger):
    """A worker is to be brought home, for a reason or out of an emergency. Once for a placement, and again in a new emergency only."""

    SUBJECT = "repatriation"

    repatriation: RepatriationId
    emergency: EmergencyId | None


class RepatriationRequested(_Repatriation):
    cause: Literal["emergency", "distress", "illness", "unpaid", "abuse", "death"]
    requested_by: str


class RepatriationApproved(_Repatriation):
    """In writing, by another than who asked. `paid_by`: who is to pay."""

    approval: str
    criteria_version: str
    requested_by: str
    approver: str
    paid_by: Payer


class RepatriationRefused(_Repatriation):
    """Also of one that was approved, and is not carried out."""

    cause: Literal["criteria_not_met", "other_means", "not_wanted", "withdrawn"]
    criteria_version: str
    approver: str


class RepatriationCompleted(_Repatriation):
    """The worker is home since the effective day: docking records the return, where nobody has yet."""

    criteria_version: str
    cost: Money
    paid_by: Payer


EVENTS: tuple[type[Event], ...] = (
    IncomeReported,
    IncomeCorrected,
    IncomeVoided,
    WageShortfallDetected,
    WageShortfallCleared,
    RecruitmentCostAssessed,
    CaseOpened,
    CaseEvidenceAdded,
    CaseTriaged,
    CaseAssigned,
    CasePaused,
    CaseResumed,
    CaseAnswered,
    CaseDeadlineMissed,
    CaseEscalated,
    CaseResponseRequested,
    CaseResponseReceived,
    CaseOfferRecorded,
    CaseSettled,
    CaseSettlementRefused,
    CaseClosureAsked,
    CaseClosed,
    CaseReopened,
    CasesGrouped,
    ReserveDrawRequested,
    ReserveDrawWithdrawn,
    EmergencyDeclared,
    EmergencyEnded,
    WorkerToAccountFor,
    WorkerAccountedFor,
    RepatriationRequested,
    RepatriationApproved,
    RepatriationRefused,
    RepatriationCompleted,
    OrphanResolved,
)

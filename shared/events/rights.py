"""Events of rights. Subjects: a placement (its wage ledger), or a case."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from shared.events.event import RIGHTS, Event, Origin, Part
from shared.values import (
    CaseId,
    Channel,
    Destination,
    EnterpriseId,
    Money,
    Occupation,
    Period,
    PlacementId,
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


class IncomeVoided(_Ledger):
    """A payment counts no more. `others_count`: another payment of its period still does, and so does the month."""

    report: ReportId
    previous: IncomeFact
    reason: str
    others_count: bool = False


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


class CaseOpened(_Case):
    severity: Literal["low", "normal", "high", "emergency"]
    via: Literal["worker", "family", "authority", "embassy", "rule"]
    due_at: datetime


class CaseAnswered(_Case):
    """The first answer to the complainant."""

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


EVENTS: tuple[type[Event], ...] = (
    IncomeReported,
    IncomeCorrected,
    IncomeVoided,
    WageShortfallDetected,
    WageShortfallCleared,
    RecruitmentCostAssessed,
    CaseOpened,
    CaseAnswered,
    CaseDeadlineMissed,
    CaseClosed,
    CasesGrouped,
    ReserveDrawRequested,
    ReserveDrawWithdrawn,
)

"""What rights answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from services.rights import queries
from services.rights.domain import CaseState, ReportState
from shared.values import CaseId, Currency, EnterpriseId, ImportId, Money, Period, PlacementId, ReportId, WorkerId


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Income(_View):
    report: ReportId
    placement: PlacementId
    period: Period
    gross: Money
    deductions: Money
    net: Money
    remitted: Money | None
    paid_on: date
    source: str
    state: ReportState
    not_comparable: bool  # paid in another currency than the contract's: no shortfall is decided
    version: int

    @classmethod
    def of(cls, income: queries.Income, wage_currency: Currency) -> Income:
        paid = income.paid
        return cls(
            report=income.report,
            placement=income.placement,
            period=paid.period,
            gross=paid.gross,
            deductions=paid.deductions,
            net=paid.net,
            remitted=paid.remitted,
            paid_on=paid.paid_on,
            source=paid.source,
            state=income.state,
            not_comparable=paid.net.currency != wage_currency,
            version=income.version,
        )


class Incomes(_View):
    items: tuple[Income, ...]
    next: UUID | None


class Finding(_View):
    placement: PlacementId
    period: Period
    kind: str
    expected: Money
    paid: Money

    @classmethod
    def of(cls, finding: queries.Finding) -> Finding:
        return cls(placement=finding.placement, period=finding.period, kind=finding.kind, expected=finding.expected, paid=finding.paid)


class Findings(_View):
    items: tuple[Finding, ...]
    next: int | None


class Ledger(_View):
    """Everything about the wages of one placement."""

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    wage: Money
    wage_period: str
    departed_on: date | None
    returned_on: date | None
    voided: bool
    reports: tuple[Income, ...]
    open_findings: tuple[Finding, ...]

    @classmethod
    def of(cls, ledger: queries.Ledger, incomes: Sequence[queries.Income], findings: Sequence[queries.Finding]) -> Ledger:
        return cls(
            placement=ledger.placement,
            worker=ledger.worker,
            enterprise=ledger.enterprise,
            wage=ledger.terms.wage,
            wage_period=ledger.terms.wage_period,
            departed_on=ledger.departed_on,
            returned_on=ledger.returned_on,
            voided=ledger.voided,
            reports=tuple(Income.of(income, ledger.terms.wage.currency) for income in incomes),
            open_findings=tuple(map(Finding.of, findings)),
        )


class RowFinding(_View):
    """`row` as the spreadsheet numbers it, the header being row 1."""

    row: int
    column: str
    code: str
    value: str | None


class Payroll(_View):
    payroll: ImportId | None  # None: a dry run leaves nothing behind
    dry_run: bool
    digest: str
    rows: int
    done: int
    accepted: int
    rejected: int
    findings: tuple[RowFinding, ...]  # the first 200

    @classmethod
    def of(cls, payroll: queries.Payroll, findings: Sequence[queries.RowFinding], *, dry_run: bool) -> Payroll:
        return cls(
            payroll=None if dry_run else payroll.payroll,
            dry_run=dry_run,
            digest=payroll.digest,
            rows=payroll.rows,
            done=payroll.done,
            accepted=payroll.accepted,
            rejected=payroll.rejected,
            findings=tuple(RowFinding(row=f.row, column=f.column, code=f.code, value=f.value) for f in findings),
        )


class Case(_View):
    case: CaseId
    category: str
    severity: str
    via: str
    enterprise: EnterpriseId
    placement: PlacementId | None
    text: str
    blocking: bool
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None
    state: CaseState
    outcome: str | None
    closed_at: datetime | None
    age_days: int
    overdue: bool
    version: int

    @classmethod
    def of(cls, case: queries.Case, now: datetime) -> Case:
        until = case.closed_at or now
        answered = case.answered_at or until
        return cls(
            case=case.case,
            category=case.category,
            severity=case.severity,
            via=case.via,
            enterprise=case.enterprise,
            placement=case.placement,
            text=case.text,
            blocking=case.blocking,
            opened_at=case.opened_at,
            due_at=case.due_at,
            answered_at=case.answered_at,
            state=case.state,
            outcome=case.outcome,
            closed_at=case.closed_at,
            age_days=(until - case.opened_at).days,
            overdue=answered > case.due_at,
            version=case.version,
        )


class Cases(_View):
    items: tuple[Case, ...]
    next: CaseId | None

"""Cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from services.rights.domain import case_files, cases
from services.rights.domain.cases import CaseState, Category, EscalationCause, Level, Medium, Outcome, PauseReason, Severity, Via
from services.rights.domain.settlements import Settlement as DomainSettlement
from services.rights.views.settlements import Settlement
from shared.values import CaseId, CountyCode, EnterpriseId, Money, Period, PlacementId


class Clock(BaseModel, frozen=True):
    """What the case waits for, and until when. `late`: that is past; a paused clock stands still."""

    waits_for: EscalationCause
    due_at: datetime
    late: bool
    paused_at: datetime | None
    pause_reason: PauseReason | None


class Case(BaseModel, frozen=True):
    """`due_at`: of the first answer, and `overdue` whether that was late. `clock` None: closed.

    `text` None: the answer to a command, which is kept for repeats, while what people write can be erased.
    """

    case: CaseId
    category: Category
    severity: Severity
    via: Via
    medium: Medium | None
    enterprise: EnterpriseId
    placement: PlacementId | None
    lead: CountyCode | None
    assisting: CountyCode | None
    period: Period | None
    collective: CaseId | None
    text: str | None
    hidden: bool
    blocking: bool
    opened_at: datetime
    due_at: datetime
    answered_at: datetime | None
    state: CaseState
    level: Level
    assignee: str | None
    clock: Clock | None
    asked_at: datetime | None
    outcome: Outcome | None
    closed_at: datetime | None
    age_days: int
    overdue: bool
    version: int

    @classmethod
    def from_case(cls, case: cases.Case, now: datetime, *, anonymous: bool = False) -> Case:
        """`anonymous`: without what could tell who complained."""
        county = case.origin.county if case.origin else None
        return cls(
            case=case.case,
            category=case.category,
            severity=case.severity,
            via=case.via,
            medium=None if anonymous else case.medium,
            enterprise=case.enterprise,
            placement=None if anonymous else case.placement,
            lead=case.lead or (None if anonymous else county),
            assisting=None if anonymous or case.lead is None else county,
            period=case.period,
            collective=case.collective,
            text="(hidden)" if anonymous else case.text,
            hidden=case.hidden,
            blocking=case.blocking,
            opened_at=case.opened_at,
            due_at=case.due_at,
            answered_at=case.answered_at,
            state=case.state,
            level=case.level,
            assignee=case.assignee,
            clock=_clock(case, now),
            asked_at=case.asked_at,
            outcome=case.outcome,
            closed_at=case.closed_at,
            age_days=case.age_days(now),
            overdue=case.is_overdue(now),
            version=case.version,
        )

    def without_text(self) -> Case:
        return self.model_copy(update={"text": None})


def _clock(case: cases.Case, now: datetime) -> Clock | None:
    due, waits_for = case.clock_due, case.waits_for
    if due is None or waits_for is None:
        return None
    return Clock(waits_for=waits_for, due_at=due, late=case.is_late(now), paused_at=case.paused_at, pause_reason=case.pause_reason)


class Cases(BaseModel, frozen=True):
    items: tuple[Case, ...]
    next: str | None


class Evidence(BaseModel, frozen=True):
    digest: str
    kind: case_files.EvidenceKind
    provided_by: case_files.Provider
    added_at: datetime


class Statement(BaseModel, frozen=True):
    kind: case_files.StatementKind
    text: str
    amount: Money | None
    recorded_at: datetime


class CaseFile(BaseModel, frozen=True):
    """What was brought forward, answered, asked, offered and paid, oldest first."""

    case: Case
    evidence: tuple[Evidence, ...]
    statements: tuple[Statement, ...]
    settlements: tuple[Settlement, ...]

    @classmethod
    def from_parts(
        cls,
        case: Case,
        evidence: Sequence[case_files.Evidence],
        statements: Sequence[case_files.Statement],
        settlements: Sequence[DomainSettlement],
    ) -> CaseFile:
        return cls(
            case=case,
            evidence=tuple(
                Evidence(digest=one.digest, kind=one.kind, provided_by=one.provided_by, added_at=one.added_at) for one in evidence
            ),
            statements=tuple(Statement(kind=one.kind, text=one.text, amount=one.amount, recorded_at=one.recorded_at) for one in statements),
            settlements=tuple(map(Settlement.from_settlement, settlements)),
        )

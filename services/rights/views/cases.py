"""Cases."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.rights.domain import cases
from services.rights.domain.cases import CaseState
from shared.values import CaseId, EnterpriseId, PlacementId


class Case(BaseModel, frozen=True):
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
    def from_case(cls, case: cases.Case, now: datetime, *, anonymous: bool = False) -> Case:
        """`anonymous`: without what could tell who complained."""
        return cls(
            case=case.case,
            category=case.category,
            severity=case.severity,
            via=case.via,
            enterprise=case.enterprise,
            placement=None if anonymous else case.placement,
            text="(hidden)" if anonymous else case.text,
            blocking=case.blocking,
            opened_at=case.opened_at,
            due_at=case.due_at,
            answered_at=case.answered_at,
            state=case.state,
            outcome=case.outcome,
            closed_at=case.closed_at,
            age_days=case.age_days(now),
            overdue=case.is_overdue(now),
            version=case.version,
        )


class Cases(BaseModel, frozen=True):
    items: tuple[Case, ...]
    next: CaseId | None

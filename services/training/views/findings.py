"""Findings."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel

from services.training.domain import findings
from services.training.domain.findings import FindingId, FindingKind, FindingState
from shared.values import EnrolmentId


class Finding(BaseModel, frozen=True):
    finding: FindingId
    kind: FindingKind
    day: date
    enrolment: EnrolmentId
    other: EnrolmentId | None
    minutes: int | None
    state: FindingState
    found_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    worker_no: str | None  # null: matched before numbers were kept here

    @classmethod
    def from_finding(cls, one: findings.Finding) -> Finding:
        return cls(
            finding=one.id,
            kind=one.kind,
            day=one.day,
            enrolment=one.enrolment,
            other=one.other,
            minutes=one.minutes,
            state=one.state,
            found_at=one.found_at,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            worker_no=one.worker_no,
        )


class Findings(BaseModel, frozen=True):
    items: tuple[Finding, ...]
    next: str | None

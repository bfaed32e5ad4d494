"""Corrections."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel

from services.training.domain import corrections
from services.training.domain.corrections import CorrectionKind, CorrectionReason, CorrectionState
from shared.values import CorrectionId, EnrolmentId


class Correction(BaseModel, frozen=True):
    """pending: a pass hangs on it, so that a second person has to agree; the record is as it was until then."""

    correction: CorrectionId
    enrolment: EnrolmentId
    kind: CorrectionKind
    day: date | None
    minutes: int | None
    score: int | None
    assessed_on: date | None
    issued_on: date | None
    state: CorrectionState
    reason: CorrectionReason
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    worker_no: str | None  # null: matched before numbers were kept here; also in the answer to a command

    @classmethod
    def from_correction(cls, one: corrections.Correction) -> Correction:
        return cls(
            correction=one.id,
            enrolment=one.enrolment,
            kind=one.change.kind,
            day=one.change.day,
            minutes=one.change.minutes,
            score=one.change.score,
            assessed_on=one.change.assessed_on,
            issued_on=one.change.issued_on,
            state=one.state,
            reason=one.reason,
            requested_by=one.requested_by,
            requested_at=one.requested_at,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            worker_no=one.worker_no,
        )


class Corrections(BaseModel, frozen=True):
    items: tuple[Correction, ...]
    next: str | None

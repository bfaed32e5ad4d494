"""Recognitions of prior learning."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel

from services.training.domain import recognitions
from services.training.domain.certificates import Serial
from services.training.domain.recognitions import RecognitionKind, RecognitionState
from shared.values import CourseId, PlacementId, RecognitionId


class Recognition(BaseModel, frozen=True):
    """`serial`: of the certificate that it has led to. `evidence`: in lists only, since answers to commands are stored for repeats."""

    recognition: RecognitionId
    placement: PlacementId
    course: CourseId
    kind: RecognitionKind
    evidence: str | None
    completed_on: date
    minutes: int
    valid_to: date
    state: RecognitionState
    requested_by: str
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    worker_no: str | None  # null: matched before numbers were kept here
    serial: Serial | None

    @classmethod
    def from_recognition(cls, one: recognitions.Recognition, serial: Serial | None = None, evidence: str | None = None) -> Recognition:
        return cls(
            recognition=one.id,
            placement=one.placement,
            course=one.course,
            kind=one.kind,
            evidence=evidence,
            completed_on=one.completed_on,
            minutes=one.minutes,
            valid_to=one.valid_to,
            state=one.state,
            requested_by=one.requested_by,
            requested_at=one.requested_at,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            worker_no=one.worker_no,
            serial=serial,
        )


class Recognitions(BaseModel, frozen=True):
    items: tuple[Recognition, ...]
    next: str | None

"""Corrections of attendance, of an examination and of a certificate's date: what follows from one, and who has to agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from services.training.domain.certificates import Certificate, require_revocable
from services.training.domain.enrolments import (
    Enrolment,
    EnrolmentState,
    Step,
    has_attended,
    require_assessed_after,
    require_certified_after,
    require_day_length,
    require_enrolled_by,
    step,
)
from services.training.domain.errors import (
    AssessedBeforeAttendance,
    CertificateNotFound,
    CorrectionDecided,
    NotAssessed,
    NothingToCorrect,
    SecondApproverNeeded,
)
from services.training.domain.sessions import Session, require_attendance_day, require_since_start
from shared.values import CorrectionId, EnrolmentId

CorrectionReason = Literal["mistyped", "misread", "appeal", "finding"]


class CorrectionKind(StrEnum):
    ATTENDANCE = "attendance"
    ASSESSMENT = "assessment"
    CERTIFICATE = "certificate"


class CorrectionState(StrEnum):
    PENDING = "pending"  # a pass hangs on it: waits for a second person
    APPROVED = "approved"
    REJECTED = "rejected"
    APPLIED = "applied"  # at once


class CorrectionStep(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


CORRECTION_STEPS: Mapping[tuple[CorrectionState, CorrectionStep], CorrectionState] = {
    (CorrectionState.PENDING, CorrectionStep.APPROVE): CorrectionState.APPROVED,
    (CorrectionState.PENDING, CorrectionStep.REJECT): CorrectionState.REJECTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The fields of its kind: day and minutes; score and assessed_on; issued_on."""

    kind: CorrectionKind
    day: date | None = None
    minutes: int | None = None
    score: int | None = None
    assessed_on: date | None = None
    issued_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """One correction of an enrolment's record."""

    id: CorrectionId
    enrolment: EnrolmentId
    change: Change
    state: CorrectionState
    reason: CorrectionReason
    requested_by: str
    requested_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    worker_no: str | None = None  # that people know the worker by; None: matched before numbers were kept here


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is on record of an enrolment. `attended`: minutes by day."""

    enrolment: Enrolment
    session: Session
    attended: Mapping[date, int]
    days_held: int
    certificate: Certificate | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The record after a change. `approval`: a pass is gained or lost, or a certificate holds longer."""

    enrolment: Enrolment
    certificate: Certificate | None
    approval: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """The programme's parameters that a pass depends on."""

    pass_mark: int
    attendance_percent: int


def corrected(record: Record, change: Change, rules: Rules, today: date) -> Corrected:
    """Raises IllegalStep, NothingToCorrect, NotAssessed, CertificateNotFound, AlreadyRevoked, and what forbids recording it so."""
    step(record.enrolment, Step.CORRECT)
    if change.kind is CorrectionKind.CERTIFICATE:
        return _reissued(record, change, today)
    make = _attended if change.kind is CorrectionKind.ATTENDANCE else _assessed
    after = make(record, change, today)
    after = replace(after, state=_state(record, after, rules))
    return Corrected(enrolment=after, certificate=record.certificate, approval=after.state is not record.enrolment.state)


def _attended(record: Record, change: Change, today: date) -> Enrolment:
    before, day, minutes = record.enrolment, change.day or today, change.minutes or 0
    require_attendance_day(record.session, day, today)
    require_day_length(minutes, "minutes")
    require_enrolled_by(before, day, "day")
    if minutes and before.assessed_on is not None and day > before.assessed_on:
        raise AssessedBeforeAttendance(f"assessed on {before.assessed_on}", field="day")
    if record.attended.get(day, 0) == minutes:
        raise NothingToCorrect(field="minutes")
    attended = {**record.attended, day: minutes}
    return replace(before, minutes_total=sum(attended.values()), days_attended=sum(one > 0 for one in attended.values()))


def _assessed(record: Record, change: Change, today: date) -> Enrolment:
    before = record.enrolment
    if before.assessed_on is None or before.state is EnrolmentState.HELD:
        raise NotAssessed(state=before.state)
    after = replace(before, score=change.score, assessed_on=change.assessed_on)
    if after == before:
        raise NothingToCorrect(field="score")
    day = change.assessed_on or before.assessed_on
    require_since_start(record.session, day, today, "assessed_on")
    require_assessed_after(max((one for one, minutes in record.attended.items() if minutes), default=None), day, "assessed_on")
    if record.certificate is not None:
        require_certified_after(after, record.certificate.issued_on, "assessed_on")
    return after


def _state(record: Record, after: Enrolment, rules: Rules) -> EnrolmentState:
    """A pass stands as long as score and attendance carry it."""
    passes = (
        after.score is not None
        and after.score >= rules.pass_mark
        and has_attended(after, record.session.course, record.days_held, rules.attendance_percent)
    )
    if after.state is EnrolmentState.HELD and not passes:
        return step(after, Step.TAKE_BACK)
    if after.state in (EnrolmentState.PASSED, EnrolmentState.CERTIFIED) and not passes:
        return step(after, Step.LOSE)
    if after.state is EnrolmentState.FAILED and passes:
        return step(after, Step.GAIN)
    return after.state


def _reissued(record: Record, change: Change, today: date) -> Corrected:
    before, day = record.certificate, change.issued_on or today
    if before is None:
        raise CertificateNotFound
    require_revocable(before)
    require_since_start(record.session, day, today, "issued_on")
    require_certified_after(record.enrolment, day, "issued_on")
    if day == before.issued_on:
        raise NothingToCorrect(field="issued_on")
    after = replace(before, issued_on=day, valid_to=before.valid_to + (day - before.issued_on))
    return Corrected(enrolment=record.enrolment, certificate=after, approval=after.valid_to > before.valid_to)


def decide(correction: Correction, taken: CorrectionStep, by: str) -> CorrectionState:
    """The state after the decision. Raises CorrectionDecided, SecondApproverNeeded: one account may have two roles, and is one person."""
    after = CORRECTION_STEPS.get((correction.state, taken))
    if after is None:
        raise CorrectionDecided(state=correction.state)
    if by.partition(":")[2] == correction.requested_by.partition(":")[2]:
        raise SecondApproverNeeded
    return after

"""Prior learning: hours credited towards a course, or a certificate from elsewhere that stands for it (W1).

W1 asks for training, not for training here. Hours from another course or from work are credited, and the examination is taken all the same.
A certificate of another centre, with the hours of the course and still in force, stands for it as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.training.domain.courses import Course
from services.training.domain.errors import (
    DayInFuture,
    EvidenceTooOld,
    RecognitionDecided,
    RecognitionHours,
    RecognitionValidity,
    SecondApproverNeeded,
)
from shared.values import CourseId, PlacementId, RecognitionId, WorkerId


class RecognitionKind(StrEnum):
    CERTIFICATE = "certificate"  # of a centre elsewhere
    COURSE = "course"
    WORK = "work"


class RecognitionState(StrEnum):
    PENDING = "pending"
    RECOGNISED = "recognised"
    REFUSED = "refused"


class RecognitionStep(StrEnum):
    RECOGNISE = "recognise"
    REFUSE = "refuse"


RECOGNITION_STEPS: Mapping[tuple[RecognitionState, RecognitionStep], RecognitionState] = {
    (RecognitionState.PENDING, RecognitionStep.RECOGNISE): RecognitionState.RECOGNISED,
    (RecognitionState.PENDING, RecognitionStep.REFUSE): RecognitionState.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """`minutes` learned by `completed_on`, which count until `valid_to`."""

    id: RecognitionId
    placement: PlacementId
    worker: WorkerId
    course: CourseId
    kind: RecognitionKind
    evidence: str
    completed_on: date
    minutes: int
    valid_to: date
    state: RecognitionState
    requested_by: str
    requested_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    worker_no: str | None = None  # that people know the worker by; None: matched before numbers were kept here


def require_hours(kind: RecognitionKind, minutes: int, course: Course) -> None:
    """Credits are at most the course's hours, a certificate attests all of them at least. Raises RecognitionHours."""
    missing = kind is RecognitionKind.CERTIFICATE and minutes < course.minimum_minutes
    if missing or (kind is not RecognitionKind.CERTIFICATE and minutes > course.minimum_minutes):
        raise RecognitionHours(f"the course has {course.minimum_minutes} minutes", field="minutes")


def valid_until(completed_on: date, valid_to: date | None, course: Course, today: date, oldest: int) -> date:
    """The last day it counts: the one given, at most as long after its completion as the course's own certificates hold.

    `oldest`: days that it may lie back. Raises DayInFuture, EvidenceTooOld, RecognitionValidity.
    """
    if completed_on > today:
        raise DayInFuture(f"today is {today}", field="completed_on")
    latest = completed_on + timedelta(days=course.validity_days)
    if completed_on < today - timedelta(days=oldest) or latest < today:
        raise EvidenceTooOld(field="completed_on")
    if valid_to is not None and not today <= valid_to <= latest:
        raise RecognitionValidity(f"from {today} to {latest}", field="valid_to")
    return valid_to or latest


def decide(recognition: Recognition, step: RecognitionStep, by: str) -> RecognitionState:
    """Raises RecognitionDecided, SecondApproverNeeded: one account may have two roles, and is one person."""
    after = RECOGNITION_STEPS.get((recognition.state, step))
    if after is None:
        raise RecognitionDecided(state=recognition.state)
    if by.partition(":")[2] == recognition.requested_by.partition(":")[2]:
        raise SecondApproverNeeded
    return after

"""Enrolments, attendance and assessments."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.training.domain import enrolments
from services.training.domain.certificates import Serial
from services.training.domain.enrolments import EnrolmentState
from shared.values import Destination, EnrolmentId, Occupation, PlacementId, SessionId


class Enrolment(BaseModel, frozen=True):
    enrolment: EnrolmentId
    session: SessionId
    placement: PlacementId
    destination: Destination
    occupation: Occupation
    enrolled_on: date
    state: EnrolmentState
    minutes_total: int
    days_attended: int
    score: int | None
    assessed_on: date | None
    credited: int
    serial: Serial | None
    worker_no: str | None  # None: matched before numbers were kept here

    @classmethod
    def from_enrolment(cls, enrolment: enrolments.Enrolment, serial: Serial | None, worker_no: str | None) -> Enrolment:
        return cls(
            enrolment=enrolment.id,
            session=enrolment.session,
            placement=enrolment.placement,
            destination=enrolment.destination,
            occupation=enrolment.occupation,
            enrolled_on=enrolment.enrolled_on,
            state=enrolment.state,
            minutes_total=enrolment.minutes_total,
            days_attended=enrolment.days_attended,
            score=enrolment.score,
            assessed_on=enrolment.assessed_on,
            credited=enrolment.credited,
            serial=serial,
            worker_no=worker_no,
        )


class Enrolments(BaseModel, frozen=True):
    items: tuple[Enrolment, ...]
    next: str | None


class Seating(BaseModel, frozen=True):
    """Where a placement sits; without a seat it waits, with so many `ahead` that would take a seat of the course first."""

    placement: PlacementId
    enrolment: EnrolmentId | None
    session: SessionId | None
    ahead: int | None = None

    @classmethod
    def from_enrolment(cls, enrolment: enrolments.Enrolment) -> Seating:
        return cls(placement=enrolment.placement, enrolment=enrolment.id, session=enrolment.session)


class DayAttended(BaseModel, frozen=True):
    enrolment: EnrolmentId
    day: date
    minutes: int

    @classmethod
    def from_attended(cls, one: enrolments.DayAttended) -> DayAttended:
        return cls(enrolment=one.enrolment, day=one.day, minutes=one.minutes)


class AttendanceSheet(BaseModel, frozen=True):
    """What was recorded from `since` to `until`, both included; a learner who is not named on a day is not recorded on it."""

    since: date
    until: date
    items: tuple[DayAttended, ...]


class Attendance(BaseModel, frozen=True):
    """`recorded`: entries that changed something; `overlaps`: workers who that day also attended in another centre; `findings`: what an
    officer has to look at, overlaps included.
    """

    recorded: int
    overlaps: int
    findings: int


class Result(BaseModel, frozen=True):
    """`held`: the pass counts once an officer has looked."""

    enrolment: EnrolmentId
    score: int
    passed: bool
    held: bool

    @classmethod
    def from_result(cls, result: enrolments.Result) -> Result:
        return cls(enrolment=result.enrolment.id, score=result.score, passed=result.passed, held=result.held)


class Assessment(BaseModel, frozen=True):
    results: tuple[Result, ...]

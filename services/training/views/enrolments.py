"""Enrolments, attendance and assessments."""

from __future__ import annotations

from datetime import date, datetime

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
    serial: Serial | None

    @classmethod
    def from_enrolment(cls, enrolment: enrolments.Enrolment, serial: Serial | None) -> Enrolment:
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
            serial=serial,
        )


class Enrolments(BaseModel, frozen=True):
    items: tuple[Enrolment, ...]
    next: EnrolmentId | None


class Seating(BaseModel, frozen=True):
    """Where a placement sits; without a seat it waits, with so many `ahead` that would take a seat of the course first."""

    placement: PlacementId
    enrolment: EnrolmentId | None
    session: SessionId | None
    ahead: int | None = None

    @classmethod
    def from_enrolment(cls, enrolment: enrolments.Enrolment) -> Seating:
        return cls(placement=enrolment.placement, enrolment=enrolment.id, session=enrolment.session)


class Attendance(BaseModel, frozen=True):
    """`recorded`: entries that changed something; `overlaps`: workers who that day also attended in another centre."""

    recorded: int
    overlaps: int


class Result(BaseModel, frozen=True):
    enrolment: EnrolmentId
    score: int
    passed: bool

    @classmethod
    def from_result(cls, result: enrolments.Result) -> Result:
        return cls(enrolment=result.enrolment.id, score=result.score, passed=result.passed)


class Assessment(BaseModel, frozen=True):
    results: tuple[Result, ...]


class Overlap(BaseModel, frozen=True):
    day: date
    enrolment: EnrolmentId
    other: EnrolmentId
    found_at: datetime

    @classmethod
    def from_overlap(cls, overlap: enrolments.Overlap) -> Overlap:
        return cls(day=overlap.day, enrolment=overlap.enrolment, other=overlap.other, found_at=overlap.found_at)


class Overlaps(BaseModel, frozen=True):
    items: tuple[Overlap, ...]

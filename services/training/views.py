"""What training answers."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from services.training import domain
from services.training.domain import EnrolmentState, NeedId, NeedState, Serial
from shared.values import CourseId, Destination, EnrolmentId, Occupation, PlacementId, SessionId


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Course(_View):
    course: CourseId
    centre: str
    destination: Destination
    occupation: Occupation
    minimum_minutes: int
    validity_days: int


def course(row: domain.Course) -> Course:
    return Course(
        course=row.id,
        centre=row.centre,
        destination=row.destination,
        occupation=row.occupation,
        minimum_minutes=row.minimum_minutes,
        validity_days=row.validity_days,
    )


class Courses(_View):
    items: tuple[Course, ...]
    next: CourseId | None


class Session(Course):
    """With what its course says."""

    session: SessionId
    starts_on: date
    ends_on: date
    seats: int
    taken: int
    free: int
    trainer: str


def session(row: domain.Session) -> Session:
    return Session(
        **course(row.course).model_dump(),
        session=row.id,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        seats=row.seats,
        taken=row.taken,
        free=row.free,
        trainer=row.trainer,
    )


class Scheduled(Session):
    """`enrolled`: who was waiting and got a seat at once."""

    enrolled: tuple[EnrolmentId, ...]


class Sessions(_View):
    items: tuple[Session, ...]
    next: SessionId | None


class Enrolment(_View):
    enrolment: EnrolmentId
    session: SessionId
    placement: PlacementId
    destination: Destination
    occupation: Occupation
    state: EnrolmentState
    minutes_total: int
    days_attended: int
    score: int | None
    serial: Serial | None


def enrolment(row: domain.Enrolment, serial: Serial | None) -> Enrolment:
    return Enrolment(
        enrolment=row.id,
        session=row.session,
        placement=row.placement,
        destination=row.destination,
        occupation=row.occupation,
        state=row.state,
        minutes_total=row.minutes_total,
        days_attended=row.days_attended,
        score=row.score,
        serial=serial,
    )


class Enrolments(_View):
    items: tuple[Enrolment, ...]
    next: EnrolmentId | None


class Roster(Session):
    roster: tuple[Enrolment, ...]


class Need(_View):
    need: NeedId
    placement: PlacementId
    destination: Destination
    occupation: Occupation
    state: NeedState
    since: datetime


def need(row: domain.Need) -> Need:
    return Need(
        need=row.id, placement=row.placement, destination=row.destination, occupation=row.occupation, state=row.state, since=row.since
    )


class Needs(_View):
    items: tuple[Need, ...]
    next: NeedId | None


class Attendance(_View):
    """`recorded`: entries that changed something; `overlaps`: workers who that day also attended in another centre."""

    recorded: int
    overlaps: int


class Result(_View):
    enrolment: EnrolmentId
    score: int
    passed: bool


class Assessment(_View):
    results: tuple[Result, ...]


class Issued(_View):
    enrolment: EnrolmentId
    placement: PlacementId
    serial: Serial
    valid_to: date


class Certificates(_View):
    issued: tuple[Issued, ...]


class Certificate(_View):
    """What anybody may know who holds the serial: nothing of the person."""

    serial: Serial
    centre: str
    destination: Destination
    occupation: Occupation
    minutes: int
    issued_on: date
    valid_to: date
    state: domain.Standing
    revoked_on: date | None
    revoked_why: str | None


def certificate(row: domain.Certificate, on: date) -> Certificate:
    return Certificate(
        serial=row.serial,
        centre=row.centre,
        destination=row.destination,
        occupation=row.occupation,
        minutes=row.minutes,
        issued_on=row.issued_on,
        valid_to=row.valid_to,
        state=row.standing(on),
        revoked_on=row.revoked_on,
        revoked_why=row.revoked_why,
    )


class Overlap(_View):
    day: date
    enrolment: EnrolmentId
    other: EnrolmentId
    found_at: datetime


class Overlaps(_View):
    items: tuple[Overlap, ...]

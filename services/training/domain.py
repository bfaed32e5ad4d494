"""What training decides, without I/O: courses, the state machines of a need and an enrolment, certificates, named errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NewType
from uuid import UUID

from shared.errors import Conflict, Invalid, NotFound
from shared.values import CountyCode, CourseId, Destination, EnrolmentId, Occupation, PlacementId, SessionId, WorkerId

NeedId = NewType("NeedId", UUID)
Serial = NewType("Serial", str)

LONGEST_DAY = 12 * 60  # minutes; nobody sits in a course for longer
LONGEST_SESSION = 366  # days


# --- courses and sessions -----------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Course:
    """What a centre teaches. It covers every occupation whose ISCO-08 code starts with `occupation`."""

    id: CourseId
    centre: str
    destination: Destination
    occupation: Occupation
    minimum_minutes: int
    validity_days: int


@dataclass(frozen=True, slots=True)
class Session:
    """One run of a course. `taken` of its `seats` are given away; `trainer` is the account that teaches it."""

    id: SessionId
    course: Course
    starts_on: date
    ends_on: date
    seats: int
    taken: int
    trainer: str

    @property
    def free(self) -> int:
        return self.seats - self.taken

    def takes_new(self, on: date) -> bool:
        """Whether somebody may still join: a seat is free and the session has not begun before that day."""
        return self.free > 0 and self.starts_on >= on


def require_session_days(starts_on: date, ends_on: date, today: date) -> None:
    """Raises SessionDays, SessionInPast: nobody could be enrolled in it any more."""
    if not 0 <= (ends_on - starts_on).days <= LONGEST_SESSION:
        raise SessionDays(field="ends_on")
    if starts_on < today:
        raise SessionInPast(f"today is {today}", field="starts_on")


# --- needs ----------------------------------------------------------------------------------------------------------------
class NeedState(StrEnum):
    OPEN = "open"  # waits for a seat
    SEATED = "seated"
    MET = "met"  # a certificate covers it
    CLOSED = "closed"  # the placement was cancelled, or has departed


class NeedStep(StrEnum):
    SEAT = "seat"
    UNSEAT = "unseat"  # cancelled, failed
    MEET = "meet"
    REOPEN = "reopen"  # the certificate was revoked or ran out before departure
    CLOSE = "close"


_N = NeedState
NEED_STEPS: Mapping[tuple[NeedState, NeedStep], NeedState] = {
    (_N.OPEN, NeedStep.SEAT): _N.SEATED,
    (_N.OPEN, NeedStep.MEET): _N.MET,
    (_N.OPEN, NeedStep.CLOSE): _N.CLOSED,
    (_N.SEATED, NeedStep.UNSEAT): _N.OPEN,
    (_N.SEATED, NeedStep.MEET): _N.MET,
    (_N.SEATED, NeedStep.CLOSE): _N.CLOSED,
    (_N.MET, NeedStep.REOPEN): _N.OPEN,
    (_N.MET, NeedStep.CLOSE): _N.CLOSED,
}


@dataclass(frozen=True, slots=True)
class Need:
    """A placement may not depart before a certificate for its destination and occupation meets this."""

    id: NeedId
    placement: PlacementId
    worker: WorkerId
    county: CountyCode
    designation: str
    designation_version: str
    destination: Destination
    occupation: Occupation
    state: NeedState
    since: datetime


def after_need(state: NeedState, step: NeedStep) -> NeedState | None:
    """Where the step leads; None: it changes nothing from here (a reaction may come late)."""
    return NEED_STEPS.get((state, step))


# --- enrolments -----------------------------------------------------------------------------------------------------------
class EnrolmentState(StrEnum):
    ENROLLED = "enrolled"
    PASSED = "passed"
    FAILED = "failed"
    CERTIFIED = "certified"
    CANCELLED = "cancelled"


class Step(StrEnum):
    ATTEND = "attend"
    PASS = "pass"  # noqa: S105  # a result, not a password
    FAIL = "fail"
    CERTIFY = "certify"
    CANCEL = "cancel"


_E = EnrolmentState
STEPS: Mapping[tuple[EnrolmentState, Step], EnrolmentState] = {
    (_E.ENROLLED, Step.ATTEND): _E.ENROLLED,
    (_E.ENROLLED, Step.PASS): _E.PASSED,
    (_E.ENROLLED, Step.FAIL): _E.FAILED,
    (_E.ENROLLED, Step.CANCEL): _E.CANCELLED,
    (_E.PASSED, Step.CERTIFY): _E.CERTIFIED,
}


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One worker's seat in one session, for one placement; codes are those of the match, not of the course."""

    id: EnrolmentId
    session: SessionId
    placement: PlacementId
    worker: WorkerId
    county: CountyCode
    designation: str
    designation_version: str
    destination: Destination
    occupation: Occupation
    state: EnrolmentState
    minutes_total: int
    days_attended: int
    score: int | None


def step(enrolment: Enrolment, taken: Step, *, field: str | None = None) -> EnrolmentState:
    """The state after the step. Raises IllegalStep, which shows the present one."""
    after = STEPS.get((enrolment.state, taken))
    if after is None:
        raise IllegalStep(f"an enrolment that is {enrolment.state} cannot {taken}", field=field, state=enrolment.state)
    return after


def require_attendance_day(session: Session, day: date, today: date) -> None:
    """Raises DayOutsideSession, DayInFuture."""
    if not session.starts_on <= day <= session.ends_on:
        raise DayOutsideSession(f"the session runs from {session.starts_on} to {session.ends_on}", field="day")
    if day > today:
        raise DayInFuture(f"today is {today}", field="day")


def require_day_length(minutes: int, field: str) -> None:
    """Raises DayTooLong."""
    if minutes > LONGEST_DAY:
        raise DayTooLong(f"{minutes} minutes; a day has at most {LONGEST_DAY}", field=field)


def require_attended(enrolment: Enrolment, course: Course, days_held: int, percent: int, field: str) -> None:
    """W1: the course's hours were attended, and the share of the days held. Raises TooFewMinutes, TooManyAbsences."""
    if enrolment.minutes_total < course.minimum_minutes:
        detail = f"{enrolment.minutes_total} of {course.minimum_minutes} minutes"
        raise TooFewMinutes(detail, field=field, state=enrolment.minutes_total)
    if enrolment.days_attended * 100 < days_held * percent:
        detail = f"{enrolment.days_attended} of {days_held} days; {percent} % are needed"
        raise TooManyAbsences(detail, field=field, state=enrolment.days_attended)


def require_since_start(session: Session, day: date, today: date, field: str) -> None:
    """An assessment or a certificate is made between the session's first day and today. Raises DayOutsideSession, DayInFuture."""
    if day < session.starts_on:
        raise DayOutsideSession(f"the session begins on {session.starts_on}", field=field)
    if day > today:
        raise DayInFuture(f"today is {today}", field=field)


def require_other_assessor(session: Session, assessor: str) -> None:
    """Raises AssessorIsTrainer."""
    if assessor == session.trainer:
        raise AssessorIsTrainer(state=session.trainer)


def passed(score: int, mark: int, claimed: bool | None, field: str) -> bool:
    """Whether the score passes. Raises ResultContradictsScore when the assessor says otherwise."""
    result = score >= mark
    if claimed is not None and claimed != result:
        raise ResultContradictsScore(f"the pass mark is {mark}", field=field)
    return result


def require_once(ids: Sequence[EnrolmentId], path: str) -> None:
    """Raises NamedTwice at the first that repeats one before it; `path` is its field, with {} for the place."""
    seen: set[EnrolmentId] = set()
    for place, one in enumerate(ids):
        if one in seen:
            raise NamedTwice(field=path.format(place))
        seen.add(one)


# --- certificates -----------------------------------------------------------------------------------------------------------
class Standing(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Certificate:
    """Bound to the destination and occupation of the placement it was earned for, and to the worker."""

    serial: Serial
    enrolment: EnrolmentId
    course: CourseId
    centre: str
    worker: WorkerId
    placement: PlacementId
    county: CountyCode
    designation: str
    designation_version: str
    destination: Destination
    occupation: Occupation
    minutes: int
    issued_on: date
    valid_to: date
    revoked_on: date | None = None
    revoked_why: str | None = None

    def standing(self, on: date) -> Standing:
        if self.revoked_on is not None:
            return Standing.REVOKED
        return Standing.EXPIRED if self.valid_to < on else Standing.VALID


def certify(number: int, enrolment: Enrolment, course: Course, issued_on: date) -> Certificate:
    return Certificate(
        Serial(f"TC{issued_on.year:04d}{number:08d}"),
        enrolment.id,
        course.id,
        course.centre,
        enrolment.worker,
        enrolment.placement,
        enrolment.county,
        enrolment.designation,
        enrolment.designation_version,
        enrolment.destination,
        enrolment.occupation,
        enrolment.minutes_total,
        issued_on,
        issued_on + timedelta(days=course.validity_days),
    )


def require_revocable(certificate: Certificate) -> None:
    """Raises AlreadyRevoked."""
    if certificate.revoked_on is not None:
        raise AlreadyRevoked(f"revoked on {certificate.revoked_on}", state="revoked")


# --- errors -----------------------------------------------------------------------------------------------------------------
class CourseNotFound(NotFound):
    """There is no such course."""

    slug = "COURSE_NOT_FOUND"


class SessionNotFound(NotFound):
    """There is no such session."""

    slug = "SESSION_NOT_FOUND"


class EnrolmentNotFound(NotFound):
    """There is no such enrolment."""

    slug = "ENROLMENT_NOT_FOUND"


class CertificateNotFound(NotFound):
    """There is no certificate with this serial."""

    slug = "CERTIFICATE_NOT_FOUND"


class NotInSession(Invalid):
    """The enrolment is not one of this session."""

    slug = "NOT_IN_SESSION"


class NamedTwice(Invalid):
    """An enrolment may stand on a roster once."""

    slug = "NAMED_TWICE"


class CentreMissing(Invalid):
    """An officer names the centre; a trainer acts for the own one."""

    slug = "CENTRE_MISSING"


class DestinationNotFound(Invalid):
    """Not a country or region that workers are dispatched to."""

    slug = "DESTINATION_NOT_FOUND"


class OccupationNotFound(Invalid):
    """Not a code of ISCO-08."""

    slug = "OCCUPATION_NOT_FOUND"


class SessionInPast(Invalid):
    """A session is scheduled before it begins."""

    slug = "SESSION_IN_PAST"


class SessionDays(Invalid):
    """A session ends on the day it starts or later, within a year."""

    slug = "SESSION_DAYS"


class DayOutsideSession(Invalid):
    """The session is not held on that day."""

    slug = "DAY_OUTSIDE_SESSION"


class DayInFuture(Invalid):
    """What has not happened yet cannot be recorded."""

    slug = "DAY_IN_FUTURE"


class DayTooLong(Invalid):
    """Nobody attends a course for more than twelve hours a day."""

    slug = "DAY_TOO_LONG"


class TooFewMinutes(Conflict):
    """The course's minimum hours are not attended yet."""

    slug = "TOO_FEW_MINUTES"


class TooManyAbsences(Conflict):
    """The share of the session's days that must be attended is not reached."""

    slug = "TOO_MANY_ABSENCES"


class AssessorIsTrainer(Conflict):
    """Who has taught a session does not assess it."""

    slug = "ASSESSOR_IS_TRAINER"


class ResultContradictsScore(Invalid):
    """The result does not follow from the score and the pass mark."""

    slug = "RESULT_CONTRADICTS_SCORE"


class PassCapReached(Conflict):
    """More passes in one centre on one day than anybody can examine."""

    slug = "PASS_CAP_REACHED"


class IllegalStep(Conflict):
    """The enrolment's state does not allow this."""

    slug = "ILLEGAL_STEP"


class AlreadyRevoked(Conflict):
    """The certificate is revoked already."""

    slug = "ALREADY_REVOKED"

"""Enrolments: a seat from the enrolment through attendance and assessment to a certificate."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.training.domain.courses import Course
from services.training.domain.errors import (
    AssessedBeforeAttendance,
    BeforeEnrolment,
    CertifiedBeforeAssessment,
    DayTooLong,
    IllegalStep,
    NamedTwice,
    ResultContradictsScore,
    SessionAssessed,
    TooFewMinutes,
    TooManyAbsences,
)
from services.training.domain.needs import Need
from shared.values import CountyCode, Designation, Destination, EnrolmentId, Occupation, PlacementId, SessionId, WorkerId

LONGEST_DAY = 12 * 60  # minutes; nobody sits in a course for longer


class EnrolmentState(StrEnum):
    ENROLLED = "enrolled"
    HELD = "held"  # scored a pass that an officer has to look at first
    PASSED = "passed"
    FAILED = "failed"
    CERTIFIED = "certified"
    CANCELLED = "cancelled"


class Step(StrEnum):
    ATTEND = "attend"
    PASS = "pass"  # noqa: S105  # a result, not a password
    HOLD = "hold"
    RELEASE = "release"
    TAKE_BACK = "take_back"  # the examination does not count
    FAIL = "fail"
    CERTIFY = "certify"
    CORRECT = "correct"  # the record, not the state
    LOSE = "lose"  # a corrected record carries the pass no more
    GAIN = "gain"
    CANCEL = "cancel"


_E = EnrolmentState
STEPS: Mapping[tuple[EnrolmentState, Step], EnrolmentState] = {
    (_E.ENROLLED, Step.ATTEND): _E.ENROLLED,
    (_E.ENROLLED, Step.PASS): _E.PASSED,
    (_E.ENROLLED, Step.HOLD): _E.HELD,
    (_E.HELD, Step.RELEASE): _E.PASSED,
    (_E.HELD, Step.TAKE_BACK): _E.ENROLLED,
    (_E.ENROLLED, Step.FAIL): _E.FAILED,
    (_E.ENROLLED, Step.CANCEL): _E.CANCELLED,
    (_E.PASSED, Step.CERTIFY): _E.CERTIFIED,
    (_E.ENROLLED, Step.CORRECT): _E.ENROLLED,
    (_E.HELD, Step.CORRECT): _E.HELD,
    (_E.PASSED, Step.CORRECT): _E.PASSED,
    (_E.FAILED, Step.CORRECT): _E.FAILED,
    (_E.CERTIFIED, Step.CORRECT): _E.CERTIFIED,
    (_E.PASSED, Step.LOSE): _E.FAILED,
    (_E.CERTIFIED, Step.LOSE): _E.FAILED,
    (_E.FAILED, Step.GAIN): _E.PASSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """One worker's seat in one session, for one placement; codes are those of the match, not of the course."""

    id: EnrolmentId
    session: SessionId
    placement: PlacementId
    worker: WorkerId
    county: CountyCode
    designation: Designation
    designation_version: str
    destination: Destination
    occupation: Occupation
    enrolled_on: date
    state: EnrolmentState = EnrolmentState.ENROLLED
    minutes_total: int = 0
    days_attended: int = 0
    score: int | None = None
    assessed_on: date | None = None
    credited: int = 0  # minutes of prior learning, as of the examination


@dataclass(frozen=True, slots=True)
class DayAttended:
    enrolment: EnrolmentId
    day: date
    minutes: int


@dataclass(frozen=True, slots=True)
class Result:
    """What an examination comes to for one enrolment."""

    enrolment: Enrolment
    state: EnrolmentState
    score: int

    @property
    def held(self) -> bool:
        return self.state is EnrolmentState.HELD

    @property
    def passed(self) -> bool:
        """By its score."""
        return self.state is not EnrolmentState.FAILED


def held(results: Sequence[Result], concerned: Collection[EnrolmentId], room: int) -> list[Result]:
    """The results with passes held that an open finding concerns, and those for which a centre has no room left that day."""
    after = []
    for one in results:
        concern = one.enrolment.id in concerned
        if one.passed and (concern or room <= 0):
            after.append(Result(one.enrolment, step(one.enrolment, Step.HOLD), one.score))
        else:
            after.append(one)
            room -= one.passed
    return after


def enrol(enrolment: EnrolmentId, session: SessionId, need: Need, today: date) -> Enrolment:
    """A seat in the session for the need."""
    return Enrolment(
        id=enrolment,
        session=session,
        placement=need.placement,
        worker=need.worker,
        county=need.county,
        designation=need.designation,
        designation_version=need.designation_version,
        destination=need.destination,
        occupation=need.occupation,
        enrolled_on=today,
    )


def step(enrolment: Enrolment, taken: Step, *, field: str | None = None) -> EnrolmentState:
    """The state after the step. Raises IllegalStep, which shows the present one."""
    after = STEPS.get((enrolment.state, taken))
    if after is None:
        raise IllegalStep(f"an enrolment that is {enrolment.state} cannot {taken}", field=field, state=enrolment.state)
    return after


def require_not_assessed(roster: Sequence[Enrolment]) -> None:
    """Raises SessionAssessed."""
    if any(one.assessed_on is not None for one in roster):
        raise SessionAssessed


def require_day_length(minutes: int, field: str) -> None:
    """Raises DayTooLong."""
    if minutes > LONGEST_DAY:
        raise DayTooLong(f"{minutes} minutes; a day has at most {LONGEST_DAY}", field=field)


def require_enrolled_by(enrolment: Enrolment, day: date, field: str) -> None:
    """Raises BeforeEnrolment."""
    if day < enrolment.enrolled_on:
        raise BeforeEnrolment(f"enrolled on {enrolment.enrolled_on}", field=field)


def require_assessed_after(last_attended: date | None, day: date, field: str) -> None:
    """Raises AssessedBeforeAttendance."""
    if last_attended is not None and day < last_attended:
        raise AssessedBeforeAttendance(f"attended until {last_attended}", field=field)


def require_certified_after(enrolment: Enrolment, day: date, field: str) -> None:
    """Raises CertifiedBeforeAssessment."""
    if enrolment.assessed_on is not None and day < enrolment.assessed_on:
        raise CertifiedBeforeAssessment(f"assessed on {enrolment.assessed_on}", field=field)


def require_attended(enrolment: Enrolment, course: Course, days_held: int, percent: int, field: str) -> None:
    """W1: the course's hours were attended, and the share of the days held. Raises TooFewMinutes, TooManyAbsences."""
    if _too_few_minutes(enrolment, course):
        detail = f"{enrolment.minutes_total} of {course.minimum_minutes - enrolment.credited} minutes"
        raise TooFewMinutes(detail, field=field, state=enrolment.minutes_total)
    if _too_many_absences(enrolment, course, days_held, percent):
        detail = f"{enrolment.days_attended} of {days_held} days; {percent} % are needed"
        raise TooManyAbsences(detail, field=field, state=enrolment.days_attended)


def has_attended(enrolment: Enrolment, course: Course, days_held: int, percent: int) -> bool:
    """Whether `require_attended` lets the enrolment pass."""
    return not _too_few_minutes(enrolment, course) and not _too_many_absences(enrolment, course, days_held, percent)


def _too_few_minutes(enrolment: Enrolment, course: Course) -> bool:
    return enrolment.minutes_total + enrolment.credited < course.minimum_minutes


def _too_many_absences(enrolment: Enrolment, course: Course, days_held: int, percent: int) -> bool:
    """Of the days held, the share that is not credited has to be attended to so many percent."""
    uncredited = max(0, course.minimum_minutes - enrolment.credited)
    return enrolment.days_attended * 100 * course.minimum_minutes < days_held * percent * uncredited


def passed(score: int, mark: int, claimed: bool | None, field: str) -> bool:
    """Whether the score passes. Raises ResultContradictsScore when the assessor claims otherwise."""
    result = score >= mark
    if claimed is not None and claimed != result:
        raise ResultContradictsScore(f"the pass mark is {mark}", field=field)
    return result


def require_once(named: Sequence[EnrolmentId | date], path: str) -> None:
    """Raises NamedTwice at the first that repeats one before it; `path` is its field, with {} for its index."""
    seen: set[EnrolmentId | date] = set()
    for index, one in enumerate(named):
        if one in seen:
            raise NamedTwice(field=path.format(index))
        seen.add(one)

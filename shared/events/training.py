"""Events of training. Subjects: a course, a session, or an enrolment."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from shared.events.event import TRAINING, Event, Origin, Part
from shared.values import (
    CentreId,
    CountyCode,
    CourseId,
    Destination,
    EnrolmentId,
    Occupation,
    PlacementId,
    RecognitionId,
    SessionId,
    WorkerId,
)


class _Training(Event):
    TOPIC = TRAINING

    course: CourseId
    destination: Destination
    occupation: Occupation
    effective: date


class _Centre(Event):
    TOPIC = TRAINING
    SUBJECT = "centre_id"

    centre_id: CentreId
    centre: str
    effective: date


class _Licence(_Centre):
    licence_no: str | None  # None: the centre was at work before licences were kept here
    region: CountyCode | None
    valid_from: date
    valid_to: date
    capacity: int  # trainees at a time


class CentreLicensed(_Licence):
    trainers: int  # how many accounts
    assessors: int


class CentreRenewed(_Licence):
    previous_valid_to: date


class CentreStaffed(_Centre):
    """Who teaches and assesses from now on: how many; the accounts stay with training."""

    trainers: int
    assessors: int


class CentreSuspended(_Centre):
    """Its sessions to come are cancelled."""

    reason: Literal["breach", "investigation", "premises", "false_records"]


class CentreReinstated(_Centre):
    suspended_on: date


class CentreRevoked(_Centre):
    """For good. Its sessions that are not over are cancelled."""

    reason: Literal["breach", "false_records", "certificates_sold", "business_ended"]


class CoursePublished(_Training):
    SUBJECT = "course"

    centre: str
    minimum_minutes: int


class CourseScheduled(_Training):
    SUBJECT = "session"

    session: SessionId
    centre: str
    starts_on: date
    ends_on: date
    seats: int


class SessionCancelled(_Training):
    """It does not take place. `reseated` of those enrolled got another seat in time, `waiting` are on the waiting list."""

    SUBJECT = "session"

    session: SessionId
    centre: str
    reason: Literal["too_few", "trainer_unavailable", "premises_unavailable", "emergency", "centre_closed"]
    reseated: int
    waiting: int


class _Enrolment(_Training):
    SUBJECT = "enrolment"

    enrolment: EnrolmentId
    worker: WorkerId
    placement: PlacementId
    origin: Origin


class WorkerEnrolled(_Enrolment):
    """`replaces`: the enrolment that was given up for this one, which its own event ends."""

    session: SessionId
    replaces: EnrolmentId | None = None


class EnrolmentCancelled(_Enrolment):
    """The seat is given up. What follows is a WorkerEnrolled of the same placement, now or when a seat comes free."""

    reason: str


class AttendanceRecorded(_Enrolment):
    minutes: int
    minutes_total: int


class AssessmentRecorded(_Enrolment):
    score: int  # 0..100
    passed: bool


class AttendanceCorrected(_Enrolment):
    """The minutes of the effective day are others than recorded."""

    previous: int
    fact: int
    minutes_total: int
    reason: Literal["recorded_again", "mistyped", "misread", "appeal", "finding"]
    approver: str | None


class AssessmentFact(Part):
    score: int
    passed: bool
    assessed_on: date


class AssessmentCorrected(_Enrolment):
    """Score, day or outcome of an examination are others than recorded; an approver where a pass is gained or lost."""

    previous: AssessmentFact
    fact: AssessmentFact
    reason: Literal["mistyped", "misread", "appeal", "finding"]
    approver: str | None


class PriorLearningRecognised(_Training):
    """Minutes learned before count towards the course until `valid_to`; with a `serial`, a certificate from elsewhere stands for it."""

    SUBJECT = "recognition"

    recognition: RecognitionId
    worker: WorkerId
    placement: PlacementId
    origin: Origin
    kind: Literal["certificate", "course", "work"]
    minutes: int
    completed_on: date
    valid_to: date
    serial: str | None
    requested_by: str
    approver: str


class CertificateFact(Part):
    issued_on: date
    valid_to: date
    minutes: int


class CertificateCorrected(_Enrolment):
    """It was issued on another day; an approver where it holds longer by that."""

    serial: str
    previous: CertificateFact
    fact: CertificateFact
    reason: Literal["mistyped", "misread", "appeal", "finding"]
    approver: str | None


class AttendanceOverlapFlagged(_Enrolment):
    """On the effective day the worker was recorded in two centres, or for longer than anybody sits: an officer has to look."""

    finding: UUID
    kind: Literal["two_centres", "long_day", "pass_cap"]
    other: EnrolmentId | None
    minutes: int | None  # of the whole day


class AssessmentHeld(_Enrolment):
    """A pass by its score that does not count until an officer has looked; then it is an AssessmentRecorded, or void."""

    score: int


class FindingDecided(_Enrolment):
    """An officer had no part in it and has looked."""

    finding: UUID
    kind: Literal["two_centres", "long_day", "pass_cap"]
    outcome: Literal["dismissed", "upheld"]


class CertificateIssued(_Enrolment):
    """`basis`: where it is prior_learning, it stands for a certificate from elsewhere, and `enrolment` is the recognition's id."""

    serial: str
    minutes: int
    valid_to: date
    basis: Literal["training", "prior_learning"] | None = None  # older events: training
    credited: int | None = None  # minutes of prior learning, beside those attended


class CertificateRevoked(_Enrolment):
    serial: str
    reason: Literal["issued_in_error", "assessment_flawed", "fraud", "course_withdrawn"]
    issued: CertificateFact | None = None  # as it was; older events do not say


class CertificateExpired(_Enrolment):
    """Valid to the day before `effective`. A placement that has not departed needs training again."""

    serial: str
    valid_to: date
    reopens_need: bool | None = None  # whether a placement that rests on it has not departed; older events do not say


EVENTS: tuple[type[Event], ...] = (
    CentreLicensed,
    CentreRenewed,
    CentreStaffed,
    CentreSuspended,
    CentreReinstated,
    CentreRevoked,
    CoursePublished,
    CourseScheduled,
    SessionCancelled,
    WorkerEnrolled,
    EnrolmentCancelled,
    AttendanceRecorded,
    AssessmentRecorded,
    PriorLearningRecognised,
    AttendanceCorrected,
    AssessmentCorrected,
    CertificateCorrected,
    AttendanceOverlapFlagged,
    AssessmentHeld,
    FindingDecided,
    CertificateIssued,
    CertificateRevoked,
    CertificateExpired,
)

"""What training can be asked to do: bounded request models."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.training.domain.centres import RevocationReason, SuspensionReason
from services.training.domain.corrections import CorrectionReason
from services.training.domain.recognitions import RecognitionKind
from shared.values import CountyField, CourseId, Day, DestinationField, EnrolmentId, Line, OccupationField, PlacementId, SessionId

LARGEST_ROSTER = 500
T = TypeVar("T")

Version = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
Capacity = Annotated[int, Field(strict=True, ge=1, le=100_000)]
Accounts = Annotated[tuple[Line, ...], Field(max_length=500), AfterValidator(lambda names: tuple(dict.fromkeys(names)))]
Minutes = Annotated[int, Field(strict=True, ge=0, le=1440)]
Score = Annotated[int, Field(strict=True, ge=0, le=100)]
ListRows = Annotated[tuple[T, ...], Field(min_length=1, max_length=100)]


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LicenseCentre(_Command):
    """Enter a centre's licence. `centre` is the account that acts for it; trainers and assessors are accounts too."""

    centre: Line
    licence_no: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")]
    region: CountyField
    valid_from: Day
    valid_to: Day
    capacity: Capacity
    trainers: Accounts
    assessors: Accounts


class RenewCentre(_Command):
    """The same number, longer."""

    valid_to: Day
    capacity: Capacity | None = None
    version: Version | None = None


class StaffCentre(_Command):
    """Who teaches and who assesses from now on, in place of those before."""

    trainers: Accounts
    assessors: Accounts
    version: Version | None = None


class SuspendCentre(_Command):
    """For a time: its sessions to come are cancelled."""

    reason: SuspensionReason
    version: Version | None = None


class ReinstateCentre(_Command):
    """The suspension ends today."""

    version: Version | None = None


class RevokeCentre(_Command):
    """For good: all its sessions that are not over are cancelled. What was examined before stays."""

    reason: RevocationReason
    version: Version | None = None


class PublishCourse(_Command):
    """Offer a course. It covers every occupation whose ISCO-08 code starts with `occupation`; a trainer's centre is the own one."""

    centre: Line | None = None
    destination: DestinationField
    occupation: OccupationField
    minimum_minutes: Annotated[int, Field(strict=True, ge=1, le=1_000_000)] | None = None
    validity_days: Annotated[int, Field(strict=True, ge=1, le=36_500)] | None = None


class ScheduleSession(_Command):
    """Run a course once. `trainer` is the account that teaches; it may not assess."""

    starts_on: Day
    ends_on: Day
    seats: Annotated[int, Field(strict=True, ge=1, le=1000)]
    trainer: Line


class ListedSession(ScheduleSession):
    """One row of a list."""

    course: CourseId


class ScheduleSessions(_Command):
    """Run courses, each once or several times. Each row is answered for by itself."""

    rows: ListRows[ListedSession]


class CancelSession(_Command):
    """It does not take place. The reason is published; who was enrolled gets another seat or waits."""

    reason: Literal["too_few", "trainer_unavailable", "premises_unavailable", "emergency"]


class Enrol(_Command):
    """A seat for a placement that needs training. One that has a seat elsewhere moves here, if there is room."""

    placement: PlacementId


class CancelEnrolment(_Command):
    """The seat goes to whoever waits; the placement waits for another session."""

    reason: Literal["worker_unavailable", "illness", "wrong_course", "no_show", "entered_in_error"]


class Attended(_Command):
    enrolment: EnrolmentId
    minutes: Minutes


class RecordAttendance(_Command):
    """One day's roster. Recording an enrolment's day again replaces its minutes."""

    day: Day
    entries: Annotated[tuple[Attended, ...], Field(min_length=1, max_length=LARGEST_ROSTER)]


class RecordRegister(_Command):
    """The rosters of several days, as they stand in the register that a centre keeps. Written whole or not at all."""

    days: Annotated[tuple[RecordAttendance, ...], Field(min_length=1, max_length=31)]


class ListedRegister(RecordRegister):
    """One row of a list."""

    session: SessionId


class RecordRegisters(_Command):
    """The registers of several sessions. Each is written whole or not at all, and answered for by itself."""

    rows: ListRows[ListedRegister]


class Assessed(_Command):
    enrolment: EnrolmentId
    score: Score
    passed: Annotated[bool, Field(strict=True)] | None = None


class RecordAssessment(_Command):
    """Results of one examination. `assessed_on` is today unless given, `assessor` the account that sends it."""

    assessed_on: Day | None = None
    assessor: Line | None = None
    entries: Annotated[tuple[Assessed, ...], Field(min_length=1, max_length=LARGEST_ROSTER)]


class ListedAssessment(RecordAssessment):
    """One row of a list."""

    session: SessionId


class RecordAssessments(_Command):
    """Results of the examinations of several sessions. Each row is answered for by itself."""

    rows: ListRows[ListedAssessment]


class CorrectAttendance(_Command):
    """The minutes of one day were others. A pass that hangs on them waits for a second person."""

    day: Day
    minutes: Minutes
    reason: CorrectionReason


class CorrectAssessment(_Command):
    """The score or the day were others; what is not given stays. A pass gained or lost waits for a second person."""

    score: Score | None = None
    assessed_on: Day | None = None
    reason: CorrectionReason


class CorrectCertificate(_Command):
    """It was issued on another day, and holds from that day. One that holds longer waits for a second person."""

    issued_on: Day
    reason: CorrectionReason


class ApproveCorrection(_Command):
    """By somebody else than who asked for it."""


class RejectCorrection(_Command):
    """By somebody else than who asked for it."""


class AskRecognition(_Command):
    """What was learned before the course. The evidence (a number, an issuer) stays with this service."""

    placement: PlacementId
    course: CourseId
    kind: RecognitionKind
    evidence: Line
    completed_on: Day
    minutes: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    valid_to: Day | None = None


class Recognise(_Command):
    """By somebody else than who asked for it."""


class RefuseRecognition(_Command):
    """By somebody else than who asked for it."""

    reason: Literal["not_proven", "not_equivalent", "withdrawn"]


class DecideFinding(_Command):
    """dismissed: there is an explanation; upheld: the record is not believed. The explanation may name somebody: it stays here."""

    outcome: Literal["dismissed", "upheld"]
    explanation: Line


class IssueCertificates(_Command):
    """Certify those named, or everybody of the session who has passed."""

    issued_on: Day | None = None
    enrolments: Annotated[tuple[EnrolmentId, ...], Field(min_length=1, max_length=LARGEST_ROSTER)] | None = None


class ListedCertification(IssueCertificates):
    """One row of a list."""

    session: SessionId


class CertifySessions(_Command):
    """Certify who has passed in several sessions. Each row is answered for by itself."""

    rows: ListRows[ListedCertification]


class RevokeCertificate(_Command):
    """The reason is published. The explanation may name somebody: it stays with this service."""

    reason: Literal["issued_in_error", "assessment_flawed", "fraud", "course_withdrawn"]
    explanation: Line | None = None

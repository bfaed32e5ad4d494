"""What training can be asked to do: bounded request models."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.values import Day, DestinationField, EnrolmentId, Line, OccupationField, PlacementId

LARGEST_ROSTER = 500

Minutes = Annotated[int, Field(strict=True, ge=0, le=1440)]
Score = Annotated[int, Field(strict=True, ge=0, le=100)]


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


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


class Assessed(_Command):
    enrolment: EnrolmentId
    score: Score
    passed: Annotated[bool, Field(strict=True)] | None = None


class RecordAssessment(_Command):
    """Results of one examination. `assessed_on` is today unless given."""

    assessed_on: Day | None = None
    entries: Annotated[tuple[Assessed, ...], Field(min_length=1, max_length=LARGEST_ROSTER)]


class IssueCertificates(_Command):
    """Certify those named, or everybody of the session who has passed."""

    issued_on: Day | None = None
    enrolments: Annotated[tuple[EnrolmentId, ...], Field(min_length=1, max_length=LARGEST_ROSTER)] | None = None


class RevokeCertificate(_Command):
    """The reason is published. The explanation may name somebody: it stays with this service."""

    reason: Literal["issued_in_error", "assessment_flawed", "fraud", "course_withdrawn"]
    explanation: Line | None = None

"""What training can be asked to do: bounded request models."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from shared.values import Day, DestinationField, EnrolmentId, Line, OccupationField

LARGEST_ROSTER = 500
_ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _written_out(value: object) -> object:
    """Only YYYY-MM-DD: pydantic alone would also take 0 and "0" for days after 1970."""
    if isinstance(value, datetime) or not isinstance(value, str | date) or (isinstance(value, str) and not _ISO_DAY.fullmatch(value)):
        message = "must be a date as YYYY-MM-DD"
        raise ValueError(message)
    return value


IsoDay = Annotated[Day, BeforeValidator(_written_out)]
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

    starts_on: IsoDay
    ends_on: IsoDay
    seats: Annotated[int, Field(strict=True, ge=1, le=1000)]
    trainer: Line


class Attended(_Command):
    enrolment: EnrolmentId
    minutes: Minutes


class RecordAttendance(_Command):
    """One day's roster. Recording an enrolment's day again replaces its minutes."""

    day: IsoDay
    entries: Annotated[tuple[Attended, ...], Field(min_length=1, max_length=LARGEST_ROSTER)]


class Assessed(_Command):
    enrolment: EnrolmentId
    score: Score
    passed: Annotated[bool, Field(strict=True)] | None = None


class RecordAssessment(_Command):
    """Results of one examination. `assessed_on` is today unless given."""

    assessed_on: IsoDay | None = None
    entries: Annotated[tuple[Assessed, ...], Field(min_length=1, max_length=LARGEST_ROSTER)]


class IssueCertificates(_Command):
    """Certify those named, or everybody of the session who has passed."""

    issued_on: IsoDay | None = None
    enrolments: Annotated[tuple[EnrolmentId, ...], Field(min_length=1, max_length=LARGEST_ROSTER)] | None = None


class RevokeCertificate(_Command):
    reason: Line

"""Certificates: what they are bound to, and whether one is valid on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal, NewType

from services.training.domain.courses import Course
from services.training.domain.enrolments import Enrolment
from services.training.domain.errors import AlreadyRevoked
from services.training.domain.needs import Need
from services.training.domain.recognitions import Recognition
from shared.values import CountyCode, CourseId, Designation, Destination, EnrolmentId, Occupation, PlacementId, RecognitionId, WorkerId

Basis = Literal["training", "prior_learning"]
RevocationReason = Literal["issued_in_error", "assessment_flawed", "fraud", "course_withdrawn"]
Serial = NewType("Serial", str)


class Validity(StrEnum):
    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Bound to the destination and occupation of the placement it was earned for, and to the worker."""

    serial: Serial
    enrolment: EnrolmentId | None
    recognition: RecognitionId | None = None
    course: CourseId
    centre: str
    worker: WorkerId
    placement: PlacementId
    county: CountyCode
    designation: Designation
    designation_version: str
    destination: Destination
    occupation: Occupation
    minutes: int
    credited: int = 0  # of prior learning, beside the minutes attended
    issued_on: date
    valid_to: date
    revoked_on: date | None = None
    revoked_why: RevocationReason | None = None

    @property
    def basis(self) -> Basis:
        return "training" if self.recognition is None else "prior_learning"

    def validity(self, on: date) -> Validity:
        if self.revoked_on is not None:
            return Validity.REVOKED
        return Validity.EXPIRED if self.valid_to < on else Validity.VALID


def certify(number: int, enrolment: Enrolment, course: Course, issued_on: date) -> Certificate:
    return Certificate(
        serial=_serial(number, issued_on),
        enrolment=enrolment.id,
        course=course.id,
        centre=course.centre,
        worker=enrolment.worker,
        placement=enrolment.placement,
        county=enrolment.county,
        designation=enrolment.designation,
        designation_version=enrolment.designation_version,
        destination=enrolment.destination,
        occupation=enrolment.occupation,
        minutes=enrolment.minutes_total,
        credited=enrolment.credited,
        issued_on=issued_on,
        valid_to=issued_on + timedelta(days=course.validity_days),
    )


def recognise(number: int, recognition: Recognition, need: Need, course: Course, today: date) -> Certificate:
    """In place of one from elsewhere, for as long as that holds."""
    return Certificate(
        serial=_serial(number, today),
        enrolment=None,
        recognition=recognition.id,
        course=course.id,
        centre=course.centre,
        worker=need.worker,
        placement=need.placement,
        county=need.county,
        designation=need.designation,
        designation_version=need.designation_version,
        destination=need.destination,
        occupation=need.occupation,
        minutes=recognition.minutes,
        issued_on=today,
        valid_to=recognition.valid_to,
    )


def _serial(number: int, issued_on: date) -> Serial:
    return Serial(f"TC{issued_on.year:04d}{number:08d}")


def require_revocable(certificate: Certificate) -> None:
    """Raises AlreadyRevoked."""
    if certificate.revoked_on is not None:
        raise AlreadyRevoked(f"revoked on {certificate.revoked_on}", state="revoked")

"""What events of training have in common."""

from __future__ import annotations

from datetime import date
from typing import TypedDict, cast
from uuid import UUID

from services.training.domain.certificates import Certificate
from services.training.domain.courses import Course
from services.training.domain.enrolments import Enrolment
from services.training.domain.needs import Need
from shared import events
from shared.events import Origin
from shared.values import CourseId, Destination, EnrolmentId, Occupation, PlacementId, WorkerId


class CourseCodes(TypedDict):
    """What every event of a course or a session carries."""

    course: CourseId
    destination: Destination
    occupation: Occupation
    effective: date


class RecognitionCodes(CourseCodes):
    """Destination and occupation are the placement's."""

    worker: WorkerId
    placement: PlacementId
    origin: Origin


class Codes(RecognitionCodes):
    """What every event of an enrolment carries."""

    enrolment: EnrolmentId


def course_codes(course: Course, effective: date) -> CourseCodes:
    return CourseCodes(course=course.id, destination=course.destination, occupation=course.occupation, effective=effective)


def codes(enrolment: Enrolment, course: CourseId, effective: date) -> Codes:
    return Codes(
        course=course,
        destination=enrolment.destination,
        occupation=enrolment.occupation,
        effective=effective,
        enrolment=enrolment.id,
        worker=enrolment.worker,
        placement=enrolment.placement,
        origin=_origin(enrolment),
    )


def certificate_codes(certificate: Certificate, effective: date) -> Codes:
    return Codes(
        course=certificate.course,
        destination=certificate.destination,
        occupation=certificate.occupation,
        effective=effective,
        enrolment=certificate.enrolment or EnrolmentId(cast("UUID", certificate.recognition)),
        worker=certificate.worker,
        placement=certificate.placement,
        origin=_origin(certificate),
    )


def recognition_codes(need: Need, course: Course, effective: date) -> RecognitionCodes:
    return RecognitionCodes(
        course=course.id,
        destination=need.destination,
        occupation=need.occupation,
        effective=effective,
        worker=need.worker,
        placement=need.placement,
        origin=_origin(need),
    )


def certificate_fact(certificate: Certificate) -> events.CertificateFact:
    return events.CertificateFact(issued_on=certificate.issued_on, valid_to=certificate.valid_to, minutes=certificate.minutes)


def _origin(subject: Enrolment | Certificate | Need) -> Origin:
    return Origin(county=subject.county, designation=subject.designation, designation_version=subject.designation_version)

"""What events of training have in common."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from services.training.domain.certificates import Certificate
from services.training.domain.courses import Course
from services.training.domain.enrolments import Enrolment
from shared import events
from shared.events import Origin
from shared.values import CourseId, Destination, EnrolmentId, Occupation, PlacementId, WorkerId


class CourseCodes(TypedDict):
    """What every event of a course or a session carries."""

    course: CourseId
    destination: Destination
    occupation: Occupation
    effective: date


class Codes(CourseCodes):
    """What every event of an enrolment carries; destination and occupation are the placement's."""

    enrolment: EnrolmentId
    worker: WorkerId
    placement: PlacementId
    origin: Origin


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
        enrolment=certificate.enrolment,
        worker=certificate.worker,
        placement=certificate.placement,
        origin=_origin(certificate),
    )


def certificate_fact(certificate: Certificate) -> events.CertificateFact:
    return events.CertificateFact(issued_on=certificate.issued_on, valid_to=certificate.valid_to, minutes=certificate.minutes)


def _origin(subject: Enrolment | Certificate) -> Origin:
    return Origin(county=subject.county, designation=subject.designation, designation_version=subject.designation_version)

"""What every event of an enrolment carries."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from services.training.domain import Enrolment
from shared.events import Origin
from shared.values import CourseId, Designation, Destination, EnrolmentId, Occupation, PlacementId, WorkerId


class Codes(TypedDict):
    """What every event of an enrolment carries."""

    course: CourseId
    destination: Destination
    occupation: Occupation
    effective: date
    enrolment: EnrolmentId
    worker: WorkerId
    placement: PlacementId
    origin: Origin


def codes(enrolment: Enrolment, course: CourseId, effective: date) -> Codes:
    origin = Origin(
        county=enrolment.county, designation=Designation(enrolment.designation), designation_version=enrolment.designation_version
    )
    return Codes(
        course=course,
        destination=enrolment.destination,
        occupation=enrolment.occupation,
        effective=effective,
        enrolment=enrolment.id,
        worker=enrolment.worker,
        placement=enrolment.placement,
        origin=origin,
    )

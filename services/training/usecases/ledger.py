"""Every change is an event and a line of history, or neither; and the codes every event carries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypedDict

from services.training.domain import Enrolment
from services.training.queries import history
from shared import outbox
from shared.db import Tx
from shared.events import Data, Origin
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
        course=course, destination=enrolment.destination, occupation=enrolment.occupation, effective=effective, enrolment=enrolment.id,
        worker=enrolment.worker, placement=enrolment.placement, origin=origin,
    )  # fmt: skip


async def record(tx: Tx, changes: Sequence[Data]) -> None:
    """Publish the events, in order, and write them into the history of what they are about."""
    if changes:
        await history.add(tx, await outbox.publish_all(tx, changes), changes)

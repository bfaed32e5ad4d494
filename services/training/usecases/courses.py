"""Courses."""

from __future__ import annotations

from services.training import commands
from services.training.domain.courses import Course
from services.training.domain.errors import CentreMissing
from services.training.queries import courses
from services.training.settings import policy
from services.training.usecases.event_fields import course_codes
from services.training.usecases.scope import own_centre
from services.training.views import courses as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.paging import Page
from shared.principals import require_party
from shared.values import CourseId, Destination, Occupation, new_id


async def publish_course(tx: Tx, command: commands.PublishCourse) -> views.Course:
    """Raises CentreMissing, DestinationNotFound, OccupationNotFound, Forbidden."""
    reference.require_destination(command.destination)
    reference.require_occupation(command.occupation)
    centre = command.centre or own_centre(tx.principal)
    if not centre:
        raise CentreMissing(field="centre")
    require_party(tx.principal, centre)
    course = Course(
        id=CourseId(new_id()),
        centre=centre,
        destination=command.destination,
        occupation=command.occupation,
        minimum_minutes=command.minimum_minutes or policy().training_minimum_minutes,
        validity_days=command.validity_days or policy().training_validity_days,
    )
    today = tx.clock.today()
    await courses.insert(tx, course, today)
    publish_and_audit(tx, events.CoursePublished(centre=centre, minimum_minutes=course.minimum_minutes, **course_codes(course, today)))
    return views.Course.from_course(course)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_courses(
    tx: Tx, page: Page, destination: Destination | None, occupation: Occupation | None, centre: str | None
) -> views.Courses:
    """All courses: what is offered is public among those who may ask at all."""
    items, following = await courses.list_(tx, page, destination, occupation, centre)
    return views.Courses(items=tuple(map(views.Course.from_course, items)), next=following)

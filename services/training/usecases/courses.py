"""Courses and their sessions."""

from __future__ import annotations

from dataclasses import replace

from services.training import commands, views
from services.training.domain import (
    CentreMissing,
    Course,
    CourseNotFound,
    DestinationNotFound,
    OccupationNotFound,
    Session,
    SessionNotFound,
    require_session_days,
)
from services.training.queries import courses as queries
from services.training.queries import enrolments
from services.training.settings import policy
from services.training.usecases import seats
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.principals import Role, require_party
from shared.values import CourseId, Destination, SessionId, new_id

WHOLE_ROSTER = 1000  # a session has no more seats


async def publish_course(tx: Tx, command: commands.PublishCourse) -> views.Course:
    """Raises CentreMissing, DestinationNotFound, OccupationNotFound, Forbidden."""
    if not reference.known_destination(command.destination):
        raise DestinationNotFound(field="destination")
    if not reference.known_occupation(command.occupation):
        raise OccupationNotFound(field="occupation")
    centre = command.centre or (tx.principal.party if tx.principal.role is Role.TRAINER else None)
    if centre is None:
        raise CentreMissing(field="centre")
    require_party(tx.principal, centre)
    course = Course(
        CourseId(new_id()),
        centre,
        command.destination,
        command.occupation,
        command.minimum_minutes or policy().training_minimum_minutes,
        command.validity_days or policy().training_validity_days,
    )
    today = tx.clock.today()
    await queries.insert_course(tx, course, today)
    published = events.CoursePublished(
        course=course.id,
        destination=course.destination,
        occupation=course.occupation,
        effective=today,
        centre=centre,
        minimum_minutes=course.minimum_minutes,
    )
    publish_and_audit(tx, published)
    return views.course(course)


async def schedule_session(tx: Tx, course_id: CourseId, command: commands.ScheduleSession) -> views.Scheduled:
    """Open a session; those who wait for such a course get its seats, oldest need first.

    Raises CourseNotFound, SessionDays, SessionInPast, Forbidden.
    """
    course = await queries.course(tx, course_id)
    if course is None:
        raise CourseNotFound
    require_party(tx.principal, course.centre)
    today = tx.clock.today()
    require_session_days(command.starts_on, command.ends_on, today)
    session = Session(SessionId(new_id()), course, command.starts_on, command.ends_on, command.seats, 0, command.trainer)
    await queries.lock_allocation(tx)
    await queries.insert_session(tx, session)
    scheduled = events.CourseScheduled(
        course=course.id,
        destination=course.destination,
        occupation=course.occupation,
        effective=today,
        session=session.id,
        centre=course.centre,
        starts_on=session.starts_on,
        ends_on=session.ends_on,
        seats=session.seats,
    )
    publish_and_audit(tx, scheduled)
    enrolled = await seats.fill(tx, session)
    shown = views.session(replace(session, taken=len(enrolled))).model_dump()
    return views.Scheduled(**shown, enrolled=tuple(one.id for one in enrolled))


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_courses(tx: Tx, destination: Destination | None, after: CourseId | None, limit: int) -> views.Courses:
    """All courses: what is offered is public among those who may ask at all."""
    rows = await queries.courses(tx, after, destination, None, limit + 1)
    items = tuple(views.course(row) for row in rows[:limit])
    return views.Courses(items=items, next=items[-1].course if len(rows) > limit else None)


async def list_sessions(tx: Tx, destination: Destination | None, free: bool | None, after: SessionId | None, limit: int) -> views.Sessions:
    """Sessions; a trainer sees those of the own centre."""
    rows = await queries.sessions(tx, after, destination, own_centre(tx), free, limit + 1)
    items = tuple(views.session(row) for row in rows[:limit])
    return views.Sessions(items=items, next=items[-1].session if len(rows) > limit else None)


async def show_session(tx: Tx, session_id: SessionId) -> views.Roster:
    """A session with those on its roster whose counties the caller covers; a trainer, all of the own centre's."""
    session = await queries.session(tx, session_id)
    if session is None:
        raise SessionNotFound
    require_party(tx.principal, session.course.centre)
    rows = await enrolments.enrolments(tx, session=session_id, counties=counties_seen(tx), limit=WHOLE_ROSTER)
    roster = tuple(views.enrolment(row.enrolment, row.serial) for row in rows)
    return views.Roster(**views.session(session).model_dump(), roster=roster)


def own_centre(tx: Tx) -> str | None:
    """The centre a trainer is bound to; None for roles bound by region. A trainer without one is bound to nothing that exists."""
    return (tx.principal.party or "") if tx.principal.role is Role.TRAINER else None


def counties_seen(tx: Tx) -> tuple[str, ...]:
    """County prefixes a caller may see; a trainer teaches whoever is matched, from wherever."""
    return ("",) if tx.principal.role is Role.TRAINER else tx.principal.county_prefixes()

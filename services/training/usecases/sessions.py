"""Sessions of a course."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from services.training import commands
from services.training.domain.centres import require_active, require_capacity, require_covered, require_trainer
from services.training.domain.enrolments import EnrolmentState, require_not_assessed
from services.training.domain.errors import CourseNotFound, SessionNotFound
from services.training.domain.sessions import CancellationReason, Session, SessionState, SessionStep, require_session_days, session_after
from services.training.queries import attendance, centres, courses, enrolments, sessions
from services.training.usecases import seats
from services.training.usecases.event_fields import course_codes
from services.training.usecases.scope import counties_seen, lock_session, own_centre, require_region
from services.training.views import sessions as views
from services.training.views.enrolments import AttendanceSheet, DayAttended, Enrolment, Seating
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.listed_rows import apply_each
from shared.paging import Page
from shared.principals import require_party
from shared.values import CourseId, Destination, SessionId, new_id

WHOLE_ROSTER = 1000  # a session has no more seats
MONTH = timedelta(days=30)  # between the first and the last day of an attendance sheet


async def schedule_session(tx: Tx, course_id: CourseId, command: commands.ScheduleSession) -> views.Scheduled:
    """Open a session; those who wait for such a course get its seats, oldest need first.

    Raises CourseNotFound, SessionDays, SessionInPast, CentreNotLicensed, CentreNotActive, TrainerNotRegistered, CapacityExceeded,
    Forbidden.
    """
    course = await courses.get(tx, course_id)
    if course is None:
        raise CourseNotFound
    require_party(tx.principal, course.centre)
    today = tx.clock.today()
    require_session_days(command.starts_on, command.ends_on, today)
    session = Session(
        id=SessionId(new_id()),
        course=course,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        seats=command.seats,
        taken=0,
        trainer=command.trainer,
    )
    await sessions.lock_allocation(tx)
    await _require_licensed(tx, session)
    await sessions.insert(tx, session)
    scheduled = events.CourseScheduled(
        session=session.id,
        centre=course.centre,
        starts_on=session.starts_on,
        ends_on=session.ends_on,
        seats=session.seats,
        **course_codes(course, today),
    )
    publish_and_audit(tx, scheduled)
    enrolled = await seats.fill(tx, session)
    return views.Scheduled.from_session(replace(session, taken=len(enrolled)), today, enrolled=tuple(one.id for one in enrolled))


async def schedule_sessions(tx: Tx, command: commands.ScheduleSessions) -> views.ScheduledSessions:
    """Each good row is scheduled; each bad one is answered with its field and code."""
    done, refused = await apply_each(tx, command.rows, lambda row: schedule_session(tx, row.course, row))
    return views.ScheduledSessions(scheduled=len(done), refused=refused, sessions=tuple(one.session for one in done))


async def _require_licensed(tx: Tx, session: Session) -> None:
    """W1: at a centre licensed on all its days, by one of its trainers, within its capacity.

    Raises CentreNotLicensed, CentreNotActive, TrainerNotRegistered, CapacityExceeded, Forbidden.
    """
    centre = require_active(await centres.lock_shared(tx, session.course.centre))
    require_region(tx.principal, centre)
    require_covered(centre, session.starts_on, session.ends_on)
    require_trainer(centre, session.trainer)
    require_capacity(centre, session.seats, await sessions.get_busiest(tx, centre.centre, session.starts_on, session.ends_on))


async def cancel_session(tx: Tx, session_id: SessionId, command: commands.CancelSession) -> views.CancelledSession:
    """It does not take place. Everybody enrolled gets a seat in time elsewhere, or waits; each is an event.

    Raises SessionNotFound, IllegalStep, SessionAssessed, Forbidden.
    """
    await sessions.lock_allocation(tx)
    session = await lock_session(tx, session_id)
    centre = await centres.get_by_name(tx, session.course.centre)
    if centre is not None:
        require_region(tx.principal, centre)
    return await cancel(tx, session, command.reason)


async def cancel(tx: Tx, session: Session, reason: CancellationReason) -> views.CancelledSession:
    """The caller holds the allocation lock and the session's. Raises IllegalStep, SessionAssessed."""
    session_after(session, SessionStep.CANCEL)
    roster = list((await enrolments.lock_roster(tx, session.id, None)).values())
    require_not_assessed(roster)
    left = [one for one in roster if one.state is EnrolmentState.ENROLLED]
    empty = await seats.give_up(tx, session, left, "session_cancelled")
    today = tx.clock.today()
    await sessions.update_cancelled(tx, session.id, today, reason)
    seated = await seats.reseat(tx, session, left)
    found = {one.placement for one in seated}
    waiting = [one.placement for one in left if one.placement not in found]
    cancelled = events.SessionCancelled(
        session=session.id,
        centre=session.course.centre,
        reason=reason,
        reseated=len(seated),
        waiting=len(waiting),
        **course_codes(session.course, today),
    )
    publish_and_audit(tx, cancelled)
    return views.CancelledSession.from_session(
        replace(empty, state=SessionState.CANCELLED),
        tx.clock.today(),
        reseated=tuple(map(Seating.from_enrolment, seated)),
        waiting=tuple(waiting),
    )


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_sessions(tx: Tx, page: Page, *, destination: Destination | None, free: bool | None, to_assess: bool) -> views.Sessions:
    """Sessions; a trainer sees those of the own centre. `to_assess`: begun, with somebody who is not assessed."""
    today = tx.clock.today()
    begun = today if to_assess else None
    items, following = await sessions.list_(tx, page, destination=destination, centre=own_centre(tx.principal), free=free, to_assess=begun)
    return views.Sessions(items=tuple(views.Session.from_session(one, today) for one in items), next=following)


async def show_session(tx: Tx, session_id: SessionId) -> views.Roster:
    """A session with those on its roster whose counties the caller covers; a trainer, all of the own centre's."""
    session = await sessions.get(tx, session_id)
    if session is None:
        raise SessionNotFound
    require_party(tx.principal, session.course.centre)
    found, _ = await enrolments.list_(tx, Page(path="", limit=WHOLE_ROSTER), session=session_id, counties=counties_seen(tx.principal))
    roster = tuple(Enrolment.from_enrolment(one, one.serial, one.worker_no) for one in found)
    return views.Roster.from_session(session, tx.clock.today(), roster=roster)


async def show_attendance(tx: Tx, session_id: SessionId, since: date | None, until: date | None) -> AttendanceSheet:
    """The minutes recorded day by day; a month at most, from the session's first day unless given. Raises SessionNotFound, Forbidden."""
    session = await sessions.get(tx, session_id)
    if session is None:
        raise SessionNotFound
    require_party(tx.principal, session.course.centre)
    first = max(since or session.starts_on, session.starts_on)
    last = min(until or session.ends_on, session.ends_on, session.ends_on if first > session.ends_on else first + MONTH)
    found = await attendance.list_of_session(tx, session_id, first, last, counties_seen(tx.principal))
    return AttendanceSheet(since=first, until=last, items=tuple(map(DayAttended.from_attended, found)))

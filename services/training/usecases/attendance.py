"""Attendance by the day. A roster is written whole or not at all."""

from __future__ import annotations

from services.training import commands
from services.training.domain.enrolments import Step, require_day_length, require_enrolled_by, step
from services.training.domain.findings import FindingKind
from services.training.domain.sessions import Session, SessionStep, require_attendance_day, session_after
from services.training.queries import attendance, enrolments
from services.training.usecases.event_fields import Codes, codes
from services.training.usecases.findings import flag_attendance
from services.training.usecases.scope import get_centre, lock_named, lock_session
from services.training.views import enrolments as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import SessionId


async def record_attendance(tx: Tx, session_id: SessionId, command: commands.RecordAttendance) -> views.Attendance:
    """One day's minutes. Raises SessionNotFound, DayOutsideSession, DayInFuture, BeforeEnrolment, DayTooLong, NotInSession, NamedTwice,
    IllegalStep, CentreNotLicensed, CentreNotActive.
    """
    return await _record_day(tx, await _lock_attended(tx, session_id), command, "")


async def record_register(tx: Tx, session_id: SessionId, command: commands.RecordRegister) -> views.Attendance:
    """The minutes of several days, in the order given. Raises what record_attendance raises."""
    session = await _lock_attended(tx, session_id)
    recorded = [await _record_day(tx, session, one, f"days.{index}.") for index, one in enumerate(command.days)]
    return views.Attendance(
        recorded=sum(one.recorded for one in recorded),
        overlaps=sum(one.overlaps for one in recorded),
        findings=sum(one.findings for one in recorded),
    )


async def _lock_attended(tx: Tx, session_id: SessionId) -> Session:
    """Raises SessionNotFound, Forbidden, IllegalStep."""
    session = await lock_session(tx, session_id)
    session_after(session, SessionStep.ATTEND)
    return session


async def _record_day(tx: Tx, session: Session, command: commands.RecordAttendance, within: str) -> views.Attendance:
    """`within`: what stands before the names of its fields. Raises what record_attendance raises."""
    require_attendance_day(session, command.day, tx.clock.today(), f"{within}day")
    await get_centre(tx, session, command.day, f"{within}day")
    roster = await lock_named(tx, session, [entry.enrolment for entry in command.entries], within)
    for index, entry in enumerate(command.entries):
        require_day_length(entry.minutes, f"{within}entries.{index}.minutes")
        step(roster[index], Step.ATTEND, field=f"{within}entries.{index}.enrolment")
        require_enrolled_by(roster[index], command.day, f"{within}entries.{index}.enrolment")
    minutes = {entry.enrolment: entry.minutes for entry in command.entries}
    changed = await attendance.insert_day(tx, session, command.day, [(one, minutes[one.id]) for one in roster])
    totals = await enrolments.update_totals(tx, list(changed))
    attended = [
        _event(changed[one.id], minutes[one.id], totals[one.id], codes(one, session.course.id, command.day))
        for one in roster
        if one.id in changed
    ]
    publish_and_audit(tx, *attended)
    found = await flag_attendance(tx, [one for one in roster if one.id in changed], session.course.id, command.day)
    overlaps = {one.worker for one in found if one.kind is FindingKind.TWO_CENTRES}
    return views.Attendance(recorded=len(attended), overlaps=len(overlaps), findings=len(found))


def _event(previous: int | None, minutes: int, total: int, about: Codes) -> events.Event:
    """A day recorded again is a correction of what was recorded first."""
    if previous is None:
        return events.AttendanceRecorded(minutes=minutes, minutes_total=total, **about)
    return events.AttendanceCorrected(previous=previous, fact=minutes, minutes_total=total, reason="recorded_again", approver=None, **about)

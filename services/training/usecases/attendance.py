"""Attendance by the day. A roster is written whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from services.training import commands
from services.training.domain.enrolments import Enrolment, Step, require_day_length, require_enrolled_by, require_once, step
from services.training.domain.findings import FindingKind
from services.training.domain.sessions import Session, SessionStep, require_attendance_day, session_after
from services.training.queries import attendance, enrolments, sessions
from services.training.usecases.event_fields import Codes, codes
from services.training.usecases.findings import flag_attendance
from services.training.usecases.scope import get_centre, lock_named, lock_session
from services.training.views import enrolments as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.listed_rows import RowsRecorded, apply_each
from shared.values import EnrolmentId, SessionId


async def record_attendance(tx: Tx, session_id: SessionId, command: commands.RecordAttendance) -> views.Attendance:
    """One day's minutes. Raises SessionNotFound, DayOutsideSession, DayInFuture, BeforeEnrolment, DayTooLong, NotInSession, NamedTwice,
    IllegalStep, CentreNotLicensed, CentreNotActive.
    """
    return await _record(tx, session_id, {"": command})


async def record_register(tx: Tx, session_id: SessionId, command: commands.RecordRegister) -> views.Attendance:
    """The minutes of several days. Raises what record_attendance raises."""
    require_once([one.day for one in command.days], "days.{}.day")
    return await _record(tx, session_id, {f"days.{index}.": one for index, one in enumerate(command.days)})


async def record_registers(tx: Tx, command: commands.RecordRegisters) -> RowsRecorded:
    """Each good register is written; each bad one is answered with its field and code."""
    await sessions.lock_all(tx, {row.session for row in command.rows})
    done, refused = await apply_each(tx, command.rows, lambda row: record_register(tx, row.session, row))
    return RowsRecorded(recorded=len(done), refused=refused)


async def _record(tx: Tx, session_id: SessionId, days: Mapping[str, commands.RecordAttendance]) -> views.Attendance:
    """`days`: each by what stands before the names of its fields. Raises what record_attendance raises."""
    session = await lock_session(tx, session_id)
    session_after(session, SessionStep.ATTEND)
    for within, one in days.items():
        require_attendance_day(session, one.day, tx.clock.today(), f"{within}day")
    await get_centre(tx, session, {f"{within}day": one.day for within, one in days.items()})
    roster = await lock_named(tx, session, {within: [entry.enrolment for entry in one.entries] for within, one in days.items()})
    for within, one in days.items():
        _require_attending(roster, one, within)
    entries = [(roster[entry.enrolment], one.day, entry.minutes) for one in days.values() for entry in one.entries]
    changed = await attendance.insert_days(tx, session, entries)
    recorded = [(one, day, minutes) for one, day, minutes in entries if (one.id, day) in changed]
    totals = await enrolments.update_totals(tx, list({one.id for one, _, _ in recorded}))
    publish_and_audit(tx, *_events(session, recorded, changed, totals))
    found = await flag_attendance(tx, [(one, day) for one, day, _ in recorded], session.course.id)
    overlaps = {(one.worker, one.day) for one in found if one.kind is FindingKind.TWO_CENTRES}
    return views.Attendance(recorded=len(recorded), overlaps=len(overlaps), findings=len(found))


def _require_attending(roster: Mapping[EnrolmentId, Enrolment], command: commands.RecordAttendance, within: str) -> None:
    """Raises DayTooLong, IllegalStep, BeforeEnrolment."""
    for index, entry in enumerate(command.entries):
        require_day_length(entry.minutes, f"{within}entries.{index}.minutes")
        step(roster[entry.enrolment], Step.ATTEND, field=f"{within}entries.{index}.enrolment")
        require_enrolled_by(roster[entry.enrolment], command.day, f"{within}entries.{index}.enrolment")


def _events(
    session: Session,
    recorded: Sequence[tuple[Enrolment, date, int]],
    changed: Mapping[tuple[EnrolmentId, date], int | None],
    totals: Mapping[EnrolmentId, int],
) -> list[events.Event]:
    """In the order recorded, each with the minutes up to it; `totals` are those of the end."""
    added = {(one.id, day): minutes - (changed[one.id, day] or 0) for one, day, minutes in recorded}
    total = dict(totals)
    for (enrolment, _), minutes in added.items():
        total[enrolment] -= minutes
    published = []
    for one, day, minutes in recorded:
        total[one.id] += added[one.id, day]
        published.append(_event(changed[one.id, day], minutes, total[one.id], codes(one, session.course.id, day)))
    return published


def _event(previous: int | None, minutes: int, total: int, about: Codes) -> events.Event:
    """A day recorded again is a correction of what was recorded first."""
    if previous is None:
        return events.AttendanceRecorded(minutes=minutes, minutes_total=total, **about)
    return events.AttendanceCorrected(previous=previous, fact=minutes, minutes_total=total, reason="recorded_again", approver=None, **about)

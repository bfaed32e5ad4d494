"""What happens in a session: attendance by the day, assessment by somebody else. Rosters are written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training import commands
from services.training.domain.enrolments import (
    Enrolment,
    EnrolmentState,
    Result,
    Step,
    passed,
    require_attended,
    require_day_length,
    require_once,
    step,
)
from services.training.domain.errors import EnrolmentNotFound, NotInSession, PassCapReached
from services.training.domain.needs import NeedStep
from services.training.domain.sessions import Session, require_attendance_day, require_other_assessor, require_since_start
from services.training.queries import attendance, centre_days, enrolments, needs, sessions
from services.training.settings import policy
from services.training.usecases import seats
from services.training.usecases.event_fields import codes
from services.training.usecases.scope import counties_seen, lock_session, own_centre, require_counties
from services.training.views import enrolments as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.paging import page
from shared.principals import require_party
from shared.values import EnrolmentId, PlacementId, SessionId


async def record_attendance(tx: Tx, session_id: SessionId, command: commands.RecordAttendance) -> views.Attendance:
    """One day's minutes. Raises SessionNotFound, DayOutsideSession, DayInFuture, DayTooLong, NotInSession, NamedTwice, IllegalStep."""
    session = await lock_session(tx, session_id)
    require_attendance_day(session, command.day, tx.clock.today())
    roster = await _lock_named(tx, session, [entry.enrolment for entry in command.entries])
    for index, entry in enumerate(command.entries):
        require_day_length(entry.minutes, f"entries.{index}.minutes")
        step(roster[index], Step.ATTEND, field=f"entries.{index}.enrolment")
    minutes = {entry.enrolment: entry.minutes for entry in command.entries}
    changed = await attendance.insert_day(tx, session, command.day, [(one, minutes[one.id]) for one in roster])
    totals = await enrolments.update_totals(tx, list(changed))
    overlaps = await attendance.insert_overlaps(tx, list(changed), command.day)
    attended = [
        events.AttendanceRecorded(minutes=minutes[one.id], minutes_total=totals[one.id], **codes(one, session.course.id, command.day))
        for one in roster
        if one.id in changed
    ]
    publish_and_audit(tx, *attended)
    return views.Attendance(recorded=len(attended), overlaps=overlaps)


async def record_assessment(tx: Tx, session_id: SessionId, command: commands.RecordAssessment) -> views.Assessment:
    """Results of one examination. Who fails waits for another seat.

    Raises SessionNotFound, AssessorIsTrainer, NotInSession, NamedTwice, IllegalStep, TooFewMinutes, TooManyAbsences,
    ResultContradictsScore, PassCapReached.
    """
    await sessions.lock_allocation(tx)
    session = await lock_session(tx, session_id)
    require_other_assessor(session, tx.principal.subject)
    today = tx.clock.today()
    day = command.assessed_on or today
    require_since_start(session, day, today, "assessed_on")
    roster = await _lock_named(tx, session, [entry.enrolment for entry in command.entries])
    days_held = await attendance.get_days_held(tx, session.id)
    results = [
        _assess(one, entry, session, days_held, f"entries.{index}")
        for index, (one, entry) in enumerate(zip(roster, command.entries, strict=True))
    ]
    await enrolments.update_results(tx, results, tx.principal.subject)
    await _count_passes(tx, session.course.centre, day, sum(result.passed for result in results))
    assessed = (
        events.AssessmentRecorded(score=result.score, passed=result.passed, **codes(result.enrolment, session.course.id, day))
        for result in results
    )
    publish_and_audit(tx, *assessed)
    failed = [result.enrolment.placement for result in results if not result.passed]
    await seats.reopen(tx, await needs.lock_all(tx, failed), NeedStep.UNSEAT)
    return views.Assessment(results=tuple(map(views.Result.from_result, results)))


def _assess(one: Enrolment, entry: commands.Assessed, session: Session, days_held: int, field: str) -> Result:
    """Raises ResultContradictsScore, IllegalStep, TooFewMinutes, TooManyAbsences, naming what is below `field`."""
    has_passed = passed(entry.score, policy().training_pass_mark, entry.passed, f"{field}.passed")
    after = step(one, Step.PASS if has_passed else Step.FAIL, field=f"{field}.enrolment")
    require_attended(one, session.course, days_held, policy().training_attendance_percent, f"{field}.enrolment")
    return Result(one, after, entry.score)


async def _count_passes(tx: Tx, centre: str, day: date, passes: int) -> None:
    """Raises PassCapReached; the count is rolled back with the transaction."""
    cap = policy().training_passes_per_day
    if passes and await centre_days.update_passes(tx, centre, day, passes) > cap:
        raise PassCapReached(f"at most {cap} pass in a centre on one day", field="entries", state=cap)


async def _lock_named(tx: Tx, session: Session, ids: Sequence[EnrolmentId]) -> list[Enrolment]:
    """Those of a roster, in its order. Raises NamedTwice, NotInSession, Forbidden."""
    require_once(ids, "entries.{}.enrolment")
    found = await enrolments.lock_roster(tx, session.id, ids)
    for index, one in enumerate(ids):
        if one not in found:
            raise NotInSession(field=f"entries.{index}.enrolment")
    require_counties(tx.principal, list(found.values()))
    return [found[one] for one in ids]


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_enrolments(
    tx: Tx,
    *,
    placement: PlacementId | None,
    session: SessionId | None,
    state: EnrolmentState | None,
    after: EnrolmentId | None,
    limit: int,
) -> views.Enrolments:
    """Enrolments of the caller's counties; a trainer sees those of the own centre."""
    found = await enrolments.list_(
        tx,
        placement=placement,
        session=session,
        state=state,
        centre=own_centre(tx.principal),
        counties=counties_seen(tx.principal),
        after=after,
        limit=limit + 1,
    )
    items, following = page(found, limit, lambda one: one.id)
    return views.Enrolments(items=tuple(views.Enrolment.from_enrolment(one, one.serial) for one in items), next=following)


async def list_overlaps(tx: Tx, since: date | None, limit: int) -> views.Overlaps:
    """Days on which one worker attended in two centres."""
    found = await attendance.list_overlaps(tx, since, tx.principal.county_prefixes(), limit)
    return views.Overlaps(items=tuple(map(views.Overlap.from_overlap, found)))


async def enrolment_history(tx: Tx, enrolment_id: EnrolmentId, after: int, limit: int) -> History:
    """Raises EnrolmentNotFound, Forbidden."""
    enrolment = await enrolments.get(tx, enrolment_id)
    if enrolment is None:
        raise EnrolmentNotFound
    session = await sessions.get(tx, enrolment.session)
    if session is not None:
        require_party(tx.principal, session.course.centre)
    require_counties(tx.principal, [enrolment])
    return await changes_of(tx, enrolment_id, after, limit)

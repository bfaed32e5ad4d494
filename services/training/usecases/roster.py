"""What happens in a session: attendance by the day, assessment by somebody else. Rosters are written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training import commands, domain, views
from services.training.domain import (
    Enrolment,
    EnrolmentNotFound,
    EnrolmentState,
    NotInSession,
    PassCapReached,
    Session,
    SessionNotFound,
    Step,
)
from services.training.queries import courses, enrolments, needs
from services.training.settings import policy
from services.training.usecases import seats
from services.training.usecases.courses import counties_seen, own_centre
from services.training.usecases.event_fields import codes
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.principals import Role, require_county, require_party
from shared.values import EnrolmentId, PlacementId, SessionId


async def record_attendance(tx: Tx, session_id: SessionId, command: commands.RecordAttendance) -> views.Attendance:
    """One day's minutes. Raises SessionNotFound, DayOutsideSession, DayInFuture, DayTooLong, NotInSession, NamedTwice, IllegalStep."""
    session = await lock_session(tx, session_id)
    domain.require_attendance_day(session, command.day, tx.clock.today())
    roster = await _named(tx, session, [entry.enrolment for entry in command.entries])
    for place, entry in enumerate(command.entries):
        domain.require_day_length(entry.minutes, f"entries.{place}.minutes")
        domain.step(roster[place], Step.ATTEND, field=f"entries.{place}.enrolment")
    minutes = {entry.enrolment: entry.minutes for entry in command.entries}
    written = [(one, minutes[one.id]) for one in roster]
    changed = set(await enrolments.upsert_attendance(tx, session.id, session.course.centre, command.day, written))
    totals = await enrolments.sum_attendance(tx, list(changed))
    overlaps = await enrolments.flag_overlaps(tx, list(changed), command.day, tx.clock.now())
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
    await courses.lock_allocation(tx)
    session = await lock_session(tx, session_id)
    domain.require_other_assessor(session, tx.principal.subject)
    today = tx.clock.today()
    day = command.assessed_on or today
    domain.require_since_start(session, day, today, "assessed_on")
    roster = await _named(tx, session, [entry.enrolment for entry in command.entries])
    held = await enrolments.days_held(tx, session.id)
    results = [_result(session, one, entry, held, place) for place, (one, entry) in enumerate(zip(roster, command.entries, strict=True))]
    await enrolments.set_results(tx, results, tx.principal.subject)
    await _count_passes(tx, session.course.centre, day, sum(state is EnrolmentState.PASSED for _, state, _ in results))
    assessed = [
        events.AssessmentRecorded(score=score, passed=state is EnrolmentState.PASSED, **codes(one, session.course.id, day))
        for one, (_, state, score) in zip(roster, results, strict=True)
    ]
    publish_and_audit(tx, *assessed)
    failed = [one.placement for one, (_, state, _) in zip(roster, results, strict=True) if state is EnrolmentState.FAILED]
    await seats.reopen(tx, await needs.lock_needs(tx, failed), domain.NeedStep.UNSEAT)
    shown = tuple(views.Result(enrolment=one, score=score, passed=state is EnrolmentState.PASSED) for one, state, score in results)
    return views.Assessment(results=shown)


def _result(session: Session, one: Enrolment, entry: commands.Assessed, held: int, place: int) -> tuple[EnrolmentId, EnrolmentState, int]:
    field = f"entries.{place}"
    passed = domain.passed(entry.score, policy().training_pass_mark, entry.passed, f"{field}.passed")
    after = domain.step(one, Step.PASS if passed else Step.FAIL, field=f"{field}.enrolment")
    domain.require_attended(one, session.course, held, policy().training_attendance_percent, f"{field}.enrolment")
    return one.id, after, entry.score


async def _count_passes(tx: Tx, centre: str, day: date, passes: int) -> None:
    """Raises PassCapReached; the count goes back with the transaction."""
    if passes and await enrolments.count_passes(tx, centre, day, passes) > policy().training_passes_per_day:
        cap = policy().training_passes_per_day
        raise PassCapReached(f"at most {cap} pass in a centre on one day", field="entries", state=cap)


async def lock_session(tx: Tx, session_id: SessionId) -> Session:
    """The session, for its own centre. Raises SessionNotFound, Forbidden."""
    session = await courses.lock_session(tx, session_id)
    if session is None:
        raise SessionNotFound
    require_party(tx.principal, session.course.centre)
    return session


async def _named(tx: Tx, session: Session, ids: Sequence[EnrolmentId]) -> list[Enrolment]:
    """Those of a roster, in its order. Raises NamedTwice, NotInSession, Forbidden."""
    domain.require_once(ids, "entries.{}.enrolment")
    found = await enrolments.lock_roster(tx, session.id, ids)
    for place, one in enumerate(ids):
        if one not in found:
            raise NotInSession(field=f"entries.{place}.enrolment")
    require_counties(tx, list(found.values()))
    return [found[one] for one in ids]


def require_counties(tx: Tx, roster: Sequence[Enrolment]) -> None:
    """Everybody but a trainer, who is bound by centre, acts for workers of the own counties. Raises Forbidden."""
    if tx.principal.role is not Role.TRAINER:
        for county in {one.county for one in roster}:
            require_county(tx.principal, county)


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
    rows = await enrolments.enrolments(
        tx,
        after=after,
        placement=placement,
        session=session,
        state=state,
        centre=own_centre(tx),
        counties=counties_seen(tx),
        limit=limit + 1,
    )
    items = tuple(views.enrolment(row.enrolment, row.serial) for row in rows[:limit])
    return views.Enrolments(items=items, next=items[-1].enrolment if len(rows) > limit else None)


async def list_overlaps(tx: Tx, since: date | None, limit: int) -> views.Overlaps:
    """Days on which one worker attended in two centres."""
    rows = await enrolments.overlaps(tx, since, tx.principal.county_prefixes(), limit)
    return views.Overlaps(items=tuple(views.Overlap(**dict(row)) for row in rows))


async def enrolment_history(tx: Tx, enrolment_id: EnrolmentId, after: int, limit: int) -> History:
    """Raises EnrolmentNotFound, Forbidden."""
    enrolment = await enrolments.enrolment(tx, enrolment_id)
    if enrolment is None:
        raise EnrolmentNotFound
    session = await courses.session(tx, enrolment.session)
    if session is not None:
        require_party(tx.principal, session.course.centre)
    require_counties(tx, [enrolment])
    return await changes_of(tx, enrolment_id, after, limit)

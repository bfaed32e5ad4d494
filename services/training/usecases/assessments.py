"""Examinations: by somebody else than the trainer, after the days that they examine."""

from __future__ import annotations

from datetime import date

from services.training import commands
from services.training.domain.centres import require_assessor
from services.training.domain.enrolments import Enrolment, Result, Step, passed, require_assessed_after, require_attended, step
from services.training.domain.errors import PassCapReached
from services.training.domain.needs import NeedStep
from services.training.domain.sessions import Session, SessionStep, require_other_assessor, require_since_start, session_after
from services.training.queries import attendance, centre_days, enrolments, needs, sessions
from services.training.settings import policy
from services.training.usecases import seats
from services.training.usecases.event_fields import codes
from services.training.usecases.scope import get_centre, lock_named, lock_session
from services.training.views import enrolments as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import SessionId


async def record_assessment(tx: Tx, session_id: SessionId, command: commands.RecordAssessment) -> views.Assessment:
    """Results of one examination. Who fails waits for another seat.

    Raises SessionNotFound, AssessorIsTrainer, AssessorNotRegistered, CentreNotLicensed, CentreNotActive, NotInSession, NamedTwice,
    IllegalStep, DayOutsideSession, DayInFuture, AssessedBeforeAttendance, TooFewMinutes, TooManyAbsences, ResultContradictsScore,
    PassCapReached.
    """
    await sessions.lock_allocation(tx)
    session = await lock_session(tx, session_id)
    session_after(session, SessionStep.ASSESS)
    today = tx.clock.today()
    day = command.assessed_on or today
    require_since_start(session, day, today, "assessed_on")
    roster = await lock_named(tx, session, [entry.enrolment for entry in command.entries])
    assessor = await _assessor(tx, session, command.assessor, day)
    days_held = await attendance.get_days_held(tx, session.id)
    results = [
        _assess(one, entry, session, days_held, f"entries.{index}")
        for index, (one, entry) in enumerate(zip(roster, command.entries, strict=True))
    ]
    last_days = await attendance.get_last_days(tx, [one.id for one in roster])
    for one in roster:
        require_assessed_after(last_days.get(one.id), day, "assessed_on")
    await enrolments.update_results(tx, results, assessor, day)
    await _count_passes(tx, session.course.centre, day, sum(result.passed for result in results))
    assessed = (
        events.AssessmentRecorded(score=result.score, passed=result.passed, **codes(result.enrolment, session.course.id, day))
        for result in results
    )
    publish_and_audit(tx, *assessed)
    failed = [result.enrolment.placement for result in results if not result.passed]
    await seats.reopen(tx, await needs.lock_all(tx, failed), NeedStep.UNSEAT)
    return views.Assessment(results=tuple(map(views.Result.from_result, results)))


async def _assessor(tx: Tx, session: Session, named: str | None, day: date) -> str:
    """Whose examination it was: an assessor of the centre who did not teach the session. The same goes for whoever sends it.

    Raises AssessorIsTrainer, AssessorNotRegistered, CentreNotLicensed, CentreNotActive.
    """
    assessor = named or tx.principal.subject
    teachers = {session.trainer, *await attendance.list_teachers(tx, session.id)}
    for account in (assessor, tx.principal.subject):
        require_other_assessor(teachers, account)
    require_assessor(await get_centre(tx, session, day, "assessed_on"), assessor)
    return assessor


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

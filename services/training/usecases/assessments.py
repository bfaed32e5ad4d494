"""Examinations: by somebody else than the trainer, after the days that they examine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from services.training import commands
from services.training.domain.centres import require_assessor
from services.training.domain.enrolments import Enrolment, Result, Step, held, passed, require_assessed_after, require_attended, step
from services.training.domain.errors import NotYourExamination
from services.training.domain.findings import FindingId
from services.training.domain.needs import NeedStep
from services.training.domain.sessions import Session, SessionStep, require_other_assessor, require_since_start, session_after
from services.training.queries import attendance, centre_days, enrolments, findings, needs, recognitions, sessions
from services.training.settings import policy
from services.training.usecases import seats
from services.training.usecases.event_fields import Codes, codes
from services.training.usecases.scope import get_centre, lock_named, lock_session
from services.training.views import enrolments as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.listed_rows import RowsRecorded, apply_each
from shared.principals import Role
from shared.values import SessionId, new_id


async def record_assessment(tx: Tx, session_id: SessionId, command: commands.RecordAssessment) -> views.Assessment:
    """Results of one examination. Who fails waits for another seat; a pass that an officer has to look at is held.

    Raises SessionNotFound, NotInSession, NamedTwice, IllegalStep, DayOutsideSession, DayInFuture, AssessedBeforeAttendance, TooFewMinutes,
    TooManyAbsences, ResultContradictsScore, and what `require_examiner` raises.
    """
    await _lock_allocation(tx, command.entries)
    session = await lock_session(tx, session_id)
    session_after(session, SessionStep.ASSESS)
    today = tx.clock.today()
    day = command.assessed_on or today
    require_since_start(session, day, today, "assessed_on")
    named = [entry.enrolment for entry in command.entries]
    found = await lock_named(tx, session, {"": named})
    assessor = await require_examiner(tx, session, command.assessor, day)
    roster = await _credited(tx, [found[one] for one in named], session, day)
    days_held = await attendance.get_days_held(tx, session.id)
    results = [
        _assess(one, entry, session, days_held, f"entries.{index}")
        for index, (one, entry) in enumerate(zip(roster, command.entries, strict=True))
    ]
    last_days = await attendance.get_last_days(tx, [one.id for one in roster])
    for one in roster:
        require_assessed_after(last_days.get(one.id), day, "assessed_on")
    results = await _held(tx, session.course.centre, day, results)
    await enrolments.update_results(tx, results, assessor, day)
    publish_and_audit(tx, *(_event(result, codes(result.enrolment, session.course.id, day)) for result in results))
    failed = [result.enrolment.placement for result in results if not result.passed]
    await seats.reopen(tx, await needs.lock_all(tx, failed), NeedStep.UNSEAT)
    return views.Assessment(results=tuple(map(views.Result.from_result, results)))


async def record_assessments(tx: Tx, command: commands.RecordAssessments) -> RowsRecorded:
    """Each good row is recorded; each bad one is answered with its field and code."""
    await _lock_allocation(tx, [entry for row in command.rows for entry in row.entries])  # once: what is shared cannot become one's own
    centres = await sessions.lock_all(tx, {row.session for row in command.rows})
    today = tx.clock.today()
    done, refused = await apply_each(
        tx,
        command.rows,
        lambda row: record_assessment(tx, row.session, row),
        by=lambda row: (centres.get(row.session, ""), row.assessed_on or today),
    )
    return RowsRecorded(recorded=len(done), refused=refused)


async def _lock_allocation(tx: Tx, entries: Sequence[commands.Assessed]) -> None:
    mark = policy().training_pass_mark
    if any(entry.score < mark for entry in entries):  # whose seats and needs change hands
        await sessions.lock_allocation(tx)
    else:
        await sessions.lock_allocation_shared(tx)


async def require_examiner(tx: Tx, session: Session, named: str | None, day: date) -> str:
    """Whose examination it was: an assessor of the centre. Neither the assessor nor the sender taught the session.

    Raises AssessorIsTrainer, AssessorNotRegistered, NotYourExamination, CentreNotLicensed, CentreNotActive.
    """
    assessor = named or tx.principal.subject
    teachers = {session.trainer, *await attendance.list_teachers(tx, session.id)}
    for account in (assessor, tx.principal.subject):
        require_other_assessor(teachers, account)
    if tx.principal.role is Role.ASSESSOR and assessor != tx.principal.subject:
        raise NotYourExamination(field="assessor")
    require_assessor(await get_centre(tx, session, {"assessed_on": day}), assessor)
    return assessor


async def _credited(tx: Tx, roster: list[Enrolment], session: Session, day: date) -> list[Enrolment]:
    """With the prior learning that counts towards the course on the day."""
    minutes = await recognitions.get_credits(tx, [one.worker for one in roster], session.course.id, day)
    return [replace(one, credited=min(minutes.get(one.worker, 0), session.course.minimum_minutes)) for one in roster]


def _assess(one: Enrolment, entry: commands.Assessed, session: Session, days_held: int, field: str) -> Result:
    """Raises ResultContradictsScore, IllegalStep, TooFewMinutes, TooManyAbsences, naming what is below `field`."""
    has_passed = passed(entry.score, policy().training_pass_mark, entry.passed, f"{field}.passed")
    after = step(one, Step.PASS if has_passed else Step.FAIL, field=f"{field}.enrolment")
    require_attended(one, session.course, days_held, policy().training_attendance_percent, f"{field}.enrolment")
    return Result(one, after, entry.score)


async def _held(tx: Tx, centre: str, day: date, results: list[Result]) -> list[Result]:
    """Passes are held while a finding is open about them, and above the number that a centre examines on one day."""
    concerned = await findings.list_concerned(tx, [one.enrolment.id for one in results])
    room = policy().training_passes_per_day - await centre_days.lock_passes(tx, centre, day)
    after = held(results, concerned, room)
    counted = sum(one.passed and not one.held for one in after)
    if counted:
        await centre_days.update_passes(tx, centre, day, counted)
    capped = [(one.enrolment.id, FindingId(new_id())) for one in after if one.held and one.enrolment.id not in concerned]
    if capped:
        await findings.insert_pass_cap(tx, capped, day)
    return after


def _event(result: Result, about: Codes) -> events.Event:
    if result.held:
        return events.AssessmentHeld(score=result.score, **about)
    return events.AssessmentRecorded(score=result.score, passed=result.passed, **about)

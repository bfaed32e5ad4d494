"""What was recorded wrong of an enrolment: put right at once, or, where a pass hangs on it, once a second person agrees."""

from __future__ import annotations

from dataclasses import replace

from services.training import commands
from services.training.domain.certificates import Certificate, Serial
from services.training.domain.corrections import (
    Change,
    Corrected,
    Correction,
    CorrectionKind,
    CorrectionReason,
    CorrectionState,
    CorrectionStep,
    Record,
    Rules,
    corrected,
    decide,
)
from services.training.domain.enrolments import Enrolment, EnrolmentState
from services.training.domain.errors import (
    CertificateNotFound,
    CertificateRecognised,
    CorrectionNotFound,
    CorrectionPending,
    EnrolmentNotFound,
)
from services.training.domain.needs import NeedState, NeedStep
from services.training.queries import attendance, certificates, corrections, enrolments, needs, sessions
from services.training.settings import policy
from services.training.usecases import seats
from services.training.usecases.assessments import require_examiner
from services.training.usecases.certificates import revoke
from services.training.usecases.event_fields import certificate_codes, certificate_fact, codes
from services.training.usecases.findings import flag_attendance
from services.training.usecases.scope import get_centre, lock_session, require_counties
from services.training.views import corrections as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import note, publish_and_audit
from shared.paging import Page
from shared.principals import Role
from shared.values import CorrectionId, EnrolmentId, new_id


# --- commands ---------------------------------------------------------------------------------------------------------
async def correct_attendance(tx: Tx, enrolment: EnrolmentId, command: commands.CorrectAttendance) -> views.Correction:
    """Raises what `_ask` raises, DayOutsideSession, DayInFuture, DayTooLong, BeforeEnrolment, AssessedBeforeAttendance."""
    change = Change(kind=CorrectionKind.ATTENDANCE, day=command.day, minutes=command.minutes)
    return await _ask(tx, enrolment, change, command.reason)


async def correct_assessment(tx: Tx, enrolment: EnrolmentId, command: commands.CorrectAssessment) -> views.Correction:
    """Raises what `_ask` raises, NotAssessed, DayOutsideSession, DayInFuture, AssessedBeforeAttendance, CertifiedBeforeAssessment."""
    change = Change(kind=CorrectionKind.ASSESSMENT, score=command.score, assessed_on=command.assessed_on)
    return await _ask(tx, enrolment, change, command.reason)


async def correct_certificate(tx: Tx, serial: Serial, command: commands.CorrectCertificate) -> views.Correction:
    """Raises what `_ask` raises, CertificateNotFound, CertificateRecognised, AlreadyRevoked, DayOutsideSession, DayInFuture,
    CertifiedBeforeAssessment.
    """
    certificate = await certificates.get(tx, serial)
    if certificate is None:
        raise CertificateNotFound
    if certificate.enrolment is None:
        raise CertificateRecognised
    change = Change(kind=CorrectionKind.CERTIFICATE, issued_on=command.issued_on)
    return await _ask(tx, certificate.enrolment, change, command.reason)


async def _ask(tx: Tx, enrolment: EnrolmentId, change: Change, reason: CorrectionReason) -> views.Correction:
    """Raises EnrolmentNotFound, IllegalStep, NothingToCorrect, CorrectionPending, CentreNotActive, CentreNotLicensed, Forbidden;
    of an assessor also AssessorIsTrainer, AssessorNotRegistered.
    """
    record = await _lock(tx, enrolment)
    if change.kind is CorrectionKind.ASSESSMENT:
        change = _completed(record.enrolment, change)
        if tx.principal.role is Role.ASSESSOR and change.assessed_on is not None:
            await require_examiner(tx, record.session, None, change.assessed_on)
    after = await _corrected(tx, record, change)
    one = Correction(
        id=CorrectionId(new_id()),
        enrolment=enrolment,
        change=change,
        state=CorrectionState.PENDING if after.approval else CorrectionState.APPLIED,
        reason=reason,
        requested_by=str(tx.principal),
        requested_at=tx.clock.now(),
    )
    if not await corrections.insert(tx, one):
        raise CorrectionPending
    if after.approval:
        await note(tx, enrolment, "CorrectionRequested", reason)
    else:
        await _apply(tx, record, after, one)
    return views.Correction.from_correction(one)


def _completed(enrolment: Enrolment, change: Change) -> Change:
    """What is not given stays as it was."""
    score = enrolment.score if change.score is None else change.score
    return replace(change, score=score, assessed_on=change.assessed_on or enrolment.assessed_on)


async def approve_correction(tx: Tx, correction: CorrectionId, _: commands.ApproveCorrection) -> views.Correction:
    """Raises CorrectionNotFound, CorrectionDecided, SecondApproverNeeded, and what `_ask` raises where the record has changed since."""
    record, one = await _decided(tx, correction, CorrectionStep.APPROVE)
    await _apply(tx, record, await _corrected(tx, record, one.change), one)
    return views.Correction.from_correction(one)


async def reject_correction(tx: Tx, correction: CorrectionId, _: commands.RejectCorrection) -> views.Correction:
    """Nothing changes. Raises CorrectionNotFound, CorrectionDecided, SecondApproverNeeded, Forbidden."""
    record, one = await _decided(tx, correction, CorrectionStep.REJECT)
    await note(tx, record.enrolment.id, "CorrectionRejected", one.reason)
    return views.Correction.from_correction(one)


async def _decided(tx: Tx, correction: CorrectionId, taken: CorrectionStep) -> tuple[Record, Correction]:
    found = await corrections.get(tx, correction)
    record = await _lock(tx, found.enrolment) if found is not None else None
    one = await corrections.lock(tx, correction)
    if one is None or record is None:
        raise CorrectionNotFound
    state = decide(one, taken, str(tx.principal))
    one = replace(one, state=state, decided_by=str(tx.principal), decided_at=tx.clock.now())
    await corrections.update_decided(tx, one)
    return record, one


async def _lock(tx: Tx, enrolment_id: EnrolmentId) -> Record:
    """The enrolment's record, for whoever acts for its centre or county. Raises EnrolmentNotFound, Forbidden."""
    await sessions.lock_allocation(tx)
    found = await enrolments.get(tx, enrolment_id)
    if found is None:
        raise EnrolmentNotFound
    session = await lock_session(tx, found.session)
    [enrolment] = await enrolments.lock_all(tx, [enrolment_id])
    require_counties(tx.principal, [enrolment])
    return Record(
        enrolment=enrolment,
        session=session,
        attended=await attendance.get_minutes(tx, enrolment_id),
        days_held=await attendance.get_days_held(tx, session.id),
        certificate=await certificates.lock_of(tx, enrolment_id),
    )


async def _corrected(tx: Tx, record: Record, change: Change) -> Corrected:
    rules = Rules(policy().training_pass_mark, policy().training_attendance_percent)
    after = corrected(record, change, rules, tx.clock.today())
    for day, field in ((change.day, "day"), (change.assessed_on, "assessed_on")):
        if day is not None:
            await get_centre(tx, record.session, {field: day})
    return after


# --- what follows -------------------------------------------------------------------------------------------------------
async def _apply(tx: Tx, record: Record, after: Corrected, one: Correction) -> None:
    """Write and publish the change, then what a pass gained or lost means."""
    before, course = record.enrolment, record.session.course.id
    about = codes(before, course, tx.clock.today())
    if after.enrolment.state is EnrolmentState.PASSED and before.state is EnrolmentState.FAILED:
        await _gained(tx, before)  # first: a placement holds one seat
    if one.change.kind is CorrectionKind.ATTENDANCE:
        await _write_attendance(tx, record, after.enrolment, one)
    if before.state is EnrolmentState.HELD and after.enrolment.state is EnrolmentState.ENROLLED:
        await enrolments.update_taken_back(tx, [before])
    if _fact(before) != _fact(after.enrolment):
        await enrolments.update_corrected(tx, after.enrolment)
        fact = {"previous": _fact(before), "fact": _fact(after.enrolment), "reason": one.reason, "approver": one.decided_by}
        publish_and_audit(tx, events.AssessmentCorrected.model_validate({**about, **fact}))
    if record.certificate is not None and after.certificate is not None and after.certificate != record.certificate:
        await _write_certificate(tx, record.certificate, after.certificate, one)
    if after.enrolment.state is EnrolmentState.FAILED and before.state is not EnrolmentState.FAILED:
        await _lost(tx, record)


def _fact(one: Enrolment) -> events.AssessmentFact | None:
    """The result as published; none before an examination, or while it is held."""
    passed = one.state in (EnrolmentState.PASSED, EnrolmentState.CERTIFIED)
    if one.score is None or one.assessed_on is None or not (passed or one.state is EnrolmentState.FAILED):
        return None
    return events.AssessmentFact(score=one.score, passed=passed, assessed_on=one.assessed_on)


async def _write_attendance(tx: Tx, record: Record, after: Enrolment, one: Correction) -> None:
    day, minutes = one.change.day or tx.clock.today(), one.change.minutes or 0
    await attendance.insert_days(tx, record.session, [(after, day, minutes)])
    await enrolments.update_totals(tx, [after.id])
    corrected_day = events.AttendanceCorrected(
        previous=record.attended.get(day, 0),
        fact=minutes,
        minutes_total=after.minutes_total,
        reason=one.reason,
        approver=one.decided_by,
        **codes(after, record.session.course.id, day),
    )
    publish_and_audit(tx, corrected_day)
    await flag_attendance(tx, [(after, day)], record.session.course.id)


async def _write_certificate(tx: Tx, before: Certificate, after: Certificate, one: Correction) -> None:
    await certificates.update_days(tx, after)
    reissued = events.CertificateCorrected(
        serial=after.serial,
        previous=certificate_fact(before),
        fact=certificate_fact(after),
        reason=one.reason,
        approver=one.decided_by,
        **certificate_codes(after, tx.clock.today()),
    )
    publish_and_audit(tx, reissued)


async def _lost(tx: Tx, record: Record) -> None:
    """No certificate stands on it, and the placement needs training again."""
    if record.certificate is not None and record.certificate.revoked_on is None:
        await revoke(tx, record.certificate, "issued_in_error", None)
    elif record.enrolment.state is EnrolmentState.PASSED:
        await seats.reopen(tx, await needs.lock_all(tx, [record.enrolment.placement]), NeedStep.UNSEAT)


async def _gained(tx: Tx, before: Enrolment) -> None:
    """The placement needs its other seat no more: it goes to whoever waits. Raises IllegalStep where an examination was passed there."""
    other = await enrolments.get_holding_but(tx, before.placement, before.id)
    session = await sessions.lock(tx, other.session) if other is not None else None
    if other is not None and session is not None:
        left = await seats.give_up(tx, session, [other], "passed_elsewhere")
        await seats.fill(tx, left)
    waiting = [need for need in await needs.lock_all(tx, [before.placement]) if need.state is NeedState.OPEN]
    await needs.update_state(tx, waiting, NeedState.SEATED)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_corrections(tx: Tx, page: Page, *, state: CorrectionState, enrolment: EnrolmentId | None) -> views.Corrections:
    """Those of workers of the caller's counties, oldest first."""
    items, following = await corrections.list_(tx, page, state=state, enrolment=enrolment, counties=tx.principal.county_prefixes())
    return views.Corrections(items=tuple(map(views.Correction.from_correction, items)), next=following)

"""Prior learning: asked for with its evidence, recognised or refused by a second person."""

from __future__ import annotations

from dataclasses import replace

from services.training import commands
from services.training.domain import recognitions as domain
from services.training.domain.certificates import Certificate, recognise
from services.training.domain.courses import Course
from services.training.domain.errors import CourseNotFound, NeedNotFound, RecognitionNotFound, RecognitionPending
from services.training.domain.needs import Need, NeedStep, after_need, require_fitting, require_seatable
from services.training.domain.recognitions import Recognition, RecognitionKind, RecognitionState, RecognitionStep
from services.training.queries import certificates, courses, enrolments, needs, recognitions, sessions
from services.training.settings import policy
from services.training.usecases import seats
from services.training.usecases.event_fields import certificate_codes, recognition_codes
from services.training.usecases.scope import require_counties
from services.training.views import recognitions as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, note, publish_and_audit
from shared.paging import Page
from shared.values import PlacementId, RecognitionId, new_id


async def ask_recognition(tx: Tx, command: commands.AskRecognition) -> views.Recognition:
    """W1. Raises NeedNotFound, NeedNotOpen, CourseNotFound, CourseDoesNotFit, RecognitionHours, DayInFuture, EvidenceTooOld,
    RecognitionValidity, RecognitionPending, Forbidden.
    """
    need = await _need(tx, command.placement)
    course = await _course(tx, command)
    require_seatable(need)
    require_fitting(need, course)
    domain.require_hours(command.kind, command.minutes, course)
    oldest = policy().training_prior_learning_days
    one = Recognition(
        id=RecognitionId(new_id()),
        placement=need.placement,
        worker=need.worker,
        course=course.id,
        kind=command.kind,
        evidence=command.evidence,
        completed_on=command.completed_on,
        minutes=command.minutes,
        valid_to=domain.valid_until(command.completed_on, command.valid_to, course, tx.clock.today(), oldest),
        state=RecognitionState.PENDING,
        requested_by=str(tx.principal),
        requested_at=tx.clock.now(),
        worker_no=need.worker_no,
    )
    if not await recognitions.insert(tx, one):
        raise RecognitionPending(field="placement")
    await note(tx, one.id, "RecognitionRequested", one.kind)
    return views.Recognition.from_recognition(one)


async def _need(tx: Tx, placement: PlacementId) -> Need:
    """Locked, of the caller's counties. Raises NeedNotFound, Forbidden."""
    need = await needs.lock(tx, placement)
    if need is None:
        raise NeedNotFound(field="placement")
    require_counties(tx.principal, [need])
    return need


async def _course(tx: Tx, wanted: commands.AskRecognition | Recognition) -> Course:
    course = await courses.get(tx, wanted.course)
    if course is None:
        raise CourseNotFound(field="course")
    return course


async def recognise_prior_learning(tx: Tx, recognition: RecognitionId, _: commands.Recognise) -> views.Recognition:
    """Hours count towards the course from now on; a certificate from elsewhere stands for it, and meets the need.

    Raises RecognitionNotFound, RecognitionDecided, SecondApproverNeeded, EvidenceTooOld, Forbidden.
    """
    one, need = await _decided(tx, recognition, RecognitionStep.RECOGNISE)
    course = await _course(tx, one)
    today = tx.clock.today()
    domain.valid_until(one.completed_on, one.valid_to, course, today, policy().training_prior_learning_days)
    certificate = await _certify(tx, one, need, course) if one.kind is RecognitionKind.CERTIFICATE else None
    recognised = events.PriorLearningRecognised(
        recognition=one.id,
        kind=one.kind.value,
        minutes=one.minutes,
        completed_on=one.completed_on,
        valid_to=one.valid_to,
        serial=certificate and certificate.serial,
        requested_by=one.requested_by,
        approver=str(tx.principal),
        **recognition_codes(need, course, today),
    )
    publish_and_audit(tx, recognised)
    if certificate is None:
        return views.Recognition.from_recognition(one)
    await _meet(tx, need, certificate)
    return views.Recognition.from_recognition(one, certificate.serial)


async def _certify(tx: Tx, one: Recognition, need: Need, course: Course) -> Certificate:
    [number] = await certificates.get_numbers(tx, 1)
    certificate = recognise(number, one, need, course, tx.clock.today())
    await certificates.insert_all(tx, [certificate])
    return certificate


async def _meet(tx: Tx, need: Need, certificate: Certificate) -> None:
    """The certificate is published like any other, with its basis; a seat held meanwhile goes to whoever waits."""
    issued = events.CertificateIssued(
        serial=certificate.serial,
        minutes=certificate.minutes,
        valid_to=certificate.valid_to,
        basis="prior_learning",
        **certificate_codes(certificate, certificate.issued_on),
    )
    publish_and_audit(tx, issued)
    if after_need(need.state, NeedStep.MEET) is None:
        return
    seated = await enrolments.get_seated(tx, need.placement)
    session = await sessions.lock(tx, seated.session) if seated is not None else None
    await needs.update_met(tx, [(need.id, certificate.serial)])
    if seated is not None and session is not None:
        await seats.fill(tx, await seats.give_up(tx, session, [seated], "certificate_held"))


async def refuse_prior_learning(tx: Tx, recognition: RecognitionId, command: commands.RefuseRecognition) -> views.Recognition:
    """Nothing changes. Raises RecognitionNotFound, RecognitionDecided, SecondApproverNeeded, Forbidden."""
    one, _ = await _decided(tx, recognition, RecognitionStep.REFUSE)
    await note(tx, one.id, "RecognitionRefused", command.reason)
    return views.Recognition.from_recognition(one)


async def _decided(tx: Tx, recognition: RecognitionId, step: RecognitionStep) -> tuple[Recognition, Need]:
    """Written, with the need locked after the sessions: nothing that seats somebody runs meanwhile."""
    await sessions.lock_allocation(tx)
    one = await recognitions.lock(tx, recognition)
    if one is None:
        raise RecognitionNotFound
    need = await _need(tx, one.placement)
    state = domain.decide(one, step, str(tx.principal))
    one = replace(one, state=state, decided_by=str(tx.principal), decided_at=tx.clock.now())
    await recognitions.update_decided(tx, one)
    return one, need


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_recognitions(tx: Tx, page: Page, state: RecognitionState) -> views.Recognitions:
    """Those of workers of the caller's counties, oldest first."""
    items, following = await recognitions.list_(tx, page, state=state, counties=tx.principal.county_prefixes())
    serials = await certificates.get_serials(tx, [one.id for one in items])
    shown = (views.Recognition.from_recognition(one, serials.get(one.id), one.evidence) for one in items)
    return views.Recognitions(items=tuple(shown), next=following)


async def recognition_history(tx: Tx, recognition: RecognitionId, after: int, limit: int) -> History:
    """Raises RecognitionNotFound, Forbidden."""
    one = await recognitions.get(tx, recognition)
    need = await needs.get(tx, one.placement) if one is not None else None
    if need is None:
        raise RecognitionNotFound
    require_counties(tx.principal, [need])
    return await changes_of(tx, recognition, after, limit)

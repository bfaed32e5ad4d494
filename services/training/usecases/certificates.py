"""Certificates: issued to those who passed, checked by anybody, revoked for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.training import commands, domain, views
from services.training.domain import (
    Certificate,
    CertificateNotFound,
    Course,
    Enrolment,
    EnrolmentState,
    NotInSession,
    Serial,
    Session,
    Step,
)
from services.training.queries import certificates, courses, enrolments, needs
from services.training.usecases import seats
from services.training.usecases.event_fields import codes
from services.training.usecases.roster import lock_session, require_counties
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import Origin
from shared.principals import Role, require_county, require_party
from shared.values import Designation, EnrolmentId, SessionId


async def issue_certificates(tx: Tx, session_id: SessionId, command: commands.IssueCertificates) -> views.Certificates:
    """Certify those named, or all who passed and have none. Raises SessionNotFound, NotInSession, NamedTwice, IllegalStep, DayInFuture."""
    await courses.lock_allocation(tx)
    session = await lock_session(tx, session_id)
    today = tx.clock.today()
    day = command.issued_on or today
    domain.require_since_start(session, day, today, "issued_on")
    chosen = await _chosen(tx, session, command.enrolments)
    if not chosen:
        return views.Certificates(issued=())
    issued = await _issue(tx, session.course, chosen, day)
    await enrolments.set_states(tx, [one.id for one in chosen], EnrolmentState.CERTIFIED)
    await _meet(tx, issued)
    told = [
        events.CertificateIssued(serial=made.serial, minutes=made.minutes, valid_to=made.valid_to, **codes(one, session.course.id, day))
        for one, made in zip(chosen, issued, strict=True)
    ]
    publish_and_audit(tx, *told)
    shown = (views.Issued(enrolment=one.enrolment, placement=one.placement, serial=one.serial, valid_to=one.valid_to) for one in issued)
    return views.Certificates(issued=tuple(shown))


async def _chosen(tx: Tx, session: Session, named: Sequence[EnrolmentId] | None) -> list[Enrolment]:
    """Who gets one. Named: all of them must have passed. Not named: all of the session who have."""
    if named is not None:
        domain.require_once(named, "enrolments.{}")
    roster = await enrolments.lock_roster(tx, session.id, named)
    if named is None:
        chosen = [one for one in roster.values() if one.state is EnrolmentState.PASSED]
    else:
        for place, one in enumerate(named):
            if one not in roster:
                raise NotInSession(field=f"enrolments.{place}")
            domain.step(roster[one], Step.CERTIFY, field=f"enrolments.{place}")
        chosen = [roster[one] for one in named]
    require_counties(tx, chosen)
    return chosen


async def _issue(tx: Tx, course: Course, chosen: Sequence[Enrolment], day: date) -> list[Certificate]:
    numbers = await certificates.take_numbers(tx, len(chosen))
    issued = [domain.certify(number, one, course, day) for number, one in zip(numbers, chosen, strict=True)]
    await certificates.insert_certificates(tx, issued)
    return issued


async def _meet(tx: Tx, issued: Sequence[Certificate]) -> None:
    """The needs they were earned for are met; one whose placement ended meanwhile stays closed."""
    serials = {one.placement: one.serial for one in issued}
    found = await needs.lock_needs(tx, list(serials))
    await needs.set_met(
        tx, [(need.id, serials[need.placement]) for need in found if domain.after_need(need.state, domain.NeedStep.MEET) is not None]
    )


async def revoke_certificate(tx: Tx, serial: Serial, command: commands.RevokeCertificate) -> views.Certificate:
    """Placements that relied on it and have not departed need training again. Raises CertificateNotFound, AlreadyRevoked, Forbidden."""
    await courses.lock_allocation(tx)
    certificate = await certificates.lock_certificate(tx, serial)
    if certificate is None:
        raise CertificateNotFound
    require_party(tx.principal, certificate.centre)
    if tx.principal.role is not Role.TRAINER:
        require_county(tx.principal, certificate.county)
    domain.require_revocable(certificate)
    today = tx.clock.today()
    await certificates.revoke(tx, serial, today, command.reason, command.explanation)
    revoked = events.CertificateRevoked(
        course=certificate.course,
        destination=certificate.destination,
        occupation=certificate.occupation,
        effective=today,
        enrolment=certificate.enrolment,
        worker=certificate.worker,
        placement=certificate.placement,
        origin=_origin(certificate),
        serial=serial,
        reason=command.reason,
    )
    publish_and_audit(tx, revoked)
    await seats.reopen(tx, await needs.lock_met_by(tx, serial), domain.NeedStep.REOPEN)
    return await show_certificate(tx, serial)


async def show_certificate(tx: Tx, serial: Serial) -> views.Certificate:
    """Raises CertificateNotFound."""
    certificate = await certificates.certificate(tx, serial)
    if certificate is None:
        raise CertificateNotFound
    return views.certificate(certificate, tx.clock.today())


def _origin(certificate: Certificate) -> Origin:
    return Origin(
        county=certificate.county, designation=Designation(certificate.designation), designation_version=certificate.designation_version
    )

"""Certificates: issued to those who passed, checked by anybody, revoked for a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from services.training import commands
from services.training.domain.certificates import Certificate, RevocationReason, Serial, Validity, certify, require_revocable
from services.training.domain.courses import Course
from services.training.domain.enrolments import Enrolment, EnrolmentState, Step, require_certified_after, require_once, step
from services.training.domain.errors import CertificateNotFound, CertificateNotValid, FindingOpen, NotInSession
from services.training.domain.needs import NeedStep, after_need
from services.training.domain.sessions import Session, SessionStep, require_since_start, session_after
from services.training.queries import centres, certificates, enrolments, findings, needs, sessions
from services.training.settings import policy
from services.training.statements.certificates import KIND, Statement
from services.training.usecases import seats
from services.training.usecases.event_fields import certificate_codes, certificate_fact, codes
from services.training.usecases.scope import lock_session, require_counties
from services.training.views import certificate_papers as papers
from services.training.views import certificates as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.listed_rows import RowsRecorded, apply_each
from shared.papers.parts import Paper
from shared.principals import Principal, Role, require_county, require_party
from shared.signing import sign, signing_key
from shared.values import EnrolmentId, SessionId


async def issue_certificates(tx: Tx, session_id: SessionId, command: commands.IssueCertificates) -> views.Certificates:
    """Certify those named, or all who passed and have none.

    Raises SessionNotFound, NotInSession, NamedTwice, IllegalStep, FindingOpen, DayOutsideSession, DayInFuture, CertifiedBeforeAssessment.
    """
    await sessions.lock_allocation_shared(tx)
    session = await lock_session(tx, session_id)
    today = tx.clock.today()
    day = command.issued_on or today
    session_after(session, SessionStep.CERTIFY)
    require_since_start(session, day, today, "issued_on")
    chosen = await _lock_chosen(tx, session, command.enrolments)
    for one in chosen:
        require_certified_after(one, day, "issued_on")
    if not chosen:
        return views.Certificates(issued=())
    issued = await _issue(tx, session.course, chosen, day)
    await enrolments.update_states(tx, chosen, EnrolmentState.CERTIFIED)
    await _meet(tx, issued)
    published = [
        events.CertificateIssued(
            serial=made.serial,
            minutes=made.minutes,
            valid_to=made.valid_to,
            basis="training",
            credited=made.credited,
            **codes(one, session.course.id, day),
        )
        for one, made in zip(chosen, issued, strict=True)
    ]
    publish_and_audit(tx, *published)
    return views.Certificates(issued=tuple(map(views.Issued.from_certificate, issued)))


async def certify_sessions(tx: Tx, command: commands.CertifySessions) -> RowsRecorded:
    """Certificates of each good row are issued; each bad one is answered with its field and code."""
    await sessions.lock_allocation_shared(tx)
    await sessions.lock_all(tx, {row.session for row in command.rows})
    done, refused = await apply_each(tx, command.rows, lambda row: issue_certificates(tx, row.session, row))
    return RowsRecorded(recorded=len(done), refused=refused)


async def _lock_chosen(tx: Tx, session: Session, named: Sequence[EnrolmentId] | None) -> list[Enrolment]:
    """Who gets one. Named: all of them must have passed, with no open finding about them. Not named: all of whom this is so."""
    if named is not None:
        require_once(named, "enrolments.{}")
    roster = await enrolments.lock_roster(tx, session.id, named)
    concerned = await findings.list_concerned(tx, list(roster))
    if named is None:
        chosen = [one for one in roster.values() if one.state is EnrolmentState.PASSED and one.id not in concerned]
    else:
        for index, one in enumerate(named):
            if one not in roster:
                raise NotInSession(field=f"enrolments.{index}")
            step(roster[one], Step.CERTIFY, field=f"enrolments.{index}")
            if one in concerned:
                raise FindingOpen(field=f"enrolments.{index}")
        chosen = [roster[one] for one in named]
    require_counties(tx.principal, chosen)
    return chosen


async def _issue(tx: Tx, course: Course, chosen: Sequence[Enrolment], day: date) -> list[Certificate]:
    numbers = await certificates.get_numbers(tx, len(chosen))
    issued = [certify(number, one, course, day) for number, one in zip(numbers, chosen, strict=True)]
    await certificates.insert_all(tx, issued)
    return issued


async def _meet(tx: Tx, issued: Sequence[Certificate]) -> None:
    """The needs they were earned for are met; one whose placement ended meanwhile stays closed."""
    serials = {one.placement: one.serial for one in issued}
    found = await needs.lock_all(tx, list(serials))
    met = [need for need in found if after_need(need.state, NeedStep.MEET) is not None]
    await needs.update_met(tx, [(need.id, serials[need.placement]) for need in met])


async def revoke_certificate(tx: Tx, serial: Serial, command: commands.RevokeCertificate) -> views.Certificate:
    """Placements that relied on it and have not departed need training again. Raises CertificateNotFound, AlreadyRevoked, Forbidden."""
    await sessions.lock_allocation(tx)
    certificate = await certificates.lock(tx, serial)
    if certificate is None:
        raise CertificateNotFound
    require_party(tx.principal, certificate.centre)
    if tx.principal.role is not Role.TRAINER:
        require_county(tx.principal, certificate.county)
    require_revocable(certificate)
    return views.Certificate.from_certificate(await revoke(tx, certificate, command.reason, command.explanation), tx.clock.today())


async def revoke(tx: Tx, certificate: Certificate, reason: RevocationReason, explanation: str | None) -> Certificate:
    """The caller holds the allocation lock and the certificate's."""
    today = tx.clock.today()
    revoked = replace(certificate, revoked_on=today, revoked_why=reason)
    await certificates.update_revoked(tx, revoked, explanation)
    issued = certificate_fact(certificate)
    publish_and_audit(
        tx, events.CertificateRevoked(serial=certificate.serial, reason=reason, issued=issued, **certificate_codes(certificate, today))
    )
    await seats.reopen(tx, await needs.lock_met_by(tx, [certificate.serial]), NeedStep.REOPEN)
    return revoked


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_certificate(tx: Tx, serial: Serial) -> views.CertificateShown:
    """With the number of its worker for whoever sees the worker. Raises CertificateNotFound."""
    certificate = await _get(tx, serial)
    seen = _sees_worker(tx.principal, certificate)
    need = await needs.get(tx, certificate.placement) if seen else None
    shown = views.Certificate.from_certificate(certificate, tx.clock.today())
    enrolment = certificate.enrolment if seen else None
    return views.CertificateShown(**shown.model_dump(), worker_no=need.worker_no if need else None, enrolment=enrolment)


def _sees_worker(who: Principal, certificate: Certificate) -> bool:
    """The centre that taught, and offices of the worker's county. An enterprise or an operator holds no more than the serial."""
    if who.role is Role.TRAINER:
        return who.party == certificate.centre
    return who.role not in (Role.ENTERPRISE, Role.OPERATOR) and who.covers_county(certificate.county)


async def _get(tx: Tx, serial: Serial) -> Certificate:
    certificate = await certificates.get(tx, serial)
    if certificate is None:
        raise CertificateNotFound
    return certificate


async def state_certificate(tx: Tx, serial: Serial) -> views.Stated:
    """What anybody may know of it, signed. Raises CertificateNotFound."""
    today = tx.clock.today()
    shown = views.Certificate.from_certificate(await _get(tx, serial), today)
    statement = _sign({**shown.model_dump(mode="json"), "stated_on": today.isoformat()})
    return views.Stated(**shown.model_dump(), stated_on=today, statement=statement)


async def show_paper(tx: Tx, serial: Serial) -> Paper:
    """The certificate on paper, for whoever earned it. Raises CertificateNotFound, Forbidden, CertificateNotValid."""
    certificate, today = await _get(tx, serial), tx.clock.today()
    require_party(tx.principal, certificate.centre)
    if tx.principal.role is not Role.TRAINER:
        require_county(tx.principal, certificate.county)
    validity = certificate.validity(today)
    if validity is not Validity.VALID:
        raise CertificateNotValid(state=validity)
    centre = await centres.get_by_name(tx, certificate.centre)
    statement = Statement.from_certificate(certificate, today)
    token = _sign(statement.model_dump(mode="json"))
    return papers.certificate_paper(statement, token, centre=certificate.centre, licence_no=centre.licence_no if centre else None)


def _sign(statement: Mapping[str, Any]) -> str:
    payload = json.dumps(statement, separators=(",", ":")).encode()
    return sign(signing_key(policy().training_signing_key), KIND, payload)

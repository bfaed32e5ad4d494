"""Nothing waits for ever: sessions of closed centres, seats never assessed, certificates that expired before departure."""

from __future__ import annotations

from datetime import timedelta

from services.training.domain.enrolments import EnrolmentState
from services.training.domain.needs import NeedStep
from services.training.queries import certificates, enrolments, needs, sessions
from services.training.settings import policy
from services.training.usecases import seats
from services.training.usecases.event_fields import certificate_codes
from services.training.usecases.sessions import cancel
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit

BATCH = 200  # certificates per sweep


async def sweep(tx: Tx) -> int:
    """One session, or a batch of certificates. Returns how many sessions, enrolments and certificates it acted on."""
    await sessions.lock_allocation(tx)
    return await _cancel_of_closed_centre(tx) or await _give_up_unassessed(tx) or await _expire_certificates(tx)


async def _cancel_of_closed_centre(tx: Tx) -> int:
    """One session of a centre that was suspended or revoked; everybody gets another seat or waits."""
    session_id = await sessions.get_of_closed_centre(tx, tx.clock.today())
    session = await sessions.lock(tx, session_id) if session_id is not None else None
    if session is None:
        return 0
    await cancel(tx, session, "centre_closed")
    return 1


async def _give_up_unassessed(tx: Tx) -> int:
    """Cancel what is left of one session that ended too long ago; the needs wait again."""
    overdue = tx.clock.today() - timedelta(days=policy().training_unassessed_days)
    session_id = await sessions.get_unassessed(tx, overdue)
    session = await sessions.lock(tx, session_id) if session_id is not None else None
    if session is None:
        return 0
    roster = await enrolments.lock_roster(tx, session.id, None)
    left = [one for one in roster.values() if one.state is EnrolmentState.ENROLLED]
    await seats.give_up(tx, session, left, "not_assessed")
    await seats.reopen(tx, await needs.lock_all(tx, [one.placement for one in left]), NeedStep.UNSEAT)
    return len(left)


async def _expire_certificates(tx: Tx) -> int:
    """A batch of certificates that have ended. Placements they served and that have not departed need training again."""
    today = tx.clock.today()
    lapsed = await certificates.lock_lapsed(tx, today, BATCH)
    if not lapsed:
        return 0
    serials = [one.serial for one in lapsed]
    await certificates.update_expired(tx, serials, today)
    met = await needs.lock_met_by(tx, serials)
    at_home = {need.worker for need in met}
    ended = (
        events.CertificateExpired(
            serial=one.serial,
            valid_to=one.valid_to,
            reopens_need=one.worker in at_home,
            **certificate_codes(one, effective=one.valid_to + timedelta(days=1)),
        )
        for one in lapsed
    )
    publish_and_audit(tx, *ended)
    await seats.reopen(tx, met, NeedStep.REOPEN)
    return len(lapsed)

"""Nothing waits for ever: sessions of closed centres, seats never assessed, certificates that expired before departure."""

from __future__ import annotations

from datetime import timedelta

from services.training.domain.enrolments import EnrolmentState
from services.training.domain.needs import NeedStep
from services.training.queries import enrolments, needs, sessions
from services.training.settings import policy
from services.training.usecases import seats
from services.training.usecases.sessions import cancel
from shared.db import Tx

BATCH = 200  # needs per sweep


async def sweep(tx: Tx) -> int:
    """One session, or a batch of needs. Returns how many sessions, enrolments and needs it acted on."""
    await sessions.lock_allocation(tx)
    return await _cancel_of_closed_centre(tx) or await _give_up_unassessed(tx) or await _reopen_expired(tx)


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


async def _reopen_expired(tx: Tx) -> int:
    """Needs whose certificate ended before the placement departed."""
    affected = await needs.lock_expired(tx, tx.clock.today(), BATCH)
    await seats.reopen(tx, affected, NeedStep.REOPEN)
    return len(affected)

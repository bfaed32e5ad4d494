"""Nothing waits for ever: seats of sessions that were never assessed, certificates that ran out before departure."""

from __future__ import annotations

from datetime import timedelta

from services.training.domain import EnrolmentState, NeedStep
from services.training.queries import courses, enrolments, needs
from services.training.settings import policy
from services.training.usecases import seats
from shared.db import Tx

BATCH = 200


async def sweep(tx: Tx) -> int:
    """One session, or a batch of needs. Returns how many enrolments and needs it acted on."""
    await courses.lock_allocation(tx)
    return await _unassessed(tx) or await _run_out(tx)


async def _unassessed(tx: Tx) -> int:
    """Cancel what is left of one session that ended too long ago; the needs wait again."""
    overdue = tx.clock.today() - timedelta(days=policy().training_unassessed_days)
    session_id = await enrolments.unassessed_session(tx, overdue)
    session = await courses.lock_session(tx, session_id) if session_id is not None else None
    if session is None:
        return 0
    roster = await enrolments.lock_roster(tx, session.id, None)
    left = [one for one in roster.values() if one.state is EnrolmentState.ENROLLED]
    await seats.give_up(tx, session, left, "not_assessed")
    await seats.reopen(tx, await needs.lock_needs(tx, [one.placement for one in left]), NeedStep.UNSEAT)
    return len(left)


async def _run_out(tx: Tx) -> int:
    """Needs whose certificate ended before the placement departed."""
    affected = await needs.lock_run_out(tx, tx.clock.today(), BATCH)
    await seats.reopen(tx, affected, NeedStep.REOPEN)
    return len(affected)

"""Who gets a seat: needs meet sessions, and seats that come free go to whoever has waited longest.

Every caller holds the allocation lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.training.domain.enrolments import Enrolment, EnrolmentState, Step, enrol, step
from services.training.domain.needs import Need, NeedState, NeedStep, after_need
from services.training.domain.sessions import Session
from services.training.queries import enrolments, needs, sessions
from services.training.usecases.event_fields import codes
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.values import EnrolmentId, new_id


async def find_seat(tx: Tx, need: Need) -> None:
    """Seat an open need in the earliest session that takes it; otherwise it waits."""
    session = await sessions.lock_open(tx, need.destination, need.occupation, tx.clock.today())
    if session is not None:
        await _seat(tx, session, [need])


async def fill(tx: Tx, session: Session) -> list[Enrolment]:
    """Give the session's free seats to the backlog, oldest need first."""
    if not session.takes_new(tx.clock.today()):
        return []
    waiting = await needs.lock_backlog(tx, session.course.destination, session.course.occupation, session.free)
    return await _seat(tx, session, waiting) if waiting else []


async def _seat(tx: Tx, session: Session, chosen: Sequence[Need]) -> list[Enrolment]:
    seated = [enrol(EnrolmentId(new_id()), session.id, need) for need in chosen]
    await sessions.update_taken(tx, session.id, len(seated))
    await enrolments.insert_all(tx, seated)
    await needs.update_state(tx, chosen, NeedState.SEATED)
    today = tx.clock.today()
    publish_and_audit(tx, *(events.WorkerEnrolled(session=session.id, **codes(one, session.course.id, today)) for one in seated))
    return seated


async def give_up(tx: Tx, session: Session, leaving: Sequence[Enrolment], reason: str) -> Session:
    """Cancel enrolments and free their seats. Returns the session with them free."""
    for one in leaving:
        step(one, Step.CANCEL)
    await enrolments.update_states(tx, leaving, EnrolmentState.CANCELLED)
    await sessions.update_taken(tx, session.id, -len(leaving))
    today = tx.clock.today()
    publish_and_audit(tx, *(events.EnrolmentCancelled(reason=reason, **codes(one, session.course.id, today)) for one in leaving))
    return replace(session, taken=session.taken - len(leaving))


async def reopen(tx: Tx, affected: Sequence[Need], taken: NeedStep) -> None:
    """Needs that lost their seat or certificate wait again, and get another seat where there is one."""
    waiting = [replace(need, state=NeedState.OPEN) for need in affected if after_need(need.state, taken) is NeedState.OPEN]
    if not waiting:
        return
    await needs.update_state(tx, waiting, NeedState.OPEN)
    for need in sorted(waiting, key=lambda one: (one.since, one.id)):
        await find_seat(tx, need)

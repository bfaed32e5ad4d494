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
    session = await sessions.lock_open(tx, need, tx.clock.today(), course=None, by=None)
    if session is not None:
        await _seat(tx, session, [need])


async def fill(tx: Tx, session: Session) -> list[Enrolment]:
    """Give the session's free seats to the backlog, oldest need first."""
    if not session.takes_new(tx.clock.today()):
        return []
    waiting = await needs.lock_backlog(tx, session)
    return await _seat(tx, session, waiting) if waiting else []


async def move(tx: Tx, session: Session, need: Need, replaces: Enrolment | None) -> Enrolment:
    """A seat of this session, which has one free, in place of another that was given up."""
    [seated] = await _seat(tx, session, [need], replaces)
    return seated


async def _seat(tx: Tx, session: Session, chosen: Sequence[Need], replaces: Enrolment | None = None) -> list[Enrolment]:
    today = tx.clock.today()
    seated = [enrol(EnrolmentId(new_id()), session.id, need, today) for need in chosen]
    await sessions.update_taken(tx, session.id, len(seated))
    await enrolments.insert_all(tx, seated)
    await needs.update_state(tx, chosen, NeedState.SEATED)
    given_up = replaces and replaces.id
    made = (events.WorkerEnrolled(session=session.id, replaces=given_up, **codes(one, session.course.id, today)) for one in seated)
    publish_and_audit(tx, *made)
    return seated


async def give_up(tx: Tx, session: Session, leaving: Sequence[Enrolment], reason: str) -> Session:
    """Cancel enrolments and free their seats. Returns the session with them free. Raises IllegalStep."""
    for one in leaving:
        step(one, Step.CANCEL)
    await enrolments.update_states(tx, leaving, EnrolmentState.CANCELLED)
    await sessions.update_taken(tx, session.id, -len(leaving))
    today = tx.clock.today()
    publish_and_audit(tx, *(events.EnrolmentCancelled(reason=reason, **codes(one, session.course.id, today)) for one in leaving))
    return replace(session, taken=session.taken - len(leaving))


async def reopen(tx: Tx, affected: Sequence[Need], taken: NeedStep) -> None:
    """Needs that lost their seat or certificate wait again, and get another seat where there is one."""
    for need in await _open_again(tx, affected, taken):
        await find_seat(tx, need)


async def reseat(tx: Tx, session: Session, left: Sequence[Enrolment]) -> list[Enrolment]:
    """Those whose session does not take place get a seat in time: of the same course, else of another that fits; others wait.

    In time: over by the day until which the match is held. Returns the new enrolments.
    """
    before = {one.placement: one for one in left}
    seated = []
    for need in await _open_again(tx, await needs.lock_all(tx, list(before)), NeedStep.UNSEAT):
        following = await sessions.lock_open(tx, need, tx.clock.today(), course=session.course.id, by=need.due)
        if following is not None:
            seated.append(await move(tx, following, need, before[need.placement]))
    return seated


async def _open_again(tx: Tx, affected: Sequence[Need], taken: NeedStep) -> list[Need]:
    """Those of the needs that wait again, oldest first."""
    waiting = [replace(need, state=NeedState.OPEN) for need in affected if after_need(need.state, taken) is NeedState.OPEN]
    if waiting:
        await needs.update_state(tx, waiting, NeedState.OPEN)
    return sorted(waiting, key=lambda one: (one.since, one.id))

"""Enrolments by hand: a seat in a session of one's choice, moved, given up; and what is asked about enrolments."""

from __future__ import annotations

from services.training import commands
from services.training.domain.centres import require_active
from services.training.domain.enrolments import Enrolment, EnrolmentState
from services.training.domain.errors import AlreadyEnrolled, EnrolmentNotFound, NeedNotFound
from services.training.domain.needs import Need, NeedStep, require_fitting, require_seatable
from services.training.domain.sessions import Session, SessionStep, require_not_over, session_after
from services.training.queries import centres, enrolments, needs, sessions
from services.training.usecases import seats
from services.training.usecases.scope import counties_seen, lock_session, own_centre, require_counties
from services.training.views import enrolments as views
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of
from shared.paging import Page
from shared.principals import require_party
from shared.values import EnrolmentId, PlacementId, SessionId


async def enrol(tx: Tx, session_id: SessionId, command: commands.Enrol) -> views.Seating:
    """W1: a seat for a placement that needs training; where the session is full, it waits, and is seated when its turn comes.

    Raises SessionNotFound, NeedNotFound, NeedNotOpen, AlreadyEnrolled, CourseDoesNotFit, SessionOver, IllegalStep, CentreNotActive,
    Forbidden.
    """
    await sessions.lock_allocation(tx)
    session = await lock_session(tx, session_id)
    session_after(session, SessionStep.ENROL)
    require_not_over(session, tx.clock.today())
    require_active(await centres.get_by_name(tx, session.course.centre))
    need = await needs.lock(tx, command.placement)
    if need is None:
        raise NeedNotFound(field="placement")
    require_counties(tx.principal, [need])
    require_seatable(need)
    require_fitting(need, session.course)
    seated = await enrolments.get_holding(tx, need.placement)
    if seated is not None and seated.session == session.id:
        raise AlreadyEnrolled(field="placement", state=str(seated.id))
    if session.free == 0:
        return await _waiting(tx, session, need, seated)
    if seated is not None:
        await _leave(tx, seated, "moved")
    return views.Seating.from_enrolment(await seats.move(tx, session, need, seated))


async def _waiting(tx: Tx, session: Session, need: Need, seated: Enrolment | None) -> views.Seating:
    """Nothing changes: whoever has a seat elsewhere keeps it."""
    if seated is not None:
        return views.Seating.from_enrolment(seated)
    return views.Seating(placement=need.placement, enrolment=None, session=None, ahead=await needs.get_ahead(tx, need, session.course))


async def _leave(tx: Tx, seated: Enrolment, reason: str) -> None:
    """Give the seat to whoever waits. Raises IllegalStep: an examination was passed there; Forbidden: a trainer takes nobody from another
    centre.
    """
    session = await sessions.lock(tx, seated.session)
    if session is not None:
        require_party(tx.principal, session.course.centre)
        await seats.fill(tx, await seats.give_up(tx, session, [seated], reason))


async def cancel_enrolment(tx: Tx, enrolment_id: EnrolmentId, command: commands.CancelEnrolment) -> views.Seating:
    """The seat goes to whoever waits longest; the placement needs training again, and gets a seat in another session where there is one.

    Raises EnrolmentNotFound, IllegalStep, Forbidden.
    """
    await sessions.lock_allocation(tx)
    found = await enrolments.get(tx, enrolment_id)
    if found is None:
        raise EnrolmentNotFound
    session = await lock_session(tx, found.session)
    [enrolment] = (await enrolments.lock_roster(tx, session.id, [enrolment_id])).values()
    require_counties(tx.principal, [enrolment])
    left = await seats.give_up(tx, session, [enrolment], command.reason)
    await seats.fill(tx, left)
    affected = await needs.lock_all(tx, [enrolment.placement])
    await seats.reopen(tx, affected, NeedStep.UNSEAT)
    now = await enrolments.get_holding(tx, enrolment.placement)
    return views.Seating.from_enrolment(now) if now is not None else await _waiting(tx, session, affected[0], None)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_enrolments(
    tx: Tx, page: Page, *, placement: PlacementId | None, session: SessionId | None, state: EnrolmentState | None, worker_no: str | None
) -> views.Enrolments:
    """Enrolments of the caller's counties; a trainer sees those of the own centre."""
    items, following = await enrolments.list_(
        tx,
        page,
        placement=placement,
        session=session,
        state=state,
        worker_no=worker_no,
        centre=own_centre(tx.principal),
        counties=counties_seen(tx.principal),
    )
    return views.Enrolments(items=tuple(views.Enrolment.from_enrolment(one, one.serial, one.worker_no) for one in items), next=following)


async def enrolment_history(tx: Tx, enrolment_id: EnrolmentId, after: int, limit: int) -> History:
    """Raises EnrolmentNotFound, Forbidden."""
    await _visible(tx, enrolment_id)
    return await changes_of(tx, enrolment_id, after, limit)


async def show_enrolment(tx: Tx, enrolment_id: EnrolmentId) -> views.Enrolment:
    """Raises EnrolmentNotFound, Forbidden."""
    found = await _visible(tx, enrolment_id)
    return views.Enrolment.from_enrolment(found, found.serial, found.worker_no)


async def _visible(tx: Tx, enrolment_id: EnrolmentId) -> enrolments.Listed:
    """To the centre that holds the session, and to whoever covers the worker's county. Raises EnrolmentNotFound, Forbidden."""
    found = await enrolments.get_listed(tx, enrolment_id)
    if found is None:
        raise EnrolmentNotFound
    session = await sessions.get(tx, found.session)
    if session is not None:
        require_party(tx.principal, session.course.centre)
    require_counties(tx.principal, [found])
    return found

"""Needs follow docking: a match needs training, a cancelled placement does not, a departed one no longer does."""

from __future__ import annotations

from services.training.domain.needs import Need, NeedId, NeedState, NeedStep, after_need
from services.training.queries import certificates, enrolments, merges, needs, sessions
from services.training.usecases import seats
from services.training.usecases.scope import counties_seen
from services.training.views import needs as views
from shared import events
from shared.db import Tx
from shared.events import EventEnvelope
from shared.paging import Page
from shared.values import Destination, Occupation, PlacementId, new_id

MOST_KINDS = 5000  # of needs in one answer: destinations by occupations


async def open_need(tx: Tx, event: EventEnvelope[events.MatchedToEnterprise]) -> None:
    """W1: the placement needs a certificate for its destination and occupation; a valid one of the worker meets it at once."""
    match = event.data
    await sessions.lock_allocation(tx)
    need = Need(
        id=NeedId(new_id()),
        placement=match.placement,
        worker=await merges.get_current(tx, match.worker),
        county=match.origin.county,
        designation=match.origin.designation,
        designation_version=match.origin.designation_version,
        destination=match.destination,
        occupation=match.occupation,
        state=NeedState.OPEN,
        since=event.time,
        due=match.due,
        worker_no=await merges.get_number(tx, match.worker) or match.worker_no,
    )
    if not await needs.insert(tx, need):
        return
    serial = await certificates.get_valid(tx, need.worker, need.destination, need.occupation, tx.clock.today())
    if serial is not None:
        await needs.update_met(tx, [(need.id, serial)])
    else:
        await seats.find_seat(tx, need)


async def cancel_need(tx: Tx, event: EventEnvelope[events.PlacementCancelled]) -> None:
    """The seat goes to whoever waits. A passed examination stays passed: its certificate serves the worker's next match."""
    await _close(tx, event.data.placement, "placement_cancelled")


async def end_need(tx: Tx, event: EventEnvelope[events.Dispatched]) -> None:
    """Who has left needs no seat any more."""
    await _close(tx, event.data.placement, "departed")


async def _close(tx: Tx, placement: PlacementId, reason: str) -> None:
    await sessions.lock_allocation(tx)
    seated = await enrolments.get_seated(tx, placement)
    session = await sessions.lock(tx, seated.session) if seated is not None else None
    need = await needs.lock(tx, placement)
    if need is None or after_need(need.state, NeedStep.CLOSE) is None:
        return
    await needs.update_state(tx, [need], NeedState.CLOSED)
    if seated is not None and session is not None:
        await seats.fill(tx, await seats.give_up(tx, session, [seated], reason))


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_needs(
    tx: Tx, page: Page, *, state: NeedState, destination: Destination | None, occupation: Occupation | None
) -> views.Needs:
    """Needs of the caller's counties in one state; open ones are the backlog. A training centre sees what all need."""
    items, following = await needs.list_(
        tx, page, state=state, destination=destination, occupation=occupation, counties=counties_seen(tx.principal)
    )
    return views.Needs(items=tuple(map(views.Need.from_need, items)), next=following)


async def count_backlog(tx: Tx) -> views.Backlog:
    """Those of the caller's counties; a training centre sees what all need, as sessions are scheduled for."""
    found = await needs.list_backlog(tx, counties_seen(tx.principal), MOST_KINDS)
    return views.Backlog(items=tuple(map(views.Waiting.from_waiting, found)))

"""Reactions to docking: a match needs training, a cancelled placement does not, a departed one no more."""

from __future__ import annotations

from services.training import views
from services.training.domain import Need, NeedId, NeedState, NeedStep, after_need
from services.training.queries import certificates, courses, enrolments
from services.training.queries import needs as queries
from services.training.usecases import seats
from services.training.usecases.courses import counties_seen
from shared import events
from shared.db import Tx
from shared.events import EventEnvelope
from shared.values import Destination, Occupation, PlacementId, new_id


async def matched(tx: Tx, event: EventEnvelope[events.MatchedToEnterprise]) -> None:
    """W1: the placement needs a certificate for its destination and occupation; a valid one of the worker meets it at once."""
    data = event.data
    need = Need(
        NeedId(new_id()),
        data.placement,
        data.worker,
        data.origin.county,
        data.origin.designation,
        data.origin.designation_version,
        data.destination,
        data.occupation,
        NeedState.OPEN,
        event.time,
    )
    await courses.lock_allocation(tx)
    if not await queries.insert_need(tx, need):
        return
    serial = await certificates.held(tx, need.worker, need.destination, need.occupation, tx.clock.today())
    if serial is not None:
        await queries.set_met(tx, [(need.id, serial)])
    else:
        await seats.find_seat(tx, need)


async def cancelled(tx: Tx, event: EventEnvelope[events.PlacementCancelled]) -> None:
    """The seat goes to whoever waits. A passed examination stays passed: its certificate serves the worker's next match."""
    await _close(tx, event.data.placement, "placement_cancelled")


async def departed(tx: Tx, event: EventEnvelope[events.Dispatched]) -> None:
    """Who has left needs no seat any more."""
    await _close(tx, event.data.placement, "departed")


async def _close(tx: Tx, placement: PlacementId, reason: str) -> None:
    await courses.lock_allocation(tx)
    seat = await enrolments.seat_of(tx, placement)
    session = await courses.lock_session(tx, seat.session) if seat is not None else None
    need = await queries.lock_need(tx, placement)
    if need is None or after_need(need.state, NeedStep.CLOSE) is None:
        return
    await queries.set_state(tx, [need], NeedState.CLOSED)
    if seat is not None and session is not None:
        await seats.fill(tx, await seats.give_up(tx, session, [seat], reason))


# --- queries ----------------------------------------------------------------------------------------------------------
async def backlog(
    tx: Tx, state: NeedState, destination: Destination | None, occupation: Occupation | None, after: NeedId | None, limit: int
) -> views.Needs:
    """Needs of the caller's counties in one state; open ones are the backlog. A training centre sees what all need."""
    rows = await queries.needs(tx, state, after, destination, occupation, counties_seen(tx), limit + 1)
    items = tuple(views.need(row) for row in rows[:limit])
    return views.Needs(items=items, next=items[-1].need if len(rows) > limit else None)

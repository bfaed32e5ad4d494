"""Needs follow docking: a match needs training, a cancelled placement does not, a departed one no longer does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from services.training.domain.needs import Need, NeedId, NeedState, NeedStep, after_need
from services.training.queries import certificates, enrolments, merges, needs, sessions
from services.training.usecases import seats
from services.training.usecases.scope import counties_seen
from services.training.views import needs as views
from shared import events
from shared.db import Tx
from shared.delivery.consumer import because_of
from shared.events import EventEnvelope
from shared.paging import Page
from shared.values import Destination, Occupation, PlacementId, new_id

MOST_KINDS = 5000  # of needs in one answer: destinations by occupations


async def open_needs(tx: Tx, matches: Sequence[EventEnvelope[events.MatchedToEnterprise]]) -> None:
    """W1: each placement needs a certificate for its destination and occupation; a valid one of the worker meets it at once."""
    await sessions.lock_allocation(tx)
    merged = await merges.list_survivors(tx, [match.data.worker for match in matches])
    asked = {match.data.placement: match for match in matches}
    opened = {match.data.placement: _need(match, merged.get(match.data.worker)) for match in matches}
    new = [opened[placement] for placement in await needs.insert_all(tx, list(opened.values()))]
    met = await certificates.list_valid(tx, [(need, _today(tx, asked[need.placement])) for need in new])
    await needs.update_met(tx, list(met.items()))
    for need in new:
        if need.id not in met:
            because_of(tx, asked[need.placement])
            await seats.find_seat(tx, need)


def _need(match: EventEnvelope[events.MatchedToEnterprise], survivor: merges.Survivor | None) -> Need:
    data = match.data
    return Need(
        id=NeedId(new_id()),
        placement=data.placement,
        worker=survivor.worker if survivor else data.worker,
        county=data.origin.county,
        designation=data.origin.designation,
        designation_version=data.origin.designation_version,
        destination=data.destination,
        occupation=data.occupation,
        state=NeedState.OPEN,
        since=match.time,
        due=data.due,
        worker_no=survivor.number if survivor and survivor.number else data.worker_no,
    )


def _today(tx: Tx, event: EventEnvelope[Any]) -> date:
    because_of(tx, event)
    return tx.clock.today()


async def cancel_needs(tx: Tx, cancellations: Sequence[EventEnvelope[events.PlacementCancelled]]) -> None:
    """The seat goes to whoever waits. A passed examination stays passed: its certificate serves the worker's next match."""
    await _close(tx, cancellations, "placement_cancelled")


async def end_needs(tx: Tx, departures: Sequence[EventEnvelope[events.Dispatched]]) -> None:
    """Who has left needs no seat any more."""
    await _close(tx, departures, "departed")


async def _close(
    tx: Tx, ended: Sequence[EventEnvelope[events.PlacementCancelled]] | Sequence[EventEnvelope[events.Dispatched]], reason: str
) -> None:
    """Those without a seat first: a seat that comes free is not for them."""
    await sessions.lock_allocation(tx)
    seated = await enrolments.list_seated(tx, [event.data.placement for event in ended])
    unseated = await needs.lock_all(tx, [event.data.placement for event in ended if event.data.placement not in seated])
    await needs.update_state(tx, [need for need in unseated if after_need(need.state, NeedStep.CLOSE) is not None], NeedState.CLOSED)
    for event in ended:
        if event.data.placement in seated:
            because_of(tx, event)
            await _give_up(tx, event.data.placement, reason)


async def _give_up(tx: Tx, placement: PlacementId, reason: str) -> None:
    """Close the need, and give its seat to whoever waits."""
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

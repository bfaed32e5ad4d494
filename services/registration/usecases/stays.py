"""Placements and stays abroad follow docking: for what cannot be done with somebody who is on the way or has left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.registration.domain.stays import Stay
from services.registration.queries import open_placements, stays, workers
from services.registration.usecases.willingness import withdraw_dispatched
from shared import events
from shared.db import Tx
from shared.delivery.consumer import Reject
from shared.events import EventEnvelope
from shared.values import WorkerId


async def matched(tx: Tx, matches: Sequence[EventEnvelope[events.MatchedToEnterprise]]) -> None:
    """On the way. Rejects an unknown worker."""
    now = await _require_workers(tx, [match.data.worker for match in matches])
    await open_placements.insert_all(tx, {match.data.placement: now[match.data.worker] for match in matches})


async def contracts_registered(tx: Tx, contracts: Sequence[EventEnvelope[events.ContractRegistered]]) -> None:
    await open_placements.update_contract_ends(tx, {contract.data.placement: contract.data.end for contract in contracts})


async def cancelled(tx: Tx, cancellations: Sequence[EventEnvelope[events.PlacementCancelled]]) -> None:
    await open_placements.delete_all(tx, [one.data.placement for one in cancellations])


async def departed(tx: Tx, departures: Sequence[EventEnvelope[events.Dispatched]]) -> None:
    """Abroad, and no longer on offer. Rejects an unknown worker."""
    await withdraw_dispatched(tx, departures)
    await _put(tx, [Stay(data.placement, data.worker, data.departed_on, None) for data in (one.data for one in departures)])


async def returned(tx: Tx, returns: Sequence[EventEnvelope[events.Returned] | EventEnvelope[events.ReturnCorrected]]) -> None:
    """Back, on the day the event says. Rejects an unknown worker."""
    known = [one.data for one in returns]
    await open_placements.delete_all(tx, [data.placement for data in known])
    await _put(tx, [Stay(data.placement, data.worker, data.dispatch.departed_on, data.fact.returned_on) for data in known])


async def corrected(tx: Tx, event: EventEnvelope[events.DispatchCorrected]) -> None:
    """Departed, and perhaps returned, on other days. Rejects an unknown worker."""
    data = event.data
    await _put(tx, [Stay(data.placement, data.worker, data.departed_on, data.returned.returned_on if data.returned else None)])


async def voided(tx: Tx, event: EventEnvelope[events.DispatchVoided]) -> None:
    """Never left."""
    await open_placements.delete_all(tx, [event.data.placement])
    await stays.delete(tx, event.data.placement)


async def _put(tx: Tx, stated: Sequence[Stay]) -> None:
    """As the last event of each placement says: each of them carries the whole stay, so none needs those before it."""
    now = await _require_workers(tx, [stay.worker for stay in stated])
    await stays.update_all(tx, [replace(stay, worker=now[stay.worker]) for stay in stated])


async def _require_workers(tx: Tx, stated: Sequence[WorkerId]) -> dict[WorkerId, WorkerId]:
    """The registration that is each person's now. Rejects an unknown one."""
    now = await workers.get_current(tx, stated)
    for worker in stated:
        if worker not in now:
            raise Reject("WORKER_NOT_FOUND", f"no worker {worker}")
    return now

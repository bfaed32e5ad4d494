"""Placements and stays abroad follow docking: for what cannot be done with somebody who is on the way or has left."""

from __future__ import annotations

from datetime import date

from services.registration.domain.stays import Stay
from services.registration.queries import open_placements, stays, workers
from services.registration.usecases.willingness import withdraw_dispatched
from shared import events
from shared.db import Tx
from shared.delivery.consumer import Reject
from shared.events import EventEnvelope, ReturnFact
from shared.values import PlacementId, WorkerId


async def matched(tx: Tx, event: EventEnvelope[events.MatchedToEnterprise]) -> None:
    """On the way. Rejects an unknown worker."""
    worker = await _require_worker(tx, event.data.worker)
    await open_placements.insert(tx, event.data.placement, worker)


async def contract_registered(tx: Tx, event: EventEnvelope[events.ContractRegistered]) -> None:
    await open_placements.update_contract_end(tx, event.data.placement, event.data.end)


async def cancelled(tx: Tx, event: EventEnvelope[events.PlacementCancelled]) -> None:
    await open_placements.delete(tx, event.data.placement)


async def departed(tx: Tx, event: EventEnvelope[events.Dispatched]) -> None:
    """Abroad, and no longer on offer. Rejects an unknown worker."""
    data = event.data
    await withdraw_dispatched(tx, event)
    await _put(tx, data.placement, data.worker, data.departed_on, None)


async def returned(tx: Tx, event: EventEnvelope[events.Returned] | EventEnvelope[events.ReturnCorrected]) -> None:
    """Back, on the day the event says. Rejects an unknown worker."""
    data = event.data
    await open_placements.delete(tx, data.placement)
    await _put(tx, data.placement, data.worker, data.dispatch.departed_on, data.fact)


async def corrected(tx: Tx, event: EventEnvelope[events.DispatchCorrected]) -> None:
    """Departed, and perhaps returned, on other days. Rejects an unknown worker."""
    data = event.data
    await _put(tx, data.placement, data.worker, data.departed_on, data.returned)


async def voided(tx: Tx, event: EventEnvelope[events.DispatchVoided]) -> None:
    """Never left."""
    await open_placements.delete(tx, event.data.placement)
    await stays.delete(tx, event.data.placement)


async def _put(tx: Tx, placement: PlacementId, worker_id: WorkerId, departed_on: date, back: ReturnFact | None) -> None:
    """As the last event of the placement says: each of them carries the whole stay, so none needs those before it."""
    worker = await _require_worker(tx, worker_id)
    await stays.update(tx, Stay(placement, worker, departed_on, back.returned_on if back else None))


async def _require_worker(tx: Tx, worker_id: WorkerId) -> WorkerId:
    worker = await workers.get(tx, worker_id)
    if worker is None:
        raise Reject("WORKER_NOT_FOUND", f"no worker {worker_id}")
    return worker.worker

"""Stays abroad follow docking: who has left is known here, for what cannot be done with somebody abroad."""

from __future__ import annotations

from datetime import date

from services.registration.domain.stays import Stay
from services.registration.queries import stays, workers
from services.registration.usecases.willingness import withdraw_dispatched
from shared import events
from shared.db import Tx
from shared.delivery.consumer import Reject
from shared.events import EventEnvelope, ReturnFact
from shared.values import PlacementId, WorkerId


async def departed(tx: Tx, event: EventEnvelope[events.Dispatched]) -> None:
    """Abroad, and no longer on offer. Rejects an unknown worker."""
    data = event.data
    await withdraw_dispatched(tx, event)
    await _put(tx, data.placement, data.worker, data.departed_on, None)


async def returned(tx: Tx, event: EventEnvelope[events.Returned] | EventEnvelope[events.ReturnCorrected]) -> None:
    """Back, on the day the event says. Rejects an unknown worker."""
    data = event.data
    await _put(tx, data.placement, data.worker, data.dispatch.departed_on, data.fact)


async def corrected(tx: Tx, event: EventEnvelope[events.DispatchCorrected]) -> None:
    """Departed, and perhaps returned, on other days. Rejects an unknown worker."""
    data = event.data
    await _put(tx, data.placement, data.worker, data.departed_on, data.returned)


async def voided(tx: Tx, event: EventEnvelope[events.DispatchVoided]) -> None:
    """Never left."""
    await stays.delete(tx, event.data.placement)


async def _put(tx: Tx, placement: PlacementId, worker_id: WorkerId, departed_on: date, back: ReturnFact | None) -> None:
    """As the last event of the placement says: each of them carries the whole stay, so none needs those before it."""
    worker = await workers.get(tx, worker_id)
    if worker is None:
        raise Reject("WORKER_NOT_FOUND", f"no worker {worker_id}")
    await stays.update(tx, Stay(placement, worker.worker, departed_on, back.returned_on if back else None))

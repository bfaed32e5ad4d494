"""A worker's personal data were erased: what people explained about the worker goes too."""

from __future__ import annotations

from services.training.queries import erasures, merges, sessions
from shared import events
from shared.db import Tx
from shared.events import EventEnvelope


async def erase_explanations(tx: Tx, event: EventEnvelope[events.WorkerErased]) -> None:
    await sessions.lock_allocation(tx)  # as merges do: the worker is the same until this is committed
    await erasures.update_explanations_erased(tx, await merges.get_current(tx, event.data.worker))

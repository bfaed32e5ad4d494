"""A worker's personal data were erased: what people wrote in the worker's cases goes too."""

from __future__ import annotations

from services.rights.queries import erasures, merges
from shared import events
from shared.db import Tx
from shared.events import EventEnvelope


async def erase_texts(tx: Tx, event: EventEnvelope[events.WorkerErased]) -> None:
    """Days, steps and amounts stay. A collective case is about several, and stays as it is."""
    await erasures.update_texts_erased(tx, await merges.lock_current(tx, event.data.worker))

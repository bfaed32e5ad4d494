"""Two registrations are one person: the ledgers of both are the survivor's, and with them their reports, findings and cases."""

from __future__ import annotations

from services.rights.queries import merges
from shared import events
from shared.db import Tx
from shared.events import EventEnvelope


async def workers_merged(tx: Tx, event: EventEnvelope[events.WorkersMerged]) -> None:
    """A contract of the absorbed worker that comes afterwards, as events of different subjects do, is the survivor's too."""
    await merges.lock_merges(tx)
    survivor = await merges.get_current(tx, event.data.survivor)
    if await merges.insert(tx, event.data.absorbed, survivor):
        await merges.update_worker(tx, event.data.absorbed, survivor)

"""What time does: a provisional registration lapses, a willingness leaves the supply, names stored long ago are spelt anew."""

from __future__ import annotations

from services.registration.domain.willingness import lapsed_on
from services.registration.queries import workers
from services.registration.usecases import event_fields
from services.registration.usecases.respelling import respell
from services.registration.usecases.validity import lapse_registrations
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit

BATCH = 500


async def sweep(tx: Tx) -> int:
    """Record one bounded batch of what ended before today; idempotent. Returns how many.

    Registrations first: what they offered ends with them, and often earlier than it would by itself.
    """
    return await lapse_registrations(tx, BATCH) or await _expired_willingness(tx) or await respell(tx, BATCH)


async def _expired_willingness(tx: Tx) -> int:
    today = tx.clock.today()
    expired = [
        event_fields.willingness_expired(worker, ended)
        for worker in await workers.lock_lapsed(tx, today, BATCH)
        if (ended := lapsed_on(worker.willingness, worker.offer, today))
    ]
    await workers.update_expired(tx, [event.worker for event in expired])
    publish_and_audit(tx, *expired)
    return len(expired)

"""Timeouts: a willingness leaves the supply when its time is over."""

from __future__ import annotations

from services.registration.domain.willingness import lapsed_on
from services.registration.queries import workers
from services.registration.usecases import event_fields
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit

BATCH = 500


async def sweep(tx: Tx) -> int:
    """Record one bounded batch of willingness that ended before today; idempotent. Returns how many."""
    today = tx.clock.today()
    expired = [
        event_fields.willingness_expired(worker, ended)
        for worker in await workers.lock_lapsed(tx, today, BATCH)
        if (ended := lapsed_on(worker.willingness, worker.offer, today))
    ]
    await workers.update_expired(tx, [event.worker for event in expired])
    publish_and_audit(tx, *expired)
    return len(expired)

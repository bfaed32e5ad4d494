"""Timeouts: no position stays reserved, no placement waits and no order stays open beyond its day."""

from __future__ import annotations

from services.docking.domain import OVERDUE_REASON, OrderState
from services.docking.queries import orders, placements
from services.docking.usecases.orders import ended
from services.docking.usecases.placements import cancellation
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit

BATCH = 200


async def sweep(tx: Tx) -> int:
    """One bounded batch of what is overdue today; idempotent. Returns how many it acted on."""
    return await _overdue_placements(tx) + await _expired_orders(tx) + await placements.expire_proposals(tx, tx.clock.today(), BATCH)


async def _overdue_placements(tx: Tx) -> int:
    """Positions released, clearances withdrawn, workers free."""
    today = tx.clock.today()
    overdue = await placements.lock_overdue(tx, today, BATCH)
    if overdue:
        reasons = {one.id: OVERDUE_REASON[one.state] for one in overdue}
        still_open = await orders.release_all(tx, [one.order for one in overdue])
        await placements.cancel_all(tx, reasons, today)
        publish_and_audit(
            tx, *(said for one in overdue for said in cancellation(tx, one, reasons[one.id], reopens=one.order in still_open))
        )
    return len(overdue)


async def _expired_orders(tx: Tx) -> int:
    """Unfilled positions return; placements under way keep theirs until their own day."""
    expired = await orders.lock_overdue(tx, tx.clock.today(), BATCH)
    if expired:
        await orders.end_all(tx, [one.id for one in expired], OrderState.EXPIRED)
        publish_and_audit(tx, *(events.JobOrderExpired.model_validate(ended(tx, one)) for one in expired))
    return len(expired)

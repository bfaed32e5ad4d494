"""Timeouts: no position stays reserved, no placement waits and no order stays open beyond its day."""

from __future__ import annotations

from services.docking.domain.orders import OrderState
from services.docking.domain.placements import OVERDUE_REASON
from services.docking.queries import orders, placements, proposals
from services.docking.usecases.event_fields import order_event
from services.docking.usecases.placements import cancellation
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit

BATCH = 200


async def sweep(tx: Tx) -> int:
    """One bounded batch of what is overdue today; idempotent. Returns how many it acted on."""
    return await _overdue_placements(tx) + await _expired_orders(tx) + await proposals.update_expired(tx, tx.clock.today(), BATCH)


async def _overdue_placements(tx: Tx) -> int:
    """Positions released, clearances withdrawn, workers free."""
    today = tx.clock.today()
    overdue = await placements.lock_overdue(tx, today, BATCH)
    if overdue:
        reasons = {one.id: OVERDUE_REASON[one.state] for one in overdue}
        still_open = await orders.update_all_released(tx, [one.order for one in overdue])
        await placements.update_cancelled(tx, reasons, today)
        publish_and_audit(
            tx, *(event for one in overdue for event in cancellation(tx, one, reasons[one.id], reopens=one.order in still_open))
        )
    return len(overdue)


async def _expired_orders(tx: Tx) -> int:
    """Unfilled positions return; placements under way keep theirs until their own day."""
    expired = await orders.lock_overdue(tx, tx.clock.today(), BATCH)
    if expired:
        await orders.update_state(tx, [one.id for one in expired], OrderState.EXPIRED)
        publish_and_audit(tx, *(order_event(tx, events.JobOrderExpired, one, unfilled=one.free) for one in expired))
    return len(expired)

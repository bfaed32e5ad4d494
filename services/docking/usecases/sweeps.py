"""Timeouts: no position stays reserved, no placement waits, no order stays open and no licence is active beyond its day."""

from __future__ import annotations

from datetime import timedelta

from services.docking.domain.enterprises import expired, suspended
from services.docking.domain.orders import OrderState
from services.docking.domain.placements import OVERDUE_REASON, CancelReason, Placement
from services.docking.domain.reserves import GROUND
from services.docking.queries import enterprises, orders, placements, proposals
from services.docking.usecases.emergencies import withdraw_clearances
from services.docking.usecases.enterprises import suspension
from services.docking.usecases.event_fields import enterprise_event, match_event, order_event
from services.docking.usecases.intention_matches import release_matches
from services.docking.usecases.merges import resume
from services.docking.usecases.placements import cancellation
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit

BATCH = 200


async def sweep(tx: Tx) -> int:
    """One bounded batch of what is overdue today; idempotent. Returns how many it acted on."""
    acted = await _expired_licences(tx) + await _reserves_not_topped_up(tx) + await _ended_orders(tx)
    ended = [*await _ended_placements(tx), *await _overdue_placements(tx)]
    acted += len(ended) + await _expired_orders(tx) + await _expired_matches(tx) + await withdraw_clearances(tx)
    acted += await resume(tx, BATCH)
    if ended:
        await release_matches(tx, ended)
    return acted


async def _expired_licences(tx: Tx) -> int:
    """E1: without a renewal the qualification ends with its last day."""
    today = tx.clock.today()
    lapsed = [expired(one, today) for one in await enterprises.lock_lapsed(tx, today, BATCH)]
    for one in lapsed:
        await enterprises.update(tx, one)
    publish_and_audit(tx, *(enterprise_event(tx, events.EnterpriseExpired, one) for one in lapsed))
    return len(lapsed)


async def _reserves_not_topped_up(tx: Tx) -> int:
    """E4: suspended by itself after the last day of the top-up."""
    today = tx.clock.today()
    short = [suspended(one, GROUND, today) for one in await enterprises.lock_untopped(tx, today, BATCH)]
    for one in short:
        await enterprises.update(tx, one)
    for one in short:
        publish_and_audit(tx, suspension(tx, one, GROUND), offices_in=(one.seat,))
    return len(short)


async def _ended_orders(tx: Tx) -> int:
    """An enterprise that is revoked or has stopped takes nobody any more."""
    ended = await orders.lock_ended(tx, BATCH)
    if ended:
        await orders.update_state(tx, [one.id for one in ended], OrderState.CLOSED)
        publish_and_audit(tx, *(order_event(tx, events.JobOrderClosed, one, unfilled=one.free) for one in ended))
    return len(ended)


async def _ended_placements(tx: Tx) -> list[Placement]:
    """Nobody departs with an enterprise that is revoked or has stopped: its workers are free for another.

    Whoever is cleared may have left before: that stays open until the evidence for it is overdue.
    """
    return await _cancel_all(tx, [(one, "order_closed") for one in await placements.lock_ended(tx, BATCH)])


async def _overdue_placements(tx: Tx) -> list[Placement]:
    """Positions released, clearances withdrawn, workers free."""
    overdue = await placements.lock_overdue(tx, tx.clock.today(), BATCH)
    return await _cancel_all(tx, [(one, OVERDUE_REASON[one.state]) for one in overdue])


async def _cancel_all(tx: Tx, ended: list[tuple[Placement, CancelReason]]) -> list[Placement]:
    if ended:
        still_open = await orders.update_all_released(tx, [one.order for one, _ in ended])
        await placements.update_cancelled(tx, {one.id: reason for one, reason in ended}, tx.clock.today())
        publish_and_audit(tx, *(event for one, reason in ended for event in cancellation(tx, one, reason, reopens=one.order in still_open)))
    return [one for one, _ in ended]


async def _expired_orders(tx: Tx) -> int:
    """Unfilled positions return; placements under way keep theirs until their own day."""
    expired = await orders.lock_overdue(tx, tx.clock.today(), BATCH)
    if expired:
        await orders.update_state(tx, [one.id for one in expired], OrderState.EXPIRED)
        publish_and_audit(
            tx,
            *(
                order_event(tx, events.JobOrderExpired, one, unfilled=one.free, effective=one.expires + timedelta(days=1))
                for one in expired
            ),
        )
    return len(expired)


async def _expired_matches(tx: Tx) -> int:
    """Proposals that nobody accepted in time."""
    expired_matches = await proposals.update_expired(tx, tx.clock.today(), BATCH)
    publish_and_audit(tx, *(match_event(tx, events.MatchExpired, one) for one in expired_matches))
    return len(expired_matches)

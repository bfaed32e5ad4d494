"""Two registrations are one person: everything of the absorbed one is the survivor's, and the person counts once.

Events of different subjects are not in order with each other, so a merge may come before the survivor's registration: it waits for it.
Two whose stays contradict each other cannot be one person as recorded: the merge is held, and both stay as they are until a return, a
correction or a void has mended it. A sweep carries out what waited or was held.
"""

from __future__ import annotations

from dataclasses import replace

from services.docking.domain.dispatches import Dispatch, changed, recount
from services.docking.domain.merges import Contradiction, Merge, MergeState, contradiction, given_up
from services.docking.queries import dispatches, merges, placements, proposals, workers
from services.docking.usecases import scope
from services.docking.usecases.clearances import decide_waiting
from services.docking.usecases.event_fields import corrections, match_event
from services.docking.usecases.placements import cancel
from services.docking.views import merges as views
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import Reject, not_before
from shared.events import EventEnvelope, WorkersMerged
from shared.paging import Page
from shared.values import WorkerId


# --- reactions --------------------------------------------------------------------------------------------------------
async def workers_merged(tx: Tx, event: EventEnvelope[WorkersMerged]) -> None:
    """Carried out at once, or recorded to be. Raises Reject for an absorbed worker never registered."""
    data = event.data
    await merges.lock_merges(tx)
    if await workers.get(tx, data.absorbed) is None:
        raise Reject("worker_unknown", str(data.absorbed))
    if not await merges.exists(tx, data.absorbed):
        await _carry_out(tx, Merge(absorbed=data.absorbed, survivor=data.survivor, merged_on=data.effective))


async def resume(tx: Tx, limit: int) -> int:
    """Carry out what waited for a registration, or contradicted itself and does no longer. Returns how many."""
    found = await merges.lock_open(tx, limit)
    if not found:
        return 0
    await merges.lock_merges(tx)
    return sum([await _carry_out(tx, one) for one in found])


# --- one merge --------------------------------------------------------------------------------------------------------
async def _carry_out(tx: Tx, one: Merge) -> bool:
    """False: it waits, or is held. Proposals, placements, workers, orders are locked in this order, as everybody does."""
    survivor = await merges.get_current(tx, one.survivor)
    one = replace(one, survivor=survivor)  # who may have been absorbed in turn before this merge came
    both = sorted([one.absorbed, survivor])
    await proposals.lock_of_workers(tx, both)
    await placements.lock_of_workers(tx, both)
    known = await workers.lock_all(tx, both)
    await merges.update(tx, one)
    await workers.update_unwilling(tx, [one.absorbed])  # whatever keeps the two apart: nobody is matched under an old number
    if survivor not in known:
        return False
    found = await placements.lock_of_workers(tx, both)  # once more: a match may have been accepted meanwhile
    contradicts = contradiction(await dispatches.lock_counted(tx, both))
    if contradicts is not None:
        await _hold(tx, one, contradicts)
        return False
    for later in given_up(found):
        await cancel(tx, later, "officer", withdrawn_for="workers_merged")
    await _join_proposals(tx, one.absorbed, survivor)
    await merges.update(tx, replace(one, state=MergeState.DONE, held_for=None, held_since=None))
    await merges.update_worker(tx, one.absorbed, survivor)
    await _follow(tx, survivor)
    if one.state is MergeState.HELD:
        publish_and_audit(tx, events.MergeResumed(absorbed=one.absorbed, survivor=survivor, effective=tx.clock.today()))
    return True


async def _hold(tx: Tx, one: Merge, contradicts: Contradiction) -> None:
    """Nothing is lost: both stay as they are, and whoever is responsible sees it."""
    if one.state is MergeState.HELD:
        return
    today = tx.clock.today()
    await merges.update(tx, replace(one, state=MergeState.HELD, held_for=contradicts.held_for, held_since=today))
    held = events.MergeHeld(
        absorbed=one.absorbed,
        survivor=one.survivor,
        reason=contradicts.held_for,
        placements=tuple(stay.placement for stay in contradicts.stays),
        effective=today,
    )
    publish_and_audit(tx, held)


async def _join_proposals(tx: Tx, absorbed: WorkerId, survivor: WorkerId) -> None:
    """Proposed twice for one order, once is enough."""
    twice = await proposals.update_proposed_twice(tx, absorbed, survivor)
    publish_and_audit(tx, *(match_event(tx, events.MatchExpired, one) for one in twice))


async def _follow(tx: Tx, survivor: WorkerId) -> None:
    """The placement under way is looked after where the survivor lives, its clearance may rest on either's certificate, and of all
    departures one is the first, and one of each year.
    """
    worker = await workers.get(tx, survivor)
    if worker is not None:
        await placements.update_county(tx, survivor, worker.county)
    under_way = await placements.lock_active(tx, survivor)
    if under_way is not None:
        await decide_waiting(tx, under_way)
    before = await dispatches.lock_counted(tx, [survivor])
    await _recount(tx, before)


async def _recount(tx: Tx, before: list[Dispatch]) -> None:
    changes = changed(before, recount(before))
    await dispatches.update_all(tx, [later for _, later in changes])
    await not_before(tx, (later.placement for _, later in changes))
    publish_and_audit(tx, *corrections(changes, "merge"))


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_merges(tx: Tx, page: Page, state: MergeState | None) -> views.Merges:
    """Of workers of the caller's regions; held ones wait for somebody to mend the stays."""
    return views.merges(*await merges.list_(tx, page, state=state, counties=scope.visible_counties(tx.principal)))

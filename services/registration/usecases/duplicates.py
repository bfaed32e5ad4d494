"""Two registrations that may be one person's: linked by hand, or kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from services.registration.commands import LinkDuplicate, RejectMerge
from services.registration.domain.duplicates import Duplicate, DuplicateState, MatchedKey, Step, duplicate_after, pair
from services.registration.domain.errors import DuplicateChanged, DuplicateNotFound, WorkerNotFound
from services.registration.domain.workers import Worker
from services.registration.queries import duplicates, stays
from services.registration.queries import workers as worker_rows
from services.registration.usecases.workers import get, require_not_erased
from services.registration.views import duplicates as views
from shared.db import Tx
from shared.delivery.audit_trail import note
from shared.paging import Page
from shared.principals import Forbidden, require_county
from shared.values import DuplicateId, WorkerId, new_id


async def link_duplicate(tx: Tx, worker_id: WorkerId, command: LinkDuplicate) -> views.Duplicate:
    """Somebody who sees one of the two states that they are one person. Raises SameWorker, DuplicateDecided, WorkerNotFound, Forbidden."""
    one, other = await get(tx, worker_id), await worker_rows.get(tx, command.other)
    if other is None:
        raise WorkerNotFound(field="other")
    sides = await worker_rows.lock_stated(tx, pair(one.worker, other.worker))
    require_current(sides)
    linked = await _linked(tx, sides, command)
    for side in sides:
        await note(tx, side.worker, "DuplicateLinked", command.reason)
    return await _view(tx, linked, sides)


async def _linked(tx: Tx, sides: Sequence[Worker], command: LinkDuplicate) -> Duplicate:
    earlier, later = sides
    known = await duplicates.lock_pair(tx, earlier.worker, later.worker)
    now = tx.clock.now()
    new = Duplicate(
        duplicate=DuplicateId(new_id()),
        earlier=earlier.worker,
        later=later.worker,
        keys=("by_hand",),
        state=DuplicateState.LINKED,
        found_at=now,
        linked_for=command.reason,
        linked_by=str(tx.principal),
        linked_at=now,
    )
    if known is None:
        if not await duplicates.insert_linked(tx, new):
            raise DuplicateChanged  # suspected this moment
        return new
    duplicate_after(known.state, Step.LINK)
    keys: tuple[MatchedKey, ...] = ("by_hand", *(key for key in known.keys if key != "by_hand"))
    linked = replace(new, duplicate=known.duplicate, keys=keys, found_at=known.found_at)
    await duplicates.update(tx, linked)
    return linked


async def reject_merge(tx: Tx, duplicate: DuplicateId, command: RejectMerge) -> views.Duplicate:
    """They stay two people, and are not suspected again. Raises DuplicateNotFound, DuplicateDecided, DuplicateChanged, Forbidden."""
    found, sides = await lock(tx, duplicate)
    state = duplicate_after(found.state, Step.REJECT)
    rejected = replace(found, state=state, rejected_for=command.reason, decided_by=str(tx.principal), decided_at=tx.clock.now())
    await duplicates.update(tx, rejected)
    for side in sides:
        await note(tx, side.worker, "MergeRejected", command.reason)
    return await _view(tx, rejected, sides)


async def lock(tx: Tx, duplicate: DuplicateId) -> tuple[Duplicate, tuple[Worker, Worker]]:
    """The pair and both sides, which whoever decides has to cover; workers first, in the order of their ids, as everybody locks them.

    Raises DuplicateNotFound, DuplicateChanged, Forbidden.
    """
    seen = await duplicates.get(tx, duplicate)
    if seen is None:
        raise DuplicateNotFound
    earlier, later = await worker_rows.lock_stated(tx, seen.workers)
    for side in (earlier, later):
        require_county(tx.principal, side.county)
    found = await duplicates.lock(tx, duplicate)
    if found is None or found.workers != seen.workers:
        raise DuplicateChanged
    return found, (earlier, later)


def require_current(sides: Sequence[Worker]) -> None:
    """Raises DuplicateChanged: one was merged while this waited; WorkerErased."""
    for side in sides:
        require_not_erased(side)
        if side.merged_into is not None:
            raise DuplicateChanged


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_duplicate(tx: Tx, duplicate: DuplicateId) -> views.Duplicate:
    """To whoever covers one of the two. Raises DuplicateNotFound, Forbidden."""
    found = await duplicates.get(tx, duplicate)
    if found is None:
        raise DuplicateNotFound
    sides = await worker_rows.list_stated(tx, found.workers)
    if not any(tx.principal.covers_county(side.county) for side in sides):
        raise Forbidden(f"{tx.principal} covers neither of the two")
    return await _view(tx, found, sides)


async def list_duplicates(tx: Tx, page: Page, worker: WorkerId | None, state: DuplicateState | None) -> views.Duplicates:
    """Pairs with a side in the principal's regions, oldest first. Raises WorkerNotFound, Forbidden, for the worker asked for."""
    asked = None if worker is None else (await get(tx, worker)).worker
    items, following = await duplicates.list_(tx, page, worker=asked, state=state)
    ids = sorted({side for one in items for side in one.workers})
    sides = {side.worker: side for side in await worker_rows.list_stated(tx, ids)}
    abroad = await stays.get_abroad(tx, ids)
    shown = (views.Duplicate.from_duplicate(one, [sides[side] for side in one.workers], abroad) for one in items)
    return views.Duplicates(items=tuple(shown), next=following)


async def _view(tx: Tx, duplicate: Duplicate, sides: Sequence[Worker]) -> views.Duplicate:
    abroad = await stays.get_abroad(tx, duplicate.workers)
    return views.Duplicate.from_duplicate(duplicate, sides, abroad)

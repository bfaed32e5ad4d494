"""Numbers that orders and placements had in systems before this one."""

from __future__ import annotations

from collections.abc import Sequence

from services.docking.commands import old_numbers as commands
from services.docking.domain.workers import require_not_erased
from services.docking.queries import old_numbers, workers
from services.docking.usecases.placements import load
from services.docking.usecases.scope import visible_counties
from services.docking.views import old_numbers as views
from services.docking.views import placements as placement_views
from shared.db import Tx
from shared.delivery.audit_trail import note
from shared.old_numbers import OldNumber, OldNumberTaken, require_new
from shared.values import PlacementId


async def record_old_number(tx: Tx, placement: PlacementId, command: commands.RecordOldNumber) -> placement_views.Placement:
    """The placement is found by this number too; again for the same placement, nothing changes.

    The answer names no number: answers are kept for repeats of the request, and an erasure does not reach them.
    Raises PlacementNotFound, WorkerErased, OldNumberTaken, OldNumberIsDocument, TooManyOldNumbers, Forbidden.
    """
    found = await load(tx, placement, None)
    require_not_erased(await workers.lock_shared(tx, found.worker))
    old = OldNumber(system=command.system, number=command.number)
    has = (await old_numbers.list_of_placements(tx, [placement])).get(placement, ())
    if old not in has:
        require_new(old, has)
        if await old_numbers.insert_all(tx, "placement", {placement: old}):
            raise OldNumberTaken(field="number")
        await note(tx, placement, "OldNumberRecorded", old.system)
    return placement_views.placement(found)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_known(tx: Tx, system: str, numbers: Sequence[str]) -> views.OldNumbers:
    """Whose they are: orders, and placements of the principal's regions."""
    found = await old_numbers.list_known(tx, system, numbers, counties=visible_counties(tx.principal))
    return views.OldNumbers(items=tuple(map(views.known_number, found)))


async def count(tx: Tx, system: str) -> views.OldNumberCounts:
    """How many of this system's numbers orders have, and placements of the principal's regions."""
    found = await old_numbers.get_counts(tx, system, counties=visible_counties(tx.principal))
    return views.OldNumberCounts(system=system, items=tuple(map(views.numbers_of_province, found)))

"""Medical examinations before departure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from services.docking.commands import medicals as commands
from services.docking.domain import errors
from services.docking.domain.medicals import Fitness, Medical, is_valid, require_medical
from services.docking.domain.placements import Placement, PlacementState, Step, state_after, withdrawn
from services.docking.settings import policy
from services.docking.usecases.event_fields import placement_event
from services.docking.usecases.placement_rows import lock_rows, parse_rows
from services.docking.usecases.placements import get, load, save, save_all
from services.docking.views import medicals as views
from services.docking.views import placements as placement_views
from shared import events
from shared.db import Tx
from shared.listed_rows import RowsRecorded
from shared.values import PlacementId


async def record_medical(tx: Tx, placement: PlacementId, command: commands.RecordMedical) -> placement_views.Placement:
    """The newest finding replaces the one before; a clearance that it does not cover is withdrawn.

    Raises IllegalStep, FutureDay, EndsBeforeStart, MedicalTooLong, and those of load.
    """
    examined, published = _examined(tx, await load(tx, placement, command.version), command)
    return placement_views.placement(await save(tx, examined, *published))


async def record_medicals(tx: Tx, command: commands.RecordMedicals) -> RowsRecorded:
    """Each good row is recorded; each bad one is answered with its field and code."""
    rows = await lock_rows(tx, *parse_rows(commands.ListedMedical, command.rows))
    examined = rows.judge(lambda row, found: _examined(tx, found, row))
    await save_all(tx, [placement for placement, _ in examined], (one for _, published in examined for one in published))
    return rows.answer(examined)


def _examined(tx: Tx, found: Placement, command: commands.RecordMedical) -> tuple[Placement, list[events.Event]]:
    """Raises IllegalStep, FutureDay, EndsBeforeStart, MedicalTooLong."""
    state = state_after(found.state, Step.RECORD_MEDICAL)
    today, days = tx.clock.today(), policy().docking_medical_days
    medical = Medical(
        examined_on=command.examined_on,
        result=Fitness(command.result),
        valid_until=command.valid_until or command.examined_on + timedelta(days=days),
        place=command.place,
    )
    require_medical(medical, today, days)
    examined = replace(found, state=state, medical=medical)
    recorded = events.MedicalRecorded(placement=found.id, worker=found.worker, examined_on=medical.examined_on)
    if _outlasts(found, medical, today):
        gone = placement_event(tx, events.ClearanceWithdrawn, found, reason="medical")
        return withdrawn(examined, today), [recorded, gone]
    return examined, [recorded]


def _outlasts(placement: Placement, medical: Medical, today: date) -> bool:
    """Whether a clearance in force allows a departure that the finding does not."""
    ends = placement.clearance_valid_to
    if placement.state is not PlacementState.CLEARED or ends is None:
        return False
    return not is_valid(medical, max(ends, today))


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_medical(tx: Tx, placement: PlacementId) -> views.Medical:
    """Raises PlacementNotFound, MedicalNotFound, Forbidden."""
    found = await get(tx, placement)
    if found.medical is None:
        raise errors.MedicalNotFound
    return views.medical(found.medical)

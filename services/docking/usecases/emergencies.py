"""W5: nobody is cleared for a country with an emergency, and clearances that were not used are withdrawn."""

from __future__ import annotations

from services.docking.domain.emergencies import CountryEmergency, without_clearance
from services.docking.queries import emergencies, placements
from services.docking.usecases.event_fields import placement_event
from services.docking.usecases.placements import save
from shared import events
from shared.db import Tx
from shared.events import EventEnvelope
from shared.values import PROGRAMME_ZONE

BATCH = 200


async def emergency_declared(tx: Tx, event: EventEnvelope[events.EmergencyDeclared]) -> None:
    """From the day it was declared, which may be later than the day since when it was one: until then workers left lawfully."""
    data = event.data
    declared_on = event.time.astimezone(PROGRAMME_ZONE).date()
    await emergencies.insert(tx, CountryEmergency(data.emergency, data.destination, declared_on))
    await withdraw_clearances(tx)


async def emergency_ended(tx: Tx, event: EventEnvelope[events.EmergencyEnded]) -> None:
    await emergencies.update_ended(tx, event.data.emergency, event.data.effective)


async def withdraw_clearances(tx: Tx) -> int:
    """One bounded batch; the sweep withdraws the rest, and what was granted meanwhile. Returns how many."""
    found = await placements.lock_cleared_into_emergency(tx, BATCH)
    for placement, declared_on in found:
        withdrawn = placement_event(tx, events.ClearanceWithdrawn, placement, reason="emergency")
        await save(tx, without_clearance(placement, declared_on), withdrawn)
    return len(found)

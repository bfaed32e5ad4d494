"""Whoever rights has brought home has returned: the return is recorded here where nobody has recorded it yet."""

from __future__ import annotations

from dataclasses import replace

from services.docking.domain.placements import PlacementState, Step, state_after
from services.docking.queries import dispatches, placements
from services.docking.usecases.dispatches import bring_home, returning
from shared import events
from shared.db import Tx
from shared.delivery.consumer import Reject
from shared.events import EventEnvelope, ReturnFact


async def repatriation_completed(tx: Tx, event: EventEnvelope[events.RepatriationCompleted]) -> None:
    """The return in distress of a placement that is abroad; what is returned or voided already stays as it is."""
    placement, home_on = await placements.lock(tx, event.data.placement), event.data.effective
    departure = await dispatches.lock(tx, event.data.placement)
    if placement is None or departure is None:
        raise Reject("no_departure", f"placement {event.data.placement} has not departed")
    if placement.state is not PlacementState.ABROAD:
        return
    if home_on < departure.departed_on:
        raise Reject("returned_before_departure", f"departed on {departure.departed_on}, repatriated on {home_on}")
    returned = replace(placement, state=state_after(placement.state, Step.RETURN))
    await bring_home(tx, [returning(returned, departure, ReturnFact(returned_on=home_on, reason="distress"))])

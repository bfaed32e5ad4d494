"""An emergency abroad keeps workers from the country: no clearance, no departure, and unused clearances are withdrawn."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.docking.usecases import emergencies
from shared.delivery.consumer import Reject
from shared.events import (
    ClearanceRefused,
    ClearanceWithdrawn,
    Dispatched,
    EmergencyDeclared,
    EmergencyEnded,
    RepatriationCompleted,
    Returned,
)
from shared.reference import origin
from shared.values import Destination, EmergencyId, Grade, new_id
from tests.support.docking import RICH_COUNTY, AWorker, Dock, a_departure, dock
from tests.support.http import Answer

__all__ = ["dock"]


async def declared(dock: Dock, destination: str = "JPN", since: date | None = None) -> EmergencyDeclared:
    event = EmergencyDeclared(
        emergency=EmergencyId(new_id()),
        destination=Destination(destination),
        grade=Grade.II,
        effective=since or dock.today,
        kind="disaster",
        authority="embassy",
        abroad=0,
    )
    await dock.consume(event)
    return event


async def ended(dock: Dock, event: EmergencyDeclared) -> None:
    codes = event.model_dump(include={"emergency", "destination", "grade"})
    await dock.consume(EmergencyEnded.model_validate({**codes, "effective": dock.today, "unaccounted": 0}))


async def depart(dock: Dock, placement: dict[str, Any], on: date | None = None) -> Answer:
    return await dock.post(f"/placements/{placement['placement']}/departure", a_departure(on or dock.today))


async def test_unused_clearances_for_the_country_are_withdrawn_and_nobody_departs(dock: Dock) -> None:
    anywhere = await dock.worker(AWorker(destinations=("KOR",)))
    there, elsewhere = await dock.cleared(), await dock.cleared(await dock.order(destination="KOR"), anywhere)
    dock.wait(2)
    emergency = await declared(dock, since=dock.today - timedelta(days=1))
    [withdrawn] = await dock.published(ClearanceWithdrawn)
    assert (str(withdrawn.placement), withdrawn.reason) == (there["placement"], "emergency")
    refused = await depart(dock, there)
    assert (refused.status, refused.code) == (409, "COUNTRY_IN_EMERGENCY")
    assert refused.body["state"]["emergency"] == str(emergency.emergency)
    assert (await depart(dock, elsewhere)).status == 200


async def test_a_departure_before_the_declaration_is_still_recorded(dock: Dock) -> None:
    placement = await dock.cleared()
    dock.wait(2)
    await declared(dock, since=dock.today - timedelta(days=30))
    assert (await depart(dock, placement, dock.today - timedelta(days=1))).status == 200
    assert len(await dock.published(Dispatched)) == 1


async def test_no_clearance_is_granted_until_the_emergency_has_ended(dock: Dock) -> None:
    placement = await dock.cleared()
    emergency = await declared(dock)
    again = await dock.requested(placement)
    assert (again["state"], again["failed"]) == ("matched", ["no_emergency"])
    [refusal] = await dock.published(ClearanceRefused)
    assert refusal.failed == ("no_emergency",)
    await ended(dock, emergency)
    granted = await dock.requested(placement)
    assert granted["state"] == "cleared"
    assert (await depart(dock, granted)).status == 200


async def test_a_withdrawn_clearance_is_not_in_force_again_when_the_emergency_ends(dock: Dock) -> None:
    placement = await dock.cleared()
    emergency = await declared(dock)
    await ended(dock, emergency)
    assert (await depart(dock, placement)).code == "CLEARANCE_NOT_VALID"
    dock.wait(365)
    await dock.sweep()
    assert (await dock.show(placement))["state"] == "cancelled"
    assert len(await dock.published(ClearanceWithdrawn)) == 1  # once, when the emergency was declared


async def test_a_clearance_that_waits_for_training_is_refused_when_the_certificate_comes(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.requested(placement)
    await declared(dock)
    await dock.certificate(placement)
    assert (await dock.show(placement))["state"] == "matched"


async def test_the_sweep_withdraws_what_one_batch_does_not(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        await dock.cleared()
    monkeypatch.setattr(emergencies, "BATCH", 2)
    await declared(dock)
    assert len(await dock.published(ClearanceWithdrawn)) == 2
    await dock.sweep()
    assert len(await dock.published(ClearanceWithdrawn)) == 3
    assert await dock.sweep() == 0


async def test_an_emergency_published_again_changes_nothing(dock: Dock) -> None:
    await dock.cleared()
    emergency = await declared(dock)
    await dock.consume(emergency)
    await ended(dock, emergency)
    await dock.consume(emergency)
    assert len(await dock.published(ClearanceWithdrawn)) == 1
    assert (await dock.cleared())["state"] == "cleared"


# --- repatriations ------------------------------------------------------------------------------------------------------------
def repatriated(placement: dict[str, Any], on: date) -> RepatriationCompleted:
    codes = {name: placement[name] for name in ("placement", "worker", "enterprise", "destination", "occupation", "channel")}
    home = {"repatriation": new_id(), "emergency": None, "criteria_version": "1", "effective": on}
    cost = {"minor": 800_000, "currency": "CNY"}
    return RepatriationCompleted.model_validate({**codes, **home, "origin": origin(RICH_COUNTY, on), "cost": cost, "paid_by": "reserve"})


async def test_a_repatriation_records_the_return_in_distress(dock: Dock) -> None:
    placement = await dock.departed()
    dock.wait(10)
    await dock.consume(repatriated(placement, dock.today - timedelta(days=1)))
    assert (await dock.show(placement))["state"] == "returned"
    [returned] = await dock.published(Returned)
    assert (returned.fact.returned_on, returned.fact.reason) == (dock.today - timedelta(days=1), "distress")
    await dock.consume(repatriated(placement, dock.today))
    assert len(await dock.published(Returned)) == 1


async def test_a_return_on_record_stands(dock: Dock) -> None:
    placement = await dock.departed()
    dock.wait(10)
    await dock.returned(placement)
    await dock.consume(repatriated(placement, dock.today))
    [returned] = await dock.published(Returned)
    assert returned.fact.reason == "completed"


async def test_a_repatriation_that_cannot_be_is_set_aside(dock: Dock) -> None:
    cleared, gone = await dock.cleared(), await dock.departed()
    for placement, on in ((cleared, dock.today), (gone, dock.today - timedelta(days=1))):
        with pytest.raises(Reject):
            await dock.consume(repatriated(placement, on))
    assert await dock.published(Returned) == []

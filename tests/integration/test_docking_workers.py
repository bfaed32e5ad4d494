"""What docking makes of corrected, moved and suspended workers: departures on record and the supply follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.docking.queries import orders
from shared import events, reference
from shared.delivery.consumer import Reject
from shared.principals import Role
from shared.values import CountyCode, HouseholdStatus, WorkerId, new_id
from tests.support.docking import POOR_COUNTY, RICH_COUNTY, AWorker, Dock, a_departure, dock
from tests.support.recording import noon
from tests.support.wait import until_waiting_for_a_lock

__all__ = ["dock"]

OTHER_COUNTY = CountyCode("622427")


def a_fact(county: CountyCode, on: date, **changes: Any) -> events.WorkerFact:
    counted = events.CountedStep(on=on, origin=reference.origin(county, on), sex=changes.get("sex", "male"), birth_year=1988)
    fields = {
        "origin": reference.origin(county, on),
        "residence_basis": "household_register",
        "sex": "male",
        "birth_year": 1988,
        "education": 3,
        "occupations": ("7112",),
        "household_status": "unknown",
        "registration": counted,
        "verification": None,
        "willingness": None,
    }
    return events.WorkerFact.model_validate(fields | changes)


def corrected(worker: WorkerId, previous: events.WorkerFact, fact: events.WorkerFact, on: date) -> events.WorkerCorrected:
    return events.WorkerCorrected(
        worker=worker,
        fields=("county",),
        reason="mistyped",
        previous=previous,
        fact=fact,
        requested_by="clerk:a",
        approver=None,
        effective=on,
    )


async def test_departures_on_record_follow_a_corrected_county_year_and_sex(dock: Dock) -> None:
    worker = await dock.worker()
    await dock.returned(await dock.departed(worker=worker))
    dock.wait(30)
    first, today = date(2018, 3, 1), dock.today
    fact = a_fact(POOR_COUNTY, today, birth_year=1989, sex="female")
    await dock.consume(corrected(worker, a_fact(RICH_COUNTY, today), fact, today))
    [change] = await dock.published(events.DispatchCorrected)
    assert (change.previous.origin.county, change.fact.origin) == (RICH_COUNTY, reference.origin(POOR_COUNTY, first))
    assert (change.fact.birth_year, change.fact.sex) == (1989, "female")
    assert (change.cause, change.reason) == ("correction", "worker_changed")
    assert change.returned is not None
    await dock.consume(corrected(worker, fact, fact.model_copy(update={"education": 5}), today))
    assert len(await dock.published(events.DispatchCorrected)) == 1  # nothing a departure carries has changed


async def test_a_departure_that_was_corrected_by_itself_stays(dock: Dock) -> None:
    worker = await dock.worker()
    placement = await dock.departed(worker=worker)
    await dock.post(f"/placements/{placement['placement']}/departure/correction", {"reason": "mistyped", "county": OTHER_COUNTY})
    await dock.consume(corrected(worker, a_fact(RICH_COUNTY, dock.today), a_fact(POOR_COUNTY, dock.today), dock.today))
    assert [change.fact.origin.county for change in await dock.published(events.DispatchCorrected)] == [OTHER_COUNTY]


async def test_the_supply_and_whoever_looks_after_a_placement_follow_a_corrected_county(dock: Dock) -> None:
    order, worker, busy = await dock.order(positions=2), await dock.worker(), await dock.worker()
    placement = await dock.matched(await dock.order(), busy)
    for one in (worker, busy):
        await dock.consume(corrected(one, a_fact(RICH_COUNTY, dock.today), a_fact(POOR_COUNTY, dock.today), dock.today))
    gansu = dock.client.speaking_as(Role.CLERK, regions=("620000",))
    found = await dock.post(f"/orders/{order}/matches", {"n": 5}, who=gansu)
    assert [match["worker"] for match in found.body["matches"]] == [str(worker)]
    assert (await dock.get(f"/placements/{placement['placement']}", who=gansu)).status == 200


async def test_what_a_corrected_worker_cannot_do_is_looked_at_before_the_match(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker(AWorker(registered_on=date(2018, 1, 1)))
    fact = a_fact(RICH_COUNTY, dock.today, birth_year=dock.today.year - 70)
    await dock.consume(corrected(worker, a_fact(RICH_COUNTY, dock.today), fact, dock.today))
    refused = await dock.post(f"/orders/{order}/matches", {"worker": str(worker)})
    assert refused.body["state"] == {"failed": ["age"]}


def moved(worker: WorkerId, on: date, *, to: CountyCode = POOR_COUNTY, since: CountyCode = RICH_COUNTY) -> events.ResidenceChanged:
    before, after = (events.ResidenceFact(origin=reference.origin(county, on), willingness=None) for county in (since, to))
    return events.ResidenceChanged(worker=worker, previous=before, fact=after, effective=on)


async def test_a_departure_before_the_move_counts_in_the_old_county_and_one_after_it_in_the_new(dock: Dock) -> None:
    worker = await dock.worker()
    await dock.returned(await dock.departed(worker=worker))
    dock.wait(30)
    await dock.consume(moved(worker, dock.today))
    dock.wait(30)
    await dock.departed(worker=worker)
    assert [one.fact.origin.county for one in await dock.published(events.Dispatched)] == [RICH_COUNTY, POOR_COUNTY]
    assert await dock.published(events.DispatchCorrected) == []


async def test_a_departure_recorded_late_counts_in_the_county_of_its_day(dock: Dock) -> None:
    worker = await dock.worker()
    placement, left = await dock.cleared(worker=worker), dock.today
    dock.wait(20)
    await dock.consume(moved(worker, dock.today - timedelta(days=5)))
    answer = await dock.post(f"/placements/{placement['placement']}/departure", a_departure(left))
    assert answer.status == 200
    assert [one.fact.origin.county for one in await dock.published(events.Dispatched)] == [RICH_COUNTY]


async def test_a_move_recorded_late_takes_the_departures_after_it_along(dock: Dock) -> None:
    worker = await dock.worker()
    early = await dock.returned(await dock.departed(worker=worker))
    dock.wait(30)
    late = await dock.departed(worker=worker)
    await dock.consume(moved(worker, dock.today - timedelta(days=10)))
    [change] = await dock.published(events.DispatchCorrected)
    assert (str(change.placement), change.fact.origin.county, change.fact.first_this_year) == (late["placement"], POOR_COUNTY, False)
    assert (await dock.show(early))["state"] == "returned"


async def test_a_move_that_a_simulation_hears_of_late_corrects_nothing_before_it_was_recorded(dock: Dock) -> None:
    """Otherwise stats would refuse the correction: its departure lies in the future."""
    worker = await dock.worker()
    await dock.departed(worker=worker)
    heard = dock.today - timedelta(days=4)
    await dock.consume(moved(worker, heard), at=noon(heard))
    [departed, change] = [
        one for one in await dock.client.published() if isinstance(one.data, events.Dispatched | events.DispatchCorrected)
    ]
    assert (change.time, change.actor) == (departed.time, "service:docking")


async def test_whoever_has_moved_is_proposed_and_looked_after_in_the_new_county(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    await dock.consume(moved(worker, dock.today))
    shandong, gansu = (dock.client.speaking_as(Role.CLERK, regions=(region,)) for region in ("370000", "620000"))
    assert (await dock.post(f"/orders/{order}/matches", {"n": 5}, who=shandong)).body["matches"] == []
    assert len((await dock.post(f"/orders/{order}/matches", {"n": 5}, who=gansu)).body["matches"]) == 1


async def test_departures_since_the_day_carry_the_household_status_of_then(dock: Dock) -> None:
    worker = await dock.worker()
    await dock.returned(await dock.departed(worker=worker))
    dock.wait(30)
    await dock.departed(worker=worker)
    on = dock.today - timedelta(days=10)
    changed = events.HouseholdStatusChanged(
        worker=worker,
        origin=reference.origin(RICH_COUNTY, on),
        previous=HouseholdStatus.UNKNOWN,
        fact=HouseholdStatus.REGISTERED_POOR,
        effective=on,
    )
    await dock.consume(changed)
    [change] = await dock.published(events.DispatchCorrected)
    assert (change.fact.departed_on, change.fact.household_status) == (dock.today, "registered_poor")


def suspended(worker: WorkerId, on: date) -> events.WorkerSuspended:
    return events.WorkerSuspended(
        worker=worker,
        origin=reference.origin(RICH_COUNTY, on),
        reason="under_investigation",
        ends_willingness=True,
        effective=on,
    )


def reinstated(worker: WorkerId, on: date) -> events.WorkerReinstated:
    origin = reference.origin(RICH_COUNTY, on)
    return events.WorkerReinstated(worker=worker, origin=origin, reason="investigation_closed", effective=on)


async def test_a_suspended_worker_is_neither_proposed_nor_accepted(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    match = await dock.proposed(order, worker)
    await dock.consume(suspended(worker, dock.today))
    assert (await dock.post(f"/matches/{match}/acceptance")).body["state"] == {"failed": ["suspended", "not_willing"]}
    assert (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"] == []
    await dock.consume(reinstated(worker, dock.today))
    again = await dock.post(f"/orders/{order}/matches", {"worker": str(worker)})
    assert again.body["state"] == {"failed": ["not_willing"]}


async def test_a_suspension_releases_the_position_and_withdraws_the_clearance(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    placement = await dock.cleared(order, worker)
    await dock.consume(suspended(worker, dock.today))
    [withdrawn] = await dock.published(events.ClearanceWithdrawn)
    [cancelled] = await dock.published(events.PlacementCancelled)
    assert (withdrawn.reason, cancelled.reason, cancelled.reopens) == ("worker_suspended", "officer", True)
    assert (await dock.show(placement))["state"] == "cancelled"
    left = await dock.post(f"/placements/{placement['placement']}/departure", a_departure(dock.today))
    assert (left.status, left.code) == (409, "ILLEGAL_STEP")
    await dock.matched(order)  # the position is free for somebody else


async def test_an_erased_worker_gives_up_the_position(dock: Dock) -> None:
    worker = await dock.worker()
    placement = await dock.cleared(await dock.order(), worker)
    origin = reference.origin(RICH_COUNTY, dock.today)
    await dock.consume(events.WorkerErased(worker=worker, origin=origin, reason="asked_by_worker", effective=dock.today))
    [withdrawn] = await dock.published(events.ClearanceWithdrawn)
    assert withdrawn.reason == "worker_erased"
    assert (await dock.show(placement))["state"] == "cancelled"


async def test_a_suspended_worker_who_is_abroad_stays_there(dock: Dock) -> None:
    worker = await dock.worker()
    placement = await dock.departed(worker=worker)
    await dock.consume(suspended(worker, dock.today))
    assert (await dock.show(placement))["state"] == "abroad"


async def test_a_match_that_crossed_the_suspension_gets_no_clearance(dock: Dock) -> None:
    worker = await dock.worker()
    placement = await dock.prepared(await dock.matched(worker=worker))
    await dock.certificate(placement)
    async with dock.client.database.connection() as conn:
        await conn.execute("UPDATE worker SET suspended = true")
    refused = await dock.requested(placement)
    assert (refused["state"], refused["failed"]) == ("matched", ["worker_not_suspended"])


@asynccontextmanager
async def _held(dock: Dock, query: str, one: object) -> AsyncIterator[None]:
    """A row held by somebody else's transaction, which then commits."""
    async with dock.client.database.connection() as conn, conn.transaction():
        await conn.execute(query, one)
        yield


async def test_a_match_accepted_while_the_suspension_is_written_is_refused(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    match = await dock.proposed(order, worker)
    async with _held(dock, "UPDATE worker SET suspended = true, willing = false WHERE id = $1", worker):
        acceptance = asyncio.create_task(dock.post(f"/matches/{match}/acceptance"))
        await until_waiting_for_a_lock(dock.client.database)
    assert (await acceptance).body["state"] == {"failed": ["suspended", "not_willing"]}


async def _accepted_and(dock: Dock, worker: WorkerId, reaction: Awaitable[None]) -> dict[str, Any]:
    """The placement, where the reaction comes while the match is being accepted: it waits for its order."""
    order = await dock.order()
    match = await dock.proposed(order, worker)
    async with _held(dock, "SELECT FROM job_order WHERE id = $1 FOR UPDATE", order):
        acceptance = asyncio.create_task(dock.post(f"/matches/{match}/acceptance"))
        await until_waiting_for_a_lock(dock.client.database)
        reacting = asyncio.ensure_future(reaction)
        await until_waiting_for_a_lock(dock.client.database, 2)
    answer, _ = await asyncio.gather(acceptance, reacting)
    assert answer.status == 201, answer.body
    return await dock.show(answer.body)


async def test_a_suspension_that_comes_while_a_match_is_accepted_cancels_the_placement(dock: Dock) -> None:
    worker = await dock.worker()
    placement = await _accepted_and(dock, worker, dock.consume(suspended(worker, dock.today)))
    assert placement["state"] == "cancelled"
    [cancelled] = await dock.published(events.PlacementCancelled)
    assert (cancelled.reason, cancelled.reopens) == ("officer", True)


async def test_a_move_or_a_correction_that_comes_while_a_match_is_accepted_takes_the_placement_along(dock: Dock) -> None:
    mover, mistyped = await dock.worker(), await dock.worker()
    fact = a_fact(POOR_COUNTY, dock.today)
    correction = corrected(mistyped, a_fact(RICH_COUNTY, dock.today), fact, dock.today)
    for worker, event in ((mover, moved(mover, dock.today)), (mistyped, correction)):
        placement = await _accepted_and(dock, worker, dock.consume(event))
        assert placement["county"] == POOR_COUNTY


@pytest.mark.parametrize("step", ["departure", "departure/void"])
async def test_departures_and_voids_wait_for_the_worker_without_holding_the_order(dock: Dock, step: str) -> None:
    """As a suspension does, which goes on to the order: neither waits for the other for ever."""
    placement = await (dock.cleared() if step == "departure" else dock.departed())
    body = a_departure(dock.today) if step == "departure" else {"reason": "duplicate"}
    async with dock.client.database.connection() as conn, conn.transaction():
        await conn.execute("SELECT FROM worker WHERE id = $1 FOR UPDATE", WorkerId(placement["worker"]))
        stepping = asyncio.create_task(dock.post(f"/placements/{placement['placement']}/{step}", body))
        await until_waiting_for_a_lock(dock.client.database)
        await conn.execute("SELECT FROM job_order WHERE id = $1 FOR UPDATE NOWAIT", placement["order"])
    assert (await stepping).status == 200


async def test_nobody_is_kept_from_proposing_while_an_order_is_changed(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    async with _held(dock, orders.LOCK.sql, UUID(order)):  # who waits for it is refused in the end
        assert await dock.proposed(order, worker)


async def test_whose_registration_lapsed_is_no_longer_a_candidate(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker(AWorker(verified=False))
    origin = reference.origin(RICH_COUNTY, dock.today)
    await dock.consume(events.RegistrationLapsed(worker=worker, origin=origin, ends_willingness=True, effective=dock.today))
    refused = await dock.post(f"/orders/{order}/matches", {"worker": str(worker)})
    assert refused.body["state"] == {"failed": ["not_verified", "not_willing"]}


async def test_a_correction_of_a_worker_never_registered_is_parked(dock: Dock) -> None:
    fact = a_fact(RICH_COUNTY, dock.today - timedelta(days=1))
    with pytest.raises(Reject, match="worker_unknown"):
        await dock.consume(corrected(WorkerId(new_id()), fact, fact, dock.today))

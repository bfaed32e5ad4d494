"""Two registrations that are one person's, as docking carries it out: whatever arrives first, it ends the same, and nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.docking.domain.merges import MERGE_STEPS, MergeState
from shared import events, reference
from shared.delivery.consumer import Reject
from shared.principals import Role
from shared.values import WorkerId, new_id
from tests.support.docking import POOR_COUNTY, AWorker, Dock, a_departure, dock
from tests.support.merges import merged

__all__ = ["dock"]


async def merge(dock: Dock, absorbed: WorkerId, survivor: WorkerId) -> None:
    await dock.consume(merged(absorbed, survivor, dock.today))


async def states(dock: Dock) -> dict[str, str]:
    return {one["absorbed"]: one["state"] for one in (await dock.get("/merges")).body["items"]}


async def went(dock: Dock, worker: WorkerId, days: int = 30) -> dict[str, Any]:
    """Abroad for so many days and back."""
    placement = await dock.departed(worker=worker)
    dock.wait(days)
    placement = await dock.returned(placement)
    dock.wait(1)
    return placement


async def persons(dock: Dock) -> int:
    """As the figures count them."""
    total = 0
    for event in await dock.published(events.Dispatched, events.DispatchCorrected, events.DispatchVoided):
        fact, previous = getattr(event, "fact", None), getattr(event, "previous", None)
        total += bool(fact and fact.first_this_year) - bool(previous and previous.first_this_year)
    return total


def test_the_steps_of_a_merge() -> None:
    assert {state for state, _ in MERGE_STEPS} == {MergeState.WAITING, MergeState.HELD}


async def test_worked_example_merge_of_two_with_a_departure_each_counts_one_person(dock: Dock) -> None:
    one, other = await dock.worker(AWorker(county=POOR_COUNTY)), await dock.worker()
    early, late = await went(dock, one), await went(dock, other)
    assert await persons(dock) == 2
    dock.today = date(2019, 3, 1)
    await merge(dock, one, other)
    [change] = await dock.published(events.DispatchCorrected)
    assert (str(change.placement), str(change.worker), change.cause) == (late["placement"], str(other), "merge")
    assert (change.previous.first_this_year, change.fact.first_this_year, change.fact.first_ever) == (True, False, False)
    assert change.fact.origin == change.previous.origin
    assert await persons(dock) == 1
    assert [(await dock.show(placement))["worker"] for placement in (early, late)] == [str(other)] * 2
    assert await states(dock) == {str(one): "done"}


async def test_departures_of_different_years_stay_persons_and_one_is_the_first_ever(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    await went(dock, one)
    dock.today = date(2019, 3, 1)
    await went(dock, other)
    await merge(dock, other, one)
    assert await persons(dock) == 2
    [change] = await dock.published(events.DispatchCorrected)
    assert (change.fact.first_ever, change.fact.first_this_year) == (False, True)


# --- whatever comes first ---------------------------------------------------------------------------------------------
ORDERS = tuple(itertools.permutations(("survivor", "first merge", "second merge")))


@pytest.mark.parametrize("order", ORDERS)
async def test_a_chain_ends_the_same_whatever_arrives_first(dock: Dock, order: Sequence[str]) -> None:
    first, second, third = await dock.worker(), WorkerId(new_id()), await dock.worker()
    placement = await dock.matched(worker=first)
    happenings: dict[str, list[Any]] = {
        "survivor": AWorker().events(second),
        "first merge": [merged(first, second, dock.today)],
        "second merge": [merged(second, third, dock.today)],
    }
    if order.index("second merge") < order.index("survivor"):
        return  # both are events of the same subject, which come in order
    for name in order:
        await dock.consume(*happenings[name])
    await dock.sweep()
    assert set((await states(dock)).values()) == {"done"}
    assert (await dock.show(placement))["worker"] == str(third)
    for worker in (first, second, third):
        found = (await dock.get("/placements", worker=worker)).body["items"]
        assert [one["worker"] for one in found] == [str(third)]


async def test_a_merge_into_somebody_not_registered_here_yet_waits_and_loses_nothing(dock: Dock) -> None:
    one, other = await dock.worker(), WorkerId(new_id())
    await went(dock, one)
    await merge(dock, one, other)
    assert await states(dock) == {str(one): "waiting"}
    assert await dock.sweep() == 0
    await dock.consume(*AWorker().events(other))
    assert await dock.sweep() == 1
    assert await states(dock) == {str(one): "done"}


async def test_a_merge_repeated_changes_nothing(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    await went(dock, one)
    await went(dock, other)
    event = merged(one, other, dock.today)
    await dock.consume(event, event)
    await dock.consume(event)
    assert len(await dock.published(events.DispatchCorrected)) == 1


async def test_a_merge_of_somebody_unknown_is_rejected(dock: Dock) -> None:
    with pytest.raises(Reject, match="worker_unknown"):
        await merge(dock, WorkerId(new_id()), await dock.worker())


@pytest.mark.parametrize("certificate_first", [True, False])
async def test_a_clearance_may_rest_on_the_certificate_of_either(dock: Dock, certificate_first: bool) -> None:
    one, other = await dock.worker(), await dock.worker()
    placement = await dock.prepared(await dock.matched(worker=other))
    assert (await dock.requested(placement))["state"] == "clearance_requested"
    of_absorbed = {**placement, "worker": str(one)}
    if certificate_first:
        await dock.certificate(of_absorbed)
        assert (await dock.show(placement))["state"] == "clearance_requested"
        await merge(dock, one, other)
    else:
        await merge(dock, one, other)
        await dock.certificate(of_absorbed)
    assert (await dock.show(placement))["state"] == "cleared"


async def test_a_certificate_of_the_absorbed_revoked_later_withdraws_the_survivors_clearance(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    placement = await dock.prepared(await dock.matched(worker=one))
    issued = await dock.certificate(placement)
    assert (await dock.requested(placement))["state"] == "cleared"
    await merge(dock, one, other)
    await dock.revoke(issued)
    assert (await dock.show(placement))["state"] == "cancelled"


# --- contradictions -----------------------------------------------------------------------------------------------------
async def test_two_who_are_both_abroad_are_held_until_one_is_back_in_time(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    first = await dock.departed(worker=one)
    dock.wait(10)
    second = await dock.departed(worker=other)
    await merge(dock, one, other)
    [held] = await dock.published(events.MergeHeld)
    assert (held.reason, [str(placement) for placement in held.placements]) == ("both_abroad", [first["placement"], second["placement"]])
    [shown] = (await dock.get("/merges", state="held")).body["items"]
    assert (shown["held_for"], shown["held_since"]) == ("both_abroad", dock.today.isoformat())
    assert await dock.sweep() == 0
    assert await dock.published(events.DispatchCorrected, events.PlacementCancelled) == []
    assert [(await dock.show(placement))["state"] for placement in (first, second)] == ["abroad", "abroad"]
    returned_on = (dock.today - timedelta(days=2)).isoformat()
    assert (await dock.post(f"/placements/{first['placement']}/return", {"returned_on": returned_on, "reason": "early"})).status == 200
    assert await dock.sweep() == 1
    assert (await states(dock), await persons(dock)) == ({str(one): "done"}, 1)
    [resumed] = await dock.published(events.MergeResumed)
    assert (resumed.absorbed, resumed.survivor) == (one, other)
    assert len(await dock.published(events.MergeHeld)) == 1


async def test_a_return_after_the_other_departure_does_not_mend_it_but_a_void_does(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    first = await dock.departed(worker=one)
    second = await dock.departed(worker=other)
    await merge(dock, one, other)
    dock.wait(20)
    await dock.returned(second)
    assert await dock.sweep() == 0
    assert (await states(dock)) == {str(one): "held"}
    await dock.post(f"/placements/{first['placement']}/departure/void", {"reason": "not_departed"})
    assert await dock.sweep() == 1
    assert await persons(dock) == 1


async def test_a_chain_into_somebody_who_is_held_is_carried_out_when_it_is_mended(dock: Dock) -> None:
    one, other, third = [await dock.worker() for _ in range(3)]
    first, _ = await dock.departed(worker=one), await dock.departed(worker=other)
    await merge(dock, one, other)
    await merge(dock, other, third)
    await merge(dock, third, fourth := await dock.worker())
    assert (await states(dock))[str(one)] == "held"
    await dock.post(f"/placements/{first['placement']}/departure/void", {"reason": "not_departed"})
    await dock.sweep()
    assert (await dock.show(first))["worker"] == str(fourth)
    assert set((await states(dock)).values()) == {"done"}


async def test_a_merge_that_comes_after_its_survivor_was_absorbed_is_held_for_whoever_that_is_now(dock: Dock) -> None:
    one, other, third = [await dock.worker() for _ in range(3)]
    await dock.departed(worker=one)
    await dock.departed(worker=other)
    await merge(dock, other, third)
    await merge(dock, one, other)
    [held] = (await dock.get("/merges", state="held")).body["items"]
    assert (held["absorbed"], held["survivor"]) == (str(one), str(third))


# --- placements and proposals under way ------------------------------------------------------------------------------------
async def test_of_two_placements_before_departure_the_later_is_cancelled_with_its_clearance(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    order = await dock.order()
    kept = await dock.matched(worker=one)
    dock.wait(1)
    later = await dock.cleared(order, other)
    await merge(dock, one, other)
    assert [(await dock.show(placement))["state"] for placement in (kept, later)] == ["matched", "cancelled"]
    assert (await dock.show_order(order))["reserved"] == 0
    withdrawn, cancelled = await dock.published(events.ClearanceWithdrawn, events.PlacementCancelled)
    assert (withdrawn.reason, cancelled.reason, cancelled.reopens) == ("workers_merged", "officer", True)
    assert (await dock.show(kept))["worker"] == str(other)


@pytest.mark.parametrize("abroad_survives", [True, False])
async def test_whoever_is_abroad_departs_from_nowhere_else(dock: Dock, abroad_survives: bool) -> None:
    one, other = await dock.worker(), await dock.worker()
    matched = await dock.matched(worker=one)
    dock.wait(1)
    away = await dock.departed(worker=other)
    await merge(dock, *((one, other) if abroad_survives else (other, one)))
    assert [(await dock.show(placement))["state"] for placement in (matched, away)] == ["cancelled", "abroad"]


async def test_proposals_of_the_absorbed_are_the_survivors_once_per_order(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    both, mine = await dock.order(positions=2), await dock.order()
    twice = await dock.proposed(both, one)
    kept = await dock.proposed(both, other)
    moved = await dock.proposed(mine, one)
    await merge(dock, one, other)
    [expired] = await dock.published(events.MatchExpired)
    assert str(expired.match) == twice
    answer = await dock.post(f"/matches/{moved}/acceptance")
    assert (answer.status, answer.body["worker"]) == (201, str(other))
    refused = await dock.post(f"/matches/{kept}/acceptance")
    assert (refused.status, refused.code) == (409, "ALREADY_PLACED")


async def test_who_declined_under_either_number_is_not_proposed_again(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    order = await dock.order()
    match = await dock.proposed(order, one)
    await dock.post(f"/matches/{match}/decline", {"side": "worker", "reason": "family"})
    await merge(dock, one, other)
    assert (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"] == []


async def test_the_old_id_is_answered_as_the_survivor_and_the_supply_holds_the_person_once(dock: Dock) -> None:
    one, other = await dock.worker(AWorker(registered_on=date(2018, 1, 5))), await dock.worker()
    order = await dock.order()
    await merge(dock, one, other)
    found = (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"]
    assert [match["worker"] for match in found] == [str(other)]
    nominated = (await dock.post(f"/orders/{order}/matches", {"worker": str(one)})).body["matches"]
    assert [match["worker"] for match in nominated] == [str(other)]


async def test_whoever_waited_under_either_number_has_waited_since_the_first(dock: Dock) -> None:
    longest = await dock.worker(AWorker(registered_on=date(2018, 1, 2)))
    rival = await dock.worker(AWorker(registered_on=date(2018, 1, 5)))
    late = await dock.worker(AWorker(registered_on=date(2018, 1, 20)))
    order = await dock.order()
    await merge(dock, longest, late)
    found = (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"]
    assert [match["worker"] for match in found] == [str(late), str(rival)]


async def test_the_placement_under_way_is_looked_after_where_the_survivor_lives(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker(AWorker(county=POOR_COUNTY))
    placement = await dock.matched(worker=one)
    await merge(dock, one, other)
    gansu = dock.client.speaking_as(Role.CLERK, regions=("620000",))
    assert (await dock.get(f"/placements/{placement['placement']}", who=gansu)).status == 200
    assert [merge["absorbed"] for merge in (await dock.get("/merges", who=gansu)).body["items"]] == [str(one)]
    henan = dock.client.speaking_as(Role.CLERK, regions=("410000",))
    assert (await dock.get("/merges", who=henan)).body["items"] == []


async def test_what_is_recorded_late_of_the_absorbed_counts_for_the_survivor(dock: Dock) -> None:
    one, other = await dock.worker(), await dock.worker()
    placement, left = await dock.cleared(worker=one), dock.today
    await merge(dock, one, other)
    dock.wait(5)
    assert (await dock.post(f"/placements/{placement['placement']}/departure", a_departure(left))).status == 200
    [dispatched] = await dock.published(events.Dispatched)
    assert dispatched.worker == other
    assert UUID((await dock.show(placement))["worker"]) == other


@pytest.mark.parametrize("held", [True, False])
async def test_nobody_is_matched_under_an_old_number_whatever_keeps_the_two_apart(dock: Dock, held: bool) -> None:
    one, other = await dock.worker(), WorkerId(new_id())
    order = await dock.order()
    if held:
        other = await dock.worker()
        first = await dock.departed(worker=one)
        await dock.departed(worker=other)
        await dock.consume(*AWorker().events(one)[1:])  # willing again, abroad
        dock.wait(10)
    await merge(dock, one, other)
    if held:
        await dock.returned(first)
    assert (await states(dock)) == {str(one): "held" if held else "waiting"}
    assert (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"] == []


# --- at the same time -----------------------------------------------------------------------------------------------------
async def rows(dock: Dock, statement: str) -> list[Any]:
    async with dock.client.database.connection() as conn:
        return [tuple(row) for row in await conn.fetch(statement)]


@pytest.mark.parametrize("_", range(4))
async def test_a_merge_while_both_are_accepted_leaves_one_placement_and_no_position_lost(dock: Dock, _: int) -> None:
    one, other = await dock.worker(), await dock.worker()
    orders = [await dock.order(), await dock.order()]
    matches = [await dock.proposed(order, worker) for order, worker in zip(orders, (one, other), strict=True)]
    answers = await asyncio.gather(*(dock.post(f"/matches/{match}/acceptance") for match in matches), merge(dock, one, other))
    assert {answer.status for answer in answers if answer is not None} <= {201, 409}
    assert await rows(dock, "SELECT DISTINCT worker FROM proposal UNION SELECT worker FROM placement") == [(other,)]
    active = await rows(dock, "SELECT job_order FROM placement WHERE state = 'matched'")
    assert len(active) <= 1
    held = [(await dock.show_order(order))["reserved"] for order in orders]
    assert sum(held) == len(active)


@pytest.mark.parametrize("_", range(4))
async def test_a_merge_while_a_departure_is_corrected_and_a_return_recorded_counts_one_person(dock: Dock, _: int) -> None:
    one, other = await dock.worker(), await dock.worker()
    first = await went(dock, one)
    second = await dock.departed(worker=other)
    dock.wait(10)
    answers = await asyncio.gather(
        dock.post(f"/placements/{first['placement']}/departure/correction", {"reason": "mistyped", "port": "CNSHA"}),
        dock.post(f"/placements/{second['placement']}/return", {"returned_on": dock.today.isoformat(), "reason": "early"}),
        merge(dock, one, other),
    )
    assert {answer.status for answer in answers if answer is not None} == {200}
    assert await persons(dock) == 1
    assert await rows(dock, "SELECT DISTINCT worker FROM dispatch") == [(other,)]
    assert sorted(await rows(dock, "SELECT first_ever, first_this_year FROM dispatch")) == [(False, False), (True, True)]


@pytest.mark.parametrize("merge_first", [True, False])
async def test_health_data_of_the_absorbed_are_erased_whatever_arrives_first(dock: Dock, merge_first: bool) -> None:
    one, other = await dock.worker(), await dock.worker()
    placement = await dock.prepared(await dock.matched(worker=one))
    async with dock.client.database.connection() as conn:
        assert await conn.fetchval("SELECT count(medical) FROM placement") == 1
    erased = [
        events.WorkerErased(worker=worker, origin=reference.origin(POOR_COUNTY, dock.today), reason="asked_by_worker", effective=dock.today)
        for worker in (one, other)
    ]
    of_absorbed = [merged(one, other, dock.today), erased[0]]  # one subject: in order
    await dock.consume(*([*of_absorbed, erased[1]] if merge_first else [erased[1], *of_absorbed]))
    async with dock.client.database.connection() as conn:
        assert await conn.fetchval("SELECT count(medical) FROM placement") == 0
    assert (await dock.show(placement))["state"] == "cancelled"

"""All open orders matched at once, over HTTP."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from services.docking.domain.errors import MatchingBusy
from services.docking.matching.all_orders import OpenMarket, Plan, plan
from services.docking.usecases import matching
from shared.principals import Role
from tests.support.docking import POOR_COUNTY, AWorker, Dock, dock, yen

__all__ = ["dock"]

POLICY = {"quota_weight": 100}


async def _proposals(dock: Dock) -> int:
    async with dock.client.database.connection() as conn:
        return int(await conn.fetchval("SELECT count(*) FROM proposal"))


def _pairs(body: dict[str, Any]) -> set[tuple[str, str]]:
    return {(match["order"], match["worker"]) for match in body["matches"]}


async def test_all_open_orders_are_matched_at_once_and_a_match_can_be_accepted(dock: Dock) -> None:
    """The only worker for Korea goes there, although Japan pays the same and its order is older."""
    both = str(await dock.worker(AWorker(destinations=("JPN", "KOR"))))
    japan_only = str(await dock.worker(AWorker(occupations=("7212",), county=POOR_COUNTY)))
    await dock.worker(AWorker(destinations=("SGP",)))
    japan, korea, closed = await dock.order(), await dock.order(destination="KOR"), await dock.order()
    await dock.post(f"/orders/{closed}/closure")
    answer = await dock.post("/matching", POLICY)
    assert answer.status == 200, answer.body
    assert _pairs(answer.body) == {(japan, japan_only), (korea, both)}
    assert {name: answer.body[name] for name in ("dry_run", "orders", "workers", "proposed", "lapsed")} == {
        "dry_run": False, "orders": 2, "workers": 2, "proposed": 2, "lapsed": 0,
    }  # fmt: skip
    assert answer.body["value"] == answer.body["bound"] > 0
    [match] = [match for match in answer.body["matches"] if match["order"] == korea]
    assert any("experience shares 4 of 4 digits" in reason for reason in match["reasons"])
    listed = (await dock.get(f"/orders/{korea}/matches")).body
    assert ([one["match"] for one in listed["items"]], listed["next"]) == ([match["match"]], None)
    assert (await dock.post(f"/matches/{match['match']}/acceptance")).status == 201
    assert (await dock.get(f"/orders/{korea}/matches")).body["items"] == []
    again = (await dock.post("/matching", POLICY)).body
    assert (_pairs(again), again["orders"], again["workers"]) == ({(japan, japan_only)}, 1, 1)
    assert await _proposals(dock) == 2  # renewed, not doubled


async def test_a_dry_run_shows_the_same_and_writes_nothing(dock: Dock) -> None:
    await dock.worker()
    await dock.order()
    rehearsed = (await dock.post("/matching", {**POLICY, "dry_run": True})).body
    assert await _proposals(dock) == 0
    done = (await dock.post("/matching", POLICY)).body
    assert [rehearsed["dry_run"], rehearsed["matches"][0]["match"]] == [True, None]
    ids = [{**match, "match": None} for match in done["matches"]]
    assert {**done, "dry_run": True, "matches": ids} == rehearsed


async def test_one_key_is_one_matching(dock: Dock) -> None:
    await dock.worker()
    await dock.order()
    first = await dock.post("/matching", POLICY, key="matching-1")
    await dock.worker()
    await dock.order()
    assert (await dock.post("/matching", POLICY, key="matching-1")).body == first.body
    assert await _proposals(dock) == 1


async def test_a_repeat_is_answered_while_another_plan_is_made_and_plans_nothing(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    await dock.worker()
    await dock.order()
    first = await dock.post("/matching", POLICY, key="matching-1")

    async def unplanned(*_: object) -> Plan:
        raise MatchingBusy

    monkeypatch.setattr(matching, "plan_market", unplanned)
    assert (await dock.post("/matching", POLICY)).code == "MATCHING_BUSY"
    again = await dock.post("/matching", POLICY, key="matching-1")
    assert (again.status, again.body) == (200, first.body)
    other = await dock.post("/matching", {**POLICY, "shown": 1}, key="matching-1")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    theirs = await dock.post("/matching", POLICY, key="matching-1", who=dock.client.speaking_as(Role.OFFICER, subject="somebody-else"))
    assert theirs.code == "MATCHING_BUSY"


async def test_eligibility_and_free_positions_hold_in_the_whole(dock: Dock) -> None:
    for worker in (AWorker(verified=False), AWorker(willing=False), AWorker(birth_year=1950), AWorker(floor=yen(180_001))):
        await dock.worker(worker)
    await dock.matched()
    order = await dock.order(positions=3)
    fitting = [str(await dock.worker()) for _ in range(4)]
    few = (await dock.post("/matching", {**POLICY, "most_per_order": 2, "shown": 1})).body
    assert (few["proposed"], len(few["matches"])) == (2, 1)
    all_ = (await dock.post("/matching", POLICY)).body
    assert _pairs(all_) == {(order, worker) for worker in sorted(fitting)[:3]}  # registered at the same moment: by id
    page = (await dock.get(f"/orders/{order}/matches", limit=2)).body
    rest = (await dock.get(f"/orders/{order}/matches", limit=2, after=page["next"])).body
    assert (len(page["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)


async def test_an_order_of_an_enterprise_that_may_not_fill_it_is_left_out(dock: Dock) -> None:
    await dock.worker()
    enterprise = await dock.enterprise(valid_to="2018-03-01")
    await dock.order(enterprise)
    assert (await dock.post("/matching", {**POLICY, "dry_run": True})).body["proposed"] == 1
    dock.wait(1)
    assert (await dock.post("/matching", {**POLICY, "dry_run": True})).body["orders"] == 0


@pytest.mark.parametrize("narrowed", [{"destinations": ["KOR"]}, {"scope": ["seafarer"]}])
async def test_an_order_that_the_renewed_licence_no_longer_covers_is_neither_proposed_for_nor_filled(
    dock: Dock, narrowed: dict[str, Any]
) -> None:
    worker, enterprise = await dock.worker(), await dock.enterprise()
    order = await dock.order(enterprise)
    match = await dock.proposed(order, worker)
    assert (await dock.post(f"/enterprises/{enterprise}/renewal", {"valid_to": "2040-12-31", **narrowed})).status == 200
    assert (await dock.post("/matching", {**POLICY, "dry_run": True})).body["orders"] == 0
    for path, body in ((f"/orders/{order}/matches", {"n": 1}), (f"/matches/{match}/acceptance", None)):
        refused = await dock.post(path, body)
        assert (refused.status, refused.code) == (409, "LICENCE_NARROWED")
    wider = {"valid_to": "2041-12-31", "scope": ["seafarer", "labour_cooperation"], "destinations": ["KOR", "JPN"]}
    assert (await dock.post(f"/enterprises/{enterprise}/renewal", wider)).status == 200
    assert (await dock.post("/matching", {**POLICY, "dry_run": True})).body["proposed"] == 1
    assert (await dock.post(f"/matches/{match}/acceptance")).status == 201


async def test_an_enterprise_matches_its_own_orders_and_an_officer_the_workers_of_their_region(dock: Dock) -> None:
    await dock.worker(AWorker(county=POOR_COUNTY))
    mine, theirs = await dock.enterprise(), await dock.enterprise()
    own, other = await dock.order(mine), await dock.order(theirs)
    client = dock.client.speaking_as(Role.ENTERPRISE, party=mine)
    assert {order for order, _ in _pairs((await dock.post("/matching", POLICY, who=client)).body)} == {own}
    assert (await dock.get(f"/orders/{other}/matches", who=client)).status == 403
    elsewhere = dock.client.speaking_as(Role.OFFICER, regions=("370000",))
    assert (await dock.post("/matching", POLICY, who=elsewhere)).body["workers"] == 0
    assert (await dock.get(f"/orders/{own}/matches", who=elsewhere)).body["items"] == []
    for role in (Role.CLERK, Role.AUDITOR, Role.OPERATOR):
        assert (await dock.post("/matching", POLICY, who=dock.client.speaking_as(role))).status == 403


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"quota_weight": -1}, "quota_weight"),
        ({"quota_weight": 1001}, "quota_weight"),
        ({"quota_weight": "100"}, "quota_weight"),
        ({"most_per_order": 0}, "most_per_order"),
        ({"shown": 1001}, "shown"),
        ({"dry_run": "yes"}, "dry_run"),
        ({"override": True}, "override"),
    ],
)
async def test_what_is_out_of_bounds_is_refused_by_name(dock: Dock, body: dict[str, Any], field: str) -> None:
    answer = await dock.post("/matching", {**POLICY, **body})
    assert (answer.status, [error["field"] for error in answer.body["errors"]]) == (422, [field])


async def test_an_unknown_order_has_no_matches(dock: Dock) -> None:
    answer = await dock.get("/orders/00000000-0000-0000-0000-000000000009/matches")
    assert (answer.status, answer.code) == (404, "ORDER_NOT_FOUND")


async def test_one_at_a_time_and_what_has_changed_meanwhile_is_left_out(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the plan is made, other commands are answered; one of them takes a worker of the plan."""
    planning, go_on = asyncio.Event(), asyncio.Event()

    async def held(market: OpenMarket, *_: object) -> Plan:
        planning.set()
        await go_on.wait()
        return plan(market)

    taken, left = await dock.worker(), str(await dock.worker())
    order, other = await dock.order(positions=2), await dock.order(positions=1, expires=date(2018, 3, 2).isoformat())
    monkeypatch.setattr(matching, "plan_aside", held)
    running = asyncio.create_task(dock.post("/matching", POLICY))
    await planning.wait()
    busy = await dock.post("/matching", POLICY)
    assert (busy.status, busy.code) == (409, "MATCHING_BUSY")
    await dock.post(f"/orders/{other}/closure")
    await dock.matched(order, taken)
    go_on.set()
    answer = (await running).body
    assert {worker for _, worker in _pairs(answer)} <= {left}
    assert answer["proposed"] + answer["lapsed"] == 2
    assert answer["lapsed"] >= 1


async def test_a_service_that_stops_refuses_to_plan(dock: Dock) -> None:
    await dock.worker()
    await dock.order()
    dock.client.service.stopping.set()
    refused = await dock.post("/matching", POLICY)
    assert (refused.status, refused.code) == (503, "MATCHING_STOPPED")
    assert await _proposals(dock) == 0

"""What docking refuses: hostile bodies, the wrong caller, lost races, illegal steps. Nothing is written, nothing published."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from shared.events import Event, MatchedToEnterprise, PlacementCancelled
from shared.principals import Role
from shared.values import WorkerId
from tests.support.docking import POOR_COUNTY, AWorker, Dock, a_contract, a_departure, an_insurance, an_order, dock

__all__ = ["dock"]

GANSU, SHANDONG = ("620000",), ("370000",)


async def _count(dock: Dock) -> int:
    return len(await dock.client.published())


# --- races --------------------------------------------------------------------------------------------------------------------
async def test_worked_example_last_position(dock: Dock) -> None:
    """Two AcceptMatch at once: one MatchedToEnterprise, the other 409 POSITION_TAKEN."""
    order = await dock.order()
    matches = [await dock.proposed(order, await dock.worker()) for _ in range(2)]
    answers = await asyncio.gather(*(dock.post(f"/matches/{match}/acceptance") for match in matches))
    assert sorted(answer.status for answer in answers) == [201, 409]
    (lost,) = [answer for answer in answers if answer.status == 409]
    assert (lost.code, lost.body["state"]) == ("POSITION_TAKEN", {"positions": 1, "reserved": 1, "filled": 0})
    assert len(await dock.published(MatchedToEnterprise)) == 1


async def test_one_worker_accepted_for_two_orders_at_once_is_placed_once(dock: Dock) -> None:
    worker = await dock.worker()
    orders = [await dock.order() for _ in range(4)]
    matches = [await dock.proposed(order, worker) for order in orders]
    answers = await asyncio.gather(*(dock.post(f"/matches/{match}/acceptance") for match in matches))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert {answer.code for answer in answers if answer.status == 409} == {"ALREADY_PLACED"}
    assert sum([(await dock.show_order(order))["reserved"] for order in orders]) == 1
    again = await dock.post(f"/orders/{orders[0]}/matches", {"worker": str(worker)})
    assert (again.status, again.code) == (409, "ALREADY_PLACED")


async def test_a_proposal_is_accepted_once(dock: Dock) -> None:
    match = await dock.proposed(await dock.order(positions=2), await dock.worker())
    answers = await asyncio.gather(*(dock.post(f"/matches/{match}/acceptance") for _ in range(3)))
    assert sorted((answer.status, answer.body.get("code")) for answer in answers if answer.status != 201) == [(409, "MATCH_NOT_OPEN")] * 2


async def test_the_same_key_is_one_command_and_another_body_under_it_is_refused(dock: Dock) -> None:
    placement = await dock.matched()
    path = f"/placements/{placement['placement']}/contract"
    first = await dock.post(path, a_contract(dock.today), key="contract-1")
    before = await _count(dock)
    assert (await dock.post(path, a_contract(dock.today), key="contract-1")).body == first.body
    other = await dock.post(path, a_contract(dock.today, pay_day=11), key="contract-1")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert await _count(dock) == before


async def test_a_command_for_an_older_version_is_refused(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    answer = await dock.post(f"/placements/{placement['placement']}/clearance", {"version": placement["version"] - 1})
    assert (answer.status, answer.code, answer.body["state"]) == (409, "VERSION_CONFLICT", {"version": placement["version"]})
    assert (await dock.post(f"/placements/{placement['placement']}/clearance", {"version": placement["version"]})).status == 200


# --- illegal steps --------------------------------------------------------------------------------------------------------------
async def test_an_illegal_step_is_answered_with_the_state(dock: Dock) -> None:
    placement = await dock.matched()
    path = f"/placements/{placement['placement']}"
    steps: dict[str, Any] = {
        "departure": a_departure(dock.today),
        "return": {"returned_on": dock.today.isoformat(), "reason": "early"},
        "departure/void": {"reason": "duplicate"},
        "departure/correction": {"reason": "mistyped", "port": "CNDLC"},
    }
    for step, body in steps.items():
        answer = await dock.post(f"{path}/{step}", body)
        assert (answer.status, answer.code, answer.body["state"]) == (409, "ILLEGAL_STEP", "matched")
    await dock.post(f"{path}/cancellation", {"reason": "worker"})
    for step, body in {**steps, "cancellation": {"reason": "worker"}, "clearance": {}, "contract": a_contract(dock.today)}.items():
        answer = await dock.post(f"{path}/{step}", body)
        assert (answer.status, answer.body["state"]) == (409, "cancelled")
    assert len(await dock.published(PlacementCancelled)) == 1


async def test_a_cancelled_clearance_is_withdrawn_and_its_position_free(dock: Dock) -> None:
    placement = await dock.cleared()
    answer = await dock.post(f"/placements/{placement['placement']}/cancellation", {"reason": "officer"})
    assert answer.body["state"] == "cancelled"
    assert [event.type_name() for event in await dock.published(Event)][-2:] == [
        "docking.ClearanceWithdrawn.v1",
        "docking.PlacementCancelled.v1",
    ]
    assert (await dock.show_order(placement["order"]))["reserved"] == 0


async def test_a_worker_never_registered_is_not_found(dock: Dock) -> None:
    answer = await dock.post(f"/orders/{await dock.order()}/matches", {"worker": str(uuid4())})
    assert (answer.status, answer.code) == (404, "WORKER_NOT_FOUND")


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/enterprises/{id}/reserve", {"amount": {"minor": 1, "currency": "CNY"}}, "ENTERPRISE_NOT_FOUND"),
        ("/orders/{id}/closure", {}, "ORDER_NOT_FOUND"),
        ("/orders/{id}/matches", {"n": 1}, "ORDER_NOT_FOUND"),
        ("/matches/{id}/acceptance", {}, "MATCH_NOT_FOUND"),
        ("/placements/{id}/clearance", {}, "PLACEMENT_NOT_FOUND"),
        ("/placements/{id}/departure/void", {"reason": "duplicate"}, "PLACEMENT_NOT_FOUND"),
    ],
)
async def test_what_does_not_exist_is_not_found_by_name(dock: Dock, path: str, body: dict[str, Any], code: str) -> None:
    answer = await dock.post(path.format(id=uuid4()), body)
    assert (answer.status, answer.code) == (404, code)


async def test_an_order_needs_a_licence_that_covers_it(dock: Dock) -> None:
    enterprise = await dock.enterprise(destinations=["JPN"])
    for changes, code in (
        ({"destination": "KOR"}, "OUTSIDE_LICENCE_SCOPE"),
        ({"channel": "seafarer"}, "OUTSIDE_LICENCE_SCOPE"),
        ({"destination": "CHN"}, "DESTINATION_NOT_FOUND"),
        ({"occupation": "9999"}, "OCCUPATION_NOT_FOUND"),
        ({"expires": "2017-01-01"}, "PAST_DAY"),
        ({"fee_cap": {"minor": 1, "currency": "CNY"}}, "CURRENCY_DIFFERS"),
    ):
        answer = await dock.post("/orders", an_order(enterprise, **changes))
        assert (answer.status, answer.code) == (422, code)
    ending = await dock.enterprise(valid_to=dock.today.isoformat())
    order = await dock.order(ending)
    match = await dock.proposed(order, await dock.worker())
    dock.wait(1)
    assert (await dock.post("/orders", an_order(ending))).code == "LICENCE_EXPIRED"
    assert (await dock.post(f"/matches/{match}/acceptance")).code == "LICENCE_EXPIRED"


async def test_a_licence_is_entered_once_and_an_unknown_region_only_warned_of(dock: Dock) -> None:
    body = {"name": "E", "licence_no": "LW990020150001", "scope": ["seafarer"], "valid_to": "2030-01-01"}
    first = await dock.post("/enterprises", body)
    assert (first.status, first.body["warnings"]) == (201, ["licence_region_unknown"])
    again = await dock.post("/enterprises", body)
    assert (again.status, again.code) == (409, "LICENCE_TAKEN")
    real = await dock.post("/enterprises", {**body, "licence_no": "LW370020150016"})
    assert real.body["warnings"] == []


async def test_the_reserve_is_kept_in_yuan(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=0)
    path = f"/enterprises/{enterprise}/reserve"
    answer = await dock.post(path, {"amount": {"minor": 100, "currency": "USD"}})
    assert (answer.status, answer.code) == (422, "NOT_YUAN")
    both = await asyncio.gather(*(dock.post(path, {"amount": {"minor": 100, "currency": "CNY"}}) for _ in range(2)))
    assert sorted(one.body["reserve"]["minor"] for one in both) == [100, 200]


# --- hostile bodies ---------------------------------------------------------------------------------------------------------------
HOSTILE: list[Any] = [
    None,
    [],
    "x",
    0,
    {},
    {"surprise": 1},
    {"name": "\u0000"},
    {"enterprise": "not-a-uuid"},
    {"n": 10**30},
    {"n": -1},
    {"n": True},
    {"n": "5"},
    {"worker": {"$ne": 1}},
    {"amount": {"minor": 10**40, "currency": "CNY"}},
    {"amount": {"minor": 0, "currency": "CNY"}},
    {"amount": {"minor": -5, "currency": "CNY"}},
    {"amount": {"minor": 1, "currency": "ZZZ"}},
    {"reason": "x" * 10_000},
    {"rows": []},
    {"rows": [1, None, "x"]},
    {"version": 0},
    {"version": 2**63},
    {"planned_departure": 0},
    {"planned_departure": "tomorrow"},
    {"departed_on": "2018-02-30", "port": "CNTAO", "visa": "work", "evidence": "exit_stamp"},
    {"departed_on": "2018-03-01", "port": "Qingdao; DROP", "visa": "work", "evidence": "exit_stamp"},
    {"departed_on": "2018-03-01", "port": "CNTAO", "visa": "work", "evidence": "adopted"},
    {"returned_on": "9999-12-31", "reason": "completed"},
]
PATHS = (
    "/enterprises",
    "/enterprises/{enterprise}/reserve",
    "/orders",
    "/placements/{placement}/contract",
    "/placements/{placement}/insurance",
    "/placements/{placement}/medical",
    "/placements/{placement}/fees",
    "/placements/{placement}/departure",
    "/placements/{placement}/return",
    "/placements/{placement}/cancellation",
    "/placements/{placement}/departure/void",
    "/placements/{placement}/departure/correction",
    "/placements/adoption",
)
LENIENT = (
    "/orders/{order}/closure",
    "/orders/{order}/matches",
    "/placements/{placement}/clearance",
)


async def test_malformed_bodies_are_answered_naming_the_field_and_write_nothing(dock: Dock) -> None:
    placement = await dock.cleared()
    names = {name: placement[name] for name in ("placement", "order", "enterprise")}
    before = await _count(dock)
    for path in (*PATHS, *LENIENT):
        for body in HOSTILE:
            if path in LENIENT and body == {}:
                continue
            answer = await dock.at().post(path.format(**names), body)
            assert 400 <= answer.status < 500, (path, body, answer.body)
            assert answer.headers["content-type"] == "application/problem+json"
            if answer.status == 422:
                assert answer.body["errors"][0]["field"], (path, body)
    assert await _count(dock) == before


async def test_not_even_json(dock: Dock) -> None:
    for content in (b"{", b"\xff\xfe", b"[" * 100_000, b'{"n": 1e999}', b'{"name": "\\ud800"}'):
        answer = await dock.client.upload("/enterprises", content, "application/json")
        assert 400 <= answer.status < 500, content[:20]
    big = await dock.client.upload("/orders", b" " * 300_000 + b"{}", "application/json")
    assert (big.status, big.code) == (413, "TOO_LARGE")


async def test_bad_ids_and_pages_in_the_address(dock: Dock) -> None:
    for path in (
        "/placements/x",
        "/placements/%00",
        "/orders/1",
        "/placements?limit=0",
        "/placements?limit=201",
        "/placements?state=gone",
        "/placements?after=x",
        "/orders?enterprise=1",
        "/enterprises?limit=-1",
        "/placements/stuck?limit=x",
    ):
        assert (await dock.get(path)).status == 422, path


async def test_adoption_rows_of_any_shape_are_refused_one_by_one(dock: Dock) -> None:
    rows: list[Any] = [{}, {"worker": "\u0000"}, {"worker": 1, "contract": {"wage": []}}, {"\u0000": {"a": [[[]]]}}]
    answer = await dock.post("/placements/adoption", {"rows": rows})
    assert (answer.status, answer.body["accepted"], [one["row"] for one in answer.body["refused"]]) == (200, 0, [0, 1, 2, 3])
    assert await _count(dock) == 0


# --- who may ------------------------------------------------------------------------------------------------------------------------
async def test_an_enterprise_acts_for_itself_only(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    own = dock.client.speaking_as(Role.ENTERPRISE, regions=(), party=placement["enterprise"])
    other = dock.client.speaking_as(Role.ENTERPRISE, regions=(), party=await dock.enterprise())
    nobody = dock.client.speaking_as(Role.ENTERPRISE, regions=())
    path = f"/placements/{placement['placement']}"
    for stranger in (other, nobody):
        for step, body in (("clearance", {}), ("insurance", an_insurance(dock.today)), ("cancellation", {"reason": "enterprise"})):
            assert (await dock.post(f"{path}/{step}", body, who=stranger)).status == 403
        assert (await dock.get(path, who=stranger)).status == 403
        assert (await dock.get(f"{path}/history", who=stranger)).status == 403
        assert (await dock.post("/orders", an_order(placement["enterprise"]), who=stranger)).status == 403
        assert (await dock.post(f"/orders/{placement['order']}/closure", who=stranger)).status == 403
        assert (await dock.post(f"/orders/{placement['order']}/matches", {"n": 1}, who=stranger)).status == 403
        assert (await dock.get(f"/orders/{placement['order']}", who=stranger)).status == 403
    assert (await dock.get("/placements", who=other)).body["items"] == []
    assert (await dock.get("/placements", who=nobody)).status == 403
    assert [one["placement"] for one in (await dock.get("/placements", who=own)).body["items"]] == [placement["placement"]]
    wrong = await dock.post(f"{path}/cancellation", {"reason": "worker"}, who=own)
    assert (wrong.status, wrong.code) == (403, "REASON_NOT_YOURS")
    assert (await dock.post(f"{path}/cancellation", {"reason": "enterprise"}, who=own)).status == 200


async def test_a_clerk_acts_for_workers_of_the_own_counties_only(dock: Dock) -> None:
    order = await dock.order(positions=5)
    gansu, shandong = await dock.worker(AWorker(county=POOR_COUNTY)), await dock.worker()
    clerk = dock.client.speaking_as(Role.CLERK, regions=GANSU)
    proposed = await dock.post(f"/orders/{order}/matches", {"n": 5}, who=clerk)
    assert [one["worker"] for one in proposed.body["matches"]] == [str(gansu)]
    assert (await dock.post(f"/orders/{order}/matches", {"worker": str(shandong)}, who=clerk)).status == 403
    match = await dock.proposed(order, shandong)
    assert (await dock.post(f"/matches/{match}/acceptance", who=clerk)).status == 403
    placement = await dock.matched(order, shandong)
    path = f"/placements/{placement['placement']}"
    assert (await dock.get(path, who=clerk)).status == 403
    assert (await dock.post(f"{path}/contract", a_contract(dock.today), who=clerk)).status == 403
    assert (await dock.get("/placements", who=clerk)).body["items"] == []
    assert len((await dock.get("/placements", who=dock.client.speaking_as(Role.CLERK, regions=SHANDONG))).body["items"]) == 1


async def test_qualifying_takes_the_authority_of_the_seat(dock: Dock) -> None:
    body = {"name": "E", "licence_no": "LW370020159999", "scope": ["seafarer"], "valid_to": "2030-01-01"}
    officer = dock.client.speaking_as(Role.OFFICER, regions=SHANDONG)
    assert (await dock.post("/enterprises", body, who=officer)).status == 403
    assert (await dock.post("/enterprises", {**body, "seat": "621126"}, who=officer)).status == 403
    assert (await dock.post("/enterprises", {**body, "seat": "371002"}, who=officer)).status == 201


async def test_a_correction_and_a_void_are_an_officers(dock: Dock) -> None:
    gone = await dock.departed()
    path = f"/placements/{gone['placement']}/departure"
    for role in (Role.CLERK, Role.ENTERPRISE, Role.AUDITOR, Role.OPERATOR, Role.TRAINER, Role.ASSESSOR):
        who = dock.client.speaking_as(role, party=gone["enterprise"])
        assert (await dock.post(f"{path}/void", {"reason": "duplicate"}, who=who)).status == 403
        assert (await dock.post(f"{path}/correction", {"reason": "mistyped", "port": "CNDLC"}, who=who)).status == 403
        assert (await dock.post("/placements/adoption", {"rows": [{}]}, who=who)).status == 403
    elsewhere = dock.client.speaking_as(Role.OFFICER, regions=GANSU)
    assert (await dock.post(f"{path}/correction", {"reason": "mistyped", "port": "CNDLC"}, who=elsewhere)).status == 403
    shandong = dock.client.speaking_as(Role.OFFICER, regions=SHANDONG)
    assert (await dock.post(f"{path}/correction", {"reason": "mistyped", "county": POOR_COUNTY}, who=shandong)).status == 403


async def test_pages_follow_each_other_without_gap_or_repeat(dock: Dock) -> None:
    order = await dock.order(positions=5)
    made = [(await dock.matched(order))["placement"] for _ in range(5)]
    seen: list[str] = []
    page: dict[str, Any] = (await dock.get("/placements", order=order, limit=2)).body
    while True:
        seen += [one["placement"] for one in page["items"]]
        if page["next"] is None:
            break
        page = (await dock.get("/placements", order=order, limit=2, after=page["next"])).body
    assert seen == made
    assert (await dock.get("/placements", order=order, limit=5)).body["next"] is None
    one = (await dock.get("/placements", worker=(await dock.get(f"/placements/{made[2]}")).body["worker"])).body["items"]
    assert [row["placement"] for row in one] == [made[2]]
    assert WorkerId(one[0]["worker"])

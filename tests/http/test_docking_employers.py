"""Foreign employers (E6): a company, registered once, licensed where the host state asks for it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from services.docking.settings import policy
from shared.events import EmployerRegistered, JobOrderOpened
from shared.principals import Role
from tests.support.docking import Dock, an_order, dock
from tests.support.http import Answer

__all__ = ["dock"]


def an_employer(**changes: Any) -> dict[str, Any]:
    return {"name": "Sakura Construction KK", "destination": "JPN", "registration_no": "0104-01-000417", **changes}


def _refusal(answer: Answer) -> tuple[int, str, str | None]:
    errors = answer.body.get("errors") or [{}]
    return answer.status, answer.code, errors[0].get("field")


async def _registered(dock: Dock, **changes: Any) -> str:
    answer = await dock.post("/employers", an_employer(**changes))
    assert answer.status == 201, answer.body
    return str(answer.body["employer"])


async def test_an_employer_is_registered_once_and_orders_name_it(dock: Dock) -> None:
    employer = await _registered(dock)
    again = await dock.post("/employers", an_employer(name="The same"))
    assert (_refusal(again), again.body["state"]) == ((409, "EMPLOYER_TAKEN", "registration_no"), {"employer": employer})
    order = await dock.order(employer=None, employer_id=employer)
    shown = await dock.show_order(order)
    assert (shown["employer"], shown["employer_id"]) == ("Sakura Construction KK", employer)
    (registered,) = await dock.published(EmployerRegistered)
    assert (str(registered.employer), registered.company, registered.licence_no) == (employer, "Sakura Construction KK", None)
    (opened,) = await dock.published(JobOrderOpened)
    assert (opened.employer, str(opened.employer_id)) == ("Sakura Construction KK", employer)
    history = (await dock.get(f"/employers/{employer}/history")).body["items"]
    assert [one["type"] for one in history] == ["EmployerRegistered"]
    assert (await dock.get(f"/employers/{employer}")).body["registration_no"] == "0104-01-000417"


async def test_employers_are_listed_by_host_state(dock: Dock) -> None:
    japan, korea = await _registered(dock), await _registered(dock, destination="KOR")
    page = (await dock.get("/employers", limit=1)).body
    assert [one["employer"] for one in page["items"]] == [japan]
    assert [one["employer"] for one in (await dock.get("/employers", after=page["next"])).body["items"]] == [korea]
    assert [one["employer"] for one in (await dock.get("/employers", destination="KOR")).body["items"]] == [korea]
    assert (await dock.get("/employers", destination="XXX")).code == "DESTINATION_NOT_FOUND"
    assert (await dock.get(f"/employers/{uuid4()}")).code == "EMPLOYER_NOT_FOUND"
    assert (await dock.get("/employers", who=dock.client.speaking_as(Role.PUBLIC, regions=()))).status == 403


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"kind": "individual"}, (422, "INDIVIDUAL_EMPLOYER", "kind")),
        ({"destination": "CHN"}, (422, "DESTINATION_NOT_FOUND", "destination")),
    ],
)
async def test_no_contract_is_made_with_a_person_abroad(dock: Dock, changes: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    assert _refusal(await dock.post("/employers", an_employer(**changes))) == refusal
    assert await dock.published(EmployerRegistered) == []


async def test_an_order_names_one_employer_of_its_own_host_state(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    korea = await _registered(dock, destination="KOR")
    cases: list[tuple[dict[str, Any], tuple[int, str, str]]] = [
        ({"employer": None}, (422, "EMPLOYER_UNCLEAR", "employer")),
        ({"employer_id": korea}, (422, "EMPLOYER_UNCLEAR", "employer")),
        ({"employer": None, "employer_id": korea}, (422, "EMPLOYER_ELSEWHERE", "employer_id")),
        ({"employer": None, "employer_id": str(uuid4())}, (404, "EMPLOYER_NOT_FOUND", "employer_id")),
    ]
    for changes, refusal in cases:
        assert _refusal(await dock.post("/orders", an_order(enterprise, **changes))) == refusal


async def test_where_the_host_state_licenses_employers_only_a_licensed_one_is_named(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    unlicensed = await _registered(dock)
    policy.cache_clear()
    monkeypatch.setenv("DOCKING_LICENSING_DESTINATIONS", "SGP,JPN")
    try:
        enterprise = await dock.enterprise()
        refused = await dock.post("/employers", an_employer(registration_no="2"))
        assert _refusal(refused) == (422, "EMPLOYER_NOT_LICENSED", "licence_no")
        licensed = await _registered(dock, registration_no="2", licence_no="J-1")
        for changes in ({}, {"employer": None, "employer_id": unlicensed}):
            answer = await dock.post("/orders", an_order(enterprise, **changes))
            assert _refusal(answer) == (422, "EMPLOYER_NOT_LICENSED", "employer_id")
        assert (await dock.post("/orders", an_order(enterprise, employer=None, employer_id=licensed))).status == 201
        assert (await dock.post("/orders", an_order(enterprise, destination="KOR"))).status == 201
    finally:
        policy.cache_clear()


async def test_enterprises_and_employers_are_named_by_their_ids(dock: Dock) -> None:
    employer = await _registered(dock)
    order = await dock.show_order(await dock.order(employer=None, employer_id=employer))
    answer = await dock.get(f"/party-names?party={employer}&party={order['enterprise']}&party={uuid4()}")
    named = {one["party"]: one["name"] for one in answer.body["items"]}
    assert named.keys() == {employer, order["enterprise"]}
    assert named[employer] == "Sakura Construction KK"


async def test_the_worker_of_a_placement_is_named_to_whoever_sees_the_placement(dock: Dock) -> None:
    placement = await dock.matched()
    asked = f"/placement-workers?placement={placement['placement']}&placement={uuid4()}"
    known = {"items": [{"placement": placement["placement"], "worker": placement["worker"]}]}
    own, other = (dock.client.speaking_as(Role.ENTERPRISE, party=party) for party in (placement["enterprise"], uuid4()))
    assert [(await one.get(asked)).body for one in (dock, own)] == [known, known]
    assert (await other.get(asked)).body == {"items": []}

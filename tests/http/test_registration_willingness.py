"""Willingness and the supply over HTTP: recorded, renewed, withdrawn, expired."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared import events
from shared.principals import Role
from tests.support.http import Client
from tests.support.registration import a_worker, an_offer, willing


def on(registration: Client, day: str) -> Client:
    return replace(registration, at=datetime.fromisoformat(f"{day}T04:00:00").replace(tzinfo=UTC))


async def swept(registration: Client, day: str) -> int:
    operator = on(registration.speaking_as(Role.OPERATOR), day)
    answer = await operator.post("/sweep")
    assert answer.status == 200, answer.body
    return int(answer.body["acted"])


async def happened(registration: Client) -> list[tuple[str, str]]:
    """What was published about willingness: (type, effective)."""
    return [
        (type(event.data).__name__, event.data.effective_on.isoformat())
        for event in await registration.published()
        if not isinstance(event.data, events.WorkerRegistered)
    ]


async def test_willingness_counts_for_180_days_for_what_was_stated(registration: Client) -> None:
    worker = await a_worker().at(registration)
    floor = {"minor": 450_000, "currency": "CNY"}
    answer = await willing(registration, worker, destinations=["JPN", "SGP", "JPN"], wage_floor=floor, available_from="2018-07-01")
    assert (answer.body["willingness"], answer.body["version"]) == ("willing", 2)
    assert answer.body["offer"] == {
        "destinations": ["JPN", "SGP"],
        "occupations": ["7112"],
        "wage_floor": floor,
        "available_from": "2018-07-01",
        "expires_on": "2018-11-28",
        "family_consent": True,
    }
    event = (await registration.published())[-1].data
    assert isinstance(event, events.WillingnessRecorded)
    assert event.renewal is False
    assert event.model_dump(mode="json", include=set(answer.body["offer"])) == answer.body["offer"]


async def test_recording_willingness_again_while_willing_is_a_renewal(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    await willing(registration, worker)
    await willing(on(registration, "2018-11-28"), worker)
    first, second = [event.data for event in await registration.published() if isinstance(event.data, events.WillingnessRecorded)]
    assert (first.renewal, second.renewal) == (False, True)
    assert second.expires_on.isoformat() == "2019-05-27"


async def test_recording_willingness_again_after_its_time_records_the_expiry_first(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    await willing(registration, worker)
    await willing(on(registration, "2018-12-10"), worker)
    assert await happened(registration) == [
        ("WillingnessRecorded", "2018-06-01"),
        ("WillingnessExpired", "2018-11-29"),
        ("WillingnessRecorded", "2018-12-10"),
    ]
    last = (await registration.published())[-1].data
    assert isinstance(last, events.WillingnessRecorded)
    assert last.renewal is False


async def test_the_sweep_records_an_expired_willingness_once(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    await willing(registration, worker)
    assert await swept(registration, "2018-11-28") == 0
    assert await swept(registration, "2018-12-24") == 1
    assert await swept(registration, "2018-12-24") == 0
    assert (await happened(registration))[-1] == ("WillingnessExpired", "2018-11-29")
    shown = await on(registration, "2018-12-24").get(f"/workers/{worker}")
    assert (shown.body["willingness"], shown.body["version"]) == ("expired", 3)


async def test_only_a_willingness_in_force_can_be_withdrawn(registration: Client) -> None:
    worker = await a_worker().at(registration)
    path = f"/workers/{worker}/willingness/withdrawal"
    early = await registration.post(path, {})
    assert (early.status, early.code, early.body["state"]) == (409, "NOT_WILLING", "none")
    await willing(registration, worker)
    assert (await registration.post(path, {"withdrawn_on": "2018-05-31"})).code == "OUT_OF_ORDER"
    assert (await on(registration, "2018-12-24").post(path, {})).body["state"] == "expired"
    assert (await registration.post(path, {})).body["willingness"] == "withdrawn"
    assert (await registration.post(path, {})).body["state"] == "withdrawn"
    withdrawn = (await registration.published())[-1].data
    assert isinstance(withdrawn, events.WillingnessWithdrawn)
    assert withdrawn.reason == "worker"


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"destinations": ["JPN", "XXX"]}, "destinations.1", "DESTINATION_NOT_FOUND"),
    ({"destinations": ["CHN"]}, "destinations.0", "DESTINATION_NOT_FOUND"),
    ({"occupations": ["9999"]}, "occupations.0", "OCCUPATION_NOT_FOUND"),
    ({"recorded_on": "2018-05-31"}, "recorded_on", "OUT_OF_ORDER"),
    ({"recorded_on": "2018-06-02"}, "recorded_on", "IN_FUTURE"),
    ({"destinations": []}, "destinations", "TOO_SHORT"),
    ({"destinations": "JPN"}, "destinations", "TUPLE_TYPE"),
    ({"family_consent": None}, "family_consent", "BOOL_TYPE"),
    ({"family_consent": 1}, "family_consent", "BOOL_TYPE"),
    ({"wage_floor": {"minor": 0, "currency": "CNY"}}, "wage_floor", "VALUE_ERROR"),
    ({"wage_floor": {"minor": 10**40, "currency": "CNY"}}, "wage_floor.minor", "LESS_THAN_EQUAL"),
    ({"wage_floor": {"minor": 1, "currency": "ZZZ"}}, "wage_floor.currency", "VALUE_ERROR"),
    ({"version": 2**63}, "version", "LESS_THAN_EQUAL"),
    ({"bonus": 1}, "bonus", "EXTRA_FORBIDDEN"),
]


@pytest.mark.parametrize(("changes", "field", "code"), REFUSED, ids=str)
async def test_a_wrong_field_is_named(registration: Client, changes: dict[str, Any], field: str, code: str) -> None:
    worker = await a_worker().at(registration)
    answer = await registration.post(f"/workers/{worker}/willingness", an_offer(**changes))
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, code)]
    assert await happened(registration) == []


async def test_family_consent_is_stated_not_assumed(registration: Client) -> None:
    worker = await a_worker().at(registration)
    missing = await registration.post(f"/workers/{worker}/willingness", {"destinations": ["JPN"]})
    assert missing.body["errors"] == [{"field": "family_consent", "code": "MISSING", "message": "Field required"}]
    assert (await willing(registration, worker, family_consent=False)).body["offer"]["family_consent"] is False


async def test_the_supply_counts_the_willing_by_cell_and_only_in_the_callers_regions(registration: Client) -> None:
    gansu = [await a_worker().named(name).at(registration) for name in ("李甲", "李乙", "李丙")]
    await willing(registration, gansu[0], destinations=["JPN", "SGP"], occupations=["7112", "7531"])
    await willing(registration, gansu[1])
    elsewhere = registration.speaking_as(Role.CLERK)
    await willing(elsewhere, await a_worker().from_county("510182").at(elsewhere))

    async def cells(who: Client, **query: Any) -> dict[tuple[str, str, str], int]:
        items, after = [], None
        while True:
            page = (await who.get("/supply", limit=2, **query, **({"after": after} if after else {}))).body
            items += page["items"]
            after = page["next"]
            if after is None:
                return {(item["county"], item["occupation"], item["destination"]): item["willing"] for item in items}

    mine = {("621126", "7112", "JPN"): 2, ("621126", "7112", "SGP"): 1, ("621126", "7531", "JPN"): 1, ("621126", "7531", "SGP"): 1}
    assert await cells(registration) == mine
    assert await cells(elsewhere) == mine | {("510182", "7112", "JPN"): 1}
    assert await cells(registration, destination="SGP", occupation="7112") == {("621126", "7112", "SGP"): 1}
    assert await cells(on(registration, "2018-11-29")) == {}

"""A worker's household moves, or is listed otherwise: from a day on, and never backwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.registration.consumers import apply
from shared import events
from shared.db import Cause
from shared.principals import Role, system
from shared.values import Clock
from tests.integration.test_registration_reactions import a_departure
from tests.support.http import Answer, Client
from tests.support.registration import JUNE, a_worker, an_offer, willing


async def move(registration: Client, worker: str, **changes: Any) -> Answer:
    return await registration.post(f"/workers/{worker}/residence", {"county": "622427"} | changes)


async def published(registration: Client, *kinds: type[events.Event]) -> list[Any]:
    return [event.data for event in await registration.published() if isinstance(event.data, kinds)]


async def test_whoever_is_willing_and_moves_is_willing_in_the_new_county_from_that_day(registration: Client) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    await willing(registration, worker, recorded_on="2018-04-01")
    answer = await move(registration, worker, moved_on="2018-05-10")
    assert (answer.status, answer.body["county"], answer.body["residence_since"]) == (200, "622427", "2018-05-10")
    [event] = await published(registration, events.ResidenceChanged)
    for fact, county in ((event.previous, "621126"), (event.fact, "622427")):
        assert (fact.origin.county, fact.willingness.origin.county, fact.willingness.on) == (county, county, date(2018, 5, 10))
    assert [cell["county"] for cell in (await registration.get("/supply")).body["items"]] == ["622427"]
    history = (await registration.get(f"/workers/{worker}/history")).body["items"]
    assert (history[-1]["type"], history[-1]["effective"]) == ("ResidenceChanged", "2018-05-10")


async def test_a_willingness_stated_after_the_move_is_counted_in_the_new_county_since_it_was_stated(registration: Client) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    await willing(registration, worker, recorded_on="2018-05-20")
    await move(registration, worker, moved_on="2018-05-10")
    [event] = await published(registration, events.ResidenceChanged)
    assert (event.effective, event.fact.willingness.on) == (date(2018, 5, 10), date(2018, 5, 20))


async def test_who_is_not_willing_moves_without_a_count(registration: Client) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    await move(registration, worker)
    [event] = await published(registration, events.ResidenceChanged)
    assert (event.previous.willingness, event.fact.willingness, event.effective) == (None, None, date(2018, 6, 1))


async def test_a_willingness_that_had_run_out_before_the_move_expires_in_the_old_county(registration: Client) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    await willing(registration, worker, recorded_on="2018-03-01")
    later = replace(registration, at=datetime(2018, 12, 1, 4, tzinfo=UTC))
    await move(later, worker)
    expired, event = (await registration.published())[-2:]
    assert isinstance(expired.data, events.WillingnessExpired)
    assert isinstance(event.data, events.ResidenceChanged)
    assert (expired.data.origin.county, event.data.fact.willingness) == ("621126", None)


async def test_a_verification_from_before_the_move_is_counted_in_the_old_county(registration: Client) -> None:
    worker = await a_worker().with_id().registered("2018-03-01").at(registration)
    await move(registration, worker, moved_on="2018-05-10")
    await registration.post(f"/workers/{worker}/verification", {"verified_on": "2018-05-09"})
    [verified] = await published(registration, events.WorkerVerified)
    assert verified.origin.county == "621126"


async def test_a_correction_after_a_move_leaves_what_was_counted_in_the_old_county(registration: Client) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    await willing(registration, worker, recorded_on="2018-04-01")
    await move(registration, worker, moved_on="2018-05-10")
    await registration.post(f"/workers/{worker}/corrections", {"reason": "mistyped", "county": "620521"})
    [event] = await published(registration, events.WorkerCorrected)
    counted = [(fact.registration.origin.county, fact.willingness.origin.county) for fact in (event.previous, event.fact)]
    assert counted == [("621126", "622427"), ("621126", "620521")]
    assert event.fact.willingness.on == date(2018, 5, 10)


async def test_willingness_cannot_change_before_the_move_that_took_it_along(registration: Client) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    await willing(registration, worker, recorded_on="2018-04-01")
    await move(registration, worker, moved_on="2018-05-10")
    path = f"/workers/{worker}/willingness"
    assert (await registration.post(f"{path}/withdrawal", {"withdrawn_on": "2018-05-09"})).code == "OUT_OF_ORDER"
    assert (await registration.post(path, an_offer(recorded_on="2018-05-09"))).code == "OUT_OF_ORDER"
    async with registration.database.transaction(Cause(principal=system("registration"), clock=Clock(JUNE))) as tx:
        await apply(tx, [a_departure(worker, date(2018, 5, 1))])  # known only now
    [withdrawn] = await published(registration, events.WillingnessWithdrawn)
    assert (withdrawn.origin.county, withdrawn.effective) == ("622427", date(2018, 5, 10))


async def test_household_status_is_set_as_of_a_day(registration: Client) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    path = f"/workers/{worker}/household-status"
    answer = await registration.post(path, {"household_status": "registered_poor", "as_of": "2018-03-01"})
    assert (answer.body["household_status"], answer.body["household_since"]) == ("registered_poor", "2018-03-01")
    await registration.post(path, {"household_status": "not_registered", "as_of": "2018-05-01"})
    changes = await published(registration, events.HouseholdStatusChanged)
    assert [(one.previous, one.fact, one.effective) for one in changes] == [
        ("unknown", "registered_poor", date(2018, 3, 1)),
        ("registered_poor", "not_registered", date(2018, 5, 1)),
    ]
    assert (await registration.post(path, {"household_status": "unknown", "as_of": "2018-05-01"})).code == "OUT_OF_ORDER"
    assert (await registration.post(path, {"household_status": "not_registered"})).code == "NOTHING_TO_CHANGE"


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"county": "621126"}, "county", "NOTHING_TO_CHANGE"),
        ({"moved_on": "2018-03-01"}, "moved_on", "OUT_OF_ORDER"),  # where the registration was made is corrected, not moved from
        ({"moved_on": "2018-06-02"}, "moved_on", "IN_FUTURE"),
        ({"county": "0"}, "county", "STRING_PATTERN_MISMATCH"),
        ({"county": None}, "county", "STRING_TYPE"),
    ],
)
async def test_a_wrong_move_is_refused_and_nothing_changes(registration: Client, changes: dict[str, Any], field: str, code: str) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    answer = await move(registration, worker, **changes)
    assert (answer.status, answer.body["errors"][0]["field"], answer.body["errors"][0]["code"]) == (422, field, code)
    assert len(await registration.published()) == 1


async def test_the_old_county_loses_sight_of_whoever_moved_and_the_new_one_finds_them(registration: Client) -> None:
    worker = await a_worker().registered("2018-03-01").at(registration)
    assert (await move(registration, worker, county="510104")).status == 200
    assert (await move(registration, worker, county="621126")).status == 403
    sichuan = replace(registration.speaking_as(Role.CLERK, regions=("510000",)), at=JUNE)
    assert (await sichuan.get(f"/workers/{worker}")).status == 200
    twin = await sichuan.post("/workers", a_worker().from_county("510104").body())
    assert twin.body["possible_duplicates"] == 1

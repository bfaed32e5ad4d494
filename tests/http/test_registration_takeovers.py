"""What the survivor of a merge takes over: willingness counted once, suspensions, household status, what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from shared import events
from tests.http.test_registration_merges import level, merged, published, second_person, show, two
from tests.http.test_registration_validity import an_officer, suspend
from tests.http.test_registration_willingness import on, swept
from tests.support.http import Client
from tests.support.registration import a_worker, an_id, an_offer, went_abroad, willing


@pytest.mark.parametrize(
    ("mine", "theirs", "taken"),
    [
        ("2018-05-10", "2018-05-20", "theirs"),
        ("2018-05-20", "2018-05-10", "mine"),
        ("2018-05-10", "2018-05-10", "mine"),
        (None, "2018-05-10", "theirs"),
        ("2018-05-10", None, "mine"),
    ],
)
async def test_of_two_willingnesses_the_one_stated_last_counts_and_only_once(
    registration: Client, mine: str | None, theirs: str | None, taken: str
) -> None:
    survivor, absorbed = await two(
        registration, a_worker().verified().registered("2018-05-01"), a_worker().named("赵六").verified().registered("2018-05-01")
    )
    for worker, day, destination in ((survivor, mine, "JPN"), (absorbed, theirs, "SGP")):
        if day is not None:
            await willing(registration, worker, recorded_on=day, destinations=[destination])
    assert await level(registration) == (mine is not None) + (theirs is not None)
    await merged(registration, survivor, absorbed)
    shown = await show(registration, survivor)
    assert (shown["willingness"], shown["offer"]["destinations"]) == ("willing", ["JPN" if taken == "mine" else "SGP"])
    day = mine if taken == "mine" else theirs
    assert shown["offer"]["expires_on"] == {"2018-05-10": "2018-11-06", "2018-05-20": "2018-11-16"}[str(day)]  # no longer than stated
    assert await level(registration) == 1
    supply = (await registration.get("/supply")).body["items"]
    assert [(cell["destination"], cell["willing"]) for cell in supply] == [("JPN" if taken == "mine" else "SGP", 1)]
    await registration.post(f"/workers/{absorbed}/willingness/withdrawal", {})
    assert await level(registration) == 0


@pytest.mark.parametrize(
    ("willing_from", "departed", "counts"),
    [("2018-05-10", "2018-05-10", False), ("2018-05-10", "2018-05-20", False), ("2018-05-20", "2018-05-10", True)],
)
@pytest.mark.parametrize("survivor_is_willing", [True, False])
async def test_a_willingness_from_before_a_departure_under_the_other_number_ends(
    registration: Client, willing_from: str, departed: str, counts: bool, survivor_is_willing: bool
) -> None:
    one, other = await two(
        registration, a_worker().verified().registered("2018-05-01"), a_worker().named("赵六").verified().registered("2018-05-01")
    )
    await willing(registration, one, recorded_on=willing_from)
    await went_abroad(registration, other, departed, "2018-05-25")
    await merged(registration, *((one, other) if survivor_is_willing else (other, one)))
    assert (await show(registration, one))["willingness"] == ("willing" if counts else "withdrawn" if survivor_is_willing else "none")
    assert await level(registration) == counts
    assert len((await registration.get("/supply")).body["items"]) == counts


async def test_a_corrected_number_gives_up_one_document_and_keeps_the_other(registration: Client) -> None:
    numbers = [an_id() for _ in range(3)]
    survivor, absorbed = await two(
        registration, a_worker().with_id(numbers[0]).verified(), a_worker().named("赵六").with_id(numbers[1]).verified()
    )
    await merged(registration, survivor, absorbed)
    asked = await registration.post(f"/workers/{survivor}/corrections", {"reason": "document_changed", "id_number": numbers[2]})
    approved = await second_person(registration).post(f"/corrections/{asked.body['items'][0]['correction']}/approval", {})
    assert approved.status == 200, approved.body
    verified = []
    for number in numbers:
        other = await a_worker().named(f"钱{number[-4:]}").with_id(number).at(registration)
        verified.append((await registration.post(f"/workers/{other}/verification", {})).status)
    assert verified == [200, 409, 409]


async def test_a_willingness_whose_time_is_over_is_not_taken_over(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    await willing(registration, absorbed)
    await merged(on(registration, "2018-12-10"), survivor, absorbed)
    assert (await show(registration, survivor))["willingness"] == "none"
    assert await level(registration) == 0
    [event] = await published(registration, events.WorkersMerged)
    assert event.ends_willingness is False


async def test_a_suspension_is_not_escaped_by_being_registered_twice(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    await willing(registration, survivor)
    await suspend(registration, absorbed)
    await merged(registration, survivor, absorbed)
    shown = await show(registration, survivor)
    assert (shown["validity"], shown["suspended_for"], shown["willingness"]) == ("suspended", "under_investigation", "withdrawn")
    assert await level(registration) == 0
    assert (await an_officer(registration).post(f"/workers/{absorbed}/reinstatement", {"reason": "doubt_removed"})).status == 200


async def test_a_suspended_survivor_stays_suspended_whatever_the_other_was_willing_to_do(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    await willing(registration, absorbed)
    await suspend(registration, survivor)
    await merged(registration, survivor, absorbed)
    assert (await show(registration, survivor))["willingness"] == "none"
    assert await level(registration) == 0


async def test_a_known_household_status_replaces_an_unknown_one(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    await registration.post(f"/workers/{absorbed}/household-status", {"household_status": "registered_poor"})
    await merged(registration, survivor, absorbed)
    shown = await show(registration, survivor)
    assert (shown["household_status"], shown["household_since"]) == ("registered_poor", "2018-06-01")
    assert [str(event.worker) for event in await published(registration, events.HouseholdStatusChanged)] == [absorbed, survivor]


async def test_a_missing_number_and_phone_are_taken_over_where_they_fit(registration: Client) -> None:
    number = an_id()
    survivor, absorbed = await two(registration, a_worker(), a_worker().named("赵六").with_id(number).calling("13812345678"))
    assert (await merged(registration, survivor, absorbed)).status == 200
    shown = await registration.post(f"/workers/{survivor}/personal-data", {"reason": "contact_worker"})
    assert (shown.body["name"], shown.body["id_number"], shown.body["phone"]) == ("李明", number, "13812345678")
    other = await a_worker().named("孙八").at(registration)
    older = replace(a_worker().named("周九"), birth_date=date(1980, 1, 1)).with_id()
    born_elsewhen = await older.at(registration)
    assert (await merged(registration, other, born_elsewhen)).status == 200
    shown = await registration.post(f"/workers/{other}/personal-data", {"reason": "contact_worker"})
    assert shown.body["id_number"] is None


async def test_an_absorbed_registration_neither_lapses_nor_expires_later(registration: Client) -> None:
    survivor, absorbed = await two(registration, a_worker().verified(), a_worker().named("赵六"))
    await registration.post(f"/workers/{absorbed}/willingness", an_offer())
    assert (await merged(registration, survivor, absorbed)).status == 200
    assert await swept(registration, "2018-11-29") == 1  # the survivor's willingness
    assert await published(registration, events.RegistrationLapsed) == []
    assert await level(registration) == 0

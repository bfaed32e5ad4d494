"""The number that a worker had in the system before this one: one person's, found by it, and never the number of a document."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared.principals import Role
from tests.http.test_registration_erasures import erase
from tests.http.test_registration_imports import decided, found, imported  # noqa: F401  # a fixture
from tests.http.test_registration_merges import merged, two
from tests.support.http import Answer, Client
from tests.support.registration import GANSU, a_row, a_worker, an_id
from tests.support.tables import tables_with

SYSTEM = "mis-2009"


def an_officer(registration: Client, *regions: str) -> Client:
    return replace(registration.speaking_as(Role.OFFICER, regions=regions or GANSU), at=registration.at)


async def numbered(registration: Client, worker: str, number: str, system: str = SYSTEM) -> Answer:
    return await an_officer(registration).post(f"/workers/{worker}/old-numbers", {"system": system, "number": number})


async def asked_for(registration: Client, number: str) -> list[str]:
    """Whom a search by the number finds."""
    return [one["worker"] for one in (await registration.get(f"/workers?old_number={number}")).body["items"]]


async def owners(registration: Client, *numbers: str) -> dict[str, str]:
    query = "&".join(f"number={one}" for one in numbers)
    items = (await registration.get(f"/old-numbers?system={SYSTEM}&{query}")).body["items"]
    return {one["number"]: one["worker"] for one in items}


async def counted(registration: Client) -> list[tuple[str, int]]:
    items = (await registration.get(f"/old-numbers/count?system={SYSTEM}")).body["items"]
    return [(one["province"], one["count"]) for one in items]


async def test_a_worker_is_found_by_the_number_of_the_old_system(registration: Client) -> None:
    old = {"system": SYSTEM, "number": "A-4711"}
    answer = await registration.post("/workers", a_worker().body(old_number=old))
    assert answer.status == 201
    worker, other = answer.body["worker"], await a_worker().named("赵六").at(registration)
    assert (await registration.get(f"/workers/{worker}")).body["old_numbers"] == [old]
    assert await asked_for(registration, "A-4711") == [worker]
    assert await asked_for(registration, "A-4712") == []
    assert (await numbered(registration, other, "4712")).status == 200
    assert await owners(registration, "A-4711", "4712", "4713") == {"A-4711": worker, "4712": other}
    assert await counted(registration) == [("620000", 2)]


async def test_one_number_is_given_once_and_the_history_says_by_whom(registration: Client) -> None:
    one, other = await two(registration)
    for _ in range(2):
        assert (await numbered(registration, one, "7")).status == 200
    refused = await numbered(registration, other, "7")
    assert (refused.status, refused.code, refused.body["errors"][0]["field"]) == (409, "OLD_NUMBER_TAKEN", "number")
    again = await registration.post("/workers", a_worker().body(old_number={"system": SYSTEM, "number": "7"}))
    assert (again.status, again.code) == (409, "OLD_NUMBER_TAKEN")
    assert (await numbered(registration, other, "7", system="county-list")).status == 200, "another system's 7 is another number"
    assert set(await asked_for(registration, "7")) == {one, other}
    lines = (await registration.get(f"/workers/{one}/history")).body["items"]
    assert [(line["type"], line["reason"]) for line in lines][1:] == [("OldNumberRecorded", SYSTEM)]


@pytest.mark.parametrize(
    ("old", "code"),
    [
        ({"system": SYSTEM, "number": an_id()}, "OLD_NUMBER_IS_DOCUMENT"),
        ({"system": SYSTEM, "number": an_id()[:17] + "x"}, "OLD_NUMBER_IS_DOCUMENT"),
        ({"system": SYSTEM, "number": "621126900101123"}, "OLD_NUMBER_IS_DOCUMENT"),
        ({"system": SYSTEM, "number": "６２１１２６９００１０１１２３"}, "OLD_NUMBER_IS_DOCUMENT"),
        ({"system": SYSTEM, "number": "621126 19900101 123Ｘ"}, "OLD_NUMBER_IS_DOCUMENT"),
        ({"system": SYSTEM, "number": "6211.26-19900101－1234"}, "OLD_NUMBER_IS_DOCUMENT"),
        ({"system": "MIS 2009", "number": "7"}, None),
        ({"system": SYSTEM, "number": " "}, None),
        ({"system": SYSTEM, "number": "7" * 41}, None),
        ({"system": SYSTEM, "number": "7\x00"}, None),
        ({"system": SYSTEM}, None),
    ],
)
async def test_what_is_no_old_number_is_refused(registration: Client, old: dict[str, Any], code: str | None) -> None:
    worker = await a_worker().at(registration)
    for answer in (
        await registration.post("/workers", a_worker().named("赵六").body(old_number=old)),
        await an_officer(registration).post(f"/workers/{worker}/old-numbers", old),
    ):
        assert answer.status == 422
        assert code is None or answer.code == code
    assert await counted(registration) == []


async def test_a_worker_has_at_most_twenty(registration: Client) -> None:
    worker = await a_worker().at(registration)
    for number in range(20):
        assert (await numbered(registration, worker, str(number))).status == 200
    refused = await numbered(registration, worker, "20")
    assert (refused.status, refused.code) == (409, "TOO_MANY_OLD_NUMBERS")


async def test_the_numbers_of_both_lead_to_the_survivor_of_a_merge(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    await numbered(registration, survivor, "1")
    await numbered(registration, absorbed, "2")
    await merged(registration, survivor, absorbed)
    assert await owners(registration, "1", "2") == {"1": survivor, "2": survivor}
    assert [one["number"] for one in (await registration.get(f"/workers/{absorbed}")).body["old_numbers"]] == ["1", "2"]
    assert await asked_for(registration, "2") == [survivor]


async def test_an_erased_worker_is_found_by_no_old_number(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await numbered(registration, worker, "9")
    assert (await erase(registration, worker)).status == 200
    assert (await asked_for(registration, "9"), await owners(registration, "9")) == ([], {})


async def test_what_is_kept_of_answers_names_no_old_number(registration: Client) -> None:
    """An erasure does not reach them."""
    answer = await registration.post("/workers", a_worker().body(old_number={"system": SYSTEM, "number": "kept-1"}))
    worker = answer.body["worker"]
    await numbered(registration, worker, "kept-2")
    assert len((await registration.get(f"/workers/{worker}")).body["old_numbers"]) == 2
    assert (await erase(registration, worker)).status == 200
    async with registration.database.connection() as conn:
        assert "idempotency" in await tables_with(conn, [worker])
        assert await tables_with(conn, ["kept-1", "kept-2"]) == []


async def test_a_number_too_short_for_a_document_is_taken_as_it_is(registration: Client) -> None:
    worker = await a_worker().at(registration)
    taken = ["62112690010112", "621126901301123", "A-621126900101123", "2009-000123"]
    assert [(await numbered(registration, worker, number)).status for number in taken] == [200] * 4


async def test_another_province_neither_sees_nor_counts_them(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await numbered(registration, worker, "9")
    stranger = an_officer(registration, "370000")
    assert (await asked_for(stranger, "9"), await owners(stranger, "9"), await counted(stranger)) == ([], {}, [])
    assert (await stranger.post(f"/workers/{worker}/old-numbers", {"system": SYSTEM, "number": "10"})).status == 403


# --- lists ------------------------------------------------------------------------------------------------------------
ROWS = [
    a_row(name="王一", old_number="1", old_system="MIS-2009"),
    a_row(name="王二", old_number="1", old_system=SYSTEM),
    a_row(name="王三", old_number="3"),
    a_row(name="王四", old_number=an_id(), old_system=SYSTEM),
    a_row(name="王五", old_number="5", old_system="the old one"),
    a_row(name="王六", old_number="6", old_system=SYSTEM, id_number=an_id(date(1992, 3, 4), "female"), id_checked="yes"),
    a_row(name="王七"),
]
REFUSED = [
    (3, "old_number", "OLD_NUMBER_TAKEN", "error"),
    (4, "old_system", "MISSING", "error"),
    (5, "old_number", "OLD_NUMBER_IS_DOCUMENT", "error"),
    (6, "old_system", "OLD_SYSTEM_NOT_READABLE", "error"),
]


@pytest.mark.usefixtures("decided")
async def test_a_list_brings_old_numbers_in_and_a_taken_one_is_refused(registration: Client) -> None:
    rehearsed = await imported(registration, ROWS, dry_run=True)
    assert (rehearsed.body["accepted"], found(rehearsed)) == (3, REFUSED)
    assert await counted(registration) == []
    answer = await imported(registration, ROWS)
    assert (answer.body["accepted"], found(answer)) == (3, REFUSED)
    assert set(await owners(registration, "1", "3", "5", "6")) == {"1", "6"}


@pytest.mark.usefixtures("decided")
async def test_who_came_in_under_a_number_does_not_come_in_twice_by_another_list(registration: Client) -> None:
    """A mended list is another file: without the number its good rows would register everybody again."""
    await imported(registration, ROWS)
    mended = [*ROWS[:2], a_row(name="王三", old_number="3", old_system=SYSTEM), ROWS[5]]
    answer = await imported(registration, mended)
    taken = [(row, "old_number", "OLD_NUMBER_TAKEN", "error") for row in (2, 3, 5)]
    assert (answer.body["accepted"], [one for one in found(answer) if one[3] == "error"]) == (1, taken)
    assert await counted(registration) == [("620000", 3)]

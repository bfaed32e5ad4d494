"""What was registered wrongly is put right: by one person where it is no identity, by two where it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shared import events
from shared.principals import Role
from tests.support.http import Answer, Client
from tests.support.registration import GANSU, JUNE, a_worker, an_id, willing

NOBODY = "0190a5e0-0000-7000-8000-000000000000"


def an_officer(registration: Client) -> Client:
    return replace(registration.speaking_as(Role.OFFICER, regions=GANSU, subject="second-approver"), at=JUNE)


async def correct(registration: Client, worker: str, **changes: Any) -> Answer:
    return await registration.post(f"/workers/{worker}/corrections", {"reason": "mistyped"} | changes)


async def asked(registration: Client, worker: str, **changes: Any) -> str:
    answer = await correct(registration, worker, **changes)
    assert answer.status == 201, answer.body
    [pending] = [item for item in answer.body["items"] if item["state"] == "pending"]
    return str(pending["correction"])


async def corrected_events(registration: Client) -> list[events.WorkerCorrected]:
    return [event.data for event in await registration.published() if isinstance(event.data, events.WorkerCorrected)]


async def test_field_case_f15_a_typing_error_is_put_right_and_the_document_then_verifies(registration: Client) -> None:
    typed = replace(a_worker().named("王方").calling("13800000000"), birth_date=date(1992, 3, 14), sex="female")
    worker, number = await typed.at(registration), an_id(date(1992, 3, 4), "female")
    path = f"/workers/{worker}/verification"
    assert (await registration.post(path, {"id_number": number})).code == "BIRTH_DATE_DIFFERS"
    correction = await asked(registration, worker, birth_date="1992-03-04", name="王芳", phone="13912345678")
    assert (await registration.post(path, {"id_number": number})).code == "BIRTH_DATE_DIFFERS"  # nobody has agreed yet
    approved = await an_officer(registration).post(f"/corrections/{correction}/approval", {})
    assert (approved.status, approved.body["state"], approved.body["decided_by"]) == (200, "approved", "officer:second-approver")
    assert (await registration.post(path, {"id_number": number})).status == 200
    shown = await registration.post(f"/workers/{worker}/personal-data", {"reason": "contact_worker"})
    assert {name: shown.body[name] for name in ("name", "name_pinyin", "birth_date", "phone", "id_number")} == {
        "name": "王芳",
        "name_pinyin": "WANG FANG",
        "birth_date": "1992-03-04",
        "phone": "13912345678",
        "id_number": number,
    }


async def test_the_history_says_which_fields_and_who_and_never_a_personal_value(registration: Client) -> None:
    worker = await a_worker().named("王五").calling("13800000000").at(registration)
    correction = await asked(registration, worker, name="王芳", phone="13912345678", education=4, county="622427")
    await an_officer(registration).post(f"/corrections/{correction}/approval", {})
    listed = (await registration.get(f"/workers/{worker}/corrections")).body
    applied, approved = listed["items"]
    assert applied["fields"] == [
        {"field": "county", "previous": "621126", "fact": "622427"},
        {"field": "education", "previous": "3", "fact": "4"},
        {"field": "phone", "previous": None, "fact": None},
    ]
    assert (applied["state"], applied["requested_by"], applied["decided_by"]) == ("applied", "clerk:tester", None)
    assert [change["field"] for change in approved["fields"]] == ["name", "name_pinyin"]
    assert (approved["requested_by"], approved["decided_by"]) == ("clerk:tester", "officer:second-approver")
    lines = (await registration.get(f"/workers/{worker}/history")).body["items"]
    assert [(line["type"], line["actor"]) for line in lines] == [
        ("WorkerRegistered", "clerk:tester"),
        ("CorrectionRequested", "clerk:tester"),
        ("WorkerCorrected", "clerk:tester"),
        ("WorkerCorrected", "officer:second-approver"),
    ]
    for secret in ("王", "139123", "WANG"):
        assert secret not in str(listed) + str(lines) + str(await registration.published())


async def test_what_is_asked_for_is_sealed_shown_on_record_and_gone_with_the_decision(registration: Client) -> None:
    worker = await a_worker().named("王方").at(registration)
    correction = await asked(registration, worker, name="王芳")
    officer = an_officer(registration)
    shown = await officer.post(f"/corrections/{correction}/personal-data", {})
    assert (shown.body["name"], shown.body["birth_date"], shown.headers["cache-control"]) == ("王芳", None, "no-store")
    [access] = (await registration.get(f"/workers/{worker}/personal-data/accesses")).body["items"]
    assert (access["kind"], access["reason"], access["reader"]) == ("correction_shown", "decide_correction", "officer:second-approver")
    async with registration.database.connection() as conn:
        sealed = await conn.fetchval("SELECT ciphertext FROM correction_sealed")
        assert "王芳".encode() not in sealed
        await officer.post(f"/corrections/{correction}/rejection", {"reason": "not_proven"})
        assert await conn.fetchval("SELECT count(*) FROM correction_sealed") == 0
    assert (await officer.post(f"/corrections/{correction}/personal-data", {})).code == "CORRECTION_NOT_FOUND"


async def test_whoever_asked_cannot_decide_in_another_role_either(registration: Client) -> None:
    worker = await a_worker().at(registration)
    correction = await asked(registration, worker, sex="female")
    same = replace(registration.speaking_as(Role.OFFICER, regions=GANSU), at=JUNE)
    for who in (registration, same):
        for step, body in (("approval", {}), ("rejection", {"reason": "not_proven"})):
            refused = await who.post(f"/corrections/{correction}/{step}", body)
            assert (refused.status, refused.code) == (403, "SECOND_APPROVER_NEEDED")
    assert await corrected_events(registration) == []


async def test_a_rejected_correction_changes_nothing_and_cannot_be_decided_again(registration: Client) -> None:
    worker = await a_worker().at(registration)
    correction = await asked(registration, worker, sex="female")
    assert (await correct(registration, worker, birth_date="1990-05-18")).code == "CORRECTION_PENDING"
    officer = an_officer(registration)
    assert [item["correction"] for item in (await officer.get("/corrections")).body["items"]] == [correction]
    rejected = await officer.post(f"/corrections/{correction}/rejection", {"reason": "document_differs"})
    assert (rejected.body["state"], rejected.body["rejected_for"]) == ("rejected", "document_differs")
    for step, body in (("approval", {}), ("rejection", {"reason": "not_proven"})):
        again = await officer.post(f"/corrections/{correction}/{step}", body)
        assert (again.status, again.code, again.body["state"]) == (409, "CORRECTION_DECIDED", "rejected")
    assert (await registration.get(f"/workers/{worker}")).body["sex"] == "male"
    assert (await officer.get("/corrections")).body["items"] == []
    assert await corrected_events(registration) == []


async def test_the_event_takes_away_what_was_counted_and_adds_what_is_right(registration: Client) -> None:
    who = a_worker().with_id().registered("2018-03-01")
    worker = await who.at(registration)
    await registration.post(f"/workers/{worker}/verification", {"verified_on": "2018-04-01"})
    await willing(registration, worker, recorded_on="2018-05-01")
    await willing(registration, worker, recorded_on="2018-05-20")  # a renewal: counted since the 1st
    assert (await correct(registration, worker, county="622427", occupations=["7531"])).status == 201
    [event] = await corrected_events(registration)
    steps = [
        (fact.registration.on, fact.verification and fact.verification.on, fact.willingness and fact.willingness.on)
        for fact in (event.previous, event.fact)
    ]
    assert steps == [(date(2018, 3, 1), date(2018, 4, 1), date(2018, 5, 1))] * 2
    counties = [(fact.origin.county, fact.registration.origin.county, fact.occupations) for fact in (event.previous, event.fact)]
    assert counties == [("621126", "621126", ("7112",)), ("622427", "622427", ("7531",))]
    assert (event.fields, event.approver) == (("county", "occupations"), None)


async def test_who_was_registered_verified_or_is_not_willing_is_not_counted_there(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    await willing(registration, worker)
    await registration.post(f"/workers/{worker}/willingness/withdrawal", {})
    await correct(registration, worker, county="622427")
    [event] = await corrected_events(registration)
    assert (event.previous.verification, event.previous.willingness, event.fact.willingness) == (None, None, None)


async def test_the_corrected_worker_is_found_and_matched_with_duplicates_under_the_new_values(registration: Client) -> None:
    number = an_id(date(1991, 1, 1))
    worker = await a_worker().at(registration)
    correction = await asked(registration, worker, id_number=number, birth_date="1991-01-01")
    await an_officer(registration).post(f"/corrections/{correction}/approval", {})
    found = await registration.post("/workers/lookup", {"id_number": number, "reason": "identify_worker"})
    assert [item["worker"] for item in found.body["items"]] == [worker]
    twin = await registration.post("/workers", replace(a_worker(), birth_date=date(1991, 1, 1)).body())
    assert twin.body["possible_duplicates"] == 1
    [event] = await corrected_events(registration)
    assert (event.previous.birth_year, event.fact.birth_year, event.fact.registration.birth_year) == (1990, 1991, 1991)


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({}, "", "NOTHING_TO_CORRECT"),
    ({"education": 3, "county": "621126", "name": "李明"}, "", "NOTHING_TO_CORRECT"),
    ({"birth_date": "1990-05-18"}, "birth_date", "BIRTH_DATE_DIFFERS"),
    ({"sex": "female"}, "sex", "SEX_DIFFERS"),
    ({"id_number": "110105194912310021"}, "id_number", "ID_NUMBER_CHECK"),
    ({"id_number": an_id(date(2002, 1, 1)), "birth_date": "2002-01-01"}, "birth_date", "AGE_OUT_OF_RANGE"),
    ({"occupations": ["7999"]}, "occupations.0", "OCCUPATION_NOT_FOUND"),
    ({"name": "a\u0000b"}, "name", "VALUE_ERROR"),
    ({"education": 9}, "education", "LESS_THAN_EQUAL"),
    ({"reason": "because"}, "reason", "LITERAL_ERROR"),
    ({"worker_no": "W00000001-5"}, "worker_no", "EXTRA_FORBIDDEN"),
]


@pytest.mark.parametrize(("changes", "field", "code"), REFUSED)
async def test_a_wrong_correction_is_refused_and_nothing_changes(
    registration: Client, changes: dict[str, Any], field: str, code: str
) -> None:
    worker = await a_worker().with_id().at(registration)
    answer = await correct(registration, worker, **changes)
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in answer.body.get("errors", [{"field": "", "code": answer.code}])] == [(field, code)]
    assert len(await registration.published()) == 1
    assert (await registration.get(f"/workers/{worker}/corrections")).body["items"] == []


async def test_a_refused_part_takes_the_rest_with_it(registration: Client) -> None:
    worker = await a_worker().with_id().at(registration)
    assert (await correct(registration, worker, education=5, sex="female")).code == "SEX_DIFFERS"
    assert (await registration.get(f"/workers/{worker}")).body["education"] == 3


async def test_strangers_see_and_decide_nothing(registration: Client) -> None:
    worker = await a_worker().at(registration)
    correction = await asked(registration, worker, sex="female")
    stranger = replace(registration.speaking_as(Role.OFFICER, regions=("510000",), subject="stranger"), at=JUNE)
    for answer in (
        await correct(stranger, worker, education=5),
        await stranger.get(f"/workers/{worker}/corrections"),
        await stranger.post(f"/corrections/{correction}/approval", {}),
        await stranger.post(f"/corrections/{correction}/rejection", {"reason": "not_proven"}),
        await stranger.post(f"/corrections/{correction}/personal-data", {}),
        await correct(registration, worker, county="510101"),
    ):
        assert (answer.status, answer.code) == (403, "FORBIDDEN")
    assert (await stranger.get("/corrections")).body["items"] == []
    assert (await registration.post(f"/corrections/{NOBODY}/approval", {})).code == "CORRECTION_NOT_FOUND"
    assert (await correct(registration, worker, education=5, version=7)).code == "VERSION_CONFLICT"


async def test_a_repeated_correction_is_made_once(registration: Client) -> None:
    worker = await a_worker().at(registration)
    body = {"reason": "mistyped", "education": 5}
    first = await registration.post(f"/workers/{worker}/corrections", body, key="the-same-key")
    again = await registration.post(f"/workers/{worker}/corrections", body, key="the-same-key")
    assert first.body == again.body
    assert len(await corrected_events(registration)) == 1

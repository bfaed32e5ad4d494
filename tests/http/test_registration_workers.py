"""Registering, verifying and finding workers over HTTP, by people who may and people who may not."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.registration.queries import workers
from shared import events
from shared.principals import Role
from tests.support.http import Client
from tests.support.registration import GANSU, JUNE, AWorker, a_worker, a_worker_no, an_id, an_offer, willing

SICHUAN = ("510000",)
NOBODY = "0190a5e0-0000-7000-8000-000000000000"


async def nothing_happened(registration: Client) -> bool:
    async with registration.database.connection() as conn:
        written = await conn.fetchval(
            "SELECT (SELECT count(*) FROM worker) + (SELECT count(*) FROM personal) + (SELECT count(*) FROM history)"
            " + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM idempotency)"
        )
    return int(written) == 0


# --- registering ------------------------------------------------------------------------------------------------------
async def test_a_worker_without_a_document_is_provisional_for_90_days(registration: Client) -> None:
    answer = await registration.post("/workers", a_worker().body())
    assert answer.status == 201
    assert (answer.body["assurance"], answer.body["provisional_until"]) == ("provisional", "2018-08-30")
    assert answer.body["designation"] == "national"
    later = replace(registration, at=datetime(2018, 8, 31, 4, tzinfo=UTC))
    assert (await later.get(f"/workers/{answer.body['worker']}")).body["provisional_expired"] is True


async def test_the_event_carries_every_code_and_no_personal_data(registration: Client) -> None:
    who = a_worker().named("欧阳娜娜").verified().calling("13812345678")
    answer = await registration.post("/workers", who.body(name_pinyin="OUYANG NANA", household_status="registered_poor"))
    [event] = await registration.published()
    assert event.data == events.WorkerRegistered.model_validate(
        {
            "worker": answer.body["worker"],
            "worker_no": answer.body["worker_no"],
            "birth_year": 1990,
            "sex": "male",
            "origin": {"county": "621126", "designation": "national", "designation_version": "poverty-counties-2012..2020/1"},
            "residence_basis": "household_register",
            "education": 3,
            "occupations": ["7112"],
            "assurance": "verified",
            "source": "assisted",
            "household_status": "registered_poor",
            "effective": "2018-06-01",
        }
    )
    assert (event.actor, event.time) == ("clerk:tester", JUNE)


async def test_no_personal_data_is_readable_in_the_database(registration: Client) -> None:
    who = a_worker().named("欧阳娜娜").verified().calling("13812345678")
    await who.at(registration)
    secrets = [who.name, str(who.id_number), "13812345678", "OUYANG"]
    async with registration.database.connection() as conn:
        tables = await conn.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")
        for table in tables:
            for row in await conn.fetch(f'SELECT * FROM "{table["relname"]}"'):  # noqa: S608  # names from the catalogue
                for value in row.values():
                    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
                    assert not any(secret in text for secret in secrets), table["relname"]


async def test_a_repeated_request_makes_no_second_worker(registration: Client) -> None:
    body = a_worker().body()
    first = await registration.post("/workers", body, key="the-same-key")
    second = await registration.post("/workers", body, key="the-same-key")
    assert first.body == second.body
    assert len(await registration.published()) == 1
    other = await registration.post("/workers", a_worker().named("赵六").body(), key="the-same-key")
    assert (other.status, other.code) == (422, "IDEMPOTENCY_KEY_REUSED")


async def test_a_suspected_duplicate_is_reported_and_never_refused(registration: Client) -> None:
    number = an_id()
    first = await registration.post("/workers", a_worker().with_id(number).body())
    same_document = await registration.post("/workers", a_worker().named("李鸣").with_id(number).body())
    same_person = await registration.post("/workers", a_worker().body())
    stranger = await registration.post("/workers", a_worker().named("赵六").body())
    assert [answer.status for answer in (first, same_document, same_person, stranger)] == [201] * 4
    found = [answer.body["possible_duplicates"] for answer in (first, same_document, same_person, stranger)]
    assert found == [0, 1, 2, 0]  # 李鸣 is spelt like 李明
    assert (await registration.get(f"/workers/{first.body['worker']}")).body["possible_duplicates"] == 2


async def test_an_unknown_county_is_accepted_as_unclassified(registration: Client) -> None:
    answer = await replace(registration.speaking_as(Role.CLERK), at=JUNE).post("/workers", a_worker().from_county("999999").body())
    assert (answer.status, answer.body["designation"]) == (201, "unclassified")
    assert answer.body["warnings"] == [{"code": "COUNTY_UNCLASSIFIED", "field": "county"}]


async def test_an_unknown_place_in_the_identity_number_only_warns(registration: Client) -> None:
    who = a_worker()
    answer = await registration.post("/workers", who.with_id(an_id(who.birth_date, who.sex, place="999999")).body())
    assert answer.status == 201
    assert answer.body["county"] == who.county
    assert answer.body["warnings"] == [{"code": "ID_PLACE_UNKNOWN", "field": "id_number"}]


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"id_number": "11010519491231002X"}, "birth_date", "BIRTH_DATE_DIFFERS"),
    ({"id_number": an_id(sex="female")}, "sex", "SEX_DIFFERS"),
    ({"id_number": "110105194912310021"}, "id_number", "ID_NUMBER_CHECK"),
    ({"id_number": "1101051949"}, "id_number", "ID_NUMBER_FORM"),
    ({"id_checked": True}, "id_number", "ID_NUMBER_MISSING"),
    ({"birth_date": "2000-06-02"}, "birth_date", "AGE_OUT_OF_RANGE"),
    ({"birth_date": "1957-06-01"}, "birth_date", "AGE_OUT_OF_RANGE"),
    ({"registered_on": "2018-06-02"}, "registered_on", "IN_FUTURE"),
    ({"occupations": ["7112", "7999"]}, "occupations.1", "OCCUPATION_NOT_FOUND"),
    # hostile or careless
    ({"name": "a\u0000b"}, "name", "VALUE_ERROR"),
    ({"name": "\ud800"}, "name", "STRING_UNICODE"),
    ({"name": ""}, "name", "STRING_TOO_SHORT"),
    ({"name": "x" * 61}, "name", "TOO_LONG"),
    ({"name": 5}, "name", "STRING_TYPE"),
    ({"name_pinyin": "李"}, "name_pinyin", "STRING_PATTERN_MISMATCH"),
    ({"education": 10**30}, "education", "LESS_THAN_EQUAL"),
    ({"education": "3"}, "education", "INT_TYPE"),
    ({"education": True}, "education", "INT_TYPE"),
    ({"birth_date": 0}, "birth_date", "VALUE_ERROR"),
    ({"birth_date": "1990-02-30"}, "birth_date", "DATE_FROM_DATETIME_PARSING"),
    ({"sex": "x"}, "sex", "ENUM"),
    ({"county": "621126 "}, "county", "STRING_PATTERN_MISMATCH"),
    ({"occupations": []}, "occupations", "TOO_SHORT"),
    ({"occupations": ["7112"] * 11}, "occupations", "TOO_LONG"),
    ({"id_checked": "yes"}, "id_checked", "BOOL_TYPE"),
    ({"phone": "0'; DROP TABLE worker"}, "phone", "STRING_PATTERN_MISMATCH"),
    ({"salary": 1}, "salary", "EXTRA_FORBIDDEN"),
    ({"source": "import"}, "source", "LITERAL_ERROR"),
]


@pytest.mark.parametrize(("changes", "field", "code"), REFUSED, ids=lambda value: str(value).encode("ascii", "replace").decode()[:40])
async def test_a_wrong_field_is_named_and_nothing_is_written(registration: Client, changes: dict[str, Any], field: str, code: str) -> None:
    answer = await registration.post("/workers", a_worker().body() | changes)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, code)]
    assert "110105" not in str(answer.body)
    assert await nothing_happened(registration)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"null", b"[]", b'"x"', b"\xff", b'{"name":' + b"9" * 5000 + b"}", b'{"\\ud800": 1}', b"[" * 900]
)
async def test_a_malformed_body_is_refused(registration: Client, raw: bytes) -> None:
    answer = await registration.upload("/workers", raw, "application/json")
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert await nothing_happened(registration)


# --- verifying --------------------------------------------------------------------------------------------------------
async def test_a_worker_is_verified_against_the_registered_number(registration: Client) -> None:
    who = a_worker().with_id().registered("2018-05-01")
    worker = await who.at(registration)
    answer = await registration.post(f"/workers/{worker}/verification", {"id_number": who.id_number, "verified_on": "2018-05-20"})
    assert (answer.status, answer.body["assurance"], answer.body["verified_on"]) == (200, "verified", "2018-05-20")
    assert answer.body["provisional_until"] is None
    _, verified = await registration.published()
    assert isinstance(verified.data, events.WorkerVerified)
    again = await registration.post(f"/workers/{worker}/verification", {})
    assert (again.status, again.code, again.body["state"]) == (409, "ALREADY_VERIFIED", "verified")


async def test_an_identity_number_given_at_verification_is_stored_and_found(registration: Client) -> None:
    who = a_worker()
    worker = await who.at(registration)
    missing = await registration.post(f"/workers/{worker}/verification", {})
    assert (missing.status, missing.code) == (422, "ID_NUMBER_MISSING")
    number = an_id(who.birth_date, who.sex)
    assert (await registration.post(f"/workers/{worker}/verification", {"id_number": number})).status == 200
    found = await registration.post("/workers/lookup", {"id_number": number, "reason": "identify_worker"})
    assert [item["worker"] for item in found.body["items"]] == [worker]


async def test_another_document_is_another_identity_and_needs_more_than_a_clerk(registration: Client) -> None:
    worker = await a_worker().with_id().at(registration)
    answer = await registration.post(f"/workers/{worker}/verification", {"id_number": an_id()})
    assert (answer.status, answer.code) == (409, "ID_NUMBER_DIFFERS")
    assert len(await registration.published()) == 1


async def test_a_worker_is_not_verified_before_being_registered(registration: Client) -> None:
    who = a_worker().with_id().registered("2018-05-01")
    answer = await registration.post(f"/workers/{await who.at(registration)}/verification", {"verified_on": "2018-04-30"})
    assert (answer.status, answer.code) == (422, "OUT_OF_ORDER")


async def test_a_command_on_an_old_version_is_refused(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await willing(registration, worker, version=1)
    stale = await registration.post(f"/workers/{worker}/willingness", an_offer(version=1))
    assert (stale.status, stale.code, stale.body["state"]) == (409, "VERSION_CONFLICT", {"version": 2})


async def test_field_case_f18_a_document_verifies_one_registration_until_somebody_decides(registration: Client) -> None:
    who = a_worker().verified()
    first = await who.at(registration)
    second = await registration.post("/workers", who.from_county("620521").body())
    assert (second.status, second.body["assurance"], second.body["possible_duplicates"]) == (201, "provisional", 1)
    assert second.body["warnings"] == [{"code": "DOCUMENT_VERIFIED_ELSEWHERE", "field": "id_number"}]
    refused = await registration.post(f"/workers/{second.body['worker']}/verification", {})
    assert (refused.status, refused.code) == (409, "DOCUMENT_VERIFIED_ELSEWHERE")
    published_events = [event.data for event in await registration.published()]
    assert [event.assurance for event in published_events if isinstance(event, events.WorkerRegistered)] == ["verified", "provisional"]
    assert (await registration.get(f"/workers/{first}")).body["assurance"] == "verified"


async def test_of_two_verifications_by_one_document_at_once_one_is_refused(registration: Client) -> None:
    number = an_id()
    pair = [await a_worker().with_id(number).from_county(county).at(registration) for county in ("621126", "622427")]
    answers = await asyncio.gather(*(registration.post(f"/workers/{worker}/verification", {}) for worker in pair))
    assert sorted(answer.status for answer in answers) == [200, 409]


async def test_a_corrected_number_frees_the_document_and_takes_the_other(registration: Client) -> None:
    number, other = an_id(), an_id()
    wrong = await a_worker().verified().at(registration)
    taken = await a_worker().named("赵六").with_id(other).verified().at(registration)
    right = await a_worker().named("钱七").with_id(number).at(registration)
    officer = replace(registration.speaking_as(Role.OFFICER, regions=GANSU, subject="second"), at=JUNE)

    async def corrected(worker: str, id_number: str) -> Any:
        asked = await registration.post(f"/workers/{worker}/corrections", {"reason": "mistyped", "id_number": id_number})
        return await officer.post(f"/corrections/{asked.body['items'][0]['correction']}/approval", {})

    assert (await corrected(wrong, other)).code == "DOCUMENT_VERIFIED_ELSEWHERE"
    held = (await officer.get("/corrections")).body["items"][0]["correction"]
    await officer.post(f"/corrections/{held}/rejection", {"reason": "document_differs"})
    assert (await corrected(wrong, number)).status == 200
    assert (await registration.post(f"/workers/{right}/verification", {})).code == "DOCUMENT_VERIFIED_ELSEWHERE"
    assert (await corrected(taken, an_id())).status == 200
    assert (await corrected(wrong, other)).status == 200  # free again
    assert (await registration.post(f"/workers/{right}/verification", {})).status == 200


@pytest.mark.parametrize(
    ("name", "spelt"),
    [
        ("吕晨", "LYU CHEN"),
        ("曾敏", "ZENG MIN"),
        ("单雪", "SHAN XUE"),
        ("翟宁", "ZHAI NING"),
        ("仇亮", "QIU LIANG"),
        ("解峰", "XIE FENG"),
        ("尉迟安", "YUCHI AN"),
    ],
)
async def test_field_case_f12_a_name_is_spelt_as_in_a_passport_and_found_again(registration: Client, name: str, spelt: str) -> None:
    worker = await a_worker().named(name).at(registration)
    shown = await registration.post(f"/workers/{worker}/personal-data", {"reason": "complete_documents"})
    assert shown.body["name_pinyin"] == spelt
    again = await registration.post("/workers", a_worker().named(name).body(name_pinyin=spelt))
    assert again.body["possible_duplicates"] == 1


# --- finding ----------------------------------------------------------------------------------------------------------
async def test_a_worker_is_found_by_number_however_it_is_typed(registration: Client) -> None:
    first = await registration.post("/workers", a_worker().body())
    number = first.body["worker_no"]
    assert (await registration.get(f"/workers/by-number/{number.lower()}")).body["worker"] == first.body["worker"]
    assert (await registration.get("/workers", worker_no=number)).body["items"][0]["worker"] == first.body["worker"]
    mistyped = await registration.get(f"/workers/by-number/{number[:-1]}{'0' if number[-1] != '0' else '1'}")
    assert (mistyped.status, mistyped.code) == (422, "WORKER_NUMBER_MISTYPED")
    assert (await registration.get("/workers/by-number/W00999999-8")).status in {404, 422}


async def test_pages_of_a_search_have_no_gap_and_no_overlap(registration: Client) -> None:
    made = [await a_worker().named(f"李{letter}").at(registration) for letter in "甲乙丙丁戊"]
    seen: list[str] = []
    page = await registration.get("/workers", limit=2, county="621126")
    while True:
        seen += [item["worker"] for item in page.body["items"]]
        if page.body["next"] is None:
            break
        page = await registration.get("/workers", limit=2, county="621126", after=page.body["next"])
    assert seen == made


async def test_a_search_by_state_uses_the_state_of_the_day(registration: Client) -> None:
    idle, eager = await a_worker().at(registration), await a_worker().named("赵六").at(registration)
    await willing(registration, eager)
    later = replace(registration, at=datetime(2018, 12, 1, 4, tzinfo=UTC))

    async def found(who: Client, state: str) -> list[str]:
        return [item["worker"] for item in (await who.get("/workers", state=state)).body["items"]]

    assert await found(registration, "none") == [idle]
    assert await found(registration, "willing") == [eager]
    assert (await found(later, "willing"), await found(later, "expired")) == ([], [eager])


async def test_clerks_see_masked_personal_data_and_auditors_none(registration: Client) -> None:
    who = a_worker().named("欧阳娜娜").verified().calling("13812345678")
    path = f"/workers/{await who.at(registration)}"
    seen = (await registration.get(path)).body["personal"]
    assert seen == {"name": "欧***", "id_number": "*" * 14 + str(who.id_number)[-4:], "phone": "138****5678"}
    auditor = registration.speaking_as(Role.AUDITOR, regions=GANSU)
    assert (await auditor.get(path)).body["personal"] is None
    assert (await auditor.get("/workers")).body["items"][0]["personal"] is None


async def test_every_disclosure_of_personal_data_is_recorded(registration: Client) -> None:
    who = a_worker().named("欧阳娜娜").verified().calling("13812345678")
    worker = await who.at(registration)
    for _ in range(2):
        shown = await registration.post(f"/workers/{worker}/personal-data", {"reason": "contact_worker"}, key="the-same-key")
        assert shown.body == {
            "worker": worker,
            "name": "欧阳娜娜",
            "name_pinyin": "OUYANG NANA",
            "birth_date": "1990-05-17",
            "id_number": who.id_number,
            "phone": "13812345678",
        }
        assert shown.headers["cache-control"] == "no-store"
    accesses = (await registration.get(f"/workers/{worker}/personal-data/accesses")).body["items"]
    assert [(access["reader"], access["kind"], access["reason"]) for access in accesses] == [
        ("clerk:tester", "shown", "contact_worker")
    ] * 2
    refused = await registration.post(f"/workers/{worker}/personal-data", {"reason": ""})
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "reason")


async def test_history_shows_the_actor_the_day_and_the_event(registration: Client) -> None:
    worker = await a_worker().registered("2018-04-01").at(registration)
    await willing(registration, worker, recorded_on="2018-05-01")
    page = await registration.get(f"/workers/{worker}/history", limit=1)
    rest = await registration.get(f"/workers/{worker}/history", after=page.body["next"])
    lines = page.body["items"] + rest.body["items"]
    assert [(line["type"], line["effective"], line["actor"]) for line in lines] == [
        ("WorkerRegistered", "2018-04-01", "clerk:tester"),
        ("WillingnessRecorded", "2018-05-01", "clerk:tester"),
    ]
    assert [line["event_id"] for line in lines] == [str(event.id) for event in await registration.published()]
    assert {datetime.fromisoformat(line["recorded"]) for line in lines} == {JUNE}


# --- scope ------------------------------------------------------------------------------------------------------------
async def test_a_clerk_of_another_province_sees_and_changes_nothing(registration: Client) -> None:
    who: AWorker = a_worker().with_id()
    worker = await who.at(registration)
    await willing(registration, worker)
    stranger = registration.speaking_as(Role.CLERK, regions=SICHUAN)
    path = f"/workers/{worker}"
    number = (await registration.get(path)).body["worker_no"]
    refused = [
        await stranger.get(path),
        await stranger.get(f"{path}/history"),
        await stranger.get(f"/workers/by-number/{number}"),
        await stranger.post("/workers", who.body()),
        await stranger.post(f"{path}/verification", {}),
        await stranger.post(f"{path}/willingness", an_offer()),
        await stranger.post(f"{path}/willingness/withdrawal", {}),
        await stranger.post(f"{path}/personal-data", {"reason": "emergency"}),
        await stranger.get(f"{path}/personal-data/accesses"),
    ]
    assert [(answer.status, answer.code) for answer in refused] == [(403, "FORBIDDEN")] * len(refused)
    assert (await stranger.get("/workers")).body["items"] == []
    assert (await stranger.get("/supply")).body["items"] == []
    assert (await stranger.post("/workers/lookup", {"id_number": who.id_number, "reason": "identify_worker"})).body["items"] == []
    assert len(await registration.published()) == 2


async def test_each_role_is_limited_to_its_routes(registration: Client) -> None:
    worker = await a_worker().at(registration)
    auditor, officer = registration.speaking_as(Role.AUDITOR), registration.speaking_as(Role.OFFICER)
    enterprise = registration.speaking_as(Role.ENTERPRISE, party=NOBODY)
    assert (await auditor.post("/workers", a_worker().body())).status == 403
    assert (await auditor.post("/workers/lookup", {"id_number": an_id(), "reason": "identify_worker"})).status == 403
    assert (await officer.post(f"/workers/{worker}/personal-data", {"reason": "emergency"})).status == 403
    assert (await enterprise.get(f"/workers/{worker}")).status == 403
    assert (await registration.send("GET", "/workers", headers={"authorization": ""})).status == 401


async def test_an_unknown_worker_is_not_found(registration: Client) -> None:
    for answer in (
        await registration.get(f"/workers/{NOBODY}"),
        await registration.get(f"/workers/{NOBODY}/history"),
        await registration.post(f"/workers/{NOBODY}/verification", {}),
        await registration.post(f"/workers/{NOBODY}/willingness", an_offer()),
        await registration.post(f"/workers/{NOBODY}/personal-data", {"reason": "emergency"}),
    ):
        assert (answer.status, answer.code) == (404, "WORKER_NOT_FOUND")
    assert (await registration.get("/workers/nobody")).status == 422


async def test_age_is_checked_on_the_day_of_the_registration(registration: Client) -> None:
    late = replace(a_worker(), birth_date=date(1958, 3, 1))  # 60 on that day, 61 today
    at_61 = replace(registration, at=datetime(2019, 6, 1, 4, tzinfo=UTC))
    assert (await at_61.post("/workers", late.body())).code == "AGE_OUT_OF_RANGE"
    assert (await at_61.post("/workers", late.registered("2018-12-31").body())).status == 201


# --- numbers for ids ---------------------------------------------------------------------------------------------------
async def test_whoever_was_shown_a_workers_id_learns_its_number_and_nothing_else(registration: Client) -> None:
    worker = (await registration.post("/workers", a_worker().body())).body
    answer = await registration.speaking_as(Role.ENTERPRISE, party=NOBODY).get(f"/worker-numbers?worker={worker['worker']}&worker={NOBODY}")
    assert answer.body == {"items": [{"worker": worker["worker"], "worker_no": worker["worker_no"]}]}


async def test_numbers_are_asked_for_at_most_200_at_a_time(registration: Client) -> None:
    answer = await registration.get("/worker-numbers?" + "&".join([f"worker={NOBODY}"] * 201))
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "worker")


async def test_worker_numbers_are_given_in_a_row_with_check_characters_of_any_length(registration: Client) -> None:
    async with registration.database.connection() as conn:
        for last in (0, 8, 98, 12_345_678, 99_999_990, 10**9 - 10, 10**17 + 2**40):
            await conn.execute("SELECT setval('worker_number', $1, false)", last + 1)
            given = [row["worker_no"] for row in await conn.fetch(workers.GET_NUMBERS, 200)]
            assert given == [a_worker_no(number) for number in range(last + 1, last + 201)]

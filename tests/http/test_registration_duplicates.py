"""The queue of registrations that may be one person's: what is suspected, who sees it, and what keeps two apart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.registration.commands import RegisterWorker
from services.registration.domain.duplicates import DUPLICATE_STEPS, DuplicateState, Step, duplicate_after
from services.registration.domain.errors import DuplicateDecided
from services.registration.personal_data.name_romanisation import romanise_by_character
from services.registration.queries import personal_data
from services.registration.usecases.new_workers import sealed_record
from services.registration.usecases.workers import get, open_personal, register_worker
from shared import events
from shared.db import Cause
from shared.principals import Role
from shared.values import Clock, WorkerId, new_id
from tests.http.test_registration_erasures import erase
from tests.http.test_registration_willingness import swept
from tests.support.http import Answer, Client
from tests.support.registration import GANSU, JUNE, WELL_KNOWN_COUNTY, AWorker, a_list_of, a_row, a_worker, an_id, as_csv
from tests.support.wait import until, until_waiting_for_a_lock


async def suspected(registration: Client) -> list[Any]:
    return [event.data for event in await registration.published() if isinstance(event.data, events.DuplicateSuspected)]


async def queue(registration: Client, **query: Any) -> list[dict[str, Any]]:
    answer = await registration.get("/duplicates", **query)
    assert answer.status == 200, answer.body
    return list(answer.body["items"])


async def linked(registration: Client, worker: str, other: str, **changes: Any) -> Answer:
    return await registration.post(f"/workers/{worker}/duplicates", {"other": other, "reason": "same_person_seen"} | changes)


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", DuplicateState)
def test_what_the_step_table_does_not_hold_is_refused(state: DuplicateState, step: Step) -> None:
    if (state, step) in DUPLICATE_STEPS:
        assert duplicate_after(state, step) is DUPLICATE_STEPS[state, step]
    else:
        with pytest.raises(DuplicateDecided):
            duplicate_after(state, step)


async def test_whoever_shares_a_key_is_in_the_queue_with_both_sides_and_without_personal_data(registration: Client) -> None:
    number = an_id()
    first = await a_worker().with_id(number).at(registration)
    second = await a_worker().named("李鸣").with_id(number).calling("13812345678").at(registration)
    third = await a_worker().named("赵六").at(registration)
    [event] = await suspected(registration)
    assert (str(event.worker), str(event.other), event.keys) == (second, first, ("document", "person"))
    [pair] = await queue(registration)
    assert (pair["keys"], pair["state"], [side["worker"] for side in pair["sides"]]) == (
        ["document", "person"],
        "suspected",
        [first, second],
    )
    assert pair["sides"][0]["county_name"] == "岷县"
    assert not any(part in str(pair) for part in (number, "13812345678", "李明", "李鸣"))
    assert await queue(registration, worker=third) == []
    assert [pair["duplicate"] for pair in await queue(registration, worker=second)] == [pair["duplicate"]]
    assert (await registration.get(f"/duplicates/{pair['duplicate']}")).body == pair


async def test_pages_of_the_queue_have_no_gap_and_no_overlap(registration: Client) -> None:
    for _ in range(4):
        await a_worker().at(registration)
    whole = [pair["duplicate"] for pair in await queue(registration)]
    assert len(whole) == 6
    seen: list[str] = []
    page = await registration.get("/duplicates", limit=4)
    while True:
        seen += [pair["duplicate"] for pair in page.body["items"]]
        if page.body["next"] is None:
            break
        page = await registration.get("/duplicates", limit=4, after=page.body["next"])
    assert seen == whole


async def test_a_pair_is_seen_by_whoever_covers_one_side_and_decided_by_whoever_covers_both(registration: Client) -> None:
    number = an_id()
    await a_worker().with_id(number).at(registration)
    national = registration.speaking_as(Role.OFFICER)
    await replace(national, at=JUNE).post("/workers", a_worker().with_id(number).from_county("510104").body())
    [pair] = await queue(registration)
    assert [side["county"] for side in pair["sides"]] == [WELL_KNOWN_COUNTY, "510104"]
    refused = await registration.post(f"/duplicates/{pair['duplicate']}/rejection", {"reason": "different_people"})
    assert refused.status == 403
    henan = replace(registration.speaking_as(Role.CLERK, regions=("410000",)), at=JUNE)
    assert await queue(henan) == []
    assert (await henan.get(f"/duplicates/{pair['duplicate']}")).status == 403
    assert (
        await replace(national, at=JUNE).post(f"/duplicates/{pair['duplicate']}/rejection", {"reason": "different_people"})
    ).status == 200


async def test_two_registrations_of_one_person_at_once_are_suspected(registration: Client) -> None:
    number = an_id()
    bodies = [
        a_worker().with_id(number).named(name).from_county(county).body() for name, county in (("李明", "621126"), ("赵六", "622427"))
    ]
    answers = await asyncio.gather(*(registration.post("/workers", body) for body in bodies * 3))
    assert [answer.status for answer in answers] == [201] * 6
    assert len(await suspected(registration)) == 15  # each of six with each


@pytest.mark.parametrize("person", [a_worker().with_id(an_id()), a_worker().verified()], ids=["the same key", "the same document"])
async def test_whoever_waits_for_a_registration_of_the_same_person_sees_it(registration: Client, person: AWorker) -> None:
    cause = Cause(principal=registration.who, clock=Clock(JUNE), correlation_id="x")
    async with registration.database.transaction(cause) as tx:
        first = await register_worker(tx, RegisterWorker.model_validate(person.body()))
        second = asyncio.create_task(registration.post("/workers", person.body()))
        await until_waiting_for_a_lock(registration.database)
    answer = await second
    assert (answer.status, answer.body["assurance"], answer.body["possible_duplicates"]) == (201, "provisional", 1)
    assert answer.body["worker_no"] != first.worker_no


async def test_a_person_listed_a_thousand_times_makes_no_million_pairs(registration: Client) -> None:
    rows = [a_row(phone=f"138{number:08d}") for number in range(60)]
    answer = await registration.upload("/imports", as_csv(rows), "text/csv")
    assert (answer.status, answer.body["accepted"]) == (200, 60), answer.body
    assert len(await suspected(registration)) <= 5 * 60


async def test_the_rows_of_a_list_are_compared_among_themselves(registration: Client) -> None:
    rows = a_list_of(3)
    rows.append(dict(rows[0]))
    await registration.upload("/imports", as_csv(rows), "text/csv")
    [event] = await suspected(registration)
    assert event.keys == ("document", "person")


async def test_a_document_recorded_later_is_compared_too(registration: Client) -> None:
    number = an_id()
    await a_worker().with_id(number).at(registration)
    other = await a_worker().named("赵六").at(registration)
    assert await suspected(registration) == []
    await registration.post(f"/workers/{other}/verification", {"id_number": number})
    [event] = await suspected(registration)
    assert event.keys == ("document",)


async def test_one_more_key_of_a_known_pair_is_kept_and_not_published_again(registration: Client) -> None:
    number = an_id()
    await a_worker().with_id(number).at(registration)
    other = await a_worker().named("赵六").with_id(number).at(registration)
    officer = replace(registration.speaking_as(Role.OFFICER, regions=GANSU, subject="second"), at=JUNE)
    asked = await registration.post(f"/workers/{other}/corrections", {"reason": "mistyped", "name": "李明"})
    await officer.post(f"/corrections/{asked.body['items'][0]['correction']}/approval", {})
    assert [pair["keys"] for pair in await queue(registration)] == [["document", "person"]]
    assert len(await suspected(registration)) == 1


# --- linked and kept apart --------------------------------------------------------------------------------------------
async def test_a_pair_that_is_kept_apart_is_not_suspected_again_but_may_be_linked(registration: Client) -> None:
    first, second = [await a_worker().at(registration) for _ in range(2)]
    [pair] = await queue(registration)
    answer = await registration.post(f"/duplicates/{pair['duplicate']}/rejection", {"reason": "different_people"})
    assert (answer.body["state"], answer.body["rejected_for"], answer.body["decided_by"]) == (
        "rejected",
        "different_people",
        "clerk:tester",
    )
    assert await queue(registration) == []
    assert (await registration.get(f"/workers/{first}")).body["possible_duplicates"] == 0
    third = await a_worker().at(registration)
    assert {str(event.other) for event in await suspected(registration) if str(event.worker) == third} == {first, second}
    again = await registration.post(f"/duplicates/{pair['duplicate']}/rejection", {"reason": "not_proven"})
    assert (again.status, again.code, again.body["state"]) == (409, "DUPLICATE_DECIDED", "rejected")
    answer = await linked(registration, first, second)
    assert (answer.status, answer.body["state"], answer.body["keys"]) == (201, "linked", ["by_hand", "person"])
    assert (answer.body["duplicate"], answer.body["rejected_for"], answer.body["decided_by"]) == (pair["duplicate"], None, None)
    assert [line["type"] for line in (await registration.get(f"/workers/{second}/history")).body["items"]] == [
        "WorkerRegistered",
        "DuplicateSuspected",
        "MergeRejected",
        "DuplicateLinked",
    ]


async def test_a_worker_is_not_linked_with_itself_with_nobody_and_not_twice(registration: Client) -> None:
    first, second = await a_worker().at(registration), await a_worker().named("赵六").at(registration)
    itself = await linked(registration, first, first)
    assert (itself.status, itself.code, itself.body["errors"][0]["field"]) == (422, "SAME_WORKER", "other")
    nobody = await linked(registration, first, str(new_id()))
    assert (nobody.status, nobody.code) == (404, "WORKER_NOT_FOUND")
    assert (await linked(registration, str(new_id()), first)).status == 404
    wrong = await linked(registration, first, second, reason="I think so")
    assert (wrong.status, wrong.body["errors"][0]["field"]) == (422, "reason")
    assert (await linked(registration, first, second)).status == 201
    twice = await linked(registration, second, first)
    assert (twice.status, twice.code, twice.body["state"]) == (409, "DUPLICATE_DECIDED", "linked")
    assert (await registration.get(f"/duplicates/{new_id()}")).code == "DUPLICATE_NOT_FOUND"


async def test_of_two_who_link_the_same_pair_at_once_one_is_refused(registration: Client) -> None:
    first, second = await a_worker().at(registration), await a_worker().named("赵六").at(registration)
    answers = await asyncio.gather(linked(registration, first, second), linked(registration, second, first))
    assert sorted(answer.status for answer in answers) == [201, 409]


# --- names stored before they were spelt as in passports ----------------------------------------------------------------
async def stored_as_before(registration: Client, worker: str, **changes: Any) -> None:
    """As a build before GB/T 28039 kept it."""
    async with registration.database.transaction(registration.database.system_cause()) as tx:
        found = await get(tx, WorkerId(UUID(worker)))
        personal = await open_personal(tx, found)
        old = replace(personal, **{"name_pinyin": romanise_by_character(personal.name)} | changes)
        await personal_data.update(tx, await sealed_record(found, old))
        await tx.conn.execute("UPDATE personal SET spelling = 1 WHERE worker = $1", found.worker)


async def shown_pinyin(registration: Client, worker: str) -> str:
    answer = await registration.post(f"/workers/{worker}/personal-data", {"reason": "complete_documents"})
    return str(answer.body["name_pinyin"])


def test_names_were_spelt_character_by_character() -> None:
    assert [romanise_by_character(name) for name in ("吕晨", "尉迟安", "Li 明")] == ["LV CHEN", "WEI CHI AN", "LI MING"]


async def test_a_name_stored_before_is_spelt_anew_and_found_by_a_sweep(registration: Client) -> None:
    old, stated = await a_worker().named("吕晨").at(registration), await a_worker().named("曾敏").at(registration)
    await stored_as_before(registration, old)
    await stored_as_before(registration, stated, name_pinyin="TSANG MAN")
    again = await a_worker().named("吕晨").at(registration)
    assert await suspected(registration) == []
    assert await swept(registration, "2018-06-02") == 2
    assert await swept(registration, "2018-06-02") == 0
    [event] = await suspected(registration)
    assert ({str(event.worker), str(event.other)}, event.keys) == ({old, again}, ("person",))
    assert [await shown_pinyin(registration, worker) for worker in (old, stated)] == ["LYU CHEN", "TSANG MAN"]


async def test_data_that_do_not_open_are_passed_over_once_and_the_others_follow(registration: Client) -> None:
    lost, old = [await a_worker().named("吕晨").from_county(county).at(registration) for county in ("621126", "622427")]
    for worker in (lost, old):
        await stored_as_before(registration, worker)
    async with registration.database.connection() as conn:
        await conn.execute("UPDATE personal SET wrapped_key = '\\x01020304' WHERE worker = $1", UUID(lost))
    assert await swept(registration, "2018-06-02") == 2
    assert await swept(registration, "2018-06-02") == 0
    assert await shown_pinyin(registration, old) == "LYU CHEN"


async def test_a_registration_during_an_erasure_leaves_no_pair_that_cannot_be_decided(registration: Client) -> None:
    person = a_worker().with_id(an_id())
    known = await person.at(registration)
    cause = Cause(principal=registration.who, clock=Clock(JUNE), correlation_id="x")
    async with registration.database.transaction(cause) as tx:
        await register_worker(tx, RegisterWorker.model_validate(person.body()))
        erasing = asyncio.create_task(erase(registration, known))

        async def decided() -> bool:
            return erasing.done() or await waits_for_keys(registration)

        await until(decided, what="the erasure ends or waits for the registration")
    assert (await erasing).status == 200
    assert await queue(registration, worker=known) == []


async def waits_for_keys(registration: Client) -> bool:
    async with registration.database.connection() as conn:
        return bool(
            await conn.fetchval("""
                SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
                WHERE locktype = 'advisory' AND NOT granted AND datname = current_database())
            """)
        )


async def test_a_pair_with_somebody_erased_is_not_merged(registration: Client) -> None:
    number = an_id()
    first, second = [await a_worker().with_id(number).at(registration) for _ in range(2)]
    [pair] = await queue(registration)
    assert (await erase(registration, first)).status == 200
    async with registration.database.connection() as conn:
        await conn.execute("UPDATE duplicate SET state = 'suspected'")  # as an older version left it where both happened at once
    answer = await registration.post(f"/duplicates/{pair['duplicate']}/merge", {"survivor": second})
    assert (answer.status, answer.code) == (409, "WORKER_ERASED")

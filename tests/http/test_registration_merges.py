"""Two registrations become one: the old number leads to the survivor, what both had is combined, and what cannot be is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from services.registration.domain.stays import Stay, first_overlap
from shared import events
from shared.principals import Role
from shared.values import PlacementId, WorkerId, new_id
from tests.http.test_registration_duplicates import linked, queue, suspected
from tests.http.test_registration_erasures import reacted
from tests.http.test_registration_validity import suspend
from tests.support.http import Answer, Client
from tests.support.registration import GANSU, JUNE, AWorker, a_worker, an_id, an_offer, went_abroad, willing


def second_person(registration: Client) -> Client:
    return replace(registration.speaking_as(Role.OFFICER, regions=GANSU, subject="second"), at=registration.at)


async def merged(registration: Client, survivor: str, absorbed: str) -> Answer:
    """One person links the two, a second one confirms."""
    pair = [one for one in await queue(registration, worker=survivor) if absorbed in [side["worker"] for side in one["sides"]]]
    if not pair or pair[0]["state"] == "suspected":
        answer = await linked(registration, survivor, absorbed)
        assert answer.status == 201, answer.body
        pair = [answer.body]
    return await second_person(registration).post(f"/duplicates/{pair[0]['duplicate']}/merge", {"survivor": survivor})


async def show(registration: Client, worker: str) -> dict[str, Any]:
    return dict((await registration.get(f"/workers/{worker}")).body)


async def published(registration: Client, *kinds: type[events.Event]) -> list[Any]:
    return [event.data for event in await registration.published() if isinstance(event.data, kinds)]


async def two(registration: Client, one: AWorker | None = None, other: AWorker | None = None) -> tuple[str, str]:
    """Two registrations, by default verified ones under different documents."""
    return await (one or a_worker().verified()).at(registration), await (other or a_worker().named("赵六").verified()).at(registration)


async def level(registration: Client) -> int:
    """Workers willing, as the figures count them."""
    total = 0
    for event in await published(registration, *_WILLING):
        match event:
            case events.WillingnessRecorded():
                total += not event.renewal
            case events.WorkersMerged() | events.WorkerSuspended() | events.RegistrationLapsed():
                total -= event.ends_willingness
            case _:
                total -= 1
    return total


_WILLING = (
    events.WillingnessRecorded,
    events.WillingnessWithdrawn,
    events.WillingnessExpired,
    events.WorkersMerged,
    events.WorkerSuspended,
    events.RegistrationLapsed,
)


# --- the old number ---------------------------------------------------------------------------------------------------
async def test_the_old_number_and_id_lead_to_the_survivor_and_the_answer_says_so(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    before = await show(registration, absorbed)
    answer = await merged(registration, survivor, absorbed)
    assert (answer.status, answer.body["state"], answer.body["survivor"]) == (200, "merged", survivor)
    [event] = await published(registration, events.WorkersMerged)
    assert (str(event.absorbed), str(event.survivor), event.subject) == (absorbed, survivor, absorbed)
    assert (event.linked_by, event.confirmed_by, event.ends_willingness) == ("clerk:tester", "officer:second", False)
    number = before["worker_no"]
    for shown in (await show(registration, absorbed), (await registration.get(f"/workers/by-number/{number}")).body):
        assert (shown["worker"], shown["redirected_from"], shown["absorbed_numbers"]) == (survivor, number, [number])
    assert (await show(registration, survivor))["redirected_from"] is None
    found = (await registration.get("/workers", worker_no=before["worker_no"])).body["items"]
    assert [one["worker"] for one in found] == [survivor]
    assert [one["worker"] for one in (await registration.get("/workers")).body["items"]] == [survivor]


async def test_commands_on_the_old_id_act_on_the_survivor(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    assert (await merged(registration, survivor, absorbed)).status == 200
    assert (await willing(registration, absorbed)).body["worker"] == survivor
    assert (await registration.post(f"/workers/{absorbed}/willingness/withdrawal", {})).body["worker"] == survivor
    moved = await registration.post(f"/workers/{absorbed}/household-status", {"household_status": "registered_poor"})
    assert moved.body["worker"] == survivor
    corrected = await registration.post(f"/workers/{absorbed}/corrections", {"reason": "mistyped", "education": 5})
    assert corrected.body["items"][0]["worker"] == survivor
    assert (await registration.post(f"/workers/{absorbed}/personal-data", {"reason": "contact_worker"})).body["worker"] == survivor
    assert (await suspend(registration, absorbed)).body["worker"] == survivor
    assert (await registration.get(f"/workers/{absorbed}/corrections")).body["items"][0]["worker"] == survivor
    looks = (await registration.get(f"/workers/{absorbed}/personal-data/accesses")).body["items"]
    assert [look["worker"] for look in looks] == [survivor]
    already = await registration.post(f"/workers/{absorbed}/verification", {})
    assert (already.status, already.code) == (409, "ALREADY_VERIFIED")


async def test_the_history_of_both_is_one(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    await willing(registration, absorbed)
    await merged(registration, survivor, absorbed)
    lines = (await registration.get(f"/workers/{absorbed}/history")).body["items"]
    assert [line["type"] for line in lines] == [
        "WorkerRegistered",
        "WorkerRegistered",
        "WillingnessRecorded",
        "DuplicateLinked",
        "DuplicateLinked",
        "WorkersMerged",
        "WillingnessRecorded",
    ]
    assert (await registration.get(f"/workers/{survivor}/history")).body["items"] == lines


async def test_either_document_finds_the_survivor_and_verifies_nobody_else(registration: Client) -> None:
    numbers = [an_id(), an_id()]
    survivor, absorbed = await two(
        registration, a_worker().with_id(numbers[0]).verified(), a_worker().named("赵六").with_id(numbers[1]).verified()
    )
    await merged(registration, survivor, absorbed)
    for number in numbers:
        found = await registration.post("/workers/lookup", {"id_number": number, "reason": "contact_worker"})
        assert [one["worker"] for one in found.body["items"]] == [survivor]
        other = await a_worker().named(f"钱{number[-4:]}").with_id(number).from_county("620521").at(registration)
        refused = await registration.post(f"/workers/{other}/verification", {})
        assert (refused.status, refused.code) == (409, "DOCUMENT_VERIFIED_ELSEWHERE")
    assert {str(event.other) for event in await suspected(registration)} == {survivor}


# --- chains and back --------------------------------------------------------------------------------------------------
async def test_a_chain_leads_to_its_end_and_never_back(registration: Client) -> None:
    first, second = await two(registration)
    third = await a_worker().named("钱七").verified().at(registration)
    assert (await merged(registration, second, first)).status == 200
    assert (await merged(registration, third, first)).status == 200  # the old id stands for the second
    for worker in (first, second, third):
        assert (await show(registration, worker))["worker"] == third
    assert len((await show(registration, third))["absorbed_numbers"]) == 2
    merges = await published(registration, events.WorkersMerged)
    assert [(str(one.absorbed), str(one.survivor)) for one in merges] == [(first, second), (second, third)]
    for worker, other in ((third, first), (first, third), (second, first), (third, third)):
        back = await linked(registration, worker, other)
        assert (back.status, back.code, back.body["errors"][0]["field"]) == (422, "SAME_WORKER", "other")


async def test_a_decided_pair_is_not_merged_again(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    answer = await merged(registration, survivor, absorbed)
    again = await second_person(registration).post(f"/duplicates/{answer.body['duplicate']}/merge", {"survivor": absorbed})
    assert (again.status, again.code, again.body["state"]) == (409, "DUPLICATE_DECIDED", "merged")
    rejected = await registration.post(f"/duplicates/{answer.body['duplicate']}/rejection", {"reason": "not_proven"})
    assert (rejected.status, rejected.code) == (409, "DUPLICATE_DECIDED")
    assert len(await published(registration, events.WorkersMerged)) == 1


async def test_a_repeated_confirmation_is_answered_as_the_first(registration: Client) -> None:
    first, second = await two(registration)
    pair = (await linked(registration, first, second)).body["duplicate"]
    who = second_person(registration)
    answers = [await who.post(f"/duplicates/{pair}/merge", {"survivor": first}, key="the-same") for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert len(await published(registration, events.WorkersMerged)) == 1


async def test_pairs_of_the_absorbed_are_the_survivors_once_each(registration: Client) -> None:
    number = an_id()
    survivor, absorbed = await two(registration, a_worker().verified(), a_worker().named("赵六").with_id(number).verified())
    shares_with_both = await a_worker().with_id(number).at(registration)
    apart = await a_worker().named("赵六").at(registration)
    [pair] = await queue(registration, worker=apart)
    await registration.post(f"/duplicates/{pair['duplicate']}/rejection", {"reason": "different_people"})
    assert len(await queue(registration, worker=shares_with_both)) == 2
    await merged(registration, survivor, absorbed)
    [left] = await queue(registration, worker=shares_with_both)
    assert [side["worker"] for side in left["sides"]] == [survivor, shares_with_both]
    assert len(await queue(registration, state="superseded")) == 1
    [rejected] = await queue(registration, worker=apart, state="rejected")
    assert [side["worker"] for side in rejected["sides"]] == [survivor, apart]
    later = await a_worker().named("赵六").at(registration)
    assert sorted(str(event.other) for event in await suspected(registration) if str(event.worker) == later) == sorted([survivor, apart])


# --- who may, and what is refused -------------------------------------------------------------------------------------
async def test_two_who_differ_are_linked_by_one_person_and_confirmed_by_another(registration: Client) -> None:
    first, second = [await a_worker().at(registration) for _ in range(2)]  # no number: nothing is proven
    [pair] = await queue(registration)
    alone = await second_person(registration).post(f"/duplicates/{pair['duplicate']}/merge", {"survivor": first})
    assert (alone.status, alone.code) == (403, "SECOND_APPROVER_NEEDED")
    await linked(registration, first, second)
    same_account = replace(registration.speaking_as(Role.OFFICER, regions=GANSU), at=JUNE)
    himself = await same_account.post(f"/duplicates/{pair['duplicate']}/merge", {"survivor": first})
    assert (himself.status, himself.code) == (403, "SECOND_APPROVER_NEEDED")
    assert await published(registration, events.WorkersMerged) == []
    assert (await second_person(registration).post(f"/duplicates/{pair['duplicate']}/merge", {"survivor": first})).status == 200


async def test_one_document_for_both_needs_no_second_person(registration: Client) -> None:
    who = a_worker().verified()
    first = await who.at(registration)
    second = (await registration.post("/workers", who.from_county("620521").body())).body["worker"]  # held as provisional (F18)
    [pair] = await queue(registration)
    wrong = await registration.post(f"/duplicates/{pair['duplicate']}/merge", {"survivor": second})
    assert (wrong.status, wrong.code, wrong.body["errors"][0]["field"]) == (422, "SURVIVOR_NOT_VERIFIED", "survivor")
    assert (await registration.post(f"/duplicates/{pair['duplicate']}/merge", {"survivor": first})).status == 200
    assert (await show(registration, second))["assurance"] == "verified"


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (("2018-01-01", None), ("2018-02-01", None), "BOTH_ABROAD"),
        (("2018-01-01", None), ("2018-02-01", "2018-03-01"), "STAYS_OVERLAP"),
        (("2018-01-01", "2018-04-01"), ("2018-02-01", "2018-03-01"), "STAYS_OVERLAP"),
    ],
)
async def test_two_who_were_abroad_at_once_are_not_one_person(
    registration: Client, one: tuple[str, str | None], other: tuple[str, str | None], code: str
) -> None:
    first, second = await two(registration)
    await went_abroad(registration, first, *one)
    await went_abroad(registration, second, *other)
    pair = (await linked(registration, first, second)).body
    assert [side["abroad_since"] for side in pair["sides"]] == [stay[0] if stay[1] is None else None for stay in (one, other)]
    for survivor in (first, second):
        refused = await second_person(registration).post(f"/duplicates/{pair['duplicate']}/merge", {"survivor": survivor})
        assert (refused.status, refused.code) == (409, code)
        assert refused.body["state"] == {"departed_on": ["2018-01-01", "2018-02-01"]}
    assert (await queue(registration))[0]["state"] == "linked"
    assert await published(registration, events.WorkersMerged) == []


async def test_one_who_is_abroad_and_one_who_is_not_may_be_one_person(registration: Client) -> None:
    first, second = await two(registration)
    await went_abroad(registration, first, "2018-03-01", "2018-04-01")
    await went_abroad(registration, second, "2018-04-01")
    assert (await merged(registration, first, second)).status == 200
    third = await a_worker().named("钱七").verified().at(registration)
    await went_abroad(registration, third, "2018-05-01")
    refused = await merged(registration, third, first)
    assert (refused.status, refused.code) == (409, "BOTH_ABROAD")  # the stays are the survivor's


@pytest.mark.parametrize(
    ("found", "overlap"),
    [
        ([], None),
        ([(1, 5), (5, 9), (9, None)], None),
        ([(1, 9), (2, 3), (4, 5)], (1, 2)),
        ([(1, None), (2, 3)], (1, 2)),
        ([(3, 3), (3, None)], None),
        ([(1, 2), (2, 8), (3, 4)], (2, 3)),
    ],
)
def test_the_first_two_stays_that_contradict_each_other(found: list[tuple[int, int | None]], overlap: tuple[int, int] | None) -> None:
    worker = WorkerId(new_id())
    several = [
        Stay(PlacementId(new_id()), worker, date(2018, 1, departed), date(2018, 1, back) if back else None) for departed, back in found
    ]
    result = first_overlap(reversed(several))
    assert (result and tuple(stay.departed_on.day for stay in result)) == overlap


async def test_a_pending_correction_is_decided_first(registration: Client) -> None:
    first, second = await two(registration)
    await registration.post(f"/workers/{second}/corrections", {"reason": "mistyped", "name": "钱七"})
    refused = await merged(registration, first, second)
    assert (refused.status, refused.code) == (409, "CORRECTION_PENDING")


async def test_a_wrong_survivor_or_pair_is_refused(registration: Client) -> None:
    first, second = await two(registration)
    third = await a_worker().named("钱七").at(registration)
    pair = (await linked(registration, first, second)).body["duplicate"]
    who = second_person(registration)
    wrong = await who.post(f"/duplicates/{pair}/merge", {"survivor": third})
    assert (wrong.status, wrong.code, wrong.body["errors"][0]["field"]) == (422, "SURVIVOR_NOT_IN_PAIR", "survivor")
    assert (await who.post(f"/duplicates/{new_id()}/merge", {"survivor": first})).code == "DUPLICATE_NOT_FOUND"
    auditor = registration.speaking_as(Role.AUDITOR)
    assert (await auditor.post(f"/duplicates/{pair}/merge", {"survivor": first})).status == 403


# --- at the same time -------------------------------------------------------------------------------------------------
async def test_merges_of_the_same_workers_at_once_end_in_one_person(registration: Client) -> None:
    workers = [await a_worker().named(name).verified().at(registration) for name in ("李明", "赵六", "钱七")]
    pairs = [(workers[0], workers[1]), (workers[1], workers[2]), (workers[2], workers[0])]
    ids = [(await linked(registration, one, other)).body["duplicate"] for one, other in pairs]
    who = second_person(registration)
    wanted = [(pair, survivor) for pair, both in zip(ids, pairs, strict=True) for survivor in both]
    answers = await asyncio.gather(*(who.post(f"/duplicates/{pair}/merge", {"survivor": survivor}) for pair, survivor in wanted))
    assert {answer.status for answer in answers} <= {200, 409, 422}
    done = await published(registration, events.WorkersMerged)
    assert len(done) == sum(answer.status == 200 for answer in answers) >= 1
    assert len({str(one.absorbed) for one in done}) == len(done)  # nobody is absorbed twice
    for left in await queue(registration):
        await who.post(f"/duplicates/{left['duplicate']}/merge", {"survivor": left["sides"][0]["worker"]})
    assert len({(await show(registration, worker))["worker"] for worker in workers}) == 1


@pytest.mark.parametrize("_", range(3))
async def test_what_is_stated_under_the_old_number_during_the_merge_is_counted_once(registration: Client, _: int) -> None:
    survivor, absorbed = await two(registration)
    pair = (await linked(registration, survivor, absorbed)).body["duplicate"]
    path = "/workers/{}/willingness"
    answers = await asyncio.gather(
        registration.post(path.format(absorbed), an_offer()),
        second_person(registration).post(f"/duplicates/{pair}/merge", {"survivor": survivor}),
        registration.post(path.format(survivor), an_offer()),
        registration.post(path.format(absorbed), an_offer()),
    )
    assert {answer.status for answer in answers} == {200}
    assert await level(registration) == 1
    assert [cell["willing"] for cell in (await registration.get("/supply")).body["items"]] == [1]


# --- what is given out and what is erased ------------------------------------------------------------------------------
async def test_the_copy_given_out_holds_what_was_registered_under_either_number(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    await suspend(registration, absorbed)
    await merged(registration, survivor, absorbed)
    copy = (await registration.post(f"/workers/{absorbed}/personal-data/copy", {"reason": "worker_asked"})).body
    assert (copy["worker"], copy["personal"]["name"], [one["name"] for one in copy["absorbed"]]) == (survivor, "李明", ["赵六"])
    assert [row["worker"] for row in copy["tables"]["worker"]] == [absorbed, survivor]
    assert [row["state"] for row in copy["tables"]["duplicate"]] == ["merged"]
    assert "WorkersMerged" in [row["type"] for row in copy["tables"]["history"]]
    assert [row["worker"] for row in copy["tables"]["personal_data_access"]] == [survivor]


async def test_an_erasure_of_the_survivor_erases_what_was_registered_under_either_number(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    third = await a_worker().named("钱七").at(registration)
    await linked(registration, third, survivor)
    await merged(registration, survivor, absorbed)
    number = (await show(registration, survivor))["worker_no"]
    body = {"worker_no": number, "reason": "asked_by_worker"}
    assert (await second_person(registration).post(f"/workers/{absorbed}/erasure", body)).status == 200
    async with registration.database.connection() as conn:
        assert [str(row["worker"]) for row in await conn.fetch("SELECT worker FROM personal")] == [third]
        assert await conn.fetchval("SELECT count(*) FROM verified_document") == 0
    assert sorted(str(event.worker) for event in await published(registration, events.WorkerErased)) == sorted([survivor, absorbed])
    assert await queue(registration) == []
    refused = await linked(registration, third, absorbed)
    assert (refused.status, refused.code) == (409, "WORKER_ERASED")


# --- what docking makes of it --------------------------------------------------------------------------------------------
async def test_a_merge_that_docking_holds_is_in_the_queue_until_it_is_carried_out(registration: Client) -> None:
    survivor, absorbed = await two(registration)
    await merged(registration, survivor, absorbed)
    third = await a_worker().named("钱七").verified().at(registration)
    await merged(registration, third, survivor)
    assert await queue(registration) == []
    about = {"absorbed": WorkerId(UUID(absorbed)), "survivor": WorkerId(UUID(survivor)), "effective": JUNE.date()}
    held = events.MergeHeld(**about, reason="both_abroad", placements=(PlacementId(new_id()), PlacementId(new_id())))
    await reacted(registration, held)
    [pair] = await queue(registration)
    assert (pair["state"], pair["held_for"], {side["worker"] for side in pair["sides"]}) == ("merged", "both_abroad", {survivor, absorbed})
    await reacted(registration, events.MergeResumed(**about))
    assert await queue(registration) == []
    assert [pair["held_for"] for pair in await queue(registration, state="merged")] == [None, None]

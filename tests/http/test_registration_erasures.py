"""A worker's personal data erased: nothing readable is left, what was counted stays, and nothing happens to them again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.registration.consumers import apply
from services.registration.domain.errors import ErasureNotYet
from services.registration.domain.stays import OpenPlacement, Stay, require_erasable
from shared import events
from shared.principals import Role
from shared.values import Clock, PlacementId, WorkerId, new_id
from tests.contracts.samples import sample
from tests.http.test_registration_willingness import happened
from tests.support.http import Answer, Client
from tests.support.registration import GANSU, JUNE, a_row, a_worker, an_id, an_offer, as_csv, willing
from tests.support.tables import tables_with

WORKER = WorkerId(uuid4())


def an_officer(registration: Client) -> Client:
    return replace(registration.speaking_as(Role.OFFICER, regions=GANSU, subject="eraser"), at=JUNE)


async def erase(registration: Client, worker: str, **changes: Any) -> Answer:
    number = (await registration.get(f"/workers/{worker}")).body["worker_no"]
    return await an_officer(registration).post(f"/workers/{worker}/erasure", {"worker_no": number, "reason": "asked_by_worker"} | changes)


async def reacted(registration: Client, *happenings: events.Event) -> None:
    """Docking's events, as registration applies them."""
    cause = replace(registration.database.system_cause(), clock=Clock(JUNE))
    async with registration.database.transaction(cause) as tx:
        await apply(tx, [replace(sample(type(data)), id=new_id(), data=data) for data in happenings])


def of(worker: str, placement: PlacementId, event: type[events.Event], **changes: Any) -> Any:
    """A golden sample of the class, about this placement."""
    return sample(event).data.model_copy(update={"worker": WorkerId(UUID(worker)), "placement": placement} | changes)


# --- what goes and what stays ---------------------------------------------------------------------------------------
async def test_the_key_the_data_and_the_hashes_are_gone_and_the_codes_stay(registration: Client) -> None:
    who = a_worker().named("欧阳娜娜").verified().calling("13812345678")
    worker = await who.at(registration)
    async with registration.database.connection() as conn:
        sealed = await conn.fetchrow("SELECT * FROM personal")
    shown = (await erase(registration, worker)).body
    assert (shown["validity"], shown["validity_since"], shown["personal"]) == ("erased", "2018-06-01", None)
    assert (shown["county"], shown["birth_year"], shown["sex"]) == (who.county, 1990, "male")
    gone = [sealed[column].hex() for column in ("ciphertext", "wrapped_key", "id_hash", "blocking_hash")]
    async with registration.database.connection() as conn:
        assert await tables_with(conn, [*gone, "欧阳", str(who.id_number).lower(), "13812345678"]) == []
        assert await tables_with(conn, [worker]) == ["history", "idempotency", "outbox", "worker"]


async def test_document_numbers_cannot_be_tried_out_on_what_is_kept_of_requests(registration: Client) -> None:
    worker = await a_worker().at(registration)
    path, body = f"/workers/{worker}/verification", {"id_number": an_id()}
    assert (await registration.post(path, body)).status == 200
    guessed = hashlib.sha256(f"POST {path}?\n{json.dumps(body)}".encode()).digest()
    async with registration.database.connection() as conn:
        assert guessed not in [row["request_hash"] for row in await conn.fetch("SELECT request_hash FROM idempotency")]


async def test_masked_values_of_the_list_and_a_pending_correction_go_too(registration: Client) -> None:
    unknown_place = an_id(date(1992, 3, 4), "female", place="990101")  # only worth a look
    await registration.upload("/imports", as_csv([a_row(id_number=unknown_place)]), "text/csv")
    async with registration.database.connection() as conn:
        assert await conn.fetchval("SELECT count(value) FROM import_finding") == 1
    [worker] = [one["worker"] for one in (await registration.get("/workers")).body["items"]]
    await registration.post(f"/workers/{worker}/corrections", {"name": "王方", "reason": "mistyped"})
    assert (await erase(registration, worker)).status == 200
    async with registration.database.connection() as conn:
        assert await conn.fetchval("SELECT count(value) FROM import_finding") == 0
        assert await conn.fetchval("SELECT count(*) FROM correction_sealed") == 0
    assert (await an_officer(registration).get("/corrections")).body["items"] == []
    [correction] = (await registration.get(f"/workers/{worker}/corrections")).body["items"]
    assert (correction["state"], correction["rejected_for"], correction["decided_by"]) == ("rejected", "withdrawn", "service:registration")


async def test_the_willingness_ends_and_the_erasure_is_published(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    await willing(registration, worker)
    await erase(registration, worker, reason="retention_over")
    assert [name for name, _ in await happened(registration)] == ["WillingnessRecorded", "WillingnessWithdrawn", "WorkerErased"]
    withdrawn, erased = [event.data for event in (await registration.published())[-2:]]
    assert isinstance(withdrawn, events.WillingnessWithdrawn)
    assert isinstance(erased, events.WorkerErased)
    assert (withdrawn.reason, erased.reason, erased.effective) == ("erased", "retention_over", date(2018, 6, 1))


async def test_the_document_is_free_for_a_new_registration(registration: Client) -> None:
    who = a_worker().verified()
    await erase(registration, await who.at(registration))
    again = await registration.post("/workers", who.body())
    assert (again.body["assurance"], again.body["possible_duplicates"]) == ("verified", 0)


async def test_whoever_read_the_data_stays_on_record(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await registration.post(f"/workers/{worker}/personal-data", {"reason": "contact_worker"})
    await erase(registration, worker)
    [access] = (await registration.get(f"/workers/{worker}/personal-data/accesses")).body["items"]
    assert access["reader"] == "clerk:tester"


# --- afterwards -----------------------------------------------------------------------------------------------------
async def test_nothing_can_be_done_with_an_erased_worker(registration: Client) -> None:
    worker = await a_worker().with_id().at(registration)
    await erase(registration, worker)
    path, officer = f"/workers/{worker}", an_officer(registration)
    refused = [
        await registration.post(f"{path}/verification", {}),
        await registration.post(f"{path}/willingness", an_offer()),
        await registration.post(f"{path}/corrections", {"education": 4, "reason": "mistyped"}),
        await registration.post(f"{path}/residence", {"county": "621125"}),
        await registration.post(f"{path}/household-status", {"household_status": "registered_poor"}),
        await registration.post(f"{path}/personal-data", {"reason": "emergency"}),
        await officer.post(f"{path}/suspension", {"reason": "under_investigation"}),
        await officer.post(f"{path}/reinstatement", {"reason": "doubt_removed"}),
        await erase(registration, worker),
    ]
    assert [(answer.status, answer.code) for answer in refused] == [(409, "WORKER_ERASED")] * len(refused)
    assert refused[0].body["state"] == {"erased_on": "2018-06-01"}


async def test_a_slip_erases_nobody(registration: Client) -> None:
    worker, other = await a_worker().at(registration), await a_worker().at(registration)
    number = (await registration.get(f"/workers/{other}")).body["worker_no"]
    answer = await erase(registration, worker, worker_no=number)
    assert (answer.status, answer.code, answer.body["errors"][0]["field"]) == (422, "WORKER_NUMBER_DIFFERS", "worker_no")
    assert (await erase(registration, worker, reason="tired_of_them")).status == 422
    by_clerk = await registration.post(f"/workers/{worker}/erasure", {"worker_no": number, "reason": "asked_by_worker"})
    assert by_clerk.status == 403
    assert (await registration.get(f"/workers/{worker}")).body["validity"] == "active"


# --- when -----------------------------------------------------------------------------------------------------------
async def test_whoever_is_on_the_way_or_abroad_is_not_erased_and_the_answer_says_from_when(registration: Client) -> None:
    worker, placement = await a_worker().verified().at(registration), PlacementId(new_id())
    await reacted(registration, of(worker, placement, events.MatchedToEnterprise))
    refused = await erase(registration, worker)
    assert (refused.status, refused.code) == (409, "ERASURE_NOT_YET")
    assert refused.body["state"] == {"placement": str(placement), "possible_from": None}
    left = of(worker, placement, events.Dispatched)
    left = left.model_copy(update={"fact": left.fact.model_copy(update={"departed_on": date(2018, 3, 1)})})
    await reacted(registration, of(worker, placement, events.ContractRegistered, end=date(2019, 2, 28)), left)
    assert (await erase(registration, worker)).body["state"] == {"placement": str(placement), "possible_from": "2019-05-29"}
    home = of(worker, placement, events.Returned, dispatch=left.fact, fact=events.ReturnFact(returned_on=date(2018, 5, 1), reason="early"))
    await reacted(registration, home)
    assert (await erase(registration, worker)).body["state"] == {"placement": str(placement), "possible_from": "2018-07-30"}


async def test_a_cancelled_or_voided_placement_does_not_stand_in_the_way(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    cancelled, voided = PlacementId(new_id()), PlacementId(new_id())
    await reacted(
        registration,
        of(worker, cancelled, events.MatchedToEnterprise),
        of(worker, cancelled, events.PlacementCancelled),
        of(worker, voided, events.Dispatched),
        of(worker, voided, events.DispatchVoided),
    )
    assert (await erase(registration, worker)).status == 200


@pytest.mark.parametrize(
    ("stay", "today", "possible"),
    [
        ((date(2018, 1, 1), date(2018, 3, 1)), date(2018, 5, 29), date(2018, 5, 30)),
        ((date(2018, 1, 1), date(2018, 3, 1)), date(2018, 5, 30), None),
        ((date(2018, 1, 1), None), date(2030, 1, 1), date(2019, 5, 29)),  # overdue: still abroad
    ],
)
def test_the_first_day_on_which_it_is_possible(stay: tuple[date, date | None], today: date, possible: date | None) -> None:
    placement = PlacementId(new_id())
    contract, been = OpenPlacement(placement, WORKER, date(2019, 2, 28)), Stay(placement, WORKER, *stay)
    if possible is None:
        require_erasable([], [been], today, days=90)
    else:
        with pytest.raises(ErasureNotYet) as refused:
            require_erasable([contract], [been], today, days=90)
        assert refused.value.state["possible_from"] == possible

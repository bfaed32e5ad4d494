"""Who read whose personal data, when and why: a history of its own, for auditors and for the worker."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from shared.principals import Role
from shared.values import new_id
from tests.support.http import Client
from tests.support.registration import GANSU, a_worker, an_id

SICHUAN = ("510000",)


def an_auditor(registration: Client, regions: tuple[str, ...] = GANSU) -> Client:
    return registration.speaking_as(Role.AUDITOR, regions=regions)


async def test_a_look_by_identity_number_is_recorded_of_whoever_was_found(registration: Client) -> None:
    who = a_worker().with_id()
    worker = await who.at(registration)
    await registration.post("/workers/lookup", {"id_number": who.id_number, "reason": "complaint"})
    await registration.post("/workers/lookup", {"id_number": an_id(), "reason": "identify_worker"})
    [access] = (await an_auditor(registration).get("/personal-data-accesses")).body["items"]
    assert access == {
        "worker": worker,
        "worker_no": (await registration.get(f"/workers/{worker}")).body["worker_no"],
        "reader": "clerk:tester",
        "accessed_at": "2018-06-01T04:00:00Z",
        "kind": "found_by_number",
        "reason": "complaint",
    }


async def test_an_auditor_asks_by_worker_reader_and_day(registration: Client) -> None:
    first, second = [await a_worker().at(registration) for _ in range(2)]
    other = replace(registration.speaking_as(Role.CLERK, regions=GANSU, subject="other"), at=datetime(2018, 6, 2, 16, 30, tzinfo=UTC))
    for reader, worker in ((registration, first), (registration, second), (other, second)):
        await reader.post(f"/workers/{worker}/personal-data", {"reason": "emergency"})
    auditor = an_auditor(registration)

    async def found(**query: object) -> list[tuple[str, str]]:
        answer = await auditor.get("/personal-data-accesses", **query)
        return [(access["reader"], access["worker"]) for access in answer.body["items"]]

    assert await found(worker=first) == [("clerk:tester", first)]
    assert await found(reader="clerk:other") == [("clerk:other", second)]
    assert await found(until="2018-06-02") == [("clerk:tester", first), ("clerk:tester", second)]
    assert await found(since="2018-06-03") == [("clerk:other", second)]  # 00:30 in Beijing
    assert await found(since="2018-06-04") == []
    page = (await auditor.get("/personal-data-accesses", limit=2)).body
    assert [access["reader"] for access in (await auditor.get("/personal-data-accesses", after=page["next"])).body["items"]] == [
        "clerk:other"
    ]


async def test_accesses_of_other_regions_are_not_shown_and_only_auditors_search_them(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await registration.post(f"/workers/{worker}/personal-data", {"reason": "emergency"})
    assert (await an_auditor(registration, SICHUAN).get("/personal-data-accesses")).body["items"] == []
    assert (await registration.get("/personal-data-accesses")).status == 403
    refused = await an_auditor(registration).get("/personal-data-accesses", since="2018-13-01")
    assert (refused.status, refused.body["errors"][0]["field"]) == (422, "since")


async def test_the_copy_for_the_worker_holds_personal_data_asked_corrections_and_who_read_them(registration: Client) -> None:
    who = a_worker().named("王方").with_id().calling("13812345678")
    worker = await who.at(registration)
    await registration.post(f"/workers/{worker}/corrections", {"name": "王芳", "education": 4, "reason": "mistyped"})
    await registration.post(f"/workers/{worker}/personal-data", {"reason": "complaint"})
    answer = await registration.post(f"/workers/{worker}/personal-data/copy", {"reason": "worker_asked"})
    copy = answer.body
    assert answer.headers["cache-control"] == "no-store"
    assert (copy["personal"]["name"], copy["personal"]["id_number"], copy["correction_asked"]["name"]) == ("王方", who.id_number, "王芳")
    assert [(access["kind"], access["reason"]) for access in copy["tables"]["personal_data_access"]] == [
        ("shown", "complaint"),
        ("copied", "worker_asked"),
    ]
    assert {"worker", "correction", "correction_field", "history"} <= set(copy["tables"])
    assert not any("cipher" in column for rows in copy["tables"].values() for row in rows for column in row)


async def test_the_copy_is_for_the_own_region_and_of_a_known_worker(registration: Client) -> None:
    worker = await a_worker().at(registration)
    stranger = registration.speaking_as(Role.CLERK, regions=SICHUAN)
    body = {"reason": "worker_asked"}
    assert (await stranger.post(f"/workers/{worker}/personal-data/copy", body)).status == 403
    assert (await an_auditor(registration).post(f"/workers/{worker}/personal-data/copy", body)).status == 403
    assert (await registration.post(f"/workers/{new_id()}/personal-data/copy", body)).code == "WORKER_NOT_FOUND"
    assert (await an_auditor(registration).get("/personal-data-accesses")).body["items"] == []


async def test_the_copy_of_somebody_erased_has_no_personal_data_left(registration: Client) -> None:
    worker = await a_worker().at(registration)
    number = (await registration.get(f"/workers/{worker}")).body["worker_no"]
    officer = registration.speaking_as(Role.OFFICER, regions=GANSU)
    await officer.post(f"/workers/{worker}/erasure", {"worker_no": number, "reason": "asked_by_worker"})
    copy = (await registration.post(f"/workers/{worker}/personal-data/copy", {"reason": "worker_asked"})).body
    assert (copy["personal"], copy["tables"]["worker"][0]["validity"]) == (None, "erased")


async def test_nobody_looks_without_saying_why(registration: Client) -> None:
    who = a_worker().with_id()
    worker = await who.at(registration)
    for path, body in (
        ("/workers/lookup", {"id_number": who.id_number}),
        (f"/workers/{worker}/personal-data", {}),
        (f"/workers/{worker}/personal-data/copy", {}),
    ):
        answer = await registration.post(path, body)
        assert (answer.status, [one["field"] for one in answer.body["errors"]]) == (422, ["reason"]), path
    assert (await an_auditor(registration).get("/personal-data-accesses")).body["items"] == []

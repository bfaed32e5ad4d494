"""What training is asked: the backlog by what it waits for, a worker's whole training, a certificate that anybody can check."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from joserfc import jws
from joserfc.errors import BadSignatureError
from joserfc.jwk import KeySet

from shared.principals import Role
from shared.values import new_id
from tests.support.training import DAYS, FULL_DAY, START, School, school

__all__ = ["school"]


async def test_the_backlog_by_what_it_waits_for(school: School) -> None:
    for days, changes in enumerate(({}, {}, {"destination": "SGP"}, {"occupation": "9313", "county": "622427"})):
        school.today = START + timedelta(days=days)
        await school.match(**changes)
    items = (await school.get("/needs/backlog")).body["items"]
    assert [(one["destination"], one["occupation"], one["waiting"]) for one in items] == [
        ("JPN", "7112", 2),
        ("JPN", "9313", 1),
        ("SGP", "7112", 1),
    ]
    assert items[0]["first_due"] == (START + timedelta(days=45)).isoformat()
    assert items[0]["oldest"].startswith("2018-03-01")
    gansu = school.client.speaking_as(Role.CLERK, regions=("622427",))
    assert [one["waiting"] for one in (await school.get("/needs/backlog", who=gansu)).body["items"]] == [1]
    assert len((await school.get("/needs/backlog", who=school.trainer)).body["items"]) == 3


async def test_the_attendance_sheet_of_a_session_has_every_day_recorded(school: School) -> None:
    session = await school.session()
    match = await school.match()
    [one] = (await school.get(f"/sessions/{session}")).body["roster"]
    assert one["worker_no"] == match.worker_no
    await school.attend(session, days=2)
    sheet = (await school.get(f"/sessions/{session}/attendance")).body
    first = START + timedelta(days=7)
    assert (sheet["since"], sheet["until"]) == (first.isoformat(), (first + timedelta(days=DAYS - 1)).isoformat())
    days = [(first + timedelta(days=number)).isoformat() for number in range(2)]
    assert sheet["items"] == [{"enrolment": one["enrolment"], "day": day, "minutes": FULL_DAY} for day in days]
    second = (await school.get(f"/sessions/{session}/attendance", since=days[1], until="2030-01-01")).body
    assert [attended["day"] for attended in second["items"]] == days[1:]
    assert (await school.get(f"/sessions/{session}/attendance", since="2030-01-01")).body["items"] == []
    gansu = school.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert (await school.get(f"/sessions/{session}/attendance", who=gansu)).body["items"] == []
    stranger = school.client.speaking_as(Role.TRAINER, party="centre-2")
    assert (await school.get(f"/sessions/{session}/attendance", who=stranger)).status == 403
    assert (await school.get(f"/sessions/{new_id()}/attendance")).code == "SESSION_NOT_FOUND"


async def test_enrolments_are_found_by_the_number_of_their_worker(school: School) -> None:
    await school.session(5)
    one, other = await school.match(), await school.match()
    assert [found["placement"] for found in await school.enrolments(worker_no=one.worker_no)] == [str(one.placement)]
    assert [found["placement"] for found in await school.enrolments(worker_no=other.worker_no)] == [str(other.placement)]
    assert await school.enrolments(worker_no="W0") == []


async def test_an_assessor_finds_the_sessions_with_somebody_to_assess(school: School) -> None:
    empty, session = await school.session(1, starts_in=9), await school.session(1)
    match = await school.match()
    waiting = [one["session"] for one in (await school.get("/sessions", who=school.assessor, to_assess=True)).body["items"]]
    assert waiting == [], "none has begun"
    await school.attend(session)
    found = (await school.get("/sessions", who=school.assessor, to_assess=True)).body["items"]
    assert [one["session"] for one in found] == [session]
    await school.assess(session, {(await school.enrolment(match))["enrolment"]: 80})
    assert (await school.get("/sessions", who=school.assessor, to_assess=True)).body["items"] == []
    assert empty != session


async def test_a_workers_whole_training(school: School) -> None:
    match, serial = await school.certified()
    await school.depart(match)
    await school.match(worker=match.worker, destination="SGP")
    record = (await school.get(f"/workers/{match.worker}/training")).body
    assert [(one["destination"], one["state"]) for one in record["needs"]] == [("JPN", "closed"), ("SGP", "open")]
    assert [(one["state"], one["score"], one["serial"]) for one in record["enrolments"]] == [("certified", 80, serial)]
    assert [(one["serial"], one["state"]) for one in record["certificates"]] == [(serial, "valid")]
    assert record["recognitions"] == []
    clerk = school.client.speaking_as(Role.CLERK, regions=("622427",))
    assert (await school.get(f"/workers/{match.worker}/training", who=clerk)).status == 403
    assert (await school.get(f"/workers/{match.worker}/training", who=school.trainer)).status == 403
    unknown = await school.get(f"/workers/{new_id()}/training")
    assert (unknown.status, unknown.code) == (404, "WORKER_NOT_FOUND")


async def test_anybody_can_check_a_certificate_and_keep_the_signed_answer(school: School) -> None:
    _, serial = await school.certified()
    public = school.client.speaking_as(Role.PUBLIC)
    stated = (await school.get(f"/public/certificates/{serial}", who=public)).body
    assert (stated["state"], stated["stated_on"]) == ("valid", school.today.isoformat())
    assert not {"worker", "placement", "enrolment"} & stated.keys()
    keys = KeySet.import_key_set((await school.get("/public/certificate-keys", who=public)).body)
    signed = jws.deserialize_compact(stated["statement"], keys, algorithms=["Ed25519"])
    assert json.loads(signed.payload) == {name: value for name, value in stated.items() if name != "statement"}
    assert signed.headers()["typ"] == "training-certificate+jws"
    head, _, signature = stated["statement"].split(".")
    other = (await school.get(f"/public/certificates/{(await school.certified())[1]}", who=public)).body["statement"].split(".")[1]
    with pytest.raises(BadSignatureError):
        jws.deserialize_compact(f"{head}.{other}.{signature}", keys, algorithms=["Ed25519"])
    await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud"})
    assert (await school.get(f"/public/certificates/{serial}", who=public)).body["state"] == "revoked"
    assert (await school.get("/public/certificates/TC201800099999", who=public)).code == "CERTIFICATE_NOT_FOUND"

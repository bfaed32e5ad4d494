"""Emergencies abroad: declared once, everybody there accounted for, ended when they are."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from services.rights.usecases import roll_calls
from shared import reference
from shared.events import EmergencyDeclared, EmergencyEnded, WorkerAccountedFor, WorkerToAccountFor
from shared.principals import Role
from shared.values import Destination, EnterpriseId, PlacementId, WorkerId, new_id
from tests.support.http import Answer, Client
from tests.support.rights import Office, Placement, office

__all__ = ["office"]


def an_emergency(**changes: Any) -> dict[str, Any]:
    return {
        "destination": "JPN",
        "region": "Tohoku",
        "kind": "disaster",
        "grade": "II",
        "since": "2018-06-18",
        "authority": "embassy",
        "text": "an earthquake",
        **changes,
    }


async def declared(office: Office, **changes: Any) -> str:
    answer = await office.post("/emergencies", an_emergency(**changes))
    assert answer.status == 201, answer.body
    return str(answer.body["emergency"])


async def account(
    office: Office, emergency: str, placement: Placement, condition: str = "safe", *, who: Client | None = None, **changes: Any
) -> Answer:
    body = {"condition": condition, "whereabouts": "embassy", "reported_by": "worker", **changes}
    return await office.post(f"/emergencies/{emergency}/workers/{placement.placement}", body, who=who)


async def counts(office: Office, emergency: str, *, who: Client | None = None) -> tuple[int, int, int, int]:
    """total, accounted, missing, pending"""
    total = (await office.get(f"/emergencies/{emergency}/progress", who=who)).body["total"]
    return total["total"], total["accounted"], total["missing"], total["pending"]


async def test_everybody_abroad_in_the_country_is_to_be_accounted_for(office: Office) -> None:
    here = [await office.abroad() for _ in range(2)]
    home, elsewhere, void = await office.abroad(), await office.abroad(), await office.abroad()
    await office.consume(home.returned(date(2018, 6, 1)), elsewhere.corrected(destination=Destination("SGP")), void.voided())
    await office.consume(Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id())).contracted())
    emergency = await declared(office)
    [event] = await office.published(EmergencyDeclared)
    assert (event.destination, event.grade, event.effective, event.abroad) == ("JPN", "II", date(2018, 6, 18), 2)
    assert {one.placement for one in await office.published(WorkerToAccountFor)} == {one.placement for one in here}
    assert await counts(office, emergency) == (2, 0, 0, 2)
    shown = (await office.get(f"/emergencies/{emergency}")).body
    assert (shown["state"], shown["region"], shown["text"]) == ("open", "Tohoku", "an earthquake")


async def test_an_emergency_declared_twice_is_refused_naming_the_open_one(office: Office) -> None:
    emergency = await declared(office)
    refused = await office.post("/emergencies", an_emergency(region="Kansai", grade="I"))
    assert (refused.status, refused.code, refused.body["state"]["emergency"]) == (409, "EMERGENCY_OPEN", emergency)
    assert (await office.post("/emergencies", an_emergency(destination="SGP"))).status == 201
    await office.post(f"/emergencies/{emergency}/end", {})
    assert await declared(office) != emergency
    assert len(await office.published(EmergencyDeclared)) == 3


async def test_an_emergency_declared_at_once_by_many_is_declared_once(office: Office) -> None:
    await office.abroad()
    answers = await asyncio.gather(*(office.post("/emergencies", an_emergency()) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    assert len(await office.published(WorkerToAccountFor)) == 1


async def test_whoever_arrives_while_it_is_declared_is_not_lost(office: Office) -> None:
    placements = [Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id())) for _ in range(8)]
    await office.consume(*(one.contracted() for one in placements))
    await asyncio.gather(declared(office), *(office.consume(one.departed()) for one in placements))
    [emergency] = (await office.get("/emergencies")).body["items"]
    assert await counts(office, emergency["emergency"]) == (8, 0, 0, 8)
    while await office.sweep():
        pass
    assert len({one.placement for one in await office.published(WorkerToAccountFor)}) == 8


async def test_a_worker_is_accounted_for_as_more_becomes_known(office: Office) -> None:
    placement = await office.abroad()
    emergency = await declared(office)
    for condition in ("missing", "injured", "injured", "missing", "dead", "safe"):
        answer = await account(office, emergency, placement, condition)
        assert (answer.status, answer.body["condition"], answer.body["accounted_on"]) == (200, condition, "2018-06-20")
    known = [(one.condition, one.change) for one in await office.published(WorkerAccountedFor)]
    assert known == [("missing", 0), ("injured", 1), ("missing", -1), ("dead", 1), ("safe", 0)]
    assert await counts(office, emergency) == (1, 1, 0, 0)
    history = (await office.get(f"/placements/{placement.placement}/history")).body["items"]
    assert [one["type"] for one in history] == ["WorkerToAccountFor", *["WorkerAccountedFor"] * 5]


async def test_arrivals_join_and_whoever_is_home_is_accounted_for_by_the_return(office: Office) -> None:
    here, dead = await office.abroad(), await office.abroad()
    emergency = await declared(office)
    await account(office, emergency, dead, "dead")
    late = await office.abroad(departed_on=date(2018, 6, 19))
    assert await counts(office, emergency) == (3, 1, 0, 2)
    await office.consume(here.returned(date(2018, 6, 19)), dead.returned(date(2018, 6, 19)), late.voided())
    members = (await office.get(f"/emergencies/{emergency}/workers")).body["items"]
    known = {one["placement"]: (one["condition"], one["reported_by"]) for one in members}
    assert known == {
        str(here.placement): ("returned", "rule"),
        str(dead.placement): ("dead", "worker"),
        str(late.placement): ("not_abroad", "rule"),
    }
    assert (await account(office, emergency, here)).code == "AT_HOME"
    await office.consume(here.corrected())  # the return is withdrawn
    assert await counts(office, emergency) == (3, 2, 0, 1)
    again = [one for one in await office.published(WorkerToAccountFor) if one.placement == here.placement]
    assert [one.again for one in again] == [False, True]
    changes = [one.change for one in await office.published(WorkerAccountedFor)]
    assert changes == [1, 1, 1]


async def test_a_dispatch_that_was_to_another_country_leaves_the_roll_call_and_joins_the_other(office: Office) -> None:
    placement = await office.abroad()
    japan, singapore = await declared(office), await declared(office, destination="SGP")
    await office.consume(placement.corrected(destination=Destination("SGP")))
    assert (await counts(office, japan), await counts(office, singapore)) == ((1, 1, 0, 0), (1, 0, 0, 1))
    await office.consume(placement.corrected())
    assert (await counts(office, japan), await counts(office, singapore)) == ((1, 0, 0, 1), (1, 1, 0, 0))


async def test_an_emergency_ends_when_all_are_accounted_for_or_for_a_reason(office: Office) -> None:
    first, second = await office.abroad(), await office.abroad()
    emergency = await declared(office)
    await account(office, emergency, first)
    await account(office, emergency, second, "missing")
    refused = await office.post(f"/emergencies/{emergency}/end", {})
    assert (refused.status, refused.code, refused.body["state"]) == (409, "WORKERS_UNACCOUNTED", {"unaccounted": 1})
    assert (await office.post(f"/emergencies/{emergency}/end", {"reason": "x", "version": 7})).code == "VERSION_CONFLICT"
    ended = await office.post(f"/emergencies/{emergency}/end", {"reason": "the search was given up"})
    assert (ended.status, ended.body["state"], ended.body["end_reason"]) == (200, "ended", "the search was given up")
    [event] = await office.published(EmergencyEnded)
    assert (event.unaccounted, event.effective) == (1, date(2018, 6, 20))
    assert (await office.post(f"/emergencies/{emergency}/end", {"reason": "again"})).code == "EMERGENCY_ENDED"
    assert (await account(office, emergency, second, "safe")).status == 200  # found after all
    history = (await office.get(f"/emergencies/{emergency}/history")).body["items"]
    assert [one["type"] for one in history] == ["EmergencyDeclared", "EmergencyEnded"]
    await office.abroad()
    assert (await counts(office, emergency))[0] == 2  # whoever arrives afterwards does not join


async def test_a_roll_call_is_announced_in_bounded_batches(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    placements = [await office.abroad() for _ in range(5)]
    monkeypatch.setattr(roll_calls, "BATCH", 2)
    emergency = await declared(office)
    assert await counts(office, emergency) == (5, 0, 0, 5)
    assert len(await office.published(WorkerToAccountFor)) == 2
    last = max(placements, key=lambda one: one.placement)
    await account(office, emergency, last)
    assert [type(one) for one in (await office.published(WorkerToAccountFor, WorkerAccountedFor))[-2:]] == [
        WorkerToAccountFor,
        WorkerAccountedFor,
    ]
    while await office.sweep():
        pass
    assert sorted(one.placement for one in await office.published(WorkerToAccountFor)) == sorted(one.placement for one in placements)


async def test_progress_is_of_the_workers_that_the_caller_may_see(office: Office) -> None:
    other = EnterpriseId(new_id())
    own, foreign = await office.abroad(), await office.abroad(enterprise=other, county="621126")
    emergency = await declared(office)
    await account(office, emergency, foreign)
    whole = (await office.get(f"/emergencies/{emergency}/progress")).body
    assert [(one["province"], one["counts"]["accounted"]) for one in whole["by_province"]] == [("370000", 0), ("620000", 1)]
    assert {one["enterprise"]: one["counts"]["pending"] for one in whole["by_enterprise"]} == {str(own.enterprise): 1, str(other): 0}
    gansu = office.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert await counts(office, emergency, who=gansu) == (1, 1, 0, 0)
    assert await counts(office, emergency, who=office.enterprise()) == (1, 0, 0, 1)
    for stranger in (office.enterprise(None), office.enterprise("nonsense")):
        assert await counts(office, emergency, who=stranger) == (0, 0, 0, 0)
        assert (await office.get(f"/emergencies/{emergency}/workers", who=stranger)).body["items"] == []
    [seen] = (await office.get(f"/emergencies/{emergency}/workers", who=office.enterprise())).body["items"]
    assert seen["placement"] == str(own.placement)
    pending = (await office.get(f"/emergencies/{emergency}/workers", condition="pending")).body["items"]
    assert [one["placement"] for one in pending] == [str(own.placement)]


async def test_who_may_declare_report_and_end(office: Office) -> None:
    placement = await office.abroad()
    clerk, auditor = office.client.speaking_as(Role.CLERK), office.client.speaking_as(Role.AUDITOR)
    for who in (clerk, auditor, office.enterprise()):
        assert (await office.post("/emergencies", an_emergency(), who=who)).status == 403
    emergency = await declared(office)
    assert (await account(office, emergency, placement, who=office.enterprise("another"))).status == 403
    assert (await account(office, emergency, placement, who=office.client.speaking_as(Role.CLERK, regions=("620000",)))).status == 403
    assert (await account(office, emergency, placement, who=auditor)).status == 403
    assert (await account(office, emergency, placement, who=office.enterprise())).status == 200
    assert (await office.post(f"/emergencies/{emergency}/end", {}, who=clerk)).status == 403


async def test_bad_emergencies_are_refused_by_field_and_leave_nothing(office: Office) -> None:
    bad: list[tuple[dict[str, Any], str]] = [
        ({"destination": "ZZZ"}, "destination"),
        ({"destination": "CHN"}, "destination"),
        ({"since": "2018-06-21"}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"grade": "V"}, "grade"),
        ({"kind": "rain"}, "kind"),
        ({"authority": "me"}, "authority"),
        ({"text": ""}, "text"),
        ({"text": "a\x00"}, "text"),
        ({"region": "x" * 201}, "region"),
        ({"emergency": "1"}, "emergency"),
    ]
    for change, field in bad:
        answer = await office.post("/emergencies", an_emergency(**change))
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, field), change
    assert await office.published(EmergencyDeclared) == []
    placement = await office.abroad()
    assert (await account(office, str(new_id()), placement)).code == "EMERGENCY_NOT_FOUND"
    emergency = await declared(office, destination="SGP")
    assert (await account(office, emergency, placement)).code == "NOT_IN_ROLL_CALL"
    nobody = Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id()))
    assert (await account(office, emergency, nobody)).code == "NOT_IN_ROLL_CALL"
    for condition in ("returned", "not_abroad", "pending", "well"):
        assert (await account(office, emergency, placement, condition)).status == 422
    assert (await account(office, emergency, placement, reported_by="rule")).status == 422


async def test_the_roll_call_follows_the_corrected_county(office: Office) -> None:
    placement = await office.abroad()
    await office.consume(placement.corrected(origin=reference.origin("621126", date(2018, 1, 15))))
    await declared(office)
    [event] = await office.published(WorkerToAccountFor)
    assert event.origin.county == "621126"

"""Repatriations: asked for, approved in writing by another, carried out once; never of somebody who is home."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from shared.events import RepatriationApproved, RepatriationCompleted, RepatriationRefused, RepatriationRequested
from shared.principals import Role
from shared.values import PlacementId, WorkerId, new_id
from tests.http.test_rights_emergencies import declared
from tests.support.http import Answer, Client
from tests.support.rights import Office, Placement, office, yuan

__all__ = ["office"]
APPROVAL = {"approval": "MOFCOM-2018-17", "criteria_version": "2018-1"}


def clerk(office: Office) -> Client:
    return office.client.speaking_as(Role.CLERK, subject="desk")


async def ask(office: Office, placement: Placement, who: Client | None = None, **changes: Any) -> Answer:
    body = {"placement": str(placement.placement), "cause": "distress", "paid_by": "enterprise", **changes}
    return await office.post("/repatriations", body, who=who or clerk(office))


async def asked(office: Office, placement: Placement, **changes: Any) -> str:
    answer = await ask(office, placement, **changes)
    assert answer.status == 201, answer.body
    return str(answer.body["repatriation"])


async def approve(office: Office, repatriation: str, who: Client | None = None, **changes: Any) -> Answer:
    return await office.post(f"/repatriations/{repatriation}/approval", {**APPROVAL, **changes}, who=who)


async def complete(office: Office, repatriation: str, on: str = "2018-06-19", **changes: Any) -> Answer:
    body = {"completed_on": on, "cost": yuan(8000), "paid_by": "reserve", **changes}
    return await office.post(f"/repatriations/{repatriation}/completion", body)


async def test_a_repatriation_is_asked_for_approved_by_another_and_carried_out(office: Office) -> None:
    placement = await office.abroad()
    repatriation = await asked(office, placement)
    assert (await complete(office, repatriation)).code == "REPATRIATION_ILLEGAL_STEP"
    [listed] = (await office.get("/repatriations")).body["items"]
    assert (listed["enterprise"], listed["requested_on"]) == (str(placement.enterprise), office.today.isoformat())
    assert (await approve(office, repatriation)).body["state"] == "approved"
    done = await complete(office, repatriation)
    assert (done.status, done.body["state"], done.body["cost"], done.body["paid_by"]) == (200, "completed", yuan(8000), "reserve")
    [approved] = await office.published(RepatriationApproved)
    assert (approved.approval, approved.criteria_version, approved.paid_by) == ("MOFCOM-2018-17", "2018-1", "enterprise")
    assert approved.requested_by == "clerk:desk"
    assert approved.approver != approved.requested_by
    [completed] = await office.published(RepatriationCompleted)
    assert (completed.effective, completed.cost.minor, completed.criteria_version) == (date(2018, 6, 19), 800_000, "2018-1")
    history = (await office.get(f"/repatriations/{repatriation}/history")).body["items"]
    assert [one["type"] for one in history] == ["RepatriationRequested", "RepatriationApproved", "RepatriationCompleted"]
    assert (await complete(office, repatriation)).code == "REPATRIATION_ILLEGAL_STEP"


async def test_whoever_asked_does_not_approve(office: Office) -> None:
    repatriation = await asked(office, await office.abroad(), who=office.client)
    refused = await approve(office, repatriation)
    assert (refused.status, refused.code) == (403, "APPROVER_IS_REQUESTER")
    as_clerk = await asked(office, await office.abroad())
    refused = await approve(office, as_clerk, office.client.speaking_as(Role.OFFICER, subject="desk"))
    assert (refused.status, refused.code) == (403, "APPROVER_IS_REQUESTER"), "one account with two roles is one person"
    other = office.client.speaking_as(Role.OFFICER, subject="another")
    assert (await approve(office, repatriation, other)).status == 200


async def test_somebody_who_is_home_or_never_left_is_not_repatriated(office: Office) -> None:
    home, void = await office.abroad(), await office.abroad()
    waiting = await asked(office, home)
    await office.consume(home.returned(date(2018, 6, 1)), void.voided())
    refused = await ask(office, home)
    assert (refused.status, refused.code, refused.body["state"]) == (409, "AT_HOME", {"returned_on": "2018-06-01"})
    assert (await approve(office, waiting)).code == "AT_HOME"
    assert (await ask(office, void)).code == "NEVER_LEFT"
    contracted = Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id()))
    assert (await ask(office, contracted)).code == "PLACEMENT_NOT_FOUND"
    await office.consume(contracted.contracted())
    assert (await ask(office, contracted)).code == "NEVER_LEFT"
    assert len(await office.published(RepatriationRequested)) == 1


async def test_once_for_a_placement_unless_in_a_new_emergency(office: Office) -> None:
    placement = await office.abroad()
    repatriation = await asked(office, placement)
    again = await ask(office, placement)
    assert (again.status, again.code, again.body["state"]["repatriation"]) == (409, "REPATRIATED_ALREADY", repatriation)
    emergency = await declared(office)
    await asked(office, placement, cause="emergency", emergency=emergency)
    assert (await ask(office, placement, cause="emergency", emergency=emergency)).code == "REPATRIATED_ALREADY"
    await office.post(f"/emergencies/{emergency}/end", {"reason": "over"})
    assert (await ask(office, placement, cause="emergency", emergency=emergency)).code == "EMERGENCY_ENDED"
    await asked(office, placement, cause="emergency", emergency=await declared(office))


async def test_of_several_asked_for_one_is_carried_out(office: Office) -> None:
    """Whoever was brought home once is home."""
    placement = await office.abroad()
    for_illness = await asked(office, placement)
    in_emergency = await asked(office, placement, cause="emergency", emergency=await declared(office))
    for one in (for_illness, in_emergency):
        await approve(office, one)
    assert (await complete(office, in_emergency)).status == 200
    again = await complete(office, for_illness)
    assert (again.status, again.code, again.body["state"]) == (
        409,
        "REPATRIATED_ALREADY",
        {"repatriation": in_emergency, "state": "completed"},
    )
    assert len(await office.published(RepatriationCompleted)) == 1


async def test_asked_for_at_once_by_many_it_is_one(office: Office) -> None:
    placement = await office.abroad()
    answers = await asyncio.gather(*(ask(office, placement) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]


async def test_a_refused_one_may_be_asked_for_again(office: Office) -> None:
    placement = await office.abroad()
    refusal = {"cause": "criteria_not_met", "criteria_version": "2018-1"}
    first = await asked(office, placement)
    assert (await office.post(f"/repatriations/{first}/refusal", refusal)).body["state"] == "refused"
    second = await asked(office, placement)
    await approve(office, second)
    given_up = await office.post(f"/repatriations/{second}/refusal", {**refusal, "cause": "withdrawn"})
    assert (given_up.status, given_up.body["refusal"]) == (200, "withdrawn")
    assert [one.cause for one in await office.published(RepatriationRefused)] == ["criteria_not_met", "withdrawn"]
    assert (await approve(office, second)).code == "REPATRIATION_ILLEGAL_STEP"


async def test_the_return_on_record_and_the_repatriation_have_one_day(office: Office) -> None:
    placement = await office.abroad()
    repatriation = await asked(office, placement)
    await approve(office, repatriation)
    for on, code in (("2018-06-21", "FUTURE_DAY"), ("2018-01-14", "BEFORE_DEPARTURE")):
        assert (await complete(office, repatriation, on)).code == code
    await office.consume(placement.returned(date(2018, 6, 18)))
    refused = await complete(office, repatriation)
    assert (refused.code, refused.body["state"]) == ("RETURNED_OTHERWISE", {"returned_on": "2018-06-18"})
    assert (await complete(office, repatriation, "2018-06-18")).status == 200


async def test_an_emergency_is_named_exactly_where_it_is_the_cause(office: Office) -> None:
    placement = await office.abroad()
    emergency, elsewhere = await declared(office), await declared(office, destination="SGP")
    assert (await ask(office, placement, cause="emergency")).code == "CAUSE_MISSING"
    assert (await ask(office, placement, emergency=emergency)).code == "CAUSE_MISSING"
    assert (await ask(office, placement, cause="emergency", emergency=elsewhere)).code == "NOT_IN_ROLL_CALL"
    assert (await ask(office, placement, cause="emergency", emergency=str(new_id()))).code == "EMERGENCY_NOT_FOUND"
    assert await office.published(RepatriationRequested) == []


async def test_who_may_ask_approve_and_read(office: Office) -> None:
    placement = await office.abroad()
    gansu = office.client.speaking_as(Role.OFFICER, regions=("620000",), subject="gansu")
    assert (await ask(office, placement, who=office.enterprise("another"))).status == 403
    assert (await ask(office, placement, who=gansu)).status == 403
    repatriation = await asked(office, placement, who=office.enterprise())
    assert (await approve(office, repatriation, office.enterprise())).status == 403
    assert (await approve(office, repatriation, gansu)).status == 403
    assert (await office.get(f"/repatriations/{repatriation}", who=gansu)).status == 403
    assert (await office.get("/repatriations", who=gansu)).body["items"] == []
    for reader in (office.enterprise(), office.client):
        [seen] = (await office.get("/repatriations", who=reader, state="requested")).body["items"]
        assert seen["repatriation"] == repatriation
    assert (await office.get("/repatriations", who=office.enterprise("another"))).body["items"] == []
    assert (await office.get(f"/repatriations/{new_id()}")).code == "REPATRIATION_NOT_FOUND"


async def test_bad_repatriations_are_refused_by_field(office: Office) -> None:
    placement = await office.abroad()
    for change in ({"cause": "boredom"}, {"paid_by": "worker"}, {"emergency": 7}, {"surplus": 1}):
        assert (await ask(office, placement, **change)).status == 422
    repatriation = await asked(office, placement)
    for wrong in ({"approval": ""}, {"approval": "a b"}, {"approval": "张"}, {"criteria_version": "\x00"}, {"version": 2**40}):
        assert (await approve(office, repatriation, **wrong)).status == 422
    assert (await approve(office, repatriation, version=7)).code == "VERSION_CONFLICT"
    await approve(office, repatriation)
    for bad in ({"cost": {"minor": -1, "currency": "CNY"}}, {"cost": {"minor": 1, "currency": "HRD"}}, {"completed_on": "0000-00-00"}):
        assert (await complete(office, repatriation, **bad)).status == 422
    assert await office.published(RepatriationCompleted) == []

"""What an enterprise owes the workers it has abroad: accompanying managers (E7), and a plan when it stops business (E9)."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.docking.domain.managers import Accompaniment, ManagersFiling, filed, reviewed
from services.docking.settings import policy
from shared.events import (
    EnterpriseStopped,
    JobOrderClosed,
    ManagersFiled,
    ManagersMissing,
    ManagersMissingCleared,
    ManagersWithdrawn,
    PlacementCancelled,
)
from shared.principals import Role
from shared.values import Destination, EnterpriseId, new_id
from tests.support.docking import START, AWorker, Dock, a_contract, a_departure, dock

__all__ = ["dock"]

FILING = {"destination": "JPN", "filing_no": "E7-2018-1", "managers": 2}


async def abroad_already(dock: Dock, enterprise: str, number: int, destination: str = "JPN") -> list[str]:
    """So many workers of the enterprise, there already."""
    rows = [
        {
            "worker": str(await dock.worker(AWorker(destinations=(destination,)))),
            "enterprise": enterprise,
            "destination": destination,
            "occupation": "7112",
            "channel": "labour_cooperation",
            "departed_on": START.isoformat(),
            "port": "CNTAO",
            "contract": a_contract(START),
        }
        for _ in range(number)
    ]
    answer = await dock.post("/placements/adoption", {"rows": rows})
    assert answer.body["accepted"] == number, answer.body
    return list(answer.body["placements"])


async def _return(dock: Dock, placement: str) -> None:
    answer = await dock.post(f"/placements/{placement}/return", {"returned_on": dock.today.isoformat(), "reason": "completed"})
    assert answer.status == 200, answer.body


async def _missing(dock: Dock) -> list[tuple[str, str, int]]:
    rows = (await dock.get("/managers", missing="true")).body["items"]
    return [(one["enterprise"], one["destination"], one["abroad"]) for one in rows]


# --- E7 ----------------------------------------------------------------------------------------------------------------
async def test_the_hundred_and_first_worker_in_a_country_needs_a_manager(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise, positions=9, expires="2030-01-01")
    placements = await abroad_already(dock, enterprise, 99)
    await abroad_already(dock, enterprise, 5, "SGP")
    hundredth = await dock.departed(order)
    assert (await dock.published(ManagersMissing), await _missing(dock)) == ([], [])
    next_one = await dock.prepared(await dock.matched(order))
    await dock.certificate(next_one)
    assert (await dock.requested(next_one))["failed"] == ["managers_filed"]
    answer = await dock.post(f"/enterprises/{enterprise}/managers", FILING)
    assert (answer.status, answer.body["abroad"], answer.body["managers"]) == (200, 100, 2)
    (event,) = await dock.published(ManagersFiled)
    assert (str(event.enterprise), event.destination, event.filing_no, event.managers) == (enterprise, "JPN", "E7-2018-1", 2)
    assert (await dock.requested(next_one))["state"] == "cleared"
    assert hundredth["state"] == "abroad"
    await dock.post(f"/placements/{next_one['placement']}/departure", a_departure(dock.today))
    assert await dock.published(ManagersMissing) == [], "they are there"
    await dock.post(f"/enterprises/{enterprise}/managers/withdrawal", {"destination": "JPN"})
    (missing,) = await dock.published(ManagersMissing)
    assert (missing.destination, missing.abroad, missing.limit) == ("JPN", 101, 100)
    assert await _missing(dock) == [(enterprise, "JPN", 101)]
    await _return(dock, placements[0])
    (cleared,) = await dock.published(ManagersMissingCleared)
    assert (str(cleared.enterprise), cleared.destination, await _missing(dock)) == (enterprise, "JPN", [])
    assert len(await dock.published(ManagersWithdrawn)) == 1


async def test_who_is_cleared_counts_before_leaving(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise, positions=9)
    await abroad_already(dock, enterprise, 99)
    await dock.cleared(order)
    placement = await dock.prepared(await dock.matched(order))
    await dock.certificate(placement)
    assert (await dock.requested(placement))["failed"] == ["managers_filed"]


async def test_workers_taken_over_without_managers_are_missed_once_and_a_correction_of_the_country_counts(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    placements = await abroad_already(dock, enterprise, 102)
    assert [event.abroad for event in await dock.published(ManagersMissing)] == [102]
    corrected = await dock.post(f"/placements/{placements[0]}/departure/correction", {"reason": "mistyped", "destination": "SGP"})
    assert corrected.status == 200, corrected.body
    await dock.post(f"/placements/{placements[1]}/departure/void", {"reason": "not_departed"})
    assert len(await dock.published(ManagersMissingCleared)) == 1
    await dock.post(f"/placements/{placements[0]}/departure/correction", {"reason": "mistyped", "destination": "JPN"})
    assert [event.abroad for event in await dock.published(ManagersMissing)] == [102, 101]
    filed_again = await dock.post(f"/enterprises/{enterprise}/managers", FILING)
    assert (filed_again.body["missing"], len(await dock.published(ManagersMissingCleared))) == (False, 2)


async def test_departures_and_returns_at_once_leave_the_alert_as_the_count_says(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    placements = await abroad_already(dock, enterprise, 99)
    orders = [await dock.order(enterprise) for _ in range(4)]
    await dock.post(f"/enterprises/{enterprise}/managers", FILING)
    cleared = [await dock.cleared(order) for order in orders]
    await dock.post(f"/enterprises/{enterprise}/managers/withdrawal", {"destination": "JPN"})
    answers = await asyncio.gather(
        *(dock.post(f"/placements/{one['placement']}/departure", a_departure(dock.today)) for one in cleared),
    )
    assert {answer.status for answer in answers} == {200}
    assert await _missing(dock) == [(enterprise, "JPN", 103)]
    assert len(await dock.published(ManagersMissing)) == 1
    await asyncio.gather(*(_return(dock, one) for one in placements[:3]))
    assert (await _missing(dock), len(await dock.published(ManagersMissingCleared))) == ([], 1)


async def test_managers_are_filed_for_ones_own_enterprise_and_withdrawn_where_they_are_filed(dock: Dock) -> None:
    enterprise, other = await dock.enterprise(), await dock.enterprise()
    own = dock.client.speaking_as(Role.ENTERPRISE, party=enterprise)
    assert (await dock.post(f"/enterprises/{enterprise}/managers", FILING, who=own)).status == 200
    assert (await dock.post(f"/enterprises/{other}/managers", FILING, who=own)).status == 403
    assert (await dock.post(f"/enterprises/{uuid4()}/managers", FILING)).code == "ENTERPRISE_NOT_FOUND"
    for changes, field in (({"managers": 0}, "managers"), ({"filing_no": "\u0000"}, "filing_no"), ({"destination": "CHN"}, "destination")):
        refused = await dock.post(f"/enterprises/{enterprise}/managers", {**FILING, **changes})
        assert refused.status in (404, 422)
        assert refused.body["errors"][0]["field"] == field
    nowhere = await dock.post(f"/enterprises/{enterprise}/managers/withdrawal", {"destination": "SGP"})
    assert (nowhere.status, nowhere.code) == (409, "MANAGERS_NOT_FILED")
    assert [one["filing_no"] for one in (await dock.get("/managers", enterprise=enterprise)).body["items"]] == ["E7-2018-1"]
    assert (await dock.get("/managers", who=dock.client.speaking_as(Role.ENTERPRISE, party=other))).body["items"] == []


def test_managers_are_missing_above_the_limit_only_and_never_where_they_are_filed() -> None:
    assert policy().docking_managers_above == 100
    one = Accompaniment(id=new_id(), enterprise=EnterpriseId(UUID(int=1)), destination=Destination("JPN"))
    assert [reviewed(one, abroad, 100).missing for abroad in (100, 101)] == [False, True]
    accompanied = filed(reviewed(one, 101, 100), ManagersFiling(filing_no="1", managers=1, filed_on=START))
    assert (accompanied.missing, reviewed(accompanied, 101, 100).missing) == (False, False)


# --- E9 ----------------------------------------------------------------------------------------------------------------
PLAN = {"filing_no": "E9-2018-1", "home_by": "2018-12-31"}


async def test_who_stops_business_files_a_plan_for_workers_still_abroad(dock: Dock) -> None:
    enterprise, successor = await dock.enterprise(), await dock.enterprise()
    order = await dock.order(enterprise, positions=5)
    await dock.departed(order)
    matched = await dock.matched(order)
    refused = await dock.post(f"/enterprises/{enterprise}/stop", {})
    assert (refused.status, refused.code, refused.body["state"]) == (422, "PLAN_MISSING", {"abroad": 1})
    assert refused.body["errors"][0]["field"] == "plan"
    stopped = await dock.post(f"/enterprises/{enterprise}/stop", {"plan": {**PLAN, "takes_over": successor}})
    assert (stopped.status, stopped.body["state"], stopped.body["plan"]["takes_over"]) == (200, "stopped", successor)
    (event,) = await dock.published(EnterpriseStopped)
    assert (event.abroad, event.plan_no, str(event.takes_over), event.effective) == (1, "E9-2018-1", successor, dock.today)
    another = await dock.post(f"/orders/{order}/matches", {"worker": str(await dock.worker())})
    assert (another.status, another.code, another.body["state"]) == (409, "ENTERPRISE_NOT_ACTIVE", "stopped")
    await dock.sweep()
    assert [event.unfilled for event in await dock.published(JobOrderClosed)] == [3]
    assert [str(event.placement) for event in await dock.published(PlacementCancelled)] == [matched["placement"]]
    register = (await dock.get("/public/enterprises", state="stopped")).body["items"]
    assert [one["enterprise"] for one in register] == [enterprise]
    assert "plan" not in register[0]


async def test_who_has_nobody_abroad_stops_without_a_plan_and_may_file_one_when_a_departure_comes_to_light(dock: Dock) -> None:
    placement = await dock.cleared()
    enterprise = placement["enterprise"]
    departed_on = dock.today
    dock.wait(3)
    assert (await dock.post(f"/enterprises/{enterprise}/stop")).body["plan"] is None
    late = await dock.post(f"/placements/{placement['placement']}/departure", a_departure(departed_on))
    assert late.status == 200, "before the business was stopped"
    assert (await dock.post(f"/enterprises/{enterprise}/stop")).code == "PLAN_MISSING"
    planned = await dock.post(f"/enterprises/{enterprise}/stop", {"plan": PLAN})
    assert (planned.status, planned.body["plan"]["filing_no"]) == (200, "E9-2018-1")
    again = await dock.post(f"/enterprises/{enterprise}/stop", {"plan": PLAN})
    assert (again.status, again.code) == (422, "NOTHING_TO_CORRECT")
    revoked = await dock.post(f"/enterprises/{enterprise}/revocation", {"reason": "business_ended"})
    assert (revoked.body["state"], revoked.body["plan"]["filing_no"]) == ("revoked", "E9-2018-1")


@pytest.mark.parametrize("step", ["renewal", "suspension", "reinstatement"])
async def test_nothing_but_a_revocation_follows_a_stop(dock: Dock, step: str) -> None:
    enterprise = await dock.enterprise()
    await dock.post(f"/enterprises/{enterprise}/suspension", {"reason": "breach"})
    assert (await dock.post(f"/enterprises/{enterprise}/stop")).body["state"] == "stopped"
    body = {"valid_to": "2040-01-01"} if step == "renewal" else {"reason": "breach"}
    answer = await dock.post(f"/enterprises/{enterprise}/{step}", body)
    assert (answer.status, answer.code, answer.body["state"]) == (409, "ENTERPRISE_ILLEGAL_STEP", "stopped")


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"home_by": "2018-02-28"}, "PAST_DAY", "plan.home_by"),
        ({"takes_over": str(uuid4())}, "CANNOT_TAKE_OVER", "plan.takes_over"),
        ({"takes_over": "itself"}, "CANNOT_TAKE_OVER", "plan.takes_over"),
        ({"filing_no": None}, None, "plan.filing_no"),
    ],
)
async def test_a_plan_that_cannot_be_kept_is_refused(dock: Dock, changes: dict[str, Any], code: str | None, field: str) -> None:
    enterprise = await dock.enterprise()
    plan = {**PLAN, **changes}
    if plan.get("takes_over") == "itself":
        plan["takes_over"] = enterprise
    answer = await dock.post(f"/enterprises/{enterprise}/stop", {"plan": plan})
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)
    assert code is None or answer.code == code
    assert await dock.published(EnterpriseStopped) == []

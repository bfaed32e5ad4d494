"""The life of a qualification: renewed under the same number, suspended and reinstated, expired, revoked."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.events import (
    ClearanceWithdrawn,
    EnterpriseExpired,
    EnterpriseReinstated,
    EnterpriseRenewed,
    EnterpriseRevoked,
    EnterpriseSuspended,
    JobOrderClosed,
    PlacementCancelled,
)
from shared.principals import Role
from shared.values import WorkerId
from tests.support.docking import Dock, a_departure, an_order, dock
from tests.support.http import Answer

__all__ = ["dock"]

LICENCE = "LW110120130001"


async def _step(dock: Dock, enterprise: str, step: str, **body: Any) -> dict[str, Any]:
    answer = await dock.post(f"/enterprises/{enterprise}/{step}", body)
    assert answer.status == 200, answer.body
    return dict(answer.body)


def _refusal(answer: Answer) -> tuple[int, str, str | None]:
    errors = answer.body.get("errors") or [{}]
    return answer.status, answer.code, errors[0].get("field")


# --- renewal ------------------------------------------------------------------------------------------------------------
async def test_field_case_f16_a_licence_is_renewed_under_the_same_number(dock: Dock) -> None:
    """The firm's reserve, orders and placements go on: it is the same enterprise."""
    enterprise = await dock.enterprise(licence_no=LICENCE, valid_to="2019-12-31")
    order = await dock.order(enterprise, expires="2020-06-30")
    dock.today = date(2020, 1, 2)
    late = await dock.post("/orders", an_order(enterprise))
    assert (late.status, late.code) == (409, "LICENCE_EXPIRED")
    body = {"name": "The same", "licence_no": LICENCE, "scope": ["labour_cooperation"], "valid_to": "2023-12-31"}
    again = await dock.post("/enterprises", body)
    assert (_refusal(again), again.body["state"]) == ((409, "LICENCE_TAKEN", "licence_no"), {"enterprise": enterprise})
    renewed = await _step(dock, enterprise, "renewal", valid_to="2023-12-31")
    assert (renewed["licence_no"], renewed["valid_to"], renewed["state"]) == (LICENCE, "2023-12-31", "active")
    (event,) = await dock.published(EnterpriseRenewed)
    assert (event.licence_no, event.previous_valid_to, event.valid_to) == (LICENCE, date(2019, 12, 31), date(2023, 12, 31))
    assert (await dock.cleared(order))["state"] == "cleared"


async def test_the_register_has_a_licence_expired_since_it_ended_however_late_that_was_recorded(dock: Dock) -> None:
    await dock.enterprise(valid_to="2018-03-10")
    dock.today = date(2018, 6, 1)

    async def registered() -> tuple[str, str]:
        (entry,) = (await dock.get("/public/enterprises")).body["items"]
        return entry["state"], entry["since"]

    assert await registered() == ("expired", "2018-03-11")
    assert await dock.sweep() == 1
    assert await registered() == ("expired", "2018-03-11")


async def test_a_licence_that_ends_expires_with_the_sweep_and_a_renewal_brings_it_back(dock: Dock) -> None:
    enterprise = await dock.enterprise(valid_to="2018-03-10")
    dock.today = date(2018, 3, 10)
    assert await dock.sweep() == 0, "the last day still counts"
    dock.wait(1)
    assert await dock.sweep() == 1
    assert (await dock.published(EnterpriseExpired))[0].valid_to == date(2018, 3, 10)
    shown = (await dock.get(f"/enterprises/{enterprise}")).body
    assert (shown["state"], shown["since"]) == ("expired", "2018-03-11")
    assert await dock.sweep() == 0
    renewed = await _step(dock, enterprise, "renewal", valid_to="2020-03-10", destinations=["JPN"])
    assert (renewed["state"], renewed["destinations"], renewed["scope"]) == ("active", ["JPN"], ["labour_cooperation"])
    assert (await dock.matched(await dock.order(enterprise)))["state"] == "matched"


async def test_a_renewal_that_is_none_is_refused(dock: Dock) -> None:
    enterprise = await dock.enterprise(valid_to="2018-12-31")
    path = f"/enterprises/{enterprise}/renewal"
    assert _refusal(await dock.post(path, {"valid_to": "2018-12-31"})) == (422, "NOT_RENEWED", "valid_to")
    assert _refusal(await dock.post(path, {"valid_to": "2018-02-28"})) == (422, "PAST_DAY", "valid_to")
    unknown = await dock.post(path, {"valid_to": "2019-12-31", "destinations": ["JPN", "XXX"]})
    assert _refusal(unknown) == (422, "DESTINATION_NOT_FOUND", "destinations.1")
    assert _refusal(await dock.post(path, {"valid_to": "2019-12-31", "version": 9})) == (409, "VERSION_CONFLICT", "version")
    assert await dock.published(EnterpriseRenewed) == []


# --- suspension -----------------------------------------------------------------------------------------------------------
async def test_a_suspended_enterprise_stops_matching_clearing_and_departing_until_it_is_reinstated(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise, positions=4)
    cleared = await dock.cleared(order)
    waiting = await dock.prepared(await dock.matched(order))
    await dock.certificate(waiting)
    proposed = await dock.proposed(order, await dock.worker())
    dock.wait(1)
    suspended = await _step(dock, enterprise, "suspension", reason="investigation")
    assert (suspended["state"], suspended["suspended_for"]) == ("suspended", ["investigation"])
    inactive = (409, "ENTERPRISE_NOT_ACTIVE")
    departure = f"/placements/{cleared['placement']}/departure"
    refused = [
        await dock.post("/orders", an_order(enterprise)),
        await dock.post(f"/orders/{order}/matches", {"n": 1}),
        await dock.post(f"/matches/{proposed}/acceptance"),
        await dock.post(departure, a_departure(dock.today)),
    ]
    assert [(answer.status, answer.code) for answer in refused] == [inactive] * 4
    assert (await dock.requested(waiting))["failed"] == ["enterprise_active"]
    reinstated = await _step(dock, enterprise, "reinstatement", reason="investigation")
    assert (reinstated["state"], reinstated["suspended_for"]) == ("active", [])
    assert (await dock.post(departure, a_departure(dock.today))).status == 200
    assert (await dock.requested(waiting))["state"] == "cleared"
    assert (await dock.post(f"/matches/{proposed}/acceptance")).status == 201


async def test_a_departure_before_the_suspension_is_recorded_after_it(dock: Dock) -> None:
    cleared = await dock.cleared()
    left = dock.today
    dock.wait(2)
    await _step(dock, cleared["enterprise"], "suspension", reason="breach")
    gone = await dock.post(f"/placements/{cleared['placement']}/departure", a_departure(left))
    assert (gone.status, gone.body["state"]) == (200, "abroad")


@pytest.mark.parametrize("step", ["reinstatement", "revocation"])
async def test_a_departure_within_a_suspension_that_has_ended_is_refused(dock: Dock, step: str) -> None:
    order = await dock.order(positions=2)
    one, other = await dock.cleared(order), await dock.cleared(order)
    dock.wait(2)
    suspended_on = dock.today
    await _step(dock, one["enterprise"], "suspension", reason="breach")
    dock.wait(5)
    await _step(dock, one["enterprise"], step, reason="breach")
    ended_on = dock.today
    dock.wait(3)
    path = f"/placements/{one['placement']}/departure"
    for day in (suspended_on, ended_on - timedelta(days=1)):
        refused = await dock.post(path, a_departure(day))
        assert _refusal(refused) == (409, "ENTERPRISE_NOT_ACTIVE", "departed_on")
    assert (await dock.post(path, a_departure(suspended_on - timedelta(days=1)))).status == 200
    last = await dock.post(f"/placements/{other['placement']}/departure", a_departure(ended_on))
    assert last.status == (200 if step == "reinstatement" else 409), "it is active again from the day of its reinstatement"


async def test_a_departure_is_not_corrected_into_a_suspension(dock: Dock) -> None:
    gone = await dock.departed()
    enterprise = gone["enterprise"]
    dock.wait(5)
    await _step(dock, enterprise, "suspension", reason="breach")
    dock.wait(2)
    path = f"/placements/{gone['placement']}/departure/correction"
    within = {"reason": "mistyped", "departed_on": (dock.today - timedelta(days=1)).isoformat()}
    assert _refusal(await dock.post(path, within)) == (409, "ENTERPRISE_NOT_ACTIVE", "departed_on")
    await _step(dock, enterprise, "reinstatement", reason="breach")
    assert _refusal(await dock.post(path, within)) == (409, "ENTERPRISE_NOT_ACTIVE", "departed_on")
    assert (await dock.post(path, {"reason": "mistyped", "port": "CNDLC"})).status == 200
    before = {"reason": "mistyped", "departed_on": (dock.today - timedelta(days=3)).isoformat()}
    assert (await dock.post(path, before)).status == 200


async def test_a_departure_within_a_suspension_that_a_top_up_ended_is_refused(dock: Dock) -> None:
    cleared = await dock.cleared()
    path, minimum = f"/enterprises/{cleared['enterprise']}/reserve", 300_000_000
    draw = {"amount": {"minor": minimum, "currency": "CNY"}, "use": "wages", "case": str(uuid4())}
    due = (await dock.post(f"{path}/draw", draw)).body["reserve_due"]
    dock.today = date.fromisoformat(due) + timedelta(days=1)
    await dock.sweep()
    dock.wait(3)
    assert (await dock.post(f"{path}/top-up", {"amount": {"minor": minimum, "currency": "CNY"}})).body["state"] == "active"
    departure = f"/placements/{cleared['placement']}/departure"
    refused = await dock.post(departure, a_departure(dock.today - timedelta(days=1)))
    assert _refusal(refused) == (409, "ENTERPRISE_NOT_ACTIVE", "departed_on")
    assert (await dock.post(departure, a_departure(dock.today))).status == 200


async def test_an_enterprise_is_active_again_only_when_no_ground_is_left(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    await _step(dock, enterprise, "suspension", reason="breach")
    twice = await dock.post(f"/enterprises/{enterprise}/suspension", {"reason": "breach"})
    assert (_refusal(twice), twice.body["state"]) == ((409, "SUSPENDED_ALREADY", "reason"), ["breach"])
    both = await _step(dock, enterprise, "suspension", reason="incident")
    assert both["suspended_for"] == ["breach", "incident"]
    other = await dock.post(f"/enterprises/{enterprise}/reinstatement", {"reason": "court_order"})
    assert _refusal(other) == (409, "NOT_SUSPENDED_FOR", "reason")
    assert (await _step(dock, enterprise, "reinstatement", reason="breach"))["state"] == "suspended"
    renewed = await _step(dock, enterprise, "renewal", valid_to="2031-12-31")
    assert renewed["state"] == "suspended", "a renewal is no reinstatement"
    assert (await _step(dock, enterprise, "reinstatement", reason="incident"))["state"] == "active"
    suspended = await dock.published(EnterpriseSuspended)
    assert [(event.reason, event.grounds) for event in suspended] == [("breach", ("breach",)), ("incident", ("breach", "incident"))]
    reinstated = await dock.published(EnterpriseReinstated)
    assert [(event.reason, event.grounds) for event in reinstated] == [("breach", ("incident",)), ("incident", ())]
    again = await dock.post(f"/enterprises/{enterprise}/reinstatement", {"reason": "incident"})
    assert (again.status, again.code, again.body["state"]) == (409, "ENTERPRISE_ILLEGAL_STEP", "active")


async def test_a_suspended_licence_that_has_ended_expires_once_it_is_reinstated(dock: Dock) -> None:
    enterprise = await dock.enterprise(valid_to="2018-03-10")
    await _step(dock, enterprise, "suspension", reason="breach")
    dock.wait(30)
    assert await dock.sweep() == 0
    await _step(dock, enterprise, "reinstatement", reason="breach")
    refused = await dock.post("/orders", an_order(enterprise))
    assert (refused.status, refused.code) == (409, "LICENCE_EXPIRED")
    await dock.sweep()
    assert (await dock.get(f"/enterprises/{enterprise}")).body["state"] == "expired"


# --- revocation ---------------------------------------------------------------------------------------------------------------
async def test_a_revocation_closes_the_orders_and_frees_everybody_who_is_not_cleared(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise, positions=5)
    abroad, cleared, matched = await dock.departed(order), await dock.cleared(order), await dock.matched(order)
    elsewhere = await dock.matched()
    dock.wait(1)
    assert (await _step(dock, enterprise, "revocation", reason="name_lent"))["state"] == "revoked"
    departure = await dock.post(f"/placements/{cleared['placement']}/departure", a_departure(dock.today))
    assert (departure.status, departure.code) == (409, "ENTERPRISE_NOT_ACTIVE")
    assert await dock.sweep() == 2
    (revoked,) = await dock.published(EnterpriseRevoked)
    assert revoked.reason == "name_lent"
    (closed,) = await dock.published(JobOrderClosed)
    assert (str(closed.order), closed.unfilled) == (order, 2)
    assert [(one.reason, one.reopens) for one in await dock.published(PlacementCancelled)] == [("order_closed", False)]
    shown = await dock.show_order(order)
    assert (shown["state"], shown["reserved"], shown["filled"]) == ("closed", 1, 1)
    states = [(await dock.show(one))["state"] for one in (abroad, cleared, matched, elsewhere)]
    assert states == ["abroad", "cleared", "cancelled", "matched"]
    assert (await dock.matched(worker=WorkerId(matched["worker"])))["state"] == "matched"
    assert (await dock.returned(abroad))["state"] == "returned", "workers abroad come home all the same"


async def test_a_departure_before_the_revocation_is_recorded_after_it_until_the_evidence_is_due(dock: Dock) -> None:
    order = await dock.order(positions=2)
    gone, stayed, left = await dock.cleared(order), await dock.cleared(order), dock.today
    dock.wait(3)
    await _step(dock, gone["enterprise"], "revocation", reason="breach")
    await dock.sweep()
    dock.wait(2)
    late = await dock.post(f"/placements/{gone['placement']}/departure", a_departure(left))
    assert (late.status, late.body.get("state")) == (200, "abroad"), late.body
    dock.today = date.fromisoformat(stayed["due"])
    assert await dock.sweep() == 0
    dock.wait(1)
    assert await dock.sweep() == 1
    assert [(one.reason, one.reopens) for one in await dock.published(PlacementCancelled)] == [("clearance_expired", False)]
    assert len(await dock.published(ClearanceWithdrawn)) == 1


@pytest.mark.parametrize("step", ["renewal", "suspension", "reinstatement", "revocation"])
async def test_nothing_follows_a_revocation(dock: Dock, step: str) -> None:
    enterprise = await dock.enterprise()
    await _step(dock, enterprise, "revocation", reason="reserve")
    body = {"valid_to": "2040-12-31"} if step == "renewal" else {"reason": "breach"}
    answer = await dock.post(f"/enterprises/{enterprise}/{step}", body)
    assert (answer.status, answer.code, answer.body["state"]) == (409, "ENTERPRISE_ILLEGAL_STEP", "revoked")


@pytest.mark.parametrize(("step", "body"), [("renewal", {"valid_to": "2040-12-31"}), ("suspension", {"reason": "breach"})])
async def test_a_qualification_is_changed_by_the_authority_of_its_seat_only(dock: Dock, step: str, body: dict[str, str]) -> None:
    enterprise = await dock.enterprise(seat="371002")
    path = f"/enterprises/{enterprise}/{step}"
    stranger = dock.client.speaking_as(Role.OFFICER, regions=("620000",))
    itself = dock.client.speaking_as(Role.ENTERPRISE, party=enterprise)
    assert [(await dock.post(path, body, who=who)).status for who in (stranger, itself)] == [403, 403]
    assert (await dock.post(path, body, who=dock.client.speaking_as(Role.OFFICER, regions=("370000",)))).status == 200


async def test_the_history_of_an_enterprise_tells_its_qualification(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=0)
    await _step(dock, enterprise, "suspension", reason="breach")
    await _step(dock, enterprise, "reinstatement", reason="breach")
    await _step(dock, enterprise, "renewal", valid_to="2031-12-31")
    await _step(dock, enterprise, "revocation", reason="breach")
    changes = (await dock.get(f"/enterprises/{enterprise}/history")).body["items"]
    kinds = ["EnterpriseQualified", "EnterpriseSuspended", "EnterpriseReinstated", "EnterpriseRenewed", "EnterpriseRevoked"]
    assert [one["type"] for one in changes] == kinds

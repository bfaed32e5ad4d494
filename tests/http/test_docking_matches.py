"""Matches declined by either side or expired, and orders amended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from shared.events import JobOrderAmended, MatchDeclined, MatchExpired, PlacementCancelled
from shared.principals import Role
from tests.support.docking import RICH_COUNTY, Dock, dock
from tests.support.http import Answer

__all__ = ["dock"]


def _refusal(answer: Answer) -> tuple[int, str, str | None]:
    errors = answer.body.get("errors") or [{}]
    return answer.status, answer.code, errors[0].get("field")


# --- declined ---------------------------------------------------------------------------------------------------------------
async def test_a_declined_proposal_is_made_again_only_by_name(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    match = await dock.proposed(order, worker)
    declined = await dock.post(f"/matches/{match}/decline", {"side": "worker", "reason": "wage"})
    assert (declined.status, declined.body) == (200, {"match": match, "state": "declined"})
    (event,) = await dock.published(MatchDeclined)
    assert (str(event.match), str(event.order), event.worker, event.side, event.reason) == (match, order, worker, "worker", "wage")
    assert event.origin.county == RICH_COUNTY
    for path in ("acceptance", "decline"):
        again = await dock.post(f"/matches/{match}/{path}", {} if path == "acceptance" else {"side": "worker"})
        assert (again.status, again.code, again.body["state"]) == (409, "MATCH_NOT_OPEN", "declined")
    assert (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"] == []
    named = await dock.proposed(order, worker)
    assert named != match
    assert (await dock.post(f"/matches/{named}/acceptance")).status == 201


async def test_an_accepted_match_is_declined_until_a_contract_is_filed_and_its_position_is_free_again(dock: Dock) -> None:
    """Training frees the seat as for every cancelled placement."""
    order, worker = await dock.order(), await dock.worker()
    match = await dock.proposed(order, worker)
    await dock.post(f"/matches/{match}/acceptance")
    itself = dock.client.speaking_as(Role.ENTERPRISE, party=(await dock.show_order(order))["enterprise"])
    declined = await dock.post(f"/matches/{match}/decline", {"side": "enterprise", "reason": "qualification"}, who=itself)
    assert declined.status == 200, declined.body
    cancelled, event = await dock.published(PlacementCancelled, MatchDeclined)
    assert (cancelled.reason, cancelled.reopens, event.side) == ("enterprise", True, "enterprise")
    shown = await dock.show_order(order)
    assert (shown["reserved"], shown["filled"]) == (0, 0)
    placement = await dock.prepared(await dock.matched(order, worker))
    proposal = await _accepted_match(dock, placement)
    late = await dock.post(f"/matches/{proposal}/decline", {"side": "worker"})
    assert (late.status, late.code, late.body["state"]) == (409, "MATCH_NOT_OPEN", "matched")


async def _accepted_match(dock: Dock, placement: dict[str, Any]) -> str:
    async with dock.client.database.connection() as conn:
        found = await conn.fetchval("SELECT id FROM proposal WHERE job_order = $1 AND state = 'accepted'", placement["order"])
    return str(found)


async def test_declining_an_earlier_match_of_the_same_worker_leaves_the_later_placement_alone(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    earlier = await dock.proposed(order, worker)
    cancelled = (await dock.post(f"/matches/{earlier}/acceptance")).body
    await dock.post(f"/placements/{cancelled['placement']}/cancellation", {"reason": "officer"})
    later = await dock.proposed(order, worker)
    placement = (await dock.post(f"/matches/{later}/acceptance")).body
    refused = await dock.post(f"/matches/{earlier}/decline", {"side": "worker"})
    assert (refused.status, refused.code, refused.body["state"]) == (409, "MATCH_NOT_OPEN", "cancelled")
    assert (await dock.show(placement))["state"] == "matched"
    assert await dock.published(MatchDeclined) == []
    assert (await dock.post(f"/matches/{later}/decline", {"side": "worker"})).status == 200
    assert (await dock.show(placement))["state"] == "cancelled"


async def test_each_side_declines_for_itself(dock: Dock) -> None:
    order = await dock.order()
    match = await dock.proposed(order, await dock.worker())
    enterprise = (await dock.show_order(order))["enterprise"]
    path = f"/matches/{match}/decline"
    itself = dock.client.speaking_as(Role.ENTERPRISE, party=enterprise)
    other = dock.client.speaking_as(Role.ENTERPRISE, party=uuid4())
    clerk = dock.client.speaking_as(Role.CLERK, regions=("370000",))
    stranger = dock.client.speaking_as(Role.CLERK, regions=("620000",))
    assert _refusal(await dock.post(path, {"side": "worker"}, who=itself)) == (403, "SIDE_NOT_YOURS", "side")
    assert _refusal(await dock.post(path, {"side": "enterprise"}, who=clerk)) == (403, "SIDE_NOT_YOURS", "side")
    assert (await dock.post(path, {"side": "enterprise"}, who=other)).status == 403
    assert (await dock.post(path, {"side": "worker"}, who=stranger)).status == 403
    assert (await dock.post(f"/matches/{uuid4()}/decline", {"side": "worker"})).code == "MATCH_NOT_FOUND"
    assert (await dock.post(path, {"side": "worker"}, who=clerk)).status == 200


async def test_a_proposal_that_nobody_accepts_expires_with_an_event(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    match = await dock.proposed(order, worker)
    dock.wait(14)
    assert await dock.sweep() == 0
    dock.wait(1)
    late = await dock.post(f"/matches/{match}/decline", {"side": "worker"})
    assert (late.status, late.code, late.body["state"]) == (409, "MATCH_NOT_OPEN", "expired")
    assert await dock.sweep() == 1
    (event,) = await dock.published(MatchExpired)
    assert (str(event.match), event.worker, event.effective) == (match, worker, dock.today)
    assert await dock.sweep() == 0


# --- amended orders -----------------------------------------------------------------------------------------------------------
async def _amended(dock: Dock, order: str, **body: Any) -> Answer:
    return await dock.post(f"/orders/{order}/amendment", body)


async def test_an_order_is_amended_and_tells_what_it_was_counted_by(dock: Dock) -> None:
    order = await dock.order(positions=2)
    await dock.matched(order)
    expires = dock.today + timedelta(days=90)
    wage = {"minor": 200_000, "currency": "JPY"}
    answer = await _amended(dock, order, positions=5, wage=wage, expires=expires.isoformat(), version=1)
    assert answer.status == 200, answer.body
    assert (answer.body["positions"], answer.body["wage"], answer.body["expires"]) == (5, wage, expires.isoformat())
    assert answer.body == await dock.show_order(order)
    (event,) = await dock.published(JobOrderAmended)
    assert (event.previous_positions, event.positions, event.wage.minor, event.expires) == (2, 5, 200_000, expires)
    dock.wait(60)
    assert (await dock.matched(order))["state"] == "matched", "it is open longer"
    types = [one["type"] for one in (await dock.get(f"/orders/{order}/history")).body["items"]]
    assert types == ["JobOrderOpened", "JobOrderAmended"]


async def test_an_order_is_never_amended_below_what_is_taken(dock: Dock) -> None:
    order = await dock.order(positions=4)
    await dock.departed(order)
    matched = await dock.matched(order)
    fewer = await _amended(dock, order, positions=1)
    assert (_refusal(fewer), fewer.body["state"]) == ((409, "POSITIONS_IN_USE", "positions"), {"reserved": 1, "filled": 1})
    assert _refusal(await _amended(dock, order, wage={"minor": 179_999, "currency": "JPY"})) == (409, "WAGE_PROMISED", "wage.minor")
    assert _refusal(await _amended(dock, order, wage={"minor": 900_000, "currency": "CNY"})) == (409, "WAGE_PROMISED", "wage")
    assert _refusal(await _amended(dock, order, wage_period="day")) == (409, "WAGE_PROMISED", "wage")
    assert (await _amended(dock, order, positions=2)).status == 200
    full = await dock.post(f"/matches/{await dock.proposed(order, await dock.worker())}/acceptance")
    assert full.code == "POSITION_TAKEN"
    await dock.post(f"/placements/{matched['placement']}/cancellation", {"reason": "worker"})
    assert (await _amended(dock, order, wage={"minor": 170_000, "currency": "JPY"})).status == 200, "nobody waits for the higher one"


async def test_fees_and_term_are_not_made_worse_for_those_who_wait_for_their_departure(dock: Dock) -> None:
    def yen(minor: int) -> dict[str, Any]:
        return {"minor": minor, "currency": "JPY"}

    order = await dock.order(positions=2, fee_cap=yen(50_000), term_months=36)
    matched = await dock.matched(order)
    assert _refusal(await _amended(dock, order, fee_cap=yen(50_001))) == (409, "FEE_CAP_PROMISED", "fee_cap.minor")
    changed_currency = {"wage": {"minor": 20_000, "currency": "CNY"}, "fee_cap": {"minor": 10, "currency": "CNY"}}
    assert _refusal(await _amended(dock, order, **changed_currency)) == (409, "WAGE_PROMISED", "wage")
    for months in (35, 37):
        refused = await _amended(dock, order, term_months=months)
        assert (_refusal(refused), refused.body["state"]) == ((409, "TERM_PROMISED", "term_months"), {"reserved": 1})
    assert (await _amended(dock, order, fee_cap=yen(40_000))).status == 200, "less is better for them"
    await dock.post(f"/placements/{matched['placement']}/cancellation", {"reason": "worker"})
    assert (await _amended(dock, order, fee_cap=yen(60_000), term_months=24)).status == 200, "nobody waits"


async def test_a_cap_on_fees_may_be_added_for_those_who_wait(dock: Dock) -> None:
    order = await dock.order(positions=2)
    await dock.matched(order)
    assert (await _amended(dock, order, fee_cap={"minor": 50_000, "currency": "JPY"})).status == 200


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (422, "NOTHING_TO_AMEND", None)),
        ({"positions": 1}, (422, "NOTHING_TO_AMEND", None)),
        ({"expires": "2018-02-28"}, (422, "PAST_DAY", "expires")),
        ({"fee_cap": {"minor": 5, "currency": "CNY"}}, (422, "CURRENCY_DIFFERS", "fee_cap.currency")),
        ({"version": 7, "positions": 2}, (409, "VERSION_CONFLICT", "version")),
    ],
)
async def test_an_amendment_must_amend_something_possible(dock: Dock, body: dict[str, Any], refusal: tuple[int, str, str | None]) -> None:
    order = await dock.order()
    assert _refusal(await _amended(dock, order, **body)) == refusal
    assert await dock.published(JobOrderAmended) == []


async def test_only_an_open_order_of_an_active_enterprise_is_amended_by_those_it_concerns(dock: Dock) -> None:
    enterprise = await dock.enterprise(seat="371002")
    order = await dock.order(enterprise)
    path = f"/orders/{order}/amendment"
    for who in (
        dock.client.speaking_as(Role.ENTERPRISE, party=uuid4()),
        dock.client.speaking_as(Role.OFFICER, regions=("620000",)),
    ):
        assert (await dock.post(path, {"positions": 9}, who=who)).status == 403
    await dock.post(f"/enterprises/{enterprise}/suspension", {"reason": "breach"})
    assert (await _amended(dock, order, positions=9)).code == "ENTERPRISE_NOT_ACTIVE"
    await dock.post(f"/enterprises/{enterprise}/reinstatement", {"reason": "breach"})
    dock.today = date(2018, 12, 1)
    expired = await _amended(dock, order, positions=9)
    assert (expired.status, expired.code, expired.body["state"]) == (409, "ORDER_NOT_OPEN", "expired")
    assert (await _amended(dock, str(uuid4()), positions=9)).code == "ORDER_NOT_FOUND"

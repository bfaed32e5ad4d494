"""The risk reserve: deposited, drawn for what the law allows, topped up within 20 working days or suspended."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from shared.events import EnterpriseReinstated, EnterpriseSuspended, ReserveDrawn, ReserveRestored
from shared.principals import Role
from tests.support.docking import Dock, dock
from tests.support.http import Answer

__all__ = ["dock"]

MINIMUM = 300_000_000  # fen
DRAW = 20_000_000


def _yuan(fen: int) -> dict[str, Any]:
    return {"minor": fen, "currency": "CNY"}


def _refusal(answer: Answer) -> tuple[int, str, str | None]:
    errors = answer.body.get("errors") or [{}]
    return answer.status, answer.code, errors[0].get("field")


async def _drawn(dock: Dock, enterprise: str, fen: int = DRAW, **changes: Any) -> dict[str, Any]:
    body = {"amount": _yuan(fen), "use": "wages", "case": str(uuid4()), **changes}
    answer = await dock.post(f"/enterprises/{enterprise}/reserve/draw", body)
    assert answer.status == 200, answer.body
    return dict(answer.body)


async def _topped_up(dock: Dock, enterprise: str, fen: int) -> dict[str, Any]:
    answer = await dock.post(f"/enterprises/{enterprise}/reserve/top-up", {"amount": _yuan(fen)})
    assert answer.status == 200, answer.body
    return dict(answer.body)


async def test_worked_example_reserve_drawn_for_back_pay_and_not_topped_up(dock: Dock) -> None:
    """3,000,000, draw 200,000: EnterpriseSuspended after 20 working days without top-up, orders of it stop matching."""
    enterprise = await dock.enterprise(reserve=MINIMUM)
    order = await dock.order(enterprise, positions=3, expires="2018-12-31")
    dock.today = date(2018, 9, 14)
    case = str(uuid4())
    drawn = await _drawn(dock, enterprise, case=case)
    assert (drawn["reserve"], drawn["reserve_due"], drawn["state"]) == (_yuan(280_000_000), "2018-10-18", "active")
    (event,) = await dock.published(ReserveDrawn)
    assert (event.amount.minor, event.balance.minor, event.use, str(event.case)) == (DRAW, 280_000_000, "wages", case)
    assert event.due == date(2018, 10, 18)  # 22-24 September and 1-7 October are off, 29 and 30 September worked
    assert (await dock.matched(order))["state"] == "matched", "until then it goes on"
    dock.today = date(2018, 10, 18)
    await dock.sweep()
    assert await dock.published(EnterpriseSuspended) == []
    dock.wait(1)
    await dock.sweep()
    (suspended,) = await dock.published(EnterpriseSuspended)
    assert (suspended.reason, suspended.grounds, suspended.effective) == ("reserve", ("reserve",), dock.today)
    refused = await dock.post(f"/orders/{order}/matches", {"worker": str(await dock.worker())})
    assert (refused.status, refused.code, refused.body["state"]) == (409, "ENTERPRISE_NOT_ACTIVE", "suspended")
    assert await dock.sweep() == 0
    restored = await _topped_up(dock, enterprise, DRAW)
    assert (restored["state"], restored["suspended_for"], restored["reserve_due"]) == ("active", [], None)
    (reinstated,) = await dock.published(EnterpriseReinstated)
    assert (reinstated.reason, reinstated.grounds) == ("reserve", ())
    assert (await dock.matched(order))["state"] == "matched"


async def test_a_top_up_in_time_leaves_the_enterprise_active_and_a_part_of_it_does_not_put_the_day_off(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    due = (await _drawn(dock, enterprise))["reserve_due"]
    dock.wait(5)
    assert (await _drawn(dock, enterprise, 1))["reserve_due"] == due, "a later draw does not either"
    assert (await _topped_up(dock, enterprise, DRAW))["reserve_due"] == due
    assert (await _topped_up(dock, enterprise, 1))["reserve_due"] is None
    dock.wait(60)
    assert await dock.sweep() == 0
    assert [event.due for event in await dock.published(ReserveRestored)] == [date.fromisoformat(due), None]
    assert await dock.published(EnterpriseSuspended) == []


async def test_a_draw_that_leaves_the_minimum_asks_for_no_top_up(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM + DRAW)
    assert (await _drawn(dock, enterprise))["reserve_due"] is None
    answer = await dock.post(f"/enterprises/{enterprise}/reserve/top-up", {"amount": _yuan(1)})
    assert (answer.status, answer.code, answer.body["state"]) == (409, "RESERVE_NOT_SHORT", _yuan(MINIMUM))


async def test_a_deposit_makes_a_draw_good_too_and_another_ground_stays(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    await _drawn(dock, enterprise)
    dock.wait(60)
    await dock.sweep()
    await dock.post(f"/enterprises/{enterprise}/suspension", {"reason": "breach"})
    mine = await dock.post(f"/enterprises/{enterprise}/reinstatement", {"reason": "reserve"})
    assert mine.status == 422, "only money lifts it"
    paid = (await dock.post(f"/enterprises/{enterprise}/reserve", {"amount": _yuan(DRAW)})).body
    assert (paid["state"], paid["suspended_for"], paid["reserve_due"]) == ("suspended", ["breach"], None)


async def test_no_more_is_drawn_than_there_is(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=DRAW)
    body = {"amount": _yuan(DRAW + 1), "use": "repatriation", "case": str(uuid4())}
    answer = await dock.post(f"/enterprises/{enterprise}/reserve/draw", body)
    assert (_refusal(answer), answer.body["state"]) == ((409, "RESERVE_TOO_SMALL", "amount"), _yuan(DRAW))
    assert (await _drawn(dock, enterprise, DRAW))["reserve"] == _yuan(0)
    assert len(await dock.published(ReserveDrawn)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"use": "bonus"}, "use"),
        ({"case": "none"}, "case"),
        ({"case": None}, "case"),
        ({"amount": _yuan(0)}, "amount"),
        ({"amount": _yuan(-5)}, "amount"),
        ({"amount": {"minor": 5, "currency": "JPY"}}, "amount.currency"),
        ({"version": 99}, "version"),
    ],
)
async def test_a_draw_for_nothing_that_the_law_allows_is_refused_naming_the_field(dock: Dock, changes: dict[str, Any], field: str) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    body = {"amount": _yuan(DRAW), "use": "wages", "case": str(uuid4()), **changes}
    answer = await dock.post(f"/enterprises/{enterprise}/reserve/draw", body)
    assert answer.status in (409, 422)
    assert answer.body["errors"][0]["field"] == field
    assert await dock.published(ReserveDrawn) == []
    assert (await dock.get(f"/enterprises/{enterprise}")).body["reserve"] == _yuan(MINIMUM)


async def test_a_repeated_draw_is_one_draw(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    body = {"amount": _yuan(DRAW), "use": "compensation", "case": str(uuid4())}
    answers = [await dock.post(f"/enterprises/{enterprise}/reserve/draw", body, key="the-same-draw") for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert (await dock.get(f"/enterprises/{enterprise}")).body["reserve"] == _yuan(MINIMUM - DRAW)


async def test_the_reserve_of_a_revoked_enterprise_still_pays(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    await dock.post(f"/enterprises/{enterprise}/revocation", {"reason": "breach"})
    assert (await _drawn(dock, enterprise, use="repatriation"))["state"] == "revoked"
    dock.wait(60)
    assert await dock.sweep() == 0


async def test_the_account_of_a_reserve_is_read_page_by_page_by_those_it_concerns(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    case = str(uuid4())
    await _drawn(dock, enterprise, use="fee_refund", case=case)
    await _topped_up(dock, enterprise, DRAW)
    path = f"/enterprises/{enterprise}/reserve"
    first = (await dock.get(path, limit=2)).body
    rest = (await dock.get(path, limit=2, after=first["next"])).body
    entries = [(one["kind"], one["amount"]["minor"], one["balance"]["minor"]) for one in [*first["items"], *rest["items"]]]
    assert entries == [("deposit", MINIMUM, MINIMUM), ("draw", -DRAW, MINIMUM - DRAW), ("top_up", DRAW, MINIMUM)]
    assert (first["items"][1]["use"], first["items"][1]["case"]) == ("fee_refund", case)
    assert (first["reserve"], first["due"], rest["next"]) == (_yuan(MINIMUM), None, None)
    assert (await dock.get(path, who=dock.client.speaking_as(Role.ENTERPRISE, party=enterprise))).status == 200
    assert (await dock.get(path, who=dock.client.speaking_as(Role.ENTERPRISE, party=uuid4()))).status == 403
    assert (await dock.get(f"/enterprises/{uuid4()}/reserve")).code == "ENTERPRISE_NOT_FOUND"


@pytest.mark.parametrize("path", ["reserve", "reserve/top-up"])
async def test_a_reserve_larger_than_an_amount_can_be_is_refused(dock: Dock, path: str) -> None:
    enterprise = await dock.enterprise(reserve=MINIMUM)
    await _drawn(dock, enterprise)
    async with dock.client.database.connection() as conn:
        await conn.execute("UPDATE enterprise SET reserve_minor = $1", 10**15 - 5)
    refused = await dock.post(f"/enterprises/{enterprise}/{path}", {"amount": _yuan(6)})
    assert (_refusal(refused), refused.body.get("state")) == ((409, "RESERVE_TOO_LARGE", "amount"), _yuan(10**15 - 5))
    filled = await dock.post(f"/enterprises/{enterprise}/{path}", {"amount": _yuan(5)})
    assert (filled.status, filled.body["reserve"]) == (200, _yuan(10**15))

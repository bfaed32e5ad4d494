"""Notices of breaches and penalties (E10): public as of their days, of enterprises and of foreign employers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from shared.events import NoticePublished, NoticeWithdrawn
from shared.principals import Role
from tests.support.docking import Dock, dock

__all__ = ["dock"]


def _notice(dock: Dock, **changes: Any) -> dict[str, Any]:
    body = {
        "breach": "wages_unpaid",
        "penalty": "fine",
        "fine": {"minor": 10_000_000, "currency": "CNY"},
        "decision_no": "2018-0042",
        "decided_on": dock.today.isoformat(),
        **changes,
    }
    return {name: value for name, value in body.items() if value is not None}


async def _published(dock: Dock, **changes: Any) -> str:
    answer = await dock.post("/notices", _notice(dock, **changes))
    assert answer.status == 201, answer.body
    return str(answer.body["notice"])


async def _public(dock: Dock, **query: Any) -> list[str]:
    answer = await dock.get("/public/notices", who=dock.client.speaking_as(Role.PUBLIC), **query)
    assert answer.status == 200, answer.body
    return [one["notice"] for one in answer.body["items"]]


async def test_a_notice_is_public_from_its_first_day_to_its_last(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    notice = await _published(dock, enterprise=enterprise, since="2018-03-05", until="2018-03-10")
    seen = [await _public(dock, on=day) for day in ("2018-03-04", "2018-03-05", "2018-03-10", "2018-03-11")]
    assert seen == [[], [notice], [notice], []]
    (event,) = await dock.published(NoticePublished)
    assert (str(event.enterprise), event.employer, event.breach, event.penalty) == (enterprise, None, "wages_unpaid", "fine")
    assert (event.effective.isoformat(), event.fine and event.fine.minor, event.decision_no) == ("2018-03-05", 10_000_000, "2018-0042")
    register = [one["notices"] for one in (await dock.get("/public/enterprises")).body["items"]]
    dock.wait(4)
    assert (register, [one["notices"] for one in (await dock.get("/public/enterprises")).body["items"]]) == ([0], [1])


async def test_a_withdrawn_notice_is_public_no_more_and_stays_as_it_was_for_earlier_days(dock: Dock) -> None:
    enterprise, other = await dock.enterprise(), await dock.enterprise()
    notice = await _published(dock, enterprise=enterprise)
    kept = await _published(dock, enterprise=other)
    dock.wait(3)
    withdrawn = await dock.post(f"/notices/{notice}/withdrawal", {"reason": "overturned", "version": 1})
    assert (withdrawn.status, withdrawn.body["state"], withdrawn.body["withdrawn_on"]) == (200, "withdrawn", dock.today.isoformat())
    assert (await _public(dock), await _public(dock, enterprise=enterprise, on="2018-03-03")) == ([kept], [notice])
    (event,) = await dock.published(NoticeWithdrawn)
    assert (event.reason, event.effective) == ("overturned", dock.today)
    again = await dock.post(f"/notices/{notice}/withdrawal", {"reason": "mistaken"})
    assert (again.status, again.code, again.body["state"]) == (409, "NOTICE_WITHDRAWN", "withdrawn")
    history = (await dock.get(f"/notices/{notice}/history")).body["items"]
    assert [one["type"] for one in history] == ["NoticePublished", "NoticeWithdrawn"]
    assert await _published(dock, enterprise=enterprise), "the same decision, once more"


async def test_foreign_employers_are_named_too_by_a_national_authority(dock: Dock) -> None:
    body = {"name": "Sakura KK", "destination": "JPN", "registration_no": "0104-01"}
    employer = (await dock.post("/employers", body)).body["employer"]
    shandong = dock.client.speaking_as(Role.OFFICER, regions=("370000",))
    barred = _notice(dock, employer=employer, breach="unsafe_work", penalty="barred", fine=None)
    assert (await dock.post("/notices", barred, who=shandong)).status == 403
    notice = (await dock.post("/notices", barred)).body["notice"]
    assert await _public(dock, employer=employer) == [notice]
    enterprise = await dock.enterprise(seat="370102")
    gansu = dock.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert (await dock.post("/notices", _notice(dock, enterprise=enterprise), who=gansu)).status == 403
    assert (await dock.post("/notices", _notice(dock, enterprise=enterprise), who=shandong)).status == 201
    mine = dock.client.speaking_as(Role.ENTERPRISE, party=enterprise)
    assert (await dock.post(f"/notices/{notice}/withdrawal", {"reason": "mistaken"}, who=mine)).status == 403


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"enterprise": None}, "NOTICE_OF_ONE", "enterprise"),
        ({"employer": str(uuid4())}, "NOTICE_OF_ONE", "enterprise"),
        ({"enterprise": str(uuid4())}, "ENTERPRISE_NOT_FOUND", "enterprise"),
        ({"enterprise": None, "employer": str(uuid4())}, "EMPLOYER_NOT_FOUND", "employer"),
        ({"decided_on": "2018-03-02"}, "FUTURE_DAY", "decided_on"),
        ({"since": "2018-02-28"}, "PAST_DAY", "since"),
        ({"until": "2018-02-28"}, "ENDS_BEFORE_START", "until"),
        ({"fine": None}, "FINE_MISSING", "fine"),
        ({"penalty": "barred"}, "FINE_MISSING", "fine"),
        ({"breach": "gossip"}, None, "breach"),
        ({"decision_no": "a\u0000"}, None, "decision_no"),
    ],
)
async def test_a_notice_that_says_too_little_or_too_much_is_refused(
    dock: Dock, changes: dict[str, Any], code: str | None, field: str
) -> None:
    answer = await dock.post("/notices", _notice(dock, **{"enterprise": await dock.enterprise(), **changes}))
    assert answer.status in (404, 422)
    assert answer.body["errors"][0]["field"] == field
    assert code is None or answer.code == code
    assert await dock.published(NoticePublished) == []


async def test_one_decision_is_published_once(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    notice = await _published(dock, enterprise=enterprise)
    twice = await dock.post("/notices", _notice(dock, enterprise=enterprise))
    assert (twice.status, twice.code, twice.body["state"]) == (409, "NOTICE_TAKEN", {"notice": notice})
    assert (await dock.get(f"/notices/{notice}")).body["decision_no"] == "2018-0042"
    assert (await dock.get(f"/notices/{uuid4()}")).code == "NOTICE_NOT_FOUND"

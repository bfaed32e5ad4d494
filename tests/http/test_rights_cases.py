"""Cases: opened with a clock, hidden where the worker wants it, closed for a reason."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from shared.events import CaseAnswered, CaseClosed, CaseDeadlineMissed, CaseOpened
from shared.principals import Role
from tests.support.recording import noon
from tests.support.rights import Office, office

__all__ = ["office"]


WITHDRAWN = {"outcome": "withdrawn", "confirmed": True}


def a_case(**changes: Any) -> dict[str, Any]:
    body = {"category": "conditions", "severity": "normal", "via": "worker", "text": "twelve to a room", **changes}
    return {name: str(value) if name in ("placement", "enterprise") else value for name, value in body.items()}


async def test_the_answer_is_due_by_severity_and_category(office: Office) -> None:
    placement = (await office.abroad()).placement
    emergency = await office.post("/cases", a_case(placement=placement, severity="emergency"))
    kind = await office.post("/cases", a_case(placement=placement, category="emergency"))
    assert kind.body["due_at"] == emergency.body["due_at"]
    wages = await office.post("/cases", a_case(placement=placement, category="wages"))
    other = await office.post("/cases", a_case(placement=placement))
    due = [datetime.fromisoformat(one.body["due_at"]) for one in (emergency, wages, other)]
    assert due[:2] == [noon(office.today) + timedelta(hours=hours) for hours in (2, 48)]
    assert due[2].isoformat() == "2018-08-01T23:59:59+08:00"  # 30 working days after 20 June 2018
    assert [one.blocking for one in await office.published(CaseOpened)] == [True, False, False, False]
    office.today += timedelta(days=1)
    listed = (await office.get("/cases")).body["items"]
    assert [(one["age_days"], one["overdue"]) for one in listed] == [(1, True), (1, True), (1, False), (1, False)]


async def test_a_case_closes_by_silence_only_after_being_asked_and_once(office: Office) -> None:
    case = (await office.post("/cases", a_case(placement=(await office.abroad()).placement))).body["case"]
    assert (await office.post(f"/cases/{case}/closure", {"outcome": "silence"})).code == "WORKER_NOT_ASKED"
    asked = (await office.post(f"/cases/{case}/closure-request")).body
    assert (asked["state"], asked["asked_at"]) == ("received", "2018-06-20T04:00:00Z")
    office.wait(29)
    early = await office.post(f"/cases/{case}/closure", {"outcome": "silence"})
    assert (early.status, early.code) == (409, "SILENCE_TOO_SHORT")
    office.wait(1)
    closed = await office.post(f"/cases/{case}/closure", {"outcome": "silence"})
    assert (closed.status, closed.body["state"], closed.body["outcome"]) == (200, "closed", "silence")
    assert (await office.post(f"/cases/{case}/closure", {"outcome": "withdrawn", "confirmed": True})).code == "CASE_NOT_OPEN"
    assert [(one.outcome, one.confirmed) for one in await office.published(CaseClosed)] == [("silence", False)]
    history = (await office.get(f"/cases/{case}/history")).body["items"]
    assert [one["type"] for one in history] == ["CaseOpened", "CaseClosureAsked", "CaseClosed"]
    assert (await office.get("/cases", open=True)).body["items"] == []
    assert [one["case"] for one in (await office.get("/cases", state="closed")).body["items"]] == [case]


async def test_a_case_is_answered_once_and_in_time(office: Office) -> None:
    case = (await office.post("/cases", a_case(placement=(await office.abroad()).placement, category="wages"))).body["case"]
    opened, answer = office.today, {"text": "we have asked the employer"}
    office.today += timedelta(days=2)
    answered = await office.post(f"/cases/{case}/answer", answer)
    assert (answered.status, answered.body["answered_at"], answered.body["overdue"]) == (200, "2018-06-22T04:00:00Z", False)
    assert (await office.post(f"/cases/{case}/answer", answer)).code == "ALREADY_ANSWERED"
    [event] = await office.published(CaseAnswered)
    assert (event.opened_on, event.effective) == (opened, office.today)
    office.today += timedelta(days=99)
    await office.sweep()
    assert (await office.get(f"/cases/{case}")).body["overdue"] is False
    await office.post(f"/cases/{case}/closure", {"outcome": "unfounded", "confirmed": True})
    assert (await office.post(f"/cases/{case}/answer", answer)).code == "CASE_NOT_OPEN"
    [closed] = await office.published(CaseClosed)
    assert (closed.opened_on, await office.published(CaseDeadlineMissed)) == (opened, [])


async def test_a_first_answer_that_does_not_come_in_time_is_published_once_by_the_sweep_or_the_next_command(office: Office) -> None:
    body = a_case(placement=(await office.abroad()).placement, category="wages")
    first, second, third = [(await office.post("/cases", body)).body["case"] for _ in range(3)]
    due = office.today + timedelta(days=2)
    office.today += timedelta(days=5)
    await office.post(f"/cases/{first}/answer", {"text": "sorry"})
    await office.post(f"/cases/{second}/closure", WITHDRAWN)
    await office.sweep()
    assert await office.sweep() == 0
    await office.post(f"/cases/{third}/closure", WITHDRAWN)
    missed = await office.published(CaseDeadlineMissed)
    assert [(str(one.case), one.effective) for one in missed] == [(first, due), (second, due), (third, due)]


async def test_an_enterprise_does_not_learn_who_complained_where_that_is_hidden(office: Office) -> None:
    placement = await office.abroad()
    case = (await office.post("/cases", a_case(placement=placement.placement, hidden=True))).body["case"]
    for seen in (
        (await office.get(f"/cases/{case}", who=office.enterprise())).body,
        (await office.get("/cases", who=office.enterprise())).body["items"][0],
    ):
        assert (seen["placement"], seen["text"]) == (None, "(hidden)")
    assert (await office.get(f"/cases/{case}")).body["placement"] == str(placement.placement)
    assert (await office.get(f"/cases/{case}", who=office.enterprise("another"))).status == 403


async def test_a_case_is_seen_and_closed_in_the_workers_own_county(office: Office) -> None:
    placement = await office.abroad()
    case = (await office.post("/cases", a_case(placement=placement.placement))).body["case"]
    gansu = office.client.speaking_as(Role.CLERK, regions=("620000",))
    assert (await office.get("/cases", who=gansu)).body["items"] == []
    assert (await office.get(f"/cases/{case}", who=gansu)).status == 403
    assert (await office.get(f"/cases/{case}/history", who=gansu)).status == 403
    assert (await office.post(f"/cases/{case}/closure", WITHDRAWN, who=gansu)).status == 403
    assert (await office.post("/cases", a_case(placement=placement.placement), who=gansu)).status == 403


async def test_cases_are_paged_and_the_last_page_leads_nowhere(office: Office) -> None:
    placement = (await office.abroad()).placement
    opened = [(await office.post("/cases", a_case(placement=placement))).body["case"] for _ in range(4)]
    first = (await office.get("/cases", limit=2)).body
    second = (await office.get("/cases", limit=2, after=first["next"])).body
    assert [one["case"] for one in first["items"] + second["items"]] == opened
    assert second["next"] is None


async def test_bad_cases_are_refused_by_field(office: Office) -> None:
    placement = (await office.abroad()).placement
    nobody = "018f0000-0000-7000-8000-000000000000"
    assert (await office.post("/cases", a_case())).code == "ENTERPRISE_MISSING"
    assert (await office.post("/cases", a_case(placement=nobody))).code == "PLACEMENT_NOT_FOUND"
    assert (await office.post("/cases", a_case(placement=placement, enterprise=nobody))).code == "ENTERPRISE_DIFFERS"
    assert (await office.get(f"/cases/{nobody}")).code == "CASE_NOT_FOUND"
    bad: list[tuple[dict[str, Any], str]] = [
        ({"category": "gossip"}, "category"),
        ({"severity": "HIGH"}, "severity"),
        ({"via": "rule"}, "via"),
        ({"text": ""}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"text": "a\x00b"}, "text"),
        ({"text": "\ud800"}, "text"),
        ({"hidden": "yes"}, "hidden"),
        ({"placement": "x"}, "placement"),
    ]
    for change, field in bad:
        answer = await office.post("/cases", a_case(**{"placement": placement, **change}))
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, field), change
    assert await office.published(CaseOpened) == []

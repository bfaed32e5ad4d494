"""Some days after the departure the worker says whether the terms are as agreed."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared.events import ArrivalConfirmed, ArrivalCorrected, ArrivalVoided
from shared.principals import Role
from tests.support.docking import START, Dock, a_departure, dock
from tests.support.http import Answer

__all__ = ["dock"]

AS_AGREED = {**dict.fromkeys(("employer", "wage", "work", "place", "hours"), "as_agreed"), "passport_kept": True}


def an_arrival(day: int = 14, terms: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    return {"day": day, "terms": {**AS_AGREED, **(terms or {})}, **changes}


def _path(placement: dict[str, Any]) -> str:
    return f"/placements/{placement['placement']}/arrivals"


async def _arrived(dock: Dock, days: int = 14) -> dict[str, Any]:
    gone = await dock.departed()
    dock.wait(days)
    return gone


def _refusal(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.code, answer.body["errors"][0]["field"]


async def test_the_worker_compares_the_terms_on_two_days(dock: Dock) -> None:
    gone = await _arrived(dock)
    first = await dock.post(_path(gone), an_arrival())
    assert (first.status, first.body["items"][0]["terms_match"]) == (201, True)
    dock.wait(76)
    differing = {"wage": "differs", "hours": "differs", "passport_kept": False}
    second = await dock.post(_path(gone), an_arrival(90, differing))
    assert [one["differences"] for one in second.body["items"]] == [[], ["wage", "hours", "passport"]]
    events = await dock.published(ArrivalConfirmed)
    assert [(one.fact.day, one.fact.terms_match, one.effective_on) for one in events] == [
        (14, True, START + timedelta(days=14)),
        (90, False, START + timedelta(days=90)),
    ]
    assert events[0].fact.origin.county == gone["county"]
    again = await dock.post(_path(gone), an_arrival(90))
    assert (again.status, again.code) == (409, "CONFIRMED_ALREADY")


async def test_an_enterprise_does_not_confirm_for_its_workers_and_reads_what_they_confirmed(dock: Dock) -> None:
    gone = await _arrived(dock)
    own = dock.client.speaking_as(Role.ENTERPRISE, party=gone["enterprise"])
    assert (await dock.post(_path(gone), an_arrival(), who=own)).status == 403
    clerk = dock.client.speaking_as(Role.CLERK)
    assert (await dock.post(_path(gone), an_arrival(), who=clerk)).status == 201
    assert len((await dock.get(_path(gone), who=own)).body["items"]) == 1
    elsewhere = dock.client.speaking_as(Role.CLERK, regions=("620000",))
    assert (await dock.get(_path(gone), who=elsewhere)).status == 403


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"day": 15}, (422, "ARRIVAL_DAY_NOT_ASKED", "day")),
        ({"day": 90}, (422, "ARRIVAL_TOO_EARLY", "confirmed_on")),
        ({"confirmed_on": "2018-03-14"}, (422, "ARRIVAL_TOO_EARLY", "confirmed_on")),
        ({"confirmed_on": "2018-03-16"}, (422, "FUTURE_DAY", "confirmed_on")),
        ({"terms": {"wage": "lower"}}, (422, "INVALID", "terms.wage")),
        ({"terms": {"passport_kept": "yes"}}, (422, "INVALID", "terms.passport_kept")),
        ({"day": 2**31}, (422, "INVALID", "day")),
        ({"version": 99}, (409, "VERSION_CONFLICT", "version")),
    ],
)
async def test_what_is_no_confirmation_is_refused(dock: Dock, changes: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    gone = await _arrived(dock)
    assert _refusal(await dock.post(_path(gone), an_arrival(**changes))) == refusal
    assert (await dock.get(_path(gone))).body["items"] == []


async def test_whoever_has_not_left_or_was_home_before_does_not_confirm(dock: Dock) -> None:
    cleared = await dock.cleared()
    early = await dock.post(_path(cleared), an_arrival())
    assert (early.status, early.code, early.body["state"]) == (409, "ILLEGAL_STEP", "cleared")
    gone = await _arrived(dock, 20)
    await dock.returned(gone)
    assert (await dock.post(_path(gone), an_arrival(confirmed_on="2018-03-15"))).status == 201, "confirmed then, recorded after the return"
    dock.wait(100)
    assert _refusal(await dock.post(_path(gone), an_arrival(90))) == (409, "HOME_BEFORE", "day")


async def test_a_confirmation_is_corrected_and_voided_and_can_be_given_again(dock: Dock) -> None:
    gone = await _arrived(dock, 20)
    await dock.post(_path(gone), an_arrival(terms={"place": "differs"}))
    path = f"{_path(gone)}/14"
    clerk = dock.client.speaking_as(Role.CLERK)
    assert (await dock.post(f"{path}/correction", {"reason": "mistyped", "confirmed_on": "2018-03-18"}, who=clerk)).status == 403
    right = {"reason": "misreported", "confirmed_on": "2018-03-18", "terms": {**AS_AGREED, "work": "differs"}}
    corrected = await dock.post(f"{path}/correction", right)
    assert corrected.body["items"][0] == {"day": 14, "confirmed_on": "2018-03-18", "terms_match": False, "differences": ["work"]}
    assert (await dock.post(f"{path}/correction", {"reason": "mistyped", "confirmed_on": "2018-03-18"})).code == "NOTHING_TO_CORRECT"
    assert (await dock.post(f"{path}/correction", {"reason": "mistyped", "confirmed_on": "2018-03-10"})).code == "ARRIVAL_TOO_EARLY"
    assert (await dock.post(f"{path}/void", {"reason": "wrong_placement"})).body["items"] == []
    for step, body in (("void", {"reason": "wrong_day"}), ("correction", {"reason": "mistyped", "confirmed_on": "2018-03-17"})):
        assert (await dock.post(f"{path}/{step}", body)).code == "ARRIVAL_NOT_FOUND"
    [before], [after], [voided] = [await dock.published(kind) for kind in (ArrivalConfirmed, ArrivalCorrected, ArrivalVoided)]
    assert (after.previous, after.reason, voided.previous) == (before.fact, "misreported", after.fact)
    assert (await dock.post(_path(gone), an_arrival())).status == 201


async def test_a_departure_that_never_was_takes_its_confirmations_along(dock: Dock) -> None:
    gone = await _arrived(dock)
    await dock.post(_path(gone), an_arrival())
    await dock.post(f"/placements/{gone['placement']}/departure/correction", {"reason": "mistyped", "county": "621126"})
    await dock.post(f"/placements/{gone['placement']}/departure/void", {"reason": "not_departed"})
    [confirmed], [voided] = await dock.published(ArrivalConfirmed), await dock.published(ArrivalVoided)
    assert (voided.previous, voided.reason) == (confirmed.fact, "dispatch_voided"), "counted under the codes it was counted by"


async def test_the_longest_overdue_arrival_comes_first_and_the_answer_says_when_one_is_due(dock: Dock) -> None:
    later, sooner = await dock.cleared(), await dock.cleared()
    for placement in (sooner, later):
        departure = a_departure(dock.today)
        assert (await dock.post(f"/placements/{placement['placement']}/departure", departure)).status == 200
        dock.wait(1)
    dock.wait(30)
    answer = (await dock.get("/arrivals/overdue")).body
    assert [one["placement"] for one in answer["items"]] == [sooner["placement"], later["placement"]]
    assert (answer["day"], answer["grace_days"]) == (14, 7)
    assert answer["items"][0]["due_on"] == (START + timedelta(days=21)).isoformat()


async def test_whoever_has_not_confirmed_in_time_is_listed_by_day_and_scope(dock: Dock) -> None:
    gone, silent = await dock.departed(), await dock.departed()
    dock.wait(21)
    assert (await dock.get("/arrivals/overdue")).body["items"] == []
    dock.wait(1)
    listed = (await dock.get("/arrivals/overdue")).body["items"]
    assert [(one["placement"], one["due_on"]) for one in listed] == [
        (one["placement"], (START + timedelta(days=21)).isoformat()) for one in (gone, silent)
    ]
    await dock.post(_path(gone), an_arrival())
    assert [one["placement"] for one in (await dock.get("/arrivals/overdue")).body["items"]] == [silent["placement"]]
    own = dock.client.speaking_as(Role.ENTERPRISE, party=gone["enterprise"])
    assert (await dock.get("/arrivals/overdue", who=own)).body["items"] == []
    for asked in ({"enterprise": silent["enterprise"]}, {"destination": "JPN"}):
        assert [one["placement"] for one in (await dock.get("/arrivals/overdue", **asked)).body["items"]] == [silent["placement"]]
    for asked in ({"enterprise": gone["enterprise"]}, {"destination": "SGP"}):
        assert (await dock.get("/arrivals/overdue", **asked)).body["items"] == []
    assert (await dock.get("/arrivals/overdue", who=dock.client.speaking_as(Role.CLERK, regions=("620000",)))).body["items"] == []
    dock.today = date(2018, 6, 30)
    first = (await dock.get("/arrivals/overdue", day=90, limit=1)).body
    second = (await dock.get("/arrivals/overdue", day=90, limit=1, after=first["next"])).body
    assert [one["items"][0]["placement"] for one in (first, second)] == [gone["placement"], silent["placement"]]
    await dock.returned(silent)
    assert [one["placement"] for one in (await dock.get("/arrivals/overdue", day=90)).body["items"]] == [gone["placement"]]
    assert (await dock.get("/arrivals/overdue", day=13)).code == "ARRIVAL_DAY_NOT_ASKED"

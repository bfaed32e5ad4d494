"""Records that contradict each other are flagged and passes held until an officer without a part in it decides; pass rates."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.training import settings
from shared.events import (
    AssessmentCorrected,
    AssessmentHeld,
    AssessmentRecorded,
    AttendanceOverlapFlagged,
    AttendanceRecorded,
    FindingDecided,
)
from shared.principals import Role
from shared.values import new_id
from tests.support.http import Client
from tests.support.training import DAYS, FULL_DAY, School, school

__all__ = ["school"]


@pytest.fixture
def cap_of_two(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TRAINING_PASSES_PER_DAY", "2")
    settings.policy.cache_clear()
    yield
    monkeypatch.undo()
    settings.policy.cache_clear()


def _officer(school: School) -> Client:
    return school.client.speaking_as(Role.OFFICER, subject="zhao-officer", regions=("370000",))


async def _findings(school: School, **query: Any) -> list[dict[str, Any]]:
    return list((await school.get("/findings", **query)).body["items"])


async def _decide(school: School, finding: str, outcome: str, who: Client | None = None) -> Any:
    body = {"outcome": outcome, "explanation": "the register of Li Wei was looked at"}
    return await school.post(f"/findings/{finding}/decision", body, who=who or _officer(school))


async def _in_two_centres(school: School) -> tuple[str, str, str, Client]:
    """A worker who attends all days of two sessions in two centres: the second session, both enrolments, the second trainer."""
    await school.centre("centre-2", 2)
    there = school.client.speaking_as(Role.TRAINER, party="centre-2", subject="li-trainer")
    here = await school.session()
    course = await school.post("/courses", {"destination": "SGP", "occupation": "7", "minimum_minutes": 60}, who=there)
    other = str((await school.post(f"/courses/{course.body['course']}/sessions", school.a_session(), who=there)).body["session"])
    worker = new_id()
    first, second = [
        (await school.enrolment(await school.match(worker=worker, destination=destination)))["enrolment"] for destination in ("JPN", "SGP")
    ]
    await school.attend(here)
    for day in range(DAYS):
        school.wait(-1 if day else 0)
        answer = await school.post(f"/sessions/{other}/attendance", school.present([second], 60), who=there)
        assert answer.body == {"recorded": 1, "overlaps": 1, "findings": 1}
    school.wait(DAYS - 1)
    return other, first, second, there


# --- attendance ---------------------------------------------------------------------------------------------------------------
async def test_one_worker_in_two_centres_on_one_day_is_flagged(school: School) -> None:
    _, first, second, _ = await _in_two_centres(school)
    flagged = await school.published(AttendanceOverlapFlagged)
    assert len(flagged) == DAYS
    assert {(str(one.enrolment), str(one.other), one.kind) for one in flagged} == {(second, first, "two_centres")}
    found = await _findings(school)
    assert [one["finding"] for one in found] == [str(one.finding) for one in flagged]
    elsewhere = school.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert (await school.get("/findings", who=elsewhere)).body["items"] == []
    assert (await _decide(school, found[0]["finding"], "dismissed", who=elsewhere)).status == 403


async def test_a_pass_is_held_until_every_finding_about_it_is_dismissed(school: School) -> None:
    session, _, second, there = await _in_two_centres(school)
    held = await school.assess(session, {second: 80})
    assert held.body["results"] == [{"enrolment": second, "score": 80, "passed": True, "held": True}]
    assert await school.published(AssessmentRecorded) == []
    assert len(await school.published(AssessmentHeld)) == 1
    named = await school.post(f"/sessions/{session}/certificates", {"enrolments": [second]}, who=there)
    assert (named.code, named.body["state"]) == ("ILLEGAL_STEP", "held")
    assert (await school.post(f"/sessions/{session}/certificates", {}, who=there)).body["issued"] == []
    assert (await school.assess(session, {second: 80})).code == "ILLEGAL_STEP"
    found = await _findings(school)
    for one in found[:-1]:
        assert (await _decide(school, one["finding"], "dismissed")).body["state"] == "dismissed"
        assert await school.published(AssessmentRecorded) == []
    examined = school.today
    school.wait(4)
    await _decide(school, found[-1]["finding"], "dismissed")
    [recorded] = await school.published(AssessmentRecorded)
    assert (recorded.passed, recorded.score, recorded.effective) == (True, 80, examined), "as of the day of the examination"
    assert len((await school.post(f"/sessions/{session}/certificates", {}, who=there)).body["issued"]) == 1
    assert await _findings(school) == []
    assert len(await _findings(school, state="dismissed", kind="two_centres")) == DAYS


async def test_a_finding_that_is_upheld_takes_the_examination_back(school: School) -> None:
    session, _, second, _ = await _in_two_centres(school)
    await school.assess(session, {second: 80})
    [finding, *_] = await _findings(school)
    assert (await _decide(school, finding["finding"], "upheld")).body["state"] == "upheld"
    [enrolment] = await school.enrolments(session=session)
    assert (enrolment["state"], enrolment["score"], enrolment["assessed_on"]) == ("enrolled", None, None)
    [decided] = await school.published(FindingDecided)
    assert (decided.outcome, decided.kind, str(decided.enrolment)) == ("upheld", "two_centres", second)
    again = await _decide(school, finding["finding"], "dismissed")
    assert (again.status, again.code, again.body["state"]) == (409, "FINDING_DECIDED", "upheld")
    events = str(await school.client.published())
    assert "Li Wei" not in events + str(await _findings(school, state="upheld")), "what was typed stays with the service"


async def test_a_finding_after_the_examination_keeps_the_certificate_back(school: School) -> None:
    session, first, second, there = await _in_two_centres(school)
    for one in await _findings(school):
        await _decide(school, one["finding"], "dismissed")
    assert (await school.assess(session, {second: 80})).body["results"][0]["held"] is False
    third = await school.session(1, course=await school.course(destination="MAC"), starts_in=0)
    worker = (await school.published(AttendanceOverlapFlagged))[0].worker
    late = (await school.enrolment(await school.match(worker=worker, destination="MAC")))["enrolment"]
    await school.post(f"/sessions/{third}/attendance", school.present([late], 60))
    [finding] = await _findings(school)
    assert {finding["enrolment"], finding["other"]} == {late, second}
    assert (await school.post(f"/sessions/{session}/certificates", {}, who=there)).body["issued"] == []
    named = await school.post(f"/sessions/{session}/certificates", {"enrolments": [second]}, who=there)
    assert (named.status, named.code, named.body["errors"][0]["field"]) == (409, "FINDING_OPEN", "enrolments.0")
    await _decide(school, finding["finding"], "dismissed")
    assert len((await school.post(f"/sessions/{session}/certificates", {}, who=there)).body["issued"]) == 1
    assert first != second


async def test_a_finding_after_the_examination_that_is_upheld_takes_the_pass_away(school: School) -> None:
    session, _, second, there = await _in_two_centres(school)
    for one in await _findings(school):
        await _decide(school, one["finding"], "dismissed")
    await school.assess(session, {second: 80})
    third = await school.session(1, course=await school.course(destination="MAC"), starts_in=0)
    worker = (await school.published(AttendanceOverlapFlagged))[0].worker
    late = (await school.enrolment(await school.match(worker=worker, destination="MAC")))["enrolment"]
    await school.post(f"/sessions/{third}/attendance", school.present([late], 60))
    [finding] = await _findings(school)
    assert (await _decide(school, finding["finding"], "upheld")).status == 200
    assert (await school.post(f"/sessions/{session}/certificates", {}, who=there)).body["issued"] == []
    [lost] = await school.published(AssessmentCorrected)
    assert (lost.previous.passed, lost.fact.passed, lost.reason, lost.approver) == (True, False, "finding", "officer:zhao-officer")
    [placement] = [one["placement"] for one in await school.enrolments(session=session)]
    assert placement in map(str, await school.waiting())


async def test_a_held_pass_whose_attendance_is_corrected_away_is_no_pass_any_more(school: School) -> None:
    session, _, second, _ = await _in_two_centres(school)
    await school.assess(session, {second: 80})
    for number in range(DAYS):
        body = {"day": (school.today - timedelta(days=number)).isoformat(), "minutes": 0, "reason": "finding"}
        asked = await school.post(f"/enrolments/{second}/attendance/correction", body, who=school.client)
        if asked.body["state"] == "pending":
            await school.post(f"/corrections/{asked.body['correction']}/approval", who=_officer(school))
    for one in await _findings(school):
        await _decide(school, one["finding"], "dismissed")
    [enrolment] = await school.enrolments(session=session)
    assert (enrolment["state"], enrolment["minutes_total"], enrolment["score"]) == ("enrolled", 0, None)
    assert await school.published(AssessmentRecorded, AssessmentCorrected) == []


async def test_nobody_decides_on_what_they_have_recorded(school: School) -> None:
    session, _, second, _ = await _in_two_centres(school)
    await school.assess(session, {second: 80})
    [finding, *_] = await _findings(school)
    for account in ("li-trainer", "wu-assessor"):
        same = school.client.speaking_as(Role.OFFICER, subject=account)
        refused = await _decide(school, finding["finding"], "dismissed", who=same)
        assert (refused.status, refused.code) == (409, "DECIDER_INVOLVED")
    unknown = await _decide(school, str(UUID(int=7)), "dismissed")
    assert (unknown.status, unknown.code) == (404, "FINDING_NOT_FOUND")
    assert await school.published(FindingDecided) == []


async def test_more_than_a_day_holds_is_flagged_even_in_one_centre(school: School) -> None:
    worker = new_id()
    roster = []
    for destination in ("JPN", "SGP", "MAC"):
        session = await school.session(1, course=await school.course(destination=destination))
        roster.append((session, (await school.enrolment(await school.match(worker=worker, destination=destination)))["enrolment"]))
    school.wait(7)
    found = []
    for session, enrolment in roster:
        answer = await school.post(f"/sessions/{session}/attendance", school.present([enrolment], 700))
        found.append(answer.body["findings"])
    assert found == [0, 1, 1], "1,400 minutes, and 2,100: more than 24 hours"
    assert [(one["kind"], one["minutes"]) for one in await _findings(school)] == [("long_day", 1400), ("long_day", 2100)]
    assert {one.kind for one in await school.published(AttendanceOverlapFlagged)} == {"long_day"}
    same = await school.post(f"/sessions/{session}/attendance", school.present([enrolment], 700))
    assert same.body == {"recorded": 0, "overlaps": 0, "findings": 0}
    [_, last] = await _findings(school)
    await _decide(school, last["finding"], "dismissed")
    await school.post(f"/sessions/{session}/attendance", school.present([enrolment], 720))
    assert [one["minutes"] for one in await _findings(school)] == [1400, 2120], "looked at once, it is not true for ever"
    assert len(await school.published(AttendanceRecorded)) == 3


# --- the cap on passes --------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("cap_of_two")
async def test_passes_of_a_centre_above_the_cap_of_a_day_are_held_for_an_officer(school: School) -> None:
    session = await school.session()
    enrolled = [(await school.enrolment(await school.match()))["enrolment"] for _ in range(4)]
    await school.attend(session)
    answer = await school.assess(session, dict(zip(enrolled, (80, 10, 80, 80), strict=True)))
    assert [(one["passed"], one["held"]) for one in answer.body["results"]] == [(True, False), (False, False), (True, False), (True, True)]
    assert [one.passed for one in await school.published(AssessmentRecorded)] == [True, False, True]
    [finding] = await _findings(school)
    assert (finding["kind"], finding["enrolment"]) == ("pass_cap", enrolled[3])
    assert len((await school.certify(session)).body["issued"]) == 2
    school.wait(1)
    await _decide(school, finding["finding"], "upheld")
    repeated = await school.assess(session, {enrolled[3]: 80})
    assert repeated.body["results"][0]["held"] is False, "another day, another count"
    assert len((await school.certify(session)).body["issued"]) == 1


@pytest.mark.usefixtures("cap_of_two")
async def test_sessions_examined_at_the_same_time_share_the_cap_of_their_day(school: School) -> None:
    course = await school.course()
    examined = []
    for _ in range(4):
        session = await school.session(2, course=course)
        enrolled = [(await school.enrolment(await school.match()))["enrolment"] for _ in range(2)]
        examined.append((session, dict.fromkeys(enrolled, 80)))
    start = school.today + timedelta(days=7)
    for session, scores in examined:
        school.today = start
        await school.attend(session, only=list(scores))
    answers = await asyncio.gather(*(school.assess(session, scores) for session, scores in examined))
    held = [[one["held"] for one in answer.body["results"]] for answer in answers]
    assert sorted(held) == [[False, False], [True, True], [True, True], [True, True]]


# --- pass rates ---------------------------------------------------------------------------------------------------------------
async def test_pass_rates_by_centre_assessor_course_and_month_and_who_stands_out(school: School) -> None:
    await school.centre("centre-2", 2, assessors=["easy-assessor"])
    there = school.client.speaking_as(Role.TRAINER, party="centre-2", subject="li-trainer")
    course = await school.post("/courses", {"destination": "SGP", "occupation": "7", "minimum_minutes": 60}, who=there)
    other = str((await school.post(f"/courses/{course.body['course']}/sessions", school.a_session(40), who=there)).body["session"])
    here = await school.session(40)
    strict = [(await school.enrolment(await school.match()))["enrolment"] for _ in range(12)]
    easy = [(await school.enrolment(await school.match(destination="SGP")))["enrolment"] for _ in range(12)]
    await school.attend(here)
    await school.post(f"/sessions/{other}/attendance", school.present(easy, FULL_DAY), who=there)
    await school.assess(here, {one: 80 if number < 3 else 10 for number, one in enumerate(strict)})
    await school.assess(other, dict.fromkeys(easy, 99), who=school.client.speaking_as(Role.ASSESSOR, subject="easy-assessor"))
    rates = (await school.get("/pass-rates", by="assessor")).body
    assert [(one["key"], one["rate"]) for one in rates["items"]] == [("easy-assessor", [12, 12]), ("wu-assessor", [3, 12])]
    assert [one["rate"] for one in (await school.get("/pass-rates", by="month")).body["items"]] == [[15, 24]]
    assert [one["key"] for one in (await school.get("/pass-rates", who=there)).body["items"]] == ["centre-2"]
    assert (await school.get("/pass-rates", since="2019-01-01", until="2019-12-31")).body["items"] == []
    assert len((await school.get("/pass-rates", by="course")).body["items"]) == 2
    found = (await school.get("/pass-rates/outliers", by="centre")).body
    assert [(one["key"], one["side"], one["others"], one["rate"]) for one in found["items"]] == [
        ("centre-1", "low", [12, 12], [3, 12]),  # impossible, where all others pass
        ("centre-2", "high", [3, 12], [12, 12]),
    ]
    assert found["groups"] == 2
    assert "binomial" in found["method"]
    assert (await school.get("/pass-rates/outliers", who=there)).status == 403

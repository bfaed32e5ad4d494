"""Seats by hand: enrolled in a session of one's choice, moved, cancelled; and sessions that do not take place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.events import EnrolmentCancelled, SessionCancelled, WorkerEnrolled
from shared.principals import Role
from tests.support.training import DAYS, Match, School, school

__all__ = ["school"]

NOBODY = "018f0000-0000-7000-8000-000000000000"


async def _enrol(school: School, session: str, match: Match, **how: Any) -> Any:
    return await school.post(f"/sessions/{session}/enrolments", {"placement": str(match.placement)}, **how)


async def _leave(school: School, enrolment: str, reason: str = "illness", **how: Any) -> Any:
    return await school.post(f"/enrolments/{enrolment}/cancellation", {"reason": reason}, **how)


# --- by hand ------------------------------------------------------------------------------------------------------------------
async def test_a_placement_moves_to_the_session_of_its_choice_and_its_seat_goes_to_whoever_waits(school: School) -> None:
    course = await school.course()
    near = await school.session(1, course=course, starts_in=3)
    first, second = await school.match(), await school.match()
    assert await school.waiting() == [second.placement]
    late = await school.session(2, course=course, starts_in=20)
    assert (await school.enrolment(second))["session"] == late
    third = await school.match()
    full = await _enrol(school, late, first)
    assert full.body["session"] == near, "late is full: who has a seat keeps it"
    assert third.placement not in await school.waiting()
    following = await school.session(2, course=course, starts_in=40)
    fourth = await school.match()
    assert (await school.enrolment(fourth))["session"] == following
    moved = await _enrol(school, following, first)
    assert moved.body == {
        "placement": str(first.placement),
        "enrolment": (await school.enrolment(first))["enrolment"],
        "session": following,
        "ahead": None,
    }
    [cancelled] = await school.published(EnrolmentCancelled)
    assert cancelled.reason == "moved"
    assert [one.replaces for one in await school.published(WorkerEnrolled) if one.placement == first.placement] == [
        None,
        cancelled.enrolment,
    ]
    fifth = await school.match()
    assert (await school.enrolment(fifth))["session"] == near, "the seat left behind is free again"


async def test_a_full_session_leaves_the_placement_waiting_behind_those_before_it(school: School) -> None:
    session = await school.session(1)
    await school.match()
    second, third = await school.match(), await school.match()
    waiting = await _enrol(school, session, third)
    assert waiting.body == {"placement": str(third.placement), "enrolment": None, "session": None, "ahead": 1}
    assert await school.waiting() == [second.placement, third.placement]
    [seated] = await school.enrolments(session=session)
    assert (await _leave(school, seated["enrolment"])).status == 200
    assert (await school.enrolment(second))["session"] == session, "the seat goes to whoever waits longest"


async def test_a_cancelled_enrolment_opens_the_need_again_and_never_leads_back_into_the_same_session(school: School) -> None:
    session = await school.session(2)
    match = await school.match()
    left = await _leave(school, (await school.enrolment(match))["enrolment"], "worker_unavailable")
    assert left.body == {"placement": str(match.placement), "enrolment": None, "session": None, "ahead": 0}
    assert await school.waiting() == [match.placement]
    other = await school.match()
    assert (await school.enrolment(other))["session"] == session
    assert (await _leave(school, (await school.enrolment(other))["enrolment"])).status == 200
    assert await school.waiting() == [match.placement, other.placement], "two seats are free, but both have given one up"
    assert (await school.get(f"/sessions/{session}")).body["free"] == 2
    elsewhere = await school.session(2)
    assert {(await school.enrolment(one))["session"] for one in (match, other)} == {elsewhere}
    assert [one.reason for one in await school.published(EnrolmentCancelled)] == ["worker_unavailable", "illness"]
    back = await _enrol(school, session, match)
    assert back.body["session"] == session, "by hand they may come back"


async def test_who_leaves_gets_a_seat_in_another_session_where_there_is_one(school: School) -> None:
    course = await school.course()
    first, second = [await school.session(1, course=course, starts_in=days) for days in (3, 9)]
    match = await school.match()
    left = await _leave(school, (await school.enrolment(match))["enrolment"])
    assert left.body["session"] == second != first


async def test_what_cannot_be_enrolled_is_refused(school: School) -> None:
    session = await school.session(1)
    match = await school.match()
    same = await _enrol(school, session, match)
    assert (same.status, same.code) == (409, "ALREADY_ENROLLED")
    unknown = await school.post(f"/sessions/{session}/enrolments", {"placement": NOBODY})
    assert (unknown.status, unknown.code, unknown.body["errors"][0]["field"]) == (404, "NEED_NOT_FOUND", "placement")
    assert (await _enrol(school, NOBODY, match)).code == "SESSION_NOT_FOUND"
    for changes in ({"destination": "SGP"}, {"occupation": "9313"}):
        other = await school.match(**changes)
        refused = await _enrol(school, session, other)
        assert (refused.status, refused.code) == (422, "COURSE_DOES_NOT_FIT")
    await school.cancel(match)
    gone = await _enrol(school, session, match)
    assert (gone.status, gone.code, gone.body["state"]) == (409, "NEED_NOT_OPEN", "closed")
    school.today += timedelta(days=7 + DAYS)
    over = await _enrol(school, session, await school.match())
    assert (over.status, over.code) == (409, "SESSION_OVER")


async def test_only_the_own_centre_and_the_own_counties_enrol_and_cancel(school: School) -> None:
    session = await school.session(2)
    match = await school.match()
    enrolment = (await school.enrolment(match))["enrolment"]
    strangers = (
        school.client.speaking_as(Role.TRAINER, party="centre-9"),
        school.client.speaking_as(Role.CLERK, regions=("620000",)),
    )
    for who in strangers:
        assert (await _leave(school, enrolment, who=who)).status == 403
        assert (await _enrol(school, session, match, who=who)).status == 403
    county = school.client.speaking_as(Role.CLERK, regions=("370102",))
    assert (await _leave(school, enrolment, who=county)).status == 200
    assert (await _leave(school, enrolment, who=county)).code == "ILLEGAL_STEP"
    assert (await _leave(school, NOBODY)).code == "ENROLMENT_NOT_FOUND"


async def test_a_trainer_takes_nobody_from_another_centre(school: School) -> None:
    here = await school.session()
    match = await school.match()
    await school.centre("centre-2", 2)
    rival = school.client.speaking_as(Role.TRAINER, party="centre-2", subject="li-trainer")
    course = await school.post("/courses", {"destination": "JPN", "occupation": "71", "minimum_minutes": 60}, who=rival)
    there = (await school.post(f"/courses/{course.body['course']}/sessions", school.a_session(), who=rival)).body["session"]
    assert (await _enrol(school, there, match, who=rival)).status == 403
    assert (await school.enrolment(match))["session"] == here
    assert await school.published(EnrolmentCancelled) == []
    county = school.client.speaking_as(Role.CLERK, regions=("370102",))
    assert (await _enrol(school, there, match, who=county)).body["session"] == there


async def test_a_passed_examination_is_not_given_up(school: School) -> None:
    session = await school.session()
    match = await school.match()
    enrolment = (await school.enrolment(match))["enrolment"]
    await school.attend(session)
    await school.assess(session, {enrolment: 80})
    refused = await _leave(school, enrolment)
    assert (refused.status, refused.code, refused.body["state"]) == (409, "ILLEGAL_STEP", "passed")
    another = await school.session(3)
    assert (await _enrol(school, another, match)).body["state"] == "passed"
    assert await school.published(EnrolmentCancelled) == []


# --- sessions that do not take place ------------------------------------------------------------------------------------------
async def _call_off(school: School, session: str, reason: str = "too_few") -> Any:
    return await school.post(f"/sessions/{session}/cancellation", {"reason": reason})


async def test_everybody_of_a_cancelled_session_is_seated_in_another_of_the_course_or_waits(school: School) -> None:
    course = await school.course()
    session = await school.session(4, course=course)
    matches = [await school.match() for _ in range(4)]
    other_course = await school.session(1, starts_in=1)
    same_course = await school.session(2, course=course, starts_in=20)
    answer = await _call_off(school, session)
    assert (answer.status, answer.body["state"], answer.body["taken"]) == (200, "cancelled", 0)
    assert [one["session"] for one in answer.body["reseated"]] == [same_course, same_course, other_course]
    assert answer.body["waiting"] == [str(matches[3].placement)]
    assert await school.waiting() == [matches[3].placement]
    cancelled = await school.published(EnrolmentCancelled)
    assert {one.reason for one in cancelled} == {"session_cancelled"}
    assert [one.placement for one in cancelled] == [one.placement for one in matches]
    replaced = [one.replaces for one in await school.published(WorkerEnrolled) if one.replaces]
    assert replaced == [one.enrolment for one in cancelled][:3], "each of them hears of the seat that follows"
    [event] = await school.published(SessionCancelled)
    assert (event.session, event.reason, event.reseated, event.waiting) == (UUID(session), "too_few", 3, 1)


async def test_a_seat_that_comes_too_late_for_the_match_is_none(school: School) -> None:
    course = await school.course()
    session = await school.session(1, course=course)
    match = await school.match()
    await school.session(1, course=course, starts_in=45 - DAYS + 2)
    assert (await _call_off(school, session)).body["waiting"] == [str(match.placement)], "the match is held for 45 days"
    in_time = await school.session(1, course=course, starts_in=45 - DAYS + 1)
    assert (await school.enrolment(match))["session"] == in_time


async def test_a_cancelled_session_takes_and_gives_nothing_more(school: School) -> None:
    session = await school.session(2)
    assert (await _call_off(school, session, "premises_unavailable")).body["reseated"] == []
    match = await school.match()
    assert await school.waiting() == [match.placement]
    present = {"day": school.today.isoformat(), "entries": [{"enrolment": NOBODY, "minutes": 1}]}
    for answer in (
        await _enrol(school, session, match),
        await _call_off(school, session),
        await school.post(f"/sessions/{session}/attendance", present),
        await school.assess(session, {NOBODY: 80}),
        await school.certify(session),
    ):
        assert (answer.status, answer.code, answer.body["state"]) == (409, "ILLEGAL_STEP", "cancelled")
    assert [one["session"] for one in (await school.get("/sessions", free="true")).body["items"]] == []


async def test_a_session_under_way_may_be_cancelled_and_one_that_was_examined_may_not(school: School) -> None:
    session = await school.session(2)
    enrolled = [(await school.enrolment(await school.match()))["enrolment"] for _ in range(2)]
    await school.attend(session)
    await school.assess(session, {enrolled[0]: 80})
    refused = await _call_off(school, session)
    assert (refused.status, refused.code) == (409, "SESSION_ASSESSED")
    assert await school.published(SessionCancelled, EnrolmentCancelled) == []
    under_way = await school.session(1, starts_in=1)
    match = await school.match()
    await school.attend(under_way, days=2)
    assert (await _call_off(school, under_way, "emergency")).body["waiting"] == [str(match.placement)]


async def test_a_session_is_cancelled_by_its_own_centre(school: School) -> None:
    session = await school.session()
    stranger = school.client.speaking_as(Role.TRAINER, party="centre-9")
    assert (await school.post(f"/sessions/{session}/cancellation", {"reason": "too_few"}, who=stranger)).status == 403
    assert (await _call_off(school, NOBODY)).code == "SESSION_NOT_FOUND"
    assert (await _call_off(school, session, "whim")).status == 422

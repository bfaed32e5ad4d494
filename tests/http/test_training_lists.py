"""Sessions scheduled, and what is recorded in them, for many in one command; every row is answered for by itself."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest

from shared.events import AssessmentRecorded, AttendanceRecorded, CertificateIssued, CourseScheduled
from shared.principals import Role
from shared.values import new_id
from tests.support.http import Answer
from tests.support.training import DAYS, FULL_DAY, School, school
from tests.support.wait import both_awaiting

__all__ = ["school"]


def _refused(answer: Answer) -> list[tuple[int, str | None, str]]:
    assert answer.status == 200, answer.body
    return [(one["row"], one["field"], one["code"]) for one in answer.body["refused"]]


async def _send(school: School, path: str, *rows: dict[str, Any], **call: Any) -> Answer:
    return await school.post(path, {"rows": rows}, **call)


async def _rosters(school: School, *destinations: str) -> dict[str, list[str]]:
    """A session for each destination with one worker in it; today is their last day."""
    for destination in destinations:
        await school.session(course=await school.course(destination=destination))
        await school.match(destination=destination)
    school.today += timedelta(days=7 + DAYS - 1)
    return {one["session"]: [one["enrolment"]] for one in await school.enrolments()}


def _register(school: School, session: str, roster: list[str], *, days: int = DAYS) -> dict[str, Any]:
    first = school.today - timedelta(days=DAYS - 1)
    entries = [{"enrolment": one, "minutes": FULL_DAY} for one in roster]
    return {"session": session, "days": [{"day": (first + timedelta(days=day)).isoformat(), "entries": entries} for day in range(days)]}


def _assessment(session: str, roster: list[str], score: int = 80) -> dict[str, Any]:
    return {"session": session, "entries": [{"enrolment": one, "score": score} for one in roster]}


async def test_lists_bring_the_workers_of_several_sessions_to_their_certificates(school: School) -> None:
    rosters = await _rosters(school, "JPN", "SGP")
    written = {"recorded": 2, "refused": []}
    assert (await _send(school, "/sessions/registers", *(_register(school, *one) for one in rosters.items()))).body == written
    assessed = await _send(school, "/sessions/assessments", *(_assessment(*one) for one in rosters.items()), who=school.assessor)
    assert assessed.body == written
    assert (await _send(school, "/sessions/certificates", *({"session": one} for one in rosters))).body == written
    assert [one["state"] for one in await school.enrolments()] == ["certified"] * 2
    for event, times in ((AttendanceRecorded, 2 * DAYS), (AssessmentRecorded, 2), (CertificateIssued, 2)):
        assert len(await school.published(event)) == times


async def test_sessions_of_a_list_are_scheduled_and_filled(school: School) -> None:
    course, other = await school.course(), await school.course(destination="SGP")
    await school.match()
    rows = [{"course": one, **school.a_session(4, starts_in)} for one, starts_in in ((course, 7), (other, 7), (course, 14))]
    answer = await _send(school, "/sessions", *rows)
    assert (answer.body["scheduled"], answer.body["refused"]) == (3, [])
    shown = [(await school.get(f"/sessions/{one}")).body for one in answer.body["sessions"]]
    assert [(one["course"], one["starts_on"], one["taken"]) for one in shown] == [
        (row["course"], row["starts_on"], taken) for row, taken in zip(rows, (1, 0, 0), strict=True)
    ]


async def test_a_bad_session_is_answered_and_hinders_no_other(school: School) -> None:
    course = await school.course()
    answer = await _send(
        school,
        "/sessions",
        {"course": str(new_id()), **school.a_session()},
        {"course": course, **school.a_session(trainer="nobody")},
        {"course": course, **school.a_session()},
        {"course": course, **school.a_session(starts_in=-1)},
    )
    assert _refused(answer) == [
        (0, None, "COURSE_NOT_FOUND"),
        (1, "trainer", "TRAINER_NOT_REGISTERED"),
        (3, "starts_on", "SESSION_IN_PAST"),
    ]
    assert (answer.body["scheduled"], len(answer.body["sessions"]), len(await school.published(CourseScheduled))) == (1, 1, 1)


async def test_of_a_register_with_a_bad_day_nothing_is_kept(school: School) -> None:
    rosters = await _rosters(school, "JPN", "SGP")
    late, good = (
        _register(school, session, roster, days=days) for (session, roster), days in zip(rosters.items(), (DAYS + 1, DAYS), strict=True)
    )
    answer = await _send(school, "/sessions/registers", late, good)
    assert (answer.body["recorded"], _refused(answer)) == (1, [(0, f"days.{DAYS}.day", "DAY_OUTSIDE_SESSION")])
    assert {str(one.enrolment) for one in await school.published(AttendanceRecorded)} == set(rosters[good["session"]])
    assert (await school.get(f"/sessions/{late['session']}/attendance")).body["items"] == []


async def test_who_fails_in_a_list_waits_for_another_seat(school: School) -> None:
    rosters = await _rosters(school, "JPN", "SGP")
    await _send(school, "/sessions/registers", *(_register(school, *one) for one in rosters.items()))
    scores = [_assessment(*one, score) for one, score in zip(rosters.items(), (80, 10), strict=True)]
    answer = await _send(school, "/sessions/assessments", *scores, _assessment(str(new_id()), [str(new_id())]), who=school.assessor)
    assert (answer.body["recorded"], _refused(answer)) == (2, [(2, None, "SESSION_NOT_FOUND")])
    assert [one["state"] for one in await school.enrolments()] == ["passed", "failed"]
    assert len(await school.waiting()) == 1


@pytest.mark.parametrize("path", ["/sessions", "/sessions/registers", "/sessions/assessments", "/sessions/certificates"])
async def test_a_list_of_none_of_too_many_or_with_a_row_of_another_form_is_refused(school: School, path: str) -> None:
    good: dict[str, dict[str, Any]] = {
        "/sessions": {"course": str(new_id()), **school.a_session()},
        "/sessions/registers": _register(school, str(new_id()), [str(new_id())]),
        "/sessions/assessments": _assessment(str(new_id()), [str(new_id())]),
        "/sessions/certificates": {"session": str(new_id())},
    }
    who = school.assessor if path.endswith("assessments") else None
    for rows, field in (([], "rows"), ([good[path]] * 101, "rows"), ([good[path], {**good[path], "\u0000": 1}], "rows.1.\u0000")):
        answer = await _send(school, path, *rows, who=who)
        assert (answer.status, [one["field"] for one in answer.body["errors"]]) == (422, [field])


async def test_another_centre_s_sessions_are_refused_row_by_row(school: School) -> None:
    rosters = await _rosters(school, "JPN")
    stranger = school.client.speaking_as(Role.TRAINER, party="another centre")
    for path, rows in (
        ("/sessions/registers", [_register(school, *one) for one in rosters.items()]),
        ("/sessions/certificates", [{"session": one} for one in rosters]),
    ):
        assert _refused(await _send(school, path, *rows, who=stranger)) == [(0, None, "FORBIDDEN")]
    assert await school.published(AttendanceRecorded) == []


async def test_lists_in_another_order_do_not_wait_for_each_other(school: School) -> None:
    rosters = await _rosters(school, "JPN", "SGP")
    sessions = list(rosters)
    first = f"SELECT FROM session WHERE session = '{sessions[0]}' FOR UPDATE"

    def lists(path: str, row: Callable[[str], dict[str, Any]], **call: Any) -> list[Coroutine[Any, Any, Answer]]:
        return [_send(school, path, *map(row, several), **call) for several in (sessions, reversed(sessions))]

    for one, other in (
        lists("/sessions/registers", lambda session: _register(school, session, rosters[session])),
        lists("/sessions/assessments", lambda session: _assessment(session, rosters[session]), who=school.assessor),
        lists("/sessions/certificates", lambda session: {"session": session}),
    ):
        answers = await both_awaiting(school.client.database, first, one, other)
        assert [answer.status for answer in answers] == [200, 200]


async def test_lists_that_examine_on_the_same_days_in_another_order_do_not_wait_for_each_other(school: School) -> None:
    rosters = await _rosters(school, "JPN", "SGP", "KOR", "ARE", "DEU")
    await _send(school, "/sessions/registers", *(_register(school, *one) for one in rosters.items()))
    days = [school.today.isoformat(), (school.today + timedelta(days=1)).isoformat()]
    school.today += timedelta(days=1)
    first, *others = rosters.items()
    await _send(school, "/sessions/assessments", {**_assessment(*first), "assessed_on": days[0]}, who=school.assessor)
    rows = [{**_assessment(*one), "assessed_on": day} for one, day in zip(others, [*days, *reversed(days)], strict=True)]
    one, other = (_send(school, "/sessions/assessments", *several, who=school.assessor) for several in (rows[:2], rows[2:]))
    answers = await both_awaiting(school.client.database, "SELECT FROM centre_day FOR UPDATE", one, other)
    assert [answer.body for answer in answers] == [{"recorded": 2, "refused": []}] * 2


async def test_lists_that_examine_in_the_same_centres_in_another_order_do_not_wait_for_each_other(school: School) -> None:
    first = await _rosters(school, "JPN", "SGP", "KOR")
    await _send(school, "/sessions/registers", *(_register(school, *one) for one in first.items()))
    school.teaching_at = "centre-2"
    await school.centre(school.teaching_at, 2)
    second = {session: roster for session, roster in (await _rosters(school, "ARE", "DEU", "FRA")).items() if session not in first}
    await _send(school, "/sessions/registers", *(_register(school, *one) for one in second.items()))
    pairs = [[_assessment(*one) for one in both] for both in zip(first.items(), second.items(), strict=True)]
    assert (await _send(school, "/sessions/assessments", *pairs[0], who=school.assessor)).body["recorded"] == 2
    one, other = (_send(school, "/sessions/assessments", *rows, who=school.assessor) for rows in (pairs[1], reversed(pairs[2])))
    answers = await both_awaiting(school.client.database, "SELECT FROM centre_day FOR UPDATE", one, other)
    assert [answer.body for answer in answers] == [{"recorded": 2, "refused": []}] * 2

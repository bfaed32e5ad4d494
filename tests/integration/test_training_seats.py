"""Seats and needs: who gets in, who waits, and that nobody waits for ever."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from shared.audiences import notice_of
from shared.events import CertificateExpired, EnrolmentCancelled, WorkerEnrolled
from tests.support.training import DAYS, School, school

__all__ = ["school"]


async def test_a_match_without_a_session_waits_and_the_next_session_takes_the_oldest_first(school: School) -> None:
    waiting = []
    for _ in range(3):
        waiting.append(await school.match())
        school.today += timedelta(days=1)
    assert await school.waiting() == [one.placement for one in waiting]
    course = await school.course()
    answer = await school.post(f"/courses/{course}/sessions", school.a_session(2))
    assert len(answer.body["enrolled"]) == answer.body["taken"] == 2
    assert await school.waiting() == [waiting[2].placement]
    assert [one.placement for one in await school.published(WorkerEnrolled)] == [one.placement for one in waiting[:2]]


async def test_the_backlog_is_paged_and_its_last_page_leads_nowhere(school: School) -> None:
    waiting = [str((await school.match()).placement) for _ in range(4)]
    first = (await school.get("/needs", limit=2)).body
    second = (await school.get("/needs", limit=2, after=first["next"])).body
    assert [one["placement"] for one in first["items"] + second["items"]] == waiting
    assert second["next"] is None


async def test_a_course_covers_the_occupations_below_its_code_and_no_others(school: School) -> None:
    session = await school.session()
    inside, outside, elsewhere = (
        await school.match(),
        await school.match(occupation="9313"),
        await school.match(destination="SGP"),
    )
    assert (await school.enrolment(inside))["session"] == session
    assert await school.waiting() == [outside.placement, elsewhere.placement]


async def test_the_earliest_session_with_a_free_seat_is_taken_and_none_that_has_begun(school: School) -> None:
    course = await school.course()
    late = await school.session(course=course, starts_in=30)
    soon = await school.session(1, course=course, starts_in=3)
    assert [(await school.enrolment(await school.match()))["session"] for _ in range(2)] == [soon, late]
    school.today += timedelta(days=31)
    await school.match()
    assert len(await school.waiting()) == 1


async def test_a_cancelled_placement_frees_its_seat_for_whoever_waits(school: School) -> None:
    session = await school.session(1)
    first, second = await school.match(), await school.match()
    assert await school.waiting() == [second.placement]
    await school.cancel(first)
    assert (await school.enrolment(first))["state"] == "cancelled"
    assert (await school.enrolment(second))["session"] == session
    [cancelled] = await school.published(EnrolmentCancelled)
    assert cancelled.reason == "placement_cancelled"


async def test_a_seat_freed_after_the_session_began_goes_to_nobody(school: School) -> None:
    session = await school.session(1)
    first, second = await school.match(), await school.match()
    await school.attend(session, days=2)
    await school.cancel(first)
    assert await school.waiting() == [second.placement]
    assert (await school.get(f"/sessions/{session}")).body["free"] == 1


async def test_a_waiting_placement_that_is_cancelled_or_departs_waits_no_more(school: School) -> None:
    cancelled, departed = await school.match(), await school.match()
    await school.cancel(cancelled)
    await school.depart(departed)
    await school.cancel(departed)
    await school.cancel(cancelled)
    assert await school.waiting() == []
    await school.session()
    assert await school.published(WorkerEnrolled) == []


async def test_events_of_placements_never_matched_here_change_nothing(school: School) -> None:
    known = await school.match()
    stranger = type(known)(placement=known.worker, worker=known.worker)  # type: ignore[arg-type]  # any id nobody knows
    await school.consume(stranger.departed(school.today), stranger.cancelled(school.today))
    assert await school.waiting() == [known.placement]


async def test_the_same_match_published_twice_is_one_need(school: School) -> None:
    await school.session()
    match = await school.match()
    await school.consume(match.made(school.today))
    assert len(await school.published(WorkerEnrolled)) == 1


async def test_a_valid_certificate_for_the_same_work_meets_the_next_need_at_once(school: School) -> None:
    first, _ = await school.certified()
    await school.depart(first)
    same = await school.match(worker=first.worker)
    other_work = await school.match(worker=first.worker, occupation="7113")
    assert await school.waiting("met") == [same.placement]
    assert await school.waiting() == [other_work.placement]


async def test_a_certificate_that_runs_out_before_departure_reopens_the_need(school: School) -> None:
    match, serial = await school.certified()
    school.today += timedelta(days=730)
    assert await school.sweep() == 0
    school.today += timedelta(days=1)
    assert await school.sweep() == 1
    assert await school.sweep() == 0
    assert await school.waiting() == [match.placement]
    [expired] = await school.published(CertificateExpired)
    assert (expired.serial, expired.placement, expired.effective) == (serial, match.placement, school.today)
    assert expired.reopens_need
    assert notice_of(expired, "system:training") is not None
    assert (await school.get(f"/certificates/{serial}")).body["state"] == "expired"


async def test_a_certificate_that_ends_after_departure_or_revocation_reopens_nothing(school: School) -> None:
    departed, first = await school.certified()
    await school.depart(departed)
    _, second = await school.certified()
    await school.post(f"/certificates/{second}/revocation", {"reason": "fraud"})
    school.today += timedelta(days=800)
    waiting = await school.waiting()
    await school.sweep()
    assert await school.waiting() == waiting
    [expired] = await school.published(CertificateExpired)
    assert expired.serial == first, "what was revoked does not expire"
    assert notice_of(expired, "system:training") is None, "whoever has departed needs no other"


async def test_revocation_after_departure_reopens_nothing(school: School) -> None:
    match, serial = await school.certified()
    await school.depart(match)
    assert (await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud"})).status == 200
    assert await school.waiting() == []


async def test_a_passed_examination_outlives_its_placement(school: School) -> None:
    session = await school.session()
    match = await school.match()
    enrolment = (await school.enrolment(match))["enrolment"]
    await school.attend(session)
    await school.assess(session, {enrolment: 70})
    await school.cancel(match)
    assert len((await school.certify(session)).body["issued"]) == 1
    again = await school.match(worker=match.worker)
    assert await school.waiting("met") == [again.placement]


async def test_a_session_never_assessed_gives_up_its_seats_and_the_needs_wait_again(school: School) -> None:
    session = await school.session(2)
    live, gone = await school.match(), await school.match()
    school.today += timedelta(days=7 + DAYS - 1 + 30)
    assert await school.sweep() == 0
    school.today += timedelta(days=1)
    await school.cancel(gone)
    assert await school.sweep() == 1
    assert await school.sweep() == 0
    assert await school.waiting() == [live.placement]
    assert {one.reason for one in await school.published(EnrolmentCancelled)} == {"placement_cancelled", "not_assessed"}
    assert (await school.get(f"/sessions/{session}")).body["taken"] == 0


async def test_the_sweep_gives_the_next_session_to_who_was_left_behind(school: School) -> None:
    left = await school.session(1, starts_in=1)
    match = await school.match()
    assert (await school.enrolment(match))["session"] == left
    following = await school.session(1, starts_in=60)
    school.today += timedelta(days=40)
    assert await school.sweep() == 1
    assert (await school.enrolment(match))["session"] == following


async def test_sessions_and_matches_at_once_leave_neither_a_free_seat_nor_a_need_that_could_have_it(school: School) -> None:
    course = await school.course()
    await asyncio.gather(
        *(school.match() for _ in range(12)),
        *(school.post(f"/courses/{course}/sessions", school.a_session(2)) for _ in range(4)),
    )
    sessions = (await school.get("/sessions")).body["items"]
    assert [one["free"] for one in sessions] == [0, 0, 0, 0]
    assert len(await school.waiting()) == 4
    assert len({one.placement for one in await school.published(WorkerEnrolled)}) == 8


async def test_the_database_itself_refuses_a_seat_too_many(school: School) -> None:
    await school.session(1)
    await school.match()
    async with school.client.database.connection() as conn:
        with pytest.raises(asyncpg.CheckViolationError, match="session_taken"):
            await conn.execute("UPDATE session SET taken = taken + 1")

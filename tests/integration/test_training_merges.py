"""Two registrations that are one person's, as training follows it: the order in which it learns of things makes no difference."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import timedelta

import pytest

from shared import events
from shared.values import PlacementId, WorkerId, new_id
from tests.support.merges import merged
from tests.support.training import Match, School, school

__all__ = ["school"]


async def test_seats_needs_and_certificates_are_the_survivors(school: School) -> None:
    one, serial = await school.certified()
    survivor = WorkerId(new_id())
    await school.consume(merged(one.worker, survivor, school.today))
    async with school.client.database.connection() as conn:
        for table in ("need", "enrolment", "certificate", "attendance"):
            assert await conn.fetchval(f"SELECT array_agg(DISTINCT worker) FROM {table}") == [survivor], table  # noqa: S608
    assert [enrolment["worker_no"] for enrolment in await school.enrolments()] == ["W00000002-3"]
    again = await school.match(worker=survivor)
    assert await school.waiting("met") == [one.placement, again.placement]
    assert serial


@pytest.mark.parametrize("match_first", [True, False])
async def test_a_certificate_of_one_meets_the_need_of_the_other(school: School, match_first: bool) -> None:
    one, _ = await school.certified()
    other = Match(placement=PlacementId(new_id()), worker=WorkerId(new_id()))
    steps = [other.made(school.today), merged(one.worker, other.worker, school.today)]
    for step in steps if match_first else reversed(steps):
        await school.consume(step)
    assert await school.waiting("met") == [one.placement, other.placement]
    numbers = [need["worker_no"] for need in (await school.get("/needs", state="met")).body["items"]]
    assert numbers == ["W00000002-3", other.worker_no]
    assert await school.waiting() == []


async def test_whoever_holds_a_certificate_frees_the_seat_for_whoever_waits(school: School) -> None:
    one, _ = await school.certified()
    session = await school.session(1)
    seated, waiting = await school.match(), await school.match()
    await school.consume(merged(one.worker, seated.worker, school.today))
    assert [(await school.enrolment(match))["state"] for match in (seated, waiting)] == ["cancelled", "enrolled"]
    assert (await school.enrolment(waiting))["session"] == session
    [cancelled] = await school.published(events.EnrolmentCancelled)
    assert (cancelled.worker, cancelled.reason) == (seated.worker, "certificate_held")


ORDERS = tuple(itertools.permutations(("match", "first merge", "second merge")))


@pytest.mark.parametrize("order", ORDERS)
async def test_a_chain_ends_the_same_whatever_arrives_first(school: School, order: Sequence[str]) -> None:
    first, second, third = (WorkerId(new_id()) for _ in range(3))
    match = Match(placement=PlacementId(new_id()), worker=first)
    happenings = {
        "match": match.made(school.today),
        "first merge": merged(first, second, school.today),
        "second merge": merged(second, third, school.today),
    }
    for name in order:
        await school.consume(happenings[name], happenings[name])
    async with school.client.database.connection() as conn:
        assert await conn.fetchval("SELECT worker FROM need") == third
        assert await conn.fetch("SELECT DISTINCT survivor FROM merged") == [(third,)]


async def test_whoever_attended_in_two_centres_under_two_numbers_is_found_out(school: School) -> None:
    here = await school.session()
    first = await school.match()
    await school.attend(here, days=1)
    day = school.today
    school.today -= timedelta(days=7)
    officer = school.client
    await school.centre("centre-2", 2)
    course = await school.post(
        "/courses", {"centre": "centre-2", "destination": "SGP", "occupation": "7", "minimum_minutes": 60}, who=officer
    )
    there = await school.post(f"/courses/{course.body['course']}/sessions", school.a_session(), who=officer)
    second = await school.match(destination="SGP")
    school.today = day
    enrolment = (await school.enrolment(second))["enrolment"]
    answer = await school.post(f"/sessions/{there.body['session']}/attendance", school.present([enrolment]), who=officer)
    assert answer.body["findings"] == 0
    await school.consume(merged(first.worker, second.worker, school.today))
    found = (await school.get("/findings", who=officer)).body["items"]
    assert sorted((one["kind"], one["day"]) for one in found) == [("long_day", day.isoformat()), ("two_centres", day.isoformat())]
    flagged = await school.published(events.AttendanceOverlapFlagged)
    assert {one.worker for one in flagged} == {second.worker}

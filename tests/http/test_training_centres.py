"""Licences of training centres: entered, renewed, staffed, suspended, reinstated, revoked; and what is held without one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared.events import (
    AttendanceRecorded,
    CentreLicensed,
    CentreReinstated,
    CentreRenewed,
    CentreRevoked,
    CentreStaffed,
    CentreSuspended,
    CourseScheduled,
    SessionCancelled,
)
from shared.principals import Role
from tests.support.training import CENTRE, DAYS, START, School, school

__all__ = ["school"]

NOBODY = "018f0000-0000-7000-8000-000000000000"


async def _act(school: School, centre: str, what: str, **body: Any) -> Any:
    return await school.post(f"/centres/{centre}/{what}", body, who=school.client)


async def _known(school: School) -> str:
    """The id of the centre that every test starts with."""
    return str((await school.get("/centres")).body["items"][0]["id"])


async def _schedule(school: School, seats: int = 10, **changes: Any) -> Any:
    return await school.post(f"/courses/{await school.course()}/sessions", school.a_session(seats, **changes))


# --- a licence's life ---------------------------------------------------------------------------------------------------------
async def test_a_licence_is_entered_renewed_staffed_suspended_reinstated_and_revoked(school: School) -> None:
    centre = await school.centre("centre-2", 2, valid_to="2018-12-31", capacity=20)
    renewed = await _act(school, centre, "renewal", valid_to="2020-12-31", capacity=30)
    assert (renewed.status, renewed.body["valid_to"], renewed.body["capacity"], renewed.body["version"]) == (200, "2020-12-31", 30, 2)
    staffed = await _act(school, centre, "staff", trainers=["a", "a", "b"], assessors=["c"], version=2)
    assert staffed.body["trainers"] == ["a", "b"]
    suspended = await _act(school, centre, "suspension", reason="investigation")
    assert suspended.body["state"] == "suspended"
    assert (await _act(school, centre, "suspension", reason="breach")).code == "CENTRE_ILLEGAL_STEP"
    school.wait(3)
    assert (await _act(school, centre, "reinstatement")).body["state"] == "active"
    assert (await _act(school, centre, "reinstatement")).code == "CENTRE_ILLEGAL_STEP"
    assert (await _act(school, centre, "revocation", reason="certificates_sold")).body["state"] == "revoked"
    for what, body in (
        ("renewal", {"valid_to": "2030-12-31"}),
        ("staff", {"trainers": [], "assessors": []}),
        ("suspension", {"reason": "breach"}),
        ("reinstatement", {}),
        ("revocation", {"reason": "breach"}),
    ):
        refused = await _act(school, centre, what, **body)
        assert (refused.status, refused.code, refused.body["state"]) == (409, "CENTRE_ILLEGAL_STEP", "revoked")

    kinds = (CentreLicensed, CentreRenewed, CentreStaffed, CentreSuspended, CentreReinstated, CentreRevoked)
    events = [one for one in await school.published(*kinds) if str(one.centre_id) == centre]
    assert [type(one) for one in events] == list(kinds)
    assert (events[1].previous_valid_to, events[4].suspended_on) == (date(2018, 12, 31), START)
    assert (events[2].trainers, events[2].assessors) == (2, 1), "accounts stay here"
    history = (await school.get(f"/centres/{centre}/history")).body["items"]
    assert [one["type"] for one in history] == [one.__name__ for one in kinds]


async def test_an_ended_licence_is_shown_and_found_as_expired(school: School) -> None:
    centre = await _known(school)
    school.today = date(2026, 1, 1)
    assert (await school.get(f"/centres/{centre}")).body["state"] == "expired"
    assert [one["id"] for one in (await school.get("/centres", state="expired")).body["items"]] == [centre]
    assert (await school.get("/centres", state="active")).body["items"] == []
    assert (await school.get("/centres", region="620000")).body["items"] == []


BAD_LICENCES: list[tuple[dict[str, Any], int, str, str]] = [
    ({"licence_no": "36001"}, 422, "REGION_DIFFERS", "licence_no"),
    ({"licence_no": "99001", "region": "990000"}, 422, "REGION_NOT_FOUND", "region"),
    ({"region": "370100"}, 422, "REGION_NOT_FOUND", "region"),
    ({"licence_no": "3700"}, 422, "INVALID", "licence_no"),
    ({"licence_no": "３７００２"}, 422, "INVALID", "licence_no"),
    ({"valid_to": "2015-12-31"}, 422, "VALIDITY_DAYS", "valid_to"),
    ({"valid_to": "2018-02-28"}, 422, "VALIDITY_DAYS", "valid_to"),
    ({"capacity": 0}, 422, "INVALID", "capacity"),
    ({"trainers": ["x"] * 501}, 422, "INVALID", "trainers"),
    ({"trainers": ["\x00"]}, 422, "INVALID", "trainers.0"),
    ({"licence_no": "37001"}, 409, "LICENCE_TAKEN", "licence_no"),
    ({"centre": CENTRE}, 409, "CENTRE_LICENSED", "centre"),
]


async def test_a_bad_licence_is_refused(school: School) -> None:
    for changes, status, code, field in BAD_LICENCES:
        answer = await school.post("/centres", school.a_centre(**{"centre": "centre-2", "number": 2, **changes}), who=school.client)
        assert (answer.status, answer.code, answer.body["errors"][0]["field"]) == (status, code, field), changes
    assert len(await school.published(CentreLicensed)) == 1


async def test_a_licence_is_the_affair_of_its_region(school: School) -> None:
    gansu = school.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert (await school.post("/centres", school.a_centre("centre-2", 2), who=gansu)).status == 403
    path = f"/centres/{await _known(school)}/revocation"
    assert (await school.post(path, {"reason": "breach"}, who=gansu)).status == 403
    assert (await school.post(path, {"reason": "breach"}, who=school.trainer)).status == 403
    assert (await school.post(f"/centres/{NOBODY}/revocation", {"reason": "breach"}, who=school.client)).code == "CENTRE_NOT_FOUND"
    shandong = school.client.speaking_as(Role.OFFICER, regions=("370000",))
    stale = await school.post(path, {"reason": "breach", "version": 7}, who=shandong)
    assert (stale.status, stale.code) == (409, "VERSION_CONFLICT")
    assert (await school.post(path, {"reason": "breach"}, who=shandong)).status == 200


# --- sessions only at a licensed centre ---------------------------------------------------------------------------------------
async def test_a_session_lies_within_the_licence_of_its_centre(school: School) -> None:
    other = school.client.speaking_as(Role.TRAINER, party="centre-9", subject="li-trainer")
    course = await school.post("/courses", {"destination": "JPN", "occupation": "71"}, who=other)
    path = f"/courses/{course.body['course']}/sessions"
    unlicensed = await school.post(path, school.a_session(), who=other)
    assert (unlicensed.status, unlicensed.code) == (409, "CENTRE_NOT_LICENSED")
    await school.centre("centre-9", 9, valid_from="2018-03-10", valid_to="2018-03-20")
    for starts_in, field in ((7, "starts_on"), (16, "ends_on")):
        outside = await school.post(path, school.a_session(starts_in=starts_in), who=other)
        assert (outside.status, outside.code, outside.body["errors"][0]["field"]) == (409, "CENTRE_NOT_LICENSED", field)
    assert (await school.post(path, school.a_session(starts_in=9), who=other)).status == 201
    assert len(await school.published(CourseScheduled)) == 1


async def test_only_a_registered_trainer_teaches_and_a_registered_assessor_examines(school: School) -> None:
    refused = await _schedule(school, trainer="stranger")
    assert (refused.status, refused.code, refused.body["errors"][0]["field"]) == (422, "TRAINER_NOT_REGISTERED", "trainer")
    session = await school.session()
    enrolment = (await school.enrolment(await school.match()))["enrolment"]
    await school.attend(session)
    stranger = school.client.speaking_as(Role.ASSESSOR, subject="stranger")
    refused = await school.assess(session, {enrolment: 80}, who=stranger)
    assert (refused.status, refused.code) == (409, "ASSESSOR_NOT_REGISTERED")
    clerk = {"entries": [{"enrolment": enrolment, "score": 80}]}
    refused = await school.post(f"/sessions/{session}/assessments", clerk, who=school.client)
    assert refused.code == "ASSESSOR_NOT_REGISTERED", "an officer types in results under an assessor's name only"
    named = await school.post(f"/sessions/{session}/assessments", {**clerk, "assessor": "wu-assessor"}, who=school.client)
    assert named.status == 200


async def test_an_assessor_sends_the_own_examinations_and_corrects_only_where_registered(school: School) -> None:
    await _act(school, await _known(school), "staff", trainers=["li-trainer"], assessors=["wu-assessor", "he-assessor"])
    session = await school.session()
    enrolment = (await school.enrolment(await school.match()))["enrolment"]
    await school.attend(session)
    body = {"entries": [{"enrolment": enrolment, "score": 80}], "assessor": "he-assessor"}
    refused = await school.post(f"/sessions/{session}/assessments", body, who=school.assessor)
    assert (refused.status, refused.code, refused.body["errors"][0]["field"]) == (409, "NOT_YOUR_EXAMINATION", "assessor")
    await school.assess(session, {enrolment: 80})
    correction = {"score": 90, "reason": "mistyped"}
    path = f"/enrolments/{enrolment}/assessment/correction"
    for account, code in (("li-trainer", "ASSESSOR_IS_TRAINER"), ("stranger", "ASSESSOR_NOT_REGISTERED")):
        assessor = school.client.speaking_as(Role.ASSESSOR, subject=account)
        assert (await school.post(path, correction, who=assessor)).code == code
    assert (await school.post(path, correction, who=school.assessor)).body["state"] == "applied"


async def test_an_officer_schedules_and_cancels_in_the_own_region_only(school: School) -> None:
    session = await school.session()
    gansu = school.client.speaking_as(Role.OFFICER, regions=("620000",))
    path = f"/courses/{await school.course()}/sessions"
    assert (await school.post(path, school.a_session(), who=gansu)).status == 403
    assert (await school.post(f"/sessions/{session}/cancellation", {"reason": "too_few"}, who=gansu)).status == 403
    shandong = school.client.speaking_as(Role.OFFICER, regions=("370000",))
    assert (await school.post(path, school.a_session(), who=shandong)).status == 201
    assert (await school.post(f"/sessions/{session}/cancellation", {"reason": "too_few"}, who=shandong)).status == 200


async def test_who_kept_the_attendance_does_not_assess_whoever_is_named_as_trainer(school: School) -> None:
    await _act(school, await _known(school), "staff", trainers=["li-trainer", "straw-man"], assessors=["li-trainer", "wu-assessor"])
    course = await school.course()
    answer = await school.post(f"/courses/{course}/sessions", school.a_session(trainer="straw-man"))
    session = str(answer.body["session"])
    enrolment = (await school.enrolment(await school.match()))["enrolment"]
    await school.attend(session)
    refused = await school.assess(session, {enrolment: 80}, who=school.client.speaking_as(Role.ASSESSOR, subject="li-trainer"))
    assert (refused.status, refused.code) == (409, "ASSESSOR_IS_TRAINER")
    assert (await school.assess(session, {enrolment: 80})).status == 200


async def test_no_more_seats_on_a_day_than_the_licence_allows(school: School) -> None:
    other = school.client.speaking_as(Role.TRAINER, party="centre-9", subject="li-trainer")
    await school.centre("centre-9", 9, capacity=10)
    course = await school.post("/courses", {"destination": "JPN", "occupation": "71"}, who=other)
    path = f"/courses/{course.body['course']}/sessions"
    first = await school.post(path, school.a_session(6, 1), who=other)
    assert first.status == 201
    assert (await school.post(path, school.a_session(4, DAYS), who=other)).status == 201, "one day together"
    for starts_in in (1, DAYS):
        full = await school.post(path, school.a_session(5, starts_in), who=other)
        assert (full.status, full.code, full.body["errors"][0]["field"], full.body["state"]) == (409, "CAPACITY_EXCEEDED", "seats", 0)
    assert (await school.post(path, school.a_session(6, DAYS + 1), who=other)).status == 201
    assert (await school.post(f"/sessions/{first.body['session']}/cancellation", {"reason": "too_few"}, who=other)).status == 200
    assert (await school.post(path, school.a_session(7, 1), who=other)).body["state"] == 6, "on the day together"
    assert (await school.post(path, school.a_session(6, 1), who=other)).status == 201


# --- closed centres -----------------------------------------------------------------------------------------------------------
async def test_the_sweep_cancels_what_has_not_begun_at_a_suspended_centre(school: School) -> None:
    begun, later = await school.session(1, starts_in=0), await school.session(1, starts_in=20)
    matches = [await school.match() for _ in range(2)]
    await school.centre("centre-2", 2)
    there = school.client.speaking_as(Role.TRAINER, party="centre-2", subject="li-trainer")
    course = await school.post("/courses", {"destination": "JPN", "occupation": "71"}, who=there)
    elsewhere = await school.post(f"/courses/{course.body['course']}/sessions", school.a_session(5, 25), who=there)
    centre = next(one["id"] for one in (await school.get("/centres")).body["items"] if one["centre"] == CENTRE)
    await _act(school, centre, "suspension", reason="premises")
    assert await school.sweep() == 1
    assert await school.sweep() == 0
    [cancelled] = await school.published(SessionCancelled)
    assert (str(cancelled.session), cancelled.reason, cancelled.reseated) == (later, "centre_closed", 1)
    assert (await school.enrolment(matches[0]))["session"] == begun
    assert (await school.enrolment(matches[1]))["session"] == elsewhere.body["session"]


async def test_nothing_is_attended_or_examined_on_a_day_of_a_suspension(school: School) -> None:
    session = await school.session(1, starts_in=0)
    enrolment = (await school.enrolment(await school.match()))["enrolment"]
    await school.attend(session, days=1)
    centre = await _known(school)
    school.wait(1)
    await _act(school, centre, "suspension", reason="investigation")
    refused = await school.post(f"/sessions/{session}/attendance", school.present([enrolment]))
    assert (refused.status, refused.code, refused.body["state"]) == (409, "CENTRE_NOT_ACTIVE", "suspended")
    suspended_day = school.today
    school.wait(1)
    await _act(school, centre, "reinstatement")
    assert (await school.post(f"/sessions/{session}/attendance", school.present([enrolment]))).status == 200
    late = {**school.present([enrolment]), "day": suspended_day.isoformat()}
    assert (await school.post(f"/sessions/{session}/attendance", late)).code == "CENTRE_NOT_ACTIVE", "written down later, it is no truer"
    body = {"entries": [{"enrolment": enrolment, "score": 80}], "assessed_on": suspended_day.isoformat()}
    assert (await school.post(f"/sessions/{session}/assessments", body, who=school.assessor)).code == "CENTRE_NOT_ACTIVE"
    assert len(await school.published(AttendanceRecorded)) == 2


@pytest.mark.parametrize("examined", [False, True])
async def test_a_revoked_centre_ends_its_sessions_but_not_what_was_examined(school: School, *, examined: bool) -> None:
    session = await school.session(2, starts_in=0)
    first, second = [await school.match() for _ in range(2)]
    await school.attend(session, days=DAYS)
    if examined:
        await school.assess(session, {(await school.enrolment(first))["enrolment"]: 80})
    await _act(school, await _known(school), "revocation", reason="certificates_sold")
    assert await school.sweep() == (0 if examined else 1)
    assert len(await school.published(SessionCancelled)) == (0 if examined else 1)
    if examined:
        assert len((await school.certify(session)).body["issued"]) == 1, "passed while the licence was in force"
        refused = await school.assess(session, {(await school.enrolment(second))["enrolment"]: 80})
        assert (refused.code, refused.body["state"]) == ("CENTRE_NOT_ACTIVE", "revoked")
    scheduled = await _schedule(school)
    assert (scheduled.code, scheduled.body["state"]) == ("CENTRE_NOT_ACTIVE", "revoked")
    enrolled = await school.post(f"/sessions/{session}/enrolments", {"placement": str(second.placement)})
    assert enrolled.code in ("CENTRE_NOT_ACTIVE", "ILLEGAL_STEP")


async def test_a_seat_at_a_suspended_centre_is_given_to_nobody(school: School) -> None:
    session = await school.session(2)
    await _act(school, await _known(school), "suspension", reason="breach")
    match = await school.match()
    assert await school.waiting() == [match.placement]
    by_hand = await school.post(f"/sessions/{session}/enrolments", {"placement": str(match.placement)})
    assert (by_hand.code, by_hand.body["state"]) == ("CENTRE_NOT_ACTIVE", "suspended")
    assert school.today + timedelta(days=7) == date(2018, 3, 8)

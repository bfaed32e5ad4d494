"""A session from its schedule to certificates, over HTTP; and everything that is refused on the way."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from shared.events import (
    AssessmentRecorded,
    AttendanceCorrected,
    AttendanceRecorded,
    CertificateIssued,
    CertificateRevoked,
    CoursePublished,
    CourseScheduled,
    Event,
    WorkerEnrolled,
)
from shared.principals import Role
from tests.support.training import CENTRE, DAYS, FULL_DAY, School, school

__all__ = ["school"]


async def test_a_matched_worker_is_trained_examined_and_certified(school: School) -> None:
    session = await school.session()
    match = await school.match()
    enrolment = (await school.enrolment(match))["enrolment"]
    await school.attend(session)
    assessed = await school.assess(session, {enrolment: 80})
    issued = await school.certify(session)
    assert assessed.body["results"] == [{"enrolment": enrolment, "score": 80, "passed": True, "held": False}]
    [certificate] = issued.body["issued"]
    assert certificate["placement"] == str(match.placement)

    kinds: list[type[Event]] = [
        CoursePublished,
        CourseScheduled,
        WorkerEnrolled,
        *[AttendanceRecorded] * DAYS,
        AssessmentRecorded,
        CertificateIssued,
    ]
    published = await school.published(*set(kinds))
    assert [type(one) for one in published] == kinds
    last = published[-1]
    assert (last.serial, last.destination, last.occupation) == (certificate["serial"], "JPN", "7112")
    assert last.minutes == DAYS * FULL_DAY
    assert last.valid_to == school.today + timedelta(days=730)
    assert [one.minutes_total for one in published if isinstance(one, AttendanceRecorded)] == [FULL_DAY * n for n in range(1, DAYS + 1)]


async def test_a_register_of_several_days_is_what_each_day_would_have_been(school: School) -> None:
    session = await school.session()
    await school.match()
    [enrolment] = [one["enrolment"] for one in await school.enrolments()]
    first = school.today + timedelta(days=7)
    school.today = first + timedelta(days=DAYS - 1)
    entries = school.present([enrolment])["entries"]
    days = [{"day": (first + timedelta(days=number)).isoformat(), "entries": entries} for number in range(DAYS)]
    recorded = await school.post(f"/sessions/{session}/register", {"days": days})
    assert (recorded.status, recorded.body) == (200, {"recorded": DAYS, "overlaps": 0, "findings": 0})
    attended = await school.published(AttendanceRecorded)
    assert [one.minutes_total for one in attended] == [FULL_DAY * n for n in range(1, DAYS + 1)]
    assert [one.effective_on for one in attended] == [first + timedelta(days=number) for number in range(DAYS)]
    assert (await school.post(f"/sessions/{session}/register", {"days": days})).body["recorded"] == 0


async def test_a_register_with_one_wrong_entry_is_not_written_at_all(school: School) -> None:
    session = await school.session()
    await school.match()
    [enrolment] = [one["enrolment"] for one in await school.enrolments()]
    first = school.today + timedelta(days=7)
    school.today = first + timedelta(days=1)
    good = {"day": first.isoformat(), "entries": school.present([enrolment])["entries"]}
    twice = {"day": school.today.isoformat(), "entries": school.present([enrolment, enrolment])["entries"]}
    for wrong, field, code in (
        ({**good, "day": (first + timedelta(days=2)).isoformat()}, "days.1.day", "DAY_IN_FUTURE"),
        (twice, "days.1.entries.1.enrolment", "NAMED_TWICE"),
        (good, "days.1.day", "NAMED_TWICE"),
    ):
        refused = await school.post(f"/sessions/{session}/register", {"days": [good, wrong]})
        assert (refused.code, refused.body["errors"][0]["field"]) == (code, field)
    assert (await school.post(f"/sessions/{session}/register", {"days": [good] * 32})).status == 422
    assert await school.published(AttendanceRecorded) == []


async def test_whoever_sees_the_worker_reads_whose_certificate_it_is(school: School) -> None:
    match, serial = await school.certified()
    client = school.client
    own, other = client.speaking_as(Role.TRAINER, party=CENTRE), client.speaking_as(Role.TRAINER, party="another centre")
    assert [(await school.get(f"/certificates/{serial}", who=who)).body["worker_no"] for who in (client, own)] == [match.worker_no] * 2
    assert (await school.get(f"/certificates/{serial}")).body["enrolment"] is not None
    unknown = (await school.get(f"/certificates/{serial}", who=other)).body
    assert (unknown["worker_no"], unknown["enrolment"]) == (None, None)
    assert (await school.get(f"/certificates/{serial}", who=client.speaking_as(Role.OPERATOR))).body["worker_no"] is None


async def test_anybody_with_a_serial_can_check_it_and_learns_nothing_of_the_person(school: School) -> None:
    _, serial = await school.certified()
    shown = await school.get(f"/certificates/{serial}", who=school.client.speaking_as(Role.ENTERPRISE, party="somebody"))
    assert shown.status == 200
    assert shown.body["state"] == "valid"
    assert not {"worker", "placement"} & shown.body.keys()
    assert (shown.body["enrolment"], shown.body["worker_no"]) == (None, None)
    assert shown.body["worker_no"] is None
    assert "worker_no" not in (await school.get(f"/public/certificates/{serial}")).body
    assert (await school.get("/certificates/TC201800099999")).code == "CERTIFICATE_NOT_FOUND"
    assert (await school.get("/certificates/nonsense")).status == 422


async def test_a_revoked_certificate_sends_the_placement_back_to_training(school: School) -> None:
    match, serial = await school.certified()
    assert await school.waiting("met") == [match.placement]
    revoked = await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud", "explanation": "copied from Li Wei"})
    assert (revoked.status, revoked.body["state"]) == (200, "revoked")
    assert await school.waiting() == [match.placement]
    assert [event.reason for event in await school.published(CertificateRevoked)] == ["fraud"]
    assert "Li Wei" not in str(revoked.body) + str(await school.published(CertificateRevoked))  # what was typed stays with the service
    again = await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud", "explanation": "copied from Li Wei"})
    assert (again.status, again.code) == (409, "ALREADY_REVOKED")


async def test_who_failed_waits_for_the_next_session(school: School) -> None:
    session = await school.session()
    match = await school.match()
    enrolment = (await school.enrolment(match))["enrolment"]
    await school.attend(session)
    assert (await school.assess(session, {enrolment: 59})).body["results"][0]["passed"] is False
    assert (await school.certify(session)).body["issued"] == []
    assert (await school.certify(session, enrolments=[enrolment])).code == "ILLEGAL_STEP"
    assert await school.waiting() == [match.placement]
    again = await school.session()
    assert (await school.enrolment(match))["session"] == again


async def test_the_trainer_of_a_session_does_not_assess_it(school: School) -> None:
    session = await school.session()
    await school.match()
    await school.attend(session)
    [one] = await school.enrolments(session=session)
    same = school.client.speaking_as(Role.ASSESSOR, subject="li-trainer")
    refused = await school.assess(session, {one["enrolment"]: 90}, who=same)
    assert (refused.status, refused.code) == (409, "ASSESSOR_IS_TRAINER")
    body = {"entries": [{"enrolment": one["enrolment"], "score": 90}]}
    for sender, named in ((same, "wu-assessor"), (school.assessor, "li-trainer")):
        behind = await school.post(f"/sessions/{session}/assessments", {**body, "assessor": named}, who=sender)
        assert (behind.status, behind.code) == (409, "ASSESSOR_IS_TRAINER"), "neither sends it under another's name"


async def test_too_few_hours_or_too_many_absences_bar_the_assessment(school: School) -> None:
    session = await school.session(2, course=await school.course(minimum_minutes=FULL_DAY * 4))
    diligent, absent = [(await school.enrolment(await school.match()))["enrolment"] for _ in range(2)]
    await school.attend(session, only=[diligent])
    start = school.today - timedelta(days=DAYS - 1)
    for number in range(4):
        school.today = start + timedelta(days=number)
        await school.post(f"/sessions/{session}/attendance", school.present([absent], 470))
    school.today = start + timedelta(days=DAYS - 1)
    refused = await school.assess(session, {diligent: 90, absent: 90})
    assert (refused.status, refused.code) == (409, "TOO_FEW_MINUTES")
    assert refused.body["errors"][0]["field"] == "entries.1.enrolment"
    school.today = start
    await school.post(f"/sessions/{session}/attendance", school.present([absent], 700))
    school.today = start + timedelta(days=DAYS - 1)
    assert (await school.assess(session, {absent: 90})).code == "TOO_MANY_ABSENCES"
    assert [one["state"] for one in await school.enrolments(session=session)] == ["enrolled", "enrolled"]


async def test_a_day_recorded_again_replaces_its_minutes_and_the_same_again_changes_nothing(school: School) -> None:
    session = await school.session()
    enrolment = (await school.enrolment(await school.match()))["enrolment"]
    await school.attend(session, days=1)
    assert (await school.post(f"/sessions/{session}/attendance", school.present([enrolment]))).body["recorded"] == 0
    assert (await school.post(f"/sessions/{session}/attendance", school.present([enrolment], 300))).body["recorded"] == 1
    assert (await school.enrolments())[0]["minutes_total"] == 300
    assert [one.minutes for one in await school.published(AttendanceRecorded)] == [FULL_DAY]
    [corrected] = await school.published(AttendanceCorrected)
    assert (corrected.previous, corrected.fact, corrected.reason) == (FULL_DAY, 300, "recorded_again")


async def test_attendance_out_of_reason_is_refused_and_the_whole_roster_with_it(school: School) -> None:
    session = await school.session()
    good = (await school.enrolment(await school.match()))["enrolment"]
    other_session = await school.session(1, course=await school.course(destination="SGP"))
    stranger = (await school.enrolment(await school.match(destination="SGP")))["enrolment"]
    path = f"/sessions/{session}/attendance"
    assert (await school.post(path, school.present([good]))).code == "DAY_OUTSIDE_SESSION"
    school.today += timedelta(days=7)
    tomorrow = {**school.present([good]), "day": (school.today + timedelta(days=1)).isoformat()}
    assert (await school.post(path, tomorrow)).code == "DAY_IN_FUTURE"
    long = await school.post(path, school.present([good], 721))
    assert (long.status, long.code, long.body["errors"][0]["field"]) == (422, "DAY_TOO_LONG", "entries.0.minutes")
    mixed = await school.post(path, school.present([good, stranger]))
    assert (mixed.code, mixed.body["errors"][0]["field"]) == ("NOT_IN_SESSION", "entries.1.enrolment")
    assert (await school.post(path, school.present([good, good]))).code == "NAMED_TWICE"
    assert (await school.post(f"/sessions/{school.today}/attendance", school.present([good]))).status == 422
    assert await school.published(AttendanceRecorded) == []
    assert other_session != session


async def test_a_centre_acts_only_for_itself(school: School) -> None:
    session = await school.session()
    await school.match()
    stranger = school.client.speaking_as(Role.TRAINER, party="centre-2")
    school.today += timedelta(days=7)
    [one] = await school.enrolments(session=session)
    assert (await school.get(f"/sessions/{session}", who=stranger)).status == 403
    for path in (f"/enrolments/{one['enrolment']}", f"/enrolments/{one['enrolment']}/history"):
        assert (await school.get(path, who=stranger)).status == 403
    assert (await school.get("/enrolments", who=stranger)).body["items"] == []
    assert (await school.get("/sessions", who=stranger)).body["items"] == []
    assert (await school.post(f"/sessions/{session}/attendance", school.present([one["enrolment"]]), who=stranger)).status == 403
    assert (await school.post(f"/sessions/{session}/certificates", who=stranger)).status == 403
    course = {"destination": "JPN", "occupation": "71", "centre": CENTRE}
    assert (await school.post("/courses", course, who=stranger)).status == 403
    assert (await school.post("/courses", course, who=school.client.speaking_as(Role.CLERK))).status == 403


async def test_an_officer_of_another_county_sees_and_does_nothing(school: School) -> None:
    session = await school.session()
    await school.match()
    await school.attend(session, days=1)
    [one] = await school.enrolments()
    gansu = school.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert (await school.get("/enrolments", who=gansu)).body["items"] == []
    assert (await school.get(f"/enrolments/{one['enrolment']}", who=gansu)).status == 403
    assert (await school.get(f"/enrolments/{one['enrolment']}")).body == one
    assert (await school.get(f"/sessions/{session}", who=gansu)).body["roster"] == []
    assert (await school.post(f"/sessions/{session}/attendance", school.present([one["enrolment"]]), who=gansu)).status == 403
    assert (await school.assess(session, {one["enrolment"]: 90}, who=gansu)).status == 403


async def test_the_history_of_an_enrolment_has_every_change(school: School) -> None:
    match, _ = await school.certified()
    enrolment = (await school.enrolment(match))["enrolment"]
    changes = (await school.get(f"/enrolments/{enrolment}/history")).body["items"]
    kinds = ["WorkerEnrolled", *["AttendanceRecorded"] * DAYS, "AssessmentRecorded", "CertificateIssued"]
    assert [change["type"] for change in changes] == kinds
    assert changes[0]["actor"] == "service:training"
    assert changes[1]["actor"] == "trainer:li-trainer"
    assert {change["event_id"] for change in changes} <= {str(event.id) for event in await school.client.published()}


async def test_a_repeated_command_is_answered_from_memory(school: School) -> None:
    course = await school.course()
    body = school.a_session()
    first = await school.post(f"/courses/{course}/sessions", body, key="once-and-only-once")
    again = await school.post(f"/courses/{course}/sessions", body, key="once-and-only-once")
    assert first.body == again.body
    assert len((await school.get("/sessions")).body["items"]) == 1
    assert (await school.post(f"/courses/{course}/sessions", school.a_session(3), key="once-and-only-once")).status == 422


async def test_two_who_examine_at_once_do_not_examine_twice(school: School) -> None:
    session = await school.session()
    enrolment = (await school.enrolment(await school.match()))["enrolment"]
    await school.attend(session)
    answers = await asyncio.gather(*(school.assess(session, {enrolment: 80}) for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409]
    issued = await asyncio.gather(*(school.certify(session) for _ in range(4)))
    assert sorted(len(answer.body["issued"]) for answer in issued) == [0, 0, 0, 1]


COURSE = {"destination": "JPN", "occupation": "71"}


BAD_COURSES: list[tuple[dict[str, Any], str]] = [
    ({**COURSE, "destination": "jpn"}, "destination"),
    ({**COURSE, "destination": "XXX"}, "destination"),
    ({**COURSE, "destination": "CHN"}, "destination"),
    ({**COURSE, "occupation": "9999"}, "occupation"),
    ({**COURSE, "occupation": "71123"}, "occupation"),
    ({**COURSE, "minimum_minutes": 0}, "minimum_minutes"),
    ({**COURSE, "minimum_minutes": "60"}, "minimum_minutes"),
    ({**COURSE, "minimum_minutes": 2**63}, "minimum_minutes"),
    ({**COURSE, "validity_days": -1}, "validity_days"),
    ({**COURSE, "validity_days": 1.5}, "validity_days"),
    ({**COURSE, "centre": "a\u0000b"}, "centre"),
    ({**COURSE, "centre": "x" * 201}, "centre"),
    ({**COURSE, "surplus": 1}, "surplus"),
    ({"occupation": "71"}, "destination"),
]


async def test_a_bad_course_is_refused_by_field(school: School) -> None:
    for body, field in BAD_COURSES:
        answer = await school.post("/courses", body, who=school.client)
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, field), body
    assert await school.published(CoursePublished) == []


async def test_an_officer_names_the_centre(school: School) -> None:
    assert (await school.post("/courses", COURSE, who=school.client)).code == "CENTRE_MISSING"


BAD_SESSIONS: list[tuple[dict[str, Any], str]] = [
    ({"starts_on": "2018-02-28"}, "SESSION_IN_PAST"),
    ({"ends_on": "2018-03-07"}, "SESSION_DAYS"),
    ({"ends_on": "2019-12-31"}, "SESSION_DAYS"),
    ({"starts_on": 0}, "INVALID"),
    ({"starts_on": "0"}, "INVALID"),
    ({"starts_on": "2018-02-30"}, "INVALID"),
    ({"starts_on": "9999-12-31"}, "INVALID"),
    ({"seats": 0}, "INVALID"),
    ({"seats": True}, "INVALID"),
    ({"trainer": ""}, "INVALID"),
    ({"trainer": "\ud800"}, "INVALID"),
]


async def test_a_bad_session_is_refused(school: School) -> None:
    course = await school.course()
    for change, code in BAD_SESSIONS:
        answer = await school.post(f"/courses/{course}/sessions", school.a_session(**change))
        assert (answer.status, answer.code) == (422, code), change
    assert await school.published(CourseScheduled) == []


async def test_what_does_not_exist_is_not_found(school: School) -> None:
    nobody = "018f0000-0000-7000-8000-000000000000"
    entries = {"entries": [{"enrolment": nobody, "minutes": 1}], "day": "2018-03-01"}
    assert (await school.post(f"/courses/{nobody}/sessions", school.a_session())).code == "COURSE_NOT_FOUND"
    assert (await school.get(f"/sessions/{nobody}")).code == "SESSION_NOT_FOUND"
    assert (await school.post(f"/sessions/{nobody}/attendance", entries)).code == "SESSION_NOT_FOUND"
    for path in (f"/enrolments/{nobody}", f"/enrolments/{nobody}/history"):
        assert (await school.get(path)).code == "ENROLMENT_NOT_FOUND"
    assert (await school.post("/certificates/TC201800000001/revocation", {"reason": "fraud"})).code == "CERTIFICATE_NOT_FOUND"


NO_BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"entries":[]}', b'{"entries":' + b"[" * 5000]


async def test_a_body_that_is_none_is_a_problem_of_the_caller(school: School) -> None:
    session = await school.session()
    for raw in NO_BODIES:
        answer = await school.at(school.trainer).upload(f"/sessions/{session}/attendance", raw, "application/json")
        assert answer.status in (400, 422), raw
        assert answer.headers["content-type"].startswith("application/problem+json")

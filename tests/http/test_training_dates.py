"""Days in their order: enrolled, attended, examined, certified; nothing in the future, nothing outside the session (F19)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from shared.events import AssessmentRecorded, AttendanceRecorded, CertificateIssued
from tests.support.training import DAYS, START, School, school

__all__ = ["school"]

FIRST = START + timedelta(days=7)
LAST = FIRST + timedelta(days=DAYS - 1)


async def _attended(school: School) -> tuple[str, str]:
    """A session at the evening of its last day, and the one enrolment in it."""
    session = await school.session()
    enrolment = (await school.enrolment(await school.match()))["enrolment"]
    await school.attend(session)
    return session, enrolment


async def test_field_case_f19_a_certificate_is_not_older_than_the_examination_it_attests(school: School) -> None:
    session, enrolment = await _attended(school)
    school.wait(5)
    assert (await school.assess(session, {enrolment: 80})).status == 200
    assert (await school.enrolments())[0]["assessed_on"] == school.today.isoformat()
    for early in (FIRST, LAST, school.today - timedelta(days=1)):
        refused = await school.certify(session, issued_on=early.isoformat())
        assert (refused.status, refused.code) == (422, "CERTIFIED_BEFORE_ASSESSMENT")
        assert refused.body["errors"][0]["field"] == "issued_on"
    assert await school.published(CertificateIssued) == []
    issued = await school.certify(session, issued_on=school.today.isoformat())
    assert issued.status == 201
    assert [one.effective for one in await school.published(CertificateIssued)] == [school.today]


async def test_field_case_f19_named_ones_are_each_examined_before(school: School) -> None:
    session = await school.session()
    first, second = [(await school.enrolment(await school.match()))["enrolment"] for _ in range(2)]
    await school.attend(session)
    await school.assess(session, {first: 80})
    school.wait(3)
    await school.assess(session, {second: 80})
    refused = await school.certify(session, issued_on=LAST.isoformat(), enrolments=[first, second])
    assert refused.code == "CERTIFIED_BEFORE_ASSESSMENT"
    assert (await school.certify(session, issued_on=LAST.isoformat(), enrolments=[first])).status == 201


async def test_field_case_f19_no_examination_before_the_last_day_attended(school: School) -> None:
    session, enrolment = await _attended(school)
    body = {"entries": [{"enrolment": enrolment, "score": 80}], "assessed_on": (LAST - timedelta(days=1)).isoformat()}
    refused = await school.post(f"/sessions/{session}/assessments", body, who=school.assessor)
    assert (refused.status, refused.code) == (422, "ASSESSED_BEFORE_ATTENDANCE")
    assert refused.body["errors"][0]["field"] == "assessed_on"
    assert await school.published(AssessmentRecorded) == []
    same_day = await school.post(f"/sessions/{session}/assessments", {**body, "assessed_on": LAST.isoformat()}, who=school.assessor)
    assert same_day.status == 200


@pytest.mark.parametrize(("day", "code"), [(FIRST - timedelta(days=1), "DAY_OUTSIDE_SESSION"), (LAST + timedelta(days=1), "DAY_IN_FUTURE")])
async def test_field_case_f19_examinations_and_certificates_lie_between_the_first_day_and_today(
    school: School, day: date, code: str
) -> None:
    session, enrolment = await _attended(school)
    body = {"entries": [{"enrolment": enrolment, "score": 80}], "assessed_on": day.isoformat()}
    assert (await school.post(f"/sessions/{session}/assessments", body, who=school.assessor)).code == code
    assert (await school.certify(session, issued_on=day.isoformat())).code == code


async def test_field_case_f19_nobody_attends_before_being_enrolled(school: School) -> None:
    session = await school.session(2)
    await school.match()
    await school.attend(session, days=2)
    late = await school.match()
    assert await school.waiting() == [late.placement], "by itself nobody joins a session under way"
    joined = await school.post(f"/sessions/{session}/enrolments", {"placement": str(late.placement)})
    assert joined.status == 200, joined.body
    enrolment = joined.body["enrolment"]
    yesterday = {"day": FIRST.isoformat(), "entries": [{"enrolment": enrolment, "minutes": 480}]}
    refused = await school.post(f"/sessions/{session}/attendance", yesterday)
    assert (refused.status, refused.code) == (422, "BEFORE_ENROLMENT")
    assert refused.body["errors"][0]["field"] == "entries.0.enrolment"
    assert len(await school.published(AttendanceRecorded)) == 2
    assert (await school.post(f"/sessions/{session}/attendance", school.present([enrolment]))).status == 200

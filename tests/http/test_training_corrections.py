"""What was recorded wrong is put right: at once, or by a second person where a pass hangs on it; what follows from it follows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from shared.events import (
    AssessmentCorrected,
    AttendanceCorrected,
    AttendanceOverlapFlagged,
    CertificateCorrected,
    CertificateRevoked,
    EnrolmentCancelled,
)
from shared.principals import Role
from tests.support.http import Client
from tests.support.training import DAYS, FULL_DAY, START, Match, School, school

__all__ = ["school"]

FIRST = START + timedelta(days=7)
LAST = FIRST + timedelta(days=DAYS - 1)
NOBODY = "018f0000-0000-7000-8000-000000000000"


def _second(school: School) -> Client:
    return school.client.speaking_as(Role.OFFICER, subject="zhao-officer", regions=("370000",))


async def _examined(school: School, score: int) -> tuple[str, Match, str]:
    """A session after its examination: the session, the placement, its enrolment."""
    session = await school.session(2)
    match = await school.match()
    enrolment = str((await school.enrolment(match))["enrolment"])
    await school.attend(session)
    await school.assess(session, {enrolment: score})
    return session, match, enrolment


async def _correct(school: School, enrolment: str, what: str, *, who: Client | None = None, **body: Any) -> Any:
    return await school.post(f"/enrolments/{enrolment}/{what}/correction", {"reason": "mistyped", **body}, who=who or school.client)


async def _approve(school: School, correction: str, who: Client | None = None) -> Any:
    return await school.post(f"/corrections/{correction}/approval", who=who or _second(school))


# --- attendance ---------------------------------------------------------------------------------------------------------------
async def test_wrong_minutes_that_change_no_pass_are_put_right_at_once(school: School) -> None:
    _, _, enrolment = await _examined(school, 80)
    corrected = await _correct(school, enrolment, "attendance", day=LAST.isoformat(), minutes=470)
    assert (corrected.status, corrected.body["state"]) == (200, "applied")
    [event] = await school.published(AttendanceCorrected)
    assert (event.previous, event.fact, event.minutes_total, event.effective) == (480, 470, DAYS * FULL_DAY - 10, LAST)
    assert event.approver is None
    [shown] = await school.enrolments()
    assert (shown["state"], shown["minutes_total"]) == ("passed", DAYS * FULL_DAY - 10)
    assert (await school.get(f"/enrolments/{enrolment}/history")).body["items"][-1]["type"] == "AttendanceCorrected"
    same = await _correct(school, enrolment, "attendance", day=LAST.isoformat(), minutes=470)
    assert (same.status, same.code, same.body["errors"][0]["field"]) == (422, "NOTHING_TO_CORRECT", "minutes")


async def test_minutes_that_a_pass_hangs_on_wait_for_a_second_person(school: School) -> None:
    _, match, enrolment = await _examined(school, 80)
    asked = await _correct(school, enrolment, "attendance", day=LAST.isoformat(), minutes=0)
    assert asked.body["state"] == "pending"
    assert (await school.enrolments())[0]["state"] == "passed", "nothing has changed yet"
    correction = asked.body["correction"]
    assert (await _correct(school, enrolment, "attendance", day=FIRST.isoformat(), minutes=0)).code == "CORRECTION_PENDING"
    same = await _approve(school, correction, who=school.client)
    assert (same.status, same.code) == (409, "SECOND_APPROVER_NEEDED")
    elsewhere = school.client.speaking_as(Role.OFFICER, subject="x", regions=("620000",))
    assert (await _approve(school, correction, who=elsewhere)).status == 403
    [waiting] = (await school.get("/corrections")).body["items"]
    assert waiting["correction"] == correction
    assert (await _approve(school, correction)).body["state"] == "approved"
    [event] = await school.published(AssessmentCorrected)
    assert (event.previous.passed, event.fact.passed, event.approver) == (True, False, "officer:zhao-officer")
    assert (await school.enrolments())[0]["state"] == "failed"
    assert await school.waiting() == [match.placement], "the placement needs training again"
    again = await _approve(school, correction)
    assert (again.status, again.code, again.body["state"]) == (409, "CORRECTION_DECIDED", "approved")


async def test_a_correction_that_is_rejected_changes_nothing(school: School) -> None:
    _, _, enrolment = await _examined(school, 80)
    asked = await _correct(school, enrolment, "assessment", score=10)
    path = f"/corrections/{asked.body['correction']}/rejection"
    assert (await school.post(path, who=_second(school))).body["state"] == "rejected"
    assert (await school.enrolments())[0]["score"] == 80
    assert await school.published(AssessmentCorrected) == []
    kinds = [one["type"] for one in (await school.get(f"/enrolments/{enrolment}/history")).body["items"]]
    assert kinds[-2:] == ["CorrectionRequested", "CorrectionRejected"]
    assert (await school.post(f"/corrections/{NOBODY}/rejection", who=_second(school))).code == "CORRECTION_NOT_FOUND"


async def test_a_day_recorded_anew_in_a_correction_is_looked_at_like_any_other(school: School) -> None:
    _, match, enrolment = await _examined(school, 80)
    await school.cancel(match)
    other = await school.session(1, course=await school.course(destination="SGP"), starts_in=0)
    second = (await school.enrolment(await school.match(worker=match.worker, destination="SGP")))["enrolment"]
    await school.post(f"/sessions/{other}/attendance", school.present([second], 300))
    await _correct(school, enrolment, "attendance", day=LAST.isoformat(), minutes=600)
    assert [one.kind for one in await school.published(AttendanceOverlapFlagged)] == ["long_day", "long_day"]


# --- examinations -------------------------------------------------------------------------------------------------------------
async def test_a_score_mistyped_as_a_fail_gives_the_seat_that_replaced_it_back(school: School) -> None:
    following = await school.session(1, starts_in=30)
    session, match, enrolment = await _examined(school, 6)
    assert (await school.enrolment(match))["session"] == following, "seated again after the fail"
    waiting = await school.match()
    asked = await _correct(school, enrolment, "assessment", score=60)
    assert asked.body["state"] == "pending"
    await _approve(school, asked.body["correction"])
    assert {one["enrolment"]: one["state"] for one in await school.enrolments(placement=match.placement)} == {
        enrolment: "passed",
        str((await school.published(EnrolmentCancelled))[0].enrolment): "cancelled",
    }
    assert (await school.published(EnrolmentCancelled))[0].reason == "passed_elsewhere"
    assert (await school.enrolment(waiting))["session"] == following
    assert len((await school.certify(session)).body["issued"]) == 1
    assert match.placement in await school.waiting("met")


async def test_a_score_mistyped_as_a_pass_takes_the_certificate_and_the_need_is_open_again(school: School) -> None:
    session, match, enrolment = await _examined(school, 95)
    serial = (await school.certify(session)).body["issued"][0]["serial"]
    school.wait(2)
    asked = await _correct(school, enrolment, "assessment", score=59)
    await _approve(school, asked.body["correction"])
    [revoked] = await school.published(CertificateRevoked)
    assert (revoked.serial, revoked.reason) == (serial, "issued_in_error")
    assert revoked.issued is not None
    assert revoked.issued.issued_on == LAST, "so that the figures take it off on its day"
    assert await school.waiting() == [match.placement]
    assert (await school.get(f"/certificates/{serial}")).body["state"] == "revoked"


async def test_a_score_that_passes_either_way_and_the_day_are_put_right_at_once(school: School) -> None:
    _, _, enrolment = await _examined(school, 80)
    school.wait(3)
    later = LAST + timedelta(days=2)
    corrected = await _correct(school, enrolment, "assessment", who=school.assessor, score=81, assessed_on=later.isoformat())
    assert corrected.body["state"] == "applied"
    [event] = await school.published(AssessmentCorrected)
    assert (event.previous.score, event.fact.score) == (80, 81)
    assert (event.previous.assessed_on, event.fact.assessed_on) == (LAST, later)
    early = await _correct(school, enrolment, "assessment", assessed_on=(LAST - timedelta(days=1)).isoformat())
    assert (early.code, early.body["errors"][0]["field"]) == ("ASSESSED_BEFORE_ATTENDANCE", "assessed_on")
    future = await _correct(school, enrolment, "assessment", assessed_on=(school.today + timedelta(days=1)).isoformat())
    assert future.code == "DAY_IN_FUTURE"
    assert (await _correct(school, enrolment, "assessment")).code == "NOTHING_TO_CORRECT"


async def test_an_examination_stays_before_its_certificate_and_attendance_before_the_examination(school: School) -> None:
    session, _, enrolment = await _examined(school, 80)
    await school.certify(session)
    school.wait(3)
    late = await _correct(school, enrolment, "assessment", assessed_on=school.today.isoformat())
    assert late.code == "CERTIFIED_BEFORE_ASSESSMENT"
    other = await school.session(1, starts_in=0)
    match = await school.match()
    second = str((await school.enrolment(match))["enrolment"])
    not_yet = await _correct(school, second, "assessment", score=80)
    assert (not_yet.status, not_yet.code) == (409, "NOT_ASSESSED")
    start = school.today
    await school.attend(other)
    outside = await _correct(school, second, "attendance", day=(start - timedelta(days=1)).isoformat(), minutes=9)
    assert outside.code == "DAY_OUTSIDE_SESSION"
    long = await _correct(school, second, "attendance", day=start.isoformat(), minutes=721)
    assert (long.code, long.body["errors"][0]["field"]) == ("DAY_TOO_LONG", "minutes")


# --- certificates -------------------------------------------------------------------------------------------------------------
async def test_field_case_f19_a_wrong_day_of_issue_can_be_put_right(school: School) -> None:
    session, _, _ = await _examined(school, 80)
    school.wait(9)
    serial = (await school.certify(session)).body["issued"][0]["serial"]
    path = f"/certificates/{serial}/correction"
    early = await school.post(path, {"issued_on": (LAST - timedelta(days=1)).isoformat(), "reason": "misread"})
    assert early.code == "CERTIFIED_BEFORE_ASSESSMENT"
    corrected = await school.post(path, {"issued_on": LAST.isoformat(), "reason": "misread"})
    assert corrected.body["state"] == "applied", "it holds shorter"
    [event] = await school.published(CertificateCorrected)
    assert (event.previous.issued_on, event.fact.issued_on) == (LAST + timedelta(days=9), LAST)
    assert event.fact.valid_to == LAST + timedelta(days=730)
    shown = (await school.get(f"/certificates/{serial}")).body
    assert (shown["issued_on"], shown["valid_to"]) == (LAST.isoformat(), event.fact.valid_to.isoformat())


async def test_a_certificate_is_not_lengthened_by_one_person_and_a_revoked_one_not_at_all(school: School) -> None:
    session, _, _ = await _examined(school, 80)
    serial = (await school.certify(session)).body["issued"][0]["serial"]
    school.wait(100)
    path = f"/certificates/{serial}/correction"
    asked = await school.post(path, {"issued_on": school.today.isoformat(), "reason": "mistyped"})
    assert asked.body["state"] == "pending"
    assert await school.published(CertificateCorrected) == []
    await _approve(school, asked.body["correction"])
    [event] = await school.published(CertificateCorrected)
    assert event.approver == "officer:zhao-officer"
    await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud"})
    refused = await school.post(path, {"issued_on": LAST.isoformat(), "reason": "mistyped"})
    assert (refused.status, refused.code) == (409, "ALREADY_REVOKED")
    assert (await school.post("/certificates/TC201800009999/correction", {"issued_on": "2018-03-01", "reason": "misread"})).status == 404


async def test_only_who_may_record_it_asks_for_a_correction(school: School) -> None:
    _, _, enrolment = await _examined(school, 80)
    stranger = school.client.speaking_as(Role.TRAINER, party="centre-9")
    assert (await _correct(school, enrolment, "attendance", who=stranger, day=LAST.isoformat(), minutes=1)).status == 403
    assert (await _correct(school, enrolment, "assessment", who=school.trainer, score=1)).status == 403
    assert (await _correct(school, NOBODY, "attendance", day=LAST.isoformat(), minutes=1)).code == "ENROLMENT_NOT_FOUND"
    assert date(2018, 3, 12) == LAST

"""Prior learning: hours credited towards a course, a certificate from elsewhere that stands for it, by two people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from shared.events import (
    CertificateExpired,
    CertificateIssued,
    CertificateRevoked,
    EnrolmentCancelled,
    PriorLearningRecognised,
    WorkerErased,
)
from shared.principals import Role
from shared.reference import origin
from tests.support.http import Client
from tests.support.tables import tables_with
from tests.support.training import DAYS, FULL_DAY, START, Match, School, school

__all__ = ["school"]

COURSE_MINUTES = DAYS * FULL_DAY * 9 // 10
NOBODY = "018f0000-0000-7000-8000-000000000000"


def _second(school: School) -> Client:
    return school.client.speaking_as(Role.OFFICER, subject="zhao-officer", regions=("370000",))


async def _ask(school: School, match: Match, course: str, /, *, who: Client | None = None, **changes: Any) -> Any:
    body = {
        "placement": str(match.placement),
        "course": course,
        "kind": "work",
        "evidence": "letter of Li Wei's employer, no. 7",
        "completed_on": (school.today - timedelta(days=90)).isoformat(),
        "minutes": COURSE_MINUTES // 2,
        **changes,
    }
    return await school.post("/recognitions", body, who=who or school.client)


async def _approve(school: School, recognition: str, who: Client | None = None) -> Any:
    return await school.post(f"/recognitions/{recognition}/approval", who=who or _second(school))


async def _elsewhere(school: School, match: Match, course: str) -> str:
    """A certificate of another centre is recognised: its serial here."""
    asked = await _ask(school, match, course, kind="certificate", minutes=COURSE_MINUTES)
    approved = await _approve(school, asked.body["recognition"])
    assert approved.status == 200, approved.body
    return str(approved.body["serial"])


# --- hours --------------------------------------------------------------------------------------------------------------------
async def test_hours_learned_before_are_credited_and_the_examination_is_taken_all_the_same(school: School) -> None:
    course = await school.course()
    session = await school.session(2, course=course)
    match, other = await school.match(), await school.match()
    enrolments = [(await school.enrolment(one))["enrolment"] for one in (match, other)]
    asked = await _ask(school, match, course)
    assert (asked.status, asked.body["state"], asked.body["serial"]) == (201, "pending", None)
    assert (await _approve(school, asked.body["recognition"])).body["state"] == "recognised"
    await school.attend(session, days=3)
    start = school.today - timedelta(days=2)
    school.wait(2)
    await school.post(f"/sessions/{session}/attendance", school.present(enrolments[1:]))
    early = await school.certify(session, enrolments=[enrolments[0]])
    assert early.code == "ILLEGAL_STEP", "credit alone certifies nobody"
    refused = await school.assess(session, {enrolments[1]: 80})
    assert refused.code == "TOO_FEW_MINUTES"
    passed = await school.assess(session, {enrolments[0]: 80})
    assert passed.status == 200, passed.body
    await school.certify(session)
    [issued] = await school.published(CertificateIssued)
    assert (issued.minutes, issued.credited, issued.basis) == (3 * FULL_DAY, COURSE_MINUTES // 2, "training")
    shown = (await school.get(f"/certificates/{issued.serial}")).body
    assert (shown["minutes"], shown["credited"], shown["basis"]) == (3 * FULL_DAY, COURSE_MINUTES // 2, "training")
    assert start == START + timedelta(days=7)


async def test_credit_that_has_run_out_by_the_examination_counts_no_more(school: School) -> None:
    course = await school.course()
    session = await school.session(1, course=course)
    match = await school.match()
    asked = await _ask(school, match, course, valid_to=(school.today + timedelta(days=8)).isoformat())
    await _approve(school, asked.body["recognition"])
    await school.attend(session, days=4)
    assert (await school.assess(session, {(await school.enrolment(match))["enrolment"]: 80})).code == "TOO_FEW_MINUTES"


async def test_one_piece_of_evidence_is_credited_once(school: School) -> None:
    course = await school.course()
    session = await school.session(1, course=course)
    match = await school.match()
    for evidence in ("letter no. 7", "Letter no. 7"):
        asked = await _ask(school, match, course, evidence=evidence)
        assert (await _approve(school, asked.body["recognition"])).status == 200
    school.wait(7)
    assert (await school.assess(session, {(await school.enrolment(match))["enrolment"]: 80})).code == "TOO_FEW_MINUTES"


async def test_full_credit_leaves_the_examination_only(school: School) -> None:
    course = await school.course()
    session = await school.session(2, course=course)
    match = await school.match()
    asked = await _ask(school, match, course, minutes=COURSE_MINUTES)
    await _approve(school, asked.body["recognition"])
    school.wait(7)
    assessed = await school.assess(session, {(await school.enrolment(match))["enrolment"]: 90})
    assert assessed.body["results"][0]["passed"] is True
    assert (await school.enrolment(match))["credited"] == COURSE_MINUTES


# --- a certificate from elsewhere ---------------------------------------------------------------------------------------------
async def test_a_certificate_from_elsewhere_meets_the_need_with_its_basis_and_frees_the_seat(school: School) -> None:
    course = await school.course()
    session = await school.session(1, course=course)
    match, waiting = await school.match(), await school.match()
    serial = await _elsewhere(school, match, course)
    assert await school.waiting("met") == [match.placement]
    assert (await school.enrolment(waiting))["session"] == session
    assert [one.reason for one in await school.published(EnrolmentCancelled)] == ["certificate_held"]
    [recognised] = await school.published(PriorLearningRecognised)
    [issued] = await school.published(CertificateIssued)
    assert (recognised.serial, recognised.approver) == (serial, "officer:zhao-officer")
    assert (issued.serial, issued.basis, issued.enrolment) == (serial, "prior_learning", recognised.recognition)
    assert issued.valid_to == recognised.valid_to == START - timedelta(days=90) + timedelta(days=730), "as long as it holds itself"
    assert (await school.get(f"/certificates/{serial}")).body["basis"] == "prior_learning"
    kinds = [one["type"] for one in (await school.get(f"/recognitions/{recognised.recognition}/history")).body["items"]]
    assert kinds == ["RecognitionRequested", "PriorLearningRecognised", "CertificateIssued"]
    events = str([one.data for one in await school.client.published()])
    assert "Li Wei" not in events, "the evidence stays here"


async def test_a_recognised_certificate_is_revoked_and_expires_like_any_other_and_is_not_corrected(school: School) -> None:
    course = await school.course()
    match = await school.match()
    serial = await _elsewhere(school, match, course)
    wrong = await school.post(f"/certificates/{serial}/correction", {"issued_on": "2018-02-01", "reason": "mistyped"})
    assert (wrong.status, wrong.code) == (409, "CERTIFICATE_RECOGNISED")
    assert (await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud"})).status == 200
    assert [one.serial for one in await school.published(CertificateRevoked)] == [serial]
    assert await school.waiting() == [match.placement]
    again = await _elsewhere(school, match, course)
    school.wait(641)
    assert await school.sweep() == 1
    assert [one.serial for one in await school.published(CertificateExpired)] == [again]


async def test_the_copy_given_out_says_who_decided_on_prior_learning(school: School) -> None:
    match = await school.match()
    await _elsewhere(school, match, await school.course())
    held = (await school.get(f"/workers/{match.worker}/records")).body["tables"]
    assert {"RecognitionRequested", "PriorLearningRecognised"} <= {one["type"] for one in held["history"]}


async def test_an_erased_worker_leaves_nothing_that_was_typed_about_them(school: School) -> None:
    course = await school.course()
    match = await school.match()
    serial = await _elsewhere(school, match, course)
    explained = {"reason": "fraud", "explanation": "Li Wei never sat there"}
    await school.post(f"/certificates/{serial}/revocation", explained)
    await _ask(school, match, course)
    async with school.client.database.connection() as conn:
        assert await tables_with(conn, ["li wei"]) == ["certificate", "recognition"]
        erased = {"worker": match.worker, "origin": origin(match.county, school.today), "reason": "asked_by_worker"}
        await school.consume(WorkerErased.model_validate({**erased, "effective": school.today}))
        assert await tables_with(conn, ["li wei"]) == []
    assert len((await school.get(f"/workers/{match.worker}/training")).body["recognitions"]) == 2, "what was counted stays"


# --- two people, and refusals -------------------------------------------------------------------------------------------------
async def test_who_asked_does_not_recognise_and_a_decision_is_made_once(school: School) -> None:
    course = await school.course()
    match = await school.match()
    recognition = (await _ask(school, match, course)).body["recognition"]
    assert (await _ask(school, match, course)).code == "RECOGNITION_PENDING"
    for who in (school.client, school.client.speaking_as(Role.OFFICER, regions=("370102",))):
        same = await _approve(school, recognition, who=who)
        assert (same.status, same.code) == (409, "SECOND_APPROVER_NEEDED")
    gansu = school.client.speaking_as(Role.OFFICER, subject="x", regions=("620000",))
    assert (await _approve(school, recognition, who=gansu)).status == 403
    [waiting] = (await school.get("/recognitions")).body["items"]
    assert (waiting["recognition"], waiting["evidence"]) == (recognition, "letter of Li Wei's employer, no. 7")
    assert (await school.get("/recognitions", who=gansu)).body["items"] == []
    path = f"/recognitions/{recognition}/refusal"
    assert (await school.post(path, {"reason": "not_proven"}, who=_second(school))).body["state"] == "refused"
    again = await _approve(school, recognition)
    assert (again.status, again.code, again.body["state"]) == (409, "RECOGNITION_DECIDED", "refused")
    assert (await _ask(school, match, course)).status == 201, "with better evidence"
    assert await school.published(PriorLearningRecognised) == []
    assert (await _approve(school, NOBODY)).code == "RECOGNITION_NOT_FOUND"


BAD_REQUESTS: list[tuple[dict[str, Any], int, str, str]] = [
    ({"placement": NOBODY}, 404, "NEED_NOT_FOUND", "placement"),
    ({"course": NOBODY}, 404, "COURSE_NOT_FOUND", "course"),
    ({"minutes": COURSE_MINUTES + 1}, 422, "RECOGNITION_HOURS", "minutes"),
    ({"kind": "certificate", "minutes": COURSE_MINUTES - 1}, 422, "RECOGNITION_HOURS", "minutes"),
    ({"completed_on": "2018-03-02"}, 422, "DAY_IN_FUTURE", "completed_on"),
    ({"completed_on": "2016-02-29"}, 422, "EVIDENCE_TOO_OLD", "completed_on"),
    ({"completed_on": "1999-02-29"}, 422, "INVALID", "completed_on"),
    ({"valid_to": "2018-02-28"}, 422, "RECOGNITION_VALIDITY", "valid_to"),
    ({"valid_to": "2020-12-31"}, 422, "RECOGNITION_VALIDITY", "valid_to"),
    ({"evidence": ""}, 422, "INVALID", "evidence"),
    ({"evidence": "x\x00"}, 422, "INVALID", "evidence"),
    ({"minutes": 2**63}, 422, "INVALID", "minutes"),
    ({"kind": "hearsay"}, 422, "INVALID", "kind"),
]


async def test_a_bad_request_is_refused(school: School) -> None:
    course = await school.course()
    match = await school.match()
    for changes, status, code, field in BAD_REQUESTS:
        answer = await _ask(school, match, course, **changes)
        assert (answer.status, answer.code, answer.body["errors"][0]["field"]) == (status, code, field), changes
    other = await school.course(destination="SGP")
    assert (await _ask(school, match, other)).code == "COURSE_DOES_NOT_FIT"
    county = school.client.speaking_as(Role.CLERK, regions=("620000",))
    assert (await _ask(school, match, course, who=county)).status == 403
    await school.cancel(match)
    assert (await _ask(school, match, course)).code == "NEED_NOT_OPEN"
    assert (await school.get("/recognitions")).body["items"] == []
    assert date(2018, 3, 1) == START

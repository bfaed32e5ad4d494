"""The life of a case: looked at, asked about, offered for, settled, closed and reopened, with a clock all the way."""

from __future__ import annotations

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from shared.events import (
    CaseClosed,
    CaseDeadlineMissed,
    CaseEscalated,
    CaseEvidenceAdded,
    CaseOfferRecorded,
    CaseOpened,
    CasePaused,
    CaseReopened,
    CaseResponseReceived,
    CaseSettled,
    CaseTriaged,
    EnterpriseQualified,
    EnterpriseRenewed,
    Event,
    ReserveDrawRequested,
)
from shared.principals import Role
from shared.values import Channel, CountyCode, new_id
from tests.support.http import Answer, Client
from tests.support.recording import noon
from tests.support.rights import Office, Placement, office, yuan

__all__ = ["office"]
DIGEST = "ab" * 32
PAID: dict[str, Any] = {"amount": yuan(2600), "paid_by": "employer"}
CONFIRMED: dict[str, Any] = {"outcome": "settled", "confirmed": True}
WITHDRAWN: dict[str, Any] = {"outcome": "withdrawn", "confirmed": True}
GANSU, SHANDONG, FUJIAN = "620000", "370000", "350000"


async def opened(office: Office, placement: Placement | None = None, **changes: Any) -> str:
    """A complaint about conditions, unless stated otherwise."""
    who = placement or await office.abroad()
    body = {"category": "conditions", "severity": "normal", "via": "worker", "text": "twelve to a room", "placement": str(who.placement)}
    answer = await office.post("/cases", {**body, **changes})
    assert answer.status == 201, answer.body
    return str(answer.body["case"])


async def step(office: Office, case: str, what: str, who: Client | None = None, **body: Any) -> Answer:
    return await office.post(f"/cases/{case}/{what}", body, who=who)


async def clock(office: Office, case: str) -> tuple[str, datetime]:
    shown = (await office.get(f"/cases/{case}")).body["clock"]
    return shown["waits_for"], datetime.fromisoformat(shown["due_at"])


async def published(office: Office) -> list[str]:
    return [type(one).__name__ for one in await office.published(Event)]


# --- the way through --------------------------------------------------------------------------------------------------
async def test_a_case_goes_from_the_complaint_to_the_closing(office: Office) -> None:
    case = await opened(office, medium="phone")
    for what, body, state in (
        ("triage", {"severity": "high", "category": "safety"}, "triaged"),
        ("assignment", {"assignee": "officer-li"}, "assigned"),
        ("response-request", {"text": "who sleeps where?"}, "response_requested"),
        ("answer", {"text": "we have asked them"}, "response_requested"),
        ("response", {"position": "partly", "text": "eight to a room"}, "responded"),
        ("offer", {"amount": yuan(500), "offered_by": "employer", "text": "a second room"}, "offered"),
        ("settlement", PAID, "settled"),
        ("closure", CONFIRMED, "closed"),
    ):
        answer = await office.post(f"/cases/{case}/{what}", body)
        assert (answer.status, answer.body["state"]) == (200, state), answer.body
    assert (answer.body["category"], answer.body["severity"], answer.body["assignee"]) == ("safety", "high", "officer-li")
    history = (await office.get(f"/cases/{case}/history")).body["items"]
    assert [one["type"] for one in history] == [
        "CaseOpened", "CaseTriaged", "CaseAssigned", "CaseResponseRequested", "CaseAnswered", "CaseResponseReceived",
        "CaseOfferRecorded", "CaseSettled", "CaseClosed",
    ]  # fmt: skip
    file = (await office.get(f"/cases/{case}/file")).body
    words = [(one["kind"], one["text"]) for one in file["statements"]]
    assert words == [
        ("request", "who sleeps where?"),
        ("answer", "we have asked them"),
        ("response", "eight to a room"),
        ("offer", "a second room"),
    ]
    assert [(one["amount"], one["paid_by"], one["state"]) for one in file["settlements"]] == [(yuan(2600), "employer", "paid")]
    assert [one.position for one in await office.published(CaseResponseReceived)] == ["partly"]
    assert [(one.amount.minor, one.offered_by) for one in await office.published(CaseOfferRecorded)] == [(50_000, "employer")]
    assert [(one.amount.minor, one.paid_by) for one in await office.published(CaseSettled)] == [(260_000, "employer")]
    assert [(one.medium, one.due_at > noon(office.today)) for one in await office.published(CaseOpened)] == [("phone", True)]


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("assignment", {"assignee": "officer-li"}),
        ("response-request", {"text": "why?"}),
        ("response", {"position": "denies", "text": "no"}),
        ("offer", {"amount": yuan(1), "offered_by": "enterprise", "text": "a yuan"}),
        ("resumption", {}),
        ("reopening", {}),
        ("settlement/withdrawal", {}),
    ],
)
async def test_steps_out_of_order_are_refused_with_the_state(office: Office, what: str, body: dict[str, Any]) -> None:
    case = await opened(office)
    before = await published(office)
    answer = await office.post(f"/cases/{case}/{what}", body)
    assert answer.status == 409
    assert answer.body["state"] == "received"
    assert answer.code in ("CASE_ILLEGAL_STEP", "CASE_NOT_PAUSED", "SETTLEMENT_NOT_PENDING")
    assert await published(office) == before


async def test_a_closed_case_takes_evidence_and_nothing_else(office: Office) -> None:
    case = await opened(office)
    await step(office, case, "closure", **WITHDRAWN)
    for what, body in (
        ("triage", {"severity": "low"}),
        ("answer", {"text": "too late"}),
        ("settlement", PAID),
        ("escalation", {}),
        ("pause", {"reason": "court"}),
        ("closure-request", {}),
        ("closure", WITHDRAWN),
    ):
        answer = await office.post(f"/cases/{case}/{what}", body)
        assert (answer.status, answer.code) == (409, "CASE_NOT_OPEN"), what
    assert (await step(office, case, "evidence", digest=DIGEST, kind="photo", provided_by="worker")).status == 200


async def test_a_step_for_another_version_of_the_case_is_refused(office: Office) -> None:
    case = await opened(office)
    assert (await step(office, case, "triage", severity="low", version=1)).body["version"] == 2
    assert (await step(office, case, "triage", severity="high", version=1)).code == "VERSION_CONFLICT"
    assert [one.severity for one in await office.published(CaseTriaged)] == ["low"]


async def test_a_repeated_step_is_done_once(office: Office) -> None:
    case = await opened(office)
    first, second = [await office.post(f"/cases/{case}/settlement", PAID, key="settle-once-0001") for _ in range(2)]
    assert first.body == second.body
    assert len(await office.published(CaseSettled)) == 1


async def test_evidence_is_a_digest_and_is_taken_once(office: Office) -> None:
    case = await opened(office)
    given = {"digest": DIGEST, "kind": "payslip", "provided_by": "worker"}
    assert (await office.post(f"/cases/{case}/evidence", given)).status == 200
    assert (await office.post(f"/cases/{case}/evidence", given)).code == "EVIDENCE_KNOWN"
    for wrong in (DIGEST[:-1], DIGEST.upper(), "x" * 64):
        assert (await office.post(f"/cases/{case}/evidence", {**given, "digest": wrong})).body["errors"][0]["field"] == "digest"
    [event] = await office.published(CaseEvidenceAdded)
    assert (event.digest, event.kind, event.provided_by) == (DIGEST, "payslip", "worker")


async def test_two_officers_who_settle_at_once_settle_once(office: Office) -> None:
    case = await opened(office)
    answers = await asyncio.gather(*(office.post(f"/cases/{case}/settlement", {**PAID, "paid_by": by}) for by in ("employer", "reserve")))
    assert sorted(one.status for one in answers) == [200, 409]
    assert len(await office.published(CaseSettled, ReserveDrawRequested)) == 1


# --- how it ends ------------------------------------------------------------------------------------------------------
async def test_a_case_closes_as_settled_only_when_it_is(office: Office) -> None:
    case = await opened(office)
    assert (await step(office, case, "closure", **CONFIRMED)).code == "NOT_SETTLED"
    assert (await step(office, case, "closure", outcome="unfounded")).code == "WORKER_NOT_ASKED"
    assert (await step(office, case, "closure", outcome="silence", confirmed=True)).code == "CONFIRMATION_CONTRADICTS"
    await step(office, case, "settlement", **PAID)
    assert (await step(office, case, "closure", outcome="unfounded", confirmed=True)).code == "OUTCOME_CONTRADICTS"
    assert (await step(office, case, "closure", **CONFIRMED)).status == 200


async def test_what_happens_after_the_question_makes_it_be_asked_again(office: Office) -> None:
    case = await opened(office)
    await step(office, case, "triage", severity="normal")
    await step(office, case, "closure-request")
    office.wait(20)
    await step(office, case, "offer", amount=yuan(100), offered_by="employer", text="a hundred")
    office.wait(20)
    assert (await step(office, case, "closure", outcome="silence")).code == "WORKER_NOT_ASKED"


async def test_asking_again_does_not_put_the_silence_off(office: Office) -> None:
    case = await opened(office)
    await step(office, case, "closure-request")
    office.wait(29)
    await step(office, case, "closure-request")
    office.wait(1)
    assert (await step(office, case, "closure", outcome="silence")).status == 200


async def test_a_case_is_reopened_in_time_or_for_new_evidence(office: Office) -> None:
    case = await opened(office)
    opened_on = office.today
    office.wait(10)
    await step(office, case, "evidence", digest=DIGEST, kind="photo", provided_by="worker")
    await step(office, case, "closure", **WITHDRAWN)
    closed_on = office.today
    office.wait(90)
    again = (await step(office, case, "reopening")).body
    assert (again["state"], again["outcome"], again["closed_at"], again["clock"]["waits_for"]) == ("received", None, None, "handling")
    await step(office, case, "closure", **WITHDRAWN)
    office.wait(91)
    assert (await step(office, case, "reopening")).code == "REOPENED_TOO_LATE"
    await step(office, case, "evidence", digest="cd" * 32, kind="recording", provided_by="family")
    assert (await step(office, case, "reopening")).status == 200
    reopenings = [(one.opened_on, one.closed_on, one.ground) for one in await office.published(CaseReopened)]
    assert reopenings == [(opened_on, closed_on, "term"), (opened_on, closed_on + timedelta(days=90), "evidence")]
    assert {one.opened_on for one in await office.published(CaseClosed)} == {opened_on}


# --- clocks -----------------------------------------------------------------------------------------------------------
async def missed_or_raised(office: Office, case: str) -> list[str | tuple[str, str]]:
    """What the clock of this case led to. The worker's wages are owed meanwhile, so that collective cases are opened beside it."""
    found = await office.published(CaseDeadlineMissed, CaseEscalated)
    return [(one.level, one.cause) if isinstance(one, CaseEscalated) else "missed" for one in found if str(one.case) == case]


async def test_two_working_days_for_wages_are_not_passed_by_a_weekend(office: Office) -> None:
    office.today = date(2018, 6, 22)  # a Friday
    case = await opened(office, category="wages")
    assert await clock(office, case) == ("first_answer", noon(date(2018, 6, 26)))
    urgent = await opened(office, severity="emergency")
    assert await clock(office, urgent) == ("first_answer", noon(office.today) + timedelta(hours=2))


async def test_what_is_not_done_in_time_goes_to_the_next_higher_office_by_itself(office: Office) -> None:
    case = await opened(office, category="wages")
    office.wait(3)
    await office.sweep()
    office.wait(9)
    await office.sweep()
    office.wait(400)
    await office.sweep()
    assert await office.sweep() == 0
    assert await missed_or_raised(office, case) == ["missed", ("province", "first_answer"), ("state", "handling")]
    shown = (await office.get(f"/cases/{case}")).body
    assert (shown["level"], shown["clock"]["late"], shown["overdue"]) == ("state", True, True)
    assert case in [one["case"] for one in (await office.get("/cases", late=True, level="state")).body["items"]]


async def test_a_first_answer_is_missed_also_where_no_higher_office_is_left_for_a_late_step(office: Office) -> None:
    case = await opened(office)  # to be answered in thirty working days
    for _ in range(2):
        await step(office, case, "escalation")
    office.wait(10)
    await office.sweep()
    assert await office.published(CaseDeadlineMissed) == []
    office.wait(60)
    await office.sweep()
    assert await office.sweep() == 0
    assert await missed_or_raised(office, case) == [("province", "officer"), ("state", "officer"), "missed"]


async def test_a_response_that_does_not_come_is_escalated_while_the_first_answer_is_not_due_yet(office: Office) -> None:
    case = await opened(office)
    await step(office, case, "triage", severity="normal")
    await step(office, case, "response-request", text="why?")
    assert (await clock(office, case))[0] == "response"
    office.wait(15)  # ten working days
    await office.sweep()
    assert await missed_or_raised(office, case) == [("province", "response")]
    assert await office.published(CaseDeadlineMissed) == []


async def test_looking_at_a_case_again_does_not_put_its_deadline_off(office: Office) -> None:
    case = await opened(office)
    await step(office, case, "triage", severity="normal")
    await step(office, case, "response-request", text="why?")
    due = await clock(office, case)
    office.wait(5)
    await step(office, case, "triage", severity="low")
    await step(office, case, "assignment", assignee="officer-li")
    assert await clock(office, case) == due


async def test_a_paused_clock_stands_still_and_runs_on_by_working_time(office: Office) -> None:
    office.today = date(2018, 9, 28)  # 1-7 October are off
    case = await opened(office, category="wages")
    paused = (await step(office, case, "pause", reason="court")).body["clock"]
    assert (paused["paused_at"], paused["pause_reason"]) == ("2018-09-28T04:00:00Z", "court")
    office.wait(12)  # five working days: 29 and 30 September, 8, 9 and half of the first and last
    await office.sweep()
    assert (await step(office, case, "answer", text="we wait for the court")).code == "CASE_PAUSED"
    assert (await step(office, case, "pause", reason="police")).code == "CASE_PAUSED"
    assert await missed_or_raised(office, case) == []
    resumed = (await step(office, case, "resumption")).body
    assert datetime.fromisoformat(resumed["due_at"]) == noon(date(2018, 10, 12))
    assert (await step(office, case, "resumption")).code == "CASE_NOT_PAUSED"
    assert [one.reason for one in await office.published(CasePaused)] == ["court"]


async def test_a_pause_does_not_hide_what_was_late_before_it(office: Office) -> None:
    case = await opened(office, category="wages")
    office.wait(5)
    await step(office, case, "pause", reason="police")
    office.wait(5)
    await step(office, case, "resumption")
    await office.sweep()
    assert len(await office.published(CaseDeadlineMissed)) == 1


async def test_a_pause_without_a_reason_is_refused(office: Office) -> None:
    case = await opened(office)
    assert (await step(office, case, "pause")).body["errors"][0]["field"] == "reason"
    assert (await step(office, case, "pause", reason="holiday")).body["errors"][0]["field"] == "reason"


async def test_an_emergency_that_turns_out_on_triage_is_due_in_two_hours_and_blocks(office: Office) -> None:
    case = await opened(office)
    office.wait(1)
    urgent = (await step(office, case, "triage", severity="emergency")).body
    assert datetime.fromisoformat(urgent["due_at"]) == noon(office.today) + timedelta(hours=2)
    assert urgent["blocking"]
    calm = (await step(office, case, "triage", severity="normal")).body
    assert (calm["blocking"], calm["due_at"]) == (False, "2018-08-01T23:59:59+08:00")
    assert [one.blocking for one in await office.published(CaseTriaged)] == [True, False]


async def test_a_first_answer_that_is_late_stays_late_when_the_case_is_looked_at(office: Office) -> None:
    case = await opened(office, category="wages")
    office.wait(5)
    shown = (await step(office, case, "triage", severity="low", category="conditions")).body
    assert (shown["overdue"], len(await office.published(CaseDeadlineMissed))) == (True, 1)


async def test_no_case_is_without_a_clock(office: Office) -> None:
    """The database refuses it, whatever the code does."""
    case = await opened(office)
    async with office.client.database.connection() as conn:
        for broken in (
            "UPDATE rights_case SET step_due = NULL",
            "UPDATE rights_case SET state = 'closed'",
            "UPDATE rights_case SET paused_at = now()",
        ):
            with pytest.raises(asyncpg.CheckViolationError):
                await conn.execute(broken)
    assert (await clock(office, case))[0] == "handling"


async def test_the_highest_office_has_nobody_above_it(office: Office) -> None:
    case = await opened(office)
    assert [(await step(office, case, "escalation")).body["level"] for _ in range(2)] == ["province", "state"]
    assert (await step(office, case, "escalation")).code == "HIGHEST_LEVEL"
    assert [one.cause for one in await office.published(CaseEscalated)] == ["officer", "officer"]


# --- who sees and decides ---------------------------------------------------------------------------------------------
def qualified(placement: Placement, seat: str | None, licence_no: str = "LW350020150016") -> Event:
    return EnterpriseQualified(
        enterprise=placement.enterprise,
        effective=date(2017, 1, 1),
        licence_no=licence_no,
        scope=(Channel.LABOUR_COOPERATION,),
        destinations=(),
        valid_to=date(2022, 1, 1),
        seat=CountyCode(seat) if seat else None,
    )


@pytest.mark.parametrize(("seat", "licence_no"), [("350102", "LW370020150016"), (None, "LW350020150016"), (None, "LW350120150016")])
async def test_the_office_of_the_seat_leads_and_that_of_the_worker_assists(office: Office, seat: str | None, licence_no: str) -> None:
    """The worker is from Shandong, the enterprise from Fujian."""
    placement = await office.abroad()
    await office.consume(qualified(placement, seat, licence_no))
    case = await opened(office, placement)
    fujian, shandong, gansu = (office.client.speaking_as(Role.OFFICER, regions=(region,)) for region in (FUJIAN, SHANDONG, GANSU))
    for who, status in ((fujian, 200), (shandong, 200), (gansu, 403)):
        assert (await office.get(f"/cases/{case}", who=who)).status == status
        assert [one["case"] for one in (await office.get("/cases", who=who)).body["items"]] == [case] * (status == 200)
    shown = (await office.get(f"/cases/{case}", who=fujian)).body
    assert (shown["lead"][:2], shown["assisting"]) == ("35", placement.county)
    evidence = {"digest": DIGEST, "kind": "photo", "provided_by": "worker"}
    assert (await office.post(f"/cases/{case}/evidence", evidence, who=shandong)).status == 200
    assert (await office.post(f"/cases/{case}/answer", {"text": "we help"}, who=shandong)).status == 200
    for what, body in (("triage", {"severity": "low"}), ("settlement", PAID), ("closure", WITHDRAWN), ("escalation", {})):
        assert (await office.post(f"/cases/{case}/{what}", body, who=shandong)).status == 403, what
    assert (await step(office, case, "triage", fujian, severity="low")).status == 200


async def test_a_licence_number_that_names_no_place_leaves_the_case_with_the_workers_office(office: Office) -> None:
    placement = await office.abroad()
    await office.consume(qualified(placement, None, "LW990020150016"))
    case = await opened(office, placement)
    shandong = office.client.speaking_as(Role.CLERK, regions=(SHANDONG,))
    assert (await step(office, case, "triage", shandong, severity="low")).status == 200
    seated = {**qualified(placement, "110101").model_dump(), "previous_valid_to": date(2020, 1, 1)}
    await office.consume(EnterpriseRenewed.model_validate(seated))
    assert (await step(office, case, "triage", shandong, severity="high")).status == 403


async def test_only_an_officer_asks_the_reserve(office: Office) -> None:
    """As docking lets only officers draw it by hand (E4)."""
    case, clerk = await opened(office), office.client.speaking_as(Role.CLERK, regions=(SHANDONG,))
    from_reserve = {"amount": yuan(2600), "paid_by": "reserve"}
    assert (await step(office, case, "settlement", clerk, **from_reserve)).status == 403
    assert await office.published(ReserveDrawRequested) == []
    assert (await step(office, case, "settlement", clerk, **PAID)).status == 200


@pytest.mark.parametrize("seat", ["350102", None])
async def test_a_case_about_an_enterprise_as_a_whole_is_for_the_office_of_its_seat(office: Office, seat: str | None) -> None:
    """Any office takes the report; where no seat is known only a national office sees the case."""
    placement = await office.abroad()
    await office.consume(qualified(placement, seat, "LW990020150016"))
    body = {"category": "conditions", "severity": "normal", "via": "authority", "text": "recruits in the street"}
    gansu, fujian = (office.client.speaking_as(Role.OFFICER, regions=(region,)) for region in (GANSU, FUJIAN))
    taken = await office.post("/cases", {**body, "enterprise": str(placement.enterprise)}, who=gansu)
    assert (taken.status, taken.body["text"]) == (201, None)
    case = taken.body["case"]
    for who, sees in ((gansu, False), (fujian, seat is not None), (office.client, True), (office.enterprise(), True)):
        assert (await office.get(f"/cases/{case}", who=who)).status == (200 if sees else 403)
        assert [one["case"] for one in (await office.get("/cases", who=who)).body["items"]] == [case] * sees
    assert (await step(office, case, "triage", gansu, severity="low")).status == 403
    assert (await office.post(f"/cases/{case}/settlement", {**PAID, "paid_by": "reserve"})).status == 200
    office.wait(2)
    for who, sees in ((gansu, False), (fujian, seat is not None), (office.client, True)):
        assert len((await office.get("/settlements/stuck", who=who)).body["items"]) == sees


async def test_the_enterprise_responds_and_offers_in_its_own_cases_only(office: Office) -> None:
    case = await opened(office)
    await step(office, case, "triage", severity="normal")
    await step(office, case, "response-request", text="why?")
    own, other = office.enterprise(), office.enterprise(new_id())
    response = {"position": "admits", "text": "it is so"}
    assert (await office.post(f"/cases/{case}/response", response, who=other)).status == 403
    assert (await office.post(f"/cases/{case}/response", response, who=own)).status == 200
    assert (await step(office, case, "offer", own, amount=yuan(100), offered_by="enterprise", text="sorry")).status == 200
    assert (await step(office, case, "evidence", own, digest=DIGEST, kind="photo", provided_by="worker")).status == 200
    assert [one.provided_by for one in await office.published(CaseEvidenceAdded)] == ["enterprise"]
    assert (await step(office, case, "triage", own, severity="low")).status == 403


async def test_nothing_that_an_enterprise_reads_tells_who_complained_where_that_is_hidden(office: Office) -> None:
    placement = await office.abroad()
    clerk = office.client.speaking_as(Role.CLERK, subject="county-370102")
    case = await opened(office, placement, hidden=True, text="Zhang in room 4 is not paid", medium="visit")
    await step(office, case, "triage", clerk, severity="normal")
    await step(office, case, "evidence", clerk, digest=DIGEST, kind="payslip", provided_by="worker")
    await step(office, case, "answer", clerk, text="Zhang, we look into it")
    await step(office, case, "response-request", clerk, text="are all wages paid?")
    own = office.enterprise()
    answers = [
        await step(office, case, "response", own, position="denies", text="all are"),
        await step(office, case, "evidence", own, digest="cd" * 32, kind="contract", provided_by="enterprise"),
        await step(office, case, "offer", own, amount=yuan(1), offered_by="enterprise", text="a yuan"),
        await step(office, case, "response", own, position="denies", text="again"),
    ]
    assert [one.status for one in answers] == [200, 200, 200, 409]
    seen = [(await office.get(f"/cases/{case}{part}", who=own)).body for part in ("", "/file", "/history")]
    seen += [(await office.get("/cases", who=own)).body, *(one.body for one in answers)]
    for shown in seen:
        text = str(shown)
        for secret in (str(placement.placement), str(placement.worker), "Zhang", "370102", DIGEST, "visit", "tester"):
            assert secret not in text, (secret, shown)
    assert [one["text"] for one in seen[1]["statements"]] == ["are all wages paid?", "all are", "a yuan"]
    for event in await office.published(CaseOpened, CaseTriaged, CaseEvidenceAdded, CaseResponseReceived):
        assert event.placement is None
        assert str(placement.worker) not in event.model_dump_json()
        assert event.origin.county == placement.county  # figures count it where the worker comes from
    assert (await office.get(f"/cases/{case}")).body["placement"] == str(placement.placement)

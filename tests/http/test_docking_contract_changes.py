"""Contracts of workers abroad: extended before their end, taken over by another employer, and the last change undone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared.events import ContractExtended, EmployerTransferred, ExtensionVoided, TransferVoided
from shared.principals import Role
from tests.support.docking import START, Dock, a_contract, an_insurance, dock
from tests.support.http import Answer

__all__ = ["dock"]

END = START + timedelta(days=3 * 365)  # of the contract; the insurance runs a year longer


def _path(placement: dict[str, Any], what: str) -> str:
    return f"/placements/{placement['placement']}/{what}"


def _refusal(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.code, answer.body["errors"][0]["field"]


async def _abroad(dock: Dock, days: int = 400) -> dict[str, Any]:
    gone = await dock.departed()
    dock.wait(days)
    return gone


async def _employer(dock: Dock, number: str = "0104-01-1", destination: str = "JPN") -> str:
    body = {"name": "Ume Construction KK", "destination": destination, "registration_no": number}
    answer = await dock.post("/employers", body)
    assert answer.status == 201, answer.body
    return str(answer.body["employer"])


def a_transfer(employer: str, since: date, **changes: Any) -> dict[str, Any]:
    return {"employer_id": employer, "since": since.isoformat(), "consent": True, "contract_no": "C-2019-7", **changes}


# --- extensions ---------------------------------------------------------------------------------------------------------
async def test_a_contract_is_extended_before_its_end_and_ends_later_everywhere(dock: Dock) -> None:
    gone = await _abroad(dock)
    longer = END + timedelta(days=365)
    answer = await dock.post(_path(gone, "extension"), {"end": longer.isoformat()})
    assert (answer.status, answer.body["contract"]["end"]) == (201, longer.isoformat())
    assert (await dock.show(gone))["contract"]["end"] == longer.isoformat()
    [event] = await dock.published(ContractExtended)
    assert (event.fact.previous_end, event.fact.end, event.effective_on) == (END, longer, dock.today)
    assert event.fact.terms_hash == answer.body["contract"]["terms_hash"] != gone["contract"]["terms_hash"]
    dock.today = END + timedelta(days=1)
    assert (await dock.get("/placements/ending")).body["contracts"]["overdue"] == 0


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"end": END.isoformat()}, (422, "NOT_EXTENDED", "end")),
        ({"end": "2028-04-01"}, (422, "TERM_TOO_LONG", "end")),
        ({"end": (END + timedelta(days=400)).isoformat()}, (422, "INSURANCE_TOO_SHORT", "end")),
        ({"end": "2021-06-01", "signed_on": "2019-04-06"}, (422, "FUTURE_DAY", "signed_on")),
        ({"end": "2021-06-01", "signed_on": "2018-02-28"}, (422, "DAY_TOO_EARLY", "signed_on")),
        ({"end": "2021-06-01", "version": 99}, (409, "VERSION_CONFLICT", "version")),
    ],
)
async def test_what_is_no_extension_is_refused(dock: Dock, body: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    gone = await _abroad(dock)
    assert _refusal(await dock.post(_path(gone, "extension"), body)) == refusal
    assert (await dock.get(_path(gone, "contract-changes"))).body["items"] == []


async def test_a_contract_that_has_ended_is_not_extended_but_one_signed_in_time_is_recorded_late(dock: Dock) -> None:
    gone = await _abroad(dock, 3 * 365 + 10)
    body = {"end": (END + timedelta(days=100)).isoformat()}
    late = await dock.post(_path(gone, "extension"), body)
    assert (_refusal(late), late.body["state"]) == ((409, "CONTRACT_ENDED", "signed_on"), END.isoformat())
    assert (await dock.post(_path(gone, "extension"), {**body, "signed_on": END.isoformat()})).status == 201


async def test_the_insurance_of_a_worker_abroad_is_made_longer_for_it_and_never_shorter(dock: Dock) -> None:
    gone = await _abroad(dock)
    longer = {"end": (END + timedelta(days=400)).isoformat()}
    shorter = an_insurance(START, valid_to=(END + timedelta(days=1)).isoformat())
    assert (await dock.post(_path(gone, "insurance"), shorter)).code == "INSURANCE_SHORTENED"
    assert (await dock.post(_path(gone, "insurance"), an_insurance(START, valid_to="2023-01-01"))).body["state"] == "abroad"
    assert (await dock.post(_path(gone, "extension"), longer)).status == 201


async def test_nobody_s_contract_is_extended_before_the_departure_or_after_the_return(dock: Dock) -> None:
    cleared = await dock.cleared()
    assert (await dock.post(_path(cleared, "extension"), {"end": "2021-06-01"})).code == "ILLEGAL_STEP"
    home = await dock.returned(await _abroad(dock))
    assert (await dock.post(_path(home, "extension"), {"end": "2021-06-01"})).code == "ILLEGAL_STEP"


# --- transfers ----------------------------------------------------------------------------------------------------------
async def test_another_employer_takes_the_worker_over_on_terms_of_its_own(dock: Dock) -> None:
    gone, employer = await _abroad(dock), await _employer(dock)
    since = dock.today - timedelta(days=5)
    wage = {"minor": 190_000, "currency": "JPY"}
    answer = await dock.post(_path(gone, "transfer"), a_transfer(employer, since, wage=wage, pay_day=25))
    assert (answer.status, answer.body["employer_id"]) == (201, employer)
    contract = answer.body["contract"]
    assert (contract["wage"], contract["pay_day"], contract["contract_no"], contract["end"]) == (wage, 25, "C-2019-7", END.isoformat())
    [event] = await dock.published(EmployerTransferred)
    assert (str(event.fact.employer), event.fact.previous_employer, event.effective_on) == (employer, None, since)
    again = await dock.post(_path(gone, "transfer"), a_transfer(employer, dock.today))
    assert _refusal(again) == (409, "SAME_EMPLOYER", "employer_id")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"consent": False}, (422, "CONSENT_MISSING", "consent")),
        ({"consent": "yes"}, (422, "INVALID", "consent")),
        ({"since": "2019-04-06"}, (422, "FUTURE_DAY", "since")),
        ({"since": "2018-02-28"}, (422, "DAY_TOO_EARLY", "since")),
        ({"wage": {"minor": 1, "currency": "CNY"}}, (422, "CURRENCY_DIFFERS", "wage.currency")),
        ({"days_per_month": 20}, (422, "DAYS_PER_MONTH", "days_per_month")),
        ({"end": "2019-01-01"}, (422, "ENDS_BEFORE_START", "end")),
        ({"end": "2028-04-01"}, (422, "TERM_TOO_LONG", "end")),
        ({"end": (END + timedelta(days=400)).isoformat()}, (422, "INSURANCE_TOO_SHORT", "end")),
        ({"employer_id": "00000000-0000-0000-0000-000000000001"}, (404, "EMPLOYER_NOT_FOUND", "employer_id")),
    ],
)
async def test_what_is_no_transfer_is_refused(dock: Dock, changes: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    gone, employer = await _abroad(dock), await _employer(dock)
    assert _refusal(await dock.post(_path(gone, "transfer"), {**a_transfer(employer, dock.today), **changes})) == refusal
    assert (await dock.show(gone))["contract"] == gone["contract"]


async def test_a_daily_wage_becomes_a_monthly_one_without_a_word_on_paid_days(dock: Dock) -> None:
    gone = await _abroad(dock)
    daily = a_transfer(await _employer(dock), dock.today, wage_period="day", days_per_month=26)
    assert (await dock.post(_path(gone, "transfer"), daily)).body["contract"]["days_per_month"] == 26
    monthly = a_transfer(await _employer(dock, "K-2"), dock.today, wage_period="month")
    answer = await dock.post(_path(gone, "transfer"), monthly)
    assert (answer.status, answer.body["contract"]["days_per_month"]) == (201, 1)


async def test_the_other_employer_is_of_the_same_host_state_and_not_the_order_s_own(dock: Dock) -> None:
    own = await _employer(dock)
    gone = await dock.departed(await dock.order(employer=None, employer_id=own))
    elsewhere = await _employer(dock, "K-1", "KOR")
    assert (await dock.post(_path(gone, "transfer"), a_transfer(elsewhere, dock.today))).code == "EMPLOYER_ELSEWHERE"
    assert (await dock.post(_path(gone, "transfer"), a_transfer(own, dock.today))).code == "SAME_EMPLOYER"


# --- undone -------------------------------------------------------------------------------------------------------------
async def test_the_last_change_is_undone_and_what_was_before_it_holds_again(dock: Dock) -> None:
    gone, employer = await _abroad(dock), await _employer(dock)
    await dock.post(_path(gone, "extension"), {"end": "2021-06-01"})
    early = await dock.post(_path(gone, "transfer"), a_transfer(employer, dock.today - timedelta(days=1)))
    assert (early.code, early.body["state"]) == ("CHANGE_OUT_OF_ORDER", dock.today.isoformat())
    both = (await dock.post(_path(gone, "transfer"), a_transfer(employer, dock.today))).body
    extension, transfer = (one["change"] for one in both["items"])
    path = _path(gone, "contract-changes")
    wrong = {"reason": "entered_wrongly"}
    own = dock.client.speaking_as(Role.ENTERPRISE, party=gone["enterprise"])
    assert (await dock.post(f"{path}/{transfer}/void", wrong, who=own)).status == 403
    not_last = await dock.post(f"{path}/{extension}/void", wrong)
    assert (not_last.status, not_last.code, not_last.body["state"]) == (409, "CHANGE_NOT_LAST", transfer)
    undone = (await dock.post(f"{path}/{transfer}/void", wrong)).body
    assert (undone["employer_id"], undone["contract"]["end"], undone["contract"]["contract_no"]) == (None, "2021-06-01", "C-2018-0001")
    undone = (await dock.post(f"{path}/{extension}/void", wrong)).body
    assert undone["contract"] == gone["contract"]
    assert (await dock.post(f"{path}/{extension}/void", wrong)).code == "CHANGE_NOT_LAST"
    assert (await dock.post(f"{path}/{employer}/void", wrong)).code == "CHANGE_NOT_FOUND"
    for recorded, voided in ((ContractExtended, ExtensionVoided), (EmployerTransferred, TransferVoided)):
        [before], [after] = await dock.published(recorded), await dock.published(voided)
        assert (after.change, after.previous) == (before.change, before.fact)
    assert (await dock.post(_path(gone, "extension"), {"end": "2021-07-01"})).status == 201, "entered as it was"


async def test_a_departure_that_never_was_takes_its_changes_along(dock: Dock) -> None:
    gone, employer = await _abroad(dock), await _employer(dock)
    await dock.post(_path(gone, "extension"), {"end": "2021-06-01"})
    await dock.post(_path(gone, "transfer"), a_transfer(employer, dock.today))
    await dock.post(_path(gone, "departure/void"), {"reason": "not_departed"})
    voided = await dock.published(ExtensionVoided, TransferVoided)
    assert [(type(one), one.reason) for one in voided] == [(TransferVoided, "dispatch_voided"), (ExtensionVoided, "dispatch_voided")]


async def test_terms_of_a_contract_are_as_filed_until_somebody_changes_them(dock: Dock) -> None:
    gone = await _abroad(dock)
    assert (await dock.post(_path(gone, "contract"), a_contract(dock.today))).code == "ILLEGAL_STEP"
    shown = (await dock.get(_path(gone, "contract-changes"))).body
    assert (shown["contract"], shown["employer_id"], shown["items"]) == (gone["contract"], None, [])

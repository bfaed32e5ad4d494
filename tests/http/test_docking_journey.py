"""From a qualified enterprise to a counted departure and back, over HTTP."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from joserfc.jwk import OKPKey

from services.docking.clearance.certificate import CertificateInvalid, verify
from services.docking.settings import policy
from shared.events import (
    ClearanceGranted,
    ClearanceRequested,
    ContractRegistered,
    DispatchCorrected,
    Dispatched,
    DispatchVoided,
    EnterpriseQualified,
    InsuranceBound,
    JobOrderOpened,
    MatchedToEnterprise,
    MedicalRecorded,
    ReserveDeposited,
    ReturnCorrected,
    Returned,
)
from shared.values import Designation, WorkerId
from tests.support.docking import POOR_COUNTY, AWorker, Dock, a_contract, a_departure, an_insurance, dock

__all__ = ["dock"]


def _kinds(events: list[Any]) -> list[str]:
    return [type(one).__name__ for one in events]


async def test_a_worker_is_matched_cleared_departs_and_returns(dock: Dock) -> None:
    worker = await dock.worker(AWorker(county=POOR_COUNTY))
    order = await dock.order(positions=2)
    gone = await dock.departed(order, worker)
    assert gone["state"] == "abroad"
    assert (gone["dispatch"]["first_ever"], gone["dispatch"]["first_this_year"]) == (True, True)
    assert gone["dispatch"]["designation"] == Designation.NATIONAL
    dock.wait(400)
    home = await dock.returned(gone)
    assert home["state"] == "returned"
    assert [type(event.data) for event in await dock.client.published()] == [
        EnterpriseQualified,
        ReserveDeposited,
        JobOrderOpened,
        MatchedToEnterprise,
        ContractRegistered,
        InsuranceBound,
        MedicalRecorded,
        ClearanceRequested,
        ClearanceGranted,
        Dispatched,
        Returned,
    ]
    shown = await dock.show_order(order)
    assert (shown["reserved"], shown["filled"], shown["fill_rate"]) == (0, 1, [1, 2])


async def test_every_step_carries_the_days_it_took_to_be_counted_from(dock: Dock) -> None:
    registered, matched = date(2018, 1, 9), dock.today
    worker = await dock.worker(AWorker(county=POOR_COUNTY, registered_on=registered))
    gone = await dock.departed(await dock.order(), worker)
    dock.wait(3)
    await dock.post(f"/placements/{gone['placement']}/departure/correction", {"reason": "mistyped", "port": "CNDLC"})
    match, cleared, left, corrected = await dock.published(MatchedToEnterprise, ClearanceGranted, Dispatched, DispatchCorrected)
    assert match.registered_on == registered
    facts = (cleared, left.fact, corrected.previous, corrected.fact)
    assert {(fact.registered_on, fact.matched_on) for fact in facts} == {(registered, matched)}


async def test_the_history_of_a_placement_says_who_did_what_and_when_it_was_effective(dock: Dock) -> None:
    gone = await dock.departed()
    changes = (await dock.get(f"/placements/{gone['placement']}/history")).body["items"]
    assert [one["type"] for one in changes] == [
        "MatchedToEnterprise",
        "ContractRegistered",
        "InsuranceBound",
        "MedicalRecorded",
        "ClearanceRequested",
        "ClearanceGranted",
        "Dispatched",
    ]
    assert {one["actor"] for one in changes} == {"officer:tester"}
    assert {one["effective"] for one in changes} == {dock.today.isoformat()}


async def test_orders_and_enterprises_have_a_history_too(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise)
    await dock.post(f"/orders/{order}/closure")
    histories = [(await dock.get(path)).body["items"] for path in (f"/enterprises/{enterprise}/history", f"/orders/{order}/history")]
    assert [[one["type"] for one in changes] for changes in histories] == [
        ["EnterpriseQualified", "ReserveDeposited"],
        ["JobOrderOpened", "JobOrderClosed"],
    ]


async def test_the_certificate_of_a_clearance_is_verifiable_offline_with_the_published_key(dock: Dock) -> None:
    granted = await dock.cleared()
    published = (await dock.get("/clearance/keys")).body["keys"][0]
    assert "d" not in published
    key = OKPKey.import_key(published)
    certificate = verify(granted["clearance"], key, on=dock.today)
    assert (str(certificate.placement), str(certificate.worker)) == (granted["placement"], granted["worker"])
    with pytest.raises(CertificateInvalid):
        verify(granted["clearance"], key, on=certificate.valid_to + timedelta(days=1))
    with pytest.raises(CertificateInvalid):
        verify(granted["clearance"][:-4] + "AAAA", key, on=dock.today)


async def test_a_late_record_of_a_departure_within_the_clearance_is_taken(dock: Dock) -> None:
    dock.today = date(2017, 12, 20)
    placement = await dock.cleared(worker=await dock.worker(AWorker(registered_on=date(2017, 12, 1))))
    dock.today = date(2018, 3, 5)
    await dock.sweep()
    late = await dock.post(f"/placements/{placement['placement']}/departure", a_departure(date(2017, 12, 30)))
    assert late.status == 200, late.body
    assert (await dock.published(Dispatched))[0].effective_on == date(2017, 12, 30)


@pytest.mark.parametrize("visa", ["business", "tourist", "study"])
async def test_nobody_departs_on_a_business_tourist_or_study_visa(dock: Dock, visa: str) -> None:
    placement = await dock.cleared()
    answer = await dock.post(f"/placements/{placement['placement']}/departure", a_departure(dock.today, visa=visa))
    assert (answer.status, answer.code) == (422, "VISA_REFUSED")


async def test_a_departure_lies_neither_in_the_future_nor_before_the_match_nor_outside_the_clearance(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.certificate(placement)
    dock.wait(5)
    await dock.requested(placement)
    path = f"/placements/{placement['placement']}/departure"
    days = {-6: "BEFORE_MATCH", -1: "CLEARANCE_NOT_VALID", 1: "FUTURE_DAY"}
    for days_off, code in days.items():
        answer = await dock.post(path, a_departure(dock.today + timedelta(days=days_off)))
        assert (answer.status, answer.code) == (422, code)
    dock.wait(61)
    assert (await dock.post(path, a_departure(dock.today))).code == "CLEARANCE_NOT_VALID"
    assert await dock.published(Dispatched) == []


async def test_a_clearance_is_not_a_departure(dock: Dock) -> None:
    await dock.cleared()
    assert _kinds(await dock.published(ClearanceGranted, Dispatched)) == ["ClearanceGranted"]


# --- corrections ------------------------------------------------------------------------------------------------------------
async def _two_stays(dock: Dock) -> tuple[dict[str, Any], dict[str, Any]]:
    """One worker, two departures in 2018."""
    worker = await dock.worker()
    first = await dock.departed(worker=worker)
    dock.wait(60)
    await dock.returned(first)
    dock.wait(1)
    return first, await dock.departed(worker=worker)


async def test_two_departures_in_a_year_are_one_person(dock: Dock) -> None:
    _, second = await _two_stays(dock)
    assert (second["dispatch"]["first_ever"], second["dispatch"]["first_this_year"]) == (False, False)


async def test_voiding_the_first_departure_makes_the_next_one_count_as_the_person(dock: Dock) -> None:
    first, second = await _two_stays(dock)
    answer = await dock.post(f"/placements/{first['placement']}/departure/void", {"reason": "wrong_worker"})
    assert (answer.status, answer.body["state"]) == (200, "voided")
    voided, corrected = await dock.published(DispatchVoided, DispatchCorrected)
    assert voided.returned is not None
    assert (str(corrected.placement), corrected.cause) == (second["placement"], "void_of_first")
    assert (corrected.previous.first_this_year, corrected.fact.first_this_year) == (False, True)
    order = await dock.show_order(first["order"])
    assert (order["reserved"], order["filled"]) == (0, 0)


async def test_correcting_a_departure_into_the_year_before_moves_the_person(dock: Dock) -> None:
    dock.today = date(2017, 12, 28)
    worker = await dock.worker(AWorker(registered_on=date(2017, 12, 1)))
    first = await dock.cleared(worker=worker)
    dock.wait(8)
    path = f"/placements/{first['placement']}/departure"
    assert (await dock.post(path, a_departure(dock.today))).status == 200
    dock.wait(30)
    await dock.returned(first)
    dock.wait(1)
    second = await dock.departed(worker=worker)
    answer = await dock.post(f"{path}/correction", {"reason": "mistyped", "departed_on": "2017-12-30"})
    assert answer.status == 200, answer.body
    own, other = await dock.published(DispatchCorrected)
    assert (own.previous.departed_on, own.fact.departed_on) == (date(2018, 1, 5), date(2017, 12, 30))
    assert own.returned is not None
    assert str(other.placement) == second["placement"]
    assert (other.previous.first_this_year, other.fact.first_this_year, other.fact.first_ever) == (False, True, False)


async def test_a_corrected_county_is_designated_as_on_the_day_of_departure(dock: Dock) -> None:
    gone = await dock.departed()
    body = {"reason": "misread", "county": POOR_COUNTY, "destination": "KOR", "occupation": "9313", "port": "CNDLC"}
    answer = await dock.post(f"/placements/{gone['placement']}/departure/correction", body)
    assert answer.status == 200, answer.body
    (corrected,) = await dock.published(DispatchCorrected)
    assert corrected.reason == "misread"
    assert corrected.fact.origin.designation is Designation.NATIONAL
    assert (corrected.fact.destination, corrected.fact.occupation, corrected.fact.port) == ("KOR", "9313", "CNDLC")


async def test_a_correction_must_correct_something_possible(dock: Dock) -> None:
    gone = await dock.departed()
    dock.wait(10)
    await dock.returned(gone)
    path = f"/placements/{gone['placement']}/departure/correction"
    tomorrow, before = dock.today + timedelta(days=1), dock.today - timedelta(days=20)
    cases: dict[str, dict[str, str]] = {
        "NOTHING_TO_CORRECT": {},
        "DESTINATION_NOT_FOUND": {"destination": "XXX"},
        "OCCUPATION_NOT_FOUND": {"occupation": "9999"},
        "FUTURE_DAY": {"departed_on": tomorrow.isoformat()},
        "BEFORE_MATCH": {"departed_on": before.isoformat()},
    }
    for code, body in cases.items():
        answer = await dock.post(path, {"reason": "mistyped", **body})
        assert (answer.status, answer.code) == (422, code)
    dock.wait(5)
    late = await dock.post(path, {"reason": "mistyped", "departed_on": dock.today.isoformat()})
    assert (late.status, late.code) == (422, "RETURN_BEFORE_DEPARTURE")
    unexplained = await dock.post(path, {"port": "CNDLC"})
    assert (unexplained.status, unexplained.body["errors"][0]["field"]) == (422, "reason")
    assert await dock.published(DispatchCorrected) == []


# --- a return that was recorded wrongly -----------------------------------------------------------------------------------
async def _home(dock: Dock) -> tuple[dict[str, Any], str]:
    """Departed on 1 March, returned on 20 May 2019; and the path of its correction."""
    gone = await dock.departed()
    dock.today = date(2019, 5, 20)
    home = await dock.returned(gone)
    dock.wait(30)
    return home, f"/placements/{home['placement']}/departure/correction"


async def test_field_case_f14_a_wrong_day_of_return_is_put_right(dock: Dock) -> None:
    home, path = await _home(dock)
    answer = await dock.post(path, {"reason": "new_evidence", "returned_on": "2019-04-20", "return_reason": "early"})
    assert answer.status == 200, answer.body
    assert (answer.body["state"], answer.body["since"], answer.body["dispatch"]["returned_on"]) == ("returned", "2019-04-20", "2019-04-20")
    (event,) = await dock.published(ReturnCorrected)
    assert (event.previous.returned_on, event.previous.reason) == (date(2019, 5, 20), "completed")
    assert (event.fact.returned_on, event.fact.reason) == (date(2019, 4, 20), "early")
    assert await dock.published(DispatchCorrected) == [], "the departure was right"
    history = (await dock.get(f"/placements/{home['placement']}/history")).body["items"]
    assert (history[-1]["type"], history[-1]["effective"], history[-1]["reason"]) == ("ReturnCorrected", "2019-04-20", "new_evidence")
    again = await dock.post(path, {"reason": "mistyped", "returned_on": "2019-04-20"})
    assert (again.status, again.code) == (422, "NOTHING_TO_CORRECT")


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ({"departed_on": "2019-06-01", "returned_on": "2019-06-10"}, ["ReturnCorrected", "DispatchCorrected"]),
        ({"departed_on": "2018-03-05", "returned_on": "2018-04-01"}, ["ReturnCorrected", "DispatchCorrected"]),
    ],
)
async def test_departure_and_return_are_corrected_together_and_no_event_has_a_return_before_its_departure(
    dock: Dock, body: dict[str, str], order: list[str]
) -> None:
    _, path = await _home(dock)
    answer = await dock.post(path, {"reason": "mistyped", **body})
    assert answer.status == 200, answer.body
    changes = await dock.published(ReturnCorrected, DispatchCorrected)
    assert _kinds(changes) == order
    returned, departed = changes
    assert returned.fact.returned_on >= returned.dispatch.departed_on
    assert departed.returned.returned_on >= departed.fact.departed_on
    assert departed.returned == returned.fact
    assert departed.previous == returned.dispatch


async def test_a_stay_before_the_one_recorded_is_corrected_departure_first(dock: Dock) -> None:
    dock.today = date(2018, 3, 1)
    gone = await dock.cleared()
    dock.wait(20)
    path = f"/placements/{gone['placement']}/departure"
    assert (await dock.post(path, a_departure(dock.today))).status == 200
    dock.wait(10)
    await dock.returned(gone)
    answer = await dock.post(f"{path}/correction", {"reason": "mistyped", "departed_on": "2018-03-02", "returned_on": "2018-03-12"})
    assert answer.status == 200, answer.body
    departed, returned = await dock.published(ReturnCorrected, DispatchCorrected)
    assert _kinds([departed, returned]) == ["DispatchCorrected", "ReturnCorrected"]
    assert departed.returned == returned.previous
    assert departed.fact == returned.dispatch


async def test_a_corrected_return_is_possible_and_apart_from_the_next_stay(dock: Dock) -> None:
    home, path = await _home(dock)
    dock.wait(10)
    second = await dock.departed(worker=WorkerId(home["worker"]))
    left = dock.today
    dock.wait(5)
    cases = {
        "FUTURE_DAY": (422, {"returned_on": (dock.today + timedelta(days=1)).isoformat()}),
        "RETURN_BEFORE_DEPARTURE": (422, {"returned_on": "2018-02-28"}),
        "STAY_OVERLAPS": (409, {"returned_on": (left + timedelta(days=1)).isoformat()}),
    }
    for code, (status, body) in cases.items():
        answer = await dock.post(path, {"reason": "mistyped", **body})
        assert (answer.status, answer.code) == (status, code)
    abroad = await dock.post(
        f"/placements/{second['placement']}/departure/correction", {"reason": "mistyped", "returned_on": left.isoformat()}
    )
    assert (abroad.status, abroad.code, abroad.body["errors"][0]["field"]) == (409, "NOT_RETURNED", "returned_on")
    assert await dock.published(ReturnCorrected) == []
    assert (await dock.post(path, {"reason": "mistyped", "returned_on": left.isoformat()})).status == 200, (
        "home in the morning, off in the evening"
    )


# --- contract and fees -----------------------------------------------------------------------------------------------------
async def test_a_deposit_is_refused_by_name(dock: Dock) -> None:
    placement = await dock.matched()
    body = a_contract(dock.today, deposit={"minor": 1, "currency": "JPY"})
    answer = await dock.post(f"/placements/{placement['placement']}/contract", body)
    assert (answer.status, answer.code) == (422, "DEPOSIT_FORBIDDEN")


async def test_a_fee_above_the_cap_is_recorded_and_refuses_clearance(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.certificate(placement)
    path = f"/placements/{placement['placement']}"
    cap = 180_000 * 36 * 125 // 1000
    for fee, state in ((cap + 1, "matched"), (cap, "cleared")):
        contract = a_contract(dock.today, service_fee={"minor": fee, "currency": "JPY"})
        assert (await dock.post(f"{path}/contract", contract)).status == 200
        assert (await dock.requested(placement))["state"] == state


async def test_worked_example_filing_clock_ten_working_days_after_signing(dock: Dock) -> None:
    dock.today = date(2018, 10, 18)
    placement = await dock.matched()
    body = a_contract(dock.today, signed_on="2018-09-28")
    contract = (await dock.post(f"/placements/{placement['placement']}/contract", body)).body["contract"]
    assert (contract["filing_due"], contract["filed_late"]) == ("2018-10-17", True)


async def test_insurance_shorter_than_the_contract_does_not_cover(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.certificate(placement)
    short = an_insurance(dock.today, valid_to=(dock.today + timedelta(days=365)).isoformat())
    await dock.post(f"/placements/{placement['placement']}/insurance", short)
    assert (await dock.requested(placement))["failed"] == ["insurance"]


# --- adoption ----------------------------------------------------------------------------------------------------------------
def _row(worker: object, enterprise: str, **changes: Any) -> dict[str, Any]:
    return {
        "worker": str(worker),
        "enterprise": enterprise,
        "destination": "JPN",
        "occupation": "7112",
        "channel": "labour_cooperation",
        "departed_on": "2016-05-01",
        "port": "CNTAO",
        "contract": a_contract(date(2016, 5, 1)),
        **changes,
    }


async def test_workers_already_abroad_are_adopted_row_by_row(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    good, other, placed = [await dock.worker() for _ in range(3)]
    await dock.matched(worker=placed)
    rows = [
        _row(good, enterprise),
        _row(other, enterprise, departed_on="2100-01-01"),
        _row(other, enterprise, surprise=1),
        _row(good, enterprise),
        _row(placed, enterprise),
        _row(enterprise, enterprise),
        _row(other, str(good)),
        _row(other, enterprise, contract=a_contract(dock.today, deposit={"minor": 1, "currency": "JPY"})),
        _row(other, enterprise, occupation="7111"),
    ]
    answer = await dock.post("/placements/adoption", {"rows": rows})
    assert answer.status == 200, answer.body
    assert answer.body["accepted"] == 2
    assert [(one["row"], one["field"], one["code"]) for one in answer.body["refused"]] == [
        (1, "departed_on", "FUTURE_DAY"),
        (2, "surprise", "EXTRA_FORBIDDEN"),
        (3, "worker", "ALREADY_PLACED"),
        (4, "worker", "ALREADY_PLACED"),
        (5, "worker", "WORKER_NOT_FOUND"),
        (6, "enterprise", "ENTERPRISE_NOT_FOUND"),
        (7, "deposit", "DEPOSIT_FORBIDDEN"),
    ]
    adopted = (await dock.get(f"/placements/{answer.body['placements'][0]}")).body
    assert (adopted["state"], adopted["adopted"], adopted["dispatch"]["evidence"]) == ("abroad", True, "adopted")
    assert len(await dock.published(Dispatched)) == len(await dock.published(ContractRegistered)) == 2
    assert (await dock.returned(adopted))["state"] == "returned"


@pytest.mark.parametrize(
    ("stay", "body", "field"),
    [
        (1, {"departed_on": "2015-06-01"}, "departed_on"),  # into the earlier stay
        (1, {"departed_on": "2014-06-01"}, "departed_on"),  # around it: who has not come back is still away
        (0, {"departed_on": "2017-03-01", "returned_on": "2017-04-01"}, "departed_on"),  # into the later one, which has no end
        (0, {"returned_on": "2017-02-02"}, "returned_on"),
        (0, {"departed_on": "2014-01-01", "returned_on": "2017-02-02"}, "returned_on"),
        (1, {"departed_on": "2016-01-01"}, None),  # home in the morning, off in the evening
        (0, {"departed_on": "2014-01-01", "returned_on": "2017-02-01"}, None),
    ],
)
async def test_a_stay_is_not_corrected_into_another_of_the_same_worker(
    dock: Dock, stay: int, body: dict[str, str], field: str | None
) -> None:
    enterprise, worker = await dock.enterprise(), await dock.worker()

    async def adopted(departed_on: str) -> str:
        answer = await dock.post("/placements/adoption", {"rows": [_row(worker, enterprise, departed_on=departed_on)]})
        return str(answer.body["placements"][0])

    earlier = await adopted("2015-01-01")
    await dock.post(f"/placements/{earlier}/return", {"returned_on": "2016-01-01", "reason": "completed"})
    later = await adopted("2017-02-01")
    answer = await dock.post(f"/placements/{(earlier, later)[stay]}/departure/correction", {"reason": "mistyped", **body})
    if field is None:
        assert answer.status == 200, answer.body
    else:
        assert (answer.status, answer.body.get("code")) == (409, "STAY_OVERLAPS"), answer.body
        assert answer.body["errors"][0]["field"] == field


async def test_a_whole_batch_of_adoptions_is_one_answer(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    workers = [await dock.worker() for _ in range(500)]
    answer = await dock.post("/placements/adoption", {"rows": [_row(worker, enterprise) for worker in workers]})
    assert (answer.status, answer.body["accepted"], answer.body["refused"]) == (200, 500, [])
    assert (await dock.post("/placements/adoption", {"rows": [{}] * 501})).status == 422


async def test_parameters_have_the_documented_defaults() -> None:
    rules = policy()
    assert (rules.docking_match_days, rules.docking_clearance_wait_days, rules.docking_clearance_days) == (45, 30, 60)
    assert (rules.docking_minimum_reserve, rules.docking_fee_cap_per_mille) == (300_000_000, 125)


async def test_the_checklist_says_what_is_missing_and_who_must_act(dock: Dock) -> None:
    placement = (await dock.matched())["placement"]
    listed = (await dock.get(f"/placements/{placement}/checks")).body["items"]
    unmet = {one["check"]: one["actor"] for one in listed if not one["met"]}
    assert unmet["contract_filed"] == "enterprise"
    assert unmet["training_certificate"] == "trainer"
    assert "worker_not_suspended" not in unmet

"""The clearance saga over events, every timeout, and the reactions to events of other services."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from services.docking import consumers
from shared.db import Cause
from shared.delivery import consumer
from shared.events import (
    CaseReopened,
    CaseTriaged,
    CertificateIssued,
    ClearanceGranted,
    ClearanceRefused,
    ClearanceWithdrawn,
    Dispatched,
    JobOrderExpired,
    PlacementCancelled,
    QuotaStatusChanged,
    WillingnessExpired,
    WillingnessWithdrawn,
    WorkerVerified,
)
from shared.principals import Role, system
from shared.reference import origin
from shared.values import Clock, EnrolmentId, QuotaStatus, WorkerId, new_id
from tests.support.docking import POOR_COUNTY, RICH_COUNTY, AWorker, Dock, a_contract, a_departure, an_insurance, dock, yen
from tests.support.recording import noon, recorded

__all__ = ["dock"]


async def _positions(dock: Dock, order: str) -> tuple[int, int]:
    shown = await dock.show_order(order)
    return shown["reserved"], shown["filled"]


# --- the saga -----------------------------------------------------------------------------------------------------------------
async def test_a_request_waits_for_the_training_certificate_and_is_granted_when_it_comes(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    waiting = await dock.requested(placement)
    assert (waiting["state"], waiting["failed"]) == ("clearance_requested", ["training_certificate"])
    assert waiting["due"] == (dock.today + timedelta(days=30)).isoformat()
    dock.wait(20)
    await dock.certificate(placement)
    granted = await dock.show(placement)
    assert (granted["state"], granted["clearance_valid_to"]) == ("cleared", (dock.today + timedelta(days=60)).isoformat())
    (event,) = [one for one in await dock.client.published() if isinstance(one.data, ClearanceGranted)]
    assert event.actor == "service:docking"
    (event,) = await dock.published(ClearanceGranted)
    assert event.certificate == granted["clearance"]


async def test_a_certificate_for_something_else_leaves_the_request_waiting(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.requested(placement)
    await dock.certificate({**placement, "occupation": "9313"})
    assert (await dock.show(placement))["state"] == "clearance_requested"


async def test_a_hard_failure_refuses_and_gives_the_match_its_first_deadline_back(dock: Dock) -> None:
    placement = await dock.matched()
    due = placement["due"]
    dock.wait(10)
    refused = await dock.requested(placement)
    assert (refused["state"], refused["due"]) == ("matched", due)
    (event,) = await dock.published(ClearanceRefused)
    assert list(event.failed) == refused["failed"] == ["training_certificate", "medical", "insurance", "contract_filed"]


async def test_a_check_that_fails_while_waiting_refuses_when_the_certificate_comes(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.requested(placement)
    case = await dock.case(placement["enterprise"])
    await dock.certificate(placement)
    assert (await dock.show(placement))["state"] == "matched"
    assert (await dock.published(ClearanceRefused))[0].failed == ("no_blocking_case",)
    await dock.case_closed(case)
    assert (await dock.requested(placement))["state"] == "cleared"


async def test_a_case_blocks_again_once_reopened_and_no_longer_once_it_is_seen_to_be_harmless(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.certificate(placement)
    case = await dock.case(placement["enterprise"])
    await dock.case_closed(case)
    codes = {**case.model_dump(), "opened_on": dock.today, "closed_on": dock.today, "ground": "evidence"}
    await dock.consume(CaseReopened.model_validate(codes))
    assert (await dock.requested(placement))["failed"] == ["no_blocking_case"]
    await dock.consume(CaseTriaged.model_validate({**codes, "severity": "low", "blocking": False}))
    assert (await dock.requested(placement))["state"] == "cleared"


async def test_worked_example_reserve_too_small_refuses_until_it_is_filled(dock: Dock) -> None:
    enterprise = await dock.enterprise(reserve=299_999_999)
    placement = await dock.prepared(await dock.matched(await dock.order(enterprise)))
    await dock.certificate(placement)
    assert (await dock.requested(placement))["failed"] == ["reserve"]
    await dock.post(f"/enterprises/{enterprise}/reserve", {"amount": {"minor": 1, "currency": "CNY"}})
    assert (await dock.requested(placement))["state"] == "cleared"


async def test_worked_example_certificate_revoked_after_clearance_before_departure(dock: Dock) -> None:
    """Clearance withdrawn, position released, no Dispatched possible."""
    order = await dock.order()
    placement = await dock.prepared(await dock.matched(order))
    issued = await dock.certificate(placement)
    await dock.requested(placement)
    dock.wait(1)
    await dock.revoke(issued)
    withdrawn, cancelled = await dock.published(ClearanceWithdrawn, PlacementCancelled)
    assert (withdrawn.reason, cancelled.reason) == ("certificate_revoked", "clearance_withdrawn")
    assert await _positions(dock, order) == (0, 0)
    departure = await dock.post(f"/placements/{placement['placement']}/departure", a_departure(dock.today))
    assert (departure.status, departure.code, departure.body["state"]) == (409, "ILLEGAL_STEP", "cancelled")
    assert await dock.published(Dispatched) == []


async def _expired(dock: Dock) -> tuple[dict[str, Any], date]:
    """A cleared placement whose certificate has ended since, and its last day."""
    placement = await dock.prepared(await dock.matched())
    issued = await dock.certificate(placement, valid_to=dock.today + timedelta(days=10))
    await dock.requested(placement)
    dock.today = issued.valid_to + timedelta(days=1)
    await dock.expire(issued)
    return placement, issued.valid_to


async def test_a_certificate_that_expires_before_departure_takes_the_clearance_with_it(dock: Dock) -> None:
    placement, last_day = await _expired(dock)
    assert [one.reason for one in await dock.published(ClearanceWithdrawn)] == ["certificate_expired"]
    path = f"/placements/{placement['placement']}/departure"
    late = await dock.post(path, a_departure(dock.today))
    assert late.code == "CLEARANCE_NOT_VALID"
    dock.today = last_day + timedelta(days=31)
    await dock.sweep()
    assert [one.reason for one in await dock.published(PlacementCancelled)] == ["clearance_expired"]
    assert len(await dock.published(ClearanceWithdrawn)) == 1, "it was withdrawn once"
    assert await _positions(dock, placement["order"]) == (0, 0)


async def test_evidence_of_a_departure_before_the_certificate_ended_is_still_taken(dock: Dock) -> None:
    placement, last_day = await _expired(dock)
    dock.wait(20)
    assert (await dock.post(f"/placements/{placement['placement']}/departure", a_departure(last_day))).body["state"] == "abroad"


async def test_who_is_trained_again_is_cleared_again_in_the_same_position(dock: Dock) -> None:
    placement, _ = await _expired(dock)
    dock.wait(5)
    await dock.certificate(placement)
    assert (await dock.requested(placement))["state"] == "cleared"
    assert await _positions(dock, placement["order"]) == (1, 0)
    assert len(await dock.published(ClearanceWithdrawn)) == 1


async def test_a_certificate_that_stands_for_one_from_elsewhere_is_one(dock: Dock) -> None:
    """Training has recognised it, with two people; its basis is stated, and its days are its own."""
    placement = await dock.prepared(await dock.matched())
    assert (await dock.requested(placement))["failed"] == ["training_certificate"]
    await dock.certificate(placement, valid_to=dock.today + timedelta(days=30), basis="prior_learning")
    granted = await dock.show(placement)
    assert (granted["state"], granted["clearance_valid_to"]) == ("cleared", (dock.today + timedelta(days=30)).isoformat())


async def test_a_certificate_that_holds_shorter_than_it_said_shortens_the_clearance(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    issued = await dock.certificate(placement, valid_to=dock.today + timedelta(days=40))
    first = await dock.requested(placement)
    last_day = await dock.reissue(issued, -20)
    assert [one.reason for one in await dock.published(ClearanceWithdrawn)] == ["certificate_corrected"]
    shown = await dock.show(placement)
    assert (shown["state"], shown["clearance_valid_to"]) == ("cleared", last_day.isoformat())
    assert shown["clearance"] != first["clearance"]
    granted = await dock.published(ClearanceGranted)
    assert [one.matched_on is None for one in granted] == [False, True], "how long clearing took is counted once"
    dock.today = last_day + timedelta(days=1)
    path = f"/placements/{placement['placement']}/departure"
    assert (await dock.post(path, a_departure(dock.today))).code == "CLEARANCE_NOT_VALID"
    assert (await dock.post(path, a_departure(last_day))).body["state"] == "abroad"


async def test_a_certificate_that_never_covered_the_clearance_takes_it_away(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    issued = await dock.certificate(placement, valid_to=dock.today + timedelta(days=10))
    await dock.requested(placement)
    await dock.reissue(issued, -20)
    assert [one.reason for one in await dock.published(ClearanceWithdrawn, PlacementCancelled)] == [
        "certificate_corrected",
        "clearance_withdrawn",
    ]
    assert await _positions(dock, placement["order"]) == (0, 0)


async def test_a_certificate_that_holds_longer_than_it_said_decides_a_request_that_waits(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    issued = await dock.certificate(placement, valid_to=dock.today + timedelta(days=5))
    leaving = (dock.today + timedelta(days=20)).isoformat()
    assert (await dock.requested(placement, planned_departure=leaving))["failed"] == ["training_certificate"]
    await dock.reissue(issued, 30)
    assert (await dock.show(placement))["state"] == "cleared"
    await dock.reissue(issued, 60)
    assert await dock.published(ClearanceWithdrawn) == [], "longer again changes nothing"


async def test_the_end_of_another_certificate_or_after_departure_changes_nothing(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    older = await dock.certificate(placement, valid_to=dock.today + timedelta(days=10))
    newer = await dock.certificate(placement, valid_to=dock.today + timedelta(days=20))
    await dock.requested(placement)
    await dock.expire(older)
    assert (await dock.show(placement))["state"] == "cleared"
    await dock.post(f"/placements/{placement['placement']}/departure", a_departure(dock.today))
    await dock.expire(newer)
    assert await dock.published(ClearanceWithdrawn) == []


async def test_a_certificate_revoked_after_departure_changes_nothing_here(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    issued = await dock.certificate(placement)
    await dock.requested(placement)
    await dock.post(f"/placements/{placement['placement']}/departure", a_departure(dock.today))
    await dock.revoke(issued)
    assert (await dock.show(placement))["state"] == "abroad"


async def test_a_revoked_certificate_grants_no_clearance(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.revoke(await dock.certificate(placement))
    assert (await dock.requested(placement))["failed"] == ["training_certificate"]


async def test_a_certificate_of_a_worker_never_registered_is_kept_and_changes_no_placement(dock: Dock) -> None:
    placement = await dock.matched()
    await dock.certificate({**placement, "worker": str(new_id()), "placement": str(new_id())})
    assert (await dock.show(placement))["state"] == "matched"


# --- the flight is put off ----------------------------------------------------------------------------------------------------
async def test_field_case_f17_no_clearance_is_granted_for_a_day_that_it_cannot_cover(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.certificate(placement)
    refused = await dock.requested(placement, planned_departure=(dock.today + timedelta(days=90)).isoformat())
    assert (refused["state"], refused["failed"]) == ("matched", ["planned_departure"])
    leaving = dock.today + timedelta(days=60)
    granted = await dock.requested(placement, planned_departure=leaving.isoformat())
    assert granted["clearance_valid_to"] >= leaving.isoformat()


async def test_field_case_f17_a_flight_put_off_past_the_clearance_gets_another_for_the_same_placement(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.certificate(placement)
    path = f"/placements/{placement['placement']}"
    ends = dock.today + timedelta(days=70)
    first = await dock.requested(placement)
    flight = date.fromisoformat(first["clearance_valid_to"]) + timedelta(days=10)
    late = await dock.post(f"{path}/departure", a_departure(flight))
    assert late.code == "FUTURE_DAY"
    dock.wait(50)
    extended = an_insurance(dock.today - timedelta(days=50), valid_to=(ends + timedelta(days=2000)).isoformat())
    assert (await dock.post(f"{path}/insurance", extended)).body["state"] == "cleared"
    again = await dock.requested(placement, planned_departure=flight.isoformat())
    assert (again["state"], again["placement"]) == ("cleared", placement["placement"])
    assert again["clearance"] != first["clearance"]
    assert again["clearance_valid_to"] >= flight.isoformat()
    dock.today = flight
    assert (await dock.post(f"{path}/departure", a_departure(flight))).body["state"] == "abroad"
    kinds = [one["type"] for one in (await dock.get(f"{path}/history")).body["items"]]
    pair = ["ClearanceRequested", "ClearanceGranted"]
    assert kinds[4:] == [*pair, "InsuranceBound", "ClearanceWithdrawn", *pair, "Dispatched"]
    granted = await dock.published(ClearanceGranted)
    assert [one.matched_on is None for one in granted] == [False, True], "how long clearing took is counted once"
    assert await _positions(dock, placement["order"]) == (0, 1)


async def test_a_clearance_that_has_lapsed_is_asked_for_again_until_its_position_returns(dock: Dock) -> None:
    placement = await dock.cleared()
    dock.today = date.fromisoformat(placement["clearance_valid_to"]) + timedelta(days=30)
    assert await dock.sweep() == 1  # the order has expired, nothing else
    assert (await dock.requested(placement))["state"] == "cleared"
    assert await dock.published(ClearanceWithdrawn) == [], "it was in force no more"
    dock.wait(91)
    await dock.sweep()
    assert (await dock.show(placement))["ended"] == "clearance_expired"


async def test_a_clearance_refused_the_second_time_holds_the_position_as_long_as_the_first_would_have(dock: Dock) -> None:
    placement = await dock.cleared()
    held = placement["due"]
    dock.wait(50)
    case = await dock.case(placement["enterprise"])
    refused = await dock.requested(placement)
    assert (refused["state"], refused["failed"], refused["due"]) == ("matched", ["no_blocking_case"], held)
    assert (refused["clearance"], refused["clearance_valid_to"]) == (None, None)
    departure = await dock.post(f"/placements/{placement['placement']}/departure", a_departure(dock.today))
    assert (departure.status, departure.body["state"]) == (409, "matched")
    await dock.case_closed(case)
    assert (await dock.requested(placement))["state"] == "cleared"


async def test_what_a_clearance_was_granted_on_is_extended_only(dock: Dock) -> None:
    placement = await dock.cleared()
    path = f"/placements/{placement['placement']}"
    shorter = await dock.post(f"{path}/insurance", an_insurance(dock.today - timedelta(days=1)))
    assert (shorter.status, shorter.code, shorter.body["errors"][0]["field"]) == (422, "INSURANCE_SHORTENED", "valid_to")
    later = await dock.post(f"{path}/insurance", an_insurance(dock.today + timedelta(days=1)))
    assert (later.status, later.code, later.body["errors"][0]["field"]) == (422, "INSURANCE_SHORTENED", "valid_from")
    contract = await dock.post(f"{path}/contract", a_contract(dock.today))
    assert (contract.status, contract.code) == (409, "ILLEGAL_STEP")


# --- timeouts -----------------------------------------------------------------------------------------------------------------
async def _in_state(dock: Dock, state: str) -> dict[str, Any]:
    if state == "cleared":
        return await dock.cleared()
    placement = await dock.prepared(await dock.matched())
    return placement if state == "matched" else await dock.requested(placement)


async def test_a_placement_whose_papers_are_long_missing_is_listed_until_they_are_there(dock: Dock) -> None:
    placement = await dock.matched()
    dock.wait(14)
    assert (await dock.get("/placements/stuck")).body["items"] == []
    dock.wait(1)
    assert [one["placement"] for one in (await dock.get("/placements/stuck")).body["items"]] == [placement["placement"]]
    await dock.prepared(placement)
    assert (await dock.get("/placements/stuck")).body["items"] == []


@pytest.mark.parametrize(
    ("state", "days", "reason"),
    [("matched", 45, "match_expired"), ("clearance_requested", 30, "clearance_timeout"), ("cleared", 90, "clearance_expired")],
)
async def test_every_wait_ends_and_frees_position_and_worker(dock: Dock, state: str, days: int, reason: str) -> None:
    placement = await _in_state(dock, state)
    dock.wait(days)
    await dock.sweep()
    assert (await dock.show(placement))["state"] == state, "the last day still counts"
    dock.wait(1)
    stuck = (await dock.get("/placements/stuck")).body["items"]
    assert [one["placement"] for one in stuck] == [placement["placement"]]
    assert await dock.sweep() > 0
    ended = await dock.show(placement)
    assert (ended["state"], ended["ended"], ended["due"]) == ("cancelled", reason, None)
    assert [one.reason for one in await dock.published(PlacementCancelled)] == [reason]
    assert len(await dock.published(ClearanceWithdrawn)) == (state == "cleared")
    assert await _positions(dock, placement["order"]) == (0, 0)
    assert await dock.sweep() == 0
    assert (await dock.matched(worker=WorkerId(placement["worker"])))["state"] == "matched"


async def test_an_order_expires_with_its_unfilled_positions_and_takes_nobody_any_more(dock: Dock) -> None:
    order = await dock.order(positions=3)
    placement = await dock.matched(order)
    dock.today = date.fromisoformat(placement["due"])
    assert await dock.sweep() == 0
    dock.wait(1)
    late = await dock.post(f"/orders/{order}/matches", {"worker": str(await dock.worker())})
    assert (late.status, late.code, late.body["state"]) == (409, "ORDER_NOT_OPEN", "expired")
    await dock.sweep()
    (expired,) = await dock.published(JobOrderExpired)
    assert expired.unfilled == 3  # the overdue placement gave its position back first
    assert (await dock.show_order(order))["state"] == "expired"


async def test_placements_of_an_expired_order_go_on(dock: Dock) -> None:
    last = dock.today
    order = await dock.order(expires=last.isoformat())
    placement = await dock.prepared(await dock.matched(order))
    await dock.certificate(placement)
    dock.wait(3)
    await dock.sweep()
    (expired,) = await dock.published(JobOrderExpired)
    assert (expired.unfilled, expired.effective) == (0, last + timedelta(days=1)), "whenever it is swept"
    assert (await dock.requested(placement))["state"] == "cleared"
    assert (await dock.post(f"/placements/{placement['placement']}/departure", a_departure(dock.today))).status == 200
    assert await _positions(dock, order) == (0, 1)


async def test_a_proposal_expires_and_may_be_made_again(dock: Dock) -> None:
    order, worker = await dock.order(), await dock.worker()
    match = await dock.proposed(order, worker)
    dock.wait(15)
    late = await dock.post(f"/matches/{match}/acceptance")
    assert (late.status, late.code, late.body["state"]) == (409, "MATCH_NOT_OPEN", "expired")
    assert await dock.sweep() == 1
    assert await dock.proposed(order, worker) != match


async def test_one_sweep_is_bounded_and_sweeps_end(dock: Dock) -> None:
    order = await dock.order(positions=205)
    for _ in range(205):
        await dock.matched(order)
    dock.wait(46)
    operator = dock.client.speaking_as(Role.OPERATOR)
    acted = [(await dock.post("/sweep", who=operator)).body["acted"] for _ in range(3)]
    assert acted == [201, 5, 0]  # 200 placements and the order; the rest
    assert await _positions(dock, order) == (0, 0)


# --- events of other services -----------------------------------------------------------------------------------------------
async def test_verification_and_willingness_follow_registration(dock: Dock) -> None:
    order = await dock.order()
    worker = await dock.worker(AWorker(verified=False))
    refused = await dock.post(f"/orders/{order}/matches", {"worker": str(worker)})
    assert (refused.code, refused.body["state"]) == ("WORKER_NOT_ELIGIBLE", {"failed": ["not_verified"]})
    await dock.consume(WorkerVerified(worker=worker, origin=origin(RICH_COUNTY, dock.today), effective=dock.today))
    await dock.proposed(order, worker)
    await dock.consume(WillingnessWithdrawn(worker=worker, origin=origin(RICH_COUNTY, dock.today), reason="worker", effective=dock.today))
    again = await dock.post(f"/orders/{order}/matches", {"worker": str(worker)})
    assert again.body["state"] == {"failed": ["not_willing"]}
    assert (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"] == []


async def test_eligibility_is_looked_at_again_when_a_match_is_accepted(dock: Dock) -> None:
    worker = await dock.worker()
    match = await dock.proposed(await dock.order(), worker)
    await dock.consume(WillingnessExpired(worker=worker, origin=origin(RICH_COUNTY, dock.today), effective=dock.today))
    answer = await dock.post(f"/matches/{match}/acceptance")
    assert (answer.status, answer.code) == (409, "WORKER_NOT_ELIGIBLE")


async def test_an_event_about_a_worker_never_registered_is_parked(dock: Dock) -> None:
    nobody = WorkerVerified(worker=WorkerId(new_id()), origin=origin(RICH_COUNTY, dock.today), effective=dock.today)
    with pytest.raises(consumer.Reject, match="worker_unknown"):
        await dock.consume(nobody)


async def test_a_missed_quota_moves_poverty_counties_to_the_front(dock: Dock) -> None:
    order = await dock.order(positions=5)
    rich, poor = await dock.worker(), await dock.worker(AWorker(county=POOR_COUNTY))
    before = (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"]
    assert before[0]["score"] == before[1]["score"]
    assert before[0]["quota_effect"] is None
    status = QuotaStatusChanged(
        key="Q1|2018",
        effective=dock.today,
        quota="Q1",
        period="2018",
        status_from=None,
        status_to=QuotaStatus.BREACHED,
        share=(958, 10_000),
        gap_heads=47,
    )
    await dock.consume(status)
    first, second = (await dock.post(f"/orders/{order}/matches", {"n": 5})).body["matches"]
    assert (first["worker"], second["worker"]) == (str(poor), str(rich))
    assert first["quota_effect"] == "national poor-county share 9.58 -> 9.59 %"


async def test_candidates_are_ranked_with_reasons_and_nothing_is_reserved(dock: Dock) -> None:
    order = await dock.order()
    skilled = await dock.worker(AWorker(wanted=("71",)))
    await dock.worker(AWorker(occupations=("9313",)))
    for unfit in (
        AWorker(wanted=("72",)),
        AWorker(destinations=("KOR",)),
        AWorker(birth_year=1950),
        AWorker(verified=False),
        AWorker(willing=False),
        AWorker(floor=yen(180_001)),
    ):
        await dock.worker(unfit)
    matches = (await dock.post(f"/orders/{order}/matches", {"n": 50})).body["matches"]
    assert len(matches) == 2
    assert matches[0]["worker"] == str(skilled)
    assert matches[0]["score"] > matches[1]["score"]
    assert any("experience" in reason for reason in matches[0]["reasons"])
    assert await _positions(dock, order) == (0, 0)
    assert (await dock.post(f"/orders/{order}/matches", {"n": 50})).body["matches"] == matches


async def test_reactions_in_a_simulation_happen_at_the_events_time(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.requested(placement)
    on = dock.today + timedelta(days=3)
    issued = CertificateIssued(
        course=new_id(),
        destination="JPN",
        occupation="7112",
        effective=on,
        enrolment=EnrolmentId(new_id()),
        worker=placement["worker"],
        placement=placement["placement"],
        origin=origin(RICH_COUNTY, on),
        serial="T-1",
        minutes=2400,
        valid_to=on + timedelta(days=300),
    )
    async with dock.client.database.transaction(Cause(principal=system("docking"), clock=Clock(noon(dock.today)))) as tx:
        await consumer.each(consumers.HANDLERS)(tx, [recorded(issued, noon(on))])
    assert (await dock.published(ClearanceGranted))[0].effective == on

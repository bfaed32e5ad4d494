"""Registrations put out of force: by an officer, who can put them back, or because nobody saw a document in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.registration.domain.errors import NotInForce
from services.registration.domain.validity import VALIDITY_STEPS, Step, Validity, validity_after
from shared import events
from shared.principals import Role
from tests.http.test_registration_willingness import happened, on, swept
from tests.support.http import Answer, Client
from tests.support.registration import GANSU, JUNE, a_worker, an_offer, willing


def an_officer(registration: Client) -> Client:
    return replace(registration.speaking_as(Role.OFFICER, regions=GANSU), at=JUNE)


async def suspend(registration: Client, worker: str, **changes: Any) -> Answer:
    return await an_officer(registration).post(f"/workers/{worker}/suspension", {"reason": "under_investigation"} | changes)


async def reinstate(registration: Client, worker: str, **changes: Any) -> Answer:
    return await an_officer(registration).post(f"/workers/{worker}/reinstatement", {"reason": "investigation_closed"} | changes)


async def published(registration: Client, *kinds: type[events.Event]) -> list[Any]:
    return [event.data for event in await registration.published() if isinstance(event.data, kinds)]


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("validity", Validity)
def test_what_the_step_table_does_not_hold_is_refused(validity: Validity, step: Step) -> None:
    if (validity, step) in VALIDITY_STEPS:
        assert validity_after(validity, step) is VALIDITY_STEPS[validity, step]
    else:
        with pytest.raises(NotInForce):
            validity_after(validity, step)


async def test_a_suspended_worker_leaves_the_supply_until_reinstated_and_willing_anew(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    await willing(registration, worker)
    answer = await suspend(registration, worker)
    shown = {name: answer.body[name] for name in ("validity", "validity_since", "suspended_for", "willingness")}
    assert shown == {
        "validity": "suspended",
        "validity_since": "2018-06-01",
        "suspended_for": "under_investigation",
        "willingness": "withdrawn",
    }
    assert (await registration.get("/supply")).body["items"] == []
    refused = await registration.post(f"/workers/{worker}/willingness", an_offer())
    assert (refused.status, refused.code, refused.body["state"]) == (409, "REGISTRATION_NOT_IN_FORCE", "suspended")
    assert (await reinstate(registration, worker)).body["validity"] == "active"
    await willing(registration, worker)
    assert [name for name, _ in await happened(registration)] == [
        "WillingnessRecorded",
        "WorkerSuspended",
        "WorkerReinstated",
        "WillingnessRecorded",
    ]
    [suspended] = await published(registration, events.WorkerSuspended)
    assert (suspended.ends_willingness, suspended.reason) == (True, "under_investigation")
    assert [event.renewal for event in await published(registration, events.WillingnessRecorded)] == [False, False]


async def test_who_was_not_willing_is_not_taken_off_the_level(registration: Client) -> None:
    worker = await a_worker().verified().registered("2018-05-01").at(registration)
    await suspend(registration, worker, suspended_on="2018-05-20")
    [suspended] = await published(registration, events.WorkerSuspended)
    assert (suspended.ends_willingness, suspended.effective) == (False, date(2018, 5, 20))


async def test_a_step_that_does_not_fit_is_refused_with_the_state(registration: Client) -> None:
    worker = await a_worker().verified().at(registration)
    early = await reinstate(registration, worker)
    assert (early.status, early.code, early.body["state"]) == (409, "REGISTRATION_NOT_IN_FORCE", "active")
    await suspend(registration, worker)
    again = await suspend(registration, worker)
    assert (again.status, again.body["state"]) == (409, "suspended")


async def test_a_suspended_worker_is_not_verified(registration: Client) -> None:
    worker = await a_worker().with_id().at(registration)
    await suspend(registration, worker, reason="identity_doubtful")
    refused = await registration.post(f"/workers/{worker}/verification", {})
    assert (refused.status, refused.code) == (409, "REGISTRATION_NOT_IN_FORCE")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"suspended_on": "2018-05-14"}, "suspended_on", "OUT_OF_ORDER"),  # before the willingness that it ends
        ({"suspended_on": "2018-06-02"}, "suspended_on", "IN_FUTURE"),
        ({"reason": "I do not like him"}, "reason", "LITERAL_ERROR"),
    ],
)
async def test_a_wrong_suspension_is_refused_and_nothing_changes(
    registration: Client, changes: dict[str, Any], field: str, code: str
) -> None:
    worker = await a_worker().verified().registered("2018-05-01").at(registration)
    await willing(registration, worker, recorded_on="2018-05-15")
    answer = await suspend(registration, worker, **changes)
    assert (answer.status, answer.body["errors"][0]["field"], answer.body["errors"][0]["code"]) == (422, field, code)
    assert (await registration.get(f"/workers/{worker}")).body["validity"] == "active"


async def test_only_an_officer_of_the_region_suspends(registration: Client) -> None:
    worker = await a_worker().at(registration)
    assert (await registration.post(f"/workers/{worker}/suspension", {"reason": "exit_restricted"})).status == 403
    stranger = replace(registration.speaking_as(Role.OFFICER, regions=("510000",)), at=JUNE)
    assert (await stranger.post(f"/workers/{worker}/suspension", {"reason": "exit_restricted"})).status == 403


# --- provisional registrations ------------------------------------------------------------------------------------------
async def test_a_provisional_registration_lapses_after_90_days_and_takes_the_willingness_along(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await willing(registration, worker)
    assert await swept(registration, "2018-08-30") == 0
    assert await swept(registration, "2018-09-05") == 1
    assert await swept(registration, "2018-12-24") == 0  # the willingness has ended already
    assert (await happened(registration))[-1] == ("RegistrationLapsed", "2018-08-31")
    [lapsed] = await published(registration, events.RegistrationLapsed)
    assert lapsed.ends_willingness is True
    shown = (await registration.get(f"/workers/{worker}")).body
    assert (shown["validity"], shown["validity_since"], shown["willingness"]) == ("lapsed", "2018-08-31", "withdrawn")


async def test_a_willingness_that_ran_out_before_the_registration_expires_and_does_not_count_twice(registration: Client) -> None:
    worker = await a_worker().registered("2017-12-01").at(registration)
    await willing(registration, worker, recorded_on="2017-12-01")
    await on(registration, "2018-05-29").post(f"/workers/{worker}/willingness/withdrawal", {"withdrawn_on": "2018-05-29"})
    assert await swept(registration, "2018-06-05") == 1
    assert (await happened(registration))[-1] == ("RegistrationLapsed", "2018-05-29")  # not before the state it found
    [lapsed] = await published(registration, events.RegistrationLapsed)
    assert lapsed.ends_willingness is False


async def test_a_verified_registration_does_not_lapse_and_a_lapsed_one_is_put_in_force_by_its_document(registration: Client) -> None:
    verified = await a_worker().verified().at(registration)
    lapsed = await a_worker().named("赵六").with_id().at(registration)
    assert await swept(registration, "2018-09-05") == 1
    late = on(registration, "2018-09-10")
    refused = await late.post(f"/workers/{lapsed}/willingness", an_offer())
    assert (refused.code, refused.body["state"]) == ("REGISTRATION_NOT_IN_FORCE", "lapsed")
    answer = await late.post(f"/workers/{lapsed}/verification", {})
    assert (answer.body["validity"], answer.body["validity_since"]) == ("active", "2018-09-10")
    await willing(late, lapsed)
    assert (await late.get(f"/workers/{verified}")).body["validity"] == "active"


async def test_before_the_sweep_comes_nothing_new_is_stated_for_a_registration_whose_time_is_over(registration: Client) -> None:
    worker = await a_worker().at(registration)
    late = on(registration, "2018-09-10")
    refused = await late.post(f"/workers/{worker}/willingness", an_offer())
    assert (refused.code, refused.body["state"]) == ("REGISTRATION_NOT_IN_FORCE", "lapsed")
    await willing(late, worker, recorded_on="2018-08-01")  # stated in time, known late


async def test_a_suspended_provisional_registration_lapses_once_reinstated(registration: Client) -> None:
    worker = await a_worker().at(registration)
    await suspend(registration, worker)
    assert await swept(registration, "2018-09-05") == 0
    officer = replace(an_officer(registration), at=on(registration, "2018-09-10").at)
    await officer.post(f"/workers/{worker}/reinstatement", {"reason": "doubt_removed"})
    assert await swept(registration, "2018-09-11") == 1
    assert (await happened(registration))[-1] == ("RegistrationLapsed", "2018-09-10")

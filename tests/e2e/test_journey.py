"""One worker's journey through five processes: from the registration to the figures, over HTTP and Kafka alone."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from console.api_client import ApiClient, RequestRefused, wait_until_all_applied
from shared.principals import Role
from tests.e2e.walk import MARCH_WAGE, Walked, shown
from tests.support import journey, recount
from tests.support.journey import DEPARTED, PAPERED, RETURNED, TRAINED, RunningStack, Venture, label
from tests.support.registration import a_row, an_id, as_csv

pytestmark = pytest.mark.compose


# --- the journey ------------------------------------------------------------------------------------------------------
async def test_clearance_waits_for_training_and_is_granted_by_its_certificate(walked: Walked) -> None:
    assert (walked.requested["state"], walked.requested["failed"]) == ("clearance_requested", ["training_certificate"])
    assert walked.cleared["state"] == "cleared"
    assert walked.cleared["clearance"]


async def test_who_departs_is_no_longer_counted_as_willing(walked: Walked) -> None:
    assert walked.willing_abroad == "withdrawn"


async def test_one_departure_is_one_dispatch_of_one_person_until_the_return(walked: Walked) -> None:
    assert walked.returned["state"] == "returned"
    assert [walked.grown("2019", name) for name in ("dispatches", "persons", "stock", "returns", "poverty_dispatches")] == [1, 1, 1, 0, 1]
    assert [walked.grown("2020", name) for name in ("dispatches", "persons", "stock", "returns")] == [0, 0, 0, 1]
    assert walked.grown("2019", "income_cny") == MARCH_WAGE + journey.WAGE


async def test_a_wage_paid_short_or_not_at_all_is_found(walked: Walked) -> None:
    assert [(one["period"], one["kind"]) for one in walked.short["open_findings"]] == [("2019-03", "short")]
    assert [(one["period"], one["kind"]) for one in walked.missing["open_findings"]] == [("2019-05", "missing")]


async def test_every_aggregate_tells_its_history(walked: Walked) -> None:
    venture, auditor = walked.venture, walked.venture.on(RETURNED, Role.AUDITOR)
    enrolment = (await journey.enrolment_of(venture, walked.placement))["enrolment"]
    histories = {
        path: [change["type"] for change in (await auditor.get(service, f"{path}/history"))["items"]]
        for service, path in (
            ("registration", f"/workers/{walked.worker}"),
            ("docking", f"/enterprises/{venture.enterprise}"),
            ("docking", f"/orders/{venture.order}"),
            ("docking", f"/placements/{walked.placement}"),
            ("training", f"/enrolments/{enrolment}"),
            ("rights", f"/cases/{walked.case}"),
        )
    }
    assert list(histories.values()) == [
        ["WorkerRegistered", "WorkerVerified", "WillingnessRecorded", "WillingnessWithdrawn"],
        ["EnterpriseQualified", "ReserveDeposited"],
        ["JobOrderOpened"],
        [
            "MatchedToEnterprise",
            "ContractRegistered",
            "InsuranceBound",
            "MedicalRecorded",
            "ClearanceRequested",
            "ClearanceGranted",
            "Dispatched",
            "Returned",
        ],
        ["WorkerEnrolled", "AttendanceRecorded", "AssessmentRecorded", "CertificateIssued"],
        ["CaseOpened", "CaseSettled", "CaseDeadlineMissed", "CaseClosed"],
    ]


# --- a list of workers ------------------------------------------------------------------------------------------------
async def test_a_list_of_workers_is_tried_then_taken_row_by_row_and_the_same_list_once(client: ApiClient) -> None:
    venture = Venture(client)
    rows = [a_row(name="司马玉兰", id_number=an_id(date(1992, 3, 4), "female")), a_row(name="诸葛海棠", birth_date="2015-01-01")]
    content, clerk = as_csv(rows), venture.on(date(2019, 1, 9), Role.CLERK)
    tried = await clerk.upload("registration", "/imports?dry_run=true", content, label())
    taken = await clerk.upload("registration", "/imports", content, label())
    again = await clerk.upload("registration", "/imports", content, label())
    assert (tried["accepted"], tried["rejected"], tried["import_id"]) == (1, 1, None)
    assert (taken["accepted"], taken["rejected"]) == (1, 1)
    assert taken["findings"][0]["row"] == 3
    assert again["import_id"] == taken["import_id"]
    await wait_until_all_applied(client)
    found = await clerk.get("registration", "/workers", import_id=taken["import_id"])
    assert [one["import_row"] for one in found["items"]] == [2]


# --- what goes wrong --------------------------------------------------------------------------------------------------
async def test_worked_example_certificate_revoked_before_departure_takes_the_clearance_with_it(client: ApiClient) -> None:
    venture = await journey.founded(Venture(client))
    worker = await journey.registered(venture, journey.a_person())
    await wait_until_all_applied(client)
    placement = await journey.accepted(venture, (await journey.proposed(venture, worker))["match"])
    await journey.papered(venture, placement)
    await wait_until_all_applied(client)
    serial = await journey.certified(venture, placement)
    await wait_until_all_applied(client)
    assert (await shown(venture, placement, TRAINED))["state"] == "cleared"

    reason = {"reason": "fraud", "explanation": "the examination was taken by somebody else"}
    await venture.on(date(2019, 2, 20), Role.TRAINER).post("training", f"/certificates/{serial}/revocation", reason, label())
    await wait_until_all_applied(client)

    ended = await shown(venture, placement, DEPARTED)
    assert (ended["state"], ended["ended"]) == ("cancelled", "clearance_withdrawn")
    with pytest.raises(RequestRefused) as refused:
        await journey.departed(venture, placement)
    assert refused.value.status == 409
    order = await venture.on(DEPARTED).get("docking", f"/orders/{venture.order}")
    assert (order["reserved"], order["filled"]) == (0, 0)
    assert await journey.proposed(venture, worker)  # the position and the worker are free again


async def test_worked_example_last_position_is_given_once_when_two_are_accepted_at_the_same_moment(client: ApiClient) -> None:
    venture = await journey.founded(Venture(client))
    workers = [await journey.registered(venture, journey.a_person()) for _ in range(2)]
    await wait_until_all_applied(client)
    matches = [(await journey.proposed(venture, worker))["match"] for worker in workers]
    answers = await asyncio.gather(*(journey.accepted(venture, match) for match in matches), return_exceptions=True)
    refused = [one for one in answers if isinstance(one, RequestRefused)]
    assert [one.status for one in refused] == [409]
    order = await venture.on(PAPERED).get("docking", f"/orders/{venture.order}")
    assert (order["reserved"], order["filled"], order["positions"]) == (1, 0, 1)


# --- afterwards -------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("walked")
async def test_the_figures_are_those_that_a_recount_of_the_log_gives(running: RunningStack, client: ApiClient) -> None:
    await wait_until_all_applied(client)
    counted = recount.figures((await recount.recount(running.kafka)).events)
    assert await journey.answered_figures(client) == counted
    by_year, years = recount.by_year(counted), (await journey.report(client))["years"]
    for year, row in years.items():
        assert row["dispatches"] == by_year.get(("dispatches", year), 0)
        assert row["persons"] == by_year.get(("persons", year), 0)
        assert row["stock"] == recount.stock_at_end_of(year, counted)
        assert row["income_cny"] == by_year.get(("income CNY", year), 0)


@pytest.mark.usefixtures("walked")
async def test_nothing_is_parked_and_every_published_event_is_applied(running: RunningStack, client: ApiClient) -> None:
    await wait_until_all_applied(client)
    await journey.require_all_delivered(client, await recount.recount(running.kafka))

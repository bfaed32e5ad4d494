"""Reactions to departures and returns, in whatever order they become known; and wages that are not reported in time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared import reference
from shared.delivery.consumer import Reject
from shared.events import (
    Evidence,
    IncomeCorrected,
    IncomeReported,
    IncomeVoided,
    RecruitmentCostAssessed,
    WageShortfallCleared,
    WageShortfallDetected,
)
from shared.principals import Role
from shared.values import Currency, Destination, Money, PlacementId, WorkerId, new_id
from tests.support.rights import Office, Placement, a_report, office

__all__ = ["office"]


async def test_a_month_without_a_report_is_missing_30_days_after_pay_day(office: Office) -> None:
    placement = await office.abroad()  # since 15 January; pay day the 10th
    office.today = date(2018, 3, 12)
    await office.sweep()
    assert await office.found(placement) == []
    office.today += timedelta(days=1)
    await office.sweep()
    assert await office.found(placement) == [("2018-01", "missing")]
    [missing] = await office.published(WageShortfallDetected)
    assert (missing.expected.minor, missing.paid.minor) == (600_000 * 17 // 31, 0)
    assert await office.sweep() == 0


async def test_a_late_report_clears_what_was_missing(office: Office) -> None:
    placement = await office.abroad()
    await office.sweep()
    assert [period for period, _ in await office.found(placement)] == ["2018-01", "2018-02", "2018-03", "2018-04"]
    await office.report(placement, "2018-03")
    [cleared] = await office.published(WageShortfallCleared)
    assert (cleared.period, cleared.kind, cleared.recovered.minor) == ("2018-03", "missing", 600_000)
    listed = (await office.get("/incomes/missing")).body["items"]
    assert [one["period"] for one in listed] == ["2018-01", "2018-02", "2018-04"]


async def test_missing_wages_are_paged_without_losing_a_month_and_shown_by_county(office: Office) -> None:
    for _ in range(2):
        await office.abroad()
    await office.sweep()
    seen: list[tuple[str, str]] = []
    page: dict[str, Any] = {"next": ""}
    while page["next"] is not None:
        after = {"after": page["next"]} if page["next"] else {}
        page = (await office.get("/incomes/missing", sort="-period", limit=3, **after)).body
        seen += [(one["placement"], one["period"]) for one in page["items"]]
    assert len(seen) == len(set(seen)) == 8
    assert [period for _, period in seen] == sorted((period for _, period in seen), reverse=True)
    january = (await office.get("/findings", kind="missing", period="2018-01")).body["items"]
    assert [one["period"] for one in january] == ["2018-01"] * 2
    gansu = office.client.speaking_as(Role.OFFICER, regions=("620000",))
    assert (await office.get("/incomes/missing", who=gansu)).body["items"] == []


async def test_a_voided_report_of_an_early_month_does_not_stop_the_search_over_later_ones(office: Office) -> None:
    placement = await office.abroad()
    report = (await office.report(placement, "2018-01", 3400)).body["report"]
    await office.sweep()
    assert [period for period, _ in await office.found(placement)] == ["2018-02", "2018-03", "2018-04"]
    await office.post(f"/incomes/{report}/void", {"reason": "not_paid"})
    await office.sweep()
    assert sorted(period for period, _ in await office.found(placement)) == ["2018-01", "2018-02", "2018-03", "2018-04"]
    assert len(await office.published(WageShortfallDetected)) == 4


async def test_a_return_that_becomes_known_late_makes_later_months_moot(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, "2018-02", 1500)
    await office.sweep()
    await office.consume(placement.returned(date(2018, 2, 7)))
    assert await office.found(placement) == [("2018-01", "missing")]
    cleared = {(one.period, one.kind, one.recovered.minor) for one in await office.published(WageShortfallCleared)}
    assert cleared == {("2018-02", "short", 0), ("2018-03", "missing", 0), ("2018-04", "missing", 0)}
    office.today += timedelta(days=365)
    await office.sweep()
    assert await office.found(placement) == [("2018-01", "missing")]


async def test_field_case_f14_wages_are_due_only_to_the_corrected_day_of_return(office: Office) -> None:
    """Recorded as 20 May, true day 20 April: nothing is missing for May, and April is owed for 20 days."""
    placement = await office.abroad(departed_on=date(2018, 3, 1))
    await office.report(placement, "2018-03")
    await office.report(placement, "2018-04", 4000)
    await office.consume(placement.returned(date(2018, 5, 20)))
    office.today = date(2018, 8, 1)
    await office.sweep()
    assert sorted(await office.found(placement)) == [("2018-04", "short"), ("2018-05", "missing")]
    await office.consume(placement.returned_otherwise(date(2018, 5, 20), date(2018, 4, 20)))
    assert await office.found(placement) == []
    await office.sweep()
    assert await office.found(placement) == []


async def test_a_return_corrected_to_a_later_day_makes_later_months_due(office: Office) -> None:
    placement = await office.abroad(departed_on=date(2018, 3, 1))
    await office.report(placement, "2018-03")
    await office.consume(placement.returned(date(2018, 3, 31)))
    office.today = date(2018, 8, 1)
    await office.sweep()
    assert await office.found(placement) == []
    await office.consume(placement.returned_otherwise(date(2018, 3, 31), date(2018, 5, 20)))
    await office.sweep()
    assert sorted(await office.found(placement)) == [("2018-04", "missing"), ("2018-05", "missing")]


async def test_a_departure_corrected_to_an_earlier_day_makes_earlier_months_due(office: Office) -> None:
    placement = await office.abroad(departed_on=date(2018, 3, 1))
    await office.report(placement, "2018-03")
    await office.sweep()
    await office.consume(placement.corrected(departed_on=date(2018, 2, 1)))
    await office.sweep()
    assert sorted(await office.found(placement)) == [("2018-02", "missing"), ("2018-04", "missing")]


async def test_a_withdrawn_return_makes_wages_due_again(office: Office) -> None:
    placement = await office.abroad()
    await office.consume(placement.returned(date(2018, 2, 7)))
    await office.sweep()
    await office.consume(placement.corrected())
    await office.sweep()
    assert [period for period, _ in await office.found(placement)] == ["2018-01", "2018-02", "2018-03", "2018-04"]


async def test_later_income_carries_the_corrected_codes(office: Office) -> None:
    placement = await office.abroad()
    await office.consume(placement.corrected(destination=Destination("SGP"), origin=reference.origin("621126", date(2018, 1, 15))))
    await office.report(placement)
    [event] = await office.published(IncomeReported)
    assert (event.destination, event.origin.county) == ("SGP", "621126")


async def test_income_follows_its_departure_to_the_corrected_codes(office: Office) -> None:
    """Counted under the old county and corrected under the new one, it would be too much in the one and too little in the other."""
    placement = await office.abroad()
    report = (await office.report(placement, paid=6000)).body["report"]
    await office.consume(placement.corrected(), placement.corrected(origin=reference.origin("621126", date(2018, 1, 15))))
    await office.post(f"/incomes/{report}/correction", {"reason": "mistyped", "amounts": a_report(placement, paid=6100)["amounts"]})
    published = await office.published(IncomeReported, IncomeVoided, IncomeCorrected)
    kinds = [(type(one).__name__, one.origin.county) for one in published]
    old = published[0].origin.county
    assert old != "621126"
    assert kinds == [("IncomeReported", old), ("IncomeVoided", old), ("IncomeReported", "621126"), ("IncomeCorrected", "621126")]
    assert {str(one.report) for one in published} == {report}
    assert [one["state"] for one in (await office.ledger(placement))["reports"]] == ["counting"]


async def test_worked_example_voided_dispatch_with_income_the_money_waits_among_the_orphans(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, paid=4000)
    await office.consume(placement.voided())
    [orphan] = (await office.get("/orphans")).body["items"]
    assert (orphan["placement"], orphan["state"], orphan["net"]["minor"]) == (str(placement.placement), "orphaned", 400_000)
    [uncounted] = await office.published(IncomeVoided)
    assert (uncounted.reason, uncounted.previous.net.minor) == ("dispatch_voided", 400_000)
    assert (await office.get("/orphans", who=office.client.speaking_as(Role.OFFICER, regions=("620000",)))).body["items"] == []
    assert await office.found(placement) == []
    assert await office.sweep() == 0
    assert (await office.report(placement, "2018-04")).code == "DISPATCH_VOIDED"
    correction = {"reason": "mistyped", "amounts": a_report(placement)["amounts"]}
    assert (await office.post(f"/incomes/{orphan['report']}/correction", correction)).code == "REPORT_NOT_COUNTING"
    assert await office.published(IncomeCorrected) == []


async def test_whoever_was_abroad_already_owes_reports_from_the_month_after_taking_over(office: Office) -> None:
    office.today = date(2018, 1, 2)
    placement = await office.abroad(departed_on=date(2016, 5, 1), evidence=Evidence.ADOPTED)
    office.today = date(2018, 6, 20)
    await office.sweep()
    assert [period for period, _ in await office.found(placement)] == ["2018-02", "2018-03", "2018-04"]
    assert (await office.report(placement, "2017-06")).status == 201


async def test_a_departure_without_a_contract_is_set_aside(office: Office) -> None:
    placement = Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id()))
    with pytest.raises(Reject, match="no_contract"):
        await office.consume(placement.departed())


async def test_a_departure_published_again_changes_nothing_that_was_found(office: Office) -> None:
    placement = await office.abroad()
    await office.sweep()
    await office.consume(placement.contracted(), placement.departed())
    await office.sweep()
    assert len(await office.published(WageShortfallDetected)) == 4


# --- what recruitment cost --------------------------------------------------------------------------------------------
FEE = Money(minor=900_000, currency=Currency("CNY"))


async def costs_published(office: Office) -> list[tuple[str | None, int | None, str | None, int | None]]:
    """Period and thousandths of a month, before and after."""
    return [
        (
            event.previous and event.previous.period,
            event.previous and event.previous.months_milli,
            event.fact and event.fact.period,
            event.fact and event.fact.months_milli,
        )
        for event in await office.published(RecruitmentCostAssessed)
    ]


async def test_recruitment_cost_is_the_fee_in_months_of_the_first_whole_months_income(office: Office) -> None:
    placement = await office.abroad(fee=FEE)  # since 15 January: the first whole month is February
    await office.report(placement, "2018-01", 3400)
    assert await costs_published(office) == []
    await office.report(placement, "2018-03", 6000)
    await office.report(placement, "2018-02", 7200)
    await office.report(placement, "2018-04", 100)
    assert await costs_published(office) == [(None, None, "2018-03", 1500), ("2018-03", 1500, "2018-02", 1250)]


async def test_recruitment_cost_follows_corrections_voids_and_the_departure(office: Office) -> None:
    placement = await office.abroad(fee=FEE)
    report = (await office.report(placement, "2018-02", 6000)).body["report"]
    await office.post(f"/incomes/{report}/correction", {"reason": "mistyped", "amounts": a_report(placement, paid=7200)["amounts"]})
    await office.consume(placement.corrected(origin=reference.origin("621126", date(2018, 1, 15))))
    assert (await costs_published(office))[1:] == [
        ("2018-02", 1500, "2018-02", 1250),
        ("2018-02", 1250, None, None),
        (None, None, "2018-02", 1250),
    ]
    assert [event.origin.county for event in await office.published(RecruitmentCostAssessed)] == ["370102"] * 3 + ["621126"]
    await office.consume(placement.voided())
    assert (await costs_published(office))[-1] == ("2018-02", 1250, None, None)
    assert (await office.published(RecruitmentCostAssessed))[-1].origin.county == "621126"


async def test_a_voided_report_leaves_the_next_months_income_to_measure_by(office: Office) -> None:
    placement = await office.abroad(fee=FEE)
    report = (await office.report(placement, "2018-02", 6000)).body["report"]
    await office.report(placement, "2018-03", 9000)
    await office.post(f"/incomes/{report}/void", {"reason": "not_paid"})
    assert (await costs_published(office))[-1] == ("2018-02", 1500, "2018-03", 1000)


async def test_without_a_fee_declared_no_cost_is_published(office: Office) -> None:
    await office.report(await office.abroad(), "2018-02", 6000)
    assert await costs_published(office) == []

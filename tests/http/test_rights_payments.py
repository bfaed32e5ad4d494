"""A wage in several payments: each counts once, the month counts once, and nothing falls short that was paid."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.events import (
    CaseOpened,
    IncomeCorrected,
    IncomeReported,
    IncomeVoided,
    RecruitmentCostAssessed,
    WageShortfallCleared,
    WageShortfallDetected,
)
from shared.principals import Role
from shared.values import Currency, EnterpriseId, Money, new_id
from tests.support.http import Answer
from tests.support.rights import Office, Placement, a_report, a_row, office, yuan

__all__ = ["office"]
FIELD_CASE: dict[str, Any] = {
    "wage": Money(minor=450_000, currency=Currency("CNY")),
    "deductions_max": Money(minor=50_000, currency=Currency("CNY")),
    "departed_on": date(2019, 3, 1),
}


@pytest.mark.parametrize(("first", "second"), [("2250.00", "2250.00"), ("3000.00", "1500.00")])
async def test_field_case_f2_a_wage_paid_in_two_parts_counts_in_full(office: Office, first: str, second: str) -> None:
    office.today = date(2019, 5, 2)
    placement = await office.abroad(**FIELD_CASE)
    rows = (a_row(placement, "2019-03", first, paid_on="2019-03-15"), a_row(placement, "2019-03", second, paid_on="2019-03-31"))
    assert (await office.payroll(*rows)).body["accepted"] == 2
    reported = await office.published(IncomeReported)
    assert sum(one.fact.net.minor for one in reported) == 450_000
    assert [one.further for one in reported] == [False, True]
    assert await office.published(WageShortfallDetected) == []
    assert await office.found(placement) == []
    again = await office.payroll(*rows, a_row(placement, "2019-04", "4500.00"))
    assert again.body["accepted"] == 3
    assert len(await office.published(IncomeReported)) == 3


async def test_field_case_f2_a_half_that_is_reported_before_the_pay_day_is_no_shortfall(office: Office) -> None:
    office.today = date(2019, 3, 16)
    placement = await office.abroad(**FIELD_CASE)
    await office.report(placement, "2019-03", 2250, paid_on="2019-03-15")
    await office.sweep()
    assert await office.found(placement) == []
    office.today = date(2019, 4, 11)  # the pay day, the 10th, is over
    await office.sweep()
    assert await office.found(placement) == [("2019-03", "short")]
    await office.report(placement, "2019-03", 2250, paid_on="2019-04-11")
    [cleared] = await office.published(WageShortfallCleared)
    assert (cleared.kind, cleared.recovered.minor) == ("short", 225_000)
    await office.sweep()
    assert await office.found(placement) == []


async def test_one_payment_told_apart_by_reference_is_two_and_without_it_is_refused(office: Office) -> None:
    placement = await office.abroad()
    first, second = [
        await _paid(office, placement, 3000, reference=reference, paid_on="2018-03-28") for reference in ("2018/3-1", "2018/3-2")
    ]
    assert first.body["report"] != second.body["report"]
    assert (first.body["reference"], second.body["state"]) == ("2018/3-1", "counting")
    unclear = await _paid(office, placement, 3000, paid_on="2018-03-28")
    assert (unclear.status, unclear.code) == (409, "ALREADY_REPORTED")
    elsewhere = await _paid(office, placement, 3000, reference="2018/3-1", paid_on="2018-03-29")
    assert elsewhere.code == "ALREADY_REPORTED"
    assert elsewhere.body["state"]["report"] == first.body["report"]
    for bad in ("", "a b", "张三", "x" * 41, "a\x00", "-1"):
        assert (await _paid(office, placement, 1, reference=bad)).status == 422


async def test_a_better_source_takes_the_place_of_every_payment_of_a_worse_one(office: Office) -> None:
    placement = await office.abroad()
    for day in ("2018-03-15", "2018-03-31"):
        await office.report(placement, paid=3000, paid_on=day)
    await office.report(placement, paid=5900, source="bank")
    counted = await office.published(IncomeReported, IncomeCorrected, IncomeVoided)
    assert [type(one) for one in counted] == [IncomeReported, IncomeReported, IncomeCorrected, IncomeVoided]
    assert (counted[3].reason, counted[3].others_count) == ("superseded", True)
    states = [(one["source"], one["state"]) for one in (await office.ledger(placement))["reports"]]
    assert states == [("worker", "superseded"), ("worker", "superseded"), ("bank", "counting")]
    await office.report(placement, paid=100, source="bank", paid_on="2018-04-09")
    assert len(await office.published(CaseOpened)) == 1  # 5,900 was in conflict with 6,000; now they agree
    late = await office.report(placement, paid=3000, paid_on="2018-03-15")
    assert late.body["state"] == "superseded"


async def test_payments_of_several_sources_in_one_file_end_with_those_of_the_best(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, paid=6000)
    halves = [a_row(placement, paid="3000.00", paid_on=f"2018-03-{day}") for day in (15, 31)]
    assert (await office.payroll(*halves, *halves, who=office.client)).body["accepted"] == 4
    assert [one["state"] for one in (await office.ledger(placement))["reports"]] == ["superseded", "counting", "counting"]
    assert await office.published(CaseOpened, WageShortfallDetected) == []


async def test_a_conflict_between_sources_opens_one_case_until_they_agree(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, paid=6000, source="bank")
    for amount in (5000, 5100, 5200):
        assert (await office.report(placement, paid=amount)).body["state"] == "outranked"
    assert len(await office.published(CaseOpened)) == 1
    await office.report(placement, paid=6000)
    await office.report(placement, paid=4000)
    assert len(await office.published(CaseOpened)) == 2
    states = [one["state"] for one in (await office.ledger(placement))["reports"]]
    assert states == ["counting", *["outranked"] * 5]


async def test_a_payment_is_voided_and_the_others_of_its_month_count_on(office: Office) -> None:
    placement = await office.abroad()
    reports = [(await office.report(placement, paid=3000, paid_on=day)).body["report"] for day in ("2018-03-15", "2018-03-31")]
    await office.post(f"/incomes/{reports[0]}/void", {"reason": "not_paid"})
    assert await office.found(placement) == [("2018-03", "short")]
    await office.post(f"/incomes/{reports[1]}/void", {"reason": "not_paid"})
    assert await office.found(placement) == []
    assert [one.others_count for one in await office.published(IncomeVoided)] == [True, False]


async def test_a_correction_cannot_make_two_payments_one(office: Office) -> None:
    placement = await office.abroad()
    [first, _] = [(await office.report(placement, paid=3000, paid_on=day)).body["report"] for day in ("2018-03-15", "2018-03-31")]
    amounts = a_report(placement, paid=3000, paid_on="2018-03-31")["amounts"]
    assert (await office.post(f"/incomes/{first}/correction", {"reason": "mistyped", "amounts": amounts})).code == "ALREADY_REPORTED"
    named = {**amounts, "reference": "A1"}
    assert (await office.post(f"/incomes/{first}/correction", {"reason": "mistyped", "amounts": named})).code == "ALREADY_REPORTED"


async def test_a_report_supersedes_another_of_its_source_only(office: Office) -> None:
    placement, other = await office.abroad(), await office.abroad()
    wrong = (await office.report(placement, paid=600)).body["report"]
    right = {**a_report(placement, paid=6000), "supersedes": wrong}
    assert (await office.post("/incomes", right, who=office.enterprise())).code == "NOTHING_TO_SUPERSEDE"
    assert (await office.post("/incomes", {**a_report(other), "supersedes": wrong})).code == "NOTHING_TO_SUPERSEDE"
    done = await office.post("/incomes", right)
    assert (done.status, done.body["state"]) == (201, "counting")
    assert [one["state"] for one in (await office.ledger(placement))["reports"]] == ["replaced", "counting"]
    [corrected] = await office.published(IncomeCorrected)
    assert (corrected.previous.net.minor, corrected.fact.net.minor) == (60_000, 600_000)
    assert (await office.post("/incomes", right)).code == "NOTHING_TO_SUPERSEDE"
    assert (await office.report(placement, paid=600)).body["state"] == "replaced"  # reported again, it does not come back
    assert len(await office.published(IncomeReported)) == 1


async def test_income_of_a_voided_dispatch_waits_whole_among_the_orphans(office: Office) -> None:
    placement = await office.abroad()
    for day in ("2018-03-15", "2018-03-31"):
        await office.report(placement, paid=3000, paid_on=day)
    await office.consume(placement.voided())
    assert [one["net"] for one in (await office.get("/orphans")).body["items"]] == [yuan(3000), yuan(3000)]
    assert [one.others_count for one in await office.published(IncomeVoided)] == [True, False]


async def test_recruitment_cost_is_measured_by_all_payments_of_the_first_month(office: Office) -> None:
    placement = await office.abroad(fee=Money(minor=900_000, currency=Currency("CNY")))
    await office.payroll(
        a_row(placement, "2018-02", "2000.00", paid_on="2018-02-15"), a_row(placement, "2018-02", "4000.00", paid_on="2018-02-28")
    )
    [assessed] = await office.published(RecruitmentCostAssessed)
    assert assessed.fact is not None
    assert assessed.fact.months_milli == 1500


@pytest.mark.parametrize(
    ("today", "departed", "period", "currency", "after"),
    [
        (date(2019, 7, 1), date(2017, 1, 1), "2018-05", "HRK", None),
        (date(2019, 7, 1), date(2017, 1, 1), "2017-06", "MRO", "2018-07"),
        (date(2019, 7, 1), date(2017, 1, 1), "2018-03", "VEF", "2018-09"),
        (date(2026, 7, 1), date(2019, 1, 1), "2019-05", "BGN", "2026-02"),
    ],
)
async def test_field_case_f9_wages_in_a_currency_withdrawn_since(
    office: Office, today: date, departed: date, period: str, currency: str, after: str | None
) -> None:
    office.today = today
    placement = await office.abroad(departed_on=departed)
    amount = {"minor": 90_000, "currency": currency}
    amounts: dict[str, Any] = {"gross": amount, "net": amount, "deductions": {**amount, "minor": 0}, "paid_on": f"{period}-28"}
    answer = await office.post("/incomes", a_report(placement, period, **amounts))
    assert (answer.status, answer.body.get("net")) == (201, amount)
    [income] = (await office.ledger(placement))["reports"]
    assert income["net"] == amount
    if after is not None:
        refused = await office.post("/incomes", a_report(placement, after, **amounts))
        assert (refused.status, refused.code, refused.body["errors"][0]["field"]) == (422, "CURRENCY_WITHDRAWN", "currency")


# --- late and unlawful ------------------------------------------------------------------------------------------------
async def test_a_wage_paid_late_is_found_once_and_made_good_with_it(office: Office) -> None:
    placement = await office.abroad()
    report = (await office.report(placement, "2018-03", paid_on="2018-04-21")).body["report"]  # pay day the 10th, and ten days
    found = await office.published(WageShortfallDetected, WageShortfallCleared)
    assert [(type(one).__name__, one.kind) for one in found] == [("WageShortfallDetected", "late"), ("WageShortfallCleared", "late")]
    assert (found[0].shortfall.minor, found[1].recovered.minor) == (0, 0)
    corrected = a_report(placement, "2018-03", paid=6050, paid_on="2018-04-22")["amounts"]
    await office.post(f"/incomes/{report}/correction", {"reason": "mistyped", "amounts": corrected})
    assert len(await office.published(WageShortfallDetected)) == 1
    assert await office.found(placement) == []


async def test_a_late_part_stays_open_until_the_month_is_whole(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, "2018-03", 2000, paid_on="2018-05-02")
    assert sorted(await office.found(placement)) == [("2018-03", "late"), ("2018-03", "short")]
    late = (await office.get("/findings", kind="late")).body["items"]
    assert [(one["period"], one["paid"]) for one in late] == [("2018-03", yuan(2000))]
    await office.report(placement, "2018-03", 4000, paid_on="2018-06-01")
    assert await office.found(placement) == []
    cleared = {(one.kind, one.recovered.minor) for one in await office.published(WageShortfallCleared)}
    assert cleared == {("late", 0), ("short", 400_000)}


async def test_an_enterprise_reads_what_is_found_of_its_own_wages_and_of_no_others(office: Office) -> None:
    mine, others = await office.abroad(), await office.abroad(enterprise=EnterpriseId(new_id()))
    for placement in (mine, others):
        await office.report(placement, "2018-03", 2000, paid_on="2018-04-05")
    own = office.at().speaking_as(Role.ENTERPRISE, party=mine.enterprise)
    assert [one["placement"] for one in (await own.get("/findings", kind="short")).body["items"]] == [str(mine.placement)]
    assert (await own.get("/incomes/missing")).status == 200
    assert (await own.get("/findings", kind="short", enterprise=str(others.enterprise))).status == 403
    assert (await office.at().speaking_as(Role.ENTERPRISE).get("/incomes/missing")).status == 403, "of none"


async def test_a_late_payment_that_was_in_time_after_all_is_not_owed_and_may_be_found_again(office: Office) -> None:
    placement = await office.abroad()
    report = (await office.report(placement, "2018-03", 2000, paid_on="2018-05-02")).body["report"]
    for day, open_kinds in (("2018-04-02", ["short"]), ("2018-05-03", ["late", "short"])):
        amounts = a_report(placement, paid=2000, paid_on=day)["amounts"]
        await office.post(f"/incomes/{report}/correction", {"reason": "mistyped", "amounts": amounts})
        assert sorted(kind for _, kind in await office.found(placement)) == open_kinds
    assert [one.kind for one in await office.published(WageShortfallDetected)] == ["short", "late", "late"]


async def test_deductions_beyond_the_contract_are_found_and_cleared_when_they_are_paid_back(office: Office) -> None:
    placement = await office.abroad(deductions_max=Money(minor=50_000, currency=Currency("CNY")))
    body = a_report(placement, gross=yuan(6000), deductions=yuan(2000), net=yuan(4000))
    report = (await office.post("/incomes", body)).body["report"]
    [found] = await office.published(WageShortfallDetected)
    assert (found.kind, found.expected, found.paid, found.shortfall.minor) == (
        "illegal_deduction",
        Money(minor=550_000, currency=Currency("CNY")),
        Money(minor=400_000, currency=Currency("CNY")),
        150_000,
    )
    mended = a_report(placement, gross=yuan(6000), deductions=yuan(500), net=yuan(5500))["amounts"]
    await office.post(f"/incomes/{report}/correction", {"reason": "mistyped", "amounts": mended})
    [cleared] = await office.published(WageShortfallCleared)
    assert (cleared.kind, cleared.recovered.minor) == ("illegal_deduction", 150_000)
    assert await office.found(placement) == []


async def test_a_missing_wage_that_comes_late_is_late_and_no_longer_missing(office: Office) -> None:
    placement = await office.abroad()
    await office.sweep()
    await office.report(placement, "2018-03", paid_on="2018-06-01")
    changes = [
        (type(one).__name__.removeprefix("WageShortfall"), one.kind)
        for one in await office.published(WageShortfallDetected, WageShortfallCleared)
        if one.period == "2018-03"
    ]
    assert sorted(changes) == [("Cleared", "late"), ("Cleared", "missing"), ("Detected", "late"), ("Detected", "missing")]


async def _paid(office: Office, placement: Placement, amount: float, **amounts: Any) -> Answer:
    return await office.post("/incomes", a_report(placement, paid=amount, **amounts))

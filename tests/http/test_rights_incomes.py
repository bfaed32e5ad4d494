"""Reports of what was paid, over HTTP: which counts, what is short, who may."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

from shared.events import (
    CasesGrouped,
    IncomeCorrected,
    IncomeReported,
    IncomeVoided,
    WageShortfallCleared,
    WageShortfallDetected,
)
from shared.principals import Role
from shared.values import Currency, Money, WagePeriod
from tests.support.rights import Office, Placement, a_report, office, yuan

__all__ = ["office"]
SAIPAN: dict[str, Any] = {"wage": Money(minor=30_000, currency=Currency("CNY")), "wage_period": WagePeriod.DAY, "days_per_month": 26}


async def test_worked_example_saipan_wage_5200_of_7800_is_a_shortfall_of_a_third(office: Office) -> None:
    placement = await office.abroad(**SAIPAN)
    assert (await office.report(placement, paid=5200)).status == 201
    [short] = await office.published(WageShortfallDetected)
    assert (str(short.expected), str(short.paid), str(short.shortfall)) == ("7,800.00 CNY", "5,200.00 CNY", "2,600.00 CNY")
    assert (short.kind, short.period) == ("short", "2018-03")
    assert 1000 * short.shortfall.minor // short.expected.minor == 333  # per mille
    assert await office.found(placement) == [("2018-03", "short")]


async def test_worked_example_saipan_wage_three_workers_are_one_collective_case_that_blocks(office: Office) -> None:
    placements = [await office.abroad(**SAIPAN) for _ in range(4)]
    for placement in placements[:2]:
        await office.report(placement, paid=5200)
    assert await office.published(CasesGrouped) == []
    for placement in placements[2:]:
        await office.report(placement, paid=5200)
    grouped = await office.published(CasesGrouped)
    assert len({one.case for one in grouped}) == 1
    assert set(grouped[0].members) == {one.placement for one in placements[:3]}
    assert grouped[0].blocking
    [case] = (await office.get("/cases")).body["items"]
    assert (case["severity"], case["via"], case["blocking"]) == ("high", "rule", True)


async def test_three_reports_at_once_are_still_grouped(office: Office) -> None:
    placements = [await office.abroad(**SAIPAN) for _ in range(3)]
    await asyncio.gather(*(office.report(placement, paid=5200) for placement in placements))
    assert len(await office.published(CasesGrouped)) == 1


async def test_worked_example_duplicate_income_three_times_and_a_correction_is_one_fact(office: Office) -> None:
    placement = await office.abroad()
    answers = [await office.report(placement, paid=6000) for _ in range(3)]
    report = answers[0].body["report"]
    assert {answer.body["report"] for answer in answers} == {report}
    right = {"reason": "misreported", "amounts": a_report(placement, paid=6100)["amounts"], "version": 1}
    corrected = await office.post(f"/incomes/{report}/correction", right)
    assert (corrected.status, corrected.body["net"], corrected.body["version"]) == (200, yuan(6100), 2)
    published = await office.published(IncomeReported, IncomeCorrected, IncomeVoided)
    assert [type(one) for one in published] == [IncomeReported, IncomeCorrected]
    assert (published[1].previous, published[1].reason) == (published[0].fact, "misreported")
    assert published[1].fact.net.minor == 610_000
    assert [one["state"] for one in (await office.ledger(placement))["reports"]] == ["counting"]
    assert (await office.post(f"/incomes/{report}/correction", right)).code == "VERSION_CONFLICT"


async def test_a_correction_mends_the_shortfall(office: Office) -> None:
    placement = await office.abroad()
    report = (await office.report(placement, paid=4000)).body["report"]
    await office.post(f"/incomes/{report}/correction", {"reason": "mistyped", "amounts": a_report(placement, paid=6000)["amounts"]})
    [cleared] = await office.published(WageShortfallCleared)
    assert (cleared.kind, cleared.recovered.minor) == ("short", 200_000)
    assert await office.found(placement) == []


async def test_the_bank_outranks_the_employer_who_outranks_the_worker(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, paid=6000, source="worker")
    by_employer = await office.report(placement, paid=6000, who=office.enterprise())
    await office.report(placement, paid=5900, source="bank")
    assert by_employer.body["source"] == "employer"
    late = await office.report(placement, paid=6200, source="worker")
    assert late.body["state"] == "outranked"
    states = {one["source"]: one["state"] for one in (await office.ledger(placement))["reports"] if one["report"] != late.body["report"]}
    assert states == {"worker": "superseded", "employer": "superseded", "bank": "counting"}
    published = await office.published(IncomeReported, IncomeCorrected)
    assert [(type(one).__name__, one.fact.source) for one in published] == [
        ("IncomeReported", "worker"),
        ("IncomeCorrected", "employer"),
        ("IncomeCorrected", "bank"),
    ]
    assert published[2].previous == published[1].fact


async def test_a_report_that_does_not_count_is_kept_once_and_opens_one_case(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, paid=6000, source="bank")
    answers = [await office.report(placement, paid=5000) for _ in range(3)]
    assert len({answer.body["report"] for answer in answers}) == 1
    assert len((await office.ledger(placement))["reports"]) == 2
    [case] = (await office.get("/cases")).body["items"]
    assert case["placement"] == str(placement.placement)


async def test_the_same_source_with_another_amount_must_correct(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, paid=6000)
    refused = await office.report(placement, paid=6001)
    assert (refused.status, refused.code) == (409, "ALREADY_REPORTED")


async def test_wages_in_another_currency_are_taken_and_not_compared(office: Office) -> None:
    placement = await office.abroad()
    yen = {"minor": 10, "currency": "JPY"}
    body = a_report(placement, gross=yen, deductions={"minor": 0, "currency": "JPY"}, net=yen)
    answer = await office.post("/incomes", body)
    assert (answer.status, answer.body["not_comparable"]) == (201, True)
    assert await office.published(WageShortfallDetected) == []


async def test_a_correction_into_another_currency_mends_nothing(office: Office) -> None:
    placement = await office.abroad()
    report = (await office.report(placement, paid=4000)).body["report"]
    yen = {"minor": 90_000, "currency": "JPY"}
    amounts = {"gross": yen, "deductions": {"minor": 0, "currency": "JPY"}, "net": yen, "paid_on": "2018-03-28"}
    assert (await office.post(f"/incomes/{report}/correction", {"reason": "mistyped", "amounts": amounts})).body["not_comparable"] is True
    assert await office.found(placement) == [("2018-03", "short")]


async def test_a_voided_report_leaves_no_shortfall_and_is_looked_for_again(office: Office) -> None:
    placement = await office.abroad()
    report = (await office.report(placement, paid=4000)).body["report"]
    assert (await office.post(f"/incomes/{report}/void", {"reason": "false_report"})).body["state"] == "voided"
    assert await office.found(placement) == []
    assert len(await office.published(IncomeVoided)) == 1
    assert (await office.post(f"/incomes/{report}/void", {"reason": "false_report"})).code == "REPORT_NOT_COUNTING"
    await office.sweep()
    assert ("2018-03", "missing") in await office.found(placement)
    assert (await office.report(placement, paid=6000)).status == 201
    assert ("2018-03", "missing") not in await office.found(placement)


async def test_only_the_months_abroad_can_be_reported(office: Office) -> None:
    placement = await office.abroad()
    await office.consume(placement.returned(date(2018, 4, 2)))
    codes = {period: (await office.report(placement, period)).body.get("code") for period in ("2017-12", "2018-01", "2018-04", "2018-05")}
    assert codes == {"2017-12": "NOT_ABROAD", "2018-01": None, "2018-04": None, "2018-05": "NOT_ABROAD"}
    future = a_report(placement, "2018-07", paid_on="2018-06-01")
    assert (await office.post("/incomes", future)).code == "PERIOD_ABSURD"
    assert (await office.post("/incomes", a_report(placement, paid_on="2018-06-21"))).code == "PAID_IN_FUTURE"


async def test_income_is_refused_until_the_departure_is_known(office: Office) -> None:
    placement = await office.abroad()
    other = Placement(placement=placement.worker, worker=placement.worker)  # type: ignore[arg-type]  # any id nobody knows
    assert (await office.report(other)).code == "PLACEMENT_NOT_FOUND"
    await office.consume(other.contracted())
    assert (await office.report(other)).code == "PLACEMENT_NOT_FOUND"
    await office.consume(other.departed())
    assert (await office.report(other)).status == 201


async def test_an_enterprise_reports_and_reads_its_own_only(office: Office) -> None:
    placement = await office.abroad()
    report = (await office.report(placement)).body["report"]
    for stranger in (office.enterprise("018f0000-0000-7000-8000-000000000000"), office.enterprise(None), office.enterprise("nonsense")):
        assert (await office.report(placement, "2018-04", who=stranger)).status == 403
        assert (await office.get(f"/placements/{placement.placement}/ledger", who=stranger)).status == 403
        assert (await office.get(f"/placements/{placement.placement}/history", who=stranger)).status == 403
        void = await office.post(f"/incomes/{report}/void", {"reason": "false_report"}, who=stranger)
        assert void.status == 403
        assert (await office.get("/cases", who=stranger)).body["items"] == []
    assert (await office.get("/orphans", who=office.enterprise())).status == 403


async def test_a_clerk_acts_for_the_workers_of_the_own_counties(office: Office) -> None:
    placement = await office.abroad()
    own, other = (office.client.speaking_as(Role.CLERK, regions=(region,)) for region in ("370000", "620000"))
    assert (await office.report(placement, who=own)).status == 201
    assert (await office.report(placement, "2018-04", who=other)).status == 403
    assert (await office.get(f"/placements/{placement.placement}/ledger", who=other)).status == 403
    assert (await office.report(placement, who=office.client.speaking_as(Role.AUDITOR))).status == 403


async def test_the_history_of_a_ledger_has_every_change(office: Office) -> None:
    placement = await office.abroad()
    report = (await office.report(placement, paid=4000)).body["report"]
    await office.post(f"/incomes/{report}/void", {"reason": "duplicate"})
    page = (await office.get(f"/placements/{placement.placement}/history")).body
    assert [one["type"] for one in page["items"]] == ["IncomeReported", "WageShortfallDetected", "IncomeVoided", "WageShortfallCleared"]
    short = (await office.get(f"/placements/{placement.placement}/history", limit=3)).body
    assert short["next"] == page["items"][2]["id"]


async def test_bad_reports_are_refused_by_field_and_leave_nothing(office: Office) -> None:
    placement = await office.abroad()
    bad: list[tuple[dict[str, Any], str]] = [
        ({"period": "2018-13"}, "period"),
        ({"period": "2018-1"}, "period"),
        ({"period": "\u0662018-01"}, "period"),
        ({"placement": "1"}, "placement"),
        ({"source": "rumour"}, "source"),
        ({"source": "employer"}, "source"),
        ({"surplus": 1}, "surplus"),
        ({"amounts": []}, "amounts"),
        ({"amounts": {"net": yuan(1)}}, "amounts.gross"),
    ]
    amounts: list[tuple[dict[str, Any], str]] = [
        ({"net": yuan(5999)}, "net"),
        ({"net": {"minor": 600_000, "currency": "XXY"}}, "amounts.net.currency"),
        ({"gross": {"minor": 2**63, "currency": "CNY"}}, "amounts.gross.minor"),
        ({"gross": {"minor": -1, "currency": "CNY"}}, "amounts.gross"),
        ({"gross": {"minor": 6000.5, "currency": "CNY"}}, "amounts.gross.minor"),
        ({"paid_on": 0}, "amounts.paid_on"),
        ({"paid_on": "20180328"}, "amounts.paid_on"),
        ({"paid_on": "0001-01-01"}, "amounts.paid_on"),
        ({"remitted": {"minor": 1, "currency": "JPY"}}, "remitted"),
    ]
    bodies = [(a_report(placement) | change, field) for change, field in bad]
    bodies += [(a_report(placement, **change), field) for change, field in amounts]
    for body, field in bodies:
        answer = await office.post("/incomes", body)
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, field), body
    assert await office.published(IncomeReported) == []


async def test_the_same_report_sent_at_once_by_many_is_one_fact(office: Office) -> None:
    placement = await office.abroad()
    answers = await asyncio.gather(*(office.report(placement) for _ in range(6)))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["report"] for answer in answers}) == 1
    assert len(await office.published(IncomeReported)) == 1

"""Wages after another employer has taken the worker over are compared with what that employer promised."""

from __future__ import annotations

from datetime import date
from typing import Any

from services.rights.domain.ledgers import Abroad, Ledger, NewTerms, Terms, expected_gross, in_month
from shared import reference
from shared.events import EmployerTransferred, TransferFact, TransferVoided
from shared.values import (
    ChangeId,
    Channel,
    CountyCode,
    Currency,
    Designation,
    Destination,
    EmployerId,
    EnterpriseId,
    Money,
    Occupation,
    Period,
    PlacementId,
    WagePeriod,
    WorkerId,
    new_id,
)
from tests.support.rights import Office, Placement, office

__all__ = ["office"]

CNY = Currency("CNY")


def _transferred(placement: Placement, since: date, wage: int) -> EmployerTransferred:
    fact = placement.fact()
    codes = {name: getattr(fact, name) for name in ("enterprise", "destination", "occupation", "channel")}
    terms: dict[str, Any] = {
        "since": since,
        "employer": EmployerId(new_id()),
        "previous_employer": None,
        "contract_no": "C-2",
        "terms_hash": "0",
        "wage": Money(minor=wage, currency=CNY),
        "wage_period": "month",
        "days_per_month": 1,
        "pay_day": 10,
        "deductions_max": Money(minor=0, currency=CNY),
        "start": since,
        "end": date(2020, 1, 1),
    }
    moved = TransferFact.model_validate({**terms, **codes, "origin": reference.origin(placement.county, since)})
    return EmployerTransferred(placement=placement.placement, worker=placement.worker, change=ChangeId(new_id()), fact=moved)


def _voided(before: EmployerTransferred) -> TransferVoided:
    return TransferVoided(placement=before.placement, worker=before.worker, change=before.change, previous=before.fact, reason="not_agreed")


async def test_months_are_compared_with_the_terms_of_their_own_days(office: Office) -> None:
    placement = await office.abroad()  # 6,000 a month
    for period, paid in (("2018-02", 6000), ("2018-03", 6000), ("2018-04", 6000)):
        await office.report(placement, period, paid)
    assert await office.found(placement) == []
    moved = _transferred(placement, date(2018, 3, 17), 900_000)
    await office.consume(moved)
    # March: 16 days at 6,000 and 15 at 9,000 a month are 7,451.61; April: 9,000.
    findings = (await office.ledger(placement))["open_findings"]
    assert {(one["period"], one["kind"], one["expected"]["minor"]) for one in findings} == {
        ("2018-03", "short", 745_161),
        ("2018-04", "short", 900_000),
    }
    await office.consume(_voided(moved))
    assert await office.found(placement) == []


async def test_a_missing_month_is_missing_the_new_wage(office: Office) -> None:
    placement = await office.abroad()
    await office.sweep()
    await office.consume(_transferred(placement, date(2018, 3, 1), 900_000))
    await office.sweep()
    findings = (await office.ledger(placement))["open_findings"]
    assert sorted((one["period"], one["expected"]["minor"]) for one in findings)[1:] == [
        ("2018-02", 600_000),
        ("2018-03", 900_000),
        ("2018-04", 900_000),
    ]


async def test_wages_are_due_after_the_end_of_the_contract_as_long_as_the_worker_is_abroad(office: Office) -> None:
    """An extension needs no word in the ledger: who works on is owed a wage, extended or not."""
    placement = await office.abroad()
    office.today = date(2021, 6, 1)  # the contract ended in January
    await office.sweep()
    assert ("2021-03", "missing") in await office.found(placement)


def test_the_terms_of_a_month_are_those_of_its_last_day_and_its_wage_that_of_all_its_days() -> None:
    def terms(wage: int, **changes: Any) -> Terms:
        plain = {"wage_period": WagePeriod.MONTH, "days_per_month": 1, "pay_day": 10, "deductions_max": Money(minor=0, currency=CNY)}
        return Terms(wage=Money(minor=wage, currency=CNY), **{**plain, **changes})

    ledger = Ledger(
        placement=PlacementId(new_id()),
        worker=WorkerId(new_id()),
        enterprise=EnterpriseId(new_id()),
        county=CountyCode("370102"),
        designation=Designation.NONE,
        designation_version="1",
        destination=Destination("JPN"),
        occupation=Occupation("7112"),
        channel=Channel.LABOUR_COOPERATION,
        terms=terms(300_000),
        departed_on=date(2018, 6, 11),
        returned_on=date(2018, 9, 15),
        transfers=(
            NewTerms(change="a", since=date(2018, 6, 21), terms=terms(20_000, wage_period=WagePeriod.DAY, days_per_month=30)),
            NewTerms(change="b", since=date(2018, 8, 1), terms=terms(900_000, pay_day=25)),
        ),
    )
    abroad = Abroad(date(2018, 6, 11), date(2018, 9, 15))
    expected = {"2018-06": 300_000, "2018-07": 600_000, "2018-08": 900_000, "2018-09": 450_000}
    for month, owed in expected.items():
        period = Period(month)
        assert expected_gross(in_month(ledger, period).terms, abroad, period).minor == owed
    assert [in_month(ledger, Period(month)).terms.pay_day for month in expected] == [10, 10, 25, 25]

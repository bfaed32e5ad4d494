"""Recruitment cost follows every fee that docking declares as charged to the worker."""

from __future__ import annotations

from datetime import date
from typing import Any

from shared import reference
from shared.events import Event, FeeCorrected, FeeDeclared, FeeFact, FeeVoided, RecruitmentCostAssessed
from shared.values import Channel, Currency, FeeId, FeeItem, FeePayer, Money, PlacementId, WorkerId, new_id
from tests.support.rights import Office, Placement, office

__all__ = ["office"]

DAY = date(2018, 1, 5)


def a_fee(placement: Placement, minor: int, **changes: Any) -> FeeFact:
    fact = placement.fact()
    return FeeFact(
        payer=FeePayer.WORKER,
        item=FeeItem.MEDICAL,
        amount=Money(minor=minor, currency=Currency("CNY")),
        charged_on=DAY,
        enterprise=fact.enterprise,
        origin=reference.origin(placement.county, DAY),
        destination=fact.destination,
        occupation=fact.occupation,
        channel=Channel.LABOUR_COOPERATION,
    ).model_copy(update=changes)


def declared(placement: Placement, fact: FeeFact, fee: FeeId | None = None) -> FeeDeclared:
    return FeeDeclared(placement=placement.placement, worker=placement.worker, fee=fee or FeeId(new_id()), fact=fact)


def corrected(before: FeeDeclared, fact: FeeFact) -> Event:
    return FeeCorrected(placement=before.placement, worker=before.worker, fee=before.fee, previous=before.fact, fact=fact)


def voided(before: FeeDeclared) -> Event:
    return FeeVoided(placement=before.placement, worker=before.worker, fee=before.fee, previous=before.fact, reason="refunded")


async def months(office: Office) -> list[tuple[int | None, int | None]]:
    """(previous, fact) of every assessment, in thousandths of a month."""
    found = await office.published(RecruitmentCostAssessed)
    return [(one.previous and one.previous.months_milli, one.fact and one.fact.months_milli) for one in found]


async def test_the_cost_is_everything_that_the_worker_is_charged_and_nothing_that_others_are(office: Office) -> None:
    placement = await office.abroad(fee=Money(minor=900_000, currency=Currency("CNY")))
    contract = declared(placement, a_fee(placement, 900_000, item=FeeItem.SERVICE_FEE), FeeId(placement.placement))
    await office.consume(contract)  # what the contract named is not counted twice
    await office.report(placement, "2018-02", 6000)
    medical, employers = declared(placement, a_fee(placement, 300_000)), declared(placement, a_fee(placement, 1, payer=FeePayer.EMPLOYER))
    await office.consume(medical, employers)
    assert await months(office) == [(None, 1500), (1500, 2000)]
    await office.consume(corrected(employers, a_fee(placement, 600_000)), corrected(medical, a_fee(placement, 0)))
    assert (await months(office))[2:] == [(2000, 3000), (3000, 2500)]
    await office.consume(voided(contract), voided(medical))
    assert (await months(office))[4:] == [(2500, 1000)]


async def test_fees_in_several_currencies_are_not_compared_with_an_income(office: Office) -> None:
    placement = await office.abroad()
    await office.report(placement, "2018-02", 6000)
    first = declared(placement, a_fee(placement, 600_000))
    abroad = declared(placement, a_fee(placement, 5000, amount=Money(minor=5000, currency=Currency("JPY"))))
    await office.consume(first)
    await office.consume(abroad)
    await office.consume(voided(abroad))
    assert await months(office) == [(None, 1000), (1000, None), (None, 1000)]


async def test_a_fee_declared_before_the_contract_counts_once_there_is_one(office: Office) -> None:
    placement = Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id()))
    early = declared(placement, a_fee(placement, 600_000))
    await office.consume(early)
    await office.consume(placement.contracted(), placement.departed())
    await office.report(placement, "2018-02", 6000)
    await office.consume(voided(early))
    assert await months(office) == [(None, 1000), (1000, None)]

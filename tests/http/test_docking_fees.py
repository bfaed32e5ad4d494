"""What is charged for a placement: declared by payer and item, capped, read against two standards."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared.events import ClearanceWithdrawn, ContractRegistered, FeeCorrected, FeeDeclared, FeeVoided
from shared.principals import Role
from shared.values import FeeId, FeePayer, PlacementId
from tests.support.docking import POOR_COUNTY, AWorker, Dock, a_contract, dock
from tests.support.http import Answer

__all__ = ["dock"]

CAP = 180_000 * 36 * 125 // 1000  # of the contract's wages


def a_fee(minor: int = 90_000, currency: str = "JPY", **changes: Any) -> dict[str, Any]:
    return {"payer": "worker", "item": "service_fee", "amount": {"minor": minor, "currency": currency}, **changes}


def _path(placement: dict[str, Any]) -> str:
    return f"/placements/{placement['placement']}/fees"


async def declared(dock: Dock, placement: dict[str, Any], **fee: Any) -> dict[str, Any]:
    answer = await dock.post(_path(placement), a_fee(**fee))
    assert answer.status == 201, answer.body
    return dict(answer.body)


def _refusal(answer: Answer) -> tuple[int, str, str]:
    return answer.status, answer.code, answer.body["errors"][0]["field"]


async def test_every_fee_is_readable_against_both_standards(dock: Dock) -> None:
    placement = await dock.matched(worker=await dock.worker(AWorker(county=POOR_COUNTY)))
    assert (await dock.get(_path(placement))).body["decree_620"] == {"cap": None, "met": True}
    placement = await dock.prepared(placement)
    await declared(dock, placement, item="visa", payer="employer")
    free = (await dock.get(_path(placement))).body
    assert (free["decree_620"], free["ilo"]) == (
        {"cap": {"minor": CAP, "currency": "JPY"}, "met": True},
        {"charged": [], "met": True},
    )
    await declared(dock, placement)
    charged = await declared(dock, placement, item="medical", minor=40_000, currency="CNY", charged_on="2018-02-20")
    assert (charged["decree_620"]["met"], charged["ilo"]["met"]) == (True, False)
    assert charged["ilo"]["charged"] == [{"minor": 40_000, "currency": "CNY"}, {"minor": 90_000, "currency": "JPY"}]
    assert [(one["payer"], one["item"]) for one in charged["items"]] == [
        ("employer", "visa"),
        ("worker", "service_fee"),
        ("worker", "medical"),
    ]
    last = (await dock.published(FeeDeclared))[-1]
    assert (last.effective_on, last.fact.payer, last.fact.origin.county) == (date(2018, 2, 20), FeePayer.WORKER, POOR_COUNTY)


async def test_a_deposit_and_a_guarantee_are_refused_under_any_name_and_whoever_pays(dock: Dock) -> None:
    placement = await dock.matched()
    for item in ("deposit", "guarantee"):
        for payer in FeePayer:
            answer = await dock.post(_path(placement), a_fee(item=item, payer=payer))
            assert _refusal(answer) == (422, "DEPOSIT_FORBIDDEN", "item")
    fee = (await declared(dock, placement))["items"][0]["fee"]
    assert (await dock.post(f"{_path(placement)}/{fee}/correction", {"reason": "mistyped", "item": "deposit"})).code == "DEPOSIT_FORBIDDEN"
    assert len((await dock.get(_path(placement))).body["items"]) == 1


async def test_own_employees_pay_no_service_fee(dock: Dock) -> None:
    enterprise = await dock.enterprise(scope=["contracted_project"])
    placement = await dock.matched(await dock.order(enterprise, channel="contracted_project"))
    assert _refusal(await dock.post(_path(placement), a_fee())) == (422, "OWN_EMPLOYEE_FEE", "item")
    contract = a_contract(dock.today, service_fee={"minor": 1, "currency": "JPY"})
    filed = await dock.post(f"/placements/{placement['placement']}/contract", contract)
    assert _refusal(filed) == (422, "OWN_EMPLOYEE_FEE", "service_fee")
    passport = await declared(dock, placement, item="passport")
    correction = f"{_path(placement)}/{passport['items'][0]['fee']}/correction"
    changed = await dock.post(correction, {"reason": "mistyped", "item": "service_fee"})
    assert _refusal(changed) == (422, "OWN_EMPLOYEE_FEE", "item")
    assert (await declared(dock, placement, minor=0))["decree_620"]["met"], "that nothing is charged can be declared"


async def test_the_service_fees_of_the_worker_together_stay_within_the_cap(dock: Dock) -> None:
    placement = await dock.prepared(await dock.matched())
    await dock.certificate(placement)
    await declared(dock, placement, minor=CAP)
    await declared(dock, placement, minor=CAP, payer="employer")
    await declared(dock, placement, minor=CAP, item="travel")
    above = await declared(dock, placement, minor=1)
    assert above["decree_620"]["met"] is False
    assert (await dock.requested(placement))["failed"] == ["fee_within_cap"]
    back = await dock.post(f"{_path(placement)}/{above['items'][-1]['fee']}/void", {"reason": "refunded"})
    assert (back.status, back.body["decree_620"]["met"], back.body["items"][-1]["voided"]) == (200, True, "refunded")
    assert (await dock.requested(placement))["state"] == "cleared"


async def test_the_order_s_own_cap_holds_too(dock: Dock) -> None:
    order = await dock.order(fee_cap={"minor": 1000, "currency": "JPY"})
    placement = await dock.prepared(await dock.matched(order))
    assert (await declared(dock, placement, minor=1000))["decree_620"]["met"] is True
    assert (await declared(dock, placement, minor=1))["decree_620"]["met"] is False


async def test_a_fee_above_the_cap_that_becomes_known_withdraws_the_clearance(dock: Dock) -> None:
    placement = await dock.cleared()
    held = placement["due"]
    within = await declared(dock, placement, minor=CAP)
    assert within["state"] == "cleared"
    above = await declared(dock, placement, minor=1)
    shown = await dock.show(placement)
    assert (above["state"], shown["clearance"], shown["due"], shown["version"]) == ("matched", None, held, above["version"])
    [withdrawn] = await dock.published(ClearanceWithdrawn)
    assert withdrawn.reason == "fee_above_cap"
    await dock.post(f"{_path(placement)}/{above['items'][-1]['fee']}/void", {"reason": "refunded"})
    assert (await dock.requested(placement))["state"] == "cleared"


async def test_a_fee_is_corrected_and_voided_by_an_officer_and_both_are_counted_under_what_was(dock: Dock) -> None:
    gone = await dock.departed()
    dock.wait(30)
    fee = (await declared(dock, gone))["items"][0]["fee"]
    path = f"{_path(gone)}/{fee}"
    own = dock.client.speaking_as(Role.ENTERPRISE, party=gone["enterprise"])
    assert (await dock.post(f"{path}/void", {"reason": "duplicate"}, who=own)).status == 403
    assert (await dock.post(f"{path}/correction", {"reason": "mistyped", "item": "visa"})).body["items"][0]["item"] == "visa"
    assert (await dock.post(f"{path}/correction", {"reason": "mistyped", "item": "visa"})).code == "NOTHING_TO_CORRECT"
    assert (await dock.post(f"{path}/void", {"reason": "wrong_placement"})).status == 200
    for step, body in (("void", {"reason": "duplicate"}), ("correction", {"reason": "mistyped", "item": "travel"})):
        again = await dock.post(f"{path}/{step}", body)
        assert (again.status, again.code, again.body["state"]) == (409, "FEE_VOIDED", "wrong_placement")
    [before], [corrected], [voided] = [await dock.published(kind) for kind in (FeeDeclared, FeeCorrected, FeeVoided)]
    assert (corrected.previous, corrected.fact) == (before.fact, voided.previous)
    elsewhere = await dock.matched()
    assert (await dock.post(f"{_path(elsewhere)}/{fee}/void", {"reason": "duplicate"})).code == "FEE_NOT_FOUND"
    history = (await dock.get(f"/placements/{gone['placement']}/history")).body["items"]
    assert [one["type"] for one in history][-3:] == ["FeeDeclared", "FeeCorrected", "FeeVoided"]


async def test_the_fee_that_the_contract_names_is_one_fee_however_often_the_contract_is_filed(dock: Dock) -> None:
    placement = await dock.matched()
    path = f"/placements/{placement['placement']}/contract"
    for minor in (90_000, 90_000, 80_000, None, 70_000):
        fee = None if minor is None else {"minor": minor, "currency": "JPY"}
        assert (await dock.post(path, a_contract(dock.today, service_fee=fee))).status == 200
    kinds = [type(one.data) for one in await dock.client.published()]
    assert kinds[-9:] == [
        ContractRegistered,
        FeeDeclared,
        ContractRegistered,
        ContractRegistered,
        FeeCorrected,
        ContractRegistered,
        FeeVoided,
        ContractRegistered,
        FeeDeclared,
    ]
    [shown] = (await dock.get(_path(placement))).body["items"]
    assert (shown["amount"]["minor"], shown["voided"]) == (70_000, None)
    assert {one.fee for one in await dock.published(FeeDeclared, FeeCorrected, FeeVoided)} == {
        FeeId(PlacementId(one.placement)) for one in await dock.published(ContractRegistered)
    }


async def test_what_a_contract_named_before_fees_were_declared_is_published_before_it_is_corrected(dock: Dock) -> None:
    placement = await dock.matched()
    contract = a_contract(dock.today, service_fee={"minor": 90_000, "currency": "JPY"})
    await dock.post(f"/placements/{placement['placement']}/contract", contract)
    async with dock.client.database.connection() as conn:  # as the migration leaves it
        await conn.execute("UPDATE fee SET published = false, designation = 'unclassified', designation_version = ''")
    right = {"reason": "misread", "amount": {"minor": 80_000, "currency": "JPY"}}
    await dock.post(f"{_path(placement)}/{placement['placement']}/correction", right)
    await dock.post(f"{_path(placement)}/{placement['placement']}/void", {"reason": "refunded"})
    filed, published, corrected, voided = await dock.published(FeeDeclared, FeeCorrected, FeeVoided)
    assert published == filed
    assert (corrected.previous, corrected.fact, corrected.reason) == (published.fact, voided.previous, "misread")


@pytest.mark.parametrize(
    ("fee", "refusal"),
    [
        ({"currency": "CNY"}, (422, "CURRENCY_DIFFERS", "amount.currency")),
        ({"charged_on": "2018-03-02"}, (422, "FUTURE_DAY", "charged_on")),
        ({"charged_on": "1989-12-31"}, (422, "DAY_TOO_EARLY", "charged_on")),
        ({"item": "visa", "currency": "BYR"}, (422, "CURRENCY_WITHDRAWN", "amount.currency")),
        ({"item": "bribe"}, (422, "INVALID", "item")),
        ({"payer": "family"}, (422, "INVALID", "payer")),
        ({"version": 7}, (409, "VERSION_CONFLICT", "version")),
    ],
)
async def test_what_is_no_fee_is_refused_and_nothing_is_written(dock: Dock, fee: dict[str, Any], refusal: tuple[int, str, str]) -> None:
    placement = await dock.matched()
    assert _refusal(await dock.post(_path(placement), a_fee(**fee))) == refusal
    assert (await dock.get(_path(placement))).body["items"] == []
    assert (await dock.show(placement))["version"] == placement["version"]


async def test_nothing_is_charged_for_a_placement_that_was_cancelled(dock: Dock) -> None:
    placement = await dock.matched()
    await dock.post(f"/placements/{placement['placement']}/cancellation", {"reason": "officer"})
    answer = await dock.post(_path(placement), a_fee())
    assert (answer.status, answer.code, answer.body["state"]) == (409, "ILLEGAL_STEP", "cancelled")


async def test_fees_of_a_placement_are_bounded(dock: Dock) -> None:
    placement = await dock.matched()
    for _ in range(100):
        await declared(dock, placement, minor=10**13, item="travel")
    answer = await dock.post(_path(placement), a_fee())
    assert (answer.status, answer.code, answer.body["state"]) == (409, "FEES_FULL", {"fees": 100})
    assert (await dock.get(_path(placement))).body["ilo"]["charged"] == [{"minor": 10**15, "currency": "JPY"}]

"""What is reported of many placements from the contract to the return, each list in one command; every row is answered for by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.docking.__main__ import LISTS
from shared.events import (
    ArrivalConfirmed,
    ClearanceGranted,
    ContractRegistered,
    Dispatched,
    FeeCorrected,
    FeeDeclared,
    InsuranceBound,
    ManagersMissing,
    ManagersMissingCleared,
    MedicalRecorded,
    Returned,
)
from shared.principals import Role
from shared.values import new_id
from tests.http.test_docking_arrivals import an_arrival
from tests.http.test_docking_duties import abroad_already
from tests.support.docking import Dock, a_contract, a_departure, a_medical, an_insurance, dock
from tests.support.http import Answer

__all__ = ["dock"]

every_list = pytest.mark.parametrize("kind", [kind for kind in LISTS if kind != "adoption"])


def _row(placement: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    return {"placement": placement["placement"], **body}


def _return(dock: Dock, **changes: Any) -> dict[str, Any]:
    return {"returned_on": dock.today.isoformat(), "reason": "completed", **changes}


def refused(answer: Answer) -> list[tuple[int, str | None, str]]:
    assert answer.status == 200, answer.body
    return [(one["row"], one["field"], one["code"]) for one in answer.body["refused"]]


async def _send(dock: Dock, kind: str, rows: list[dict[str, Any]], **call: Any) -> Answer:
    return await dock.post(f"/placements/{kind}", {"rows": rows}, **call)


async def test_lists_bring_workers_abroad_and_home(dock: Dock) -> None:
    order = await dock.order(positions=3)
    matched = [await dock.matched(order) for _ in range(3)]
    for placement in matched:
        await dock.certificate(placement)
    assert (await _send(dock, "contracts", [_row(one, a_contract(dock.today)) for one in matched])).body["recorded"] == 3
    assert (await _send(dock, "insurances", [_row(one, an_insurance(dock.today)) for one in matched])).body["recorded"] == 3
    assert (await _send(dock, "medicals", [_row(one, a_medical(dock.today)) for one in matched])).body["recorded"] == 3
    assert (await _send(dock, "clearances", [_row(one, {}) for one in matched])).body["recorded"] == 3
    assert [(await dock.show(one))["state"] for one in matched] == ["cleared"] * 3
    assert (await _send(dock, "departures", [_row(one, a_departure(dock.today)) for one in matched])).body["recorded"] == 3
    assert ((await dock.show_order(order))["reserved"], (await dock.show_order(order))["filled"]) == (0, 3)
    dock.wait(14)
    assert (await _send(dock, "arrivals", [_row(one, an_arrival()) for one in matched])).body["recorded"] == 3
    assert (await _send(dock, "returns", [_row(one, _return(dock)) for one in matched])).body == {"recorded": 3, "refused": []}
    assert [(await dock.show(one))["state"] for one in matched] == ["returned"] * 3
    for event in (ContractRegistered, InsuranceBound, MedicalRecorded, ClearanceGranted, Dispatched, ArrivalConfirmed, Returned):
        assert {str(one.placement) for one in await dock.published(event)} == {one["placement"] for one in matched}, event


async def test_a_list_writes_what_single_commands_write(dock: Dock) -> None:
    one, other = await dock.cleared(), await dock.cleared()
    single = (await dock.post(f"/placements/{one['placement']}/departure", a_departure(dock.today))).body
    await _send(dock, "departures", [_row(other, a_departure(dock.today))])
    shown = await dock.show(other)
    own = {"placement", "order", "enterprise", "worker", "clearance", "certificate", "old_numbers"}
    assert {name: value for name, value in shown.items() if name not in own} == {
        name: value for name, value in single.items() if name not in own
    }


async def test_a_bad_row_is_answered_and_hinders_no_other(dock: Dock) -> None:
    cleared, abroad = [await dock.cleared() for _ in range(3)], await dock.departed()
    await dock.requested(cleared[2])  # a step further than the version that is named
    answer = await _send(
        dock,
        "departures",
        [
            _row(cleared[0], a_departure(dock.today, visa="tourist")),
            _row(cleared[1], a_departure(dock.today)),
            _row(cleared[1], a_departure(dock.today)),
            _row(abroad, a_departure(dock.today)),
            _row(cleared[2], a_departure(dock.today, version=cleared[2]["version"])),
            _row({"placement": str(new_id())}, a_departure(dock.today)),
            {"surprise": 1},
        ],
    )
    assert answer.body["recorded"] == 1
    assert refused(answer) == [
        (0, "visa", "VISA_REFUSED"),
        (2, "placement", "NAMED_TWICE"),
        (3, None, "ILLEGAL_STEP"),
        (4, "version", "VERSION_CONFLICT"),
        (5, "placement", "PLACEMENT_NOT_FOUND"),
        (6, "departed_on", "MISSING"),
    ]
    assert [(await dock.show(one))["state"] for one in cleared] == ["cleared", "abroad", "cleared"]


async def test_a_row_that_comes_too_early_or_twice_is_refused(dock: Dock) -> None:
    gone = [await dock.departed() for _ in range(2)]
    assert refused(await _send(dock, "arrivals", [_row(gone[0], an_arrival())])) == [(0, "confirmed_on", "ARRIVAL_TOO_EARLY")]
    dock.wait(14)
    await _send(dock, "arrivals", [_row(gone[0], an_arrival())])
    answer = await _send(dock, "arrivals", [_row(one, an_arrival()) for one in gone])
    assert (answer.body["recorded"], refused(answer)) == (1, [(0, "day", "CONFIRMED_ALREADY")])
    before = (dock.today - timedelta(days=15)).isoformat()
    answer = await _send(dock, "returns", [_row(gone[0], _return(dock, returned_on=before)), _row(gone[1], _return(dock))])
    assert (answer.body["recorded"], refused(answer)) == (1, [(0, "returned_on", "RETURN_BEFORE_DEPARTURE")])
    cleared = await dock.cleared()
    late = (dock.today + timedelta(days=1)).isoformat()
    assert refused(await _send(dock, "medicals", [_row(cleared, a_medical(dock.today, examined_on=late))])) == [
        (0, "examined_on", "FUTURE_DAY")
    ]
    shorter = an_insurance(dock.today, valid_to=dock.today.isoformat())
    assert refused(await _send(dock, "insurances", [_row(cleared, shorter)])) == [(0, "valid_to", "INSURANCE_SHORTENED")]


async def test_who_is_cleared_counts_for_the_next_row(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    await abroad_already(dock, enterprise, 99)
    order = await dock.order(enterprise, positions=3)
    prepared = [await dock.prepared(await dock.matched(order)) for _ in range(3)]
    for placement in prepared:
        await dock.certificate(placement)
    rows = [_row(one, {}) for one in (prepared[1], prepared[0])]
    late = {"planned_departure": (dock.today - timedelta(days=1)).isoformat()}
    answer = await _send(dock, "clearances", [*rows, _row(prepared[2], late)])
    assert (answer.body["recorded"], refused(answer)) == (2, [(2, "planned_departure", "PAST_DAY")])
    assert [(await dock.show(one))["state"] for one in prepared] == ["matched", "cleared", "matched"]


async def test_a_contract_filed_again_in_a_list_changes_its_fee(dock: Dock) -> None:
    placement = await dock.matched()
    for minor in (2_000, 3_000):
        contract = a_contract(dock.today, service_fee={"minor": minor, "currency": "JPY"})
        assert (await _send(dock, "contracts", [_row(placement, contract)])).body["recorded"] == 1
    assert [one.fact.amount.minor for one in await dock.published(FeeDeclared)] == [2_000]
    assert [one.fact.amount.minor for one in await dock.published(FeeCorrected)] == [3_000]
    deposit = a_contract(dock.today, deposit={"minor": 1, "currency": "JPY"})
    assert refused(await _send(dock, "contracts", [_row(placement, deposit)])) == [(0, "deposit", "DEPOSIT_FORBIDDEN")]


async def test_what_is_somebody_else_s_is_refused_row_by_row(dock: Dock) -> None:
    own, other = await dock.matched(), await dock.matched()
    who = dock.client.speaking_as(Role.ENTERPRISE, regions=(), party=own["enterprise"])
    answer = await _send(dock, "insurances", [_row(one, an_insurance(dock.today)) for one in (own, other)], who=who)
    assert (answer.body["recorded"], refused(answer)) == (1, [(1, "placement", "FORBIDDEN")])
    assert (await dock.show(other))["insurance"] is None


async def test_a_list_sent_again_is_recorded_once(dock: Dock) -> None:
    rows = [_row(await dock.cleared(), a_departure(dock.today))]
    first = await _send(dock, "departures", rows, key="the-same-list-of-departures")
    assert (await _send(dock, "departures", rows, key="the-same-list-of-departures")).body == first.body
    assert len(await dock.published(Dispatched)) == 1


async def test_a_list_of_returns_ends_the_need_of_managers(dock: Dock) -> None:
    abroad = await abroad_already(dock, await dock.enterprise(), 102)
    assert len(await dock.published(ManagersMissing)) == 1
    await _send(dock, "returns", [{"placement": one, **_return(dock)} for one in abroad[:2]])
    assert len(await dock.published(ManagersMissingCleared)) == 1


@every_list
async def test_rows_of_any_shape_are_refused_one_by_one(dock: Dock, kind: str) -> None:
    rows: list[Any] = [{}, {"placement": "\u0000"}, {"placement": 1, "terms": []}, {"\u0000": {"a": [[[]]]}}]
    answer = await _send(dock, kind, rows)
    assert (answer.body["recorded"], [row for row, *_ in refused(answer)]) == (0, [0, 1, 2, 3])
    assert (await _send(dock, kind, [{}] * 501)).status == 422
    assert (await _send(dock, kind, [])).status == 422

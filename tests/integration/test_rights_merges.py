"""Two registrations that are one person's, as rights follows it: ledgers and what hangs on them, in whatever order it learns of things."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from shared import events
from shared.values import PlacementId, WorkerId, new_id
from tests.support.merges import merged
from tests.support.rights import Office, Placement, office

__all__ = ["office"]

ORDERS = tuple(itertools.permutations(("contract", "first merge", "second merge")))


@pytest.mark.parametrize("order", ORDERS)
async def test_a_ledger_is_the_survivors_whatever_arrives_first(office: Office, order: Sequence[str]) -> None:
    first, second, third = (WorkerId(new_id()) for _ in range(3))
    placement = Placement(placement=PlacementId(new_id()), worker=first)
    happenings = {
        "contract": placement.contracted(),
        "first merge": merged(first, second, office.today),
        "second merge": merged(second, third, office.today),
    }
    for name in order:
        await office.consume(happenings[name], happenings[name])
    await office.consume(placement.departed())
    assert (await office.report(placement)).status == 201
    [reported] = await office.published(events.IncomeReported)
    assert reported.worker == third


async def test_a_case_of_the_absorbed_goes_on_and_the_recount_leaves_the_wages_alone(office: Office) -> None:
    one, other = await office.abroad(), await office.abroad()
    await office.report(one)
    before = await office.ledger(one)
    case = {"category": "wages", "severity": "high", "via": "worker", "placement": str(one.placement), "text": "not paid"}
    opened = await office.post("/cases", case)
    assert opened.status == 201, opened.body
    await office.consume(merged(one.worker, other.worker, office.today))
    fact = one.fact()
    recounted = events.DispatchCorrected(
        placement=one.placement,
        worker=other.worker,
        previous=fact,
        fact=fact.model_copy(update={"first_this_year": False, "first_ever": False}),
        returned=None,
        cause="merge",
    )
    await office.consume(recounted)
    after = await office.ledger(one)
    assert {name: after[name] for name in ("reports", "open_findings")} == {name: before[name] for name in ("reports", "open_findings")}
    shown = await office.get(f"/cases/{opened.body['case']}")
    assert (shown.status, shown.body["placement"]) == (200, str(one.placement))

"""A contract that was replaced after the arrival becomes a case, whoever hoped that nobody would ask."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from shared import reference
from shared.delivery.consumer import Reject
from shared.events import ArrivalConfirmed, ArrivalCorrected, ArrivalFact, CaseOpened
from shared.values import PlacementId, WorkerId, new_id
from tests.support.rights import Office, Placement, office

__all__ = ["office"]


def _fact(placement: Placement, *differences: str) -> ArrivalFact:
    fact = placement.fact()
    codes = {name: getattr(fact, name) for name in ("enterprise", "destination", "occupation", "channel")}
    answered: dict[str, Any] = {"day": 14, "confirmed_on": date(2018, 1, 30), "terms_match": not differences, "differences": differences}
    return ArrivalFact.model_validate({**answered, **codes, "origin": reference.origin(placement.county, date(2018, 1, 30))})


def _confirmed(placement: Placement, *differences: str) -> ArrivalConfirmed:
    return ArrivalConfirmed(placement=placement.placement, worker=placement.worker, fact=_fact(placement, *differences))


async def test_a_difference_opens_a_case_about_the_placement(office: Office) -> None:
    placement = await office.abroad()
    await office.consume(_confirmed(placement))
    assert await office.published(CaseOpened) == []
    await office.consume(_confirmed(placement, "wage", "hours"))
    [case] = await office.published(CaseOpened)
    assert (case.category, case.severity, case.via, case.placement) == ("contract", "normal", "worker", placement.placement)
    shown = (await office.get(f"/cases/{case.case}")).body
    assert shown["text"] == "14 days after the departure not as agreed: wage, hours"


@pytest.mark.parametrize("term", ["employer", "passport"])
async def test_another_employer_and_a_passport_held_back_are_grave(office: Office, term: str) -> None:
    await office.consume(_confirmed(await office.abroad(), term))
    assert [one.severity for one in await office.published(CaseOpened)] == ["high"]


async def test_a_correction_opens_a_case_for_what_was_not_known(office: Office) -> None:
    placement = await office.abroad()
    await office.consume(_confirmed(placement, "place"))
    about = {"placement": placement.placement, "worker": placement.worker}
    for before, now in ((("place",), ()), ((), ("place",)), (("place",), ("place", "passport"))):
        corrected = {**about, "previous": _fact(placement, *before), "fact": _fact(placement, *now)}
        await office.consume(ArrivalCorrected.model_validate(corrected))
    assert [one.severity for one in await office.published(CaseOpened)] == ["normal", "normal", "high"]


async def test_a_confirmation_without_a_contract_waits_for_somebody_to_look(office: Office) -> None:
    unknown = Placement(placement=PlacementId(new_id()), worker=WorkerId(new_id()))
    with pytest.raises(Reject):
        await office.consume(_confirmed(unknown, "wage"))

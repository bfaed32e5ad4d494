"""When the demo asks for a clearance: whoever goes again holds a certificate, is cleared at once, and must leave within its days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from console.demo.placing import CLEARANCE_DAYS, clearance_asked_on
from console.demo.simulation import plan
from console.demo.world import contract_body, stays_to_the_end
from services.docking.settings import Policy

STOPPED = 737275  # seed of a demo in which somebody who went again was refused


@pytest.mark.parametrize("seed", [1, 7, STOPPED])
def test_whoever_goes_again_is_cleared_until_the_departure(seed: int) -> None:
    again = [voyage for voyage in plan(seed, 300).voyages if voyage.again]
    assert again
    for voyage in again:
        asked_on = clearance_asked_on(voyage)
        assert voyage.departed_on.replace(day=1) - timedelta(days=37) < asked_on, "after the examination"
        assert voyage.departed_on - asked_on <= timedelta(days=CLEARANCE_DAYS)
    assert any(voyage.departed_on.day > 24 for voyage in again), "one whom the usual day would not reach"


def test_the_days_are_those_that_docking_has_by_default() -> None:
    assert Policy.model_fields["docking_clearance_days"].default == CLEARANCE_DAYS


def test_whoever_comes_home_at_the_end_has_a_contract_until_that_day_which_bears_the_fee() -> None:
    home = [voyage for voyage in plan(7, 2000).voyages if stays_to_the_end(voyage)]
    assert home
    for voyage in home:
        body = contract_body(voyage)
        start, end = (date.fromisoformat(str(body[name])) for name in ("start", "end"))
        assert end == voyage.returned_on
        fee, wage = body["service_fee"], body["wage"]
        if isinstance(fee, dict) and isinstance(wage, dict):
            cap = Policy.model_fields["docking_fee_cap_per_mille"].default
            assert fee["minor"] * 1000 <= wage["minor"] * ((end - start).days // 31) * cap

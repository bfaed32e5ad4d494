"""On which days the demo's sessions are examined: a centre in which too many pass on one day waits for an officer."""

from __future__ import annotations

import pytest

from console.demo.simulation import plan
from console.demo.training import PASSES_A_DAY, exam_days, sessions_of
from console.demo.world import grouped
from services.training.settings import Policy


@pytest.mark.parametrize(("scale", "days"), [(1000, 1), (100, 3)])
def test_no_more_are_examined_on_a_day_than_may_pass(scale: int, days: int) -> None:
    seats = sessions_of([voyage for voyage in plan(7, scale).voyages if not voyage.adopted])
    longest = 0
    for month in grouped(seats, lambda key: key[2]).values():
        examined = exam_days(month, [seats[key] for key in month])
        assert [key for day in examined for key in day] == month
        assert all(sum(seats[key] for key in day) <= PASSES_A_DAY for day in examined)
        longest = max(longest, len(examined))
    assert longest == days


def test_as_many_may_pass_as_training_has_it_by_default() -> None:
    assert Policy.model_fields["training_passes_per_day"].default == PASSES_A_DAY

"""The plan that the demo plays meets every published sum before a single command is sent."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from console.demo import simulation
from shared import reference
from shared.values import Channel


@pytest.fixture(scope="module", params=[1, 20_261_124])
def played(request: pytest.FixtureRequest) -> simulation.Plan:
    return simulation.plan(request.param)


def counting(plan: simulation.Plan) -> list[simulation.Voyage]:
    return [voyage for voyage in plan.voyages if not voyage.adopted and not voyage.voided]


def abroad(plan: simulation.Plan, day: date) -> int:
    return sum(v.departed_on <= day and (v.returned_on is None or v.returned_on > day) for v in plan.voyages if not v.voided)


def test_departures_by_year_are_the_published_ones(played: simulation.Plan) -> None:
    assert Counter(v.departed_on.year for v in counting(played)) == {2017: 522, 2018: 492, 2019: 487, 2020: 301}


def test_146_departures_come_from_counties_on_the_poverty_lists(played: simulation.Plan) -> None:
    listed = [v for v in counting(played) if (found := reference.county(v.person.county)) and found.listed]
    assert len(listed) == 146
    assert all(v.poverty for v in listed)


@pytest.mark.parametrize(
    ("day", "stock"), [("2017-12-31", 980), ("2019-09-30", 1010), ("2020-02-29", 989), ("2020-07-31", 644), ("2020-12-31", 623)]
)
def test_the_stock_meets_the_published_points(played: simulation.Plan, day: str, stock: int) -> None:
    assert abroad(played, date.fromisoformat(day)) == stock


@pytest.mark.parametrize(("through", "projects", "labour"), [("2017-12-31", 222, 300), ("2019-09-30", 159, 197), ("2020-07-31", 81, 78)])
def test_channels_split_as_published(played: simulation.Plan, through: str, projects: int, labour: int) -> None:
    until = date.fromisoformat(through)
    split = Counter(v.channel for v in counting(played) if v.departed_on.year == until.year and v.departed_on <= until)
    assert (split[Channel.CONTRACTED_PROJECT], split[Channel.LABOUR_COOPERATION]) == (projects, labour)


@pytest.mark.parametrize("year", simulation.PUBLISHED_YEARS)
def test_every_published_year_is_restated_by_something_late_something_corrected_and_something_void(
    played: simulation.Plan, year: int
) -> None:
    published = simulation.published_on(year)
    after = [voyage for voyage in played.voyages if voyage.departed_on.year == year and not voyage.adopted and voyage.right_on > published]
    late = [voyage for voyage in after if voyage.recorded_on > published]
    moved = [voyage for voyage in after if voyage.first_recorded_as.get("departed_on", "") > f"{year}-12-31"]
    assert len(late) >= 2
    assert len(moved) >= 2
    assert sum(voyage.voided for voyage in after) == 1
    assert all(voyage.returned_on is None or voyage.returned_on > voyage.right_on for voyage in after)


def test_the_same_seed_gives_the_same_plan() -> None:
    assert simulation.plan(7) == simulation.plan(7)
    assert simulation.plan(7) != simulation.plan(8)


def test_nobody_is_in_two_places_at_once(played: simulation.Plan) -> None:
    last: dict[int, simulation.Voyage] = {}
    for voyage in played.voyages:
        before = last.get(voyage.person.number)
        assert before is None or (before.returned_on is not None and before.returned_on < voyage.departed_on)
        last[voyage.person.number] = voyage


def test_no_document_number_comes_up_twice(played: simulation.Plan) -> None:
    assert len({person.id_number for person in played.people}) == len(played.people)


def test_spread_adds_up_exactly() -> None:
    assert sum(simulation.spread(146, [522, 492, 487, 301])) == 146

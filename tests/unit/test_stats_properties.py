"""What statistics.md demands of every figure, on random histories, before any database: two folds and an oracle."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from services.stats.counting import columnar_fold, cuts, measures
from services.stats.counting.reference_fold import fold_all
from shared.events import Event, EventEnvelope, decode, encode
from shared.values import PROGRAMME_ZONE
from tests.support.history import Step, happen, steps
from tests.support.oracle import known_at, province, recount, summed, with_names
from tests.support.oracle_tables import CUTS, MEASURES
from tests.support.world import Log, World


def a_world(steps: list[Step]) -> World:
    world = World(log=Log(""))
    for step in steps:
        happen(world, step)
    return world


def events(world: World) -> list[EventEnvelope[Event]]:
    read = (decode(json.dumps(event).encode()) for event in world.counted.values())
    return [event for event in read if isinstance(event, EventEnvelope)]


def records(world: World) -> list[bytes]:
    """As a relay would have written them."""
    return [encode(event) for event in events(world)]


histories = st.lists(steps, min_size=10, max_size=60).map(a_world)


def test_the_oracle_knows_every_measure_and_cut_under_its_code() -> None:
    assert {measure.code: measure.name for measure in measures.MEASURES} == MEASURES
    assert {cut.code: (cut.k1, cut.k2) for cut in cuts.CUTS} == CUTS


@given(histories)
@settings(max_examples=60, deadline=None)
def test_both_folds_give_the_cells_of_an_oracle_that_shares_no_code_with_them(world: World) -> None:
    expected = recount(world.counted.values())
    assert with_names(fold_all(events(world))) == expected
    assert with_names(columnar_fold.fold(records(world))) == expected


@given(histories)
@settings(max_examples=40, deadline=None)
def test_dispatches_persons_and_returns_equal_what_the_world_counts_of_itself(world: World) -> None:
    cells = recount(world.counted.values())
    departed, persons, back = (sum(summed(cells, measure, 1, lambda _: "all").values()) for measure in ("dispatches", "persons", "returns"))
    assert (departed, persons) == (len(world.real()), world.person_years())
    assert departed - back == sum(voyage.returned is None for voyage in world.real())  # stock = dispatched - returned


@given(histories, st.integers(0, 20))
@settings(max_examples=40, deadline=None)
def test_what_is_recorded_later_changes_nothing_of_what_was_known(world: World, pick: int) -> None:
    recorded = events(world)
    days = sorted({event.time.astimezone(PROGRAMME_ZONE).date() for event in recorded})
    if days:
        day = days[pick % len(days)]
        by_then = [event for event in recorded if event.time.astimezone(PROGRAMME_ZONE).date() <= day]
        assert {cell: value for cell, value in fold_all(recorded).items() if cell.recorded_on <= day} == fold_all(by_then)
        assert all(cell.day <= cell.recorded_on + timedelta(1) for cell in fold_all(recorded))


@given(histories)
@settings(max_examples=40, deadline=None)
def test_persons_never_exceed_dispatches_in_any_cell_at_any_time_known(world: World) -> None:
    cells = recount(world.counted.values())
    for day in {cell.recorded_on for cell in cells}:
        for cut in CUTS:
            dispatches = summed(known_at(cells, day), "dispatches", cut, lambda cell: cell[2:5])
            persons = summed(known_at(cells, day), "persons", cut, lambda cell: cell[2:5])
            assert all(0 <= count <= dispatches.get(key, 0) for key, count in persons.items())


@given(histories)
@settings(max_examples=40, deadline=None)
def test_counties_sum_to_provinces_and_every_cut_to_the_same_nation(world: World) -> None:
    cells = recount(world.counted.values())
    for measure in MEASURES.values():
        wholes = {cut: summed(cells, measure, cut, lambda cell: (cell.day, cell.currency)) for cut in CUTS}
        assert len({tuple(sorted(whole.items())) for whole in wholes.values() if whole}) <= 1, measure
        counties = Counter[tuple[str, str]]()
        for (county, currency), value in summed(cells, measure, 1, lambda cell: (cell.k1, cell.currency)).items():
            counties["-" if county == "-" else province(county), currency] += value
        by_province = summed(cells, measure, 2, lambda cell: (cell.k1, cell.currency))
        assert not by_province or {key: value for key, value in counties.items() if value} == by_province

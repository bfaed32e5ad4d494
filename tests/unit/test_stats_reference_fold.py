"""The reference fold: what one event adds; order and batching change nothing."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.stats.counting.cuts import CUT_BY_CODE, CUTS, DAY_BANDS
from services.stats.counting.derived import DERIVED
from services.stats.counting.measures import CUTS_OF, MEASURE, MEASURES, RULES, cuts_for
from services.stats.counting.reference_fold import Cell, fold, fold_all
from services.stats.domain.errors import AbsurdDay
from shared.events import Event, EventEnvelope
from shared.reference import province_of
from tests.support.stats import (
    POOR_WEST,
    RICH_EAST,
    UNKNOWN,
    assessed,
    came_back,
    case_closed,
    case_opened,
    case_reopened,
    corrected,
    cost,
    departure,
    dispatched,
    histories,
    income,
    paid,
    recorded,
    voided,
)
from tests.support.surveys import survey_corrected, survey_fact, survey_voided, surveyed


def total(cells: dict[Cell, int], measure: str, cut: int = 1, **where: object) -> int:
    return sum(
        value
        for cell, value in cells.items()
        if cell.measure == MEASURE[measure].code
        and cell.cut == cut
        and all(getattr(cell, name) == wanted for name, wanted in where.items())
    )


def merged(recorded_events: list[EventEnvelope[Event]], sizes: list[int]) -> dict[Cell, int]:
    """The cells of the batches added up."""
    found: Counter[Cell] = Counter()
    rest = list(recorded_events)
    while rest:
        size = sizes[len(rest) % len(sizes)]
        for cell, value in fold_all(rest[:size]).items():
            found[cell] += value
        rest = rest[size:]
    return {cell: value for cell, value in found.items() if value}


@given(histories, st.lists(st.integers(1, 7), min_size=1, max_size=3), st.randoms())
@settings(max_examples=60, deadline=None)
def test_any_order_and_any_batching_give_the_same_cells(
    lives: list[list[EventEnvelope[Event]]], sizes: list[int], rng: random.Random
) -> None:
    recorded_events = list(chain.from_iterable(lives))
    shuffled = rng.sample(recorded_events, len(recorded_events))
    assert merged(shuffled, sizes) == fold_all(recorded_events)


@given(histories)
@settings(max_examples=60, deadline=None)
def test_every_cut_of_a_measure_sums_to_the_same_nation_and_persons_never_exceed_dispatches(
    lives: list[list[EventEnvelope[Event]]],
) -> None:
    cells = fold_all(chain.from_iterable(lives))
    for measure in MEASURES:
        assert len({total(cells, measure.name, cut.code) for cut in cuts_for(measure.name)}) <= 1, measure.name
    assert total(cells, "persons") <= total(cells, "dispatches")


@given(histories)
@settings(max_examples=60, deadline=None)
def test_counties_sum_to_provinces(lives: list[list[EventEnvelope[Event]]]) -> None:
    cells = fold_all(chain.from_iterable(lives))
    by_county: Counter[str] = Counter()
    by_province: Counter[str] = Counter()
    for cell, value in cells.items():
        if cell.measure == MEASURE["dispatches"].code and cell.cut == 1:
            by_county[province_of(cell.k1)] += value
        if cell.measure == MEASURE["dispatches"].code and cell.cut == 2:
            by_province[cell.k1] += value
    assert by_county == by_province


@given(histories)
@settings(max_examples=60, deadline=None)
def test_what_was_voided_or_has_come_back_is_not_in_stock(lives: list[list[EventEnvelope[Event]]]) -> None:
    cells = fold_all(chain.from_iterable(lives))
    names = [[type(event.data).__name__ for event in life] for life in lives]
    abroad = sum("Dispatched" in life and "DispatchVoided" not in life and "Returned" not in life for life in names)
    for cut in cuts_for("dispatches"):
        assert total(cells, "dispatches", cut.code) - total(cells, "returns", cut.code) == abroad


def test_a_correction_takes_the_previous_away_and_moves_the_return_along() -> None:
    first = dispatched(departure(RICH_EAST))
    back = came_back(first, date(2019, 2, 1))
    moved = corrected(first, departure(POOR_WEST), date(2019, 2, 1))
    cells = fold_all([recorded(first), recorded(back), recorded(moved, date(2019, 3, 1))])
    assert total(cells, "dispatches", k1=RICH_EAST) == 0
    assert total(cells, "returns", k1=RICH_EAST) == 0
    assert total(cells, "dispatches", k1=POOR_WEST) == 1
    assert total(cells, "returns", k1=POOR_WEST, day=date(2019, 2, 1)) == 1


def test_a_correction_is_known_only_from_the_day_it_was_recorded() -> None:
    first = dispatched(departure(RICH_EAST))
    cells = fold_all([recorded(first), recorded(voided(first), date(2018, 9, 9))])
    known = sum(value for cell, value in cells.items() if cell.cut == 1 and cell.measure == 6 and cell.recorded_on < date(2018, 9, 9))
    assert (known, total(cells, "dispatches")) == (1, 0)


def test_an_unknown_county_is_counted_as_unclassified() -> None:
    cells = fold_all([recorded(dispatched(departure(UNKNOWN)))])
    assert total(cells, "dispatches", k1=UNKNOWN, k2="unclassified") == 1
    assert total(cells, "dispatches", 2, k1="990000") == 1


def test_income_stays_in_its_currency_and_month() -> None:
    cells = fold_all([recorded(income(dispatched(), paid(180_000, "JPY", "2018-06")))])
    assert total(cells, "income", currency="JPY", day=date(2018, 6, 1)) == 180_000
    assert total(cells, "income_months", currency="") == 1


@pytest.mark.parametrize("day", [date(1989, 12, 31), date(2018, 5, 4)])
def test_a_day_before_1990_or_more_than_a_day_ahead_is_refused(day: date) -> None:
    with pytest.raises(AbsurdDay):
        fold(recorded(dispatched(departure(departed_on=day)), date(2018, 5, 2)))


def test_a_day_one_day_ahead_is_counted() -> None:
    assert fold(recorded(dispatched(departure(departed_on=date(2018, 5, 3))), date(2018, 5, 2)))


def test_the_codes_and_names_of_measures_and_cuts_are_unique() -> None:
    assert {type(event) for event in RULES} != set()
    assert len({measure.code for measure in MEASURES}) == len(MEASURES)
    assert len(CUT_BY_CODE) == len(CUTS)
    assert not DERIVED.keys() & MEASURE.keys()


def test_a_duration_is_counted_by_its_band_of_days_and_moves_with_a_correction() -> None:
    first = dispatched(departure(departed_on=date(2018, 5, 2), registered_on=date(2018, 4, 18), matched_on=date(2018, 5, 2)))
    cells = fold_all([recorded(first)])
    assert total(cells, "registration_to_departure", 7, k1="370000", k2="12-15") == 1
    assert total(cells, "match_to_departure", 8, k1="JPN", k2="0-0") == 1
    moved = corrected(first, first.fact.model_copy(update={"departed_on": date(2018, 5, 9)}))
    cells = fold_all([recorded(first), recorded(moved)])
    assert [total(cells, "registration_to_departure", 7, k2=band) for band in ("12-15", "16-22")] == [0, 1]


def test_a_duration_that_ends_before_it_begins_has_no_band_and_one_without_a_begin_is_not_counted() -> None:
    cells = fold_all([recorded(dispatched(departure(registered_on=date(2018, 5, 3))))])
    assert total(cells, "registration_to_departure", 7, k2="-") == 1
    assert total(cells, "match_to_departure", 7) == 0


def test_bands_of_days_lie_between_powers_of_the_square_root_of_two_and_leave_no_day_out() -> None:
    assert DAY_BANDS[:9] == ((0, 0), (1, 1), (2, 2), (3, 3), (4, 5), (6, 7), (8, 11), (12, 15), (16, 22))
    assert all(upper + 1 == lower for (_, upper), (lower, _) in pairwise(DAY_BANDS))
    assert all((high + 1) ** 2 * 100 <= low**2 * 225 for low, high in DAY_BANDS if low >= 8)  # 1.5: root two, and whole days


def test_recruitment_cost_is_a_fact_less_the_previous() -> None:
    out = dispatched()
    before, after = cost(900_000, 600_000), cost(900_000, 720_000)
    cells = fold_all([recorded(assessed(out, before)), recorded(assessed(out, after, before))])
    assert (total(cells, "recruitment_cost"), total(cells, "first_incomes"), total(cells, "recruitment_fees")) == (1250, 1, 900_000)
    gone = fold_all([recorded(assessed(out, before)), recorded(assessed(out, None, before))])
    assert gone == {}


def test_the_month_whose_rate_converts_money_is_the_month_its_rules_are_dated_by() -> None:
    for measure in MEASURES:
        by_period = {rule.day.endswith("period") for rule in RULES if rule.measure == measure.name}
        if measure.money:
            assert by_period == {measure.rate == "wage period"}, measure.name


def test_every_measure_is_counted_by_a_rule_and_every_rule_in_a_cut() -> None:
    assert {rule.measure for rule in RULES} == set(MEASURE)
    uncounted = {rule.measure for rule in RULES if not CUTS_OF[rule]}
    assert not uncounted, "some event of these measures carries the two keys of no cut"


def test_the_age_of_a_return_is_that_of_its_departure() -> None:
    out = dispatched(departure(departed_on=date(2018, 1, 10), birth_year=1989))
    cells = fold_all([recorded(out), recorded(came_back(out, date(2018, 1, 10) + timedelta(days=720)))])
    assert {cell.k2 for cell in cells if cell.cut == 6} == {"female 25-29"}


def test_a_survey_counts_heads_and_its_county_once_a_year() -> None:
    first, second = surveyed(survey_fact(respondents=120)), surveyed(survey_fact(on=date(2018, 9, 1), first=False))
    cells = fold_all([recorded(first), recorded(second)])
    heads = [total(cells, f"survey_{name}") for name in ("respondents", "able", "willing")]
    assert (heads, total(cells, "surveyed_counties")) == ([1320, 440, 110], 1)
    superseded = survey_fact(respondents=240)
    moved = [
        survey_corrected(first, superseded),
        survey_voided(first, superseded),
        survey_corrected(second, survey_fact(on=date(2018, 9, 1))),
    ]
    cells = fold_all([recorded(first), recorded(second), *map(recorded, moved)])
    assert (total(cells, "survey_respondents"), total(cells, "surveyed_counties")) == (1200, 1)
    assert {cell.day for cell, value in cells.items() if value} == {date(2018, 9, 1)}


def test_a_case_that_was_reopened_is_closed_once_and_took_from_its_opening_to_its_last_closing() -> None:
    opened = case_opened(date(2018, 5, 2), dispatched(departure(POOR_WEST)))
    first, last = (case_closed(opened, day) for day in (date(2018, 5, 12), date(2018, 7, 2)))
    again = case_reopened(first, date(2018, 6, 1))
    once, twice = fold_all([recorded(last)]), Counter(fold_all([recorded(one) for one in (first, again, last)]))
    for measure in ("cases_closed", "case_to_close"):
        of = MEASURE[measure].code
        by_day: Counter[Cell] = Counter()
        for cell, value in twice.items():
            if cell.measure == of:
                by_day[cell._replace(recorded_on=date(2018, 7, 2))] += value
        expected = {cell._replace(recorded_on=date(2018, 7, 2)): value for cell, value in once.items() if cell.measure == of}
        assert {cell: value for cell, value in by_day.items() if value} == expected
    assert total(dict(twice), "cases_reopened") == 1

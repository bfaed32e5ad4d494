"""Where a target is heading: seasons from finished years, a pace, an interval; expected to date by season and by table."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stats.programmes import projection
from services.stats.programmes.projection import (
    Pattern,
    expected_by_pattern,
    expected_by_table,
    patterns,
    pooled,
    project,
    published_patterns,
)

EVEN = Pattern("even", (Fraction(1),) * 12)
AUTUMN = Pattern("autumn", (*(Fraction(0),) * 8, *(Fraction(1),) * 4))
START, END = date(2017, 1, 1), date(2020, 12, 31)


def months(counts: dict[int, int]) -> dict[date, int]:
    """So many in every month of a year."""
    return {date(year, month, 1): count for year, count in counts.items() for month in range(1, 13)}


@given(st.dates(START, END), st.dates(START, END), st.sampled_from((EVEN, AUTUMN, *published_patterns())))
def test_seasonal_time_adds_up_and_a_calendar_year_is_one(first: date, second: date, pattern: Pattern) -> None:
    first, second = sorted((first, second))
    assert pattern.between(date(2019, 1, 1), date(2019, 12, 31)) == 1
    if first < second:
        parts = pattern.between(START, first) + pattern.between(first.fromordinal(first.toordinal() + 1), second)
        assert parts == pattern.between(START, second)
    assert pattern.between(first, second) >= 0


def test_the_published_points_are_met() -> None:
    by_year = {pattern.years: pattern for pattern in published_patterns()}
    assert by_year["2019"].between(date(2019, 1, 1), date(2019, 9, 30)) == Fraction(356, 487)
    assert by_year["2020"].between(date(2020, 1, 1), date(2020, 7, 31)) == Fraction(159, 301)


def test_the_seasons_are_the_programmes_own_once_it_has_a_finished_year() -> None:
    assert patterns({}, START, date(2018, 5, 1))[0] == "published 2019, 2020"
    name, seen = patterns(months({2017: 4, 2018: 2}), START, date(2018, 5, 1))
    assert (name, len(seen)) == ("own 2017", 1)
    assert patterns(months({2017: 4}), date(2017, 2, 1), date(2018, 5, 1))[0] == "published 2019, 2020"  # no whole year of its own


def test_a_steady_programme_is_projected_to_what_it_always_did() -> None:
    counted = {month: count for month, count in months({2017: 10, 2018: 10, 2019: 10}).items() if month < date(2019, 7, 1)}
    found = project(counted, START, END, date(2019, 6, 30))
    assert found is not None
    assert (found.low, found.likely, found.high) == (480, 480, 480)
    assert "own 2017, 2018" in found.method


def test_the_interval_runs_from_the_slowest_to_the_fastest_year() -> None:
    found = project(months({2017: 20, 2018: 10}), START, date(2019, 12, 31), date(2018, 12, 31))
    assert found is not None
    assert (found.low, found.likely, found.high) == (480, 480, 600)  # 360 so far; a year more at 120, or at 240


def test_a_season_yet_to_come_is_not_taken_for_a_fall() -> None:
    counted = {date(2018, month, 1): count for month, count in enumerate([0] * 8 + [30] * 4, start=1)} | {date(2019, 8, 1): 0}
    found = project(counted, date(2018, 1, 1), date(2019, 12, 31), date(2019, 8, 31))
    assert found is not None
    assert found.likely == 240


@pytest.mark.parametrize("on", [date(2016, 12, 31), END, date(2021, 5, 1)])
def test_nothing_is_projected_before_the_span_or_after_it(on: date) -> None:
    assert project(months({2017: 10}), START, END, on) is None


def test_too_little_time_says_nothing() -> None:
    assert project({START: 5}, START, END, date(2017, 1, 5)) is None


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30), st.dates(START, END))
def test_the_likely_value_lies_within_the_interval_and_nothing_counted_is_lost(counts: list[int], on: date) -> None:
    counted = {date(2017 + place // 12, place % 12 + 1, 1): count for place, count in enumerate(counts)}
    counted = {month: count for month, count in counted.items() if month <= on}
    found = project(counted, START, END, on)
    if found is not None:
        assert sum(counted.values()) <= found.low <= found.likely <= found.high


def test_expected_to_date_by_season_and_by_table() -> None:
    assert expected_by_pattern(1_000, AUTUMN, date(2018, 1, 1), date(2018, 12, 31), date(2018, 8, 31)) == 0
    assert expected_by_pattern(1_000, AUTUMN, date(2018, 1, 1), date(2018, 12, 31), date(2018, 10, 31)) == 500
    assert expected_by_pattern(1_000, pooled([EVEN, EVEN]), START, END, END) == 1_000
    steps = [(date(2017, 12, 31), 100), (date(2018, 12, 31), 1_000)]
    assert [expected_by_table(steps, START, day) for day in (date(2016, 5, 1), date(2017, 12, 31), date(2018, 12, 31), END)] == [
        0,
        100,
        1_000,
        1_000,
    ]
    assert expected_by_table(steps, START, date(2018, 7, 1)) == 100 + 900 * 182 // 365
    assert Fraction(1, 12) == projection.SHORTEST

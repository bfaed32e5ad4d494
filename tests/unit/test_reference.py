"""Reference data: the shipped lists, and the answer for a code that is in none of them."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import reference
from shared.values import PROGRAMME_ZONE, Designation

ON = date(2018, 9, 28)
codes = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True)


def test_the_list_of_national_poverty_counties_has_the_published_832() -> None:
    listed = Counter(county.listed for county in reference.counties().values())
    assert listed[Designation.NATIONAL] == 832
    assert sum(province.poverty_counties for province in reference.provinces().values()) == 832


def test_every_county_lies_in_a_known_province_and_every_province_in_a_belt() -> None:
    assert {county.province for county in reference.counties().values()} <= reference.provinces().keys()
    assert {reference.province_of(code) for code in reference.counties()} <= reference.provinces().keys()
    assert {province.belt for province in reference.provinces().values()} <= {"east", "central", "west", "none"}


def test_an_unknown_county_is_unclassified_and_not_an_error() -> None:
    assert reference.county("999999") is None
    assert reference.designation("999999", ON) is Designation.UNCLASSIFIED
    assert reference.ever_listed("999999") is Designation.UNCLASSIFIED
    assert reference.region(reference.province_of("999999")) == "none"


@given(codes, st.dates(date(2012, 1, 1), date(2030, 12, 31)))
def test_every_code_has_a_designation_on_every_day(code: str, day: date) -> None:
    origin = reference.origin(code, day)
    assert origin.county == code
    assert (origin.designation is Designation.UNCLASSIFIED) == (reference.county(code) is None)
    assert origin.designation_version == reference.DESIGNATION_VERSION


def test_a_county_leaves_the_list_with_the_end_of_its_exit_year_but_was_listed_for_ever() -> None:
    left = [county for county in reference.counties().values() if county.listed and county.exit_year]
    assert left
    for county in left:
        assert county.exit_year
        assert reference.designation(county.code, date(county.exit_year, 12, 31)) is county.listed
        assert reference.designation(county.code, date(county.exit_year + 1, 1, 1)) is Designation.NONE
        assert reference.ever_listed(county.code) is county.listed


def test_the_code_of_another_year_leads_to_the_same_county() -> None:
    for alias, code in reference.aliases().items():
        if alias not in reference.counties():
            assert reference.county(alias) == reference.county(code)


@pytest.mark.parametrize("as_what", [Designation.NATIONAL, Designation.PROVINCIAL])
def test_the_codes_listed_as_something_are_those_that_were_ever_that(as_what: Designation) -> None:
    listed = reference.listed_codes(as_what)
    assert listed
    assert {reference.ever_listed(code) for code in listed} == {as_what}


@pytest.mark.parametrize(("code", "known"), [("JPN", True), ("SGP", True), ("HKG", True), ("CHN", False), ("ZZZ", False), ("", False)])
def test_nobody_is_dispatched_home_or_nowhere(code: str, known: bool) -> None:
    assert reference.known_destination(code) is known


@pytest.mark.parametrize(("code", "known"), [("7", True), ("7512", True), ("9999", False), ("", False), ("0", False)])
def test_an_occupation_is_an_isco_code_of_any_level(code: str, known: bool) -> None:
    assert reference.known_occupation(code) is known


def test_no_two_occupations_of_a_level_have_one_title_and_each_lies_within_the_next_higher() -> None:
    titles = reference.occupations()
    assert len({(len(code), title) for code, title in titles.items()}) == len(titles) == 609
    assert {code[:-1] for code in titles} - {""} <= titles.keys()
    assert titles["3355"] == "Police inspectors and detectives"
    assert titles["3411"] == "Legal and related associate professionals"


# --- working days ---------------------------------------------------------------------------------------------------------
def test_worked_example_filing_clock_of_a_contract_signed_before_the_national_holiday() -> None:
    """1-7 October 2018 are off; Saturday 29 and Sunday 30 September are working days by the official calendar."""
    assert reference.working_days_after(date(2018, 9, 28), 10) == date(2018, 10, 17)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 40))
def test_working_days_are_days_that_pass_and_none_is_skipped(day: date, days: int) -> None:
    end = reference.working_days_after(day, days)
    assert end - day >= timedelta(days=days)
    if days:
        assert reference.working_days_after(reference.working_days_after(day, days - 1), 1) == end


def test_beyond_the_official_calendar_monday_to_friday_count() -> None:
    assert reference.working_days_after(date(2080, 1, 5), 1) == date(2080, 1, 8)  # a Friday


def test_worked_example_48_hours_of_working_days_pass_over_a_weekend_and_a_holiday() -> None:
    friday = datetime(2018, 9, 28, 15, tzinfo=PROGRAMME_ZONE)  # the weekend after it is worked, 1-7 October are off
    assert reference.working_time_after(friday, timedelta(hours=48)) == friday + timedelta(days=2)
    assert reference.working_time_after(friday, timedelta(hours=96)) == datetime(2018, 10, 9, 15, tzinfo=PROGRAMME_ZONE)
    holiday = datetime(2018, 10, 3, 9, tzinfo=PROGRAMME_ZONE)
    assert reference.working_time_after(holiday, timedelta(hours=48)) == datetime(2018, 10, 10, tzinfo=PROGRAMME_ZONE)


@given(st.timedeltas(timedelta(0), timedelta(days=1500)), st.timedeltas(timedelta(minutes=1), timedelta(days=40)))
def test_working_time_is_as_long_forwards_as_it_is_between(since: timedelta, span: timedelta) -> None:
    start = datetime(2016, 1, 1, tzinfo=PROGRAMME_ZONE) + since
    end = reference.working_time_after(start, span)
    assert reference.working_time_between(start, end) == span
    assert end - start >= span
    assert reference.working_time_between(end, start) == timedelta()

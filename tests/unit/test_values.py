"""Codes, money and time: what an outside value must satisfy before it may go anywhere."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.values import (
    Clock,
    CountyField,
    Currency,
    CurrencyField,
    Day,
    DestinationField,
    Line,
    Minor,
    Money,
    OccupationField,
    Period,
    PeriodField,
    exponent,
    first_day,
    last_day,
    new_id,
    next_period,
    period_of,
)

minors = st.integers(-(10**14), 10**14)
days = st.dates(date(1900, 1, 1), date(2199, 12, 31))


def accepts(kind: Any, value: object) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return False
    return True


# --- codes ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (CountyField, ["622427", "110101"], ["022427", "62242", "6224270", "６２２４２７", "62242a", "622427\n", ""]),
        (DestinationField, ["JPN", "ZZZ"], ["jpn", "JP", "JPNX", "ЈРN", "JPN\n", ""]),
        (OccupationField, ["7", "7512"], ["0", "75121", "7a", "", "7\n"]),
        (CurrencyField, ["CNY", "JPY", "KWD"], ["ZZZ", "cny", "CN", ""]),
        (PeriodField, ["2018-09", "1900-01", "2199-12"], ["2018-13", "2018-00", "2018-9", "1899-12", "2200-01", "2018-09-01", ""]),
        (Minor, [0, 10**15, -(10**15)], [10**15 + 1, -(10**15) - 1, 2**63, 1.5]),
        (Day, [date(1900, 1, 1), date(2200, 12, 31)], [date(1899, 12, 31), date(2201, 1, 1), date.max, date.min]),
        (Line, ["a", "x" * 200, "麻城", " padded "], ["", " ", "x" * 201]),
    ],
)
def test_a_field_takes_what_it_should_and_nothing_else(kind: Any, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not accepts(kind, value)] == []
    assert [value for value in bad if accepts(kind, value)] == []


@given(st.characters(categories=["Cc", "Cs", "Zl", "Zp"]))
def test_a_line_of_text_holds_no_control_character_and_no_half_of_a_character(character: str) -> None:
    assert not accepts(Line, f"a{character}b")


# --- money ----------------------------------------------------------------------------------------------------------------
@given(minors, minors, st.sampled_from(["CNY", "JPY", "KWD"]))
def test_taking_away_what_was_added_leaves_the_amount(left: int, right: int, currency: str) -> None:
    one, other = Money(minor=left, currency=Currency(currency)), Money(minor=right, currency=Currency(currency))
    assert one.plus(other).minus(other) == one
    assert one.plus(other) == other.plus(one)


def test_amounts_of_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="JPY cannot be added to CNY"):
        Money(minor=1, currency=Currency("CNY")).plus(Money(minor=1, currency=Currency("JPY")))


def test_a_sum_out_of_bounds_is_refused_and_not_wrapped() -> None:
    most = Money(minor=10**15, currency=Currency("CNY"))
    with pytest.raises(ValidationError):
        most.plus(most)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1250, "CNY", "12.50 CNY"),
        (180_000, "JPY", "180,000 JPY"),
        (1_234_567, "KWD", "1,234.567 KWD"),
        (-5, "CNY", "-0.05 CNY"),
        (0, "JPY", "0 JPY"),
    ],
)
def test_an_amount_is_written_with_the_digits_of_its_currency(minor: int, currency: str, text: str) -> None:
    assert str(Money(minor=minor, currency=Currency(currency))) == text


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("CNY", 2), ("KWD", 3)])
def test_minor_units_are_those_of_the_standard(currency: str, digits: int) -> None:
    assert exponent(Currency(currency)) == digits


# --- time -----------------------------------------------------------------------------------------------------------------
@given(days)
def test_a_day_lies_within_its_period(day: date) -> None:
    period = period_of(day)
    assert accepts(PeriodField, period)
    assert first_day(period) <= day <= last_day(period)


@given(days)
def test_a_period_begins_when_the_one_before_has_ended(day: date) -> None:
    period = period_of(day)
    assert first_day(next_period(period)) == last_day(period) + timedelta(days=1)


def test_february_of_a_leap_year_has_29_days() -> None:
    assert last_day(Period("2020-02")) == date(2020, 2, 29)
    assert last_day(Period("2019-02")) == date(2019, 2, 28)
    assert next_period(Period("2019-12")) == "2020-01"


def test_a_day_of_the_programme_begins_at_midnight_in_beijing() -> None:
    assert Clock(datetime(2018, 9, 28, 15, 59, 59, tzinfo=UTC)).today() == date(2018, 9, 28)
    assert Clock(datetime(2018, 9, 28, 16, 0, tzinfo=UTC)).today() == date(2018, 9, 29)


def test_a_clock_that_was_given_a_moment_stands_still_and_another_runs() -> None:
    moment = datetime(2018, 9, 28, tzinfo=UTC)
    assert Clock(moment).now() == moment
    before = datetime.now(UTC)
    assert before <= Clock().now() <= datetime.now(UTC)


def test_ids_are_version_7_unique_and_rise() -> None:
    ids = [new_id() for _ in range(1000)]
    assert {one.version for one in ids} == {7}
    assert ids == sorted(set(ids))

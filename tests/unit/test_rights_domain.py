"""What is owed, what is short, which report counts: the arithmetic of wages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rights import domain
from services.rights.domain import Abroad, CaseState, Paid, Rules, Source, Terms, Verdict
from shared.values import Currency, Money, Period, WagePeriod, first_day, last_day, next_period, period_of


def yuan(amount: int) -> Money:
    return Money(minor=amount * 100, currency=Currency("CNY"))


RULES = Rules()
MONTHLY = Terms(yuan(6000), WagePeriod.MONTH, 1, 10, yuan(500))
DAILY = Terms(yuan(300), WagePeriod.DAY, 26, 10, yuan(0))
MARCH = Period("2018-03")
ALL_YEAR = Abroad(date(2018, 1, 1), None)
PAID = Paid(MARCH, yuan(6000), yuan(0), yuan(6000), None, date(2018, 3, 31), "employer")
sources = st.sampled_from(get_args(Source))
days = st.dates(date(2015, 1, 1), date(2020, 12, 31))


def test_the_saipan_wage_300_a_day_for_26_days_is_7800_and_5200_is_a_third_short() -> None:
    expected = domain.expected_net(DAILY, ALL_YEAR, replace(PAID, net=yuan(5200)))
    missing = domain.shortfall(expected, yuan(5200), RULES)
    assert expected == yuan(7800)
    assert missing == yuan(2600)
    assert missing is not None
    assert round(missing.minor * 100 / expected.minor, 1) == 33.3


def test_a_wage_is_due_for_the_days_abroad_both_ends_included() -> None:
    assert domain.expected_gross(MONTHLY, Abroad(date(2018, 3, 31), None), MARCH) == Money(minor=600_000 // 31, currency=Currency("CNY"))
    assert domain.expected_gross(MONTHLY, Abroad(date(2018, 1, 5), date(2018, 3, 10)), MARCH).minor == 600_000 * 10 // 31
    assert domain.expected_gross(MONTHLY, Abroad(date(2018, 4, 1), None), MARCH).minor == 0
    assert domain.expected_gross(MONTHLY, ALL_YEAR, MARCH) == yuan(6000)


def test_only_lawful_deductions_lower_what_is_owed() -> None:
    assert domain.expected_net(MONTHLY, ALL_YEAR, replace(PAID, deductions=yuan(300))) == yuan(5700)
    assert domain.expected_net(MONTHLY, ALL_YEAR, replace(PAID, deductions=yuan(3000))) == yuan(5500)


def test_five_percent_below_is_tolerated_and_a_fen_more_is_short() -> None:
    assert domain.shortfall(yuan(6000), yuan(5700), RULES) is None
    assert domain.shortfall(yuan(6000), Money(minor=569_999, currency=Currency("CNY")), RULES) is not None


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_what_is_short_and_what_was_paid_make_up_what_was_owed(expected: int, paid: int) -> None:
    owed, got = (Money(minor=minor, currency=Currency("CNY")) for minor in (expected, paid))
    missing = domain.shortfall(owed, got, RULES)
    assert missing is None or (got.plus(missing) == owed and missing.minor * 100 > expected * RULES.tolerance_percent)
    assert missing is not None or paid * 100 >= expected * 95


def test_another_currency_is_not_compared() -> None:
    assert domain.shortfall(yuan(6000), Money(minor=1, currency=Currency("JPY")), RULES) is None
    assert not domain.comparable(MONTHLY, replace(PAID, net=Money(minor=1, currency=Currency("JPY"))))


@given(days, st.none() | st.integers(0, 2000))
def test_the_months_abroad_add_up_to_the_days_abroad(departed: date, stay: int | None) -> None:
    returned = None if stay is None else departed + timedelta(days=stay)
    abroad = Abroad(departed, returned)
    until = returned or departed + timedelta(days=400)
    total, period = 0, Period(f"{departed.year}-{departed.month:02d}")
    while first_day(period) <= until:
        total += min(abroad.days_in(period), max((until - max(departed, first_day(period))).days + 1, 0))
        period = next_period(period)
    assert total == (until - departed).days + 1


@given(days, st.integers(0, 2000))
def test_every_month_abroad_is_looked_for_once_and_none_after_the_return(departed: date, stay: int) -> None:
    abroad = Abroad(departed, departed + timedelta(days=stay))
    looked, due = [], domain.first_due(abroad, MONTHLY, RULES)
    step: tuple[Period, date] | None = due
    while step is not None:
        looked.append(step[0])
        assert step[1] > last_day(step[0]) + timedelta(days=RULES.missing_after_days)
        step = domain.next_due(step[0], abroad, MONTHLY, RULES)
    assert looked == sorted(set(looked))
    assert all(abroad.days_in(period) for period in looked)
    assert abroad.returned_on is not None
    assert looked[-1] == period_of(abroad.returned_on)


@given(st.lists(st.tuples(sources, st.integers(0, 3)), max_size=8))
def test_of_many_reports_the_best_source_counts_whatever_the_order(words: list[tuple[Source, int]]) -> None:
    counting: Paid | None = None
    heard: dict[Source, Paid] = {}
    for source, amount in words:
        new = replace(PAID, source=source, gross=yuan(amount), net=yuan(amount))
        if counting is not None and source == counting.source and new != counting:
            with pytest.raises(domain.AlreadyReported):
                domain.weigh(counting, new)
            continue
        if domain.weigh(counting, new) in (Verdict.FIRST, Verdict.BETTER):
            counting = new
        heard.setdefault(source, new)
    if counting is not None:
        assert domain.RANK[counting.source] == max(domain.RANK[source] for source in heard)


def test_the_same_report_again_is_the_same_even_with_another_day_of_payment() -> None:
    assert domain.weigh(PAID, replace(PAID, paid_on=date(2018, 4, 2))) is Verdict.SAME


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"net": yuan(5999)}, domain.DoesNotAddUp),
        ({"gross": yuan(-1), "net": yuan(-1)}, domain.DoesNotAddUp),
        ({"remitted": Money(minor=1, currency=Currency("JPY"))}, domain.DoesNotAddUp),
        ({"period": Period("1989-12")}, domain.PeriodAbsurd),
        ({"period": Period("2018-07")}, domain.PeriodAbsurd),
        ({"paid_on": date(2018, 7, 1)}, domain.PaidInFuture),
    ],
)
def test_a_report_that_cannot_be_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    domain.check(PAID, date(2018, 6, 30))
    with pytest.raises(error):
        domain.check(replace(PAID, **change), date(2018, 6, 30))  # type: ignore[arg-type]  # one field each


def test_a_case_closes_once_and_by_silence_only_after_the_time_to_answer() -> None:
    opened = datetime(2018, 6, 1, tzinfo=UTC)
    domain.require_closable(CaseState.OPEN, "settled", opened, opened, RULES)
    with pytest.raises(domain.SilenceTooShort):
        domain.require_closable(CaseState.OPEN, "silence", opened, opened + timedelta(days=29), RULES)
    domain.require_closable(CaseState.OPEN, "silence", opened, opened + timedelta(days=30), RULES)
    with pytest.raises(domain.CaseNotOpen):
        domain.require_closable(CaseState.CLOSED, "settled", opened, opened, RULES)


def test_emergencies_and_collective_cases_block_clearances() -> None:
    assert domain.is_blocking("emergency", collective=False)
    assert domain.is_blocking("high", collective=True)
    assert not domain.is_blocking("high", collective=False)

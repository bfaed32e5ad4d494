"""What is owed, what is short, which report counts: the arithmetic of wages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.rights.domain import cases, errors, incomes, ledgers, shortfalls
from services.rights.domain.cases import Case, CaseState
from services.rights.domain.incomes import Income, Paid, ReportState, Source, Verdict
from services.rights.domain.ledgers import Abroad, Due, Ledger, Terms
from services.rights.domain.shortfalls import Limits, Wages
from shared.values import (
    CaseId,
    Channel,
    CountyCode,
    Currency,
    Designation,
    Destination,
    EnterpriseId,
    Money,
    Occupation,
    Period,
    PlacementId,
    ReportId,
    WagePeriod,
    WorkerId,
    first_day,
    last_day,
    new_id,
    next_period,
    period_of,
)


def yuan(amount: int) -> Money:
    return Money(minor=amount * 100, currency=Currency("CNY"))


TOLERANCE = 5  # percent
MISSING_AFTER = 30  # days
MONTHLY = Terms(wage=yuan(6000), wage_period=WagePeriod.MONTH, days_per_month=1, pay_day=10, deductions_max=yuan(500))
DAILY = Terms(wage=yuan(300), wage_period=WagePeriod.DAY, days_per_month=26, pay_day=10, deductions_max=yuan(0))
MARCH = Period("2018-03")
ALL_YEAR = Abroad(date(2018, 1, 1), None)
PAID = Paid(
    period=MARCH,
    gross=yuan(6000),
    deductions=yuan(0),
    net=yuan(6000),
    remitted=None,
    paid_on=date(2018, 3, 31),
    source="employer",
)
OPENED = datetime(2018, 6, 1, tzinfo=UTC)
CASE = Case(
    case=CaseId(new_id()),
    category="conditions",
    severity="normal",
    via="worker",
    enterprise=EnterpriseId(new_id()),
    placement=None,
    period=None,
    text="twelve to a room",
    hidden=False,
    blocking=False,
    opened_at=OPENED,
    due_at=OPENED + timedelta(days=40),
    step_due=OPENED + timedelta(days=28),
)
LIMITS = Limits(TOLERANCE, 10)
LEDGER = Ledger(
    placement=PlacementId(new_id()),
    worker=WorkerId(new_id()),
    enterprise=EnterpriseId(new_id()),
    county=CountyCode("370102"),
    designation=Designation.NONE,
    designation_version="1",
    destination=Destination("JPN"),
    occupation=Occupation("7112"),
    channel=Channel.LABOUR_COOPERATION,
    terms=MONTHLY,
    departed_on=ALL_YEAR.departed_on,
)
sources = st.sampled_from(get_args(Source))
days = st.dates(date(2015, 1, 1), date(2020, 12, 31))


def wages(*, net: int = 6000, deductions: int = 0) -> Wages:
    return Wages(period=MARCH, deductions=yuan(deductions), net=yuan(net), late=yuan(0))


def an_income(paid: Paid) -> Income:
    return Income(report=ReportId(new_id()), placement=LEDGER.placement, paid=paid, state=ReportState.COUNTING)


def test_the_saipan_wage_300_a_day_for_26_days_is_7800_and_5200_is_a_third_short() -> None:
    expected = shortfalls.expected_net(DAILY, ALL_YEAR, wages(net=5200))
    missing = shortfalls.shortfall(expected, yuan(5200), TOLERANCE)
    assert expected == yuan(7800)
    assert missing == yuan(2600)
    assert missing is not None
    assert round(missing.minor * 100 / expected.minor, 1) == 33.3


def test_a_wage_is_due_for_the_days_abroad_both_ends_included() -> None:
    assert ledgers.expected_gross(MONTHLY, Abroad(date(2018, 3, 31), None), MARCH) == Money(minor=600_000 // 31, currency=Currency("CNY"))
    assert ledgers.expected_gross(MONTHLY, Abroad(date(2018, 1, 5), date(2018, 3, 10)), MARCH).minor == 600_000 * 10 // 31
    assert ledgers.expected_gross(MONTHLY, Abroad(date(2018, 4, 1), None), MARCH).minor == 0
    assert ledgers.expected_gross(MONTHLY, ALL_YEAR, MARCH) == yuan(6000)


def test_only_lawful_deductions_lower_what_is_owed() -> None:
    assert shortfalls.expected_net(MONTHLY, ALL_YEAR, wages(deductions=300)) == yuan(5700)
    assert shortfalls.expected_net(MONTHLY, ALL_YEAR, wages(deductions=3000)) == yuan(5500)


def test_five_percent_below_is_tolerated_and_a_fen_more_is_short() -> None:
    assert shortfalls.shortfall(yuan(6000), yuan(5700), TOLERANCE) is None
    assert shortfalls.shortfall(yuan(6000), Money(minor=569_999, currency=Currency("CNY")), TOLERANCE) is not None


@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_what_is_short_and_what_was_paid_make_up_what_was_owed(expected: int, paid: int) -> None:
    owed, got = (Money(minor=minor, currency=Currency("CNY")) for minor in (expected, paid))
    missing = shortfalls.shortfall(owed, got, TOLERANCE)
    assert missing is None or (got.plus(missing) == owed and missing.minor * 100 > expected * TOLERANCE)
    assert missing is not None or paid * 100 >= expected * 95


def test_another_currency_is_not_compared() -> None:
    assert shortfalls.shortfall(yuan(6000), Money(minor=1, currency=Currency("JPY")), TOLERANCE) is None
    assert not shortfalls.comparable(MONTHLY, replace(PAID, net=Money(minor=1, currency=Currency("JPY"))))


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
    looked: list[Period] = []
    due: Due | None = ledgers.first_due(abroad, MONTHLY, MISSING_AFTER)
    while due is not None:
        looked.append(due.period)
        assert due.missing_from > last_day(due.period) + timedelta(days=MISSING_AFTER)
        due = ledgers.next_due(due.period, abroad, MONTHLY, MISSING_AFTER)
    assert looked == sorted(set(looked))
    assert all(abroad.days_in(period) for period in looked)
    assert abroad.returned_on is not None
    assert looked[-1] == period_of(abroad.returned_on)


@given(st.lists(st.tuples(sources, st.integers(0, 3)), max_size=8))
def test_of_many_reports_those_of_the_best_source_count_whatever_the_order(made: list[tuple[Source, int]]) -> None:
    counting: list[Income] = []
    reported: set[Source] = set()
    for source, day in made:
        new = replace(PAID, source=source, paid_on=date(2018, 3, 1 + day))
        if incomes.find_same(counting, new) is not None:
            continue
        verdict = incomes.weigh(counting, new)
        if verdict is not Verdict.WORSE:
            counting = [*(counting if verdict is Verdict.FURTHER else ()), an_income(new)]
        reported.add(source)
    if counting:
        assert {one.paid.source for one in counting} == {max(reported, key=lambda source: incomes.RANK[source])}


def test_field_case_f2_payments_of_two_days_are_two_and_the_same_again_is_one() -> None:
    first = an_income(replace(PAID, paid_on=date(2018, 3, 15)))
    assert incomes.find_same([first], first.paid) is first
    assert incomes.find_same([first], PAID) is None
    incomes.require_apart([first], PAID)
    with pytest.raises(errors.AlreadyReported):
        incomes.require_apart([first], replace(first.paid, gross=yuan(1), net=yuan(1)))


def test_references_tell_two_payments_of_one_day_apart_and_name_one_payment_on_two() -> None:
    first = an_income(replace(PAID, reference="A-1"))
    incomes.require_apart([first], replace(PAID, reference="A-2"))
    for unclear in (replace(PAID, reference=None), replace(PAID, reference="A-1", paid_on=date(2018, 3, 1))):
        with pytest.raises(errors.AlreadyReported):
            incomes.require_apart([first], unclear)


def test_a_payment_that_its_source_has_replaced_does_not_come_back() -> None:
    gone = replace(an_income(PAID), state=ReportState.REPLACED)
    assert incomes.find_same([gone], PAID) is gone
    incomes.require_apart([gone], replace(PAID, net=yuan(5999), gross=yuan(5999)))


def test_sources_conflict_by_what_they_report_altogether() -> None:
    halves = [replace(PAID, gross=yuan(3000), net=yuan(3000), paid_on=date(2018, 3, day)) for day in (15, 31)]
    by_worker = replace(PAID, source="worker")
    assert not incomes.conflicts(halves, [by_worker])
    assert incomes.conflicts(halves, [replace(by_worker, net=yuan(5999))])
    assert incomes.conflicts(halves, [replace(by_worker, net=Money(minor=600_000, currency=Currency("JPY")))])


# --- findings ---------------------------------------------------------------------------------------------------------
def found(*payments: Paid, terms: Terms = MONTHLY) -> dict[str, int]:
    """Kind and what is missing, in yuan."""
    total = shortfalls.add_up(terms, payments, LIMITS.late_after_days)
    assert total is not None
    findings = shortfalls.find(replace(LEDGER, terms=terms), total, LIMITS)
    return {kind: one.expected.minus(one.paid).minor // 100 for kind, one in findings.items()}


def part(net: int, on: date = date(2018, 4, 10), deductions: int = 0) -> Paid:
    return replace(PAID, gross=yuan(net + deductions), deductions=yuan(deductions), net=yuan(net), paid_on=on)


def test_a_wage_in_two_halves_is_whole() -> None:
    assert found(part(3000, date(2018, 3, 15)), part(3000, date(2018, 3, 31))) == {}


def test_a_wage_is_late_ten_days_after_its_pay_day_and_nothing_is_missing_for_it() -> None:
    assert found(part(6000, date(2018, 4, 20))) == {}
    assert found(part(6000, date(2018, 4, 21))) == {"late": 0}
    assert found(part(5800, date(2018, 4, 10)), part(200, date(2018, 5, 1))) == {}  # the wage was there within the tolerance


def test_half_a_wage_late_and_the_rest_never_is_late_and_short() -> None:
    assert found(part(1000, date(2018, 4, 10)), part(2000, date(2018, 5, 2))) == {"late": 0, "short": 3000}


def test_deductions_beyond_the_contract_are_a_finding_of_their_own_and_not_short_again() -> None:
    assert found(part(5500, deductions=500)) == {}
    assert found(part(3000, deductions=3000)) == {"illegal_deduction": 2500}
    assert found(part(2000, deductions=3000)) == {"illegal_deduction": 2500, "short": 1000}
    assert found(part(2750, date(2018, 4, 1), deductions=300), part(2650, deductions=300)) == {"illegal_deduction": 100}


def test_a_month_with_a_payment_in_another_currency_is_not_compared() -> None:
    yen = replace(PAID, **dict.fromkeys(("gross", "net", "deductions"), Money(minor=0, currency=Currency("JPY"))))  # type: ignore[arg-type]
    assert shortfalls.add_up(MONTHLY, [PAID, yen], 10) is None


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"net": yuan(5999)}, errors.DoesNotAddUp),
        ({"gross": yuan(-1), "net": yuan(-1)}, errors.DoesNotAddUp),
        ({"remitted": Money(minor=1, currency=Currency("JPY"))}, errors.DoesNotAddUp),
        ({"period": Period("1989-12")}, errors.PeriodAbsurd),
        ({"period": Period("2018-07")}, errors.PeriodAbsurd),
        ({"paid_on": date(2018, 7, 1)}, errors.PaidInFuture),
    ],
)
def test_a_report_that_cannot_be_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    incomes.check(PAID, date(2018, 6, 30))
    with pytest.raises(error):
        incomes.check(replace(PAID, **change), date(2018, 6, 30))  # type: ignore[arg-type]  # one field each


def test_a_case_closes_when_it_is_confirmed_or_after_a_question_that_nobody_answers() -> None:
    def close(case: Case, outcome: cases.Outcome, now: datetime, *, confirmed: bool = False, asked: bool = True) -> Case:
        return cases.closed(case, outcome, confirmed=confirmed, silent_from=OPENED + timedelta(days=30) if asked else None, now=now)

    assert close(CASE, "withdrawn", OPENED, confirmed=True, asked=False).state is CaseState.CLOSED
    with pytest.raises(errors.WorkerNotAsked):
        close(CASE, "silence", OPENED + timedelta(days=99), asked=False)
    with pytest.raises(errors.SilenceTooShort):
        close(CASE, "silence", OPENED + timedelta(days=29))
    assert close(CASE, "silence", OPENED + timedelta(days=30)).step_due is None
    with pytest.raises(errors.ConfirmationContradicts):
        close(CASE, "silence", OPENED + timedelta(days=30), confirmed=True)
    with pytest.raises(errors.NotSettled):
        close(CASE, "settled", OPENED, confirmed=True)
    with pytest.raises(errors.OutcomeContradicts):
        close(replace(CASE, state=CaseState.SETTLED), "unfounded", OPENED, confirmed=True)
    with pytest.raises(errors.CaseNotOpen):
        close(replace(CASE, state=CaseState.CLOSED), "withdrawn", OPENED, confirmed=True)


def test_the_clock_of_a_case_runs_to_the_first_answer_or_the_next_step_whichever_is_due_before() -> None:
    assert (CASE.clock_due, CASE.waits_for) == (OPENED + timedelta(days=28), "handling")
    urgent = replace(CASE, due_at=OPENED + timedelta(days=2))
    assert (urgent.clock_due, urgent.waits_for) == (urgent.due_at, "first_answer")
    assert replace(urgent, answered_at=OPENED).clock_due == replace(urgent, missed=True).clock_due == CASE.step_due


def test_every_open_state_of_a_case_waits_for_something_and_leads_to_the_closing() -> None:
    waiting = set(CaseState) - {CaseState.CLOSED}
    assert set(cases.WAITS_FOR) == waiting
    reached = {CaseState.CLOSED}
    for _ in CaseState:
        reached |= {state for (state, _), after in cases.CASE_STEPS.items() if after in reached}
    assert reached == set(CaseState)


@given(st.sampled_from(CaseState), st.sampled_from(cases.CaseStep))
def test_a_step_that_the_table_does_not_hold_is_refused_and_a_paused_case_takes_none(state: CaseState, step: cases.CaseStep) -> None:
    case = replace(CASE, state=state)
    if (state, step) not in cases.CASE_STEPS:
        with pytest.raises(errors.CaseNotOpen if state is CaseState.CLOSED else errors.CaseIllegalStep):
            cases.advance(case, step)
        return
    assert cases.advance(case, step).state is cases.CASE_STEPS[state, step]
    with pytest.raises(errors.CaseIsPaused):
        cases.advance(replace(case, paused_at=OPENED, pause_reason="court"), step)


def test_emergencies_and_collective_cases_block_clearances() -> None:
    assert cases.is_blocking("emergency", collective=False)
    assert cases.is_blocking("high", collective=True)
    assert not cases.is_blocking("high", collective=False)

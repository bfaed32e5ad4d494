"""Matching all open orders at once: nobody who may not, no position twice, the optimum, and the same whatever the order of the input."""

from __future__ import annotations

import itertools
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.docking.domain.orders import Order, OrderState
from services.docking.domain.quota_gaps import QuotaGap
from services.docking.domain.workers import Worker
from services.docking.matching import assignment
from services.docking.matching.all_orders import OpenMarket, Plan, plan
from services.docking.matching.assignment import NOT_ELIGIBLE, UNMATCHED, assign
from services.docking.matching.eligibility import Terms, obstacles
from services.docking.matching.ranking import quota_points, score
from services.docking.matching.value_matrix import Weigh, value_matrix
from shared.texts import texts
from shared.values import (
    Channel,
    CountyCode,
    Currency,
    Destination,
    EnterpriseId,
    HouseholdStatus,
    Money,
    Occupation,
    OrderId,
    Sex,
    WagePeriod,
    WorkerId,
)

DAY = date(2018, 3, 1)
TERMS = Terms(minimum_age=18, maximum_age=60, days_per_month=26, match_days=45)
GAP = QuotaGap(46_000, 480_000, 2_223)
NO_GAP = Weigh(None, 100)
CODES = ("7112", "711", "71", "7", "7212", "9", "5")


def a_worker(number: int, **changes: object) -> Worker:
    worker = Worker(
        id=WorkerId(UUID(int=number)),
        registered_at=datetime(2018, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        registered_on=date(2018, 1, 1),
        county=CountyCode("621126"),
        poor=False,
        sex=Sex.MALE,
        birth_year=1988,
        household_status=HouseholdStatus.UNKNOWN,
        occupations=(Occupation("7112"),),
        verified=True,
        willing=True,
        destinations=(Destination("JPN"),),
        wanted=(Occupation("71"),),
        available_from=DAY,
        willing_since=DAY,
        willing_until=date(2018, 9, 1),
    )
    return replace(worker, **changes)  # type: ignore[arg-type]


def an_order(number: int, **changes: object) -> Order:
    order = Order(
        id=OrderId(UUID(int=number)),
        enterprise=EnterpriseId(UUID(int=1)),
        employer="Sakura",
        destination=Destination("JPN"),
        occupation=Occupation("7112"),
        channel=Channel.LABOUR_COOPERATION,
        positions=1,
        reserved=0,
        filled=0,
        wage=Money(minor=180_000, currency=Currency("JPY")),
        wage_period=WagePeriod.MONTH,
        term_months=36,
        fee_cap=None,
        opened_on=DAY,
        expires=date(2018, 4, 15),
        state=OrderState.OPEN,
    )
    return replace(order, **changes)  # type: ignore[arg-type]


def planned(workers: list[Worker], orders: list[Order], weigh: Weigh = NO_GAP, most: int = 100_000, **more: Any) -> Plan:
    return plan(OpenMarket(workers=workers, orders=orders, on=DAY, terms=TERMS, weigh=weigh, most_per_order=most, **more))


occupations = st.lists(st.sampled_from(CODES), max_size=3).map(lambda codes: tuple(map(Occupation, codes)))
destinations = st.lists(st.sampled_from(("JPN", "KOR", "SGP")), max_size=3).map(lambda codes: tuple(map(Destination, codes)))
money = st.builds(
    Money, minor=st.sampled_from((0, 1, 120_000, 150_000, 10**15)), currency=st.sampled_from((Currency("JPY"), Currency("CNY")))
)
days = st.integers(-300, 300).map(lambda number: DAY + timedelta(days=number))
changed_workers = st.fixed_dictionaries(
    {},
    optional={
        "verified": st.booleans(),
        "willing": st.booleans(),
        "poor": st.booleans(),
        "birth_year": st.integers(1950, 2005),
        "occupations": occupations,
        "wanted": occupations,
        "destinations": destinations,
        "floor": st.none() | money,
        "available_from": days,
        "willing_since": st.none() | days,
        "willing_until": st.none() | days,
    },
)
changed_orders = st.fixed_dictionaries(
    {},
    optional={
        "occupation": st.sampled_from(("7112", "7115", "7212", "71")).map(Occupation),
        "destination": st.sampled_from(("JPN", "KOR")).map(Destination),
        "positions": st.integers(1, 4),
        "wage": st.builds(Money, minor=st.sampled_from((6_000, 120_000, 180_000, 10**13)), currency=st.just(Currency("JPY"))),
        "wage_period": st.sampled_from(WagePeriod),
    },
)
workers_of_all_kinds = st.lists(changed_workers, max_size=8).map(lambda all_: [a_worker(n, **one) for n, one in enumerate(all_, 1)])
orders_of_all_kinds = st.lists(changed_orders, max_size=5).map(lambda all_: [an_order(n, **one) for n, one in enumerate(all_, 1)])
gaps = st.none() | st.just(GAP)


# --- values -------------------------------------------------------------------------------------------------------------------
@given(workers_of_all_kinds, orders_of_all_kinds, gaps, st.sampled_from((0, 100, 1000)))
def test_the_matrix_says_of_every_pair_what_obstacles_and_score_say(
    workers: list[Worker], orders: list[Order], gap: QuotaGap | None, percent: int
) -> None:
    values = value_matrix(workers, orders, DAY, TERMS, Weigh(gap, percent))
    for (row, worker), (column, order) in itertools.product(enumerate(workers), enumerate(orders)):
        if obstacles(worker, order, DAY, TERMS):
            assert values[row, column] == NOT_ELIGIBLE
        else:
            assert values[row, column] == score(worker, order, DAY, TERMS, gap).score + quota_points(worker, gap) * percent // 100


# --- plans --------------------------------------------------------------------------------------------------------------------
@given(workers_of_all_kinds, orders_of_all_kinds, gaps, st.integers(1, 3), st.randoms(use_true_random=False))
def test_a_plan_holds_only_those_who_may_each_once_and_no_position_twice_whatever_the_order_of_the_input(
    workers: list[Worker], orders: list[Order], gap: QuotaGap | None, most: int, shuffled: random.Random
) -> None:
    found = planned(workers, orders, Weigh(gap, 100), most)
    by_worker, by_order = {one.id: one for one in workers}, {one.id: one for one in orders}
    assert not [match for match in found.matches if obstacles(by_worker[match[1]], by_order[match[0]], DAY, TERMS)]
    assert len({worker for _, worker in found.matches}) == len(found.matches)
    assert all(count <= min(most, by_order[order].free) for order, count in Counter(order for order, _ in found.matches).items())
    assert planned(shuffled.sample(workers, len(workers)), shuffled.sample(orders, len(orders)), Weigh(gap, 100), most) == found


def test_of_equals_those_who_registered_first_are_taken() -> None:
    registered = {number: datetime(2018, 1, 1, 8, number, tzinfo=UTC) for number in (4, 2, 3, 1)}
    workers = [a_worker(10 - number, registered_at=at) for number, at in registered.items()]  # the id says the opposite
    found = planned(workers, [an_order(1, positions=2)])
    assert {worker for _, worker in found.matches} == {WorkerId(UUID(int=9)), WorkerId(UUID(int=8))}


def test_the_whole_is_worth_more_than_each_order_served_in_turn() -> None:
    """The mason is the best for both orders; only the other order can do without him."""
    mason = a_worker(1, wanted=(Occupation("7"),), destinations=(Destination("JPN"), Destination("KOR")))
    welder = a_worker(2, wanted=(Occupation("7"),), occupations=(Occupation("7212"),))
    japan, korea = an_order(1), an_order(2, destination=Destination("KOR"))
    assert planned([mason, welder], [japan, korea]).matches == ((japan.id, welder.id), (korea.id, mason.id))


def test_a_pair_that_was_declined_is_not_matched_again() -> None:
    first, second = (a_worker(number, registered_at=datetime(2018, 1, 1, 8, number, tzinfo=UTC)) for number in (1, 2))
    order = an_order(1)
    assert planned([first, second], [order]).matches == ((order.id, first.id),)
    assert planned([first, second], [order], declined=frozenset({(order.id, first.id)})).matches == ((order.id, second.id),)


def test_the_weight_of_the_gap_decides_between_skill_and_a_poverty_county_and_never_against_eligibility() -> None:
    skilled, poor = a_worker(1), a_worker(2, poor=True, occupations=(Occupation("72"),))
    unwilling = a_worker(3, poor=True, willing=False)

    def taken(percent: int, gap: QuotaGap | None = GAP) -> WorkerId:
        ((_, worker),) = planned([skilled, poor, unwilling], [an_order(1)], Weigh(gap, percent)).matches
        return worker

    assert (taken(0), taken(1000), taken(1000, None)) == (skilled.id, poor.id, skilled.id)
    assert taken(1000, replace(GAP, heads=0)) == skilled.id  # a quota that is met weighs nothing


@pytest.mark.parametrize(
    ("workers", "orders"), [([], []), ([a_worker(1)], []), ([], [an_order(1)]), ([a_worker(1)], [an_order(1, reserved=1)])]
)
def test_nothing_to_match_is_an_empty_plan(workers: list[Worker], orders: list[Order]) -> None:
    assert planned(workers, orders) == Plan((), 0, 0)


# --- the optimum --------------------------------------------------------------------------------------------------------------
@st.composite
def small_cases(draw: st.DrawFn) -> tuple[list[list[int]], list[int]]:
    """Few different values, so that ties are the rule; up to 5 workers x 3 orders."""
    workers, orders = draw(st.integers(1, 5)), draw(st.integers(1, 3))
    row = st.lists(st.sampled_from((-1, -1, 0, 1, 2, 3, 5, 3000)), min_size=orders, max_size=orders)
    return draw(st.lists(row, min_size=workers, max_size=workers)), draw(st.lists(st.integers(0, 3), min_size=orders, max_size=orders))


def every_assignment(values: list[list[int]], positions: list[int]) -> Iterator[tuple[int, tuple[bool, ...]]]:
    """Value, and who is matched, of each lawful assignment."""
    choices = [[None, *(order for order, value in enumerate(row) if value >= 0)] for row in values]
    for chosen in itertools.product(*choices):
        taken = Counter(order for order in chosen if order is not None)
        if all(count <= positions[order] for order, count in taken.items()):
            value = sum(row[order] for row, order in zip(values, chosen, strict=True) if order is not None)
            yield value, tuple(order is not None for order in chosen)


@settings(max_examples=300)
@given(small_cases())
def test_small_cases_are_the_optimum_of_all_assignments_and_of_equals_the_first_registered(case: tuple[list[list[int]], list[int]]) -> None:
    values, positions = case
    found = assign(np.array(values, np.int16), np.array(positions, np.int64))
    value, matched = max(every_assignment(values, positions))
    assert (found.value, found.bound) == (value, value)
    assert tuple(bool(order != UNMATCHED) for order in found.orders) == matched


@pytest.mark.parametrize("seed", range(5))
def test_a_case_that_needs_prices_is_proven_optimal(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody wants the same few orders first, and the solver is given two pairs of each worker to begin with."""
    monkeypatch.setattr(assignment, "FIRST_PAIRS", 2)
    monkeypatch.setattr(assignment, "MORE_PAIRS", 2)
    monkeypatch.setattr(assignment, "ROUNDS", 100)
    monkeypatch.setattr(assignment, "BLOCK", 64)
    chosen = np.random.default_rng(seed)
    values = (chosen.integers(0, 100, (300, 40)) + np.linspace(0, 400, 40).astype(int)).astype(np.int16)
    values[chosen.random(values.shape) < 0.3] = NOT_ELIGIBLE
    positions = chosen.integers(0, 12, 40)
    found = assign(values, positions)
    assert found.value == found.bound
    monkeypatch.undo()
    assert assign(values, positions).value == found.value


def test_a_plan_cut_short_still_states_a_bound_above_the_optimum(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = np.random.default_rng(1)
    values = (chosen.integers(0, 100, (200, 30)) + np.linspace(0, 400, 30).astype(int)).astype(np.int16)
    positions = np.full(30, 4, np.int64)
    optimum = assign(values, positions).value
    monkeypatch.setattr(assignment, "FIRST_PAIRS", 1)
    monkeypatch.setattr(assignment, "ROUNDS", 1)
    short = assign(values, positions)
    assert short.value < optimum <= short.bound


@pytest.mark.parametrize("language", ["zh", "ja"])
def test_the_reasons_of_a_score_are_read_in_every_language(language: str) -> None:
    floors = (None, Money(minor=1, currency=Currency("JPY")), Money(minor=10**12, currency=Currency("CNY")))
    workers = [
        a_worker(1, poor=True, floor=floor, occupations=occupations) for floor in floors for occupations in ((), (Occupation("7112"),))
    ]
    ranked = [score(worker, an_order(1, wage=Money(minor=500_000, currency=Currency("JPY"))), DAY, TERMS, GAP) for worker in workers]
    lines = {line for one in ranked for line in (*one.reasons, one.quota_effect or "")} - {""}
    assert len(lines) > 5
    shown_as = {line: texts(language).value("reasons", line) for line in lines}
    assert not {line for line, shown in shown_as.items() if re.search("[a-z]{3}", shown)}


@pytest.mark.parametrize("line", ["registered {days} days ago", "registered 3 days ago (+1) ", "x" * 10_000, "registered " * 100, "a b"])
def test_a_line_of_no_known_form_stays_as_it_is(line: str) -> None:
    assert texts("zh").value("reasons", line) == line

"""Docking's decisions without I/O: the placement's steps, who counts as a person, clearance, matching."""

from __future__ import annotations

import itertools
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey

from services.docking.clearance import certificate, checks
from services.docking.clearance.checks import CHECKS, Circumstances, Facts, Limits, assess
from services.docking.domain.certificates import TrainingCertificate
from services.docking.domain.contracts import Contract, Filing, Insurance, filing, terms_hash
from services.docking.domain.dispatches import firsts
from services.docking.domain.enterprises import Enterprise, EnterpriseState
from services.docking.domain.errors import IllegalStep
from services.docking.domain.fees import Charge, Fee
from services.docking.domain.medicals import Fitness, Medical
from services.docking.domain.orders import Order, OrderState
from services.docking.domain.origins import CountedOrigin
from services.docking.domain.placements import (
    ACTIVE,
    BEFORE_DEPARTURE,
    DEPARTED,
    OVERDUE_REASON,
    STEPS,
    Placement,
    PlacementState,
    Step,
    state_after,
)
from services.docking.domain.quota_gaps import QuotaGap
from services.docking.domain.workers import Worker
from services.docking.matching.eligibility import Terms, obstacles
from services.docking.matching.quota_effect import quota_effect
from services.docking.matching.ranking import rank, score
from services.docking.usecases.scope import visible_counties
from shared import reference
from shared.principals import NATION, Principal, Role
from shared.values import (
    Channel,
    CountyCode,
    Currency,
    Designation,
    Destination,
    EnterpriseId,
    FeeId,
    FeeItem,
    FeePayer,
    HouseholdStatus,
    Money,
    Occupation,
    OrderId,
    PlacementId,
    Sex,
    WagePeriod,
    WorkerId,
    new_id,
)

DAY = date(2018, 3, 1)
JPY, CNY = Currency("JPY"), Currency("CNY")


# --- steps ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("state", "step"), list(itertools.product(PlacementState, Step)))
def test_every_step_is_in_the_table_or_refused_with_the_state(state: PlacementState, step: Step) -> None:
    if (state, step) in STEPS:
        assert state_after(state, step) in PlacementState
    else:
        with pytest.raises(IllegalStep) as refused:
            state_after(state, step)
        assert refused.value.state is state


def test_every_state_before_departure_can_be_cancelled_and_only_those() -> None:
    assert {state for state, step in STEPS if step is Step.CANCEL} == BEFORE_DEPARTURE
    assert set(OVERDUE_REASON) == BEFORE_DEPARTURE


def test_departure_is_possible_from_a_clearance_only_and_correction_after_it() -> None:
    assert {state for state, step in STEPS if step is Step.DEPART} == {PlacementState.CLEARED}
    assert {state for state, step in STEPS if step in (Step.CORRECT, Step.VOID)} == DEPARTED


def test_cancelled_and_voided_are_the_end_and_hold_no_worker() -> None:
    ends = {PlacementState.CANCELLED, PlacementState.VOIDED}
    assert not ends & {state for state, _ in STEPS}
    assert not ends & ACTIVE


# --- persons ------------------------------------------------------------------------------------------------------------------
departures = st.lists(
    st.tuples(st.uuids().map(PlacementId), st.dates(date(2016, 12, 25), date(2019, 1, 5))), max_size=12, unique_by=lambda pair: pair[0]
)


@given(departures)
def test_exactly_one_departure_a_year_and_one_ever_counts_as_a_person(found: list[tuple[PlacementId, date]]) -> None:
    flags = firsts(found)
    by_year: dict[int, int] = {}
    for placement, day in found:
        by_year[day.year] = by_year.get(day.year, 0) + flags[placement].this_year
    assert all(count == 1 for count in by_year.values())
    assert sum(flag.ever for flag in flags.values()) == bool(found)
    assert all(flag.this_year for flag in flags.values() if flag.ever)


@given(departures, st.randoms())
def test_the_order_of_recording_does_not_decide_who_is_first(found: list[tuple[PlacementId, date]], random: Any) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert firsts(shuffled) == firsts(found)


@given(departures)
def test_the_first_is_never_later_than_the_others_of_its_year(found: list[tuple[PlacementId, date]]) -> None:
    flags, days = firsts(found), dict(found)
    for placement, flag in flags.items():
        if flag.this_year:
            assert days[placement] == min(day for day in days.values() if day.year == days[placement].year)


# --- clearance ----------------------------------------------------------------------------------------------------------------
def an_enterprise(**changes: Any) -> Enterprise:
    return replace(
        Enterprise(
            id=EnterpriseId(UUID(int=1)),
            name="E",
            licence_no="LW370020150016",
            seat=None,
            scope=(Channel.LABOUR_COOPERATION,),
            destinations=(),
            valid_to=date(2030, 1, 1),
            state=EnterpriseState.ACTIVE,
            since=date(2018, 1, 1),
            reserve_minor=300_000_000,
        ),
        **changes,
    )


def an_order(**changes: Any) -> Order:
    return replace(
        Order(
            id=OrderId(UUID(int=2)),
            enterprise=EnterpriseId(UUID(int=1)),
            employer="X",
            destination=Destination("JPN"),
            occupation=Occupation("7112"),
            channel=Channel.LABOUR_COOPERATION,
            positions=1,
            reserved=1,
            filled=0,
            wage=Money(minor=180_000, currency=JPY),
            wage_period=WagePeriod.MONTH,
            term_months=36,
            fee_cap=None,
            opened_on=DAY,
            expires=date(2018, 6, 1),
            state=OrderState.OPEN,
        ),
        **changes,
    )


def a_contract(**changes: Any) -> Contract:
    return replace(
        Contract(
            contract_no="C",
            signed_on=DAY,
            wage=Money(minor=180_000, currency=JPY),
            wage_period=WagePeriod.MONTH,
            days_per_month=1,
            pay_day=10,
            deductions_max=Money(minor=0, currency=JPY),
            start=DAY,
            end=date(2021, 3, 1),
            service_fee=None,
            filed_on=DAY,
        ),
        **changes,
    )


def a_placement(**changes: Any) -> Placement:
    return replace(
        Placement(
            id=PlacementId(UUID(int=3)),
            order=OrderId(UUID(int=2)),
            enterprise=EnterpriseId(UUID(int=1)),
            worker=WorkerId(UUID(int=4)),
            county=CountyCode("621126"),
            destination=Destination("JPN"),
            occupation=Occupation("7112"),
            channel=Channel.LABOUR_COOPERATION,
            state=PlacementState.CLEARANCE_REQUESTED,
            matched_on=DAY,
            match_due=DAY,
            due=DAY,
            since=DAY,
            contract=a_contract(),
            insurance=Insurance("I", "P", DAY, date(2021, 3, 1)),
            medical=Medical(examined_on=DAY, result=Fitness.FIT, valid_until=date(2018, 8, 1), place="H"),
        ),
        **changes,
    )


def a_training_certificate(**changes: Any) -> TrainingCertificate:
    return replace(TrainingCertificate("T1", Destination("JPN"), "7112", date(2019, 3, 1)), **changes)


def some_facts(**changes: Any) -> Facts:
    facts = Facts(
        placement=a_placement(),
        order=an_order(),
        enterprise=an_enterprise(),
        certificates=(a_training_certificate(),),
        fees=(),
        circumstances=Circumstances(suspended=False, blocked=False, accompanied=False, others=0, emergency=False),
    )
    around = {one.name: changes.pop(one.name) for one in fields(Circumstances) if one.name in changes}
    return replace(facts, circumstances=replace(facts.circumstances, **around), **changes)


LIMITS = Limits(minimum_reserve=300_000_000, fee_cap_per_mille=125, days=60, wait_days=30, managers_above=100)


def decided(facts: Facts) -> checks.Outcome:
    return assess(facts, DAY, LIMITS)


def test_passing_all_checks_grants_departure_for_sixty_days() -> None:
    outcome = decided(some_facts())
    assert (outcome.verdict, outcome.failed, outcome.valid_to) == ("granted", (), DAY + timedelta(days=60))


def a_fee(minor: int, currency: Currency = JPY, **changes: Any) -> Fee:
    charge = Charge(payer=FeePayer.WORKER, item=FeeItem.SERVICE_FEE, amount=Money(minor=minor, currency=currency), charged_on=DAY)
    origin = CountedOrigin(CountyCode("621126"), Designation.NATIONAL, "1")
    return Fee(id=FeeId(new_id()), placement=PlacementId(UUID(int=3)), charge=replace(charge, **changes), origin=origin)


REFUSALS: dict[str, Facts] = {
    "medical": some_facts(placement=a_placement(medical=None)),
    "insurance": some_facts(placement=a_placement(insurance=None)),
    "contract_filed": some_facts(placement=a_placement(contract=None)),
    "fee_within_cap": some_facts(fees=(a_fee(180_000 * 36 // 8 + 1),)),
    "enterprise_active": some_facts(enterprise=an_enterprise(state=EnterpriseState.SUSPENDED)),
    "licence_valid": some_facts(enterprise=an_enterprise(valid_to=DAY - timedelta(days=1))),
    "licence_scope": some_facts(enterprise=an_enterprise(destinations=(Destination("KOR"),))),
    "reserve": some_facts(enterprise=an_enterprise(reserve_minor=299_999_999)),
    "planned_departure": some_facts(placement=a_placement(planned_departure=DAY + timedelta(days=61))),
    "managers_filed": some_facts(others=100),
    "no_blocking_case": some_facts(blocked=True),
    "worker_not_suspended": some_facts(suspended=True),
    "no_emergency": some_facts(emergency=True),
}


@pytest.mark.parametrize("check", REFUSALS)
def test_each_hard_check_refuses_by_its_name(check: str) -> None:
    outcome = decided(REFUSALS[check])
    assert outcome.verdict == "refused"
    assert check in outcome.failed
    assert set(outcome.failed) <= set(CHECKS)


def test_every_check_but_training_is_proven_to_refuse() -> None:
    assert {*REFUSALS, checks.TRAINING} == set(CHECKS)


def test_the_missing_certificate_alone_makes_the_request_wait() -> None:
    assert decided(some_facts(certificates=())).verdict == "waiting"
    assert decided(some_facts(certificates=(), blocked=True)).verdict == "refused"


@pytest.mark.parametrize(
    ("certificate", "verdict"),
    [
        (a_training_certificate(occupation="71"), "granted"),  # broader covers
        (a_training_certificate(occupation="7113"), "waiting"),
        (a_training_certificate(destination=Destination("KOR")), "waiting"),
        (a_training_certificate(valid_to=DAY), "granted"),
        (a_training_certificate(valid_to=DAY - timedelta(days=1)), "waiting"),
    ],
)
def test_a_certificate_covers_its_destination_its_occupation_and_its_days(certificate: TrainingCertificate, verdict: str) -> None:
    assert decided(some_facts(certificates=(certificate,))).verdict == verdict


def test_a_clearance_ends_with_the_certificate_licence_or_insurance_it_stands_on() -> None:
    soon = DAY + timedelta(days=10)
    assert decided(some_facts(certificates=(a_training_certificate(valid_to=soon),))).valid_to == soon
    assert decided(some_facts(enterprise=an_enterprise(valid_to=soon))).valid_to == soon


@pytest.mark.parametrize(
    ("days", "certified", "verdict"), [(60, True, "granted"), (61, True, "refused"), (90, False, "waiting"), (91, False, "refused")]
)
def test_no_clearance_is_granted_for_a_day_that_it_cannot_cover(days: int, certified: bool, verdict: str) -> None:
    later = a_placement(planned_departure=DAY + timedelta(days=days))
    outcome = decided(some_facts(placement=later, certificates=(a_training_certificate(),) if certified else ()))
    assert outcome.verdict == verdict
    assert verdict != "granted" or outcome.valid_to >= DAY + timedelta(days=days)


def test_a_certificate_must_still_be_valid_on_the_planned_departure() -> None:
    later = a_placement(planned_departure=date(2018, 4, 1))
    assert decided(some_facts(placement=later, certificates=(a_training_certificate(valid_to=date(2018, 3, 31)),))).verdict == "waiting"


@given(st.integers(0, 2_000_000), st.integers(0, 2_000_000))
def test_a_lower_fee_never_fails_where_a_higher_one_passes(one: int, other: int) -> None:
    low, high = sorted((one, other))
    passes = {minor: decided(some_facts(fees=(a_fee(minor),))).verdict == "granted" for minor in (low, high)}
    assert passes[low] or not passes[high]


# --- matching -----------------------------------------------------------------------------------------------------------------
TERMS = Terms(minimum_age=18, maximum_age=60, days_per_month=26, match_days=45)


def a_candidate(**changes: Any) -> Worker:
    return replace(
        Worker(
            id=WorkerId(UUID(int=5)),
            registered_at=datetime(2018, 1, 1, tzinfo=UTC),
            registered_on=date(2018, 1, 1),
            county=CountyCode("621126"),
            poor=True,
            sex=Sex.MALE,
            birth_year=1988,
            household_status=HouseholdStatus.UNKNOWN,
            occupations=(Occupation("7112"),),
            verified=True,
            willing=True,
            destinations=(Destination("JPN"),),
            wanted=(Occupation("71"),),
            floor=Money(minor=150_000, currency=JPY),
            available_from=DAY,
            willing_since=DAY,
            willing_until=date(2018, 9, 1),
        ),
        **changes,
    )


@pytest.mark.parametrize(
    ("changes", "obstacle"),
    [
        ({"verified": False}, "not_verified"),
        ({"willing": False}, "not_willing"),
        ({"willing_until": DAY - timedelta(days=1)}, "not_willing"),
        ({"birth_year": 2001}, "age"),
        ({"birth_year": 1957}, "age"),
        ({"destinations": (Destination("KOR"),)}, "destination_not_wanted"),
        ({"wanted": (Occupation("72"),)}, "occupation_not_wanted"),
        ({"available_from": DAY + timedelta(days=46)}, "not_available"),
        ({"floor": Money(minor=180_001, currency=JPY)}, "wage_below_floor"),
    ],
)
def test_each_obstacle_is_named_and_keeps_the_worker_out_whatever_the_score(changes: dict[str, Any], obstacle: str) -> None:
    worker = a_candidate(**changes)
    assert obstacles(worker, an_order(), DAY, TERMS) == (obstacle,)
    assert rank([worker], an_order(), DAY, TERMS, gap=QuotaGap(0, 1000, 1000), n=10) == []


def test_a_floor_in_another_currency_cannot_be_compared_and_says_so() -> None:
    worker = a_candidate(floor=Money(minor=10**9, currency=CNY))
    (ranked,) = rank([worker], an_order(), DAY, TERMS, gap=None, n=1)
    assert any("not comparable" in reason for reason in ranked.reasons)


def test_a_daily_wage_is_compared_by_the_month() -> None:
    daily = an_order(wage=Money(minor=6_000, currency=JPY), wage_period=WagePeriod.DAY)
    assert obstacles(a_candidate(floor=Money(minor=156_000, currency=JPY)), daily, DAY, TERMS) == ()
    assert obstacles(a_candidate(floor=Money(minor=156_001, currency=JPY)), daily, DAY, TERMS) == ("wage_below_floor",)


def test_a_missed_quota_weighs_for_poverty_counties_and_a_met_one_does_not() -> None:
    def points(poor: bool, heads: int) -> int:
        return score(a_candidate(poor=poor), an_order(), DAY, TERMS, QuotaGap(46_000, 480_000, heads)).score

    assert points(poor=True, heads=2_223) > points(poor=False, heads=2_223)
    assert points(poor=True, heads=0) == points(poor=False, heads=0)


@pytest.mark.parametrize(
    ("gap", "poor", "text"),
    [
        (QuotaGap(46_000, 480_000, 2_223), True, "national poor-county share 9.583 -> 9.584 %"),
        (QuotaGap(958, 10_000, 47), True, "national poor-county share 9.58 -> 9.59 %"),
        (QuotaGap(46, 480, 3), False, "national poor-county share 9.58 -> 9.56 %"),
        (QuotaGap(0, 0, 0), True, None),
        (None, True, None),
    ],
)
def test_a_match_states_how_it_moves_the_quota(gap: QuotaGap | None, poor: bool, text: str | None) -> None:
    assert quota_effect(gap, poor=poor) == text


candidates = st.lists(
    st.builds(
        lambda number, day, occupation, poor: a_candidate(
            id=WorkerId(UUID(int=number)),
            registered_at=datetime(2017, 1, 1 + day, tzinfo=UTC),
            occupations=(Occupation(occupation),),
            poor=poor,
        ),
        st.integers(1, 10**6),
        st.integers(0, 3),
        st.sampled_from(["7112", "7113", "9313"]),
        st.booleans(),
    ),
    max_size=15,
    unique_by=lambda one: one.id,
)


@given(candidates, st.randoms(), st.integers(1, 20))
def test_the_same_workers_in_any_order_give_the_same_matches(pool: list[Worker], random: Any, n: int) -> None:
    gap = QuotaGap(46_000, 480_000, 2_223)
    shuffled = list(pool)
    random.shuffle(shuffled)
    ranked = rank(pool, an_order(), DAY, TERMS, gap=gap, n=n)
    assert ranked == rank(shuffled, an_order(), DAY, TERMS, gap=gap, n=n)
    assert all(0 <= one.score <= 1000 for one in ranked)
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)


def test_ties_go_by_registration_then_by_id() -> None:
    early = a_candidate(id=WorkerId(UUID(int=9)), registered_at=datetime(2018, 1, 1, tzinfo=UTC))
    late = a_candidate(id=WorkerId(UUID(int=1)), registered_at=datetime(2018, 1, 1, 1, tzinfo=UTC))
    same = a_candidate(id=WorkerId(UUID(int=8)), registered_at=datetime(2018, 1, 1, tzinfo=UTC))
    assert [one.worker.int for one in rank([late, early, same], an_order(), DAY, TERMS, gap=None, n=3)] == [8, 9, 1]


# --- contract terms -------------------------------------------------------------------------------------------------------------
def test_the_hash_of_the_terms_changes_with_every_agreed_term_and_not_with_the_filing() -> None:
    base = terms_hash(a_contract())
    assert terms_hash(a_contract(filed_on=date(2018, 5, 5), signed_on=date(2018, 4, 4))) == base
    for change in ({"pay_day": 11}, {"wage": Money(minor=1, currency=JPY)}, {"end": date(2022, 1, 1)}):
        assert terms_hash(a_contract(**change)) != base


@pytest.mark.parametrize(("filed_on", "late"), [(date(2018, 10, 17), False), (date(2018, 10, 18), True)])
def test_a_contract_is_filed_within_ten_working_days_of_its_signing(filed_on: date, late: bool) -> None:
    signed = a_contract(signed_on=date(2018, 9, 28), filed_on=filed_on)
    assert filing(signed, reference.working_days_after) == Filing(due=date(2018, 10, 17), late=late)


def test_begun_months_count_as_months() -> None:
    assert a_contract(start=date(2018, 1, 31), end=date(2018, 2, 1)).months == 1
    assert a_contract(start=date(2018, 1, 1), end=date(2018, 12, 31)).months == 12
    assert a_contract(start=date(2018, 1, 1), end=date(2018, 1, 1)).months == 1


def test_a_certificate_of_another_key_or_an_altered_one_is_refused() -> None:
    key, other = OKPKey.generate_key("Ed25519"), OKPKey.generate_key("Ed25519")
    token = certificate.certify(key, a_placement(id=PlacementId(new_id())), None, granted_on=DAY, valid_to=DAY + timedelta(days=60))
    assert certificate.verify(token, key, on=DAY).destination == "JPN"
    head, body, signature = token.split(".")
    for bad in (f"{head}.{body[:-2]}AA.{signature}", f"{head}.{body}.", "", "a.b.c", token + "=", "not a token"):
        with pytest.raises(certificate.CertificateInvalid):
            certificate.verify(bad, key, on=DAY)
    with pytest.raises(certificate.CertificateInvalid):
        certificate.verify(token, other, on=DAY)
    for day in (DAY - timedelta(days=1), DAY + timedelta(days=61)):
        with pytest.raises(certificate.CertificateInvalid):
            certificate.verify(token, key, on=day)


# --- scope ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("role", "regions", "prefixes"),
    [
        (Role.CLERK, ("622427",), ("622427",)),
        (Role.CLERK, ("622400", "370000"), ("6224", "37")),
        (Role.CLERK, (), ()),
        (Role.OFFICER, (NATION,), ("",)),
        (Role.OPERATOR, (), ("",)),
        (Role.ENTERPRISE, (), ("",)),
        (Role.SERVICE, (), ("",)),
    ],
)
def test_counties_are_visible_by_the_regions_of_a_caller_who_is_bound_by_region(
    role: Role, regions: tuple[str, ...], prefixes: tuple[str, ...]
) -> None:
    assert visible_counties(Principal("tester", role, regions)) == prefixes

"""The state machines of a need and an enrolment, and what must hold before anybody is assessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.training.domain import certificates, enrolments, errors, needs, pass_rates
from services.training.domain.certificates import Validity
from services.training.domain.courses import Course
from services.training.domain.enrolments import Enrolment, EnrolmentState, Step
from services.training.domain.needs import NeedState, NeedStep
from services.training.domain.pass_rates import Group
from services.training.domain.sessions import Session
from shared.values import CountyCode, CourseId, Designation, Destination, EnrolmentId, Occupation, PlacementId, SessionId, WorkerId, new_id

DAY = date(2018, 3, 8)
COURSE = Course(
    id=CourseId(new_id()),
    centre="centre-1",
    destination=Destination("JPN"),
    occupation=Occupation("71"),
    minimum_minutes=2400,
    validity_days=730,
)
SESSION = Session(
    id=SessionId(new_id()),
    course=COURSE,
    starts_on=DAY,
    ends_on=DAY + timedelta(days=4),
    seats=20,
    taken=19,
    trainer="li",
)
ENROLMENT = Enrolment(
    id=EnrolmentId(new_id()),
    session=SESSION.id,
    placement=PlacementId(new_id()),
    worker=WorkerId(new_id()),
    county=CountyCode("370102"),
    designation=Designation.NONE,
    designation_version="v1",
    destination=Destination("JPN"),
    occupation=Occupation("7112"),
    enrolled_on=DAY,
    minutes_total=2400,
    days_attended=5,
)


@given(st.lists(st.sampled_from(Step)))
def test_an_enrolment_reaches_a_certificate_only_by_passing(steps: list[Step]) -> None:
    enrolment, taken = ENROLMENT, []
    for step in steps:
        if (enrolment.state, step) in enrolments.STEPS:
            enrolment = replace(enrolment, state=enrolments.step(enrolment, step))
            taken.append(step)
        else:
            with pytest.raises(errors.IllegalStep) as refusal:
                enrolments.step(enrolment, step)
            assert refusal.value.state == enrolment.state
    if enrolment.state is EnrolmentState.CERTIFIED:
        decisive = [one for one in taken if one not in (Step.ATTEND, Step.CORRECT, Step.HOLD, Step.TAKE_BACK)]
        assert decisive[-1] is Step.CERTIFY
        assert decisive[-2] in (Step.PASS, Step.RELEASE, Step.GAIN)


@given(
    st.sampled_from([EnrolmentState.FAILED, EnrolmentState.CERTIFIED, EnrolmentState.CANCELLED]),
    st.sampled_from([step for step in Step if step not in (Step.CORRECT, Step.LOSE, Step.GAIN)]),
)
def test_an_ended_enrolment_takes_no_further_step_but_a_correction(state: EnrolmentState, step: Step) -> None:
    with pytest.raises(errors.IllegalStep):
        enrolments.step(replace(ENROLMENT, state=state), step)


@given(st.lists(st.sampled_from(NeedStep)))
def test_a_closed_need_never_opens_again(steps: list[NeedStep]) -> None:
    state, closed = NeedState.OPEN, False
    for step in steps:
        state = needs.after_need(state, step) or state
        closed = closed or state is NeedState.CLOSED
        assert not closed or state is NeedState.CLOSED


@pytest.mark.parametrize("state", [state for state in NeedState if state is not NeedState.CLOSED])
def test_every_need_that_is_not_closed_can_be_closed(state: NeedState) -> None:
    assert needs.after_need(state, NeedStep.CLOSE) is NeedState.CLOSED


def test_hours_and_presence_come_before_the_assessment() -> None:
    enrolments.require_attended(ENROLMENT, COURSE, 5, 90, "f")
    with pytest.raises(errors.TooFewMinutes):
        enrolments.require_attended(replace(ENROLMENT, minutes_total=2399), COURSE, 5, 90, "f")
    with pytest.raises(errors.TooManyAbsences):
        enrolments.require_attended(ENROLMENT, COURSE, 6, 90, "f")
    enrolments.require_attended(replace(ENROLMENT, days_attended=9), COURSE, 10, 90, "f")  # exactly 90 %


@given(st.integers(0, 100), st.integers(1, 100))
def test_the_score_decides(score: int, mark: int) -> None:
    assert enrolments.passed(score, mark, None, "f") == (score >= mark)
    with pytest.raises(errors.ResultContradictsScore):
        enrolments.passed(score, mark, score < mark, "f")


def test_a_session_takes_people_until_the_day_it_begins() -> None:
    assert SESSION.takes_new(DAY)
    assert not SESSION.takes_new(DAY + timedelta(days=1))
    assert not replace(SESSION, taken=20).takes_new(DAY)


def test_a_certificate_is_bound_to_the_match_not_to_the_course() -> None:
    certificate = certificates.certify(7, ENROLMENT, COURSE, DAY)
    assert (certificate.serial, certificate.destination, certificate.occupation) == ("TC201800000007", "JPN", "7112")
    assert certificate.validity(DAY + timedelta(days=730)) is Validity.VALID
    assert certificate.validity(DAY + timedelta(days=731)) is Validity.EXPIRED
    revoked = replace(certificate, revoked_on=DAY, revoked_why="fraud")
    assert revoked.validity(DAY) is Validity.REVOKED
    with pytest.raises(errors.AlreadyRevoked):
        certificates.require_revocable(revoked)


# --- pass rates -----------------------------------------------------------------------------------------------------------
@given(st.integers(1, 40), st.integers(0, 40), st.integers(0, 20))
def test_the_binomial_tail_is_exact(trials: int, hits: int, twentieths: int) -> None:
    """Against the sum in fractions."""
    rate = Fraction(twentieths, 20)
    exact = sum(comb(trials, count) * rate**count * (1 - rate) ** (trials - count) for count in range(hits, trials + 1))
    assert isclose(pass_rates.upper_tail(trials, hits, float(rate)), float(exact), rel_tol=1e-9, abs_tol=1e-300)


def test_a_group_like_the_others_does_not_stand_out_and_one_that_passes_everybody_does() -> None:
    usual = [Group(f"c{number}", 100, 70 + number % 5) for number in range(10)]
    assert pass_rates.outliers(usual, 1) == []
    [found] = pass_rates.outliers([*usual, Group("x", 100, 99)], 1)
    assert (found.group.key, found.side) == ("x", "high")
    assert found.probability < 1e-9
    [found] = pass_rates.outliers([*usual, Group("y", 100, 20)], 1)
    assert (found.group.key, found.side) == ("y", "low")


@pytest.mark.parametrize("groups", [[], [Group("only", 50, 50)], [Group("a", 50, 50), Group("b", 50, 50)], [Group("a", 0, 0)]])
def test_there_is_no_outlier_without_others_to_compare_with(groups: list[Group]) -> None:
    assert pass_rates.outliers(groups, 999) == []


def test_large_groups_are_compared_in_no_time() -> None:
    assert pass_rates.upper_tail(1_000_000, 700_001, 0.7) > 0.4
    assert pass_rates.upper_tail(1_000_000, 710_000, 0.7) < 1e-90

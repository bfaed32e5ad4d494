"""Quotas in integers, targets to date, plans that contradict themselves."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.stats.domain.plans import Plan
from services.stats.domain.quotas import Judgement, Requirement, at_least, format_percent, gap_heads, is_comparable, is_infeasible, judge
from services.stats.domain.targets import Progress, days_left, expected_linearly, progress
from services.stats.programmes import catalogue, validation
from shared.values import QuotaStatus, Ratio, TargetState

Q1 = (1, 10)
ENOUGH = (95, 100)


def judged(share: Ratio, before: Ratio | None = None, *, rising: bool = True, finished: bool = True, complete: bool = True) -> Judgement:
    return judge(share, before, Requirement(Q1, rising=rising, strict=True), finished=finished, complete=complete)


def progress_of(actual: int, floor: int, stretch: int | None, *, start: date, end: date, on: date) -> Progress:
    """Against a steady pace."""
    return progress(actual, expected_linearly(floor, start, end, on), floor, stretch, days_left(start, end, on))


def test_worked_example_gap() -> None:
    share = (46_000, 480_000)
    assert format_percent(share, 4) == "9.5833 %"
    assert gap_heads(share, Q1) == 2_223
    assert at_least((46_000 + 2_223, 480_000 + 2_223), Q1)
    assert not at_least((46_000 + 2_222, 480_000 + 2_222), Q1)


def test_worked_example_rounding_hides_a_fall() -> None:
    now, before = (50_900, 503_000), (50_600, 500_000)
    assert format_percent(now) == format_percent(before) == "10.12 %"
    verdict = judged(now, before)
    assert (verdict.rise, verdict.status) == (False, QuotaStatus.BREACHED)


def test_the_first_year_has_no_base_and_its_level_is_judged_all_the_same() -> None:
    verdict = judged((42, 522), rising=False)
    assert (verdict.rise, verdict.status, verdict.gap_heads) == (None, QuotaStatus.BREACHED, 12)


def test_a_running_year_is_at_risk_where_a_finished_one_is_breached() -> None:
    assert judged((9, 100), finished=False).status is QuotaStatus.AT_RISK


def test_nothing_counted_is_insufficient_data_and_no_zero() -> None:
    verdict = judged((0, 0))
    assert (verdict.status, verdict.gap_heads, format_percent(verdict.share)) == (QuotaStatus.INSUFFICIENT_DATA, None, "")


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(1, 99))
def test_the_gap_is_the_fewest_heads_that_reach_the_threshold(num: int, more: int, up: int) -> None:
    share, threshold = (num, num + more), (up, 100)
    gap = gap_heads(share, threshold)
    assert at_least((num + gap, num + more + gap), threshold)
    assert gap == 0 or not at_least((num + gap - 1, num + more + gap - 1), threshold)


def test_worked_example_four_years_at_one_to_a_thousand() -> None:
    starts, ends, after = date(2017, 1, 1), date(2020, 12, 31), date(2021, 1, 1)
    assert progress_of(522 + 492 + 487 + 301, 1_800, 2_000, start=starts, end=ends, on=after).state is TargetState.ACHIEVED
    assert progress_of(146, 200, None, start=starts, end=ends, on=after).state is TargetState.MISSED
    verdict = judged((146, 1_802), rising=False)
    assert (format_percent(verdict.share, 1), verdict.status) == ("8.1 %", QuotaStatus.BREACHED)


def test_a_target_half_way_through_its_days_expects_half_its_floor() -> None:
    half = progress_of(450, 1_000, None, start=date(2019, 1, 1), end=date(2020, 12, 30), on=date(2019, 12, 31))
    assert (half.expected, half.state, half.days_left, half.run_rate) == (500, TargetState.BEHIND, 365, 2)


def test_the_shipped_programme_does_not_contradict_itself() -> None:
    plan = catalogue.shipped()["2017-2020"]
    assert validation.plan_errors(plan) == []
    lines = validation.arithmetic(plan)
    assert "Q1: 1/10 of dispatches's stretch of 2,000,000 is 200,000" in lines
    assert "income: 100,000,000,000 yuan over 2,000,000 of dispatches is 50,000 yuan a head" in lines


def test_the_impossible_reading_of_the_half_is_refused_with_its_arithmetic() -> None:
    document: dict[str, Any] = json.loads((catalogue.SHIPPED / "2017-2020.json").read_text())
    document["quotas"][1]["denominator"] = {}
    wrong = validation.plan_errors(Plan.model_validate(document))
    assert wrong == ["Q2: 1/2 of the 1,800,000 of dispatches is 900,000, but poverty_dispatches, which contains it, plans 200,000"]


def test_a_part_cannot_ask_for_more_than_its_whole() -> None:
    document: dict[str, Any] = json.loads((catalogue.SHIPPED / "2017-2020.json").read_text())
    document["targets"][2]["floor"] = 2_000_001
    assert any("a part of dispatches" in reason for reason in validation.plan_errors(Plan.model_validate(document)))


def changed(*path: str | int, value: Any) -> Plan:
    """The shipped plan with one thing in it other."""
    document: dict[str, Any] = json.loads((catalogue.SHIPPED / "2017-2020.json").read_text())
    at: Any = document
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return Plan.model_validate(document)


def test_two_disjoint_quotas_cannot_ask_for_more_than_the_whole() -> None:
    east = {
        "code": "east", "title": "From the east, of all", "measure": "dispatches", "numerator": {"region": ["east"]}, "threshold": [3, 5],
        "rising": False, "first_year": 2020, "last_year": 2020, "binding": False,
    }  # fmt: skip
    document = json.loads((catalogue.SHIPPED / "2017-2020.json").read_text())
    plan = changed("quotas", value=[*document["quotas"], east])
    assert validation.plan_errors(plan) == ["indicator and east share nobody, but 1/2 and 3/5 of the same make 11/10"]


def test_a_table_comes_to_its_floor_and_nothing_lies_outside_the_programme() -> None:
    table = [{"until": "2018-12-31", "amount": 900_000}, {"until": "2020-12-31", "amount": 1_750_000}]
    document = json.loads((catalogue.SHIPPED / "2017-2020.json").read_text())
    target = {**document["targets"][0], "distribution": "table", "table": table}
    assert validation.plan_errors(changed("targets", 0, value=target)) == [
        "dispatches: its table comes to 1,750,000, its floor is 1,800,000"
    ]
    assert validation.plan_errors(changed("quotas", 0, "last_year", value=2021)) == [
        "Q1 holds from 2017 to 2021, but 2017-2020 runs from 2017-01-01 to 2020-12-31"
    ]


def test_worked_example_not_comparable() -> None:
    start, end = date(2018, 1, 1), date(2018, 12, 31)
    assert not is_comparable(start, end, date(2018, 9, 30), ENOUGH)  # nine months against twelve
    assert not is_comparable(start, end, date(2018, 10, 19), ENOUGH)  # 80 % of the days
    assert not is_comparable(start, end, None, ENOUGH)
    assert is_comparable(start, end, date(2018, 12, 13), ENOUGH)  # 347 of 365 days
    assert not is_comparable(start, end, date(2018, 12, 12), ENOUGH)
    assert is_comparable(start, date(2018, 9, 30), date(2018, 9, 30), ENOUGH)  # the running year on its own cut-off day
    verdict = judged((80, 300), (42, 522), complete=False)
    assert (verdict.status, verdict.rise, verdict.gap_heads) == (QuotaStatus.NOT_COMPARABLE, None, None)


def test_a_share_that_must_rise_and_has_no_base_is_not_called_met() -> None:
    assert judged((20, 100)).status is QuotaStatus.NOT_COMPARABLE
    assert judged((20, 100), (0, 0)).status is QuotaStatus.NOT_COMPARABLE
    assert judged((20, 100), rising=False).status is QuotaStatus.MET
    assert judged((9, 100)).status is QuotaStatus.BREACHED  # short is short, whatever the year before


def test_a_gap_is_infeasible_when_all_open_positions_together_are_fewer_heads() -> None:
    gap = judged((46_000, 480_000), rising=False, finished=False).gap_heads
    assert is_infeasible(gap, 2_222)
    assert not is_infeasible(gap, 2_223)
    assert not is_infeasible(0, 0)
    assert not is_infeasible(gap, None)
    assert not is_infeasible(None, 0)

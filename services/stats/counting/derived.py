"""Figures that are computed from stored measures when they are asked for, so that nothing is counted twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.values import Ratio


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """A figure computed from two stored measures at query time, so that nothing is counted twice.

    `counts`: the heads themselves, the days they were abroad, or the wage months they were abroad for.
    """

    name: str
    kind: Literal["flow", "level"]
    unit: str
    definition: str
    plus: str
    minus: str
    counts: Literal["heads", "days", "months"]
    money: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """How many counties there are, once in every calendar year of the span: read off the list of divisions that is in force when the
    question is asked, as it was in each year.

    `counted`: the stored measure whose counties belong to it too where the list does not have them in that year, so that none of them
    is missing in the denominator.
    """

    name: str
    unit: str
    definition: str
    counted: str
    kind: Literal["flow"] = "flow"
    money: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Quotient:
    """One figure over another, times `factor`: an exact rational, rounded only for display. Over 1 without `den`.

    `digits`: decimals shown.
    """

    name: str
    unit: str
    definition: str
    num: str
    den: str | None
    factor: Ratio
    digits: int
    kind: Literal["quotient"] = "quotient"
    money: bool = False


DERIVED = {
    derived.name: derived
    for derived in (
        Derived(name="stock", kind="level", unit="workers", plus="dispatches", minus="returns", counts="heads",
                definition="Workers abroad (期末在外) at the end of the period: departures less returns up to that day."),
        Derived(name="worker_days", kind="flow", unit="days", plus="dispatches", minus="returns", counts="days",
                definition="Days abroad: a departure on day d of a month of n days adds n - d + 1 to it, a return on day r takes n - r; "
                           "a whole later month is n times the stock at its start."),
        Derived(name="income_expected", kind="flow", unit="worker-months", plus="dispatches", minus="returns", counts="months",
                definition="Wage periods for which an income is expected: months in which a placement was abroad for a day at least, "
                           "once the month after is over, in which every pay day lies."),
    )
}  # fmt: skip

LISTED = {
    listed.name: listed
    for listed in (
        Listed(name="counties", unit="counties", counted="surveyed_counties",
               definition="Counties of the list of divisions, once in every calendar year of the span in which the list has them, and "
                          "counties surveyed in a year in which the list does not have them."),
    )
}  # fmt: skip

QUOTIENTS = {
    quotient.name: quotient
    for quotient in (
        Quotient(name="person_months", unit="months", num="worker_days", den=None, factor=(48, 1461), digits=1,
                 definition="Worker-days abroad x 12 / 365.25."),
        Quotient(name="coverage", unit="percent", num="income_months", den="income_expected", factor=(100, 1), digits=1,
                 definition="Wage periods with a report over wage periods for which an income is expected, of the months for which it "
                            "is."),
        Quotient(name="accounted_for_share", unit="percent", num="workers_accounted_for", den="workers_to_account_for", factor=(100, 1),
                 digits=1, definition="Workers accounted for in emergencies over workers to account for."),
        Quotient(name="recruitment_cost_months", unit="months", num="recruitment_cost", den="first_incomes", factor=(1, 1000), digits=3,
                 definition="Recruitment cost in months of first income (SDG 10.7.1): the mean over placements whose fee and first "
                            "income are known in one currency."),
        Quotient(name="conversion", unit="percent", num="outreach_converted", den="outreach_reached", factor=(100, 1), digits=2,
                 definition="Registrations that came of announcements over people that announcements reached."),
        Quotient(name="survey_coverage", unit="percent", num="surveyed_counties", den="counties", factor=(100, 1), digits=1,
                 definition="Counties surveyed over counties there are, each once in every calendar year of the span."),
        Quotient(name="intention_conversion", unit="percent", num="intentions_matched", den="intentions", factor=(100, 1), digits=1,
                 definition="Intentions of the period's docking fairs that became matches so far, over all of them."),
    )
}  # fmt: skip

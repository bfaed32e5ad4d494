"""The one table of what is counted: measures, cuts, and which event adds what to which measure, dated by what.

The reference fold, the columnar fold, the parameters and definitions of the API and the documentation all derive from
here. Codes of measures and cuts are stored in cells: never reuse one.

A `Rule` names fields by path in the event's data ("fact.departed_on"), so that plain Python and a columnar engine can both
read it. A correction is two groups of rules, one taking `previous` away and one adding `fact`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from typing import Literal

from shared import events
from shared.events import Event
from shared.values import Ratio

# --- dimensions and cuts ----------------------------------------------------------------------------------------------
Dimension = Literal[
    "county", "designation", "province", "region", "listed", "destination", "occupation", "enterprise", "channel", "person",
    "sex", "age_band", "days",
]  # fmt: skip
NOWHERE = "-"  # the event does not say: a case without a placement has no destination
AGE_BANDS = ((0, 19), (20, 24), (25, 29), (30, 34), (35, 39), (40, 44), (45, 49), (50, 54), (55, 59), (60, 150))


def _powers_of_root_two(most: int) -> tuple[tuple[int, int], ...]:
    """Whole days between neighbouring powers of the square root of 2, exactly: 0, 1, 2, 3, 4-5, 6-7, 8-11, 12-15, 16-22, ..."""
    bounds = ((isqrt(2**power - 1) + 1, isqrt(2 ** (power + 1) - 1)) for power in range(most))
    return ((0, 0), *((low, high) for low, high in bounds if low <= high))


# How long something took, as the key of a cell: a duration stays an additive count, and what is read from the counts is known to
# the band. 34 powers reach 359 years.
DAY_BANDS = _powers_of_root_two(34)


@dataclass(frozen=True, slots=True)
class Cut:
    """Two stored keys, and the dimensions that follow from them at query time.

    `monthly`: kept a second time summed by month over `recorded_on`, so that what is known now reads from few rows.
    """

    code: int
    name: str
    k1: Dimension
    k2: Dimension
    derived: tuple[Dimension, ...]
    monthly: bool = False

    @property
    def dimensions(self) -> frozenset[Dimension]:
        return frozenset((self.k1, self.k2, *self.derived))


# In the order in which they are tried: the first cut that has the dimensions asked for answers.
CUTS = (
    Cut(5, "province x channel", "province", "channel", ("region",), monthly=True),
    Cut(1, "county x designation", "county", "designation", ("province", "region", "listed"), monthly=True),
    Cut(2, "province x destination", "province", "destination", ("region",)),
    Cut(3, "province x occupation", "province", "occupation", ("region",)),
    Cut(4, "enterprise x destination", "enterprise", "destination", ()),
    Cut(6, "province x sex and age", "province", "person", ("region", "sex", "age_band")),
    Cut(7, "province x days", "province", "days", ("region",), monthly=True),
    Cut(8, "destination x days", "destination", "days", ()),
)
CUT_BY_CODE = {cut.code: cut for cut in CUTS}


# --- measures ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Measure:
    """`flow` sums over a period; `level` is the sum of every change up to the period's last day; `durations` is a flow counted by
    the band of days it took.

    `rate`: for money, whose month's rate converts it: that of the wage period, or of the day it is dated by. Either is the month
    of the cell's day.
    """

    code: int
    name: str
    kind: Literal["flow", "level", "durations"]
    unit: str
    definition: str
    rate: Literal["wage period", "day"] | None = None

    @property
    def money(self) -> bool:
        return self.rate is not None


MEASURES = (
    Measure(1, "registrations", "flow", "registrations", "Workers registered, dated by the effective day."),
    Measure(2, "verified", "flow", "verifications", "Workers whose documents were verified, dated by the effective day."),
    Measure(3, "certified", "flow", "certificates", "Training certificates issued, dated by the effective day."),
    Measure(4, "matched", "flow", "matches", "Workers matched to an enterprise's job order, dated by the effective day."),
    Measure(5, "willing", "level", "workers", "Workers willing to go: recorded, and neither withdrawn, expired nor used by a departure."),
    Measure(6, "dispatches", "flow", "dispatches", "Departures (人次) proven at the border, by day of departure; voided ones taken off."),
    Measure(7, "persons", "flow", "persons", "Workers (人) by their first departure of the calendar year, dated by that departure."),
    Measure(8, "returns", "flow", "returns", "Workers come back for whatever reason, by the day of return, under the departure's codes."),
    Measure(9, "income", "flow", "minor units", "What workers were actually paid (net), in the currency paid, dated by wage period.",
            rate="wage period"),
    Measure(10, "income_deducted", "flow", "minor units", "Deductions from wages, in the currency paid, dated by wage period.",
            rate="wage period"),
    Measure(11, "income_remitted", "flow", "minor units", "Remitted home out of wages, in the currency sent, dated by wage period.",
            rate="wage period"),
    Measure(12, "income_months", "flow", "worker-months", "Wage periods for which a placement's income is reported."),
    Measure(13, "shortfalls_found", "flow", "findings", "Wage shortfalls found, dated by the day of the finding."),
    Measure(14, "shortfalls_cleared", "flow", "findings", "Wage shortfalls cleared, dated by the day they were cleared."),
    Measure(15, "shortfall_amount", "flow", "minor units", "Wages found missing, dated by the day of the finding.", rate="day"),
    Measure(16, "shortfall_recovered", "flow", "minor units", "Wages recovered after a finding, dated by the day of recovery.", rate="day"),
    Measure(17, "cases_opened", "flow", "cases", "Cases opened, dated by the effective day."),
    Measure(18, "cases_closed", "flow", "cases", "Cases closed, dated by the effective day."),
    Measure(19, "open_positions", "level", "positions", "Positions of open job orders that nobody is matched to: the orders in hand."),
    Measure(20, "cases_answered", "flow", "cases", "Cases given their first answer, dated by the day of the answer."),
    Measure(21, "cases_overdue", "flow", "cases", "Cases whose first answer was not given in time, dated by the day it was due."),
    Measure(22, "registration_to_match", "durations", "matches", "Days from a worker's registration to the match, dated by the match."),
    Measure(23, "registration_to_clearance", "durations", "clearances", "Days from a worker's registration to the clearance, dated by "
            "the clearance."),
    Measure(24, "match_to_clearance", "durations", "clearances", "Days from the match to the clearance, dated by the clearance."),
    Measure(25, "registration_to_departure", "durations", "departures", "Days from a worker's registration to the departure, dated by "
            "the departure; voided ones taken off."),
    Measure(26, "match_to_departure", "durations", "departures", "Days from the match to the departure, dated by the departure; voided "
            "ones taken off."),
    Measure(27, "case_to_answer", "durations", "cases", "Days from a case's opening to its first answer, dated by the answer."),
    Measure(28, "case_to_close", "durations", "cases", "Days from a case's opening to its closing, dated by the closing."),
    Measure(29, "recruitment_fees", "flow", "minor units", "Fees that workers with a first income were charged for their recruitment, "
            "dated by the wage period of that income.", rate="wage period"),
    Measure(30, "first_incomes", "flow", "workers", "Placements whose first income, that of the first whole month abroad with a report, "
            "is known beside the fee charged, dated by its wage period."),
    Measure(31, "recruitment_cost", "flow", "thousandths of a month", "Fees charged in months of first income, summed over placements "
            "after rounding each to a thousandth, dated by the wage period of that income."),
)  # fmt: skip
MEASURE = {measure.name: measure for measure in MEASURES}
MEASURE_BY_CODE = {measure.code: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Derived:
    """A figure computed from two stored measures when asked for: nothing is counted twice.

    `counts`: the heads themselves, their days, or the wage months they were there for.
    """

    name: str
    kind: Literal["flow", "level"]
    unit: str
    definition: str
    plus: str
    minus: str
    counts: Literal["heads", "days", "months"]
    money: bool = False


@dataclass(frozen=True, slots=True)
class Quotient:
    """One figure over another, times `factor`: an exact rational, rounded where people read. Without `den` over 1.

    `digits`: of the value as it is shown.
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
        Derived("stock", "level", "workers", "Workers abroad (期末在外) at the end of the period: departures less returns up to that day.",
                "dispatches", "returns", "heads"),
        Derived("worker_days", "flow", "days", "Days abroad: a departure on day d of a month of n days adds n - d + 1 to it, a "
                "return on day r takes n - r; a whole later month is n times the stock at its start.", "dispatches", "returns", "days"),
        Derived("income_expected", "flow", "worker-months", "Wage periods for which an income is expected: months in which a placement "
                "was abroad for a day at least, once the month after is over, in which every pay day lies.", "dispatches", "returns",
                "months"),
    )
}  # fmt: skip

QUOTIENTS = {
    quotient.name: quotient
    for quotient in (
        Quotient("person_months", "months", "Worker-days abroad x 12 / 365.25.", "worker_days", None, (48, 1461), 1),
        Quotient("coverage", "percent", "Wage periods with a report over wage periods for which an income is expected, of the months for "
                 "which it is.", "income_months", "income_expected", (100, 1), 1),
        Quotient("recruitment_cost_months", "months", "Recruitment cost in months of first income (SDG 10.7.1): the mean over placements "
                 "whose fee and first income are known in one currency.", "recruitment_cost", "first_incomes", (1, 1000), 3),
    )
}  # fmt: skip


# --- rules: event -> contributions --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rule:
    """One contribution: `sign` times 1, or times the amount of money at `money`, dated by the day (or wage period) at `day`.

    `codes` is the path of the part that carries county, destination and the other codes; "" is the data itself.
    `count` is the path of a number to add instead of 1, `since` that of the day from which days are counted: the rule then counts in
    the cuts by days, and only there. `when` is the path of a flag that must be true (with `flag`=False: must be
    false); a missing part or amount adds nothing.
    """

    event: type[Event]
    measure: str
    day: str
    codes: str = ""
    sign: Literal[1, -1] = 1
    money: str | None = None
    when: str | None = None
    flag: bool = True
    count: str | None = None
    since: str | None = None
    needs: str | None = None  # path of an optional part without which the rule does not apply


def _departure(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    return (
        Rule(event, "dispatches", f"{fact}.departed_on", fact, sign),
        Rule(event, "persons", f"{fact}.departed_on", fact, sign, when=f"{fact}.first_this_year"),
        Rule(event, "registration_to_departure", f"{fact}.departed_on", fact, sign, since=f"{fact}.registered_on"),
        Rule(event, "match_to_departure", f"{fact}.departed_on", fact, sign, since=f"{fact}.matched_on"),
    )


def _return_moved(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    """The return counted so far follows its departure's codes."""
    return (Rule(event, "returns", "returned.returned_on", fact, sign, needs="returned"),)


def _income(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    return (
        Rule(event, "income", f"{fact}.period", "", sign, money=f"{fact}.net"),
        Rule(event, "income_deducted", f"{fact}.period", "", sign, money=f"{fact}.deductions"),
        Rule(event, "income_remitted", f"{fact}.period", "", sign, money=f"{fact}.remitted"),
        Rule(event, "income_months", f"{fact}.period", "", sign),
    )


def _recruitment(fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    event, day = events.RecruitmentCostAssessed, f"{fact}.period"
    return (
        Rule(event, "recruitment_fees", day, "", sign, money=f"{fact}.fee", needs=fact),
        Rule(event, "first_incomes", day, "", sign, needs=fact),
        Rule(event, "recruitment_cost", day, "", sign, count=f"{fact}.months_milli", needs=fact),
    )


RULES = (
    Rule(events.WorkerRegistered, "registrations", "effective"),
    Rule(events.WorkerVerified, "verified", "effective"),
    Rule(events.WillingnessRecorded, "willing", "effective", when="renewal", flag=False),
    Rule(events.WillingnessWithdrawn, "willing", "effective", sign=-1),
    Rule(events.WillingnessExpired, "willing", "effective", sign=-1),
    Rule(events.CertificateIssued, "certified", "effective"),
    Rule(events.MatchedToEnterprise, "matched", "effective"),
    Rule(events.MatchedToEnterprise, "registration_to_match", "effective", since="registered_on"),
    Rule(events.ClearanceGranted, "registration_to_clearance", "effective", since="registered_on"),
    Rule(events.ClearanceGranted, "match_to_clearance", "effective", since="matched_on"),
    *_departure(events.Dispatched, "fact", 1),
    *_departure(events.DispatchCorrected, "previous", -1),
    *_departure(events.DispatchCorrected, "fact", 1),
    *_departure(events.DispatchVoided, "previous", -1),
    Rule(events.Returned, "returns", "fact.returned_on", "dispatch"),
    *_return_moved(events.DispatchCorrected, "previous", -1),
    *_return_moved(events.DispatchCorrected, "fact", 1),
    *_return_moved(events.DispatchVoided, "previous", -1),
    *_income(events.IncomeReported, "fact", 1),
    *_income(events.IncomeCorrected, "previous", -1),
    *_income(events.IncomeCorrected, "fact", 1),
    *_income(events.IncomeVoided, "previous", -1),
    Rule(events.WageShortfallDetected, "shortfalls_found", "effective"),
    Rule(events.WageShortfallDetected, "shortfall_amount", "effective", money="shortfall"),
    Rule(events.WageShortfallCleared, "shortfalls_cleared", "effective"),
    Rule(events.WageShortfallCleared, "shortfall_recovered", "effective", money="recovered"),
    Rule(events.CaseOpened, "cases_opened", "effective"),
    Rule(events.CaseAnswered, "cases_answered", "effective"),
    Rule(events.CaseAnswered, "case_to_answer", "effective", since="opened_on"),
    Rule(events.CaseDeadlineMissed, "cases_overdue", "effective"),
    Rule(events.CaseClosed, "cases_closed", "effective"),
    Rule(events.CaseClosed, "case_to_close", "effective", since="opened_on"),
    *_recruitment("previous", -1),
    *_recruitment("fact", 1),
    Rule(events.JobOrderOpened, "open_positions", "effective", count="positions"),
    Rule(events.MatchedToEnterprise, "open_positions", "effective", sign=-1),
    Rule(events.PlacementCancelled, "open_positions", "effective", when="reopens"),
    Rule(events.DispatchVoided, "open_positions", "previous.departed_on", "previous", when="reopens"),
    Rule(events.JobOrderClosed, "open_positions", "effective", sign=-1, count="unfilled"),
    Rule(events.JobOrderExpired, "open_positions", "effective", sign=-1, count="unfilled"),
)  # fmt: skip

# What a cut's key is read from, below the path of a rule's codes.
SOURCES: dict[Dimension, tuple[str, ...]] = {
    "county": ("origin", "county"),
    "province": ("origin", "county"),
    "designation": ("origin", "designation"),
    "destination": ("destination",),
    "occupation": ("occupation",),
    "enterprise": ("enterprise",),
    "channel": ("channel",),
    "person": ("sex",),
}


def part_class(event: type[Event], path: str) -> type[events.Part] | None:
    """The class of the part at `path` in an event's data, None where there is none."""
    found: type[events.Part] = event
    for name in filter(None, path.split(".")):
        found = _annotated(found, name)
    return found


def _annotated(owner: type[events.Part], name: str) -> type[events.Part]:
    annotation = owner.model_fields[name].annotation
    candidates = [annotation, *getattr(annotation, "__args__", ())]
    return next(cls for cls in candidates if isinstance(cls, type) and issubclass(cls, events.Part))


def has(event: type[Event], codes: str, dimension: Dimension) -> bool:
    """Whether the part of an event that carries a rule's codes says anything about a dimension."""
    cls = part_class(event, codes)
    fields = cls.model_fields if cls else {}
    return SOURCES[dimension][0] in fields


def cuts_of(rule: Rule) -> tuple[Cut, ...]:
    """The cuts a rule could count in: those whose two keys its event carries."""

    def carried(dimension: Dimension) -> bool:
        return rule.since is not None if dimension == "days" else has(rule.event, rule.codes, dimension)

    by_days = rule.since is not None
    return tuple(cut for cut in CUTS if (cut.k2 == "days") is by_days and carried(cut.k1) and carried(cut.k2))


# Only where every event of the measure is counted: a cut that misses some of them would hold half a truth.
CUTS_OF = {
    rule: tuple(cut for cut in CUTS if all(cut in cuts_of(other) for other in RULES if other.measure == rule.measure)) for rule in RULES
}


def cuts_for(measure: str) -> tuple[Cut, ...]:
    """The cuts in which every event of a measure is counted: only those give the whole."""
    return next(cuts for rule, cuts in CUTS_OF.items() if rule.measure == measure)

"""The one table of what is counted: measures, and which event adds what to which measure, dated by what.

The reference fold, the columnar fold, the parameters and definitions of the API and the documentation all derive from
here. Codes of measures are stored in cells: never reuse one.

A `Rule` names fields by path in the event's data ("fact.departed_on"), so that plain Python and a columnar engine can both
read it. A correction is two groups of rules, one taking `previous` away and one adding `fact`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.stats.counting.cuts import CUTS, Cut, Dimension
from shared import events
from shared.events import Event
from shared.values import FeePayer


# --- measures ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """`flow` sums over a period; `level` is the sum of every change up to the period's last day; `durations` is a flow counted by
    the band of days it took.

    `rate`: for money, which month's rate converts it: that of the wage period, or of the day it is dated by. Either is the month
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
    Measure(code=1, name="registrations", kind="flow", unit="registrations",
            definition="Workers registered, dated by the effective day."),
    Measure(code=2, name="verified", kind="flow", unit="verifications",
            definition="Workers whose documents were verified, dated by the effective day."),
    Measure(code=3, name="certified", kind="flow", unit="certificates",
            definition="Training certificates issued, dated by the day of issue; corrected days moved, revoked ones taken off."),
    Measure(code=4, name="matched", kind="flow", unit="matches",
            definition="Workers matched to an enterprise's job order, dated by the effective day."),
    Measure(code=5, name="willing", kind="level", unit="workers",
            definition="Workers willing to go: recorded, and neither withdrawn, expired nor used by a departure, nor suspended, lapsed or "
                       "merged into another."),
    Measure(code=6, name="dispatches", kind="flow", unit="dispatches",
            definition="Departures (人次) proven at the border, by day of departure; voided ones taken off."),
    Measure(code=7, name="persons", kind="flow", unit="persons",
            definition="Workers (人) by their first departure of the calendar year, dated by that departure."),
    Measure(code=8, name="returns", kind="flow", unit="returns",
            definition="Workers come back for whatever reason, by the day of return, under the departure's codes."),
    Measure(code=9, name="income", kind="flow", unit="minor units",
            definition="What workers were actually paid (net), in the currency paid, dated by wage period.", rate="wage period"),
    Measure(code=10, name="income_deducted", kind="flow", unit="minor units",
            definition="Deductions from wages, in the currency paid, dated by wage period.", rate="wage period"),
    Measure(code=11, name="income_remitted", kind="flow", unit="minor units",
            definition="Remitted home out of wages, in the currency sent, dated by wage period.", rate="wage period"),
    Measure(code=12, name="income_months", kind="flow", unit="worker-months",
            definition="Wage periods for which a placement's income is reported, however many payments it came in."),
    Measure(code=13, name="shortfalls_found", kind="flow", unit="findings",
            definition="Wage shortfalls found, dated by the day of the finding."),
    Measure(code=14, name="shortfalls_cleared", kind="flow", unit="findings",
            definition="Wage shortfalls cleared, dated by the day they were cleared."),
    Measure(code=15, name="shortfall_amount", kind="flow", unit="minor units",
            definition="Wages found missing, dated by the day of the finding.", rate="day"),
    Measure(code=16, name="shortfall_recovered", kind="flow", unit="minor units",
            definition="Wages recovered after a finding, dated by the day of recovery.", rate="day"),
    Measure(code=17, name="cases_opened", kind="flow", unit="cases",
            definition="Cases opened, dated by the effective day. A case that is reopened is not opened a second time."),
    Measure(code=18, name="cases_closed", kind="flow", unit="cases",
            definition="Cases closed, dated by the day of the closing; a closing that did not stand, since the case was reopened, is taken "
                       "off."),
    Measure(code=19, name="open_positions", kind="level", unit="positions",
            definition="Positions of open job orders that nobody is matched to: the orders in hand."),
    Measure(code=20, name="cases_answered", kind="flow", unit="cases",
            definition="Cases given their first answer, dated by the day of the answer."),
    Measure(code=21, name="cases_overdue", kind="flow", unit="cases",
            definition="Cases whose first answer was not given in time, dated by the day it was due."),
    Measure(code=22, name="registration_to_match", kind="durations", unit="matches",
            definition="Days from a worker's registration to the match, dated by the match."),
    Measure(code=23, name="registration_to_clearance", kind="durations", unit="clearances",
            definition="Days from a worker's registration to the clearance, dated by the clearance."),
    Measure(code=24, name="match_to_clearance", kind="durations", unit="clearances",
            definition="Days from the match to the clearance, dated by the clearance."),
    Measure(code=25, name="registration_to_departure", kind="durations", unit="departures",
            definition="Days from a worker's registration to the departure, dated by the departure; voided ones taken off."),
    Measure(code=26, name="match_to_departure", kind="durations", unit="departures",
            definition="Days from the match to the departure, dated by the departure; voided ones taken off."),
    Measure(code=27, name="case_to_answer", kind="durations", unit="cases",
            definition="Days from a case's opening to its first answer, dated by the answer."),
    Measure(code=28, name="case_to_close", kind="durations", unit="cases",
            definition="Days from a case's opening to its closing, dated by the closing; of a case that was reopened to its last one."),
    Measure(code=29, name="recruitment_fees", kind="flow", unit="minor units",
            definition="Fees that workers with a first income were charged for their recruitment, dated by the wage period of that "
                       "income.", rate="wage period"),
    Measure(code=30, name="first_incomes", kind="flow", unit="workers",
            definition="Placements whose first income, that of the first whole month abroad with a report, is known beside the fee "
                       "charged, dated by its wage period."),
    Measure(code=31, name="recruitment_cost", kind="flow", unit="thousandths of a month",
            definition="Fees charged in months of first income, summed over placements after rounding each to a thousandth, dated by the "
                       "wage period of that income."),
    Measure(code=32, name="survey_respondents", kind="flow", unit="people",
            definition="People asked in surveys of counties, dated by the reference date; whoever is asked in two surveys counts twice."),
    Measure(code=33, name="survey_able", kind="flow", unit="people",
            definition="Of those asked in surveys, people who could go abroad to work, dated by the reference date."),
    Measure(code=34, name="survey_willing", kind="flow", unit="people",
            definition="Of those who could go, people who want to, dated by the reference date of the survey."),
    Measure(code=35, name="surveyed_counties", kind="flow", unit="counties",
            definition="Counties by their first survey of the calendar year, dated by its reference date."),
    Measure(code=48, name="intentions", kind="flow", unit="workers",
            definition="Workers whom enterprises intend to take, by the headcounts recorded at docking fairs, dated by the fair."),
    Measure(code=49, name="intentions_matched", kind="flow", unit="workers",
            definition="Of the intentions, those met by a match of a worker of the county with the enterprise in the days after the fair "
                       "that count, dated by the fair: first come first counted, at most the headcount; a match that is cancelled or "
                       "voided is taken off."),
    Measure(code=40, name="fees_worker", kind="flow", unit="minor units",
            definition="Fees declared as charged to workers, in the currency charged, dated by the day of the charge.", rate="day"),
    Measure(code=41, name="fees_enterprise", kind="flow", unit="minor units",
            definition="Fees declared as charged to dispatching enterprises, in the currency charged, dated by the day of the charge.",
            rate="day"),
    Measure(code=42, name="fees_employer", kind="flow", unit="minor units",
            definition="Fees declared as charged to employers, in the currency charged, dated by the day of the charge.", rate="day"),
    Measure(code=43, name="arrivals_confirmed", kind="flow", unit="confirmations",
            definition="Confirmations by workers after their arrival, dated by their day, under the codes that the departure had then."),
    Measure(code=44, name="terms_changed", kind="flow", unit="confirmations",
            definition="Of these, confirmations that name a term that is not as agreed."),
    Measure(code=45, name="extensions", kind="flow", unit="extensions",
            definition="Contracts of workers abroad that were extended, dated by the signing, under the departure's codes then."),
    Measure(code=46, name="transfers", kind="flow", unit="transfers",
            definition="Workers abroad taken over by another employer, dated by their first day there, under the codes of then."),
    Measure(code=52, name="settlements", kind="flow", unit="cases",
            definition="Cases settled, by who pays, dated by the day of the payment; each member of a collective case counts."),
    Measure(code=53, name="settlement_amount", kind="flow", unit="minor units",
            definition="Paid in settlements, by who pays, in the currency paid, dated by the day of the payment; what a collective case "
                       "pays counts once.", rate="day"),
    Measure(code=54, name="escalations", kind="flow", unit="escalations",
            definition="Cases taken to the next higher office, dated by the day."),
    Measure(code=55, name="cases_reopened", kind="flow", unit="cases",
            definition="Cases reopened after their closing, dated by the reopening."),
    Measure(code=56, name="settlements_refused", kind="flow", unit="settlements",
            definition="Settlements that the reserve was asked for and did not pay, dated by the refusal."),
    Measure(code=67, name="duplicates_suspected", kind="flow", unit="pairs",
            definition="Pairs of registrations suspected to be one person's, dated by the day of the suspicion."),
    Measure(code=68, name="merges", kind="flow", unit="merges",
            definition="Registrations merged into another one of the same person, dated by the day of the merge."),
    Measure(code=64, name="enrolments", kind="flow", unit="enrolments",
            definition="Seats given to placements in training sessions, dated by the day; one that moves or is seated again counts again."),
    Measure(code=65, name="assessments", kind="flow", unit="assessments",
            definition="Training examinations with a result, dated by their day; held ones once they are released."),
    Measure(code=66, name="passed", kind="flow", unit="assessments",
            definition="Of the assessments, those passed; a corrected result is moved."),
    Measure(code=57, name="emergencies", kind="flow", unit="emergencies",
            definition="Emergencies declared in a country, dated by the day since when they were one."),
    Measure(code=58, name="workers_to_account_for", kind="flow", unit="workers",
            definition="Workers in a country with an emergency, dated by the day they joined its roll-call: when it was declared, or when "
                       "they arrived."),
    Measure(code=59, name="workers_accounted_for", kind="flow", unit="workers",
            definition="Workers to account for of whom it is known where they are and how, or who came home, dated by the day it became "
                       "known; who is missing is not."),
    Measure(code=60, name="repatriations", kind="flow", unit="workers",
            definition="Workers brought home by a repatriation, dated by the day they were home."),
    Measure(code=61, name="repatriation_cost", kind="flow", unit="minor units",
            definition="Cost of repatriations, by who paid, in the currency paid, dated by the day the worker was home.", rate="day"),
    Measure(code=62, name="repatriations_approved", kind="flow", unit="approvals",
            definition="Repatriations approved in writing, dated by the day of the approval."),
    Measure(code=63, name="repatriations_refused", kind="flow", unit="refusals",
            definition="Repatriations refused, or not carried out after an approval, dated by the day."),
    Measure(code=36, name="outreach_reached", kind="flow", unit="people",
            definition="People reached by announcements, dated by the day; whoever is reached twice counts twice."),
    Measure(code=37, name="outreach_converted", kind="flow", unit="registrations",
            definition="Registrations that came of an announcement, under its channel, dated by the registration."),
)  # fmt: skip
MEASURE = {measure.name: measure for measure in MEASURES}
MEASURE_BY_CODE = {measure.code: measure for measure in MEASURES}


# --- rules: event -> contributions --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One contribution: `sign` times 1, or times the amount of money at `money`, dated by the day (or wage period) at `day`.

    `codes` is the path of the part that carries county, destination and the other codes; "" is the data itself.
    `count` is the path of a number to add instead of 1, `since` that of the day from which days are counted: the rule then counts
    only in the cuts by days. `when` is the path of a flag or of a code that must equal `flag`; a missing part or amount adds nothing.
    """

    event: type[Event]
    measure: str
    day: str
    codes: str = ""
    sign: Literal[1, -1] = 1
    money: str | None = None
    when: str | None = None
    flag: bool | str = True
    count: str | None = None
    since: str | None = None
    needs: str | None = None  # path of an optional part without which the rule does not apply


def _departure(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    return (
        Rule(event=event, measure="dispatches", day=f"{fact}.departed_on", codes=fact, sign=sign),
        Rule(event=event, measure="persons", day=f"{fact}.departed_on", codes=fact, sign=sign, when=f"{fact}.first_this_year"),
        Rule(
            event=event,
            measure="registration_to_departure",
            day=f"{fact}.departed_on",
            codes=fact,
            sign=sign,
            since=f"{fact}.registered_on",
        ),
        Rule(event=event, measure="match_to_departure", day=f"{fact}.departed_on", codes=fact, sign=sign, since=f"{fact}.matched_on"),
    )


def _return_moved(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    """The return counted so far follows its departure's codes."""
    return (Rule(event=event, measure="returns", day="returned.returned_on", codes=fact, sign=sign, needs="returned"),)


def _income(event: type[Event], fact: str, sign: Literal[1, -1], beside: str | None = None) -> tuple[Rule, ...]:
    """`beside`: the flag of a payment beside which others of its month count: the month counts once, however many payments it has."""
    return (
        Rule(event=event, measure="income", day=f"{fact}.period", codes="", sign=sign, money=f"{fact}.net"),
        Rule(event=event, measure="income_deducted", day=f"{fact}.period", codes="", sign=sign, money=f"{fact}.deductions"),
        Rule(event=event, measure="income_remitted", day=f"{fact}.period", codes="", sign=sign, money=f"{fact}.remitted"),
        Rule(event=event, measure="income_months", day=f"{fact}.period", codes="", sign=sign, when=beside, flag=False),
    )


def _worker(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    """What is counted of a worker follows his codes; each step on the day on which it was counted."""
    steps = (
        ("registrations", "registration"),
        ("verified", "verification"),
        ("willing", "willingness"),
        ("outreach_converted", "outreach"),
    )
    return tuple(
        Rule(event=event, measure=measure, day=f"{fact}.{step}.on", codes=f"{fact}.{step}", sign=sign, needs=f"{fact}.{step}")
        for measure, step in steps
    )


def _willing_moved(fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    """Who is willing and moves is willing in another county."""
    step = f"{fact}.willingness"
    return (Rule(event=events.ResidenceChanged, measure="willing", day=f"{step}.on", codes=step, sign=sign, needs=step),)


def _fee(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    """Each payer's fees are a measure of their own."""
    return tuple(
        Rule(
            event=event,
            measure=f"fees_{payer}",
            day=f"{fact}.charged_on",
            codes=fact,
            sign=sign,
            money=f"{fact}.amount",
            when=f"{fact}.payer",
            flag=payer.value,
        )
        for payer in FeePayer
    )


def _arrival(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    day, match = f"{fact}.confirmed_on", f"{fact}.terms_match"
    return (
        Rule(event=event, measure="arrivals_confirmed", day=day, codes=fact, sign=sign),
        Rule(event=event, measure="terms_changed", day=day, codes=fact, sign=sign, when=match, flag=False),
    )


def _recruitment(fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    event, day = events.RecruitmentCostAssessed, f"{fact}.period"
    return (
        Rule(event=event, measure="recruitment_fees", day=day, codes="", sign=sign, money=f"{fact}.fee", needs=fact),
        Rule(event=event, measure="first_incomes", day=day, codes="", sign=sign, needs=fact),
        Rule(event=event, measure="recruitment_cost", day=day, codes="", sign=sign, count=f"{fact}.months_milli", needs=fact),
    )


def _outreach(event: type[Event], fact: str, sign: Literal[1, -1]) -> Rule:
    return Rule(event=event, measure="outreach_reached", day=f"{fact}.on", codes=fact, sign=sign, count=f"{fact}.reached")


def _survey(event: type[Event], fact: str, sign: Literal[1, -1]) -> tuple[Rule, ...]:
    day, heads = f"{fact}.reference_date", ("respondents", "able", "willing")
    return (
        *(Rule(event=event, measure=f"survey_{name}", day=day, codes=fact, sign=sign, count=f"{fact}.{name}") for name in heads),
        Rule(event=event, measure="surveyed_counties", day=day, codes=fact, sign=sign, when=f"{fact}.first_this_year"),
    )


def _intention(event: type[Event], fact: str, sign: Literal[1, -1]) -> Rule:
    return Rule(event=event, measure="intentions", day=f"{fact}.held_on", codes=fact, sign=sign, count=f"{fact}.headcount")


def _assessment(event: type[Event], fact: str = "", sign: Literal[1, -1] = 1) -> tuple[Rule, ...]:
    """An examination counts on its day, a passed one twice: as such, and as passed."""
    day, when = (f"{fact}.assessed_on", f"{fact}.passed") if fact else ("effective", "passed")
    return (
        Rule(event=event, measure="assessments", day=day, sign=sign),
        Rule(event=event, measure="passed", day=day, sign=sign, when=when),
    )


RULES = (
    Rule(event=events.WorkerRegistered, measure="registrations", day="effective"),
    Rule(event=events.WorkerRegistered, measure="outreach_converted", day="outreach.on", codes="outreach", needs="outreach"),
    Rule(event=events.WorkerVerified, measure="verified", day="effective"),
    Rule(event=events.WillingnessRecorded, measure="willing", day="effective", when="renewal", flag=False),
    Rule(event=events.WillingnessWithdrawn, measure="willing", day="effective", sign=-1),
    Rule(event=events.WillingnessExpired, measure="willing", day="effective", sign=-1),
    *_worker(events.WorkerCorrected, "previous", -1),
    *_worker(events.WorkerCorrected, "fact", 1),
    Rule(event=events.WorkerSuspended, measure="willing", day="effective", sign=-1, when="ends_willingness"),
    Rule(event=events.RegistrationLapsed, measure="willing", day="effective", sign=-1, when="ends_willingness"),
    Rule(event=events.WorkersMerged, measure="willing", day="effective", sign=-1, when="ends_willingness"),
    *_willing_moved("previous", -1),
    *_willing_moved("fact", 1),
    _outreach(events.OutreachRecorded, "fact", 1),
    _outreach(events.OutreachCorrected, "previous", -1),
    _outreach(events.OutreachCorrected, "fact", 1),
    _outreach(events.OutreachVoided, "previous", -1),
    *_survey(events.SurveyRecorded, "fact", 1),
    *_survey(events.SurveyCorrected, "previous", -1),
    *_survey(events.SurveyCorrected, "fact", 1),
    *_survey(events.SurveyVoided, "previous", -1),
    Rule(event=events.DuplicateSuspected, measure="duplicates_suspected", day="effective"),
    Rule(event=events.WorkersMerged, measure="merges", day="effective"),
    Rule(event=events.WorkerEnrolled, measure="enrolments", day="effective"),
    *_assessment(events.AssessmentRecorded),
    *_assessment(events.AssessmentCorrected, "previous", -1),
    *_assessment(events.AssessmentCorrected, "fact"),
    Rule(event=events.CertificateIssued, measure="certified", day="effective"),
    Rule(event=events.CertificateCorrected, measure="certified", day="previous.issued_on", sign=-1),
    Rule(event=events.CertificateCorrected, measure="certified", day="fact.issued_on"),
    Rule(event=events.CertificateRevoked, measure="certified", day="issued.issued_on", sign=-1, needs="issued"),
    Rule(event=events.MatchedToEnterprise, measure="matched", day="effective"),
    Rule(event=events.MatchedToEnterprise, measure="registration_to_match", day="effective", since="registered_on"),
    Rule(event=events.ClearanceGranted, measure="registration_to_clearance", day="effective", since="registered_on"),
    Rule(event=events.ClearanceGranted, measure="match_to_clearance", day="effective", since="matched_on"),
    *_departure(events.Dispatched, "fact", 1),
    *_departure(events.DispatchCorrected, "previous", -1),
    *_departure(events.DispatchCorrected, "fact", 1),
    *_departure(events.DispatchVoided, "previous", -1),
    Rule(event=events.Returned, measure="returns", day="fact.returned_on", codes="dispatch"),
    Rule(event=events.ReturnCorrected, measure="returns", day="previous.returned_on", codes="dispatch", sign=-1),
    Rule(event=events.ReturnCorrected, measure="returns", day="fact.returned_on", codes="dispatch"),
    *_return_moved(events.DispatchCorrected, "previous", -1),
    *_return_moved(events.DispatchCorrected, "fact", 1),
    *_return_moved(events.DispatchVoided, "previous", -1),
    *_income(events.IncomeReported, "fact", 1, "further"),
    *_income(events.IncomeCorrected, "previous", -1),
    *_income(events.IncomeCorrected, "fact", 1),
    *_income(events.IncomeVoided, "previous", -1, "others_count"),
    Rule(event=events.WageShortfallDetected, measure="shortfalls_found", day="effective"),
    Rule(event=events.WageShortfallDetected, measure="shortfall_amount", day="effective", money="shortfall"),
    Rule(event=events.WageShortfallCleared, measure="shortfalls_cleared", day="effective"),
    Rule(event=events.WageShortfallCleared, measure="shortfall_recovered", day="effective", money="recovered"),
    Rule(event=events.CaseOpened, measure="cases_opened", day="effective"),
    Rule(event=events.CaseAnswered, measure="cases_answered", day="effective"),
    Rule(event=events.CaseAnswered, measure="case_to_answer", day="effective", since="opened_on"),
    Rule(event=events.CaseDeadlineMissed, measure="cases_overdue", day="effective"),
    Rule(event=events.CaseClosed, measure="cases_closed", day="effective"),
    Rule(event=events.CaseClosed, measure="case_to_close", day="effective", since="opened_on"),
    Rule(event=events.CaseReopened, measure="cases_closed", day="closed_on", sign=-1),
    Rule(event=events.CaseReopened, measure="case_to_close", day="closed_on", sign=-1, since="opened_on"),
    Rule(event=events.CaseReopened, measure="cases_reopened", day="effective"),
    Rule(event=events.CaseSettled, measure="settlements", day="effective"),
    Rule(event=events.CaseSettled, measure="settlement_amount", day="effective", money="amount"),
    Rule(event=events.CaseEscalated, measure="escalations", day="effective"),
    Rule(event=events.CaseSettlementRefused, measure="settlements_refused", day="effective"),
    *_recruitment("previous", -1),
    *_recruitment("fact", 1),
    _intention(events.IntentionRecorded, "fact", 1),
    _intention(events.IntentionCorrected, "previous", -1),
    _intention(events.IntentionCorrected, "fact", 1),
    _intention(events.IntentionVoided, "previous", -1),
    Rule(event=events.IntentionMatched, measure="intentions_matched", day="fact.held_on", codes="fact"),
    Rule(event=events.IntentionReleased, measure="intentions_matched", day="fact.held_on", codes="fact", sign=-1),
    Rule(event=events.IntentionCorrected, measure="intentions_matched", day="previous.held_on", codes="previous", sign=-1, count="matched"),
    Rule(event=events.IntentionCorrected, measure="intentions_matched", day="fact.held_on", codes="fact", count="matched"),
    *_arrival(events.ArrivalConfirmed, "fact", 1),
    *_arrival(events.ArrivalCorrected, "previous", -1),
    *_arrival(events.ArrivalCorrected, "fact", 1),
    *_arrival(events.ArrivalVoided, "previous", -1),
    Rule(event=events.ContractExtended, measure="extensions", day="fact.signed_on", codes="fact"),
    Rule(event=events.ExtensionVoided, measure="extensions", day="previous.signed_on", codes="previous", sign=-1),
    Rule(event=events.EmployerTransferred, measure="transfers", day="fact.since", codes="fact"),
    Rule(event=events.TransferVoided, measure="transfers", day="previous.since", codes="previous", sign=-1),
    *_fee(events.FeeDeclared, "fact", 1),
    *_fee(events.FeeCorrected, "previous", -1),
    *_fee(events.FeeCorrected, "fact", 1),
    *_fee(events.FeeVoided, "previous", -1),
    Rule(event=events.EmergencyDeclared, measure="emergencies", day="effective"),
    Rule(event=events.RepatriationApproved, measure="repatriations_approved", day="effective"),
    Rule(event=events.RepatriationRefused, measure="repatriations_refused", day="effective"),
    Rule(event=events.RepatriationCompleted, measure="repatriations", day="effective"),
    Rule(event=events.RepatriationCompleted, measure="repatriation_cost", day="effective", money="cost"),
    Rule(event=events.WorkerToAccountFor, measure="workers_to_account_for", day="effective", when="again", flag=False),
    Rule(event=events.WorkerToAccountFor, measure="workers_accounted_for", day="effective", sign=-1, when="again"),
    Rule(event=events.WorkerAccountedFor, measure="workers_accounted_for", day="effective", count="change"),
    Rule(event=events.JobOrderOpened, measure="open_positions", day="effective", count="positions"),
    Rule(event=events.JobOrderAmended, measure="open_positions", day="effective", sign=-1, count="previous_positions"),
    Rule(event=events.JobOrderAmended, measure="open_positions", day="effective", count="positions"),
    Rule(event=events.MatchedToEnterprise, measure="open_positions", day="effective", sign=-1),
    Rule(event=events.PlacementCancelled, measure="open_positions", day="effective", when="reopens"),
    Rule(event=events.DispatchVoided, measure="open_positions", day="previous.departed_on", codes="previous", when="reopens"),
    Rule(event=events.JobOrderClosed, measure="open_positions", day="effective", sign=-1, count="unfilled"),
    Rule(event=events.JobOrderExpired, measure="open_positions", day="effective", sign=-1, count="unfilled"),
)  # fmt: skip

# Where a cut's key is read from, below the path of a rule's codes.
SOURCES: dict[Dimension, tuple[str, ...]] = {
    "county": ("origin", "county"),
    "province": ("origin", "county"),
    "designation": ("origin", "designation"),
    "destination": ("destination",),
    "occupation": ("occupation",),
    "enterprise": ("enterprise",),
    "channel": ("channel",),
    "person": ("sex",),
    "payer": ("paid_by",),
    "grade": ("grade",),
    "outreach_channel": ("outreach_channel",),
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


def carries(event: type[Event], codes: str, dimension: Dimension) -> bool:
    """Whether the part of an event that holds a rule's codes has a field for the dimension."""
    cls = part_class(event, codes)
    fields = cls.model_fields if cls else {}
    return SOURCES[dimension][0] in fields


def possible_cuts(rule: Rule) -> tuple[Cut, ...]:
    """The cuts a rule could count in: those whose two keys its event carries."""

    def carried(dimension: Dimension) -> bool:
        return rule.since is not None if dimension == "days" else carries(rule.event, rule.codes, dimension)

    by_days = rule.since is not None
    return tuple(cut for cut in CUTS if (cut.k2 == "days") is by_days and carried(cut.k1) and carried(cut.k2))


# Only cuts in which every event of the measure is counted: a cut that misses some of them would give too little.
CUTS_OF = {
    rule: tuple(cut for cut in CUTS if all(cut in possible_cuts(other) for other in RULES if other.measure == rule.measure))
    for rule in RULES
}


def cuts_for(measure: str) -> tuple[Cut, ...]:
    """The cuts in which every event of a stored measure is counted; empty where its events carry the two keys of no cut."""
    return next(cuts for rule, cuts in CUTS_OF.items() if rule.measure == measure)

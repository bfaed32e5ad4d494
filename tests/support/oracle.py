"""An oracle of cells: recounts events from their JSON, by hand, with no code of the product.

Independent of services/stats and shared/events on purpose: every measure, cut, sign and day is written out again here, so that
agreement does not come from one mistake made once. A cell is named by words; the stored codes of measures and cuts are frozen
below too, because a stored code must never change its meaning.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from tests.support.oracle_tables import CUTS, MEASURES

Event = Mapping[str, Any]  # as in the log: type, time, data
DEPARTURE_CUTS = (1, 2, 3, 4, 5, 6)  # the cuts in which a departure counts
INCOME_CUTS = (1, 2, 3, 4, 5)
CASE_CUTS = (1, 2, 4)
SETTLEMENT_CUTS = (*CASE_CUTS, 12)
ORDER_CUTS = (4,)
INTENTION_CUTS = (1, 2, 3, 4)
DURATION_CUTS = (7, 8)
TRAINING_CUTS = (1, 2, 3)
PUBLICITY_CUTS = (1, 9)


class NamedCell(NamedTuple):
    """A cell, by words and ISO dates."""

    measure: str
    cut: int
    k1: str
    k2: str
    day: str
    recorded_on: str
    currency: str


def with_names(cells: Mapping[Any, int]) -> dict[NamedCell, int]:
    """Stored cells under the names of their measures and with ISO dates. Raises KeyError for a measure that is missing here."""
    return {
        NamedCell._make((MEASURES[cell[0]], *(key.isoformat() if isinstance(key, date) else key for key in cell[1:]))): value
        for cell, value in cells.items()
    }


class Contribution(NamedTuple):
    """What one event adds to a measure: `codes` is the JSON object that names county, destination and the rest."""

    measure: str
    cuts: tuple[int, ...]
    day: str
    codes: Mapping[str, Any]
    amount: int = 1
    currency: str = ""
    since: str | None = None  # start of the duration, for the cuts by days


def recount(events: Iterable[Event]) -> dict[NamedCell, int]:
    """Every cell of these events; their order does not matter."""
    total: Counter[NamedCell] = Counter()
    for event in events:
        recorded_on = in_beijing(event["time"])
        for part in contributions(event):
            day = part.day if len(part.day) == 10 else f"{part.day}-01"
            for cut in part.cuts:
                keys = (_days(part.since, day) if name == "days" else _key(name, part.codes, day) for name in CUTS[cut])
                total[NamedCell._make((part.measure, cut, *keys, day, recorded_on, part.currency))] += part.amount
    return {cell: value for cell, value in total.items() if value}


def contributions(event: Event) -> list[Contribution]:
    """What an event adds; nothing for a type that is not counted."""
    count = _COUNTS.get(event["type"])
    return [] if count is None else [part for part in count(event["data"]) if part.amount]


def in_beijing(moment: str) -> str:
    """The day of a moment eight hours east of Greenwich."""
    return (datetime.fromisoformat(moment).astimezone(UTC) + timedelta(hours=8)).date().isoformat()


# --- keys -------------------------------------------------------------------------------------------------------------
def _key(name: str, codes: Mapping[str, Any], day: str) -> str:
    origin = codes.get("origin") or {}
    if name == "county":
        return str(origin.get("county", "-"))
    if name == "designation":
        return str(origin.get("designation", "-"))
    if name == "province":
        return province(origin["county"]) if origin else "-"
    if name == "payer":
        return str(codes["paid_by"])
    if name == "person":
        return f"{codes['sex']} {_ages(int(codes.get('departed_on', day)[:4]) - codes['birth_year'])}"
    return str(codes.get(name) or "-")


def province(county: str) -> str:
    return county[:2] + "0000"


def _ages(age: int) -> str:
    if age < 0 or age > 150:
        return "-"
    if age < 20:
        return "0-19"
    if age >= 60:
        return "60-150"
    return f"{age // 5 * 5}-{age // 5 * 5 + 4}"


def _days(since: str | None, day: str) -> str:
    """Powers of the square root of 2: n lies between 2^(k/2) and 2^((k+1)/2) where n * n lies between 2^k and 2^(k+1)."""
    days = (date.fromisoformat(day) - date.fromisoformat(since or "")).days
    if days <= 0:
        return "0-0" if days == 0 else "-"
    power = 2 ** ((days * days).bit_length() - 1)
    low, high = days, days
    while (low - 1) ** 2 >= power:
        low -= 1
    while (high + 1) ** 2 < 2 * power:
        high += 1
    return f"{low}-{high}"


# --- what each event adds ----------------------------------------------------------------------------------------------
Contributions = list[Contribution]


def _departure(fact: Mapping[str, Any], sign: int) -> Contributions:
    persons = sign if fact["first_this_year"] else 0
    return [
        Contribution("dispatches", DEPARTURE_CUTS, fact["departed_on"], fact, sign),
        Contribution("persons", DEPARTURE_CUTS, fact["departed_on"], fact, persons),
        *_took("registration_to_departure", fact["registered_on"], fact["departed_on"], fact, sign),
        *_took("match_to_departure", fact["matched_on"], fact["departed_on"], fact, sign),
    ]


def _took(measure: str, since: str | None, day: str, codes: Mapping[str, Any], sign: int = 1) -> Contributions:
    return [] if since is None else [Contribution(measure, DURATION_CUTS, day, codes, sign, since=since)]


def _return(returned: Mapping[str, Any] | None, under: Mapping[str, Any], sign: int) -> Contributions:
    return [] if returned is None else [Contribution("returns", DEPARTURE_CUTS, returned["returned_on"], under, sign)]


def _return_corrected(data: Mapping[str, Any]) -> Contributions:
    return [*_return(data["previous"], data["dispatch"], -1), *_return(data["fact"], data["dispatch"], 1)]


def _corrected(data: Mapping[str, Any]) -> Contributions:
    was, now, back = data["previous"], data["fact"], data["returned"]
    return [*_departure(was, -1), *_departure(now, 1), *_return(back, was, -1), *_return(back, now, 1)]


def _voided(data: Mapping[str, Any]) -> Contributions:
    was = data["previous"]
    freed = [Contribution("open_positions", ORDER_CUTS, was["departed_on"], was)] if data["reopens"] else []
    return [*_departure(was, -1), *_return(data["returned"], was, -1), *freed]


def _worker_corrected(data: Mapping[str, Any]) -> Contributions:
    found: Contributions = []
    for name, sign in (("previous", -1), ("fact", 1)):
        for measure, cuts, step in (
            ("registrations", (1, 6), "registration"),
            ("verified", (1,), "verification"),
            ("willing", (1,), "willingness"),
            ("outreach_converted", PUBLICITY_CUTS, "outreach"),
        ):
            if (counted := data[name].get(step)) is not None:  # records of before announcements lack it
                found.append(Contribution(measure, cuts, counted["on"], counted, sign))
    return found


def _moved(data: Mapping[str, Any]) -> Contributions:
    steps = ((data["previous"]["willingness"], -1), (data["fact"]["willingness"], 1))
    return [Contribution("willing", (1,), step["on"], step, sign) for step, sign in steps if step is not None]


def _registered(data: Mapping[str, Any]) -> Contributions:
    heard = data.get("outreach")
    converted = [] if heard is None else [Contribution("outreach_converted", PUBLICITY_CUTS, heard["on"], heard)]
    return [Contribution("registrations", (1, 6), data["effective"], data), *converted]


def _reached(data: Mapping[str, Any], **signs: int) -> Contributions:
    facts = ((data[name], sign) for name, sign in signs.items())
    return [Contribution("outreach_reached", PUBLICITY_CUTS, fact["on"], fact, sign * fact["reached"]) for fact, sign in facts]


def _survey(data: Mapping[str, Any], **signs: int) -> Contributions:
    found: Contributions = []
    for name, sign in signs.items():
        survey = data[name]
        on = survey["reference_date"]
        found += [Contribution(f"survey_{what}", (1,), on, survey, sign * survey[what]) for what in ("respondents", "able", "willing")]
        found.append(Contribution("surveyed_counties", (1,), on, survey, sign if survey["first_this_year"] else 0))
    return found


def _workers_merged(data: Mapping[str, Any]) -> Contributions:
    willing = _once("willing", (1,), -1)(data) if data["ends_willingness"] else []
    return [*_once("merges", (1,))(data), *willing]


def _matched(data: Mapping[str, Any]) -> Contributions:
    return [
        Contribution("matched", INCOME_CUTS, data["effective"], data),
        Contribution("open_positions", ORDER_CUTS, data["effective"], data, -1),
        *_took("registration_to_match", data["registered_on"], data["effective"], data),
    ]


def _cleared(data: Mapping[str, Any]) -> Contributions:
    return [
        *_took("registration_to_clearance", data["registered_on"], data["effective"], data),
        *_took("match_to_clearance", data["matched_on"], data["effective"], data),
    ]


def _case(measure: str, duration: str) -> Callable[[Mapping[str, Any]], Contributions]:
    return lambda data: [
        Contribution(measure, CASE_CUTS, data["effective"], data),
        *_took(duration, data["opened_on"], data["effective"], data),
    ]


def _reopened(data: Mapping[str, Any]) -> Contributions:
    """The closing did not stand."""
    return [
        Contribution("cases_closed", CASE_CUTS, data["closed_on"], data, -1),
        *_took("case_to_close", data["opened_on"], data["closed_on"], data, -1),
        Contribution("cases_reopened", CASE_CUTS, data["effective"], data),
    ]


def _settled(data: Mapping[str, Any]) -> Contributions:
    found, paid = [Contribution("settlements", SETTLEMENT_CUTS, data["effective"], data)], data["amount"]
    if paid is not None:
        found.append(Contribution("settlement_amount", SETTLEMENT_CUTS, data["effective"], data, paid["minor"], currency=paid["currency"]))
    return found


def _assessed(data: Mapping[str, Any]) -> Contributions:
    found: Contributions = []
    for name, sign in (("previous", -1), ("fact", 1)):
        if (cost := data[name]) is not None:
            found += [
                Contribution(
                    "recruitment_fees", INCOME_CUTS, cost["period"], data, sign * cost["fee"]["minor"], currency=cost["fee"]["currency"]
                ),
                Contribution("first_incomes", INCOME_CUTS, cost["period"], data, sign),
                Contribution("recruitment_cost", INCOME_CUTS, cost["period"], data, sign * cost["months_milli"]),
            ]
    return found


def _examined(data: Mapping[str, Any], passed: bool, day: str, sign: int) -> Contributions:  # as in the event
    return [
        Contribution("assessments", TRAINING_CUTS, day, data, sign),
        Contribution("passed", TRAINING_CUTS, day, data, sign if passed else 0),
    ]


def _certified(data: Mapping[str, Any], issued: Mapping[str, Any] | None, sign: int) -> Contributions:
    return [] if issued is None else [Contribution("certified", TRAINING_CUTS, issued["issued_on"], data, sign)]


def _intended(fact: Mapping[str, Any], sign: int, matched: int = 0) -> Contributions:
    return [
        Contribution("intentions", INTENTION_CUTS, fact["held_on"], fact, sign * fact["headcount"]),
        Contribution("intentions_matched", INTENTION_CUTS, fact["held_on"], fact, sign * matched),
    ]


def _met(sign: int) -> Callable[[Mapping[str, Any]], Contributions]:
    return lambda data: [Contribution("intentions_matched", INTENTION_CUTS, data["fact"]["held_on"], data["fact"], sign)]


def _fee(data: Mapping[str, Any], *facts: tuple[str, int]) -> Contributions:
    charges = [(data[name], sign) for name, sign in facts]
    return [
        Contribution(f"fees_{fact['payer']}", INCOME_CUTS, fact["charged_on"], fact, sign * money["minor"], currency=money["currency"])
        for fact, sign in charges
        for money in [fact["amount"]]
    ]


def _arrival(data: Mapping[str, Any], *facts: tuple[str, int]) -> Contributions:
    return [
        Contribution(measure, INCOME_CUTS, data[name]["confirmed_on"], data[name], sign)
        for name, sign in facts
        for measure in ("arrivals_confirmed", *([] if data[name]["terms_match"] else ["terms_changed"]))
    ]


def _positions(sign: int, number: str) -> Callable[[Mapping[str, Any]], Contributions]:
    return lambda data: [Contribution("open_positions", ORDER_CUTS, data["effective"], data, sign * data[number])]


def _income(data: Mapping[str, Any], fact: str, sign: int) -> Contributions:
    """The month counts with its first payment, and no longer with its last."""
    paid, beside = data[fact], data.get("further") or data.get("others_count")
    found = [] if beside else [Contribution("income_months", INCOME_CUTS, paid["period"], data, sign)]
    for measure, name in (("income", "net"), ("income_deducted", "deductions"), ("income_remitted", "remitted")):
        if paid[name] is not None:
            found.append(
                Contribution(measure, INCOME_CUTS, paid["period"], data, sign * paid[name]["minor"], currency=paid[name]["currency"])
            )
    return found


def _to_account_for(data: Mapping[str, Any]) -> Contributions:
    """Who comes again was accounted for before."""
    if data.get("again"):
        return [Contribution("workers_accounted_for", INCOME_CUTS, data["effective"], data, -1)]
    return [Contribution("workers_to_account_for", INCOME_CUTS, data["effective"], data)]


def _repatriated(data: Mapping[str, Any]) -> Contributions:
    cost, cuts = data["cost"], (*INCOME_CUTS, 12)
    return [
        Contribution("repatriations", cuts, data["effective"], data),
        Contribution("repatriation_cost", cuts, data["effective"], data, cost["minor"], currency=cost["currency"]),
    ]


def _finding(data: Mapping[str, Any], heads: str, money: str, amount: str) -> Contributions:
    found = data[amount]
    return [
        Contribution(heads, INCOME_CUTS, data["effective"], data),
        Contribution(money, INCOME_CUTS, data["effective"], data, found["minor"], currency=found["currency"]),
    ]


def _once(measure: str, cuts: tuple[int, ...], sign: int = 1) -> Callable[[Mapping[str, Any]], Contributions]:
    return lambda data: [Contribution(measure, cuts, data["effective"], data, sign)]


_COUNTS: Mapping[str, Callable[[Mapping[str, Any]], Contributions]] = {
    "registration.WorkerRegistered.v1": _registered,
    "registration.WorkerVerified.v1": _once("verified", (1,)),
    "registration.WillingnessRecorded.v1": lambda data: [] if data["renewal"] else _once("willing", (1,))(data),
    "registration.WillingnessWithdrawn.v1": _once("willing", (1,), -1),
    "registration.WillingnessExpired.v1": _once("willing", (1,), -1),
    "registration.WorkerCorrected.v1": _worker_corrected,
    "registration.ResidenceChanged.v1": _moved,
    "registration.WorkerSuspended.v1": lambda data: _once("willing", (1,), -1)(data) if data["ends_willingness"] else [],
    "registration.RegistrationLapsed.v1": lambda data: _once("willing", (1,), -1)(data) if data["ends_willingness"] else [],
    "registration.OutreachRecorded.v1": lambda data: _reached(data, fact=1),
    "registration.OutreachCorrected.v1": lambda data: _reached(data, previous=-1, fact=1),
    "registration.OutreachVoided.v1": lambda data: _reached(data, previous=-1),
    "registration.SurveyRecorded.v1": lambda data: _survey(data, fact=1),
    "registration.SurveyCorrected.v1": lambda data: _survey(data, previous=-1, fact=1),
    "registration.SurveyVoided.v1": lambda data: _survey(data, previous=-1),
    "registration.DuplicateSuspected.v1": _once("duplicates_suspected", (1,)),
    "registration.WorkersMerged.v1": _workers_merged,
    "training.WorkerEnrolled.v1": _once("enrolments", TRAINING_CUTS),
    "training.AssessmentRecorded.v1": lambda data: _examined(data, data["passed"], data["effective"], 1),
    "training.AssessmentCorrected.v1": lambda data: [
        *_examined(data, data["previous"]["passed"], data["previous"]["assessed_on"], -1),
        *_examined(data, data["fact"]["passed"], data["fact"]["assessed_on"], 1),
    ],
    "training.CertificateIssued.v1": _once("certified", TRAINING_CUTS),
    "training.CertificateCorrected.v1": lambda data: [*_certified(data, data["previous"], -1), *_certified(data, data["fact"], 1)],
    "training.CertificateRevoked.v1": lambda data: _certified(data, data.get("issued"), -1),
    "docking.JobOrderOpened.v1": _positions(1, "positions"),
    "docking.JobOrderAmended.v1": lambda data: [*_positions(-1, "previous_positions")(data), *_positions(1, "positions")(data)],
    "docking.JobOrderClosed.v1": _positions(-1, "unfilled"),
    "docking.JobOrderExpired.v1": _positions(-1, "unfilled"),
    "docking.IntentionRecorded.v1": lambda data: _intended(data["fact"], 1),
    "docking.IntentionCorrected.v1": lambda data: [
        *_intended(data["previous"], -1, data["matched"]),
        *_intended(data["fact"], 1, data["matched"]),
    ],
    "docking.IntentionVoided.v1": lambda data: _intended(data["previous"], -1),
    "docking.IntentionMatched.v1": _met(1),
    "docking.IntentionReleased.v1": _met(-1),
    "docking.MatchedToEnterprise.v1": _matched,
    "docking.ClearanceGranted.v1": _cleared,
    "docking.PlacementCancelled.v1": lambda data: _once("open_positions", ORDER_CUTS)(data) if data["reopens"] else [],
    "docking.ArrivalConfirmed.v1": lambda data: _arrival(data, ("fact", 1)),
    "docking.ArrivalCorrected.v1": lambda data: _arrival(data, ("previous", -1), ("fact", 1)),
    "docking.ArrivalVoided.v1": lambda data: _arrival(data, ("previous", -1)),
    "docking.ContractExtended.v1": lambda data: [Contribution("extensions", INCOME_CUTS, data["fact"]["signed_on"], data["fact"])],
    "docking.ExtensionVoided.v1": lambda data: [
        Contribution("extensions", INCOME_CUTS, data["previous"]["signed_on"], data["previous"], -1)
    ],
    "docking.EmployerTransferred.v1": lambda data: [Contribution("transfers", INCOME_CUTS, data["fact"]["since"], data["fact"])],
    "docking.TransferVoided.v1": lambda data: [Contribution("transfers", INCOME_CUTS, data["previous"]["since"], data["previous"], -1)],
    "docking.FeeDeclared.v1": lambda data: _fee(data, ("fact", 1)),
    "docking.FeeCorrected.v1": lambda data: _fee(data, ("previous", -1), ("fact", 1)),
    "docking.FeeVoided.v1": lambda data: _fee(data, ("previous", -1)),
    "docking.Dispatched.v1": lambda data: _departure(data["fact"], 1),
    "docking.Returned.v1": lambda data: _return(data["fact"], data["dispatch"], 1),
    "docking.ReturnCorrected.v1": _return_corrected,
    "docking.DispatchCorrected.v1": _corrected,
    "docking.DispatchVoided.v1": _voided,
    "rights.IncomeReported.v1": lambda data: _income(data, "fact", 1),
    "rights.IncomeCorrected.v1": lambda data: [*_income(data, "previous", -1), *_income(data, "fact", 1)],
    "rights.IncomeVoided.v1": lambda data: _income(data, "previous", -1),
    "rights.WageShortfallDetected.v1": lambda data: _finding(data, "shortfalls_found", "shortfall_amount", "shortfall"),
    "rights.WageShortfallCleared.v1": lambda data: _finding(data, "shortfalls_cleared", "shortfall_recovered", "recovered"),
    "rights.RecruitmentCostAssessed.v1": _assessed,
    "rights.RepatriationApproved.v1": _once("repatriations_approved", (*INCOME_CUTS, 12)),
    "rights.RepatriationRefused.v1": _once("repatriations_refused", INCOME_CUTS),
    "rights.RepatriationCompleted.v1": _repatriated,
    "rights.EmergencyDeclared.v1": _once("emergencies", (13,)),
    "rights.WorkerToAccountFor.v1": _to_account_for,
    "rights.WorkerAccountedFor.v1": lambda data: _once("workers_accounted_for", INCOME_CUTS, data["change"])(data),
    "rights.CaseOpened.v1": _once("cases_opened", CASE_CUTS),
    "rights.CaseAnswered.v1": _case("cases_answered", "case_to_answer"),
    "rights.CaseDeadlineMissed.v1": _once("cases_overdue", CASE_CUTS),
    "rights.CaseClosed.v1": _case("cases_closed", "case_to_close"),
    "rights.CaseReopened.v1": _reopened,
    "rights.CaseSettled.v1": _settled,
    "rights.CaseEscalated.v1": _once("escalations", CASE_CUTS),
    "rights.CaseSettlementRefused.v1": _once("settlements_refused", CASE_CUTS),
}


# --- sums of cells -----------------------------------------------------------------------------------------------------
def known_at(cells: Mapping[NamedCell, int], day: str) -> dict[NamedCell, int]:
    """Only what was recorded by the end of `day`."""
    return {cell: value for cell, value in cells.items() if cell.recorded_on <= day}


def summed(cells: Mapping[NamedCell, int], measure: str, cut: int, key: Callable[[NamedCell], Any]) -> dict[Any, int]:
    """The cells of a measure in one cut, summed by `key`; sums of 0 are left out."""
    total: Counter[Any] = Counter()
    for cell, value in cells.items():
        if (cell.measure, cell.cut) == (measure, cut):
            total[key(cell)] += value
    return {name: value for name, value in total.items() if value}

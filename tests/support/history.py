"""Random histories of a small programme, step by step, in the order in which services publish them.

Every step can be applied to any world, so Hypothesis can shorten a history anywhere: an index picks among what exists, and a step
that is impossible does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from shared import events, reference
from shared.events import RIGHTS, DispatchFact, Event, IncomeFact, ReturnFact
from shared.values import Channel, Destination, EnterpriseId, Grade, Money, Occupation, Period, PlacementId, Sex, new_id, period_of
from tests.support import history_of_counties
from tests.support.history_of_fairs import FAIR_KINDS, FAIR_STEPS
from tests.support.history_of_placements import FAMILIES, keep
from tests.support.history_of_training import TRAINING_STEPS
from tests.support.stats import COUNTIES, assessed, conversion, cost, departure, dispatched, income, paid, worker_fact
from tests.support.world import Recruited, Voyage, Wage, World, worker_id


# --- steps ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something happens, and is recorded `late` days later. `pick` and `other` choose among what exists; the rest are codes."""

    kind: str
    pick: int
    other: int
    day: date
    late: int
    county: str
    codes: int

    def fact(self, on: date) -> DispatchFact:
        return departure(
            self.county,
            on,
            destination=Destination(("JPN", "SGP", "MAC")[self.codes % 3]),
            occupation=Occupation(("7112", "5", "93")[self.codes // 3 % 3]),
            channel=list(Channel)[self.codes // 9 % 3],
            enterprise=EnterpriseId(UUID(int=1 + self.codes % 2)),
            sex=list(Sex)[self.codes % 2],
            birth_year=1950 + self.codes % 50,
            registered_on=self.before(on, 3),
            matched_on=self.before(on, 1),
        )

    def before(self, day: date, step: int) -> date | None:
        """The start of a duration: unknown, before the day, or by mistake after it."""
        return None if self.other % 5 == 0 else day - timedelta(self.other * step - 2)


KINDS = (
    "depart",
    "depart",
    "depart",
    "return",
    "return",
    "correct",
    "correct",
    "return again",
    "void",
    "merge",
    "pay",
    "pay",
    "repay",
    "repay",
    "unpay",
    "register",
    "verify",
    "willing",
    "unwilling",
    "lapse",
    "suspend",
    "suspect",
    "absorb",
    "amend",
    "amend",
    "move",
    "open",
    "amend order",
    "match",
    "enrol",
    "examine",
    "certify",
    *TRAINING_STEPS,
    "clear",
    "cancel",
    "close",
    "expire",
    "short",
    "mend",
    "complain",
    "answer",
    "overdue",
    "settle",
    "reopen",
    "pay out",
    "escalate",
    "refuse",
    "assess",
    "assess",
    "emergency",
    "to account for",
    "accounted for",
    "approve",
    "refuse to repatriate",
    "repatriate",
    "survey",
    "survey again",
    *FAIR_KINDS,
    "fee",
    "fee",
    "reach",
    "reach again",
    "arrival",
    "extension",
    "transfer",
    "absurd",
    "garbage",
)
steps = st.builds(
    Step,
    kind=st.sampled_from(KINDS),
    pick=st.integers(0, 50),
    other=st.integers(0, 50),
    day=st.dates(date(2017, 1, 1), date(2019, 12, 31)),
    late=st.sampled_from((0, 0, 1, 2, 30, 200, 500)),
    county=st.sampled_from(COUNTIES),
    codes=st.integers(0, 400),
)


def happen(world: World, step: Step) -> None:
    """Apply one step, and publish it as its service does."""
    _DO[step.kind](world, step)


def _picked(things: Sequence[Any], pick: int) -> Any:
    return things[pick % len(things)] if things else None


def _depart(world: World, step: Step) -> None:
    worker = step.pick % 12
    voyage = Voyage(placement=PlacementId(new_id()), worker=worker, fact=step.fact(step.day), published_on=step.day + timedelta(step.late))
    world.voyages.append(voyage)
    first = voyage.placement in world.firsts(worker)
    voyage.fact = voyage.fact.model_copy(update={"first_this_year": first})
    world.publish(events.Dispatched(placement=voyage.placement, worker=worker_id(worker), fact=voyage.fact), voyage.published_on)
    world.set_firsts(worker, "late_earlier_departure", voyage.published_on)


def _return(world: World, step: Step) -> None:
    voyage = _picked([voyage for voyage in world.real() if voyage.returned is None], step.pick)
    if voyage is not None:
        back = ReturnFact(returned_on=voyage.fact.departed_on + timedelta(step.codes), reason="completed")
        voyage.published_on = max(voyage.published_on, back.returned_on) + timedelta(step.late)
        voyage.returned = back
        returned = events.Returned(placement=voyage.placement, worker=worker_id(voyage.worker), fact=back, dispatch=voyage.fact)
        world.publish(returned, voyage.published_on)


def _return_again(world: World, step: Step) -> None:
    """The return was on another day than published."""
    voyage = _picked([voyage for voyage in world.real() if voyage.returned is not None], step.pick)
    if voyage is not None:
        back = ReturnFact(returned_on=voyage.fact.departed_on + timedelta(step.codes), reason="early")
        voyage.published_on = max(voyage.published_on, back.returned_on) + timedelta(step.late)
        about = {"placement": voyage.placement, "worker": worker_id(voyage.worker), "previous": voyage.returned, "fact": back}
        voyage.returned = back
        world.publish(events.ReturnCorrected.model_validate({**about, "dispatch": voyage.fact}), voyage.published_on)


def _correct(world: World, step: Step) -> None:
    voyage = _picked(world.real(), step.pick)
    if voyage is not None:
        day = voyage.fact.departed_on + timedelta(step.other - 25)
        if voyage.returned is not None:
            day = min(day, voyage.returned.returned_on)
        on = max(voyage.published_on, day) + timedelta(step.late)
        was, voyage.fact = voyage.fact, step.fact(day)
        fact = voyage.fact.model_copy(update={"first_this_year": voyage.placement in world.firsts(voyage.worker)})
        voyage.fact = was
        world.correct(voyage, fact, "correction", on)
        world.set_firsts(voyage.worker, "correction", on)


def _void(world: World, step: Step) -> None:
    voyage = _picked(world.real(), step.pick)
    if voyage is not None:
        voyage.published_on += timedelta(step.late)
        voyage.voided = True
        about = {"placement": voyage.placement, "worker": worker_id(voyage.worker), "returned": voyage.returned, "reason": "not_departed"}
        void = events.DispatchVoided.model_validate({**about, "previous": voyage.fact, "reopens": step.codes % 2 == 0})
        world.publish(void, voyage.published_on)
        world.set_firsts(voyage.worker, "void_of_first", voyage.published_on)


def _merge(world: World, step: Step) -> None:
    survivor, absorbed = world.person(step.pick % 12), world.person(step.other % 12)
    if survivor != absorbed:
        world.merged[absorbed] = survivor
        world.set_firsts(survivor, "merge", step.day + timedelta(step.late))


def _move(world: World, step: Step) -> None:
    """A worker's household is registered in another county from that day on, willing or not."""
    previous, fact = (
        {"origin": one.origin, "willingness": one.willingness}
        for one in (worker_fact(county, step.day, step.codes) for county in (_picked(COUNTIES, step.pick), step.county))
    )
    event = events.ResidenceChanged.model_validate({"worker": new_id(), "previous": previous, "fact": fact, "effective": step.day})
    world.publish(event, step.day + timedelta(step.late))


def _amend(world: World, step: Step) -> None:
    """A worker was registered in another county, or born in another year."""
    about = {"worker": new_id(), "fields": ("county", "birth_date"), "reason": "mistyped", "requested_by": "clerk:a", "approver": None}
    previous, fact = (worker_fact(county, step.day, step.codes, step.other) for county in (_picked(COUNTIES, step.pick), step.county))
    event = events.WorkerCorrected.model_validate({**about, "previous": previous, "fact": fact, "effective": step.day})
    world.publish(event, step.day + timedelta(step.late))


# --- wages ------------------------------------------------------------------------------------------------------------
def _wage(step: Step, of: DispatchFact) -> IncomeFact:
    day = of.departed_on + timedelta(step.other)
    currency = ("CNY", "JPY", "KWD")[step.codes % 3]
    fact = paid(step.codes * 1000, currency, period_of(day), day + timedelta(40))
    sent = Money(minor=step.codes * 100, currency=fact.net.currency) if step.codes % 2 else None
    return fact.model_copy(update={"remitted": sent, "deductions": Money(minor=step.codes, currency=fact.net.currency)})


def _is_paid(world: World, placement: PlacementId, period: Period) -> bool:
    """Whether a payment for the month counts."""
    return any((wage.report.placement, wage.fact.period) == (placement, period) for wage in world.wages)


def _pay(world: World, step: Step) -> None:
    voyage = _picked(world.voyages, step.pick)
    if voyage is not None:
        of = events.Dispatched(placement=voyage.placement, worker=worker_id(voyage.worker), fact=voyage.fact)
        report = income(of, _wage(step, voyage.fact))
        if _is_paid(world, voyage.placement, report.fact.period):
            report = report.model_copy(update={"further": True})
        wage = Wage(report, report.fact, report.fact.paid_on + timedelta(step.late))
        world.wages.append(wage)
        world.publish(report, wage.published_on)


def _repay(world: World, step: Step) -> None:
    wage = _picked(world.wages, step.pick)
    if wage is not None:
        fact = _wage(step, step.fact(wage.fact.paid_on - timedelta(60)))
        if fact.period != wage.fact.period:  # a month moves as a whole
            world.wages.remove(wage)
            several = any(_is_paid(world, wage.report.placement, period) for period in (fact.period, wage.fact.period))
            world.wages.append(wage)
            if several:
                return
        wage.published_on = max(wage.published_on, fact.paid_on) + timedelta(step.late)
        codes = wage.report.model_dump(exclude={"fact", "further"})
        reason = "mistyped" if step.codes % 3 else None  # of an older event
        changed = {**codes, "previous": wage.fact, "fact": fact, "reason": reason}
        world.publish(events.IncomeCorrected.model_validate(changed), wage.published_on)
        wage.fact = fact


def _unpay(world: World, step: Step) -> None:
    wage = _picked(world.wages, step.pick)
    if wage is not None:
        world.wages.remove(wage)
        codes = wage.report.model_dump(exclude={"fact", "further"})
        beside = {"others_count": _is_paid(world, wage.report.placement, wage.fact.period)}
        void = events.IncomeVoided.model_validate({**codes, **beside, "previous": wage.fact, "reason": "not paid"})
        world.publish(void, wage.published_on + timedelta(step.late))


def _assess(world: World, step: Step) -> None:
    """The cost of a recruitment is assessed, changed or removed."""
    one: Recruited | None = _picked(world.recruited, step.pick) if step.other % 3 else None
    if one is None:
        one = Recruited(dispatched(step.fact(step.day)), None, step.day)
        world.recruited.append(one)
    day = one.of.fact.departed_on + timedelta(step.other)
    fact = None if one.fact and step.codes % 4 == 0 else cost(step.codes * 100, 1 + step.codes * 7, period_of(day))
    if fact != one.fact:
        one.published_on = max(one.published_on, day + timedelta(40)) + timedelta(step.late)
        world.publish(assessed(one.of, fact, one.fact, day + timedelta(40)), one.published_on)
        one.fact = fact


# --- events that count once and are never corrected ----------------------------------------------------------------------
def _single(world: World, step: Step) -> None:
    """An event that adds 1 to a measure, with every code it may carry."""
    origin = reference.origin(step.county, step.day)
    of = dispatched(step.fact(step.day))
    codes = {
        **income(of, paid(5)).model_dump(exclude={"fact", "report", "further"}),
        **_UNCOUNTED_FIELDS,
        "effective": step.day,
        "due": step.day,
        "valid_to": step.day,
        "available_from": step.day,
        "expires_on": step.day,
        "enrolment": new_id(),
        "case": new_id(),
        "emergency": new_id(),
        "repatriation": new_id(),
        "kind": "war" if step.kind == "emergency" else "short",
        "grade": list(Grade)[step.codes % 4],
        "again": step.codes % 3 == 0,
        "change": step.codes % 3 - 1,
        "ends_willingness": step.codes % 3 > 0,
        "outreach": conversion(step.county, step.day, step.codes),
        "renewal": step.codes % 4 == 0,
        "positions": step.codes,
        "previous_positions": step.codes % 7,
        "unfilled": step.codes % 9,
        "reopens": step.codes % 3 > 0,
        "passed": step.codes % 3 > 0,
        "expires": step.day,
        "registered_on": step.before(step.day, 9),
        "matched_on": step.before(step.day, 2),
        "opened_on": step.before(step.day, 5) or (step.day if step.kind in ("answer", "reopen") else None),
        "closed_on": step.day - timedelta(step.other % 3),
        "paid_by": ("employer", "enterprise", "reserve", "insurance")[step.codes % 4],
        "amount": Money(minor=step.codes, currency=paid(1).net.currency) if step.codes % 3 else None,
        **dict.fromkeys(("expected", "paid", "shortfall", "recovered", "cost"), Money(minor=step.codes, currency=paid(1).net.currency)),
    }
    if step.codes % 5 == 0 and step.kind in _OF_CASES:
        codes |= {"origin": None, "destination": None, "placement": None}
    else:
        codes["origin"] = origin
    if step.kind == "refuse":
        codes |= {"reason": "reserve_too_small", "amount": paid(step.codes).net}
    if step.kind == "refuse to repatriate":
        codes |= {"cause": "withdrawn"}
    world.publish(_SINGLES[step.kind].model_validate(codes), step.day + timedelta(step.late))


_OF_CASES = ("complain", "answer", "overdue", "settle", "reopen", "pay out", "escalate", "refuse")
_UNCOUNTED_FIELDS: Mapping[str, Any] = {
    "order": UUID(int=3),
    "score": 500,
    "reasons": (),
    "quota_effect": None,
    "policy_version": "1",
    "course": UUID(int=4),
    "session": UUID(int=5),
    "serial": "S",
    "minutes": 480,
    "worker_no": "W1",
    "other": UUID(int=5),
    "duplicate": UUID(int=6),
    "keys": ("document",),
    "absorbed": UUID(int=7),
    "survivor": UUID(int=8),
    "absorbed_no": "W1",
    "survivor_no": "W2",
    "linked_by": "clerk:a",
    "confirmed_by": "clerk:b",
    "birth_year": 1990,
    "sex": "male",
    "residence_basis": "residence",
    "education": 3,
    "occupations": (),
    "assurance": "verified",
    "source": "self",
    "household_status": "unknown",
    "destinations": (),
    "wage_floor": None,
    "family_consent": True,
    "reason": "worker",
    "period": "2018-03",
    "kind": "short",
    "rule_version": "1",
    "category": "wages",
    "blocking": False,
    "severity": "low",
    "via": "worker",
    "due_at": "2030-01-01T00:00:00Z",
    "outcome": "settled",
    "ground": "term",
    "level": "province",
    "cause": "officer",
    "approval": "A-1",
    "criteria_version": "1",
    "requested_by": "clerk:a",
    "approver": "officer:b",
    "settlement": UUID(int=5),
    "collective": None,
    "authority": "embassy",
    "abroad": 3,
    "condition": "safe",
    "whereabouts": "embassy",
    "reported_by": "worker",
    "certificate": "token",
    "checks": (),
    "employer": "employer-1",
    "wage": paid(1).net,
    "wage_period": "month",
    "term_months": 24,
    "fee_cap": None,
}
_SINGLES: Mapping[str, type[Event]] = {
    "register": events.WorkerRegistered,
    "verify": events.WorkerVerified,
    "willing": events.WillingnessRecorded,
    "unwilling": events.WillingnessWithdrawn,
    "lapse": events.WillingnessExpired,
    "suspend": events.RegistrationLapsed,
    "suspect": events.DuplicateSuspected,
    "absorb": events.WorkersMerged,
    "open": events.JobOrderOpened,
    "amend order": events.JobOrderAmended,
    "match": events.MatchedToEnterprise,
    "enrol": events.WorkerEnrolled,
    "examine": events.AssessmentRecorded,
    "certify": events.CertificateIssued,
    "clear": events.ClearanceGranted,
    "cancel": events.PlacementCancelled,
    "close": events.JobOrderClosed,
    "expire": events.JobOrderExpired,
    "short": events.WageShortfallDetected,
    "mend": events.WageShortfallCleared,
    "complain": events.CaseOpened,
    "answer": events.CaseAnswered,
    "overdue": events.CaseDeadlineMissed,
    "settle": events.CaseClosed,
    "reopen": events.CaseReopened,
    "pay out": events.CaseSettled,
    "escalate": events.CaseEscalated,
    "refuse": events.CaseSettlementRefused,
    "emergency": events.EmergencyDeclared,
    "to account for": events.WorkerToAccountFor,
    "accounted for": events.WorkerAccountedFor,
    "approve": events.RepatriationApproved,
    "refuse to repatriate": events.RepatriationRefused,
    "repatriate": events.RepatriationCompleted,
}


# --- records that cannot be counted --------------------------------------------------------------------------------------
def _absurd(world: World, step: Step) -> None:
    """A departure before 1990, which is parked, and a correction of it, which is parked behind it."""
    of = dispatched(step.fact(date(1970, 1, 1)))
    world.uncountable.add(str(of.placement).encode())
    world.publish(of, step.day)
    about = {"placement": of.placement, "worker": of.worker, "returned": None, "cause": "correction"}
    correction = {**about, "previous": of.fact, "fact": step.fact(date(1970, 1, 2))}
    world.publish(events.DispatchCorrected.model_validate(correction), step.day)


def _garbage(world: World, step: Step) -> None:
    world.log.append(RIGHTS, f"garbage-{step.pick}".encode(), (b"", b"{}", b"[1,\n2]", b"\xff")[step.codes % 4])


_DO = {
    "depart": _depart,
    "return": _return,
    "return again": _return_again,
    "correct": _correct,
    "void": _void,
    "amend": _amend,
    "move": _move,
    "merge": _merge,
    "pay": _pay,
    "repay": _repay,
    "unpay": _unpay,
    "assess": _assess,
    "survey": history_of_counties.survey,
    "survey again": history_of_counties.survey_again,
    "reach": history_of_counties.reach,
    "reach again": history_of_counties.reach_again,
    "absurd": _absurd,
    "garbage": _garbage,
    **FAIR_STEPS,
    **TRAINING_STEPS,
    **dict.fromkeys(_SINGLES, _single),
    **dict.fromkeys(FAMILIES, keep),
}

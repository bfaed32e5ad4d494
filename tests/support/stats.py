"""Events of a journey, built with as little as a test wants to say; and histories at random."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from shared import events, reference
from shared.db import Cause, Database
from shared.events import Event, EventEnvelope
from shared.principals import system
from shared.values import (
    AnnouncementId,
    Channel,
    Clock,
    CountyCode,
    Currency,
    Destination,
    EnterpriseId,
    HouseholdStatus,
    Money,
    Occupation,
    OrderId,
    OutreachChannel,
    Period,
    PlacementId,
    ReportId,
    Sex,
    WorkerId,
    new_id,
)
from tests.support import recording

POOR_WEST = "620521"  # a national poverty county of Gansu
POOR_EAST = "130125"  # a national poverty county of Hebei, east in the three-belt scheme
RICH_EAST = "370102"  # Jinan, never listed
UNKNOWN = "999999"
ENTERPRISE = EnterpriseId(UUID(int=7))


def recorded(data: Event, on: date | None = None) -> EventEnvelope[Event]:
    """The event as recorded at noon of `on`, the effective day unless given."""
    return recording.recorded(data, recording.noon(on or data.effective_on))


def worker_fact(county: str, on: date, codes: int = 7, days: int = 0) -> events.WorkerFact:
    """A worker registered `days` before, of whom verification and willingness are counted as the codes will have it."""
    sex, born = list(Sex)[codes % 2], 1950 + codes % 50

    def counted(earlier: int) -> events.CountedStep:
        day = on - timedelta(earlier)
        return events.CountedStep(on=day, origin=reference.origin(CountyCode(county), day), sex=sex, birth_year=born)

    return events.WorkerFact(
        origin=reference.origin(CountyCode(county), on),
        residence_basis="residence",
        sex=sex,
        birth_year=born,
        education=3,
        occupations=(),
        household_status=HouseholdStatus.UNKNOWN,
        registration=counted(days),
        verification=counted(days // 2) if codes % 3 else None,
        willingness=counted(days // 3) if codes % 4 else None,
        outreach=conversion(county, on - timedelta(days), codes),
    )


def conversion(county: str, on: date, codes: int) -> events.Conversion | None:
    """Of every other registration, by the channel that the codes name."""
    if codes % 2:
        return None
    channel = list(OutreachChannel)[codes % 3]
    origin = reference.origin(CountyCode(county), on)
    return events.Conversion(announcement=AnnouncementId(UUID(int=6)), outreach_channel=channel, origin=origin, on=on)


def departure(county: str = RICH_EAST, departed_on: date = date(2018, 5, 2), **other: Any) -> events.DispatchFact:
    given: dict[str, Any] = {
        "port": "PVG",
        "destination": Destination("JPN"),
        "occupation": Occupation("7112"),
        "channel": Channel.LABOUR_COOPERATION,
        "enterprise": ENTERPRISE,
        "household_status": HouseholdStatus.UNKNOWN,
        "sex": Sex.FEMALE,
        "birth_year": 1990,
        "first_ever": True,
        "first_this_year": True,
        "evidence": events.Evidence.EXIT_STAMP,
        "origin": reference.origin(county, departed_on),
    }
    return events.DispatchFact(departed_on=departed_on, **{**given, **other})


def dispatched(fact: events.DispatchFact | None = None, placement: PlacementId | None = None) -> events.Dispatched:
    return events.Dispatched(placement=placement or PlacementId(new_id()), worker=WorkerId(new_id()), fact=fact or departure())


def came_back(of: events.Dispatched, on: date) -> events.Returned:
    fact = events.ReturnFact(returned_on=on, reason="completed")
    return events.Returned(placement=of.placement, worker=of.worker, fact=fact, dispatch=of.fact)


def came_back_otherwise(of: events.Dispatched, was: date, on: date) -> events.ReturnCorrected:
    previous, fact = (events.ReturnFact(returned_on=day, reason="completed") for day in (was, on))
    return events.ReturnCorrected(placement=of.placement, worker=of.worker, previous=previous, fact=fact, dispatch=of.fact)


def corrected(of: events.Dispatched, fact: events.DispatchFact, returned: date | None = None) -> events.DispatchCorrected:
    back = events.ReturnFact(returned_on=returned, reason="completed") if returned else None
    return events.DispatchCorrected(
        placement=of.placement, worker=of.worker, previous=of.fact, fact=fact, returned=back, cause="correction"
    )


def voided(of: events.Dispatched, returned: date | None = None) -> events.DispatchVoided:
    back = events.ReturnFact(returned_on=returned, reason="completed") if returned else None
    return events.DispatchVoided(placement=of.placement, worker=of.worker, previous=of.fact, returned=back, reason="entered twice")


def paid(net: int, currency: str = "CNY", period: str = "2018-06", on: date = date(2018, 7, 10)) -> events.IncomeFact:
    def money(minor: int) -> Money:
        return Money(minor=minor, currency=Currency(currency))

    return events.IncomeFact(
        period=Period(period), gross=money(net), deductions=money(0), net=money(net), remitted=None, paid_on=on, source="bank"
    )


def _ledger(of: events.Dispatched, on: date) -> dict[str, Any]:
    fact = of.fact
    return {
        "placement": of.placement,
        "worker": of.worker,
        "enterprise": fact.enterprise,
        "origin": fact.origin,
        "destination": fact.destination,
        "occupation": fact.occupation,
        "channel": fact.channel,
        "effective": on,
    }


def income(of: events.Dispatched, fact: events.IncomeFact) -> events.IncomeReported:
    return events.IncomeReported(report=ReportId(new_id()), fact=fact, **_ledger(of, fact.paid_on))


def income_corrected(of: events.Dispatched, previous: events.IncomeFact, fact: events.IncomeFact) -> events.IncomeCorrected:
    return events.IncomeCorrected(report=ReportId(new_id()), previous=previous, fact=fact, **_ledger(of, fact.paid_on))


def income_voided(of: events.Dispatched, report: events.IncomeReported) -> events.IncomeVoided:
    on = report.effective
    return events.IncomeVoided(report=report.report, previous=report.fact, reason="dispatch_voided", **_ledger(of, on))


# --- orders ---------------------------------------------------------------------------------------------------------------
def _order(on: date, destination: str) -> dict[str, Any]:
    return {
        "order": OrderId(UUID(int=9)),
        "enterprise": ENTERPRISE,
        "destination": destination,
        "occupation": "7112",
        "channel": Channel.LABOUR_COOPERATION,
        "effective": on,
    }


def opened(positions: int, on: date = date(2018, 1, 5), destination: str = "JPN") -> events.JobOrderOpened:
    wage = Money(minor=800_000, currency=Currency("CNY"))
    return events.JobOrderOpened.model_validate(
        {
            **_order(on, destination),
            "employer": "employer-1",
            "positions": positions,
            "wage": wage,
            "wage_period": "month",
            "term_months": 24,
            "fee_cap": None,
            "expires": on + timedelta(days=365),
        }
    )


def ended(unfilled: int, on: date, destination: str = "JPN", *, expired: bool = False) -> events.JobOrderClosed | events.JobOrderExpired:
    cls = events.JobOrderExpired if expired else events.JobOrderClosed
    return cls.model_validate({**_order(on, destination), "unfilled": unfilled})


def _step(county: str, on: date, destination: str) -> dict[str, Any]:
    about = {"placement": new_id(), "worker": new_id(), "origin": reference.origin(CountyCode(county), on)}
    return {**_order(on, destination), **about}


def matched(
    county: str = RICH_EAST, on: date = date(2018, 2, 1), destination: str = "JPN", registered_on: date | None = None
) -> events.MatchedToEnterprise:
    return events.MatchedToEnterprise.model_validate(
        {
            **_step(county, on, destination),
            "score": 900,
            "reasons": (),
            "quota_effect": None,
            "policy_version": "match/1",
            "due": on,
            "registered_on": registered_on,
        }
    )


def cleared(
    on: date = date(2018, 3, 1), registered_on: date | None = None, matched_on: date | None = None, destination: str = "JPN"
) -> events.ClearanceGranted:
    return events.ClearanceGranted.model_validate(
        {
            **_step(RICH_EAST, on, destination),
            "certificate": "token",
            "valid_to": on,
            "checks": (),
            "registered_on": registered_on,
            "matched_on": matched_on,
        }
    )


def cancelled(on: date, *, reopens: bool, destination: str = "JPN") -> events.PlacementCancelled:
    return events.PlacementCancelled.model_validate({**_step(RICH_EAST, on, destination), "reason": "worker", "reopens": reopens})


# --- cases and the cost of recruitment -----------------------------------------------------------------------------------
def case_opened(on: date = date(2018, 5, 2), of: events.Dispatched | None = None) -> events.CaseOpened:
    return events.CaseOpened.model_validate(
        {
            "case": new_id(),
            "category": "wages",
            "enterprise": ENTERPRISE,
            "placement": of.placement if of else None,
            "origin": of.fact.origin if of else None,
            "destination": of.fact.destination if of else None,
            "blocking": False,
            "effective": on,
            "severity": "normal",
            "via": "worker",
            "due_at": datetime.combine(on + timedelta(days=2), time(4), UTC),
        }
    )


def _case(of: events.CaseOpened, on: date) -> dict[str, Any]:
    return {**of.model_dump(), "effective": on, "opened_on": of.effective}


def case_answered(of: events.CaseOpened, on: date) -> events.CaseAnswered:
    return events.CaseAnswered.model_validate(_case(of, on))


def case_overdue(of: events.CaseOpened) -> events.CaseDeadlineMissed:
    return events.CaseDeadlineMissed.model_validate(_case(of, of.due_at.date()))


def case_closed(of: events.CaseOpened, on: date) -> events.CaseClosed:
    return events.CaseClosed.model_validate({**_case(of, on), "outcome": "settled"})


def case_reopened(of: events.CaseClosed, on: date) -> events.CaseReopened:
    return events.CaseReopened.model_validate({**of.model_dump(), "effective": on, "closed_on": of.effective, "ground": "term"})


def cost(fee: int, first_income: int, period: str = "2018-06", currency: str = "CNY") -> events.RecruitmentCost:
    milli = (2000 * fee + first_income) // (2 * first_income)
    return events.RecruitmentCost.model_validate(
        {
            "period": period,
            "fee": {"minor": fee, "currency": currency},
            "first_income": {"minor": first_income, "currency": currency},
            "months_milli": milli,
        }
    )


def assessed(
    of: events.Dispatched, fact: events.RecruitmentCost | None, previous: events.RecruitmentCost | None = None, on: date = date(2018, 7, 10)
) -> events.RecruitmentCostAssessed:
    return events.RecruitmentCostAssessed(previous=previous, fact=fact, **_ledger(of, on))


# --- histories at random ----------------------------------------------------------------------------------------------
COUNTIES = (POOR_WEST, POOR_EAST, RICH_EAST, UNKNOWN, "441900", "622421", "310101")
DAYS = st.dates(date(2017, 1, 1), date(2020, 12, 31))


@st.composite
def departures(draw: st.DrawFn) -> events.DispatchFact:
    day = draw(DAYS)
    return departure(
        draw(st.sampled_from(COUNTIES)),
        day,
        destination=Destination(draw(st.sampled_from(("JPN", "SGP", "MAC")))),
        occupation=Occupation(draw(st.sampled_from(("7112", "5", "93")))),
        channel=draw(st.sampled_from(Channel)),
        sex=draw(st.sampled_from(Sex)),
        birth_year=day.year - draw(st.integers(15, 70)),
        first_this_year=draw(st.booleans()),
        enterprise=EnterpriseId(UUID(int=draw(st.integers(1, 3)))),
        registered_on=draw(since(day)),
        matched_on=draw(since(day)),
    )


@st.composite
def since(draw: st.DrawFn, day: date) -> date | None:
    """A day from which days are counted to `day`: unknown, before, on it, or (somebody has mistaken it) after."""
    return draw(st.none() | st.integers(-3, 4000).map(lambda days: day - timedelta(days=days)))


@st.composite
def lives(draw: st.DrawFn) -> list[EventEnvelope[Event]]:
    """One placement from departure to what happens to it, in order, each event recorded late by up to 200 days."""
    current = dispatched(draw(departures()))
    history: list[Event] = [current]
    back: date | None = None
    for step in draw(st.lists(st.sampled_from(("return", "correct", "pay", "repay", "cost", "complain")), max_size=4)):
        if step == "return":
            on = current.fact.departed_on + timedelta(days=draw(st.integers(0, 400)))
            history.append(came_back(current, on) if back is None else came_back_otherwise(current, back, on))
            back = on
        elif step == "correct":
            fact = draw(departures()).model_copy(update={"departed_on": current.fact.departed_on})
            history.append(corrected(current, fact, back))
            current = current.model_copy(update={"fact": fact})
        elif step == "pay":
            history.append(income(current, paid(draw(st.integers(1, 10**7)), draw(st.sampled_from(("CNY", "JPY", "KWD"))))))
        elif step == "repay":
            was, now = paid(draw(st.integers(1, 10**6))), paid(draw(st.integers(1, 10**6)), period="2018-07")
            history.append(income_corrected(current, was, now))
        elif step == "cost":
            costs = (None, *draw(st.lists(st.builds(cost, st.integers(0, 10**6), st.integers(1, 10**6)), max_size=2)), None)
            history += [assessed(current, fact, previous) for previous, fact in pairwise(costs) if previous != fact]
        elif step == "complain":
            history += draw(complaints(current.fact.departed_on, draw(st.sampled_from((None, current)))))
    if draw(st.integers(0, 9)) == 0:
        history.append(voided(current, back))
    latest, found = date(2018, 8, 1), []
    for data in history:
        latest = max(latest, data.effective_on) + timedelta(days=draw(st.integers(0, 200)))
        found.append(recorded(data, latest))
    return found


@st.composite
def complaints(draw: st.DrawFn, day: date, of: events.Dispatched | None) -> list[Event]:
    """A case, about a placement or none: answered in time or not, and closed."""
    case = case_opened(day + timedelta(days=draw(st.integers(0, 99))), of)
    answered = case.effective + timedelta(days=draw(st.integers(0, 60)))
    history: list[Event] = [case, case_answered(case, answered), case_closed(case, answered + timedelta(days=draw(st.integers(0, 99))))]
    return [*history, case_overdue(case)] if answered > case.due_at.date() else history


@st.composite
def orders(draw: st.DrawFn) -> list[EventEnvelope[Event]]:
    """One job order: opened, positions taken and given back, ended."""
    day, destination = draw(DAYS), draw(st.sampled_from(("JPN", "SGP")))
    history: list[Event] = [opened(draw(st.integers(1, 9)), day, destination)]
    for step in draw(st.lists(st.sampled_from(("match", "cancel", "late")), max_size=5)):
        if step == "match":
            history.append(matched(draw(st.sampled_from(COUNTIES)), day, destination, draw(since(day))))
            history.append(cleared(day, draw(since(day)), draw(since(day)), destination))
        else:
            history.append(cancelled(day, reopens=step == "cancel", destination=destination))
    if draw(st.booleans()):
        history.append(ended(draw(st.integers(0, 9)), day, destination, expired=draw(st.booleans())))
    return [recorded(data, day) for data in history]


histories = st.lists(lives() | orders(), max_size=8)


# --- a database that has counted ----------------------------------------------------------------------------------------
def cause(at: datetime | None = None) -> Cause:
    return Cause(principal=system("stats"), clock=Clock(at))


async def counted(database: Database, history: Sequence[EventEnvelope[Event]], batch: int = 1000) -> None:
    """Apply the events as the consumer would, a transaction per batch."""
    from services.stats import consumers  # noqa: PLC0415  # the service under test

    for start in range(0, len(history), batch):
        async with database.transaction(cause()) as tx:
            await consumers.apply(tx, history[start : start + batch])


async def outbox_of(database: Database) -> list[Event]:
    """The events that the service has published, oldest first."""
    async with database.connection() as conn:
        rows = await conn.fetch("SELECT value FROM outbox ORDER BY id")
    return [event.data for event in map(events.decode, (row["value"] for row in rows)) if isinstance(event, EventEnvelope)]

"""What is owed, what falls short, what counts, and when a case may close. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal

from shared.errors import Conflict, Invalid, NotFound, VersionConflict
from shared.values import Money, Period, WagePeriod, first_day, last_day, next_period, period_of

RULE_VERSION = "wage-shortfall/1"
FIRST_PERIOD = Period("1990-01")

Source = Literal["worker", "employer", "bank"]
Kind = Literal["short", "missing"]
Category = Literal["wages", "contract", "safety", "conditions", "fees", "emergency"]
Severity = Literal["low", "normal", "high", "emergency"]
RANK: dict[Source, int] = {"worker": 1, "employer": 2, "bank": 3}  # the better source counts


class ReportState(StrEnum):
    COUNTING = "counting"
    SUPERSEDED = "superseded"  # a better source, or a correction, counts instead
    OUTRANKED = "outranked"  # came after a better source
    VOIDED = "voided"
    ORPHANED = "orphaned"  # its dispatch was voided; kept for whoever has to explain the money


class CaseState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


# --- errors -------------------------------------------------------------------------------------------------------
class PlacementNotFound(NotFound):
    """There is no wage ledger for this placement: it has not departed as far as we know."""

    slug = "PLACEMENT_NOT_FOUND"


class ReportNotFound(NotFound):
    """There is no such income report."""

    slug = "REPORT_NOT_FOUND"


class PayrollNotFound(NotFound):
    """There is no such payroll."""

    slug = "PAYROLL_NOT_FOUND"


class CaseNotFound(NotFound):
    """There is no such case."""

    slug = "CASE_NOT_FOUND"


class NotAbroad(Invalid):
    """The wage period lies outside the days the worker was abroad."""

    slug = "NOT_ABROAD"


class PeriodAbsurd(Invalid):
    """A wage period lies between 1990-01 and the month of its recording."""

    slug = "PERIOD_ABSURD"


class PaidInFuture(Invalid):
    """A wage cannot have been paid after today."""

    slug = "PAID_IN_FUTURE"


class DoesNotAddUp(Invalid):
    """Net is gross less deductions, nothing is negative, and all of it is in one currency."""

    slug = "DOES_NOT_ADD_UP"


class AlreadyReported(Conflict):
    """The same source has reported another amount for this period: correct that report."""

    slug = "ALREADY_REPORTED"


class DispatchIsVoid(Conflict):
    """The dispatch was voided; its income cannot be reported."""

    slug = "DISPATCH_VOIDED"


class ReportNotCounting(Conflict):
    """Only a report that counts can be corrected or voided."""

    slug = "REPORT_NOT_COUNTING"


class StaleVersion(VersionConflict):
    """The report has changed since the version named."""


class CaseNotOpen(Conflict):
    """The case is closed."""

    slug = "CASE_NOT_OPEN"


class AlreadyAnswered(Conflict):
    """The first answer was given."""

    slug = "ALREADY_ANSWERED"


class EnterpriseMissing(Invalid):
    """A case names a placement or an enterprise."""

    slug = "ENTERPRISE_MISSING"


class SilenceTooShort(Conflict):
    """A case closes by silence only after the worker had the full time to answer."""

    slug = "SILENCE_TOO_SHORT"


# --- the wage ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Rules:
    """The parameters marked (p)."""

    tolerance_percent: int = 5
    missing_after_days: int = 30
    collective_from: int = 3
    silence_days: int = 30


@dataclass(frozen=True, slots=True)
class Terms:
    """What the contract promises."""

    wage: Money
    wage_period: WagePeriod
    days_per_month: int
    pay_day: int
    deductions_max: Money


@dataclass(frozen=True, slots=True)
class Abroad:
    """The days between which a wage is due; `returned_on` None: still abroad."""

    departed_on: date
    returned_on: date | None

    def days_in(self, period: Period) -> int:
        """Days of the month spent abroad, the days of departure and return included."""
        begin = max(first_day(period), self.departed_on)
        end = min(last_day(period), self.returned_on or date.max)
        return max((end - begin).days + 1, 0)


@dataclass(frozen=True, slots=True)
class Paid:
    """One report: what was paid for one period, by whose word."""

    period: Period
    gross: Money
    deductions: Money
    net: Money
    remitted: Money | None
    paid_on: date
    source: Source


def check(paid: Paid, today: date) -> None:
    """Raises DoesNotAddUp, PeriodAbsurd, PaidInFuture, naming the field."""
    amounts = {"gross": paid.gross, "deductions": paid.deductions, "net": paid.net}
    if paid.remitted is not None:
        amounts["remitted"] = paid.remitted
    for field, amount in amounts.items():
        if amount.currency != paid.gross.currency or amount.minor < 0:
            raise DoesNotAddUp(field=field)
    if paid.net.minor != paid.gross.minor - paid.deductions.minor:
        raise DoesNotAddUp("net is not gross less deductions", field="net")
    if not FIRST_PERIOD <= paid.period <= period_of(today):
        raise PeriodAbsurd(field="period")
    if paid.paid_on > today:
        raise PaidInFuture(field="paid_on")


def require_abroad(abroad: Abroad, period: Period) -> None:
    """Raises NotAbroad."""
    if abroad.days_in(period) == 0:
        raise NotAbroad(field="period")


def expected_gross(terms: Terms, abroad: Abroad, period: Period) -> Money:
    """The wage for the days abroad in the month, pro rata, rounded down to the minor unit: what the contract certainly owes."""
    month = terms.wage.minor * (terms.days_per_month if terms.wage_period is WagePeriod.DAY else 1)
    return Money(minor=month * abroad.days_in(period) // last_day(period).day, currency=terms.wage.currency)


def expected_net(terms: Terms, abroad: Abroad, paid: Paid) -> Money:
    """The pro rata wage less what was lawfully deducted, which is at most what the contract allows."""
    gross = expected_gross(terms, abroad, paid.period)
    return Money(minor=max(gross.minor - min(paid.deductions.minor, terms.deductions_max.minor), 0), currency=gross.currency)


def comparable(terms: Terms, paid: Paid) -> bool:
    """Wages are compared in the contract's currency, before any conversion."""
    return terms.wage.currency == paid.net.currency


def shortfall(expected: Money, paid: Money, rules: Rules) -> Money | None:
    """What is missing, once it is more than the tolerance; None: nothing, or another currency that is not compared."""
    if expected.currency != paid.currency or paid.minor * 100 >= expected.minor * (100 - rules.tolerance_percent):
        return None
    return expected.minus(paid)


def first_due(abroad: Abroad, terms: Terms, rules: Rules) -> tuple[Period, date]:
    """The first wage period, and the day from which its wage is missing."""
    period = period_of(abroad.departed_on)
    return period, missing_from(period, terms, rules)


def missing_from(period: Period, terms: Terms, rules: Rules) -> date:
    """The pay day lies in the month after the wage period; the wage is missing so many days later."""
    pay_day = first_day(next_period(period)) + timedelta(days=terms.pay_day - 1)
    return pay_day + timedelta(days=rules.missing_after_days + 1)


def next_due(period: Period, abroad: Abroad, terms: Terms, rules: Rules) -> tuple[Period, date] | None:
    """The period to look for after this one; None once the return lies behind it."""
    following = next_period(period)
    if abroad.returned_on is not None and first_day(following) > abroad.returned_on:
        return None
    return following, missing_from(following, terms, rules)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a worker was charged against the first income: that of the first whole month abroad with a report (SDG 10.7.1)."""

    period: Period
    fee: Money
    first_income: Money

    @property
    def months_milli(self) -> int:
        """The fee in thousandths of a month of that income, rounded half up."""
        return (2000 * self.fee.minor + self.first_income.minor) // (2 * self.first_income.minor)


# --- which report counts ---------------------------------------------------------------------------------------------
class Verdict(StrEnum):
    FIRST = "first"
    SAME = "same"  # said before: nothing changes
    BETTER = "better"  # supersedes what counted
    WORSE = "worse"  # kept, does not count


def weigh(counting: Paid | None, new: Paid) -> Verdict:
    """Bank > employer > worker. The same source with another amount must correct its report. Raises AlreadyReported."""
    if counting is None:
        return Verdict.FIRST
    if replace(counting, paid_on=new.paid_on) == new:
        return Verdict.SAME
    if RANK[new.source] == RANK[counting.source]:
        raise AlreadyReported(field="period", state={"net": counting.net.minor, "source": counting.source})
    return Verdict.BETTER if RANK[new.source] > RANK[counting.source] else Verdict.WORSE


def conflicts(counting: Paid, new: Paid) -> bool:
    """Two sources disagree about what reached the worker."""
    return counting.net != new.net


# --- cases -----------------------------------------------------------------------------------------------------------
ANSWER_HOURS: dict[str, int] = {"emergency": 2, "wages": 48}
ANSWER_WORKING_DAYS = 30


def is_blocking(severity: Severity, *, collective: bool) -> bool:
    """While it is open, no clearance is granted to the enterprise."""
    return severity == "emergency" or collective


def answer_hours(category: Category, severity: Severity) -> int | None:
    """Hours to the first answer; None: ANSWER_WORKING_DAYS."""
    return ANSWER_HOURS["emergency"] if severity == "emergency" else ANSWER_HOURS.get(category)


def require_closable(state: CaseState, outcome: str, opened_at: datetime, now: datetime, rules: Rules) -> None:
    """Raises CaseNotOpen, SilenceTooShort."""
    if state is not CaseState.OPEN:
        raise CaseNotOpen(state=state.value)
    if outcome == "silence" and now < opened_at + timedelta(days=rules.silence_days):
        raise SilenceTooShort(f"the worker has {rules.silence_days} days to answer", state=state.value)

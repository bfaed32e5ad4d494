"""The wage ledger of a placement: what the contract promises, the days it is promised for, and which month is looked for next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.rights.domain.costs import Cost, FirstIncome
from shared.values import (
    Channel,
    CountyCode,
    Designation,
    Destination,
    EnterpriseId,
    Money,
    Occupation,
    Period,
    PlacementId,
    WagePeriod,
    WorkerId,
    first_day,
    last_day,
    next_period,
    period_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the contract promises."""

    wage: Money
    wage_period: WagePeriod
    days_per_month: int
    pay_day: int
    deductions_max: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerms:
    """What is promised since a day: another employer has taken the worker over. `change`: the id of that."""

    change: str
    since: date
    terms: Terms


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
class Due:
    """The wage period that is looked for next, and the day from which its wage is missing."""

    period: Period
    missing_from: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Everything known about the wages of one placement, but the reports. Codes are those of the dispatch, once it is known."""

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    county: CountyCode
    designation: Designation
    designation_version: str
    destination: Destination
    occupation: Occupation
    channel: Channel
    terms: Terms
    departed_on: date | None = None
    returned_on: date | None = None
    voided: bool = False
    due_period: Period | None = None
    transfers: tuple[NewTerms, ...] = ()  # oldest first; before them `terms`, in the same currency
    fee: Money | None = None  # all that the worker was charged; None: nothing was declared, or in several currencies
    first_income: FirstIncome | None = None  # that the fee was last measured against

    @property
    def abroad(self) -> Abroad | None:
        """None: no counted departure."""
        return None if self.departed_on is None or self.voided else Abroad(self.departed_on, self.returned_on)

    @property
    def cost(self) -> Cost | None:
        """The fee against the first income, as last published; None: either is not known."""
        return None if self.fee is None or self.first_income is None else Cost(self.fee, self.first_income)


def monthly(terms: Terms) -> int:
    """Minor units of a full month."""
    return terms.wage.minor * (terms.days_per_month if terms.wage_period is WagePeriod.DAY else 1)


def in_month(ledger: Ledger, period: Period) -> Ledger:
    """The ledger with the terms that are compared for that month: those of its last day.

    The wage of a month in which an employer took the worker over is that of each part by its days abroad, rounded down.
    """
    if not ledger.transfers:
        return ledger
    begin, end = max(first_day(period), ledger.departed_on or date.min), min(last_day(period), ledger.returned_on or date.max)
    starts = [date.min, *(one.since for one in ledger.transfers)]
    terms = [ledger.terms, *(one.terms for one in ledger.transfers)]
    ends = [*(day - timedelta(days=1) for day in starts[1:]), date.max]
    days = [max((min(end, until) - max(begin, start)).days + 1, 0) for start, until in zip(starts, ends, strict=True)]
    last = max((number for number, start in enumerate(starts) if start <= end), default=0)
    if sum(count > 0 for count in days) <= 1:
        return replace(ledger, terms=terms[last])
    wage = sum(count * monthly(one) for count, one in zip(days, terms, strict=True)) // sum(days)
    blended = Money(minor=wage, currency=ledger.terms.wage.currency)
    return replace(ledger, terms=replace(terms[last], wage=blended, wage_period=WagePeriod.MONTH, days_per_month=1))


def expected_gross(terms: Terms, abroad: Abroad, period: Period) -> Money:
    """The wage for the days abroad in the month, pro rata, rounded down to the minor unit: what the contract certainly owes."""
    return Money(minor=monthly(terms) * abroad.days_in(period) // last_day(period).day, currency=terms.wage.currency)


def pay_day(period: Period, terms: Terms) -> date:
    """In the month after the wage period."""
    return first_day(next_period(period)) + timedelta(days=terms.pay_day - 1)


def due(period: Period, terms: Terms, missing_after_days: int) -> Due:
    """The wage is missing so many days after its pay day."""
    return Due(period, pay_day(period, terms) + timedelta(days=missing_after_days + 1))


def first_due(abroad: Abroad, terms: Terms, missing_after_days: int) -> Due:
    """The wage of the month of departure."""
    return due(period_of(abroad.departed_on), terms, missing_after_days)


def next_due(period: Period, abroad: Abroad, terms: Terms, missing_after_days: int) -> Due | None:
    """The period to look for after this one; None once the return lies before it."""
    return _due_within(next_period(period), abroad, terms, missing_after_days)


def remaining_due(ledger: Ledger, missing_after_days: int) -> Due | None:
    """What is looked for next, as far as it still lies within the days abroad."""
    if ledger.abroad is None or ledger.due_period is None:
        return None
    return _due_within(ledger.due_period, ledger.abroad, ledger.terms, missing_after_days)


def _due_within(period: Period, abroad: Abroad, terms: Terms, missing_after_days: int) -> Due | None:
    if abroad.returned_on is not None and first_day(period) > abroad.returned_on:
        return None
    return due(period, terms, missing_after_days)

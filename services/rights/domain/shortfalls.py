"""What falls short of the contract, comes late, is missing, or was deducted without right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.rights.domain.incomes import Paid
from services.rights.domain.ledgers import Abroad, Ledger, Terms, expected_gross, pay_day
from shared.values import EnterpriseId, Money, Period, PlacementId

RULE_VERSION = "wage-shortfall/2"

Kind = Literal["short", "late", "missing", "illegal_deduction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something wrong with the wage of a month, open until it is cleared. What is missing is `expected` less `paid`.

    short: the wage owed, and what was paid; what was deducted without right counts as paid, being a finding of its own.
    late: what came late, twice: it did come. missing: the wage owed, and nothing.
    illegal_deduction: what would have reached the worker with lawful deductions, and what did.
    """

    placement: PlacementId
    period: Period
    kind: Kind
    enterprise: EnterpriseId
    expected: Money
    paid: Money
    made_good: bool = False  # cleared, since the wage was paid in the end
    id: int = 0  # given by the database


@dataclass(frozen=True, slots=True)
class Limits:
    """The programme's parameters that findings depend on."""

    tolerance_percent: int
    late_after_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wages:
    """The payments of one period together, in the contract's currency. `late`: what was paid after the last day in time."""

    period: Period
    deductions: Money
    net: Money
    late: Money


def comparable(terms: Terms, paid: Paid) -> bool:
    """Wages are compared in the contract's currency, before any conversion."""
    return terms.wage.currency == paid.net.currency


def last_day_in_time(period: Period, terms: Terms, late_after_days: int) -> date:
    """A wage paid after this day is late."""
    return pay_day(period, terms) + timedelta(days=late_after_days)


def judged_from(period: Period, terms: Terms) -> date:
    """Until its pay day is over more may be paid for a month: it is compared from the day after."""
    return pay_day(period, terms) + timedelta(days=1)


def add_up(terms: Terms, payments: Sequence[Paid], late_after_days: int) -> Wages | None:
    """None: a payment was in another currency, so that the month cannot be compared."""
    if not payments or not all(comparable(terms, paid) for paid in payments):
        return None
    period = payments[0].period
    deadline = last_day_in_time(period, terms, late_after_days)
    return Wages(
        period=period,
        deductions=_sum(terms, (paid.deductions for paid in payments)),
        net=_sum(terms, (paid.net for paid in payments)),
        late=_sum(terms, (paid.net for paid in payments if paid.paid_on > deadline)),
    )


def _sum(terms: Terms, amounts: Iterable[Money]) -> Money:
    return Money(minor=sum(amount.minor for amount in amounts), currency=terms.wage.currency)


def expected_net(terms: Terms, abroad: Abroad, wages: Wages) -> Money:
    """The pro rata wage less what was lawfully deducted, which is at most what the contract allows."""
    gross = expected_gross(terms, abroad, wages.period)
    return Money(minor=max(gross.minor - min(wages.deductions.minor, terms.deductions_max.minor), 0), currency=gross.currency)


def unlawful(terms: Terms, wages: Wages) -> Money:
    """What was deducted beyond what the contract allows."""
    return Money(minor=max(wages.deductions.minor - terms.deductions_max.minor, 0), currency=terms.wage.currency)


def shortfall(expected: Money, paid: Money, tolerance_percent: int) -> Money | None:
    """What is missing, once it is more than the tolerance; None: nothing, or another currency that is not compared."""
    if expected.currency != paid.currency or paid.minor * 100 >= expected.minor * (100 - tolerance_percent):
        return None
    return expected.minus(paid)


def find(ledger: Ledger, wages: Wages, limits: Limits) -> dict[Kind, Finding]:
    """What is wrong with a month that was paid, by kind."""
    if ledger.abroad is None:
        return {}
    expected, beyond = expected_net(ledger.terms, ledger.abroad, wages), unlawful(ledger.terms, wages)
    lawful = wages.net.plus(beyond)
    found: dict[Kind, Finding] = {}
    if shortfall(expected, lawful, limits.tolerance_percent) is not None:
        found["short"] = _finding(ledger, wages.period, "short", expected, lawful)
    if wages.late.minor and shortfall(expected, lawful.minus(wages.late), limits.tolerance_percent) is not None:
        found["late"] = _finding(ledger, wages.period, "late", wages.late, wages.late)
    if beyond.minor:
        found["illegal_deduction"] = _finding(ledger, wages.period, "illegal_deduction", lawful, wages.net)
    return found


def find_missing(ledger: Ledger, period: Period) -> Finding | None:
    """The finding for a month that nobody reported; None: nothing is owed for it."""
    if ledger.abroad is None:
        return None
    expected = expected_gross(ledger.terms, ledger.abroad, period)
    return _finding(ledger, period, "missing", expected, Money(minor=0, currency=expected.currency)) if expected.minor else None


def recovered(finding: Finding, terms: Terms, wages: Wages | None) -> Money:
    """What reached the worker after the finding; nothing where it was in another currency, or not owed after all."""
    if wages is None or finding.kind == "late":
        return Money(minor=0, currency=finding.paid.currency)
    reached = wages.net.plus(unlawful(terms, wages)) if finding.kind == "short" else wages.net
    most = finding.expected.minor - finding.paid.minor if finding.kind == "illegal_deduction" else reached.minor
    return Money(minor=max(min(reached.minor - finding.paid.minor, most), 0), currency=finding.paid.currency)


def _finding(ledger: Ledger, period: Period, kind: Kind, expected: Money, paid: Money) -> Finding:
    return Finding(placement=ledger.placement, period=period, kind=kind, enterprise=ledger.enterprise, expected=expected, paid=paid)

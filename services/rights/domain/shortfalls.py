"""What falls short of the contract, or is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.rights.domain.incomes import Paid
from services.rights.domain.ledgers import Abroad, Ledger, Terms, expected_gross
from shared.values import EnterpriseId, Money, Period, PlacementId

RULE_VERSION = "wage-shortfall/1"

Kind = Literal["short", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A wage that is short or missing, open until it is cleared."""

    placement: PlacementId
    period: Period
    kind: Kind
    enterprise: EnterpriseId
    expected: Money
    paid: Money
    id: int = 0  # given by the database


def comparable(terms: Terms, paid: Paid) -> bool:
    """Wages are compared in the contract's currency, before any conversion."""
    return terms.wage.currency == paid.net.currency


def expected_net(terms: Terms, abroad: Abroad, paid: Paid) -> Money:
    """The pro rata wage less what was lawfully deducted, which is at most what the contract allows."""
    gross = expected_gross(terms, abroad, paid.period)
    return Money(minor=max(gross.minor - min(paid.deductions.minor, terms.deductions_max.minor), 0), currency=gross.currency)


def shortfall(expected: Money, paid: Money, tolerance_percent: int) -> Money | None:
    """What is missing, once it is more than the tolerance; None: nothing, or another currency that is not compared."""
    if expected.currency != paid.currency or paid.minor * 100 >= expected.minor * (100 - tolerance_percent):
        return None
    return expected.minus(paid)


def find_short(ledger: Ledger, paid: Paid, tolerance_percent: int) -> Finding | None:
    """The finding, where less was paid than is owed less the tolerance."""
    if ledger.abroad is None:
        return None
    expected = expected_net(ledger.terms, ledger.abroad, paid)
    if shortfall(expected, paid.net, tolerance_percent) is None:
        return None
    return _finding(ledger, paid.period, "short", expected, paid.net)


def find_missing(ledger: Ledger, period: Period) -> Finding | None:
    """The finding for a month that nobody reported; None: nothing is owed for it."""
    if ledger.abroad is None:
        return None
    expected = expected_gross(ledger.terms, ledger.abroad, period)
    return _finding(ledger, period, "missing", expected, Money(minor=0, currency=expected.currency)) if expected.minor else None


def _finding(ledger: Ledger, period: Period, kind: Kind, expected: Money, paid: Money) -> Finding:
    return Finding(placement=ledger.placement, period=period, kind=kind, enterprise=ledger.enterprise, expected=expected, paid=paid)

"""What recruitment cost a worker, in months of first income (SDG 10.7.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.values import Currency, FeeId, Money, Period, PlacementId, round_half_up


@dataclass(frozen=True, slots=True)
class FirstIncome:
    """The net income of the first whole month abroad with a report that counts, in the currency of the wage."""

    period: Period
    net: Money


@dataclass(frozen=True, slots=True)
class ChargedFee:
    """One fee that the worker was charged for the placement."""

    fee: FeeId
    placement: PlacementId
    amount: Money


def total_charged(fees: Sequence[ChargedFee], currency: Currency) -> Money | None:
    """All of them in the currency of the wage. None: none is declared, or one is in another currency and cannot be compared."""
    if not fees or any(one.amount.minor and one.amount.currency != currency for one in fees):
        return None
    return Money(minor=sum(one.amount.minor for one in fees), currency=currency)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a worker was charged, against the first income."""

    fee: Money
    first_income: FirstIncome

    @property
    def months_milli(self) -> int:
        """The fee in thousandths of a month of that income, rounded half up."""
        return round_half_up((1000 * self.fee.minor, self.first_income.net.minor))

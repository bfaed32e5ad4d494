"""What recruitment cost a worker, in months of first income (SDG 10.7.1)."""

from __future__ import annotations

from dataclasses import dataclass

from shared.values import Money, Period, round_half_up


@dataclass(frozen=True, slots=True)
class FirstIncome:
    """The net income of the first whole month abroad with a report that counts, in the currency of the wage."""

    period: Period
    net: Money


@dataclass(frozen=True, slots=True)
class Cost:
    """What a worker was charged, against the first income."""

    fee: Money
    first_income: FirstIncome

    @property
    def months_milli(self) -> int:
        """The fee in thousandths of a month of that income, rounded half up."""
        return round_half_up((1000 * self.fee.minor, self.first_income.net.minor))

"""Fees: what is charged for a placement, to whom and for what, and the two standards that it is read against.

C5 (article 25) caps the service fee of the worker; the ILO's principles allow no fee and no related cost at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.docking.domain.contracts import Contract
from services.docking.domain.errors import CurrencyDiffers, DayTooEarly, FutureDay, OwnEmployeeFee
from services.docking.domain.origins import CountedOrigin
from shared.values import Channel, Currency, FeeId, FeeItem, FeePayer, Money, PlacementId

EARLIEST = date(1990, 1, 1)  # nothing before is counted
MOST = 100  # fees of one placement: with as many of the largest amounts, their sum is still an amount


FeeVoidReason = Literal["not_charged", "duplicate", "wrong_placement", "refunded", "contract_replaced"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What a fee is: who pays how much for what."""

    payer: FeePayer
    item: FeeItem
    amount: Money
    charged_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """One declared fee of a placement. `origin`: by which it is counted."""

    id: FeeId
    placement: PlacementId
    charge: Charge
    origin: CountedOrigin
    published: bool = True  # False: of a contract that was filed before fees were declared
    voided: FeeVoidReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standards:
    """`cap` of the service fees of the worker; None: no contract yet. `charged`: everything the worker pays, of each currency."""

    cap: Money | None
    within_cap: bool
    charged: tuple[Money, ...]

    @property
    def free(self) -> bool:
        """ILO: neither a fee nor a related cost is charged to the worker."""
        return not any(amount.minor for amount in self.charged)


def contract_fee_id(placement: PlacementId) -> FeeId:
    """The service fee that the contract names is one fee, however often the contract is filed: it has the placement's own id."""
    return FeeId(placement)


def is_service_fee(charge: Charge) -> bool:
    """Of the worker: the one that is capped."""
    return charge.payer is FeePayer.WORKER and charge.item is FeeItem.SERVICE_FEE


def require_charge(charge: Charge, channel: Channel, wage: Currency, today: date) -> None:
    """`wage`: the currency that a service fee is compared in. Raises OwnEmployeeFee, CurrencyDiffers, FutureDay, DayTooEarly."""
    if is_service_fee(charge):
        require_no_own_employee(channel, charge.amount, "item")
        if charge.amount.currency != wage:
            raise CurrencyDiffers(field="amount.currency")
    if charge.charged_on > today:
        raise FutureDay(field="charged_on")
    if charge.charged_on < EARLIEST:
        raise DayTooEarly(field="charged_on")


def require_no_own_employee(channel: Channel, service_fee: Money | None, field: str) -> None:
    """C5. Raises OwnEmployeeFee."""
    if channel is Channel.CONTRACTED_PROJECT and service_fee is not None and service_fee.minor:
        raise OwnEmployeeFee(field=field)


def fee_cap(contract: Contract, order_cap: Money | None, channel: Channel, per_mille: int) -> int:
    """Minor units of the wage's currency: so much of the wages of the term, and the order's own cap where one is comparable."""
    if channel is Channel.CONTRACTED_PROJECT:
        return 0
    cap = contract.monthly_wage * contract.months * per_mille // 1000
    comparable = order_cap is not None and order_cap.currency == contract.wage.currency
    return min(cap, order_cap.minor) if comparable and order_cap is not None else cap


def standards(fees: Sequence[Fee], contract: Contract | None, *, order_cap: Money | None, channel: Channel, per_mille: int) -> Standards:
    """Of fees that are not voided. A service fee in another currency than the wage's cannot be compared, and is not within the cap."""
    paid: Counter[Currency] = Counter()
    for fee in fees:
        if fee.charge.payer is FeePayer.WORKER:
            paid[fee.charge.amount.currency] += fee.charge.amount.minor
    charged = tuple(Money(minor=paid[currency], currency=currency) for currency in sorted(paid))
    service = [fee.charge.amount for fee in fees if is_service_fee(fee.charge) and fee.charge.amount.minor]
    if contract is None:
        return Standards(cap=None, within_cap=not service, charged=charged)
    cap, currency = fee_cap(contract, order_cap, channel, per_mille), contract.wage.currency
    within = all(amount.currency == currency for amount in service) and sum(amount.minor for amount in service) <= cap
    return Standards(cap=Money(minor=min(cap, 10**15), currency=currency), within_cap=within, charged=charged)

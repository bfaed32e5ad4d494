"""Job orders and the count of their positions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.docking.domain.errors import (
    CurrencyDiffers,
    FeeCapPromised,
    NothingToAmend,
    OrderNotOpen,
    PastDay,
    PositionsInUse,
    PositionTaken,
    TermPromised,
    WagePromised,
)
from shared.values import Channel, Destination, EmployerId, EnterpriseId, Money, Occupation, OrderId, WagePeriod


class OrderState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """Which orders are searched for; None: any. `occupation`: its code, or what it begins with; `free`: whether a position is free."""

    enterprise: EnterpriseId | None = None
    state: OrderState | None = None
    destination: Destination | None = None
    occupation: Occupation | None = None
    free: bool | None = None
    among: tuple[OrderId, ...] | None = None  # only these


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job order. reserved: positions of placements before departure; filled: of placements that have departed."""

    id: OrderId
    enterprise: EnterpriseId
    employer: str
    destination: Destination
    occupation: Occupation
    channel: Channel
    positions: int
    reserved: int
    filled: int
    wage: Money
    wage_period: WagePeriod
    term_months: int
    fee_cap: Money | None
    opened_on: date
    expires: date
    state: OrderState
    employer_id: EmployerId | None = None  # None: named only
    version: int = 1

    @property
    def free(self) -> int:
        return self.positions - self.reserved - self.filled


def require_open(order: Order, on: date) -> None:
    """Raises OrderNotOpen; an order is not open after its last day, whether the sweep has expired it yet or not."""
    if order.state is not OrderState.OPEN or order.expires < on:
        raise OrderNotOpen(state=order.state if order.state is not OrderState.OPEN else OrderState.EXPIRED)


def require_free_position(order: Order) -> None:
    """Raises PositionTaken."""
    if order.free <= 0:
        raise PositionTaken(state={"positions": order.positions, "reserved": order.reserved, "filled": order.filled})


def amended(order: Order, terms: Order, today: date) -> Order:
    """The order under other terms, at its next version.

    Raises OrderNotOpen, NothingToAmend, PositionsInUse, WagePromised, TermPromised, FeeCapPromised, CurrencyDiffers, PastDay.
    """
    require_open(order, today)
    if terms == order:
        raise NothingToAmend
    if terms.positions < order.reserved + order.filled:
        raise PositionsInUse(field="positions", state={"reserved": order.reserved, "filled": order.filled})
    if order.reserved:
        _require_promised(order, terms)
    if terms.fee_cap is not None and terms.fee_cap.currency != terms.wage.currency:
        raise CurrencyDiffers(field="fee_cap.currency")
    if terms.expires < today:
        raise PastDay(field="expires")
    return replace(terms, version=order.version + 1)


def _require_promised(order: Order, terms: Order) -> None:
    """What the workers before departure were matched at is not made worse. Raises WagePromised, TermPromised, FeeCapPromised."""
    promised = {"reserved": order.reserved}
    if (terms.wage.currency, terms.wage_period) != (order.wage.currency, order.wage_period):
        raise WagePromised(field="wage", state=promised)
    if terms.wage.minor < order.wage.minor:
        raise WagePromised(field="wage.minor", state=promised)
    if terms.term_months != order.term_months:
        raise TermPromised(field="term_months", state=promised)
    if order.fee_cap is not None and terms.fee_cap is not None and terms.fee_cap.minor > order.fee_cap.minor:
        raise FeeCapPromised(field="fee_cap.minor", state=promised)

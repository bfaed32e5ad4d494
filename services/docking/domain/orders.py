"""Job orders and the count of their positions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.docking.domain.errors import OrderNotOpen, PositionTaken
from shared.values import Channel, Destination, EnterpriseId, Money, Occupation, OrderId, WagePeriod


class OrderState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    EXPIRED = "expired"


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

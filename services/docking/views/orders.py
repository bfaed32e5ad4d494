"""Job orders and how far they are filled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import orders as domain
from shared.old_numbers import OldNumber
from shared.values import Channel, Destination, EmployerId, EnterpriseId, Money, Occupation, OrderId, WagePeriod


class Order(BaseModel, frozen=True):
    order: OrderId
    enterprise: EnterpriseId
    employer: str
    employer_id: EmployerId | None
    destination: Destination
    occupation: Occupation
    channel: Channel
    positions: int
    reserved: int
    filled: int
    fill_rate: tuple[int, int]  # filled of positions, a ratio: rounded only where people read
    wage: Money
    wage_period: WagePeriod
    term_months: int
    fee_cap: Money | None
    opened_on: date
    expires: date
    state: domain.OrderState
    version: int
    old_numbers: tuple[OldNumber, ...] = ()  # in systems before this one


class Orders(BaseModel, frozen=True):
    items: tuple[Order, ...]
    next: str | None


def order(one: domain.Order, old_numbers: tuple[OldNumber, ...] = ()) -> Order:
    return Order(
        order=one.id,
        enterprise=one.enterprise,
        employer=one.employer,
        employer_id=one.employer_id,
        destination=one.destination,
        occupation=one.occupation,
        channel=one.channel,
        positions=one.positions,
        reserved=one.reserved,
        filled=one.filled,
        fill_rate=(one.filled, one.positions),
        wage=one.wage,
        wage_period=one.wage_period,
        term_months=one.term_months,
        fee_cap=one.fee_cap,
        opened_on=one.opened_on,
        expires=one.expires,
        state=one.state,
        version=one.version,
        old_numbers=old_numbers,
    )


def orders(found: Sequence[domain.Order], cursor: str | None, old_numbers: Mapping[OrderId, tuple[OldNumber, ...]]) -> Orders:
    return Orders(items=tuple(order(one, old_numbers.get(one.id, ())) for one in found), next=cursor)

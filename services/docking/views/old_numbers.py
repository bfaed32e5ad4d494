"""Numbers of earlier systems as shown."""

from __future__ import annotations

from pydantic import BaseModel

from services.docking.queries import old_numbers
from shared.values import OrderId, PlacementId


class KnownNumber(BaseModel, frozen=True):
    kind: old_numbers.Kind
    number: str
    order: OrderId | None
    placement: PlacementId | None


class OldNumbers(BaseModel, frozen=True):
    """By kind and number; without those that nothing has."""

    items: tuple[KnownNumber, ...]


class NumbersOfProvince(BaseModel, frozen=True):
    """`province`: where the workers of placements live now; None: of orders. `adopted`: abroad already when they came, or matched here."""

    kind: old_numbers.Kind
    adopted: bool | None
    province: str | None
    count: int
    positions: int


class OldNumberCounts(BaseModel, frozen=True):
    system: str
    items: tuple[NumbersOfProvince, ...]


def known_number(one: old_numbers.KnownNumber) -> KnownNumber:
    return KnownNumber(kind=one.kind, number=one.number, order=one.order, placement=one.placement)


def numbers_of_province(one: old_numbers.NumbersOfProvince) -> NumbersOfProvince:
    return NumbersOfProvince(kind=one.kind, adopted=one.adopted, province=one.province, count=one.count, positions=one.positions)

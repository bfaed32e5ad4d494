"""What workers confirm after their arrival, and who has not confirmed yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import BaseModel

from services.docking.domain import arrivals as domain
from services.docking.domain.placements import Placement
from shared.values import CountyCode, Destination, EnterpriseId, PlacementId, WorkerId


class Arrival(BaseModel, frozen=True):
    day: int
    confirmed_on: date
    terms_match: bool
    differences: tuple[domain.Term, ...]


class Arrivals(BaseModel, frozen=True):
    """`days`: on which days after the departure a worker is asked to confirm."""

    placement: PlacementId
    worker: WorkerId
    days: tuple[int, ...]
    items: tuple[Arrival, ...]
    version: int


class Unconfirmed(BaseModel, frozen=True):
    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    county: CountyCode
    destination: Destination
    departed_on: date
    due_on: date


class Overdue(BaseModel, frozen=True):
    """Each was to confirm on the `day` after the departure, and is due `grace_days` later."""

    day: int
    grace_days: int
    items: tuple[Unconfirmed, ...]
    next: str | None


def arrivals(placement: Placement, found: Sequence[domain.Arrival], days: tuple[int, ...]) -> Arrivals:
    items = tuple(
        Arrival(day=one.day, confirmed_on=one.confirmed_on, terms_match=not one.differences, differences=one.differences) for one in found
    )
    return Arrivals(placement=placement.id, worker=placement.worker, days=days, items=items, version=placement.version)


def overdue(found: Sequence[domain.Unconfirmed], cursor: str | None, *, day: int, grace_days: int) -> Overdue:
    until_due = timedelta(days=day + grace_days)
    return Overdue(day=day, grace_days=grace_days, items=tuple(_unconfirmed(one, until_due) for one in found), next=cursor)


def _unconfirmed(one: domain.Unconfirmed, until_due: timedelta) -> Unconfirmed:
    return Unconfirmed(
        placement=one.placement,
        worker=one.worker,
        enterprise=one.enterprise,
        county=one.county,
        destination=one.destination,
        departed_on=one.departed_on,
        due_on=one.departed_on + until_due,
    )

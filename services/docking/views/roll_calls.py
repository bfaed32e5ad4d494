"""Everyone abroad in a country."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import roll_calls as domain
from shared.values import Channel, CountyCode, Destination, EnterpriseId, Occupation, PlacementId, WorkerId


class Abroad(BaseModel, frozen=True):
    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    county: CountyCode
    occupation: Occupation
    channel: Channel
    departed_on: date
    contract_end: date | None


class RollCall(BaseModel, frozen=True):
    destination: Destination
    total: int  # of all pages
    items: tuple[Abroad, ...]
    next: str | None


def roll_call(destination: Destination, total: int, found: Sequence[domain.Abroad], cursor: str | None) -> RollCall:
    return RollCall(destination=destination, total=total, items=tuple(map(_abroad, found)), next=cursor)


def _abroad(one: domain.Abroad) -> Abroad:
    return Abroad(
        placement=one.placement,
        worker=one.worker,
        enterprise=one.enterprise,
        county=one.county,
        occupation=one.occupation,
        channel=one.channel,
        departed_on=one.departed_on,
        contract_end=one.contract_end,
    )

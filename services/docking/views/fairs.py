"""Docking fairs, and what enterprises intend to take from counties."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import fairs as domain
from shared.values import CountyCode, Destination, EnterpriseId, FairId, IntentionId, Occupation


class Fair(BaseModel, frozen=True):
    fair: FairId
    name: str
    county: CountyCode | None
    place: str | None
    held_on: date
    counties: tuple[CountyCode, ...]
    enterprises: tuple[EnterpriseId, ...]
    voided: domain.FairVoidReason | None
    version: int


class Fairs(BaseModel, frozen=True):
    items: tuple[Fair, ...]
    next: str | None


class Intention(BaseModel, frozen=True):
    intention: IntentionId
    fair: FairId
    held_on: date
    county: CountyCode
    enterprise: EnterpriseId
    destination: Destination | None
    occupation: Occupation | None
    headcount: int
    matched: int  # of the headcount, by matches of the county's workers with the enterprise since the fair
    state: domain.IntentionState
    version: int


class Intentions(BaseModel, frozen=True):
    items: tuple[Intention, ...]
    next: str | None


def fair(one: domain.Fair) -> Fair:
    return Fair(
        fair=one.id,
        name=one.name,
        county=one.county,
        place=one.place,
        held_on=one.held_on,
        counties=one.counties,
        enterprises=one.enterprises,
        voided=one.voided,
        version=one.version,
    )


def fairs(found: Sequence[domain.Fair], cursor: str | None) -> Fairs:
    return Fairs(items=tuple(fair(one) for one in found), next=cursor)


def intention(one: domain.Intention) -> Intention:
    return Intention(
        intention=one.id,
        fair=one.fair,
        held_on=one.held_on,
        county=one.county,
        enterprise=one.enterprise,
        destination=one.destination,
        occupation=one.occupation,
        headcount=one.headcount,
        matched=one.matched,
        state=one.state,
        version=one.version,
    )


def intentions(found: Sequence[domain.Intention], cursor: str | None) -> Intentions:
    return Intentions(items=tuple(intention(one) for one in found), next=cursor)

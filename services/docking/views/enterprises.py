"""Enterprises in the public register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import enterprises as domain
from shared.values import Channel, CountyCode, Destination, EnterpriseId, Money


class Enterprise(BaseModel, frozen=True):
    enterprise: EnterpriseId
    name: str
    licence_no: str
    seat: CountyCode | None
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]
    valid_to: date
    state: domain.EnterpriseState
    since: date
    suspended_for: tuple[str, ...]
    reserve: Money
    reserve_due: date | None
    warnings: tuple[str, ...] = ()
    version: int


class Enterprises(BaseModel, frozen=True):
    items: tuple[Enterprise, ...]
    next: EnterpriseId | None


def enterprise(one: domain.Enterprise, *, warnings: tuple[str, ...] = ()) -> Enterprise:
    return Enterprise(
        enterprise=one.id,
        name=one.name,
        licence_no=one.licence_no,
        seat=one.seat,
        scope=one.scope,
        destinations=one.destinations,
        valid_to=one.valid_to,
        state=one.state,
        since=one.since,
        suspended_for=one.suspended_for,
        reserve=one.reserve,
        reserve_due=one.reserve_due,
        warnings=warnings,
        version=one.version,
    )


def enterprises(found: Sequence[domain.Enterprise], cursor: EnterpriseId | None) -> Enterprises:
    return Enterprises(items=tuple(enterprise(one) for one in found), next=cursor)

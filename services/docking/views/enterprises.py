"""Enterprises in the public register."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from pydantic import BaseModel

from services.docking.domain import enterprises as domain
from shared.values import Channel, CountyCode, Destination, EnterpriseId, Money


class Plan(BaseModel, frozen=True):
    """For the workers still abroad when the enterprise stopped business (E9)."""

    filing_no: str
    takes_over: EnterpriseId | None
    home_by: date | None


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
    suspended_for: tuple[domain.SuspensionGround, ...]
    reserve: Money
    reserve_due: date | None
    plan: Plan | None
    warnings: tuple[str, ...] = ()
    version: int


class Enterprises(BaseModel, frozen=True):
    items: tuple[Enterprise, ...]
    next: str | None


class RegisterEntry(BaseModel, frozen=True):
    """What anybody may see. An active licence that has ended is shown as expired, whether the sweep has come yet or not."""

    enterprise: EnterpriseId
    name: str
    licence_no: str
    seat: CountyCode | None
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]
    valid_to: date
    state: domain.EnterpriseState
    since: date
    suspended_for: tuple[domain.SuspensionGround, ...]
    reserve_sufficient: bool
    notices: int  # of breaches and penalties, public today (E10)


class Register(BaseModel, frozen=True):
    items: tuple[RegisterEntry, ...]
    next: str | None


def register_entry(one: domain.Enterprise, *, notices: int, today: date, minimum_reserve: int) -> RegisterEntry:
    """Expired since the licence ended, whenever that was recorded."""
    lapsed = one.state is domain.EnterpriseState.ACTIVE and one.valid_to < today
    state = domain.EnterpriseState.EXPIRED if lapsed else one.state
    return RegisterEntry(
        enterprise=one.id,
        name=one.name,
        licence_no=one.licence_no,
        seat=one.seat,
        scope=one.scope,
        destinations=one.destinations,
        valid_to=one.valid_to,
        state=state,
        since=one.valid_to + timedelta(days=1) if state is domain.EnterpriseState.EXPIRED else one.since,
        suspended_for=one.suspended_for,
        reserve_sufficient=one.reserve_minor >= minimum_reserve,
        notices=notices,
    )


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
        plan=Plan(filing_no=one.plan.filing_no, takes_over=one.plan.takes_over, home_by=one.plan.home_by) if one.plan else None,
        warnings=warnings,
        version=one.version,
    )


def enterprises(found: Sequence[domain.Enterprise], cursor: str | None) -> Enterprises:
    return Enterprises(items=tuple(enterprise(one) for one in found), next=cursor)

"""Enterprises: what a licence allows and how long, and the risk reserve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from services.docking.domain.errors import (
    EnterpriseIllegalStep,
    EnterpriseNotActive,
    LicenceExpired,
    LicenceNarrowed,
    NothingToCorrect,
    NotRenewed,
    NotSuspendedFor,
    PastDay,
    PlanMissing,
    SuspendedAlready,
)
from shared.values import Channel, CountyCode, Currency, Destination, EnterpriseId, Money

RESERVE_CURRENCY = Currency("CNY")  # E3
LICENCE_REGION_UNKNOWN = "licence_region_unknown"  # a warning: the number may be mistyped


# A reserve that is not topped up suspends by itself, and a top-up lifts that; the others are the authority's.
SuspensionGround = Literal["breach", "investigation", "incident", "court_order", "reserve"]


class EnterpriseState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    STOPPED = "stopped"
    REVOKED = "revoked"


class EnterpriseStep(StrEnum):
    RENEW = "renew"
    SUSPEND = "suspend"
    LIFT = "lift"  # one of several grounds
    REINSTATE = "reinstate"  # the last ground is lifted
    EXPIRE = "expire"
    STOP = "stop"
    REVOKE = "revoke"


_S, _T = EnterpriseState, EnterpriseStep
ENDED = frozenset({_S.STOPPED, _S.REVOKED})  # for good: its orders are closed, nobody departs any more
# Every legal step of a qualification. A suspended licence runs out all the same: once reinstated, it expires with the next sweep.
ENTERPRISE_STEPS: Mapping[tuple[EnterpriseState, EnterpriseStep], EnterpriseState] = {
    (_S.ACTIVE, _T.RENEW): _S.ACTIVE,
    (_S.ACTIVE, _T.SUSPEND): _S.SUSPENDED,
    (_S.ACTIVE, _T.EXPIRE): _S.EXPIRED,
    (_S.ACTIVE, _T.REVOKE): _S.REVOKED,
    (_S.SUSPENDED, _T.RENEW): _S.SUSPENDED,
    (_S.SUSPENDED, _T.SUSPEND): _S.SUSPENDED,
    (_S.SUSPENDED, _T.LIFT): _S.SUSPENDED,
    (_S.SUSPENDED, _T.REINSTATE): _S.ACTIVE,
    (_S.SUSPENDED, _T.REVOKE): _S.REVOKED,
    (_S.EXPIRED, _T.RENEW): _S.ACTIVE,
    (_S.EXPIRED, _T.SUSPEND): _S.SUSPENDED,
    (_S.EXPIRED, _T.REVOKE): _S.REVOKED,
    (_S.ACTIVE, _T.STOP): _S.STOPPED,
    (_S.SUSPENDED, _T.STOP): _S.STOPPED,
    (_S.EXPIRED, _T.STOP): _S.STOPPED,
    (_S.STOPPED, _T.STOP): _S.STOPPED,  # another plan for the workers abroad
    (_S.STOPPED, _T.REVOKE): _S.REVOKED,
}


def enterprise_after(state: EnterpriseState, step: EnterpriseStep) -> EnterpriseState:
    """The state after the step. Raises EnterpriseIllegalStep."""
    following = ENTERPRISE_STEPS.get((state, step))
    if following is None:
        raise EnterpriseIllegalStep(f"{step} is not possible in state {state}", state=state)
    return following


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """E9: filed for workers still abroad: who takes them over, or until when they are home."""

    filing_no: str
    takes_over: EnterpriseId | None
    home_by: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """A dispatching enterprise and what its licence allows. `destinations` empty: every destination.

    It is suspended as long as there is a ground in `suspended_for`.
    """

    id: EnterpriseId
    name: str
    licence_no: str
    seat: CountyCode | None
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]
    valid_to: date
    state: EnterpriseState
    since: date  # in this state
    reserve_minor: int  # fen
    reserve_due: date | None = None  # the last day of the top-up after a draw below the minimum (E4)
    suspended_for: tuple[SuspensionGround, ...] = ()
    plan: Plan | None = None  # of one that has stopped business
    version: int = 1

    @property
    def reserve(self) -> Money:
        return Money(minor=self.reserve_minor, currency=RESERVE_CURRENCY)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterpriseFilter:
    """Which enterprises are searched for; None: any. `destination`: where it may send workers; `name`: a part of it."""

    licence_no: str | None = None
    destination: Destination | None = None
    state: EnterpriseState | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Licence:
    """What a renewal fixes anew; the number stays."""

    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]
    valid_to: date


def renewed(enterprise: Enterprise, licence: Licence, today: date) -> Enterprise:
    """E1: longer than before, under the same number. Raises EnterpriseIllegalStep, PastDay, NotRenewed."""
    state = enterprise_after(enterprise.state, EnterpriseStep.RENEW)
    if licence.valid_to < today:
        raise PastDay(field="valid_to")
    if licence.valid_to <= enterprise.valid_to:
        raise NotRenewed(f"the licence runs to {enterprise.valid_to} already", field="valid_to")
    return replace(_moved(enterprise, state, today), scope=licence.scope, destinations=licence.destinations, valid_to=licence.valid_to)


def suspended(enterprise: Enterprise, ground: SuspensionGround, today: date) -> Enterprise:
    """Raises EnterpriseIllegalStep, SuspendedAlready."""
    state = enterprise_after(enterprise.state, EnterpriseStep.SUSPEND)
    if ground in enterprise.suspended_for:
        raise SuspendedAlready(field="reason", state=enterprise.suspended_for)
    return replace(_moved(enterprise, state, today), suspended_for=(*enterprise.suspended_for, ground))


def reinstated(enterprise: Enterprise, ground: SuspensionGround, today: date) -> Enterprise:
    """One ground is lifted; active again once none is left. Raises EnterpriseIllegalStep, NotSuspendedFor."""
    remaining = tuple(one for one in enterprise.suspended_for if one != ground)
    state = enterprise_after(enterprise.state, EnterpriseStep.LIFT if remaining else EnterpriseStep.REINSTATE)
    if remaining == enterprise.suspended_for:
        raise NotSuspendedFor(field="reason", state=enterprise.suspended_for)
    return replace(_moved(enterprise, state, today), suspended_for=remaining)


def revoked(enterprise: Enterprise, today: date) -> Enterprise:
    """Raises EnterpriseIllegalStep."""
    return _moved(enterprise, enterprise_after(enterprise.state, EnterpriseStep.REVOKE), today)


def stopped(enterprise: Enterprise, plan: Plan | None, *, abroad: int, today: date) -> Enterprise:
    """E9: not without a plan while somebody is abroad. Raises EnterpriseIllegalStep, PlanMissing, PastDay, NothingToCorrect."""
    state = enterprise_after(enterprise.state, EnterpriseStep.STOP)
    if plan is None and abroad:
        raise PlanMissing(field="plan", state={"abroad": abroad})
    if plan is not None and plan.home_by is not None and plan.home_by < today:
        raise PastDay(field="plan.home_by")
    if enterprise.state is EnterpriseState.STOPPED and plan in (None, enterprise.plan):
        raise NothingToCorrect
    return replace(_moved(enterprise, state, today), plan=plan)


def expired(enterprise: Enterprise, today: date) -> Enterprise:
    """Raises EnterpriseIllegalStep."""
    return _moved(enterprise, enterprise_after(enterprise.state, EnterpriseStep.EXPIRE), today)


def _moved(enterprise: Enterprise, state: EnterpriseState, today: date) -> Enterprise:
    return enterprise if state is enterprise.state else replace(enterprise, state=state, since=today)


def require_licence(enterprise: Enterprise, on: date) -> None:
    """E1: only with a qualification in force. Raises EnterpriseNotActive, LicenceExpired."""
    if enterprise.state not in (EnterpriseState.ACTIVE, EnterpriseState.EXPIRED):
        raise EnterpriseNotActive(state=enterprise.state)
    if enterprise.valid_to < on:
        raise LicenceExpired(f"the licence ended on {enterprise.valid_to}", state=enterprise.valid_to)


def require_active_on(enterprise: Enterprise, departed_on: date, *, was_suspended: bool) -> None:
    """E1: nobody departs while the qualification is suspended, revoked or its business stopped, the first day included.

    Raises EnterpriseNotActive.

    `was_suspended`: that day, in a suspension that has ended. The end of a licence is no matter here: no clearance reaches beyond it.
    """
    if enterprise.state in (EnterpriseState.SUSPENDED, *ENDED) and departed_on >= enterprise.since:
        raise EnterpriseNotActive(field="departed_on", state=enterprise.state)
    if was_suspended:
        raise EnterpriseNotActive(f"it was suspended on {departed_on}", field="departed_on", state=EnterpriseState.SUSPENDED)


def covers(enterprise: Enterprise, channel: Channel, destination: Destination) -> bool:
    """E1: whether the licence allows this channel to this destination."""
    return channel in enterprise.scope and (not enterprise.destinations or destination in enterprise.destinations)


def require_covered(enterprise: Enterprise, channel: Channel, destination: Destination) -> None:
    """E1: an order stays open when a renewal narrows the licence; nobody is matched to it then. Raises LicenceNarrowed."""
    if not covers(enterprise, channel, destination):
        raise LicenceNarrowed(state={"scope": enterprise.scope, "destinations": enterprise.destinations})

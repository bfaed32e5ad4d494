"""Enterprises: what a licence allows, and the risk reserve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.docking.domain.errors import EnterpriseNotActive, LicenceExpired
from shared.values import Channel, CountyCode, Currency, Destination, EnterpriseId, Money

RESERVE_CURRENCY = Currency("CNY")  # E3


class EnterpriseState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enterprise:
    """A dispatching enterprise and what its licence allows. `destinations` empty: every destination."""

    id: EnterpriseId
    name: str
    licence_no: str
    seat: CountyCode | None
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]
    valid_to: date
    state: EnterpriseState
    reserve_minor: int  # fen
    version: int = 1

    @property
    def reserve(self) -> Money:
        return Money(minor=self.reserve_minor, currency=RESERVE_CURRENCY)


def require_licence(enterprise: Enterprise, on: date) -> None:
    """E1: only with a qualification in force. Raises EnterpriseNotActive, LicenceExpired."""
    if enterprise.state is not EnterpriseState.ACTIVE:
        raise EnterpriseNotActive(state=enterprise.state)
    if enterprise.valid_to < on:
        raise LicenceExpired(f"the licence ended on {enterprise.valid_to}", state=enterprise.valid_to)


def covers(enterprise: Enterprise, channel: Channel, destination: Destination) -> bool:
    """E1: whether the licence allows this channel to this destination."""
    return channel in enterprise.scope and (not enterprise.destinations or destination in enterprise.destinations)

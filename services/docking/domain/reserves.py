"""The risk reserve (E3, E4): deposits, draws for what the law allows, and the top-up that is due after one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

from services.docking.domain.enterprises import RESERVE_CURRENCY, Enterprise, EnterpriseState, SuspensionGround, reinstated
from services.docking.domain.errors import NotYuan, ReserveNotShort, ReserveTooLarge, ReserveTooSmall
from shared.values import CaseId, Money, SettlementId

GROUND: SuspensionGround = "reserve"  # of a suspension that a top-up lifts
ReserveUse = Literal["fee_refund", "wages", "compensation", "repatriation"]  # E4
LARGEST = 10**15  # fen; an amount of money holds no more


class EntryKind(StrEnum):
    DEPOSIT = "deposit"
    DRAW = "draw"
    TOP_UP = "top_up"
    PUT_BACK = "put_back"  # what was drawn for a settlement that is withdrawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """What a draw pays, in which case; and the settlement, where rights asked for it."""

    case: CaseId
    use: ReserveUse
    settlement: SettlementId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement of an enterprise's reserve, in fen; a draw is negative. `payment`: what a draw pays, or what is put back."""

    id: UUID
    kind: EntryKind
    amount_minor: int
    balance_minor: int
    effective: date
    payment: Payment | None = None


def drawn(enterprise: Enterprise, amount: Money, *, minimum: int, due: date) -> Enterprise:
    """E4: below the minimum it is topped up by `due`; a later draw does not put that day off. Raises NotYuan, ReserveTooSmall."""
    _require_yuan(amount)
    balance = enterprise.reserve_minor - amount.minor
    if balance < 0:
        raise ReserveTooSmall(field="amount", state=enterprise.reserve.model_dump())
    return replace(enterprise, reserve_minor=balance, reserve_due=(enterprise.reserve_due or due) if balance < minimum else None)


def topped_up(enterprise: Enterprise, amount: Money, *, minimum: int, today: date) -> Enterprise:
    """Raises NotYuan, ReserveNotShort, ReserveTooLarge."""
    if enterprise.reserve_due is None:
        raise ReserveNotShort(state=enterprise.reserve.model_dump())
    return grown(enterprise, amount, minimum=minimum, today=today)


def grown(enterprise: Enterprise, amount: Money, *, minimum: int, today: date) -> Enterprise:
    """E3: once the minimum is there, nothing is due, and a suspension for the reserve is lifted. Raises NotYuan, ReserveTooLarge."""
    _require_yuan(amount)
    if enterprise.reserve_minor + amount.minor > LARGEST:
        raise ReserveTooLarge(field="amount", state=enterprise.reserve.model_dump())
    funded = replace(enterprise, reserve_minor=enterprise.reserve_minor + amount.minor)
    if funded.reserve_minor < minimum:
        return funded
    funded = replace(funded, reserve_due=None)
    if funded.state is EnterpriseState.SUSPENDED and GROUND in funded.suspended_for:
        return reinstated(funded, GROUND, today)
    return funded


def _require_yuan(amount: Money) -> None:
    if amount.currency != RESERVE_CURRENCY:
        raise NotYuan(field="amount.currency")

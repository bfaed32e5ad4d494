"""Settlements: what was agreed, who pays, and the reserve that is asked to (E4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from services.rights.domain.cases import Category
from services.rights.domain.errors import SettlementNotPending, SettlementNotPositive, SettlementNotYuan
from shared.values import CaseId, Currency, Money, Payer, SettlementId

RESERVE_CURRENCY = Currency("CNY")  # E3

ReserveUse = Literal["fee_refund", "wages", "compensation", "repatriation"]
# What the reserve may pay for (E4), by what the case is about.
USES: Mapping[Category, ReserveUse] = {
    "wages": "wages",
    "fees": "fee_refund",
    "contract": "compensation",
    "safety": "compensation",
    "conditions": "compensation",
    "emergency": "repatriation",
}


# Of the enterprise's reserve, by docking.
DrawRefusal = Literal["enterprise_not_found", "not_yuan", "not_positive", "reserve_too_small", "withdrawn"]


class SettlementState(StrEnum):
    PENDING = "pending"  # the reserve has not answered
    PAID = "paid"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class SettlementStep(StrEnum):
    PAY = "pay"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


_S, _T = SettlementState, SettlementStep
# What comes again, or comes after a withdrawal, changes nothing: docking puts a withdrawn draw back by itself.
SETTLEMENT_STEPS: Mapping[tuple[SettlementState, SettlementStep], SettlementState] = {
    (_S.PENDING, _T.PAY): _S.PAID,
    (_S.PENDING, _T.REFUSE): _S.REFUSED,
    (_S.PENDING, _T.WITHDRAW): _S.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Of one case; a case that is reopened may have another. `amount` None: settled with its collective case, which has the amount."""

    settlement: SettlementId
    case: CaseId
    amount: Money | None
    paid_by: Payer
    state: SettlementState
    at: datetime  # asked for, or paid at once
    decided_at: datetime | None = None
    refusal: DrawRefusal | None = None


def require_payable(amount: Money, paid_by: Payer) -> None:
    """The reserve is in yuan, and pays something. Raises SettlementNotYuan, SettlementNotPositive."""
    if paid_by != "reserve":
        return
    if amount.currency != RESERVE_CURRENCY:
        raise SettlementNotYuan(field="amount.currency")
    if amount.minor <= 0:
        raise SettlementNotPositive(field="amount.minor")


def after(state: SettlementState, step: SettlementStep) -> SettlementState:
    """Raises SettlementNotPending."""
    following = SETTLEMENT_STEPS.get((state, step))
    if following is None:
        raise SettlementNotPending(state=state.value)
    return following

"""Settlements."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.rights.domain import settlements
from services.rights.domain.settlements import SettlementState
from shared.values import CaseId, Money, Payer, SettlementId


class Settlement(BaseModel, frozen=True):
    settlement: SettlementId
    case: CaseId
    amount: Money | None  # None: in the amount of the collective case
    paid_by: Payer
    state: SettlementState
    at: datetime
    decided_at: datetime | None
    refusal: settlements.DrawRefusal | None

    @classmethod
    def from_settlement(cls, settlement: settlements.Settlement) -> Settlement:
        return cls(
            settlement=settlement.settlement,
            case=settlement.case,
            amount=settlement.amount,
            paid_by=settlement.paid_by,
            state=settlement.state,
            at=settlement.at,
            decided_at=settlement.decided_at,
            refusal=settlement.refusal,
        )


class Settlements(BaseModel, frozen=True):
    items: tuple[Settlement, ...]
    next: str | None

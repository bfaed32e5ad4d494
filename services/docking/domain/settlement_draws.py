"""What rights asks the reserve to pay for a settlement: drawn once at most, never below nothing, put back when it is withdrawn (E4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from services.docking.domain.enterprises import RESERVE_CURRENCY, Enterprise
from services.docking.domain.reserves import ReserveUse
from shared.values import CaseId, EnterpriseId, Money, SettlementId

Refusal = Literal["enterprise_not_found", "not_yuan", "not_positive", "reserve_too_small", "drawn_already", "withdrawn"]


class DrawState(StrEnum):
    REQUESTED = "requested"
    REFUSED = "refused"
    DRAWN = "drawn"
    WITHDRAWN = "withdrawn"


class DrawStep(StrEnum):
    DRAW = "draw"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


_S, _T = DrawState, DrawStep
# A refused draw may be asked for again: the reserve may be topped up by then.
DRAW_STEPS: Mapping[tuple[DrawState, DrawStep], DrawState] = {
    (_S.REQUESTED, _T.DRAW): _S.DRAWN,
    (_S.REQUESTED, _T.REFUSE): _S.REFUSED,
    (_S.REQUESTED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.REFUSED, _T.DRAW): _S.DRAWN,
    (_S.REFUSED, _T.REFUSE): _S.REFUSED,
    (_S.REFUSED, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.DRAWN, _T.WITHDRAW): _S.WITHDRAWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementDraw:
    """One settlement and what the reserve paid for it, in fen, and as what; None: nothing."""

    settlement: SettlementId
    case: CaseId
    enterprise: EnterpriseId
    state: DrawState = DrawState.REQUESTED
    paid_minor: int | None = None
    use: ReserveUse | None = None


def refusal(draw: SettlementDraw, enterprise: Enterprise | None, amount: Money) -> Refusal | None:
    """Why nothing is drawn for the settlement; None: it may be."""
    if (draw.state, DrawStep.DRAW) not in DRAW_STEPS:
        return "withdrawn" if draw.state is DrawState.WITHDRAWN else "drawn_already"
    if enterprise is None:
        return "enterprise_not_found"
    if amount.currency != RESERVE_CURRENCY:
        return "not_yuan"
    if amount.minor <= 0:
        return "not_positive"
    return "reserve_too_small" if amount.minor > enterprise.reserve_minor else None

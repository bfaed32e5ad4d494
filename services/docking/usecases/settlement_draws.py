"""The reserve's part in a settlement: rights asks for a draw, or withdraws it, and reads here what came of it."""

from __future__ import annotations

from dataclasses import replace

from services.docking.domain.enterprises import RESERVE_CURRENCY, Enterprise
from services.docking.domain.reserves import Payment
from services.docking.domain.settlement_draws import DRAW_STEPS, DrawState, DrawStep, Refusal, SettlementDraw, refusal
from services.docking.queries import enterprises, settlement_draws
from services.docking.usecases.reserves import draw, put_back
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import EventEnvelope, ReserveDrawRefused, ReserveDrawRequested, ReserveDrawWithdrawn
from shared.values import Money


async def draw_requested(tx: Tx, event: EventEnvelope[ReserveDrawRequested]) -> None:
    """E4: paid for the settlement, or refused with the reason: never below nothing, never twice."""
    data = event.data
    one = await _lock(tx, data)
    enterprise = await enterprises.lock(tx, data.enterprise)
    reason = refusal(one, enterprise, data.amount)
    if enterprise is None or reason is not None:
        await _refuse(tx, one, data, enterprise, reason or "enterprise_not_found")
        return
    drawn = replace(one, case=data.case, enterprise=data.enterprise, state=DrawState.DRAWN, paid_minor=data.amount.minor, use=data.use)
    await settlement_draws.update(tx, drawn)
    await draw(tx, enterprise, data.amount, Payment(use=data.use, case=data.case, settlement=data.settlement))


async def _refuse(tx: Tx, one: SettlementDraw, asked: ReserveDrawRequested, enterprise: Enterprise | None, reason: Refusal) -> None:
    if (one.state, DrawStep.REFUSE) in DRAW_STEPS:
        await settlement_draws.update(tx, replace(one, state=DRAW_STEPS[one.state, DrawStep.REFUSE]))
    refused = ReserveDrawRefused(
        enterprise=asked.enterprise,
        effective=tx.clock.today(),
        settlement=asked.settlement,
        case=asked.case,
        amount=asked.amount,
        reason=reason,
        balance=enterprise.reserve if enterprise else None,
    )
    publish_and_audit(tx, refused)


async def draw_withdrawn(tx: Tx, event: EventEnvelope[ReserveDrawWithdrawn]) -> None:
    """What was paid for the settlement is put back, and nothing is drawn for it any more; a repetition changes nothing."""
    one = await _lock(tx, event.data)
    if (one.state, DrawStep.WITHDRAW) not in DRAW_STEPS:
        return
    await settlement_draws.update(tx, replace(one, state=DRAW_STEPS[one.state, DrawStep.WITHDRAW]))
    enterprise = await enterprises.lock(tx, one.enterprise)
    if enterprise is not None and one.paid_minor is not None and one.use is not None:
        paid = Money(minor=one.paid_minor, currency=RESERVE_CURRENCY)
        await put_back(tx, enterprise, paid, Payment(use=one.use, case=one.case, settlement=one.settlement))


async def _lock(tx: Tx, data: ReserveDrawRequested | ReserveDrawWithdrawn) -> SettlementDraw:
    """As it is on record; or new, when rights names it for the first time."""
    found = await settlement_draws.lock(tx, data.settlement)
    return found or SettlementDraw(settlement=data.settlement, case=data.case, enterprise=data.enterprise)

"""Settlements: paid at once, or asked of the reserve, which docking keeps and pays or refuses (E4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.rights import commands
from services.rights.domain.cases import LEVELS, Case, CaseStep
from services.rights.domain.errors import SettlementNotPending
from services.rights.domain.settlements import USES, Settlement, SettlementState, SettlementStep, after, require_payable
from services.rights.queries import cases, collective_cases, settlements
from services.rights.usecases import case_clocks
from services.rights.usecases.cases import codes_today, escalate, lock_case, next_step, save
from services.rights.usecases.scope import require_officer
from services.rights.views import cases as views
from services.rights.views import settlements as settlement_views
from shared import events
from shared.db import Tx
from shared.delivery.consumer import Reject
from shared.events import Event, EventEnvelope
from shared.paging import Page
from shared.values import CaseId, EnterpriseId, Money, SettlementId, new_id


async def settle_case(tx: Tx, case_id: CaseId, command: commands.SettleCase) -> views.Case:
    """Raises CaseNotFound, CaseNotOpen, CaseIllegalStep, CaseIsPaused, SettlementNotYuan, SettlementNotPositive, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    by_reserve, now = command.paid_by == "reserve", tx.clock.now()
    if by_reserve:
        require_officer(tx.principal)
    require_payable(command.amount, command.paid_by)
    settled = next_step(tx, case, CaseStep.ASK_RESERVE if by_reserve else CaseStep.SETTLE)
    settlement = Settlement(
        settlement=SettlementId(new_id()),
        case=case_id,
        amount=command.amount,
        paid_by=command.paid_by,
        state=SettlementState.PENDING if by_reserve else SettlementState.PAID,
        at=now,
        decided_at=None if by_reserve else now,
    )
    await settlements.insert(tx, settlement)
    if not by_reserve:
        await _settle_members(tx, settled, settlement)
        return await save(tx, settled, _settled(tx, settled, settlement))
    return await save(tx, settled, _draw_requested(tx, settled, settlement, command.amount))


async def _settle_members(tx: Tx, collective: Case, paid: Settlement) -> None:
    """What is paid in a collective case is paid to its members: their own cases are settled with it, without an amount of their own."""
    if collective.period is None:
        return
    for case in await collective_cases.lock_member_cases(tx, collective.case):
        settlement = Settlement(
            settlement=SettlementId(new_id()),
            case=case.case,
            amount=None,
            paid_by=paid.paid_by,
            state=SettlementState.PAID,
            at=tx.clock.now(),
            decided_at=tx.clock.now(),
        )
        settled = next_step(tx, case_clocks.running(case, tx.clock.now()), CaseStep.SETTLE)
        await settlements.insert(tx, settlement)
        await save(tx, settled, _settled(tx, settled, settlement))


async def withdraw_settlement(tx: Tx, case_id: CaseId, command: commands.WithdrawSettlement) -> views.Case:
    """The reserve has not answered, and is not asked any more. Raises CaseNotFound, SettlementNotPending, VersionConflict, Forbidden."""
    case = await lock_case(tx, case_id, command.version, lead=True)
    pending = await settlements.lock_pending(tx, case_id)
    if pending is None:
        raise SettlementNotPending(state=case.state.value)
    offered = next_step(tx, case, CaseStep.REFUSE)
    await settlements.update(tx, _decided(tx, pending, SettlementStep.WITHDRAW))
    return await save(tx, offered, events.ReserveDrawWithdrawn(settlement=pending.settlement, **codes_today(tx, offered)))


# --- what the reserve answers -------------------------------------------------------------------------------------------
async def reserve_paid(tx: Tx, event: EventEnvelope[events.ReserveDrawn]) -> None:
    """The settlement is paid. Known already, or withdrawn meanwhile: docking puts it back, and nothing changes here."""
    drawn = event.data
    if drawn.settlement is None:
        return  # an officer drew it by hand
    case, settlement = await _lock_answered(tx, drawn.case, drawn.settlement)
    if settlement.state is not SettlementState.PENDING:
        return
    settled = next_step(tx, case, CaseStep.PAY)
    await settlements.update(tx, _decided(tx, settlement, SettlementStep.PAY))
    await _settle_members(tx, settled, settlement)
    await save(tx, settled, _settled(tx, settled, settlement))


async def reserve_refused(tx: Tx, event: EventEnvelope[events.ReserveDrawRefused]) -> None:
    """The case is back where an offer is looked for, with a higher office. A refusal because it was paid before changes nothing."""
    refused = event.data
    case, settlement = await _lock_answered(tx, refused.case, refused.settlement)
    if refused.reason == "drawn_already" or settlement.state is not SettlementState.PENDING:
        return
    offered = next_step(tx, case, CaseStep.REFUSE)
    await settlements.update(tx, replace(_decided(tx, settlement, SettlementStep.REFUSE), refusal=refused.reason))
    about = {"settlement": refused.settlement, "amount": refused.amount, "reason": refused.reason}
    changes: list[Event] = [events.CaseSettlementRefused.model_validate({**about, **codes_today(tx, offered)})]
    if case.level is not LEVELS[-1]:
        offered, escalation = escalate(tx, offered, "reserve_refused")
        changes.append(escalation)
    await save(tx, offered, *changes)


async def _lock_answered(tx: Tx, case_id: CaseId, settlement_id: SettlementId) -> tuple[Case, Settlement]:
    case, settlement = await cases.lock(tx, case_id), await settlements.lock(tx, settlement_id)
    if case is None or settlement is None or settlement.case != case_id:
        raise Reject("no_settlement", f"no settlement {settlement_id} of case {case_id} is known")
    return case, settlement


def _decided(tx: Tx, settlement: Settlement, step: SettlementStep) -> Settlement:
    return replace(settlement, state=after(settlement.state, step), decided_at=tx.clock.now())


def _settled(tx: Tx, case: Case, settlement: Settlement) -> Event:
    about: dict[str, Any] = {"settlement": settlement.settlement, "amount": settlement.amount, "paid_by": settlement.paid_by}
    collective = case.collective if settlement.amount is None else None
    return events.CaseSettled.model_validate({**about, "collective": collective, **codes_today(tx, case)})


def _draw_requested(tx: Tx, case: Case, settlement: Settlement, amount: Money) -> Event:
    asked = {"settlement": settlement.settlement, "amount": amount, "use": USES[case.category]}
    return events.ReserveDrawRequested.model_validate({**asked, **codes_today(tx, case)})


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_stuck(tx: Tx, page: Page, hours: int, enterprise: EnterpriseId | None) -> settlement_views.Settlements:
    """What the reserve was asked for so many hours ago or longer, and has not answered; of cases that the caller sees."""
    before = tx.clock.now() - timedelta(hours=hours)
    items, following = await settlements.list_stuck(tx, page, before, enterprise=enterprise, counties=tx.principal.county_prefixes())
    return settlement_views.Settlements(items=tuple(map(settlement_views.Settlement.from_settlement, items)), next=following)

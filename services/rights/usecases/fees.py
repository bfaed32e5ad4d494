"""What a worker was charged, as docking publishes it: the recruitment cost follows."""

from __future__ import annotations

from dataclasses import replace

from services.rights.domain.costs import ChargedFee, total_charged
from services.rights.domain.ledgers import Ledger
from services.rights.queries import charged_fees, ledgers
from services.rights.usecases.costs import assess_costs, cost_assessed
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.events import EventEnvelope, FeeFact
from shared.values import FeeId, FeePayer, Money, PlacementId


async def fee_declared(tx: Tx, event: EventEnvelope[events.FeeDeclared]) -> None:
    await _charged(tx, event.data.placement, event.data.fee, event.data.fact)


async def fee_corrected(tx: Tx, event: EventEnvelope[events.FeeCorrected]) -> None:
    await _charged(tx, event.data.placement, event.data.fee, event.data.fact)


async def fee_voided(tx: Tx, event: EventEnvelope[events.FeeVoided]) -> None:
    await _charged(tx, event.data.placement, event.data.fee, None)


async def _charged(tx: Tx, placement: PlacementId, fee: FeeId, fact: FeeFact | None) -> None:
    """None, or paid by somebody else: not charged to the worker. Without a contract there is no ledger yet, and no wage to compare."""
    held = await ledgers.lock(tx, [placement])
    if fact is not None and fact.payer is FeePayer.WORKER:
        await charged_fees.update(tx, ChargedFee(fee, placement, fact.amount))
    else:
        await charged_fees.delete(tx, fee)
    if placement in held:
        ledger = held[placement]
        await _set_fee(tx, ledger, total_charged(await charged_fees.list_(tx, placement), ledger.terms.wage.currency))


async def _set_fee(tx: Tx, ledger: Ledger, fee: Money | None) -> None:
    """The recruitment cost is assessed again, or for the first time, where an income is known."""
    if fee == ledger.fee:
        return
    now = replace(ledger, fee=fee)
    await ledgers.update_fee(tx, ledger.placement, fee)
    if ledger.cost is None:
        await assess_costs(tx, [now])
        return
    if fee is None:
        await ledgers.update_first_incomes(tx, {ledger.placement: None})
    publish_and_audit(tx, cost_assessed(tx, now, ledger.cost, now.cost))


async def charge_contract_fee(tx: Tx, contract: events.ContractRegistered) -> Money | None:
    """All that is charged once this contract is in force. Its service fee has the placement's own id, declared apart or not."""
    fee = FeeId(contract.placement)
    if contract.service_fee is None:
        await charged_fees.delete(tx, fee)
    else:
        await charged_fees.update(tx, ChargedFee(fee, contract.placement, contract.service_fee))
    return total_charged(await charged_fees.list_(tx, contract.placement), contract.wage.currency)

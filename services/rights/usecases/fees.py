"""What a worker was charged, as docking publishes it: the recruitment cost follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.rights.domain.costs import ChargedFee, total_charged
from services.rights.domain.ledgers import Ledger
from services.rights.queries import charged_fees, ledgers
from services.rights.usecases.costs import cost_assessed, measured
from shared import events
from shared.db import Tx
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.consumer import because_of
from shared.events import EventEnvelope
from shared.values import FeeId, FeePayer, Money, PlacementId

Charge = events.FeeDeclared | events.FeeCorrected | events.FeeVoided


async def fees_declared(tx: Tx, declared: Sequence[EventEnvelope[events.FeeDeclared]]) -> None:
    await _charged(tx, declared)


async def fee_corrected(tx: Tx, event: EventEnvelope[events.FeeCorrected]) -> None:
    await _charged(tx, [event])


async def fee_voided(tx: Tx, event: EventEnvelope[events.FeeVoided]) -> None:
    await _charged(tx, [event])


async def _charged(tx: Tx, charges: Sequence[EventEnvelope[Charge]]) -> None:
    """Voided, or paid by somebody else: not charged to the worker. Without a contract there is no ledger yet, and no wage to compare."""
    held = await ledgers.lock(tx, [charge.data.placement for charge in charges])
    await _enter(tx, {charge.data.fee: _of_worker(charge.data) for charge in charges})
    found = await charged_fees.list_(tx, list(held))
    now = {one: replace(ledger, fee=total_charged(found.get(one, ()), ledger.terms.wage.currency)) for one, ledger in held.items()}
    changed = {one: ledger for one, ledger in now.items() if ledger.fee != held[one].fee}
    if changed:
        await _update_fees(tx, held, changed)
    for charge in charges:
        placement = charge.data.placement
        if placement in changed and changed[placement].cost != held[placement].cost:
            because_of(tx, charge)
            publish_and_audit(tx, cost_assessed(tx, changed[placement], held[placement].cost, changed[placement].cost))


def _of_worker(data: Charge) -> ChargedFee | None:
    if isinstance(data, events.FeeVoided) or data.fact.payer is not FeePayer.WORKER:
        return None
    return ChargedFee(data.fee, data.placement, data.fact.amount)


async def _enter(tx: Tx, charges: Mapping[FeeId, ChargedFee | None]) -> None:
    await charged_fees.update_all(tx, [one for one in charges.values() if one is not None])
    await charged_fees.delete_all(tx, [fee for fee, one in charges.items() if one is None])


async def _update_fees(tx: Tx, held: Mapping[PlacementId, Ledger], changed: dict[PlacementId, Ledger]) -> None:
    """Write them. The recruitment cost is measured for the first time where an income is known; without a fee there is none."""
    await ledgers.update_fees(tx, {one: ledger.fee for one, ledger in changed.items()})
    changed |= {after.placement: after for _, after in await measured(tx, [one for one in changed.values() if one.cost is None])}
    without = [one for one, ledger in changed.items() if ledger.fee is None and held[one].first_income is not None]
    if without:
        await ledgers.update_first_incomes(tx, dict.fromkeys(without))


async def charge_contract_fees(tx: Tx, contracts: Sequence[events.ContractRegistered]) -> dict[PlacementId, Money | None]:
    """All that is charged once these contracts are in force. A contract's service fee has the placement's own id, declared apart or not."""
    charges = {
        FeeId(one.placement): ChargedFee(FeeId(one.placement), one.placement, one.service_fee) if one.service_fee is not None else None
        for one in contracts
    }
    await _enter(tx, charges)
    found = await charged_fees.list_(tx, [one.placement for one in contracts])
    return {one.placement: total_charged(found.get(one.placement, ()), one.wage.currency) for one in contracts}

"""The service fee that a contract names: declared with the contract, corrected with it, and void once another contract names none."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from services.docking.domain.contracts import Contract
from services.docking.domain.fees import EARLIEST, Charge, Fee, contract_fee_id
from services.docking.domain.placements import Placement
from services.docking.usecases.event_fields import counted_origin, fee_fact
from shared import events
from shared.values import CorrectionReason, FeeItem, FeePayer, Money


def refiled_fee(placement: Placement, terms: Contract, before: Fee | None) -> tuple[Fee | None, list[events.Event]]:
    """What filing this contract changes about the fee that the one before named: the fee then, None where it stays; and its events."""
    charged = located(before) if before is not None and before.voided is None else None
    if terms.service_fee is None:
        if charged is None:
            return None, []
        voided = replace(charged, published=True, voided="contract_replaced")
        return voided, [*publication(placement, charged), fee_voided(placement, charged, "contract_replaced")]
    if charged is None:
        declared = new_contract_fee(placement, terms, terms.service_fee)
        return declared, [fee_declared(placement, declared)]
    corrected = replace(charged, published=True, charge=replace(charged.charge, amount=terms.service_fee))
    if corrected.charge == charged.charge:
        return None, []
    return corrected, [*publication(placement, charged), fee_corrected(placement, charged, corrected, "contract_replaced")]


def new_contract_fee(placement: Placement, terms: Contract, amount: Money) -> Fee:
    """Charged when the contract was signed."""
    day = max(min(terms.signed_on, terms.filed_on), EARLIEST)
    return Fee(
        id=contract_fee_id(placement.id),
        placement=placement.id,
        charge=Charge(payer=FeePayer.WORKER, item=FeeItem.SERVICE_FEE, amount=amount, charged_on=day),
        origin=counted_origin(placement.county, day),
    )


def located(fee: Fee) -> Fee:
    """Of a fee that was never published it is not on record yet what the county was listed as."""
    return fee if fee.published else replace(fee, origin=counted_origin(fee.origin.county, fee.charge.charged_on))


# --- events -----------------------------------------------------------------------------------------------------------
def publication(placement: Placement, fee: Fee) -> list[events.Event]:
    """Nothing is corrected that was never published: what a contract named before fees were declared is published first."""
    return [] if fee.published else [fee_declared(placement, fee)]


def fee_declared(placement: Placement, fee: Fee) -> events.Event:
    return events.FeeDeclared(placement=placement.id, worker=placement.worker, fee=fee.id, fact=fee_fact(placement, fee))


def fee_corrected(placement: Placement, before: Fee, now: Fee, reason: CorrectionReason | Literal["contract_replaced"]) -> events.Event:
    return events.FeeCorrected(
        placement=placement.id,
        worker=placement.worker,
        fee=now.id,
        previous=fee_fact(placement, before),
        fact=fee_fact(placement, now),
        reason=reason,
    )


def fee_voided(placement: Placement, fee: Fee, reason: str) -> events.Event:
    fields = {"placement": placement.id, "worker": placement.worker, "fee": fee.id, "previous": fee_fact(placement, fee)}
    return events.FeeVoided.model_validate({**fields, "reason": reason})

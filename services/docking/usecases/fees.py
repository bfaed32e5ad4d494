"""Fees of a placement: declared, corrected, voided, and read against both standards."""

from __future__ import annotations

from dataclasses import replace

from services.docking.clearance.checks import within_fee_cap
from services.docking.commands import fees as commands
from services.docking.domain import errors
from services.docking.domain.fees import MOST, Charge, Fee, require_charge, standards
from services.docking.domain.orders import Order
from services.docking.domain.placements import Placement, PlacementState, Step, state_after, withdrawn
from services.docking.queries import fees, orders
from services.docking.settings import policy
from services.docking.usecases.contract_fees import fee_corrected, fee_declared, fee_voided, located, publication
from services.docking.usecases.event_fields import counted_origin, placement_event
from services.docking.usecases.placements import get, load, save
from services.docking.views import fees as views
from shared import events, reference
from shared.db import Tx
from shared.values import Currency, FeeId, FeeItem, PlacementId, new_id, period_of


async def declare_fee(tx: Tx, placement: PlacementId, command: commands.DeclareFee) -> views.Fees:
    """C5: what is above the cap is recorded too: it refuses the clearance, and one that is granted already is withdrawn.

    Raises IllegalStep, DepositForbidden, OwnEmployeeFee, CurrencyDiffers, CurrencyWithdrawn, FutureDay, DayTooEarly, FeesFull, and
    those of load.
    """
    found = await load(tx, placement, command.version)
    order = await _order(tx, found)
    count = len(await fees.list_(tx, placement))
    if count >= MOST:
        raise errors.FeesFull(state={"fees": count})
    charge = Charge(
        payer=command.payer,
        item=_allowed(command.item),
        amount=command.amount,
        charged_on=command.charged_on or tx.clock.today(),
    )
    _require_charge(tx, charge, found, order)
    fee = Fee(id=FeeId(new_id()), placement=placement, charge=charge, origin=counted_origin(found.county, charge.charged_on))
    await fees.update_all(tx, [fee])
    return await _changed(tx, found, order, fee_declared(found, fee))


async def correct_fee(tx: Tx, placement: PlacementId, fee: FeeId, command: commands.CorrectFee) -> views.Fees:
    """What is given replaces what was; it stays counted for the county where it was declared.

    Raises FeeNotFound, FeeVoidAlready, NothingToCorrect, and what declare_fee raises.
    """
    found = await load(tx, placement, command.version)
    order = await _order(tx, found)
    before = await _charged(tx, found, fee)
    charge = Charge(
        payer=command.payer or before.charge.payer,
        item=_allowed(command.item) if command.item else before.charge.item,
        amount=before.charge.amount if command.amount is None else command.amount,
        charged_on=command.charged_on or before.charge.charged_on,
    )
    if charge == before.charge:
        raise errors.NothingToCorrect
    _require_charge(tx, charge, found, order)
    now = replace(before, charge=charge, origin=counted_origin(before.origin.county, charge.charged_on), published=True)
    await fees.update_all(tx, [now])
    return await _changed(tx, found, order, *publication(found, before), fee_corrected(found, before, now, command.reason))


async def void_fee(tx: Tx, placement: PlacementId, fee: FeeId, command: commands.VoidFee) -> views.Fees:
    """It counts no more, and stays on record. Raises IllegalStep, FeeNotFound, FeeVoidAlready, and those of load."""
    found = await load(tx, placement, command.version)
    before = await _charged(tx, found, fee)
    await fees.update_all(tx, [replace(before, voided=command.reason, published=True)])
    return await _changed(tx, found, await _order(tx, found), *publication(found, before), fee_voided(found, before, command.reason))


async def _order(tx: Tx, placement: Placement) -> Order:
    order = await orders.get(tx, placement.order)
    if order is None:
        raise errors.OrderNotFound
    return order


def _wage_currency(placement: Placement, order: Order) -> Currency:
    """What a service fee is compared in: the contract's wage; before there is one, the wage that was offered."""
    return placement.contract.wage.currency if placement.contract else order.wage.currency


def _allowed(item: commands.DeclaredItem) -> FeeItem:
    """Raises DepositForbidden."""
    if item in ("deposit", "guarantee"):
        raise errors.DepositForbidden(field="item")
    return FeeItem(item)


def _require_charge(tx: Tx, charge: Charge, placement: Placement, order: Order) -> None:
    """Raises OwnEmployeeFee, CurrencyDiffers, CurrencyWithdrawn, FutureDay, DayTooEarly."""
    require_charge(charge, placement.channel, _wage_currency(placement, order), tx.clock.today())
    reference.require_legal_tender(charge.amount.currency, period_of(charge.charged_on), "amount.currency")


async def _charged(tx: Tx, placement: Placement, fee: FeeId) -> Fee:
    """Raises FeeNotFound, FeeVoidAlready."""
    found = await fees.get(tx, fee, placement.id)
    if found is None:
        raise errors.FeeNotFound
    if found.voided is not None:
        raise errors.FeeVoidAlready(state=found.voided)
    return located(found)


async def _changed(tx: Tx, placement: Placement, order: Order, *published: events.Event) -> views.Fees:
    """The fees have changed: a clearance does not outlast one above the cap. Raises IllegalStep."""
    placement = replace(placement, state=state_after(placement.state, Step.DECLARE_FEE))
    known = await fees.list_(tx, placement.id)
    charged = [fee for fee in known if fee.voided is None]
    if placement.state is PlacementState.CLEARED and not within_fee_cap(placement, order, charged, policy().docking_fee_cap_per_mille):
        published = (*published, placement_event(tx, events.ClearanceWithdrawn, placement, reason="fee_above_cap"))
        placement = withdrawn(placement, tx.clock.today())
    return _view(await save(tx, placement, *published), order, known)


def _view(placement: Placement, order: Order, known: list[Fee]) -> views.Fees:
    charged = [fee for fee in known if fee.voided is None]
    per_mille = policy().docking_fee_cap_per_mille
    read = standards(charged, placement.contract, order_cap=order.fee_cap, channel=placement.channel, per_mille=per_mille)
    return views.fees(placement, known, read)


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_fees(tx: Tx, placement: PlacementId) -> views.Fees:
    """Raises PlacementNotFound, Forbidden."""
    found = await get(tx, placement)
    return _view(found, await _order(tx, found), await fees.list_(tx, placement))

"""Contracts of workers abroad: extended, taken over by another employer; and the last change undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from services.docking.commands import contract_changes as commands
from services.docking.domain import contract_changes as domain
from services.docking.domain import errors
from services.docking.domain.contract_changes import ChangeKind, ContractChange
from services.docking.domain.contracts import Contract
from services.docking.domain.dispatches import Dispatch
from services.docking.domain.employers import require_employer_licence, require_same_destination
from services.docking.domain.origins import CountedOrigin
from services.docking.domain.placements import Placement, Step, state_after
from services.docking.queries import contract_changes, dispatches, employers, orders
from services.docking.settings import policy
from services.docking.usecases.event_fields import extension_fact, transfer_fact
from services.docking.usecases.placements import get, load, save
from services.docking.views import contract_changes as views
from shared import events
from shared.db import Tx
from shared.values import ChangeId, Designation, EmployerId, PlacementId, WagePeriod, new_id


async def extend_contract(tx: Tx, placement: PlacementId, command: commands.ExtendContract) -> views.Changes:
    """C1, W2: agreed before the end, insured to the new one.

    Raises IllegalStep, FutureDay, DayTooEarly, ChangeOutOfOrder, ContractEnded, NotExtended, TermTooLong, InsuranceTooShort, and those
    of load.
    """
    found = await load(tx, placement, command.version)
    state_after(found.state, Step.EXTEND)
    departure, contract = await _stay(tx, found)
    signed_on = command.signed_on or tx.clock.today()
    last = await contract_changes.get_last(tx, placement)
    domain.require_change_day(departure, last, signed_on, tx.clock.today(), "signed_on")
    after = domain.extended(contract, command.end, signed_on, policy().docking_maximum_term_months)
    domain.require_covered_abroad(found, command.end)
    change = _change(found, departure, ChangeKind.EXTENSION, signed_on, (contract, after))
    return await _apply(tx, found, change)


async def transfer_employer(tx: Tx, placement: PlacementId, command: commands.TransferEmployer) -> views.Changes:
    """E6: to a registered employer of the same host state, if the worker wants it.

    Raises IllegalStep, EmployerNotFound, EmployerElsewhere, EmployerNotLicensed, ConsentMissing, SameEmployer, FutureDay, DayTooEarly,
    ChangeOutOfOrder, CurrencyDiffers, DaysPerMonth, EndsBeforeStart, TermTooLong, InsuranceTooShort, and those of load.
    """
    found = await load(tx, placement, command.version)
    state_after(found.state, Step.TRANSFER)
    departure, contract = await _stay(tx, found)
    await _require_employer(tx, found, departure, command)
    last = await contract_changes.get_last(tx, placement)
    domain.require_change_day(departure, last, command.since, tx.clock.today(), "since")
    after = _taken_over(contract, command)
    domain.require_transfer(found, contract, after, command.since, policy().docking_maximum_term_months)
    change = _change(found, departure, ChangeKind.TRANSFER, command.since, (contract, after), employer=command.employer_id)
    return await _apply(tx, found, change)


async def void_change(tx: Tx, placement: PlacementId, change: ChangeId, command: commands.VoidContractChange) -> views.Changes:
    """Undo the last change: what was before it holds again. Raises IllegalStep, ChangeNotFound, ChangeNotLast, and those of load."""
    found = await load(tx, placement, command.version)
    state_after(found.state, Step.UNDO_CHANGE)
    last = await contract_changes.get_last(tx, placement)
    if last is None or last.id != change:
        known = {one.id for one in await contract_changes.list_(tx, placement)}
        raise errors.ChangeNotLast(state=None if last is None else str(last.id)) if change in known else errors.ChangeNotFound
    await contract_changes.update_voided(tx, [last], command.reason)
    restored = replace(found, contract=last.before, employer_id=last.employer_before)
    return await _view(tx, await save(tx, restored, _voided(found, last, command.reason)))


async def void_changes(tx: Tx, placement: Placement) -> list[events.Event]:
    """Nobody's contract changes abroad who has not departed. The caller holds the placement's lock, and publishes."""
    in_force = [one for one in await contract_changes.list_(tx, placement.id) if one.voided is None]
    if in_force:
        await contract_changes.update_voided(tx, in_force, "dispatch_voided")
    return [_voided(placement, one, "dispatch_voided") for one in reversed(in_force)]


async def _stay(tx: Tx, placement: Placement) -> tuple[Dispatch, Contract]:
    departure = await dispatches.get(tx, placement.id)
    if departure is None or placement.contract is None:
        raise errors.PlacementNotFound
    return departure, placement.contract


async def _require_employer(tx: Tx, placement: Placement, departure: Dispatch, command: commands.TransferEmployer) -> None:
    employer = await employers.get(tx, command.employer_id)
    order = await orders.get(tx, placement.order)
    if employer is None or order is None:
        raise errors.EmployerNotFound(field="employer_id")
    require_same_destination(employer, departure.destination)
    require_employer_licence(departure.destination, employer.licence_no, policy().licensing_destinations, "employer_id")
    domain.require_willing_transfer(employer.id, placement.employer_id or order.employer_id, consent=command.consent)


def _taken_over(contract: Contract, command: commands.TransferEmployer) -> Contract:
    """The contract with the other employer: what is not given stays as it was, but for paid days, which only a daily wage has.

    Raises DaysPerMonth.
    """
    given: dict[str, Any] = {
        name: value
        for name in ("wage", "wage_period", "days_per_month", "pay_day", "deductions_max", "end")
        if (value := getattr(command, name)) is not None
    }
    after = replace(contract, contract_no=command.contract_no, **given)
    if after.wage_period is WagePeriod.MONTH and command.days_per_month is None:
        after = replace(after, days_per_month=1)
    if after.wage_period is WagePeriod.MONTH and after.days_per_month != 1:
        raise errors.DaysPerMonth(field="days_per_month")
    return after


def _change(
    placement: Placement,
    departure: Dispatch,
    kind: ChangeKind,
    effective: date,
    contracts: tuple[Contract, Contract],
    *,
    employer: EmployerId | None = None,
) -> ContractChange:
    before, after = contracts
    return ContractChange(
        id=ChangeId(new_id()),
        placement=placement.id,
        kind=kind,
        effective=effective,
        before=before,
        after=after,
        employer_before=placement.employer_id,
        employer_after=employer or placement.employer_id,
        origin=CountedOrigin(departure.county, Designation(departure.designation), departure.designation_version),
        destination=departure.destination,
        occupation=departure.occupation,
    )


async def _apply(tx: Tx, placement: Placement, change: ContractChange) -> views.Changes:
    await contract_changes.insert(tx, change)
    about: dict[str, Any] = {"placement": placement.id, "worker": placement.worker, "change": change.id}
    event: events.Event
    if change.kind is ChangeKind.EXTENSION:
        event = events.ContractExtended.model_validate({**about, "fact": extension_fact(placement, change)})
    else:
        event = events.EmployerTransferred.model_validate({**about, "fact": transfer_fact(placement, change)})
    changed = replace(placement, contract=change.after, employer_id=change.employer_after)
    return await _view(tx, await save(tx, changed, event))


def _voided(placement: Placement, change: ContractChange, reason: str) -> events.Event:
    about: dict[str, Any] = {"placement": placement.id, "worker": placement.worker, "change": change.id, "reason": reason}
    if change.kind is ChangeKind.EXTENSION:
        return events.ExtensionVoided.model_validate({**about, "previous": extension_fact(placement, change)})
    return events.TransferVoided.model_validate({**about, "previous": transfer_fact(placement, change)})


async def _view(tx: Tx, placement: Placement) -> views.Changes:
    return views.changes(placement, await contract_changes.list_(tx, placement.id))


# --- queries ----------------------------------------------------------------------------------------------------------
async def list_changes(tx: Tx, placement: PlacementId) -> views.Changes:
    """Raises PlacementNotFound, Forbidden."""
    return await _view(tx, await get(tx, placement))

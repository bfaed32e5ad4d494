"""Placements before departure: contract, insurance, cancellation; and what is asked about placements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.docking.commands import placements as commands
from services.docking.domain import errors
from services.docking.domain.contracts import Contract, Insurance
from services.docking.domain.fees import Fee, contract_fee_id, require_no_own_employee
from services.docking.domain.placements import (
    CancelReason,
    Placement,
    PlacementFilter,
    PlacementState,
    Step,
    WithdrawnFor,
    require_insurance,
    state_after,
)
from services.docking.queries import dispatches, fees, merges, old_numbers, orders, placements
from services.docking.settings import policy
from services.docking.usecases import scope
from services.docking.usecases.contract_fees import refiled_fee
from services.docking.usecases.event_fields import contract_fields, placement_event
from services.docking.usecases.intention_matches import release_matches
from services.docking.usecases.placement_rows import lock_rows, parse_rows
from services.docking.views import placements as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.errors import require_version
from shared.listed_rows import RowsRecorded
from shared.paging import Page
from shared.principals import Role
from shared.values import FeeId, PlacementId, WagePeriod, period_of


async def load(tx: Tx, placement: PlacementId, version: int | None) -> Placement:
    """Locked, in scope, at the version named. Raises PlacementNotFound, Forbidden, VersionConflict."""
    found = await placements.lock(tx, placement)
    if found is None:
        raise errors.PlacementNotFound
    scope.require_placement(tx.principal, found)
    require_version(version, found.version)
    return found


async def save(tx: Tx, placement: Placement, *published: events.Event) -> Placement:
    """Write the placement and publish what has happened to it."""
    await placements.update(tx, placement)
    publish_and_audit(tx, *published)
    return replace(placement, version=placement.version + 1)


async def save_all(tx: Tx, several: Sequence[Placement], published: Iterable[events.Event]) -> list[Placement]:
    """Write the placements and publish what has happened to them."""
    await placements.update_all(tx, several)
    publish_and_audit(tx, *published)
    return [replace(one, version=one.version + 1) for one in several]


async def register_contract(tx: Tx, placement: PlacementId, command: commands.RegisterContract) -> views.Placement:
    """C1, C2, C5, C6. Raises IllegalStep, FutureDay, OwnEmployeeFee, and those of contract and load."""
    found = await load(tx, placement, command.version)
    named = await fees.get_all(tx, [contract_fee_id(placement)])
    registered = _registered(tx, found, command, named)
    [saved] = await _file(tx, [registered])
    return views.placement(saved)


async def register_contracts(tx: Tx, command: commands.RegisterContracts) -> RowsRecorded:
    """Each good row is recorded; each bad one is answered with its field and code."""
    rows = await lock_rows(tx, *parse_rows(commands.ListedContract, command.rows))
    named = await fees.get_all(tx, [contract_fee_id(one) for one in rows.placements])
    registered = rows.judge(lambda row, found: _registered(tx, found, row, named))
    await _file(tx, registered)
    return rows.answer(registered)


@dataclass(frozen=True, slots=True)
class _Registered:
    """The placement with its contract, the fee that changes with it, and what is published."""

    placement: Placement
    fee: Fee | None
    published: Sequence[events.Event]


def _registered(tx: Tx, found: Placement, command: commands.RegisterContract, named: Mapping[FeeId, Fee]) -> _Registered:
    """`named`: fees of contracts filed before. Raises IllegalStep, FutureDay, OwnEmployeeFee, and those of contract."""
    state = state_after(found.state, Step.REGISTER_CONTRACT)
    today = tx.clock.today()
    signed_on = command.signed_on or today
    if signed_on > today:
        raise errors.FutureDay(field="signed_on")
    require_no_own_employee(found.channel, command.service_fee, "service_fee")
    terms = contract(command, signed_on=signed_on, filed_on=today)
    registered = placement_event(tx, events.ContractRegistered, found, **contract_fields(terms))
    fee, fee_changes = refiled_fee(found, terms, named.get(contract_fee_id(found.id)))
    return _Registered(replace(found, state=state, contract=terms), fee, [registered, *fee_changes])


async def _file(tx: Tx, registered: Sequence[_Registered]) -> list[Placement]:
    await fees.update_all(tx, [one.fee for one in registered if one.fee is not None])
    return await save_all(tx, [one.placement for one in registered], (event for one in registered for event in one.published))


def contract(command: commands.ContractTerms, *, signed_on: date, filed_on: date) -> Contract:
    """The terms of the command. Raises DepositForbidden, CurrencyDiffers, CurrencyWithdrawn, EndsBeforeStart, DaysPerMonth."""
    if command.deposit is not None:
        raise errors.DepositForbidden(field="deposit")
    reference.require_legal_tender(command.wage.currency, period_of(command.start), "wage.currency")
    for name, amount in (("deductions_max", command.deductions_max), ("service_fee", command.service_fee)):
        if amount is not None and amount.currency != command.wage.currency:
            raise errors.CurrencyDiffers(field=f"{name}.currency")
    if command.end < command.start:
        raise errors.EndsBeforeStart(field="end")
    if command.wage_period is WagePeriod.MONTH and command.days_per_month != 1:
        raise errors.DaysPerMonth(field="days_per_month")
    return Contract(
        contract_no=command.contract_no,
        signed_on=signed_on,
        wage=command.wage,
        wage_period=command.wage_period,
        days_per_month=command.days_per_month,
        pay_day=command.pay_day,
        deductions_max=command.deductions_max,
        start=command.start,
        end=command.end,
        service_fee=command.service_fee,
        filed_on=filed_on,
    )


async def bind_insurance(tx: Tx, placement: PlacementId, command: commands.BindInsurance) -> views.Placement:
    """W2. Raises IllegalStep, EndsBeforeStart, InsuranceShortened, and those of load."""
    found = await load(tx, placement, command.version)
    insured, bound = _insured(tx, found, command)
    return views.placement(await save(tx, insured, bound))


def _insured(tx: Tx, found: Placement, command: commands.BindInsurance) -> tuple[Placement, events.Event]:
    """Raises IllegalStep, EndsBeforeStart, InsuranceShortened."""
    state = state_after(found.state, Step.BIND_INSURANCE)
    if command.valid_to < command.valid_from:
        raise errors.EndsBeforeStart(field="valid_to")
    insurance = Insurance(insurer=command.insurer, policy_no=command.policy_no, valid_from=command.valid_from, valid_to=command.valid_to)
    require_insurance(found, insurance, tx.clock.today())
    bound = placement_event(
        tx, events.InsuranceBound, found, insurer=command.insurer, valid_from=command.valid_from, valid_to=command.valid_to
    )
    return replace(found, state=state, insurance=insurance), bound


async def bind_insurances(tx: Tx, command: commands.BindInsurances) -> RowsRecorded:
    """Each good row is recorded; each bad one is answered with its field and code."""
    rows = await lock_rows(tx, *parse_rows(commands.ListedInsurance, command.rows))
    insured = rows.judge(lambda row, found: _insured(tx, found, row))
    await save_all(tx, [placement for placement, _ in insured], (bound for _, bound in insured))
    return rows.answer(insured)


async def cancel_placement(tx: Tx, placement: PlacementId, command: commands.CancelPlacement) -> views.Placement:
    """The position is released, a clearance withdrawn. Raises IllegalStep, ReasonNotYours, and those of load."""
    found = await load(tx, placement, command.version)
    own = {Role.ENTERPRISE: "enterprise", Role.CLERK: "worker"}.get(tx.principal.role, command.reason)
    if command.reason != own:
        raise errors.ReasonNotYours(field="reason")
    return views.placement(await cancel(tx, found, command.reason))


async def cancel(tx: Tx, placement: Placement, reason: CancelReason, *, withdrawn_for: WithdrawnFor | None = None) -> Placement:
    """Compensation: position released, clearance withdrawn where granted, worker free. Raises IllegalStep.

    The order is written before the placement: whoever accepts a match holds the order and then looks at the placement.
    """
    state = state_after(placement.state, Step.CANCEL)
    open_again = await orders.update_released(tx, placement.order)
    cancelled = replace(placement, state=state, due=None, since=tx.clock.today(), ended=reason)
    saved = await save(tx, cancelled, *cancellation(tx, placement, reason, reopens=open_again, withdrawn_for=withdrawn_for))
    await release_matches(tx, [placement])
    return saved


def cancellation(
    tx: Tx, placement: Placement, reason: CancelReason, *, reopens: bool, withdrawn_for: WithdrawnFor | None = None
) -> list[events.Event]:
    """The events of a cancellation. A clearance without a certificate was withdrawn before."""
    cancelled = placement_event(tx, events.PlacementCancelled, placement, reason=reason, reopens=reopens)
    if placement.state is not PlacementState.CLEARED or placement.certificate is None:
        return [cancelled]
    return [placement_event(tx, events.ClearanceWithdrawn, placement, reason=withdrawn_for or reason), cancelled]


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_placement(tx: Tx, placement: PlacementId) -> views.Placement:
    """Raises PlacementNotFound, Forbidden."""
    found = await get(tx, placement)
    numbers = await old_numbers.list_of_placements(tx, [placement])
    return views.placement(found, departure=await dispatches.get(tx, placement), old_numbers=numbers.get(placement, ()))


async def history(tx: Tx, placement: PlacementId, after: int, limit: int) -> History:
    """Raises PlacementNotFound, Forbidden."""
    await get(tx, placement)
    return await changes_of(tx, placement, after, limit)


async def get(tx: Tx, placement: PlacementId) -> Placement:
    """In scope. Raises PlacementNotFound, Forbidden."""
    found = await placements.get(tx, placement)
    if found is None:
        raise errors.PlacementNotFound
    scope.require_placement(tx.principal, found)
    return found


async def list_placements(tx: Tx, page: Page, wanted: PlacementFilter, old_number: str | None) -> views.Placements:
    """Those of the caller's regions, or of the caller's enterprise. `old_number`: in whichever earlier system. Raises Forbidden."""
    if old_number is not None:
        wanted = replace(wanted, among=await old_numbers.list_placements(tx, old_number))
    if wanted.worker is not None:
        wanted = replace(wanted, worker=await merges.get_current(tx, wanted.worker))
    own = scope.of_own_enterprise(tx.principal, wanted)
    found, following = await placements.list_(tx, page, own, counties=scope.visible_counties(tx.principal))
    return views.placements(found, following, await old_numbers.list_of_placements(tx, [one.id for one in found]))


async def list_placement_workers(tx: Tx, ids: Sequence[PlacementId]) -> views.PlacementWorkers:
    """Of those that the caller sees. Raises Forbidden."""
    own = scope.of_own_enterprise(tx.principal, PlacementFilter())
    found = await placements.list_workers(tx, ids, own.enterprise, counties=scope.visible_counties(tx.principal))
    return views.PlacementWorkers(items=tuple(views.PlacementWorker(placement=one, worker=worker) for one, worker in found.items()))


async def list_stuck(tx: Tx, page: Page, wanted: PlacementFilter) -> views.Placements:
    """Placements past their deadline, those whose papers are long missing, and clearances that have waited long: somebody should look."""
    today = tx.clock.today()
    waiting_since = today - timedelta(days=policy().docking_stuck_days)
    counties = scope.visible_counties(tx.principal)
    return views.placements(*await placements.list_stuck(tx, page, wanted, today=today, waiting_since=waiting_since, counties=counties))


async def list_ending(tx: Tx, page: Page, days: int, wanted: PlacementFilter) -> views.EndingPlacements:
    """Workers abroad whose contract ends within so many days, or has ended. Raises Forbidden."""
    today, counties = tx.clock.today(), scope.visible_counties(tx.principal)
    own = scope.of_own_enterprise(tx.principal, wanted)
    found, following = await placements.list_ending(tx, page, today + timedelta(days=days), own, counties=counties)
    ending = await placements.get_ending(tx, today, enterprise=own.enterprise, counties=counties)
    return views.ending(ending, found, following)

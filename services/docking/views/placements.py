"""Placements with their contract, insurance and departure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.clearance.checks import Actor, Check
from services.docking.domain import contracts
from services.docking.domain import placements as domain
from services.docking.domain.dispatches import Dispatch as Departure
from services.docking.views.dispatches import Dispatch, dispatch
from shared import reference
from shared.old_numbers import OldNumber
from shared.values import (
    Channel,
    CountyCode,
    Destination,
    EnterpriseId,
    Money,
    Occupation,
    OrderId,
    PlacementId,
    WagePeriod,
    WorkerId,
)


class PlacementWorker(BaseModel, frozen=True):
    placement: PlacementId
    worker: WorkerId


class PlacementWorkers(BaseModel, frozen=True):
    """In no order; without those that there are not, or that the caller does not see."""

    items: tuple[PlacementWorker, ...]


class Contract(BaseModel, frozen=True):
    contract_no: str
    signed_on: date
    filed_on: date
    filing_due: date
    filed_late: bool
    wage: Money
    wage_period: WagePeriod
    days_per_month: int
    pay_day: int
    deductions_max: Money
    start: date
    end: date
    service_fee: Money | None
    terms_hash: str


class Insurance(BaseModel, frozen=True):
    insurer: str
    policy_no: str
    valid_from: date
    valid_to: date


class Placement(BaseModel, frozen=True):
    placement: PlacementId
    order: OrderId
    enterprise: EnterpriseId
    worker: WorkerId
    county: CountyCode
    destination: Destination
    occupation: Occupation
    channel: Channel
    state: domain.PlacementState
    matched_on: date
    due: date | None  # the position returns after this day
    since: date
    adopted: bool
    planned_departure: date | None
    contract: Contract | None
    insurance: Insurance | None
    clearance: str | None
    clearance_valid_to: date | None
    failed: tuple[Check, ...] = ()  # checks that a refused or waiting clearance still needs
    dispatch: Dispatch | None = None
    ended: domain.CancelReason | domain.VoidReason | None
    version: int
    old_numbers: tuple[OldNumber, ...] = ()  # in systems before this one; none in the answer to a command, which is kept


class StatedClearance(BaseModel, frozen=True):
    """Whether somebody may depart on a clearance today; a certificate with other days than these was replaced by another."""

    placement: PlacementId
    in_force: bool
    granted_on: date | None
    valid_to: date | None


class Checked(BaseModel, frozen=True):
    """One check of the clearance; `actor` must act where it is not met."""

    check: Check
    met: bool
    actor: Actor


class Checklist(BaseModel, frozen=True):
    placement: PlacementId
    state: domain.PlacementState
    items: tuple[Checked, ...]


class Placements(BaseModel, frozen=True):
    items: tuple[Placement, ...]
    next: str | None


class Ending(BaseModel, frozen=True):
    """Of workers abroad; a contract that ends in 20 days is also within 60 and 90."""

    overdue: int
    in_30: int
    in_60: int
    in_90: int


class EndingPlacement(Placement, frozen=True):
    ends_on: date


class EndingPlacements(BaseModel, frozen=True):
    contracts: Ending
    items: tuple[EndingPlacement, ...]
    next: str | None


def contract(one: contracts.Contract) -> Contract:
    filing = contracts.filing(one, reference.working_days_after)
    return Contract(
        contract_no=one.contract_no,
        signed_on=one.signed_on,
        filed_on=one.filed_on,
        filing_due=filing.due,
        filed_late=filing.late,
        wage=one.wage,
        wage_period=one.wage_period,
        days_per_month=one.days_per_month,
        pay_day=one.pay_day,
        deductions_max=one.deductions_max,
        start=one.start,
        end=one.end,
        service_fee=one.service_fee,
        terms_hash=contracts.terms_hash(one),
    )


def insurance(one: contracts.Insurance) -> Insurance:
    return Insurance(insurer=one.insurer, policy_no=one.policy_no, valid_from=one.valid_from, valid_to=one.valid_to)


def placement(
    one: domain.Placement,
    *,
    failed: tuple[Check, ...] = (),
    departure: Departure | None = None,
    old_numbers: tuple[OldNumber, ...] = (),
) -> Placement:
    return Placement(
        placement=one.id,
        order=one.order,
        enterprise=one.enterprise,
        worker=one.worker,
        county=one.county,
        destination=one.destination,
        occupation=one.occupation,
        channel=one.channel,
        state=one.state,
        matched_on=one.matched_on,
        due=one.due,
        since=one.since,
        adopted=one.adopted,
        planned_departure=one.planned_departure,
        contract=contract(one.contract) if one.contract else None,
        insurance=insurance(one.insurance) if one.insurance else None,
        clearance=one.clearance,
        clearance_valid_to=one.clearance_valid_to,
        failed=failed,
        dispatch=dispatch(departure) if departure else None,
        ended=one.ended,
        version=one.version,
        old_numbers=old_numbers,
    )


def placements(
    found: Sequence[domain.Placement], cursor: str | None, old_numbers: Mapping[PlacementId, tuple[OldNumber, ...]] | None = None
) -> Placements:
    numbers = old_numbers or {}
    return Placements(items=tuple(placement(one, old_numbers=numbers.get(one.id, ())) for one in found), next=cursor)


def ending(counts: domain.Ending, found: Sequence[domain.EndingPlacement], cursor: str | None) -> EndingPlacements:
    contracts = Ending(overdue=counts.overdue, in_30=counts.in_30, in_60=counts.in_60, in_90=counts.in_90)
    items = tuple(EndingPlacement(**dict(placement(one)), ends_on=one.ends_on) for one in found)
    return EndingPlacements(contracts=contracts, items=items, next=cursor)

"""What docking answers: the shape of each aggregate as its readers see it."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from services.docking import departures, domain
from services.docking.matching import Ranked
from shared import reference
from shared.values import (
    Channel,
    CountyCode,
    Currency,
    Destination,
    EnterpriseId,
    HouseholdStatus,
    MatchId,
    Money,
    Occupation,
    OrderId,
    PlacementId,
    Sex,
    WagePeriod,
    WorkerId,
)

FILING_DAYS = 10  # C6: working days from the signing to the filing


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Enterprise(_View):
    enterprise: EnterpriseId
    name: str
    licence_no: str
    seat: CountyCode | None
    scope: tuple[Channel, ...]
    destinations: tuple[Destination, ...]
    valid_to: date
    state: domain.EnterpriseState
    reserve: Money
    warnings: tuple[str, ...] = ()
    version: int


class Enterprises(_View):
    items: tuple[Enterprise, ...]
    next: EnterpriseId | None


class Order(_View):
    order: OrderId
    enterprise: EnterpriseId
    employer: str
    destination: Destination
    occupation: Occupation
    channel: Channel
    positions: int
    reserved: int
    filled: int
    fill_rate: tuple[int, int]  # filled of positions, a ratio: rounded only where people read
    wage: Money
    wage_period: WagePeriod
    term_months: int
    fee_cap: Money | None
    opened_on: date
    expires: date
    state: domain.OrderState
    version: int


class Orders(_View):
    items: tuple[Order, ...]
    next: OrderId | None


class Proposal(_View):
    match: MatchId
    worker: WorkerId
    score: int
    reasons: tuple[str, ...]
    quota_effect: str | None
    expires: date


class Proposals(_View):
    order: OrderId
    matches: tuple[Proposal, ...]


class Contract(_View):
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


class Insurance(_View):
    insurer: str
    policy_no: str
    valid_from: date
    valid_to: date


class Dispatch(_View):
    departed_on: date
    port: str
    destination: Destination
    occupation: Occupation
    channel: Channel
    county: CountyCode
    designation: str
    household_status: HouseholdStatus
    sex: Sex
    birth_year: int
    first_ever: bool
    first_this_year: bool
    evidence: str
    returned_on: date | None
    return_reason: str | None
    voided: str | None


class Placement(_View):
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
    failed: tuple[str, ...] = ()  # checks that a refused or waiting clearance still needs
    dispatch: Dispatch | None = None
    ended: str | None
    version: int


class Placements(_View):
    items: tuple[Placement, ...]
    next: PlacementId | None


class Refusal(_View):
    """A row that was not taken: its place from 0, the field, and a stable code."""

    row: int
    field: str | None
    code: str


class Adoption(_View):
    accepted: int
    refused: tuple[Refusal, ...]
    placements: tuple[PlacementId, ...]


def enterprise(one: domain.Enterprise, *, warnings: tuple[str, ...] = ()) -> Enterprise:
    return Enterprise(
        enterprise=one.id,
        name=one.name,
        licence_no=one.licence_no,
        seat=one.seat,
        scope=one.scope,
        destinations=one.destinations,
        valid_to=one.valid_to,
        state=one.state,
        reserve=Money(minor=one.reserve_minor, currency=Currency("CNY")),
        warnings=warnings,
        version=one.version,
    )


def order(one: domain.Order) -> Order:
    return Order(
        order=one.id,
        enterprise=one.enterprise,
        employer=one.employer,
        destination=one.destination,
        occupation=one.occupation,
        channel=one.channel,
        positions=one.positions,
        reserved=one.reserved,
        filled=one.filled,
        fill_rate=(one.filled, one.positions),
        wage=one.wage,
        wage_period=one.wage_period,
        term_months=one.term_months,
        fee_cap=one.fee_cap,
        opened_on=one.opened_on,
        expires=one.expires,
        state=one.state,
        version=one.version,
    )


def proposal(one: Ranked, match: MatchId, expires: date) -> Proposal:
    return Proposal(match=match, worker=one.worker, score=one.score, reasons=one.reasons, quota_effect=one.quota_effect, expires=expires)


def contract(one: domain.Contract) -> Contract:
    due = reference.working_days_after(one.signed_on, FILING_DAYS)
    return Contract(
        contract_no=one.contract_no,
        signed_on=one.signed_on,
        filed_on=one.filed_on,
        filing_due=due,
        filed_late=one.filed_on > due,
        wage=one.wage,
        wage_period=one.wage_period,
        days_per_month=one.days_per_month,
        pay_day=one.pay_day,
        deductions_max=one.deductions_max,
        start=one.start,
        end=one.end,
        service_fee=one.service_fee,
        terms_hash=domain.terms_hash(one),
    )


def dispatch(one: departures.Dispatch) -> Dispatch:
    return Dispatch(
        departed_on=one.departed_on,
        port=one.port,
        destination=one.destination,
        occupation=one.occupation,
        channel=one.channel,
        county=one.county,
        designation=one.designation,
        household_status=one.household_status,
        sex=one.sex,
        birth_year=one.birth_year,
        first_ever=one.first_ever,
        first_this_year=one.first_this_year,
        evidence=one.evidence,
        returned_on=one.returned_on,
        return_reason=one.return_reason,
        voided=one.voided,
    )


def placement(one: domain.Placement, *, failed: tuple[str, ...] = (), departure: departures.Dispatch | None = None) -> Placement:
    insurance = one.insurance
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
        insurance=insurance
        and Insurance(
            insurer=insurance.insurer, policy_no=insurance.policy_no, valid_from=insurance.valid_from, valid_to=insurance.valid_to
        ),
        clearance=one.clearance,
        clearance_valid_to=one.clearance_valid_to,
        failed=failed,
        dispatch=dispatch(departure) if departure else None,
        ended=one.ended,
        version=one.version,
    )

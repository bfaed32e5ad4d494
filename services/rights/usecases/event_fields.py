"""What events of rights have in common, and values as events carry them."""

from __future__ import annotations

from datetime import date
from typing import TypedDict

from services.rights.domain.cases import Case, Category
from services.rights.domain.costs import Cost
from services.rights.domain.incomes import Paid
from services.rights.domain.ledgers import Ledger
from shared.events import IncomeFact, Origin, RecruitmentCost
from shared.values import CaseId, Channel, Destination, EnterpriseId, Occupation, PlacementId, WorkerId


class Codes(TypedDict):
    """What every event of a ledger carries."""

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    origin: Origin
    destination: Destination
    occupation: Occupation
    channel: Channel
    effective: date


class CaseCodes(TypedDict):
    """What every event of a case carries."""

    case: CaseId
    category: Category
    enterprise: EnterpriseId
    placement: PlacementId | None
    origin: Origin | None
    destination: Destination | None
    blocking: bool
    effective: date


def codes(ledger: Ledger, effective: date) -> Codes:
    return Codes(
        placement=ledger.placement,
        worker=ledger.worker,
        enterprise=ledger.enterprise,
        origin=_origin(ledger),
        destination=ledger.destination,
        occupation=ledger.occupation,
        channel=ledger.channel,
        effective=effective,
    )


def case_codes(case: Case, effective: date) -> CaseCodes:
    """Whoever asked to stay hidden is not named by the placement either: figures need the codes of the origin only."""
    of = case.origin
    origin = Origin(county=of.county, designation=of.designation, designation_version=of.designation_version) if of else None
    return CaseCodes(
        case=case.case,
        category=case.category,
        enterprise=case.enterprise,
        placement=None if case.hidden else case.placement,
        origin=origin,
        destination=of.destination if of else None,
        blocking=case.blocking,
        effective=effective,
    )


def _origin(ledger: Ledger) -> Origin:
    return Origin(county=ledger.county, designation=ledger.designation, designation_version=ledger.designation_version)


def income_fact(paid: Paid) -> IncomeFact:
    return IncomeFact(
        period=paid.period,
        gross=paid.gross,
        deductions=paid.deductions,
        net=paid.net,
        remitted=paid.remitted,
        paid_on=paid.paid_on,
        source=paid.source,
    )


def cost_fact(cost: Cost | None) -> RecruitmentCost | None:
    if cost is None:
        return None
    first = cost.first_income
    return RecruitmentCost(period=first.period, fee=cost.fee, first_income=first.net, months_milli=cost.months_milli)

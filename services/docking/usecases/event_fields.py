"""What docking's events carry."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Literal, TypeVar

from services.docking.domain.arrivals import Arrival
from services.docking.domain.contract_changes import ContractChange
from services.docking.domain.contracts import Contract, terms_hash
from services.docking.domain.dispatches import Dispatch
from services.docking.domain.enterprises import Enterprise
from services.docking.domain.fairs import Fair, Intention
from services.docking.domain.fees import Fee
from services.docking.domain.orders import Order
from services.docking.domain.origins import CountedOrigin
from services.docking.domain.placements import Placement
from services.docking.domain.proposals import MatchCodes
from shared import reference
from shared.db import Tx
from shared.events import (
    ArrivalFact,
    DispatchCorrected,
    DispatchFact,
    Event,
    Evidence,
    ExtensionFact,
    FairFact,
    FeeFact,
    IntentionFact,
    Origin,
    ReturnCorrected,
    ReturnFact,
    TransferFact,
)
from shared.values import CorrectionReason, CountyCode, Designation

E = TypeVar("E", bound=Event)
Cause = Literal["correction", "void_of_first", "late_earlier_departure", "merge"]


def placement_event(tx: Tx, event: type[E], placement: Placement, **fields: Any) -> E:
    """An event of the placement's pipeline, effective today, with the codes that every one of them carries."""
    today = tx.clock.today()
    return event.model_validate(
        {
            "placement": placement.id,
            "worker": placement.worker,
            "order": placement.order,
            "enterprise": placement.enterprise,
            "origin": reference.origin(CountyCode(placement.county), today),
            "destination": placement.destination,
            "occupation": placement.occupation,
            "channel": placement.channel,
            "effective": today,
            **fields,
        }
    )


def enterprise_event(tx: Tx, event: type[E], enterprise: Enterprise, **fields: Any) -> E:
    """An event of the enterprise, effective today, with its licence as it is now."""
    return event.model_validate(
        {
            "enterprise": enterprise.id,
            "licence_no": enterprise.licence_no,
            "scope": enterprise.scope,
            "destinations": enterprise.destinations,
            "valid_to": enterprise.valid_to,
            "seat": enterprise.seat,
            "effective": tx.clock.today(),
            **fields,
        }
    )


def match_event(tx: Tx, event: type[E], match: MatchCodes, **fields: Any) -> E:
    """An event of the proposal, effective today, with the codes of its order and its worker."""
    today = tx.clock.today()
    return event.model_validate(
        {
            "match": match.id,
            "order": match.order,
            "enterprise": match.enterprise,
            "worker": match.worker,
            "origin": reference.origin(match.county, today),
            "destination": match.destination,
            "occupation": match.occupation,
            "channel": match.channel,
            "effective": today,
            **fields,
        }
    )


def order_event(tx: Tx, event: type[E], order: Order, **fields: Any) -> E:
    """An event of the order, effective today, with the codes that every one of them carries."""
    return event.model_validate(
        {
            "order": order.id,
            "enterprise": order.enterprise,
            "destination": order.destination,
            "occupation": order.occupation,
            "channel": order.channel,
            "effective": tx.clock.today(),
            **fields,
        }
    )


def intention_event(tx: Tx, event: type[E], intention: Intention, **fields: Any) -> E:
    """An event of the intention, effective today, with what it says now."""
    return event.model_validate(
        {
            "intention": intention.id,
            "fair": intention.fair,
            "fact": intention_fact(intention),
            "effective": tx.clock.today(),
            **fields,
        }
    )


def intention_fact(one: Intention) -> IntentionFact:
    """The intention as events carry it, its county as it was listed on the day of the fair."""
    return IntentionFact(
        held_on=one.held_on,
        origin=reference.origin(one.county, one.held_on),
        enterprise=one.enterprise,
        destination=one.destination,
        occupation=one.occupation,
        headcount=one.headcount,
    )


def fair_fact(one: Fair) -> FairFact:
    """The fair as events carry it."""
    return FairFact(held_on=one.held_on, county=one.county, counties=one.counties, enterprises=one.enterprises)


def contract_fields(terms: Contract) -> dict[str, object]:
    """Fields of ContractRegistered."""
    return {
        "contract_no": terms.contract_no,
        "terms_hash": terms_hash(terms),
        "wage": terms.wage,
        "wage_period": terms.wage_period,
        "days_per_month": terms.days_per_month,
        "pay_day": terms.pay_day,
        "deductions_max": terms.deductions_max,
        "start": terms.start,
        "end": terms.end,
        "service_fee": terms.service_fee,
    }


def dispatch_fact(one: Dispatch) -> DispatchFact:
    """The departure as events carry it."""
    return DispatchFact(
        departed_on=one.departed_on,
        port=one.port,
        destination=one.destination,
        occupation=one.occupation,
        channel=one.channel,
        enterprise=one.enterprise,
        origin=Origin(county=one.county, designation=Designation(one.designation), designation_version=one.designation_version),
        household_status=one.household_status,
        sex=one.sex,
        birth_year=one.birth_year,
        first_ever=one.first_ever,
        first_this_year=one.first_this_year,
        evidence=Evidence(one.evidence),
        registered_on=one.registered_on,
        matched_on=one.matched_on,
    )


def return_fact(one: Dispatch) -> ReturnFact | None:
    """None: still abroad."""
    if one.returned_on is None:
        return None
    return ReturnFact.model_validate({"returned_on": one.returned_on, "reason": one.return_reason})


def corrections(
    changes: Iterable[tuple[Dispatch, Dispatch]], cause: Cause, reason: CorrectionReason | Literal["worker_changed"] | None = None
) -> list[DispatchCorrected]:
    """One event for each departure on record that counts differently now, from (before, now)."""
    return [
        DispatchCorrected(
            placement=old.placement,
            worker=old.worker,
            previous=dispatch_fact(old),
            fact=dispatch_fact(new),
            returned=return_fact(new),
            cause=cause,
            reason=reason,
        )
        for old, new in changes
    ]


def return_corrected(old: Dispatch, new: Dispatch, dispatch: Dispatch, reason: CorrectionReason) -> ReturnCorrected:
    """The return of `old` was that of `new`; `dispatch` is the departure as it is counted now."""
    return ReturnCorrected.model_validate(
        {
            "placement": old.placement,
            "worker": old.worker,
            "previous": return_fact(old),
            "fact": return_fact(new),
            "dispatch": dispatch_fact(dispatch),
            "reason": reason,
        }
    )


def arrival_fact(one: Arrival) -> ArrivalFact:
    return ArrivalFact.model_validate(
        {
            "day": one.day,
            "confirmed_on": one.confirmed_on,
            "terms_match": not one.differences,
            "differences": one.differences,
            "enterprise": one.enterprise,
            "origin": origin_of(one.origin),
            "destination": one.destination,
            "occupation": one.occupation,
            "channel": one.channel,
        }
    )


def extension_fact(placement: Placement, one: ContractChange) -> ExtensionFact:
    terms = {"signed_on": one.effective, "previous_end": one.before.end, "end": one.after.end, "terms_hash": terms_hash(one.after)}
    return ExtensionFact.model_validate({**terms, **_change_codes(placement, one)})


def transfer_fact(placement: Placement, one: ContractChange) -> TransferFact:
    terms = {name: value for name, value in contract_fields(one.after).items() if name != "service_fee"}
    employers = {"since": one.effective, "employer": one.employer_after, "previous_employer": one.employer_before}
    return TransferFact.model_validate({**terms, **employers, **_change_codes(placement, one)})


def _change_codes(placement: Placement, one: ContractChange) -> dict[str, object]:
    return {
        "enterprise": placement.enterprise,
        "origin": origin_of(one.origin),
        "destination": one.destination,
        "occupation": one.occupation,
        "channel": placement.channel,
    }


def counted_origin(county: CountyCode, day: date) -> CountedOrigin:
    """What the county was listed as on that day."""
    origin = reference.origin(county, day)
    return CountedOrigin(origin.county, origin.designation, origin.designation_version)


def origin_of(one: CountedOrigin) -> Origin:
    return Origin(county=one.county, designation=one.designation, designation_version=one.designation_version)


def fee_fact(placement: Placement, one: Fee) -> FeeFact:
    """The fee as events carry it."""
    return FeeFact(
        payer=one.charge.payer,
        item=one.charge.item,
        amount=one.charge.amount,
        charged_on=one.charge.charged_on,
        enterprise=placement.enterprise,
        origin=origin_of(one.origin),
        destination=placement.destination,
        occupation=placement.occupation,
        channel=placement.channel,
    )

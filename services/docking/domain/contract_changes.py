"""What changes about a contract while the worker is abroad: it runs longer, or another employer takes the worker over."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from services.docking.domain.contracts import Contract
from services.docking.domain.dispatches import Dispatch
from services.docking.domain.errors import (
    ChangeOutOfOrder,
    ConsentMissing,
    ContractEnded,
    CurrencyDiffers,
    DayTooEarly,
    EndsBeforeStart,
    FutureDay,
    InsuranceTooShort,
    NotExtended,
    SameEmployer,
    TermTooLong,
)
from services.docking.domain.origins import CountedOrigin
from services.docking.domain.placements import Placement
from shared.values import ChangeId, Destination, EmployerId, Occupation, PlacementId

ChangeVoidReason = Literal["entered_wrongly", "not_agreed", "wrong_placement", "dispatch_voided"]


class ChangeKind(StrEnum):
    EXTENSION = "extension"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractChange:
    """One change: the contract before and after it, with the codes that it is counted by. Only the last one can be undone."""

    id: ChangeId
    placement: PlacementId
    kind: ChangeKind
    effective: date  # the extension was signed, the worker began with the other employer
    before: Contract
    after: Contract
    employer_before: EmployerId | None  # None: the one of the order
    employer_after: EmployerId | None
    origin: CountedOrigin
    destination: Destination
    occupation: Occupation
    voided: ChangeVoidReason | None = None


def extended(contract: Contract, end: date, signed_on: date, most_months: int) -> Contract:
    """Raises ContractEnded, NotExtended, TermTooLong."""
    if signed_on > contract.end:
        raise ContractEnded(f"the contract ended on {contract.end}", field="signed_on", state=contract.end)
    if end <= contract.end:
        raise NotExtended(f"the contract runs to {contract.end} already", field="end", state=contract.end)
    longer = replace(contract, end=end)
    _require_term(longer, most_months)
    return longer


def _require_term(contract: Contract, most_months: int) -> None:
    """Raises TermTooLong."""
    if contract.months > most_months:
        raise TermTooLong(f"a contract runs for {most_months} months at most", field="end")


def require_covered_abroad(placement: Placement, end: date) -> None:
    """W2: insured for the whole time abroad. Raises InsuranceTooShort."""
    if placement.insurance is None or placement.insurance.valid_to < end:
        state = placement.insurance.valid_to if placement.insurance else None
        raise InsuranceTooShort(field="end", state=state)


def require_transfer(placement: Placement, contract: Contract, taken_over: Contract, since: date, most_months: int) -> None:
    """A later end is an extension too. Raises CurrencyDiffers, EndsBeforeStart, TermTooLong, InsuranceTooShort."""
    if taken_over.wage.currency != contract.wage.currency:
        raise CurrencyDiffers(field="wage.currency")
    if taken_over.deductions_max.currency != contract.wage.currency:
        raise CurrencyDiffers(field="deductions_max.currency")
    if taken_over.end < since:
        raise EndsBeforeStart(field="end")
    if taken_over.end > contract.end:
        _require_term(taken_over, most_months)
        require_covered_abroad(placement, taken_over.end)


def require_willing_transfer(employer: EmployerId, current: EmployerId | None, *, consent: bool) -> None:
    """Raises ConsentMissing, SameEmployer."""
    if not consent:
        raise ConsentMissing(field="consent")
    if employer == current:
        raise SameEmployer(field="employer_id")


def require_change_day(departure: Dispatch, last: ContractChange | None, day: date, today: date, field: str) -> None:
    """Raises FutureDay, DayTooEarly, ChangeOutOfOrder."""
    if day > today:
        raise FutureDay(field=field)
    if day < departure.departed_on:
        raise DayTooEarly(f"the worker departed on {departure.departed_on}", field=field)
    if last is not None and day < last.effective:
        raise ChangeOutOfOrder(f"the contract was changed on {last.effective} already", field=field, state=last.effective)

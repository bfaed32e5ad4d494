"""Training centres: the licence, its days, who teaches and who assesses (rules.md 1.3: number of five digits, the first two the region)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Literal

from services.training.domain.errors import (
    AssessorNotRegistered,
    CapacityExceeded,
    CentreIllegalStep,
    CentreNotActive,
    CentreNotLicensed,
    NotRenewed,
    RegionDiffers,
    TrainerNotRegistered,
)
from shared.values import CentreId, CountyCode

SuspensionReason = Literal["breach", "investigation", "premises", "false_records"]
RevocationReason = Literal["breach", "false_records", "certificates_sold", "business_ended"]


class CentreState(StrEnum):
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


class CentreStep(StrEnum):
    RENEW = "renew"
    STAFF = "staff"
    SUSPEND = "suspend"
    REINSTATE = "reinstate"
    REVOKE = "revoke"


_C = CentreState
CENTRE_STEPS: Mapping[tuple[CentreState, CentreStep], CentreState] = {
    (_C.ACTIVE, CentreStep.RENEW): _C.ACTIVE,
    (_C.ACTIVE, CentreStep.STAFF): _C.ACTIVE,
    (_C.ACTIVE, CentreStep.SUSPEND): _C.SUSPENDED,
    (_C.ACTIVE, CentreStep.REVOKE): _C.REVOKED,
    (_C.SUSPENDED, CentreStep.RENEW): _C.SUSPENDED,
    (_C.SUSPENDED, CentreStep.STAFF): _C.SUSPENDED,
    (_C.SUSPENDED, CentreStep.REINSTATE): _C.ACTIVE,
    (_C.SUSPENDED, CentreStep.REVOKE): _C.REVOKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """`centre` is the account that acts for it. Without a licence number it was at work before licences were kept here."""

    id: CentreId
    centre: str
    licence_no: str | None
    region: CountyCode | None
    valid_from: date
    valid_to: date
    capacity: int  # trainees at a time
    trainers: tuple[str, ...]  # accounts
    assessors: tuple[str, ...]
    state: CentreState = CentreState.ACTIVE
    revoked_on: date | None = None
    version: int = 1


def centre_after(centre: Centre, step: CentreStep) -> CentreState:
    """The state after the step. Raises CentreIllegalStep."""
    after = CENTRE_STEPS.get((centre.state, step))
    if after is None:
        raise CentreIllegalStep(f"a centre that is {centre.state} cannot {step}", state=centre.state)
    return after


def renewed(centre: Centre, valid_to: date, capacity: int | None) -> Centre:
    """Longer, under the same number. Raises CentreIllegalStep, NotRenewed."""
    state = centre_after(centre, CentreStep.RENEW)
    if valid_to <= centre.valid_to:
        raise NotRenewed(f"the licence runs to {centre.valid_to} already", field="valid_to")
    return replace(centre, state=state, valid_to=valid_to, capacity=capacity or centre.capacity)


def require_region(licence_no: str, region: CountyCode) -> None:
    """Raises RegionDiffers."""
    if licence_no[:2] != region[:2]:
        raise RegionDiffers(f"the region {region} has numbers that begin with {region[:2]}", field="licence_no")


def require_active(centre: Centre | None) -> Centre:
    """Raises CentreNotLicensed, CentreNotActive."""
    if centre is None:
        raise CentreNotLicensed
    if centre.state is not CentreState.ACTIVE:
        raise CentreNotActive(state=centre.state)
    return centre


def require_covered(centre: Centre, starts_on: date, ends_on: date) -> None:
    """All days of a session lie within the licence. Raises CentreNotLicensed."""
    for field, day in (("starts_on", starts_on), ("ends_on", ends_on)):
        _require_valid(centre, day, field)


def require_in_force(centre: Centre, day: date, field: str, *, was_suspended: bool) -> None:
    """What is attended and examined on a day is so at a centre licensed on that day, whatever came after.

    Raises CentreNotLicensed, CentreNotActive.
    """
    _require_valid(centre, day, field)
    if was_suspended:
        raise CentreNotActive(f"suspended on {day}", field=field, state=CentreState.SUSPENDED)
    if centre.revoked_on is not None and day >= centre.revoked_on:
        raise CentreNotActive(f"revoked on {centre.revoked_on}", field=field, state=CentreState.REVOKED)


def _require_valid(centre: Centre, day: date, field: str) -> None:
    if not centre.valid_from <= day <= centre.valid_to:
        raise CentreNotLicensed(f"the licence runs from {centre.valid_from} to {centre.valid_to}", field=field, state=centre.valid_to)


def require_capacity(centre: Centre, seats: int, taken: int) -> None:
    """`taken`: seats of other sessions on the busiest day of this one. Raises CapacityExceeded."""
    if taken + seats > centre.capacity:
        free = max(0, centre.capacity - taken)
        raise CapacityExceeded(f"{free} of {centre.capacity} places are free on the busiest day", field="seats", state=free)


def require_trainer(centre: Centre, account: str) -> None:
    """Raises TrainerNotRegistered."""
    if account not in centre.trainers:
        raise TrainerNotRegistered(field="trainer")


def require_assessor(centre: Centre, account: str) -> None:
    """Raises AssessorNotRegistered."""
    if account not in centre.assessors:
        raise AssessorNotRegistered(field="assessor")

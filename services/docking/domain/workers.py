"""Workers, as registration's events describe them: no name, no number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from services.docking.domain.errors import AlreadyPlaced, WorkerErased
from shared.values import CountyCode, Destination, HouseholdStatus, Money, Occupation, Sex, WorkerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What matching knows of a worker. The willingness fields are those of the last recorded willingness."""

    id: WorkerId
    registered_at: datetime
    registered_on: date
    county: CountyCode
    poor: bool  # the county was ever listed as a poverty county
    sex: Sex
    birth_year: int
    household_status: HouseholdStatus
    occupations: tuple[Occupation, ...]  # what the worker can do
    verified: bool
    number: str | None = None  # as people write it; None: registered before it was kept here
    suspended: bool = False
    erased: bool = False
    willing: bool = False
    destinations: tuple[Destination, ...] = ()
    wanted: tuple[Occupation, ...] = ()
    floor: Money | None = None  # lowest acceptable wage per month
    available_from: date | None = None
    willing_since: date | None = None
    willing_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerAvailability(Worker):
    """A worker, and whether an active placement holds them."""

    placed: bool


def require_not_erased(worker: Worker | None, field: str | None = None) -> None:
    """Raises WorkerErased."""
    if worker is not None and worker.erased:
        raise WorkerErased(field=field)


def require_not_placed(worker: WorkerAvailability, field: str | None = None) -> None:
    """Raises AlreadyPlaced: one active placement per worker."""
    if worker.placed:
        raise AlreadyPlaced(field=field)

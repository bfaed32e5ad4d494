"""Departures, and which of a worker's departures count as a person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from services.docking.domain.errors import StayOverlaps
from services.docking.domain.placements import VoidReason
from shared.values import (
    Channel,
    CountyCode,
    Designation,
    Destination,
    EnterpriseId,
    HouseholdStatus,
    Occupation,
    PlacementId,
    Sex,
    WorkerId,
)

ReturnReason = Literal["completed", "early", "terminated", "distress", "death"]
Evidence = Literal["exit_stamp", "boarding_record", "arrival_confirmation", "adopted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One departure and every code it is counted by."""

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    departed_on: date
    port: str
    destination: Destination
    occupation: Occupation
    channel: Channel
    county: CountyCode
    designation: Designation
    designation_version: str
    household_status: HouseholdStatus
    sex: Sex
    birth_year: int
    first_ever: bool
    first_this_year: bool
    evidence: Evidence
    registered_on: date | None = None  # of the worker, and of the match; None: adopted abroad
    matched_on: date | None = None
    returned_on: date | None = None
    return_reason: ReturnReason | None = None
    voided: VoidReason | None = None


@dataclass(frozen=True, slots=True)
class First:
    """Whether a departure counts as a person: of all time, and of its calendar year."""

    ever: bool
    this_year: bool


def firsts(departures: Iterable[tuple[PlacementId, date]]) -> dict[PlacementId, First]:
    """Of one worker's departures that are not voided: exactly one is the first of its calendar year, and one the first ever.

    On the same day the earlier placement comes first, so the answer does not depend on the order of recording.
    """
    years: set[int] = set()
    found: dict[PlacementId, First] = {}
    for placement, day in sorted(departures, key=lambda departure: (departure[1], str(departure[0]))):
        found[placement] = First(ever=not years, this_year=day.year not in years)
        years.add(day.year)
    return found


def recount(counted: Iterable[Dispatch]) -> dict[PlacementId, Dispatch]:
    """One worker's departures that are not voided, with the flags they must have now."""
    departures = list(counted)
    flags = firsts((one.placement, one.departed_on) for one in departures)
    return {
        one.placement: replace(one, first_ever=flags[one.placement].ever, first_this_year=flags[one.placement].this_year)
        for one in departures
    }


def require_apart(old: Dispatch, new: Dispatch, others: Iterable[Dispatch]) -> None:
    """A worker is abroad on one placement at a time; a stay without a return has no end yet. Raises StayOverlaps."""
    if (new.departed_on, new.returned_on) == (old.departed_on, old.returned_on):
        return
    for other in others:
        if new.departed_on < (other.returned_on or date.max) and other.departed_on < (new.returned_on or date.max):
            begins_in_this = new.departed_on <= other.departed_on
            raise StayOverlaps(
                f"the worker was abroad from {other.departed_on} to {other.returned_on or 'now'}",
                field="returned_on" if begins_in_this and new.returned_on != old.returned_on else "departed_on",
                state=other.departed_on,
            )


def with_return(departure: Dispatch, returned: Dispatch) -> Dispatch:
    """The departure of the one with the return of the other."""
    return replace(departure, returned_on=returned.returned_on, return_reason=returned.return_reason)


def changed(before: Iterable[Dispatch], now: dict[PlacementId, Dispatch]) -> list[tuple[Dispatch, Dispatch]]:
    """(before, now) of the departures on record that count differently now."""
    return [(one, now[one.placement]) for one in before if now[one.placement] != one]

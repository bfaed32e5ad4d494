"""Arrivals: what the worker says, some days after the departure, about the terms that were agreed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from services.docking.domain.dispatches import Dispatch
from services.docking.domain.errors import ArrivalDayNotAsked, ArrivalTooEarly, FutureDay, HomeBefore
from services.docking.domain.origins import CountedOrigin
from shared.values import Channel, CountyCode, Destination, EnterpriseId, Occupation, PlacementId, WorkerId

Term = Literal["employer", "wage", "work", "place", "hours", "passport"]
TERMS: tuple[Term, ...] = ("employer", "wage", "work", "place", "hours", "passport")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One confirmation. `day`: so many days after the departure it is asked for. The codes are those it is counted by."""

    placement: PlacementId
    day: int
    confirmed_on: date
    differences: tuple[Term, ...]
    enterprise: EnterpriseId
    origin: CountedOrigin
    destination: Destination
    occupation: Occupation
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """A worker abroad who has not confirmed."""

    placement: PlacementId
    worker: WorkerId
    enterprise: EnterpriseId
    county: CountyCode
    destination: Destination
    departed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfirmedFilter:
    """Who is searched for among those who were to confirm on that day after the departure; None: any."""

    day: int
    enterprise: EnterpriseId | None = None
    destination: Destination | None = None


def differing(answers: Mapping[Term, bool]) -> tuple[Term, ...]:
    """The terms that are not as agreed, in one order."""
    return tuple(term for term in TERMS if not answers[term])


def require_asked(day: int, days: tuple[int, int]) -> None:
    """Raises ArrivalDayNotAsked."""
    if day not in days:
        raise ArrivalDayNotAsked(field="day", state={"days": days})


def require_arrived(departure: Dispatch, day: int, confirmed_on: date, today: date) -> None:
    """Raises FutureDay, HomeBefore, ArrivalTooEarly."""
    asked_from = departure.departed_on + timedelta(days=day)
    if confirmed_on > today:
        raise FutureDay(field="confirmed_on")
    if departure.returned_on is not None and departure.returned_on < asked_from:
        raise HomeBefore(f"the worker returned on {departure.returned_on}", field="day", state=departure.returned_on)
    if confirmed_on < asked_from:
        raise ArrivalTooEarly(f"it is asked for from {asked_from} on", field="confirmed_on", state=asked_from)

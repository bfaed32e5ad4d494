"""What a worker is willing to do, for how long, and the supply that all willing workers make up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.registration.domain.errors import NotWilling
from shared.values import CountyCode, Destination, Money, Occupation


class Willingness(StrEnum):
    NONE = "none"  # never stated
    WILLING = "willing"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Step(StrEnum):
    RECORD = "record"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a worker is willing to do, as last stated."""

    destinations: tuple[Destination, ...]
    occupations: tuple[Occupation, ...]
    wage_floor: Money | None  # per month
    available_from: date
    expires_on: date  # the last day it counts
    family_consent: bool


@dataclass(frozen=True, slots=True)
class SupplyCell:
    county: CountyCode
    occupation: Occupation
    destination: Destination


@dataclass(frozen=True, slots=True)
class SupplyFilter:
    """Which cells are asked for; None: all of them."""

    county: CountyCode | None = None
    occupation: Occupation | None = None
    destination: Destination | None = None


WILLINGNESS_STEPS: Mapping[tuple[Willingness, Step], Willingness] = {
    (Willingness.NONE, Step.RECORD): Willingness.WILLING,
    (Willingness.WILLING, Step.RECORD): Willingness.WILLING,  # a renewal
    (Willingness.WITHDRAWN, Step.RECORD): Willingness.WILLING,
    (Willingness.EXPIRED, Step.RECORD): Willingness.WILLING,
    (Willingness.WILLING, Step.WITHDRAW): Willingness.WITHDRAWN,
    (Willingness.WILLING, Step.EXPIRE): Willingness.EXPIRED,
}


def next_state(state: Willingness, step: Step) -> Willingness:
    """Raises NotWilling: only a willingness in force can end."""
    if (state, step) not in WILLINGNESS_STEPS:
        raise NotWilling(state=state)
    return WILLINGNESS_STEPS[state, step]


def expires_on(recorded_on: date, days: int) -> date:
    """The last day a willingness counts."""
    return recorded_on + timedelta(days=days)


def lapsed_on(state: Willingness, offer: Offer | None, day: date) -> date | None:
    """The day from which a willingness no longer counted, if that lies on or before `day` and is not recorded yet."""
    if state is not Willingness.WILLING or offer is None:
        return None
    ended = offer.expires_on + timedelta(days=1)
    return ended if ended <= day else None

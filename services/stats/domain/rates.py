"""Monthly rates that are many times off the month before: a unit of the quotation is often mistaken, such as yen per hundred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from services.stats.domain.errors import HeldRateDecided, SecondPersonNeeded


class HeldState(StrEnum):
    HELD = "held"
    APPROVED = "approved"
    REJECTED = "rejected"


class HeldStep(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"


_S, _T = HeldState, HeldStep
HELD_STEPS: Mapping[tuple[HeldState, HeldStep], HeldState] = {
    (_S.HELD, _T.APPROVE): _S.APPROVED,
    (_S.HELD, _T.REJECT): _S.REJECTED,
}


@dataclass(frozen=True, slots=True)
class MonthlyRate:
    month: date
    yuan_per_unit: Decimal


def compared_with(known: Mapping[date, Decimal], month: date) -> MonthlyRate | None:
    """The nearest month before that has a rate, else the nearest after, else the month's own rate so far; None: there is no rate."""
    before, after = [one for one in known if one < month], [one for one in known if one > month]
    nearest = max(before) if before else min(after) if after else month
    return MonthlyRate(nearest, known[nearest]) if nearest in known else None


def is_far_off(yuan_per_unit: Decimal, compared: MonthlyRate, times: int) -> bool:
    """Whether one is so many times the other, or more."""
    return max(yuan_per_unit, compared.yuan_per_unit) >= times * min(yuan_per_unit, compared.yuan_per_unit)


def held_after(state: HeldState, step: HeldStep, *, entered_by: str, by: str) -> HeldState:
    """The state after the step. Raises HeldRateDecided; SecondPersonNeeded where somebody approves what they entered."""
    following = HELD_STEPS.get((state, step))
    if following is None:
        raise HeldRateDecided(state=state)
    if step is HeldStep.APPROVE and entered_by.partition(":")[2] == by.partition(":")[2]:
        raise SecondPersonNeeded
    return following

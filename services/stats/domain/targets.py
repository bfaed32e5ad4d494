"""Targets: a floor to reach between two days, and how far a sum has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from services.stats.domain.fields import Amount, Code, DomainModel
from services.stats.domain.questions import Filter
from shared.values import Day, Ratio, TargetState


class Milestone(DomainModel):
    """What is to be reached by the end of a day, everything before included."""

    until: Day
    amount: Amount


class Target(DomainModel):
    """A floor to reach between two days. Money counts in fen (1/100 yuan)."""

    code: Code
    measure: Literal["dispatches", "persons", "returns", "registrations", "certified", "matched", "income", "income_remitted"]
    filter: Filter = Filter()
    starts: Day
    ends: Day
    floor: Amount
    stretch: Amount | None = None
    distribution: Literal["linear", "seasonal", "table"] = "linear"
    table: Annotated[tuple[Milestone, ...], Field(max_length=400)] = ()

    @model_validator(mode="after")
    def _orderly(self) -> Self:
        if self.ends < self.starts:
            raise ValueError("ends before it starts")
        if (self.distribution == "table") != bool(self.table):
            raise ValueError("a table belongs to the distribution table, and to no other")
        days, amounts = [step.until for step in self.table], [step.amount for step in self.table]
        if days and (days != sorted(set(days)) or amounts != sorted(amounts) or days[0] < self.starts or days[-1] != self.ends):
            raise ValueError("a table runs through the target's days to its last, and its amounts do not fall")
        if self.stretch is not None and self.stretch < self.floor:
            raise ValueError("the stretch lies below the floor")
        return self


# --- progress -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Projection:
    """A sum at the end of its span, between a low and a high, and the method it was worked out by."""

    low: int
    likely: int
    high: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A target on a day: the actual sum against the one that its distribution expects."""

    actual: int
    expected: int
    floor: int
    stretch: int | None
    state: TargetState
    days_left: int
    run_rate: int | None  # per day still needed for the floor, rounded up; None when there is no day left

    TOLERANCE: ClassVar[Ratio] = (2, 100)  # within 2 % of the expected counts as on track


def progress(actual: int, expected: int, floor: int, stretch: int | None, left: int) -> Progress:
    """`left`: days of the target's span still to come."""
    missing = max(floor - actual, 0)
    return Progress(
        actual=actual,
        expected=expected,
        floor=floor,
        stretch=stretch,
        state=_state(actual, expected, floor, left),
        days_left=left,
        run_rate=-(-missing // left) if left else None,
    )


def days_left(start: date, end: date, on: date) -> int:
    """Days of a span after a day."""
    return min(max((end - on).days, 0), (end - start).days + 1)


def expected_linearly(floor: int, start: date, end: date, on: date) -> int:
    """The part of the floor that a steady pace reaches by the end of a day."""
    days = (end - start).days + 1
    return floor * (days - days_left(start, end, on)) // days


def _state(actual: int, expected: int, floor: int, left: int) -> TargetState:
    up, down = Progress.TOLERANCE
    if actual >= floor:
        return TargetState.ACHIEVED
    if left == 0:
        return TargetState.MISSED
    if actual * down < expected * (down - up):
        return TargetState.BEHIND
    return TargetState.AHEAD if actual * down > expected * (down + up) else TargetState.ON_TRACK

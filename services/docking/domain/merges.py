"""Two registrations that are one person's: when they can be made one, and which of two placements stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from services.docking.domain.dispatches import Dispatch
from services.docking.domain.placements import ACTIVE, Placement, PlacementState
from shared.values import WorkerId

HeldFor = Literal["both_abroad", "stays_overlap"]


class MergeState(StrEnum):
    WAITING = "waiting"  # the survivor's registration has not arrived yet
    HELD = "held"  # the stays of the two contradict each other
    DONE = "done"


class MergeStep(StrEnum):
    HOLD = "hold"
    CARRY_OUT = "carry_out"


MERGE_STEPS: Mapping[tuple[MergeState, MergeStep], MergeState] = {
    (MergeState.WAITING, MergeStep.HOLD): MergeState.HELD,
    (MergeState.WAITING, MergeStep.CARRY_OUT): MergeState.DONE,
    (MergeState.HELD, MergeStep.CARRY_OUT): MergeState.DONE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    absorbed: WorkerId
    survivor: WorkerId
    merged_on: date
    state: MergeState = MergeState.WAITING
    held_for: HeldFor | None = None
    held_since: date | None = None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two stays of one person at the same time."""

    held_for: HeldFor
    stays: tuple[Dispatch, Dispatch]


def contradiction(departures: Iterable[Dispatch]) -> Contradiction | None:
    """The first two departures, not voided, that one person cannot both have made. To leave again on the day of a return is possible."""
    ordered = sorted(departures, key=lambda one: (one.departed_on, one.returned_on or date.max, one.placement))
    furthest: Dispatch | None = None
    for one in ordered:
        if furthest is not None and one.departed_on < (furthest.returned_on or date.max):
            both = furthest.returned_on is None and one.returned_on is None
            return Contradiction("both_abroad" if both else "stays_overlap", (furthest, one))
        if furthest is None or (one.returned_on or date.max) >= (furthest.returned_on or date.max):
            furthest = one
    return None


def given_up(placements: Iterable[Placement]) -> list[Placement]:
    """The active placements that one worker cannot keep: all but the one abroad, or else the one matched first."""
    active = sorted((one for one in placements if one.state in ACTIVE), key=lambda one: (one.matched_on, one.id))
    kept = next((one for one in active if one.state is PlacementState.ABROAD), active[0] if active else None)
    return [one for one in active if one is not kept]

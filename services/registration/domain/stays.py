"""Stays abroad, as docking counts them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from shared.values import PlacementId, WorkerId


@dataclass(frozen=True, slots=True)
class Stay:
    """One departure that was not voided; `returned_on` None: abroad."""

    placement: PlacementId
    worker: WorkerId
    departed_on: date
    returned_on: date | None


def first_overlap(stays: Iterable[Stay]) -> tuple[Stay, Stay] | None:
    """The first two of one person's stays that contradict each other. To leave again on the day of a return is possible."""
    ordered = sorted(stays, key=lambda stay: (stay.departed_on, stay.returned_on or date.max, stay.placement))
    furthest: Stay | None = None
    for stay in ordered:
        if furthest is not None and stay.departed_on < (furthest.returned_on or date.max):
            return furthest, stay
        if furthest is None or (stay.returned_on or date.max) >= (furthest.returned_on or date.max):
            furthest = stay
    return None

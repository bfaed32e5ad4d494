"""Placements and stays abroad, as docking publishes them, and from when on personal data may be erased after them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from services.registration.domain.errors import ErasureNotYet
from shared.values import PlacementId, WorkerId


@dataclass(frozen=True, slots=True)
class Stay:
    """One departure that was not voided; `returned_on` None: abroad."""

    placement: PlacementId
    worker: WorkerId
    departed_on: date
    returned_on: date | None


@dataclass(frozen=True, slots=True)
class OpenPlacement:
    """From the match until it is cancelled or the worker is back. `contract_end` None: no contract is registered."""

    placement: PlacementId
    worker: WorkerId
    contract_end: date | None


def require_erasable(placements: Sequence[OpenPlacement], stays: Sequence[Stay], today: date, *, days: int) -> None:
    """Nobody who is on the way or abroad, nor within `days` after the return: until then wages may be due and cases be opened.

    Raises ErasureNotYet, with the first day on which it is possible where that is known: a stay is expected to end with its contract.
    """
    ends = {one.placement: one.contract_end for one in placements}
    for stay in stays:
        last = stay.returned_on or ends.get(stay.placement)
        possible = last and last + timedelta(days=days)
        if stay.returned_on is None or (possible is not None and today < possible):
            message = f"the worker is abroad, or was less than {days} days ago"
            raise ErasureNotYet(message, state={"placement": stay.placement, "possible_from": possible})
    for under_way in ends.keys() - {stay.placement for stay in stays}:
        raise ErasureNotYet("the placement has to be cancelled first", state={"placement": under_way, "possible_from": None})


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

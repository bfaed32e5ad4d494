"""Merges of workers, as far as docking has carried them out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from services.docking.domain import merges as domain
from services.docking.domain.merges import HeldFor, MergeState
from shared.values import WorkerId


class Merge(BaseModel, frozen=True):
    """`held_for`: the stays of the two contradict each other. Correct or void one of them, or record the return that is missing."""

    absorbed: WorkerId
    survivor: WorkerId
    merged_on: date
    state: MergeState
    held_for: HeldFor | None
    held_since: date | None


class Merges(BaseModel, frozen=True):
    items: tuple[Merge, ...]
    next: str | None


def merges(found: Sequence[domain.Merge], following: str | None) -> Merges:
    items = (
        Merge(
            absorbed=one.absorbed,
            survivor=one.survivor,
            merged_on=one.merged_on,
            state=one.state,
            held_for=one.held_for,
            held_since=one.held_since,
        )
        for one in found
    )
    return Merges(items=tuple(items), next=following)

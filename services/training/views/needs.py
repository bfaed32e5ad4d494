"""Needs."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.training.domain import needs
from services.training.domain.needs import NeedId, NeedState
from shared.values import Destination, Occupation, PlacementId


class Need(BaseModel, frozen=True):
    need: NeedId
    placement: PlacementId
    destination: Destination
    occupation: Occupation
    state: NeedState
    since: datetime

    @classmethod
    def from_need(cls, need: needs.Need) -> Need:
        return cls(
            need=need.id,
            placement=need.placement,
            destination=need.destination,
            occupation=need.occupation,
            state=need.state,
            since=need.since,
        )


class Needs(BaseModel, frozen=True):
    items: tuple[Need, ...]
    next: NeedId | None

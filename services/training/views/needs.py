"""Needs."""

from __future__ import annotations

from datetime import date, datetime

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
    worker_no: str | None  # None: matched before numbers were kept here
    due: date | None  # until when the match is held for it

    @classmethod
    def from_need(cls, need: needs.Need) -> Need:
        return cls(
            need=need.id,
            placement=need.placement,
            destination=need.destination,
            occupation=need.occupation,
            state=need.state,
            since=need.since,
            worker_no=need.worker_no,
            due=need.due,
        )


class Waiting(BaseModel, frozen=True):
    """`first_due`: the day until which the first of their matches is held."""

    destination: Destination
    occupation: Occupation
    waiting: int
    oldest: datetime
    first_due: date | None

    @classmethod
    def from_waiting(cls, one: needs.Waiting) -> Waiting:
        return cls(destination=one.destination, occupation=one.occupation, waiting=one.waiting, oldest=one.oldest, first_due=one.first_due)


class Backlog(BaseModel, frozen=True):
    items: tuple[Waiting, ...]


class Needs(BaseModel, frozen=True):
    items: tuple[Need, ...]
    next: str | None

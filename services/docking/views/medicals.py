"""A medical finding. Command answers are stored to be repeated, so it is in none of them."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from services.docking.domain import medicals as domain


class Medical(BaseModel, frozen=True):
    examined_on: date
    result: domain.Fitness
    valid_until: date
    place: str


def medical(one: domain.Medical) -> Medical:
    return Medical(examined_on=one.examined_on, result=one.result, valid_until=one.valid_until, place=one.place)

"""Training centres."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel

from services.training.domain import centres
from services.training.domain.centres import CentreState
from shared.values import CentreId, CountyCode

CentreShown = Literal["active", "suspended", "revoked", "expired"]


class Centre(BaseModel, frozen=True):
    """`state`: as of the day it is shown; an active licence that has ended is expired."""

    id: CentreId
    centre: str
    licence_no: str | None
    region: CountyCode | None
    valid_from: date
    valid_to: date
    capacity: int
    trainers: tuple[str, ...]
    assessors: tuple[str, ...]
    state: CentreShown
    version: int

    @classmethod
    def from_centre(cls, centre: centres.Centre, on: date) -> Centre:
        """`on`: the day its state is judged on."""
        expired = centre.state is CentreState.ACTIVE and centre.valid_to < on
        return cls(
            id=centre.id,
            centre=centre.centre,
            licence_no=centre.licence_no,
            region=centre.region,
            valid_from=centre.valid_from,
            valid_to=centre.valid_to,
            capacity=centre.capacity,
            trainers=centre.trainers,
            assessors=centre.assessors,
            state="expired" if expired else centre.state.value,
            version=centre.version,
        )


class Centres(BaseModel, frozen=True):
    items: tuple[Centre, ...]
    next: str | None

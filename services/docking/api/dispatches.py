"""Departures, returns, corrections, and the taking over of who is abroad already."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.docking import commands, views
from services.docking.api.bounds import WORKING
from services.docking.usecases import adoptions, dispatches
from shared.principals import Role
from shared.values import PlacementId
from shared.web.call import Call, allow

router = APIRouter()
Mediator = Annotated[Call, allow(*WORKING)]
Officer = Annotated[Call, allow(Role.OFFICER)]


@router.post("/placements/adoption", response_model=views.Adoption)
async def adopt_placements(body: commands.AdoptPlacements, call: Officer) -> Response:
    """Up to 500 workers abroad when this system takes over; every row is answered for by itself."""
    return await call.command(lambda tx: adoptions.adopt_placements(tx, body))


@router.post("/placements/{placement}/departure", response_model=views.Placement)
async def record_departure(placement: PlacementId, body: commands.RecordDeparture, call: Mediator) -> Response:
    return await call.command(lambda tx: dispatches.record_departure(tx, placement, body))


@router.post("/placements/{placement}/return", response_model=views.Placement)
async def record_return(placement: PlacementId, body: commands.RecordReturn, call: Mediator) -> Response:
    return await call.command(lambda tx: dispatches.record_return(tx, placement, body))


@router.post("/placements/{placement}/departure/correction", response_model=views.Placement)
async def correct_dispatch(placement: PlacementId, body: commands.CorrectDispatch, call: Officer) -> Response:
    return await call.command(lambda tx: dispatches.correct_dispatch(tx, placement, body))


@router.post("/placements/{placement}/departure/void", response_model=views.Placement)
async def void_dispatch(placement: PlacementId, body: commands.VoidDispatch, call: Officer) -> Response:
    return await call.command(lambda tx: dispatches.void_dispatch(tx, placement, body))

"""Departures, returns and their corrections."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking.api.callers import Mediator, Officer
from services.docking.commands import dispatches as commands
from services.docking.usecases import dispatches
from services.docking.views import placements as views
from shared.listed_rows import RowsRecorded
from shared.values import PlacementId

router = APIRouter()


@router.post("/placements/{placement}/departure", response_model=views.Placement)
async def record_departure(placement: PlacementId, body: commands.RecordDeparture, call: Mediator) -> Response:
    return await call.command(lambda tx: dispatches.record_departure(tx, placement, body))


@router.post("/placements/departures", response_model=RowsRecorded)
async def record_departures(body: commands.RecordDepartures, call: Mediator) -> Response:
    """Up to 500; every row is answered for by itself."""
    return await call.command(lambda tx: dispatches.record_departures(tx, body))


@router.post("/placements/returns", response_model=RowsRecorded)
async def record_returns(body: commands.RecordReturns, call: Mediator) -> Response:
    """Up to 500; every row is answered for by itself."""
    return await call.command(lambda tx: dispatches.record_returns(tx, body))


@router.post("/placements/{placement}/return", response_model=views.Placement)
async def record_return(placement: PlacementId, body: commands.RecordReturn, call: Mediator) -> Response:
    return await call.command(lambda tx: dispatches.record_return(tx, placement, body))


@router.post("/placements/{placement}/departure/correction", response_model=views.Placement)
async def correct_dispatch(placement: PlacementId, body: commands.CorrectDispatch, call: Officer) -> Response:
    return await call.command(lambda tx: dispatches.correct_dispatch(tx, placement, body))


@router.post("/placements/{placement}/departure/void", response_model=views.Placement)
async def void_dispatch(placement: PlacementId, body: commands.VoidDispatch, call: Officer) -> Response:
    return await call.command(lambda tx: dispatches.void_dispatch(tx, placement, body))

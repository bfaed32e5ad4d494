"""Fees of placements."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking.api.callers import Mediator, Officer, Reader
from services.docking.commands import fees as commands
from services.docking.usecases import fees
from services.docking.views import fees as views
from shared.values import FeeId, PlacementId

router = APIRouter()


@router.post("/placements/{placement}/fees", status_code=201, response_model=views.Fees)
async def declare_fee(placement: PlacementId, body: commands.DeclareFee, call: Mediator) -> Response:
    return await call.command(lambda tx: fees.declare_fee(tx, placement, body), status=201)


@router.post("/placements/{placement}/fees/{fee}/correction", response_model=views.Fees)
async def correct_fee(placement: PlacementId, fee: FeeId, body: commands.CorrectFee, call: Officer) -> Response:
    return await call.command(lambda tx: fees.correct_fee(tx, placement, fee, body))


@router.post("/placements/{placement}/fees/{fee}/void", response_model=views.Fees)
async def void_fee(placement: PlacementId, fee: FeeId, body: commands.VoidFee, call: Officer) -> Response:
    return await call.command(lambda tx: fees.void_fee(tx, placement, fee, body))


@router.get("/placements/{placement}/fees")
async def list_fees(placement: PlacementId, call: Reader) -> views.Fees:
    """Everything charged for the placement, and whether Decree 620 and the ILO's principles are met."""
    return await call.query(lambda tx: fees.list_fees(tx, placement))

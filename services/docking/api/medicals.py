"""Medical examinations before departure."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking.api.callers import Mediator
from services.docking.commands import medicals as commands
from services.docking.usecases import medicals
from services.docking.views import medicals as views
from services.docking.views import placements as placement_views
from shared.listed_rows import RowsRecorded
from shared.values import PlacementId

router = APIRouter()


@router.post("/placements/{placement}/medical", response_model=placement_views.Placement)
async def record_medical(placement: PlacementId, body: commands.RecordMedical, call: Mediator) -> Response:
    """Whether the worker is fit, never why not."""
    return await call.command(lambda tx: medicals.record_medical(tx, placement, body))


@router.post("/placements/medicals", response_model=RowsRecorded)
async def record_medicals(body: commands.RecordMedicals, call: Mediator) -> Response:
    """Up to 500; every row is answered for by itself."""
    return await call.command(lambda tx: medicals.record_medicals(tx, body))


@router.get("/placements/{placement}/medical")
async def show_medical(placement: PlacementId, call: Mediator) -> views.Medical:
    """Health data: for those who prepare the departure."""
    return await call.query(lambda tx: medicals.show_medical(tx, placement))

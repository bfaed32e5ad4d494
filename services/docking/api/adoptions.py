"""The adoption of workers who are abroad already."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking.api.callers import Officer
from services.docking.commands import adoptions as commands
from services.docking.usecases import adoptions
from services.docking.views import adoptions as views

router = APIRouter()


@router.post("/placements/adoption", response_model=views.Adoption)
async def adopt_placements(body: commands.AdoptPlacements, call: Officer) -> Response:
    """Up to 500 workers abroad when this system takes over; every row is answered for by itself."""
    return await call.command(lambda tx: adoptions.adopt_placements(tx, body))

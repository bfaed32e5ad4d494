"""Clearances, and the key that their certificates are checked against."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response

from services.docking import commands
from services.docking.api.callers import Mediator, RegisterReader
from services.docking.settings import policy
from services.docking.usecases import clearances
from services.docking.views import placements as views
from shared.signing import public_key
from shared.values import PlacementId

router = APIRouter()


@router.post("/placements/{placement}/clearance", response_model=views.Placement)
async def request_clearance(placement: PlacementId, body: commands.RequestClearance, call: Mediator) -> Response:
    """Granted, waiting or refused: `state` says which, `failed` what is missing."""
    return await call.command(lambda tx: clearances.request_clearance(tx, placement, body))


@router.get("/clearance/keys")
async def clearance_keys(call: RegisterReader) -> dict[str, Any]:
    """The public key that clearance certificates are checked against, offline."""
    del call  # the key is the same for every caller
    return dict(public_key(policy().docking_signing_key))

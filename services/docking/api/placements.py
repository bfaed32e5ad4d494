"""Placements before departure, and what is asked about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.docking import commands, views
from services.docking.api.bounds import READING, WORKING, After, Limit
from services.docking.domain import PlacementState
from services.docking.usecases import clearances, placements
from shared.delivery.audit_trail import History
from shared.principals import Role
from shared.values import OrderId, PlacementId, WorkerId
from shared.web.call import Call, allow

router = APIRouter()
Mediator = Annotated[Call, allow(*WORKING)]
Reader = Annotated[Call, allow(*READING)]


@router.post("/placements/{placement}/contract", response_model=views.Placement)
async def register_contract(placement: PlacementId, body: commands.RegisterContract, call: Mediator) -> Response:
    return await call.command(lambda tx: placements.register_contract(tx, placement, body))


@router.post("/placements/{placement}/insurance", response_model=views.Placement)
async def bind_insurance(placement: PlacementId, body: commands.BindInsurance, call: Mediator) -> Response:
    return await call.command(lambda tx: placements.bind_insurance(tx, placement, body))


@router.post("/placements/{placement}/clearance", response_model=views.Placement)
async def request_clearance(placement: PlacementId, body: commands.RequestClearance, call: Mediator) -> Response:
    """Granted, waiting or refused: `state` tells which, `failed` what is missing."""
    return await call.command(lambda tx: clearances.request_clearance(tx, placement, body))


@router.post("/placements/{placement}/cancellation", response_model=views.Placement)
async def cancel_placement(placement: PlacementId, body: commands.CancelPlacement, call: Mediator) -> Response:
    return await call.command(lambda tx: placements.cancel_placement(tx, placement, body))


@router.get("/placements")
async def list_placements(
    call: Reader,
    after: PlacementId | None = None,
    worker: WorkerId | None = None,
    state: PlacementState | None = None,
    order: OrderId | None = None,
    limit: Limit = 50,
) -> views.Placements:
    return await call.query(lambda tx: placements.list_placements(tx, after, worker, state, order, limit))


@router.get("/placements/stuck")
async def list_stuck(
    call: Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.OPERATOR, Role.AUDITOR)],
    after: PlacementId | None = None,
    limit: Limit = 50,
) -> views.Placements:
    return await call.query(lambda tx: placements.list_stuck(tx, after, limit))


@router.get("/placements/{placement}")
async def show_placement(placement: PlacementId, call: Reader) -> views.Placement:
    return await call.query(lambda tx: placements.show_placement(tx, placement))


@router.get("/placements/{placement}/history")
async def placement_history(placement: PlacementId, call: Reader, after: After = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: placements.history(tx, placement, after, limit))

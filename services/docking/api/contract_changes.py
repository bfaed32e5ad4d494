"""Contracts of workers abroad: extended, taken over by another employer, and the last change undone."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking.api.callers import Mediator, Officer, Reader
from services.docking.commands import contract_changes as commands
from services.docking.usecases import contract_changes
from services.docking.views import contract_changes as views
from shared.values import ChangeId, PlacementId

router = APIRouter()


@router.post("/placements/{placement}/extension", status_code=201, response_model=views.Changes)
async def extend_contract(placement: PlacementId, body: commands.ExtendContract, call: Mediator) -> Response:
    return await call.command(lambda tx: contract_changes.extend_contract(tx, placement, body), status=201)


@router.post("/placements/{placement}/transfer", status_code=201, response_model=views.Changes)
async def transfer_employer(placement: PlacementId, body: commands.TransferEmployer, call: Mediator) -> Response:
    return await call.command(lambda tx: contract_changes.transfer_employer(tx, placement, body), status=201)


@router.post("/placements/{placement}/contract-changes/{change}/void", response_model=views.Changes)
async def void_contract_change(placement: PlacementId, change: ChangeId, body: commands.VoidContractChange, call: Officer) -> Response:
    """Of the last one: what was before it holds again."""
    return await call.command(lambda tx: contract_changes.void_change(tx, placement, change, body))


@router.get("/placements/{placement}/contract-changes")
async def list_contract_changes(placement: PlacementId, call: Reader) -> views.Changes:
    return await call.query(lambda tx: contract_changes.list_changes(tx, placement))

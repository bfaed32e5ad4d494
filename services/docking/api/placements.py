"""Placements before departure, and what is asked about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.docking.api.callers import Mediator, Reader
from services.docking.commands import placements as commands
from services.docking.domain.placements import PlacementFilter, PlacementState
from services.docking.usecases import placements
from services.docking.views import placements as views
from shared.delivery.audit_trail import History
from shared.listed_rows import RowsRecorded
from shared.old_numbers import OldNumberText
from shared.paging import Page
from shared.principals import Role
from shared.values import CountyField, DestinationField, EnterpriseId, OrderId, PlacementId, WorkerId
from shared.web.call import Call, allow
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/placements/{placement}/contract", response_model=views.Placement)
async def register_contract(placement: PlacementId, body: commands.RegisterContract, call: Mediator) -> Response:
    return await call.command(lambda tx: placements.register_contract(tx, placement, body))


@router.post("/placements/contracts", response_model=RowsRecorded)
async def register_contracts(body: commands.RegisterContracts, call: Mediator) -> Response:
    """Up to 500; every row is answered for by itself."""
    return await call.command(lambda tx: placements.register_contracts(tx, body))


@router.post("/placements/{placement}/insurance", response_model=views.Placement)
async def bind_insurance(placement: PlacementId, body: commands.BindInsurance, call: Mediator) -> Response:
    return await call.command(lambda tx: placements.bind_insurance(tx, placement, body))


@router.post("/placements/insurances", response_model=RowsRecorded)
async def bind_insurances(body: commands.BindInsurances, call: Mediator) -> Response:
    """Up to 500; every row is answered for by itself."""
    return await call.command(lambda tx: placements.bind_insurances(tx, body))


@router.post("/placements/{placement}/cancellation", response_model=views.Placement)
async def cancel_placement(placement: PlacementId, body: commands.CancelPlacement, call: Mediator) -> Response:
    return await call.command(lambda tx: placements.cancel_placement(tx, placement, body))


@router.get("/placements")
async def list_placements(
    call: Reader,
    page: Annotated[Page, paged("since", "matched_on")],
    *,
    worker: WorkerId | None = None,
    state: PlacementState | None = None,
    order: OrderId | None = None,
    enterprise: EnterpriseId | None = None,
    destination: DestinationField | None = None,
    county: CountyField | None = None,
    old_number: OldNumberText | None = None,
) -> views.Placements:
    wanted = PlacementFilter(worker=worker, state=state, order=order, enterprise=enterprise, destination=destination, county=county)
    return await call.query(lambda tx: placements.list_placements(tx, page, wanted, old_number))


@router.get("/placement-workers")
async def list_placement_workers(
    call: Reader, placement: Annotated[list[PlacementId], Query(max_length=200, description="ids of placements, repeated")]
) -> views.PlacementWorkers:
    """The worker of each placement that the caller sees, by id."""
    return await call.query(lambda tx: placements.list_placement_workers(tx, placement))


@router.get("/placements/stuck")
async def list_stuck_placements(
    call: Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.OPERATOR, Role.AUDITOR)],
    page: Annotated[Page, paged("since")],
    enterprise: EnterpriseId | None = None,
    state: PlacementState | None = None,
    destination: DestinationField | None = None,
) -> views.Placements:
    """Those past their deadline, with papers long missing, or waiting long for a clearance: somebody should look."""
    wanted = PlacementFilter(enterprise=enterprise, state=state, destination=destination)
    return await call.query(lambda tx: placements.list_stuck(tx, page, wanted))


@router.get("/placements/ending")
async def list_ending_placements(
    call: Reader,
    page: Annotated[Page, paged("ends_on", "since", usual="ends_on")],
    days: Annotated[int, Query(ge=0, le=90)] = 30,
    enterprise: EnterpriseId | None = None,
    destination: DestinationField | None = None,
) -> views.EndingPlacements:
    """Contracts of workers abroad that end within so many days, or have ended, the earliest first: extend them, or see to the return."""
    wanted = PlacementFilter(enterprise=enterprise, destination=destination)
    return await call.query(lambda tx: placements.list_ending(tx, page, days, wanted))


@router.get("/placements/{placement}")
async def show_placement(placement: PlacementId, call: Reader) -> views.Placement:
    return await call.query(lambda tx: placements.show_placement(tx, placement))


@router.get("/placements/{placement}/history")
async def placement_history(placement: PlacementId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: placements.history(tx, placement, after, limit))

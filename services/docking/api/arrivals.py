"""Arrivals: confirmed by the worker, to whoever looks after the worker at home. An enterprise does not confirm for its workers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from services.docking.api.callers import Clerk, Officer, Reader
from services.docking.commands import arrivals as commands
from services.docking.domain.arrivals import UnconfirmedFilter
from services.docking.usecases import arrivals
from services.docking.views import arrivals as views
from shared.listed_rows import RowsRecorded
from shared.paging import Page
from shared.values import DestinationField, EnterpriseId, PlacementId
from shared.web.parameters import paged

router = APIRouter()
DayNumber = Annotated[int, Path(ge=1, le=3650)]


@router.post("/placements/{placement}/arrivals", status_code=201, response_model=views.Arrivals)
async def confirm_arrival(placement: PlacementId, body: commands.ConfirmArrival, call: Clerk) -> Response:
    return await call.command(lambda tx: arrivals.confirm_arrival(tx, placement, body), status=201)


@router.post("/placements/arrivals", response_model=RowsRecorded)
async def confirm_arrivals(body: commands.ConfirmArrivals, call: Clerk) -> Response:
    """Up to 500; every row is answered for by itself."""
    return await call.command(lambda tx: arrivals.confirm_arrivals(tx, body))


@router.post("/placements/{placement}/arrivals/{day}/correction", response_model=views.Arrivals)
async def correct_arrival(placement: PlacementId, day: DayNumber, body: commands.CorrectArrival, call: Officer) -> Response:
    return await call.command(lambda tx: arrivals.correct_arrival(tx, placement, day, body))


@router.post("/placements/{placement}/arrivals/{day}/void", response_model=views.Arrivals)
async def void_arrival(placement: PlacementId, day: DayNumber, body: commands.VoidArrival, call: Officer) -> Response:
    return await call.command(lambda tx: arrivals.void_arrival(tx, placement, day, body))


@router.get("/placements/{placement}/arrivals")
async def list_arrivals(placement: PlacementId, call: Reader) -> views.Arrivals:
    return await call.query(lambda tx: arrivals.list_arrivals(tx, placement))


@router.get("/arrivals/overdue")
async def list_overdue_arrivals(
    call: Reader,
    page: Annotated[Page, paged("departed_on", usual="departed_on")],
    *,
    day: Annotated[int, Query(ge=1, le=3650)] = 14,
    enterprise: EnterpriseId | None = None,
    destination: DestinationField | None = None,
) -> views.Overdue:
    """Workers abroad who have not confirmed yet what they were to confirm on that day: somebody should call them. The longest due first."""
    wanted = UnconfirmedFilter(day=day, enterprise=enterprise, destination=destination)
    return await call.query(lambda tx: arrivals.list_overdue(tx, page, wanted))

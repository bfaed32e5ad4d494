"""Training centres and their licences."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.training import commands
from services.training.api.callers import Officer, Overseer, Reader
from services.training.usecases import centres
from services.training.views.centres import Centre, Centres, CentreShown
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import CentreId, CountyField
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/centres", status_code=201, response_model=Centre)
async def license_centre(body: commands.LicenseCentre, call: Officer) -> Response:
    return await call.command(lambda tx: centres.license_centre(tx, body), status=201)


@router.post("/centres/{centre}/renewal", response_model=Centre)
async def renew_centre(centre: CentreId, body: commands.RenewCentre, call: Officer) -> Response:
    """The same licence number, longer."""
    return await call.command(lambda tx: centres.renew_centre(tx, centre, body))


@router.post("/centres/{centre}/staff", response_model=Centre)
async def staff_centre(centre: CentreId, body: commands.StaffCentre, call: Officer) -> Response:
    return await call.command(lambda tx: centres.staff_centre(tx, centre, body))


@router.post("/centres/{centre}/suspension", response_model=Centre)
async def suspend_centre(centre: CentreId, body: commands.SuspendCentre, call: Officer) -> Response:
    return await call.command(lambda tx: centres.suspend_centre(tx, centre, body))


@router.post("/centres/{centre}/reinstatement", response_model=Centre)
async def reinstate_centre(centre: CentreId, body: commands.ReinstateCentre, call: Officer) -> Response:
    return await call.command(lambda tx: centres.reinstate_centre(tx, centre, body))


@router.post("/centres/{centre}/revocation", response_model=Centre)
async def revoke_centre(centre: CentreId, body: commands.RevokeCentre, call: Officer) -> Response:
    return await call.command(lambda tx: centres.revoke_centre(tx, centre, body))


@router.get("/centres")
async def list_centres(
    call: Reader,
    page: Annotated[Page, paged("centre", "valid_to")],
    *,
    region: CountyField | None = None,
    state: CentreShown | None = None,
) -> Centres:
    return await call.query(lambda tx: centres.list_centres(tx, page, region=region, state=state))


@router.get("/centres/{centre}")
async def show_centre(centre: CentreId, call: Reader) -> Centre:
    return await call.query(lambda tx: centres.show_centre(tx, centre))


@router.get("/centres/{centre}/history")
async def centre_history(centre: CentreId, call: Overseer, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: centres.centre_history(tx, centre, after, limit))

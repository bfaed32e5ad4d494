"""Foreign employers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.docking.api.callers import EnterpriseOrOfficer, Reader
from services.docking.commands import employers as commands
from services.docking.usecases import employers
from services.docking.views import employers as views
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import DestinationField, EmployerId, Line
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/employers", status_code=201, response_model=views.Employer)
async def register_employer(body: commands.RegisterEmployer, call: EnterpriseOrOfficer) -> Response:
    return await call.command(lambda tx: employers.register_employer(tx, body), status=201)


@router.get("/employers")
async def list_employers(
    call: Reader,
    page: Annotated[Page, paged("name", "registered_on")],
    destination: DestinationField | None = None,
    name: Annotated[Line | None, Query(description="a part of the name")] = None,
) -> views.Employers:
    return await call.query(lambda tx: employers.list_employers(tx, page, destination, name))


@router.get("/employers/{employer}")
async def show_employer(employer: EmployerId, call: Reader) -> views.Employer:
    return await call.query(lambda tx: employers.show_employer(tx, employer))


@router.get("/employers/{employer}/history")
async def employer_history(employer: EmployerId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: employers.history(tx, employer, after, limit))

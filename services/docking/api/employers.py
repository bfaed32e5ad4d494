"""Foreign employers."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.docking import commands
from services.docking.api.callers import EnterpriseOrOfficer, Reader
from services.docking.usecases import employers
from services.docking.views import employers as views
from shared.delivery.audit_trail import History
from shared.values import DestinationField, EmployerId
from shared.web.parameters import AfterNumber, Limit

router = APIRouter()


@router.post("/employers", status_code=201, response_model=views.Employer)
async def register_employer(body: commands.RegisterEmployer, call: EnterpriseOrOfficer) -> Response:
    return await call.command(lambda tx: employers.register_employer(tx, body), status=201)


@router.get("/employers")
async def list_employers(
    call: Reader, destination: DestinationField | None = None, after: EmployerId | None = None, limit: Limit = 50
) -> views.Employers:
    return await call.query(lambda tx: employers.list_employers(tx, destination, after, limit))


@router.get("/employers/{employer}")
async def show_employer(employer: EmployerId, call: Reader) -> views.Employer:
    return await call.query(lambda tx: employers.show_employer(tx, employer))


@router.get("/employers/{employer}/history")
async def employer_history(employer: EmployerId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: employers.history(tx, employer, after, limit))

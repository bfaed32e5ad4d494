"""Emergencies and their roll-calls."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.rights import commands
from services.rights.api.callers import Officer, Reader, Reporter
from services.rights.domain.emergencies import Condition, EmergencyState
from services.rights.usecases import emergencies, roll_calls
from services.rights.views.emergencies import Emergencies, Emergency, Member, Members, Progress
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import DestinationField, EmergencyId, EnterpriseId, PlacementId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/emergencies", status_code=201, response_model=Emergency)
async def declare_emergency(body: commands.DeclareEmergency, call: Officer) -> Response:
    return await call.command(lambda tx: emergencies.declare_emergency(tx, body), status=201)


@router.post("/emergencies/{emergency}/workers/{placement}", response_model=Member)
async def account_for_worker(emergency: EmergencyId, placement: PlacementId, body: commands.AccountForWorker, call: Reporter) -> Response:
    return await call.command(lambda tx: roll_calls.account_for_worker(tx, emergency, placement, body))


@router.post("/emergencies/{emergency}/end", response_model=Emergency)
async def end_emergency(emergency: EmergencyId, body: commands.EndEmergency, call: Officer) -> Response:
    return await call.command(lambda tx: emergencies.end_emergency(tx, emergency, body))


@router.get("/emergencies")
async def list_emergencies(
    call: Reader,
    page: Annotated[Page, paged("since", "declared_at")],
    *,
    state: EmergencyState | None = None,
    destination: DestinationField | None = None,
) -> Emergencies:
    return await call.query(lambda tx: emergencies.list_emergencies(tx, page, state, destination))


@router.get("/emergencies/{emergency}")
async def show_emergency(emergency: EmergencyId, call: Reader) -> Emergency:
    return await call.query(lambda tx: emergencies.show_emergency(tx, emergency))


@router.get("/emergencies/{emergency}/progress")
async def show_progress(emergency: EmergencyId, call: Reader) -> Progress:
    return await call.query(lambda tx: emergencies.show_progress(tx, emergency))


@router.get("/emergencies/{emergency}/workers")
async def list_roll_call(
    emergency: EmergencyId,
    call: Reader,
    page: Annotated[Page, paged()],
    *,
    condition: Condition | None = None,
    enterprise: EnterpriseId | None = None,
) -> Members:
    return await call.query(lambda tx: roll_calls.list_members(tx, page, emergency, condition, enterprise))


@router.get("/emergencies/{emergency}/history")
async def emergency_history(emergency: EmergencyId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: emergencies.emergency_history(tx, emergency, after, limit))

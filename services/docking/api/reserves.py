"""The risk reserve of an enterprise."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response

from services.docking.api.callers import EnterpriseOrOfficer, Officer
from services.docking.commands import reserves as commands
from services.docking.usecases import reserves
from services.docking.views import enterprises as enterprise_views
from services.docking.views import reserves as views
from shared.principals import Role
from shared.values import EnterpriseId
from shared.web.call import Call, allow
from shared.web.parameters import Limit

router = APIRouter()


@router.post("/enterprises/{enterprise}/reserve", response_model=enterprise_views.Enterprise)
async def deposit_reserve(enterprise: EnterpriseId, body: commands.DepositReserve, call: EnterpriseOrOfficer) -> Response:
    return await call.command(lambda tx: reserves.deposit_reserve(tx, enterprise, body))


@router.post("/enterprises/{enterprise}/reserve/draw", response_model=enterprise_views.Enterprise)
async def draw_reserve(enterprise: EnterpriseId, body: commands.DrawReserve, call: Officer) -> Response:
    return await call.command(lambda tx: reserves.draw_reserve(tx, enterprise, body))


@router.post("/enterprises/{enterprise}/reserve/top-up", response_model=enterprise_views.Enterprise)
async def top_up_reserve(enterprise: EnterpriseId, body: commands.TopUpReserve, call: EnterpriseOrOfficer) -> Response:
    """Without a draw that is to be made good, pay in a deposit."""
    return await call.command(lambda tx: reserves.top_up_reserve(tx, enterprise, body))


@router.get("/enterprises/{enterprise}/reserve")
async def list_reserve_entries(
    enterprise: EnterpriseId,
    call: Annotated[Call, allow(Role.OFFICER, Role.ENTERPRISE, Role.AUDITOR)],
    after: UUID | None = None,
    limit: Limit = 50,
) -> views.Entries:
    """What was paid in and drawn, oldest first."""
    return await call.query(lambda tx: reserves.list_entries(tx, enterprise, after, limit))

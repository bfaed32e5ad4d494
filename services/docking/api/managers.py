"""Accompanying managers (E7)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.docking.api.callers import EnterpriseOrOfficer
from services.docking.commands import managers as commands
from services.docking.usecases import managers
from services.docking.views import managers as views
from shared.paging import Page
from shared.principals import Role
from shared.values import DestinationField, EnterpriseId
from shared.web.call import Call, allow
from shared.web.parameters import paged

router = APIRouter()


@router.post("/enterprises/{enterprise}/managers", response_model=views.Accompaniment)
async def file_managers(enterprise: EnterpriseId, body: commands.FileManagers, call: EnterpriseOrOfficer) -> Response:
    return await call.command(lambda tx: managers.file_managers(tx, enterprise, body))


@router.post("/enterprises/{enterprise}/managers/withdrawal", response_model=views.Accompaniment)
async def withdraw_managers(enterprise: EnterpriseId, body: commands.WithdrawManagers, call: EnterpriseOrOfficer) -> Response:
    return await call.command(lambda tx: managers.withdraw_managers(tx, enterprise, body))


@router.get("/managers")
async def list_managers(
    call: Annotated[Call, allow(Role.OFFICER, Role.ENTERPRISE, Role.AUDITOR, Role.OPERATOR)],
    page: Annotated[Page, paged("destination")],
    *,
    enterprise: EnterpriseId | None = None,
    destination: DestinationField | None = None,
    missing: bool | None = None,
) -> views.Accompaniments:
    """Where managers are filed, and where they are missing."""
    return await call.query(lambda tx: managers.list_managers(tx, page, enterprise=enterprise, destination=destination, missing=missing))

"""Settlements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.rights.api.callers import Overseer
from services.rights.usecases import settlements
from services.rights.views.settlements import Settlements
from shared.paging import Page
from shared.values import EnterpriseId
from shared.web.parameters import paged

router = APIRouter()
Hours = Annotated[int, Query(ge=0, le=8760, description="hours the reserve has not answered for")]


@router.get("/settlements/stuck")
async def list_stuck_settlements(
    call: Overseer, page: Annotated[Page, paged("at")], *, hours: Hours = 24, enterprise: EnterpriseId | None = None
) -> Settlements:
    return await call.query(lambda tx: settlements.list_stuck(tx, page, hours, enterprise))

"""Settlements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from services.rights.api.callers import Overseer
from services.rights.usecases import settlements
from services.rights.views.settlements import Settlements
from shared.values import SettlementId
from shared.web.parameters import Limit

router = APIRouter()
Hours = Annotated[int, Query(ge=0, le=8760, description="hours the reserve has not answered for")]


@router.get("/settlements/stuck")
async def list_stuck_settlements(call: Overseer, hours: Hours = 24, after: SettlementId | None = None, limit: Limit = 50) -> Settlements:
    return await call.query(lambda tx: settlements.list_stuck(tx, hours, after, limit))

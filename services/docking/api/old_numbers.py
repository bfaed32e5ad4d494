"""Numbers that orders and placements had in systems before this one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.docking.api.callers import Officer
from services.docking.commands import old_numbers as commands
from services.docking.usecases import old_numbers
from services.docking.views.old_numbers import OldNumberCounts, OldNumbers
from services.docking.views.placements import Placement
from shared.old_numbers import OldNumberText, OldSystem
from shared.principals import Role
from shared.values import PlacementId
from shared.web.call import Call, allow

router = APIRouter()
_Reader = Annotated[Call, allow(Role.CLERK, Role.OFFICER, Role.AUDITOR)]


@router.post("/placements/{placement}/old-numbers", response_model=Placement)
async def record_old_number(placement: PlacementId, body: commands.RecordOldNumber, call: Officer) -> Response:
    """Beside the numbers that came in with an adoption."""
    return await call.command(lambda tx: old_numbers.record_old_number(tx, placement, body))


@router.get("/old-numbers")
async def list_old_numbers(
    call: _Reader,
    system: OldSystem,
    number: Annotated[list[OldNumberText], Query(max_length=200, description="numbers of that system, repeated")],
) -> OldNumbers:
    """Which orders and placements they are."""
    return await call.query(lambda tx: old_numbers.list_known(tx, system, number))


@router.get("/old-numbers/count")
async def count_old_numbers(call: _Reader, system: OldSystem) -> OldNumberCounts:
    """How many of a system's numbers there are, placements by the province of the worker: to be compared with that system's own totals."""
    return await call.query(lambda tx: old_numbers.count(tx, system))

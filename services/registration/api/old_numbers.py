"""Numbers that workers had in systems before this one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.callers import Officer, Reader
from services.registration.commands import RecordOldNumber
from services.registration.usecases import old_numbers
from services.registration.views.old_numbers import OldNumberCounts, OldNumbers
from services.registration.views.workers import Worker
from shared.old_numbers import OldNumberText, OldSystem
from shared.values import WorkerId

router = APIRouter()


@router.post("/workers/{worker}/old-numbers", response_model=Worker)
async def record_old_number(worker: WorkerId, body: RecordOldNumber, call: Officer) -> Response:
    """Beside the numbers that came in with a registration or a list."""
    return await call.command(lambda tx: old_numbers.record_old_number(tx, worker, body))


@router.get("/old-numbers")
async def list_old_numbers(
    call: Reader,
    system: OldSystem,
    number: Annotated[list[OldNumberText], Query(max_length=200, description="numbers of that system, repeated")],
) -> OldNumbers:
    """Whose they are now."""
    return await call.query(lambda tx: old_numbers.list_known(tx, system, number))


@router.get("/old-numbers/count")
async def count_old_numbers(call: Reader, system: OldSystem) -> OldNumberCounts:
    """How many of a system's numbers there are, by the province of the worker: to be compared with that system's own totals."""
    return await call.query(lambda tx: old_numbers.count(tx, system))

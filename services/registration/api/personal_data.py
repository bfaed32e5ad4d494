"""Personal data: shown in clear, and looked up by identity number."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.registration.api.callers import Clerk, Writer
from services.registration.commands import DisclosePersonalData, LookUpWorker
from services.registration.usecases import personal_data
from services.registration.views.personal_data import PersonalData
from services.registration.views.workers import Workers
from shared.db import Cause
from shared.values import WorkerId

router = APIRouter()


@router.post("/workers/lookup")
async def look_up(body: LookUpWorker, call: Writer) -> Workers:
    """By identity number. Reads only, so it needs no Idempotency-Key and its answer is not kept."""
    return await call.query(lambda tx: personal_data.look_up(tx, body))


@router.post("/workers/{worker}/personal-data")
async def disclose(worker: WorkerId, body: DisclosePersonalData, call: Clerk, answer: Response) -> PersonalData:
    """In clear. Not a command whose answer is kept for repeats: every request is a look of its own and is recorded as one."""
    answer.headers["cache-control"] = "no-store"
    async with call.service.database.transaction(Cause(principal=call.principal, clock=call.clock)) as tx:
        return await personal_data.disclose(tx, worker, body)

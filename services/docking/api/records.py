"""The copy of what is held about a worker."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter

from services.docking.usecases import records
from shared.principals import Role
from shared.records import Records
from shared.values import WorkerId
from shared.web.call import Call, allow

router = APIRouter()


@router.get("/workers/{worker}/records")
async def list_records(worker: WorkerId, call: Annotated[Call, allow(Role.CLERK, Role.OFFICER)]) -> Records:
    """Every row of every table here that is about this worker; the worker may ask for it."""
    return await call.query(lambda tx: records.list_of_worker(tx, worker))

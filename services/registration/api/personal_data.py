"""Personal data: shown in clear, and looked up by identity number."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.callers import Auditor, Clerk, Reader, Writer
from services.registration.commands import CopyPersonalData, DisclosePersonalData, LookUpWorker
from services.registration.domain.accesses import AccessFilter
from services.registration.usecases import personal_data
from services.registration.views.accesses import Accesses
from services.registration.views.personal_data import PersonalCopy, PersonalData
from services.registration.views.workers import Workers
from shared.paging import Page
from shared.values import Day, Line, WorkerId
from shared.web.parameters import paged

router = APIRouter()


# None of these is a command whose answer is kept for repeats: every request is a look of its own and is recorded as one.


@router.post("/workers/lookup")
async def look_up_worker(body: LookUpWorker, call: Writer) -> Workers:
    """By identity number."""
    async with call.service.database.transaction(call.cause()) as tx:
        return await personal_data.look_up(tx, body)


@router.post("/workers/{worker}/personal-data")
async def disclose_personal_data(worker: WorkerId, body: DisclosePersonalData, call: Clerk, answer: Response) -> PersonalData:
    """In clear."""
    answer.headers["cache-control"] = "no-store"
    async with call.service.database.transaction(call.cause()) as tx:
        return await personal_data.disclose(tx, worker, body)


@router.post("/workers/{worker}/personal-data/copy")
async def copy_personal_data(worker: WorkerId, body: CopyPersonalData, call: Writer, answer: Response) -> PersonalCopy:
    """Everything held here about the worker, to be given out to the worker."""
    answer.headers["cache-control"] = "no-store"
    async with call.service.database.transaction(call.cause()) as tx:
        return await personal_data.copy_personal_data(tx, worker, body)


@router.get("/workers/{worker}/personal-data/accesses")
async def list_accesses_of_worker(worker: WorkerId, call: Reader, page: Annotated[Page, paged()]) -> Accesses:
    """Who read this worker's personal data, when and why; the worker may ask for it."""
    return await call.query(lambda tx: personal_data.list_accesses_of(tx, page, worker))


@router.get("/personal-data-accesses")
async def list_accesses(
    call: Auditor,
    page: Annotated[Page, paged()],
    *,
    worker: WorkerId | None = None,
    reader: Annotated[Line | None, Query(description="role:account, such as clerk:wang")] = None,
    since: Day | None = None,
    until: Day | None = None,
) -> Accesses:
    """Who read whose personal data, when and why."""
    wanted = AccessFilter(worker=worker, reader=reader, since=since, until=until)
    return await call.query(lambda tx: personal_data.list_accesses(tx, page, wanted))

"""Corrections of what was registered, and the decisions of a second person on those of an identity."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.registration.api.callers import Reader, Writer
from services.registration.commands import ApproveCorrection, CorrectWorker, RejectCorrection
from services.registration.usecases import corrections
from services.registration.views.corrections import Correction, Corrections, IdentityAsked
from shared.db import Cause
from shared.paging import Page
from shared.values import CorrectionId, CountyField, WorkerId
from shared.web.parameters import paged

router = APIRouter()


@router.post("/workers/{worker}/corrections", status_code=201, response_model=Corrections)
async def correct_worker(worker: WorkerId, body: CorrectWorker, call: Writer) -> Response:
    return await call.command(lambda tx: corrections.correct_worker(tx, worker, body), status=201)


@router.get("/workers/{worker}/corrections")
async def list_corrections(worker: WorkerId, call: Reader, page: Annotated[Page, paged("requested_at")]) -> Corrections:
    return await call.query(lambda tx: corrections.list_corrections(tx, page, worker))


@router.get("/corrections")
async def list_pending_corrections(
    call: Reader, page: Annotated[Page, paged("requested_at")], *, county: CountyField | None = None
) -> Corrections:
    """What waits for a second person."""
    return await call.query(lambda tx: corrections.list_pending(tx, page, county))


@router.post("/corrections/{correction}/approval", response_model=Correction)
async def approve_correction(correction: CorrectionId, body: ApproveCorrection, call: Writer) -> Response:
    return await call.command(lambda tx: corrections.approve_correction(tx, correction, body))


@router.post("/corrections/{correction}/rejection", response_model=Correction)
async def reject_correction(correction: CorrectionId, body: RejectCorrection, call: Writer) -> Response:
    return await call.command(lambda tx: corrections.reject_correction(tx, correction, body))


@router.post("/corrections/{correction}/personal-data")
async def disclose_correction(correction: CorrectionId, call: Writer, answer: Response) -> IdentityAsked:
    """In clear. Every request is a look of its own and is recorded as one; its answer is not kept for repeats."""
    answer.headers["cache-control"] = "no-store"
    async with call.service.database.transaction(Cause(principal=call.principal, clock=call.clock)) as tx:
        return await corrections.disclose_correction(tx, correction)

"""Enrolments."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.training import commands
from services.training.api.callers import Enroller, Reader
from services.training.domain.enrolments import EnrolmentState
from services.training.usecases import enrolments
from services.training.views.enrolments import Enrolment, Enrolments, Seating
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import EnrolmentId, PlacementId, SessionId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.get("/enrolments")
async def list_enrolments(
    call: Reader,
    page: Annotated[Page, paged("enrolled_on")],
    *,
    placement: PlacementId | None = None,
    session: SessionId | None = None,
    state: EnrolmentState | None = None,
    worker_no: Annotated[str | None, Query(max_length=24, pattern="^[ -~]*$")] = None,
) -> Enrolments:
    return await call.query(
        lambda tx: enrolments.list_enrolments(tx, page, placement=placement, session=session, state=state, worker_no=worker_no)
    )


@router.get("/enrolments/{enrolment}")
async def show_enrolment(enrolment: EnrolmentId, call: Reader) -> Enrolment:
    return await call.query(lambda tx: enrolments.show_enrolment(tx, enrolment))


@router.post("/enrolments/{enrolment}/cancellation", response_model=Seating)
async def cancel_enrolment(enrolment: EnrolmentId, body: commands.CancelEnrolment, call: Enroller) -> Response:
    return await call.command(lambda tx: enrolments.cancel_enrolment(tx, enrolment, body))


@router.get("/enrolments/{enrolment}/history")
async def enrolment_history(enrolment: EnrolmentId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: enrolments.enrolment_history(tx, enrolment, after, limit))

"""Enrolments."""

from __future__ import annotations

from fastapi import APIRouter, Response

from services.training import commands
from services.training.api.callers import Enroller, Reader
from services.training.domain.enrolments import EnrolmentState
from services.training.usecases import enrolments
from services.training.views.enrolments import Enrolments, Seating
from shared.delivery.audit_trail import History
from shared.values import EnrolmentId, PlacementId, SessionId
from shared.web.parameters import AfterNumber, Limit

router = APIRouter()


@router.get("/enrolments")
async def list_enrolments(
    call: Reader,
    placement: PlacementId | None = None,
    session: SessionId | None = None,
    state: EnrolmentState | None = None,
    after: EnrolmentId | None = None,
    limit: Limit = 50,
) -> Enrolments:
    return await call.query(
        lambda tx: enrolments.list_enrolments(tx, placement=placement, session=session, state=state, after=after, limit=limit)
    )


@router.post("/enrolments/{enrolment}/cancellation", response_model=Seating)
async def cancel_enrolment(enrolment: EnrolmentId, body: commands.CancelEnrolment, call: Enroller) -> Response:
    return await call.command(lambda tx: enrolments.cancel_enrolment(tx, enrolment, body))


@router.get("/enrolments/{enrolment}/history")
async def enrolment_history(enrolment: EnrolmentId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: enrolments.enrolment_history(tx, enrolment, after, limit))

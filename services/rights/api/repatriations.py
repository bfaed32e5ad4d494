"""Repatriations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.rights import commands
from services.rights.api.callers import Clerk, Officer, Reader, Reporter
from services.rights.domain.repatriations import RepatriationState
from services.rights.usecases import repatriations
from services.rights.views.repatriations import Repatriation, Repatriations
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import RepatriationId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/repatriations", status_code=201, response_model=Repatriation)
async def request_repatriation(body: commands.RequestRepatriation, call: Reporter) -> Response:
    return await call.command(lambda tx: repatriations.request_repatriation(tx, body), status=201)


@router.post("/repatriations/{repatriation}/approval", response_model=Repatriation)
async def approve_repatriation(repatriation: RepatriationId, body: commands.ApproveRepatriation, call: Officer) -> Response:
    return await call.command(lambda tx: repatriations.approve_repatriation(tx, repatriation, body))


@router.post("/repatriations/{repatriation}/refusal", response_model=Repatriation)
async def refuse_repatriation(repatriation: RepatriationId, body: commands.RefuseRepatriation, call: Officer) -> Response:
    return await call.command(lambda tx: repatriations.refuse_repatriation(tx, repatriation, body))


@router.post("/repatriations/{repatriation}/completion", response_model=Repatriation)
async def record_repatriation(repatriation: RepatriationId, body: commands.RecordRepatriation, call: Clerk) -> Response:
    return await call.command(lambda tx: repatriations.record_repatriation(tx, repatriation, body))


@router.get("/repatriations")
async def list_repatriations(
    call: Reader,
    page: Annotated[Page, paged()],
    *,
    state: RepatriationState | None = None,
) -> Repatriations:
    return await call.query(lambda tx: repatriations.list_repatriations(tx, page, state))


@router.get("/repatriations/{repatriation}")
async def show_repatriation(repatriation: RepatriationId, call: Reader) -> Repatriation:
    return await call.query(lambda tx: repatriations.show_repatriation(tx, repatriation))


@router.get("/repatriations/{repatriation}/history")
async def repatriation_history(repatriation: RepatriationId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: repatriations.repatriation_history(tx, repatriation, after, limit))

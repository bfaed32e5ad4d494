"""The bad-credit register (E10)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.docking.api.callers import Anybody, Officer, RegisterReader
from services.docking.commands import notices as commands
from services.docking.domain.notices import Breach
from services.docking.usecases import notices
from services.docking.views import notices as views
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import Day, EmployerId, EnterpriseId, NoticeId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/notices", status_code=201, response_model=views.Notice)
async def publish_notice(body: commands.PublishNotice, call: Officer) -> Response:
    return await call.command(lambda tx: notices.publish_notice(tx, body), status=201)


@router.post("/notices/{notice}/withdrawal", response_model=views.Notice)
async def withdraw_notice(notice: NoticeId, body: commands.WithdrawNotice, call: Officer) -> Response:
    return await call.command(lambda tx: notices.withdraw_notice(tx, notice, body))


@router.get("/public/notices")
async def list_public_notices(
    call: Anybody,
    page: Annotated[Page, paged("decided_on", "since")],
    *,
    on: Day | None = None,
    enterprise: EnterpriseId | None = None,
    employer: EmployerId | None = None,
    breach: Breach | None = None,
) -> views.Notices:
    """Breaches and penalties that are public on a day (today), of enterprises and of foreign employers."""
    return await call.query(lambda tx: notices.public_notices(tx, page, on, enterprise=enterprise, employer=employer, breach=breach))


@router.get("/notices/{notice}")
async def show_notice(notice: NoticeId, call: RegisterReader) -> views.Notice:
    return await call.query(lambda tx: notices.show_notice(tx, notice))


@router.get("/notices/{notice}/history")
async def notice_history(notice: NoticeId, call: RegisterReader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: notices.history(tx, notice, after, limit))

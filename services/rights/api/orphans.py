"""The orphans queue."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.rights import commands
from services.rights.api.callers import Officer, Overseer
from services.rights.usecases import orphans
from services.rights.views.orphans import Orphan, OrphanAgeing, Orphans
from shared.paging import Page
from shared.values import ReportId
from shared.web.parameters import paged

router = APIRouter()
Days = Annotated[int, Query(ge=0, le=36500)]


@router.post("/orphans/{report}/reattachment", response_model=Orphan)
async def reattach_orphan(report: ReportId, body: commands.ReattachOrphan, call: Officer) -> Response:
    return await call.command(lambda tx: orphans.reattach_orphan(tx, report, body))


@router.post("/orphans/{report}/void", response_model=Orphan)
async def void_orphan(report: ReportId, body: commands.VoidOrphan, call: Officer) -> Response:
    return await call.command(lambda tx: orphans.void_orphan(tx, report, body))


@router.post("/orphans/{report}/forwarding", response_model=Orphan)
async def forward_orphan(report: ReportId, body: commands.ForwardOrphan, call: Officer) -> Response:
    return await call.command(lambda tx: orphans.forward_orphan(tx, report, body))


@router.get("/orphans")
async def list_orphans(call: Overseer, page: Annotated[Page, paged()], *, older_than_days: Days = 0) -> Orphans:
    return await call.query(lambda tx: orphans.list_orphans(tx, page, older_than_days))


@router.get("/orphans/ageing")
async def show_orphan_ageing(call: Overseer) -> OrphanAgeing:
    return await call.query(orphans.show_ageing)

"""Records of how many people an announcement reached."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from services.registration.api.callers import Officer, Reader, Writer
from services.registration.commands import CorrectOutreach, RecordOutreach, VoidOutreach
from services.registration.usecases import outreach as usecases
from services.registration.views.outreach import Outreach, Outreaches, OutreachVersions
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import AnnouncementId, CountyField, OutreachId
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/announcements/{announcement}/outreach", status_code=201, response_model=Outreach)
async def record_outreach(announcement: AnnouncementId, body: RecordOutreach, call: Writer) -> Response:
    return await call.command(lambda tx: usecases.record_outreach(tx, announcement, body), status=201)


@router.get("/announcements/{announcement}/outreach")
async def list_outreach(
    announcement: AnnouncementId,
    call: Reader,
    page: Annotated[Page, paged("county", "reached")],
    *,
    county: CountyField | None = None,
) -> Outreaches:
    return await call.query(lambda tx: usecases.list_outreach(tx, page, announcement, county))


@router.get("/outreach/{outreach}")
async def show_outreach(outreach: OutreachId, call: Reader) -> Outreach:
    return await call.query(lambda tx: usecases.show_outreach(tx, outreach))


@router.get("/outreach/{outreach}/versions")
async def list_outreach_versions(outreach: OutreachId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> OutreachVersions:
    """What was recorded of it, and by whom, from the first version on."""
    return await call.query(lambda tx: usecases.list_versions(tx, outreach, after, limit))


@router.get("/outreach/{outreach}/history")
async def outreach_history(outreach: OutreachId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: usecases.history(tx, outreach, after, limit))


@router.post("/outreach/{outreach}/correction", response_model=Outreach)
async def correct_outreach(outreach: OutreachId, body: CorrectOutreach, call: Writer) -> Response:
    return await call.command(lambda tx: usecases.correct_outreach(tx, outreach, body))


@router.post("/outreach/{outreach}/void", response_model=Outreach)
async def void_outreach(outreach: OutreachId, body: VoidOutreach, call: Officer) -> Response:
    return await call.command(lambda tx: usecases.void_outreach(tx, outreach, body))

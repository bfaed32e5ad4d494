"""Announcements and their reach."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.registration.api.callers import Reader, Writer
from services.registration.commands import PublishAnnouncement
from services.registration.domain.announcements import AnnouncementFilter
from services.registration.usecases import announcements
from services.registration.views.announcements import Announcement, Announcements, Reaches
from shared.delivery.audit_trail import History
from shared.paging import Page
from shared.values import AnnouncementId, CountyField, OutreachChannel
from shared.web.parameters import AfterNumber, Limit, paged

router = APIRouter()


@router.post("/announcements", status_code=201, response_model=Announcement)
async def publish_announcement(body: PublishAnnouncement, call: Writer) -> Response:
    return await call.command(lambda tx: announcements.publish_announcement(tx, body), status=201)


@router.get("/announcements")
async def list_announcements(
    call: Reader,
    page: Annotated[Page, paged("published_on", "title")],
    *,
    county: CountyField | None = None,
    channel: OutreachChannel | None = None,
    announcement_no: Annotated[str | None, Query(max_length=24)] = None,
) -> Announcements:
    wanted = AnnouncementFilter(county, channel, announcement_no)
    return await call.query(lambda tx: announcements.list_announcements(tx, page, wanted))


@router.get("/announcements/{announcement}")
async def show_announcement(announcement: AnnouncementId, call: Reader) -> Announcement:
    return await call.query(lambda tx: announcements.show_announcement(tx, announcement))


@router.get("/announcements/{announcement}/reach")
async def list_reach(
    announcement: AnnouncementId,
    call: Reader,
    page: Annotated[Page, paged("reached", "converted", limit=200)],
    *,
    county: CountyField | None = None,
    channel: OutreachChannel | None = None,
) -> Reaches:
    """By county and channel: people reached, and registrations that came of it."""
    return await call.query(lambda tx: announcements.list_reach(tx, page, announcement, county=county, channel=channel))


@router.get("/announcements/{announcement}/history")
async def announcement_history(announcement: AnnouncementId, call: Reader, after: AfterNumber = 0, limit: Limit = 50) -> History:
    return await call.query(lambda tx: announcements.history(tx, announcement, after, limit))

"""Announcements published, and what they came to; looked up for whoever registers because of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from services.registration.commands import PublishAnnouncement
from services.registration.domain.announcements import (
    Announcement,
    AnnouncementFilter,
    announcement_no,
    format_announcement_no,
    parse_announcement_no,
)
from services.registration.domain.errors import AnnouncementNotFound
from services.registration.domain.surveys import require_counted
from services.registration.domain.workers import effective_day
from services.registration.queries import announcements
from services.registration.views import announcements as views
from shared import events, reference
from shared.db import Tx
from shared.delivery.audit_trail import History, changes_of, publish_and_audit
from shared.paging import Page
from shared.principals import Forbidden, require_county
from shared.values import AnnouncementId, CountyCode, OutreachChannel, new_id


# --- commands ---------------------------------------------------------------------------------------------------------
async def publish_announcement(tx: Tx, command: PublishAnnouncement) -> views.Announcement:
    """Make the programme known in counties of the principal's regions. Raises InFuture, BeforeTheStatistics, Forbidden."""
    counties = tuple(sorted({reference.current_code(county) for county in command.counties}))
    for county in counties:
        require_county(tx.principal, county)
    day = effective_day(command.published_on, tx.clock.today(), field="published_on")
    require_counted(day, "published_on")
    one = Announcement(
        announcement=AnnouncementId(new_id()),
        announcement_no=format_announcement_no(await announcements.get_number(tx)),
        title=command.title,
        counties=counties,
        channels=command.channels,
        languages=command.languages,
        published_on=day,
        published_by=str(tx.principal),
        published_at=tx.clock.now(),
    )
    await announcements.insert(tx, one)
    publish_and_audit(
        tx,
        events.AnnouncementPublished(
            announcement=one.announcement,
            announcement_no=one.announcement_no,
            counties=one.counties,
            channels=one.channels,
            languages=one.languages,
            effective=day,
        ),
    )
    return views.Announcement.from_announcement(one, [])


# --- queries ----------------------------------------------------------------------------------------------------------
async def show_announcement(tx: Tx, announcement: AnnouncementId) -> views.Announcement:
    """With what it came to in the principal's regions, by channel. Raises AnnouncementNotFound, Forbidden."""
    one = await get(tx, announcement)
    return views.Announcement.from_announcement(one, await announcements.list_by_channel(tx, [announcement]))


async def list_announcements(tx: Tx, page: Page, wanted: AnnouncementFilter) -> views.Announcements:
    """Made in a county of the principal's regions, with what they came to there. Raises AnnouncementNumberMistyped."""
    if wanted.announcement_no is not None:
        wanted = replace(wanted, announcement_no=parse_announcement_no(wanted.announcement_no, "announcement_no"))
    items, following = await announcements.list_matching(tx, page, wanted)
    reach = await announcements.list_by_channel(tx, [one.announcement for one in items])
    return views.Announcements.from_announcements(items, reach, following)


async def list_reach(
    tx: Tx, page: Page, announcement: AnnouncementId, *, county: CountyCode | None, channel: OutreachChannel | None
) -> views.Reaches:
    """By county and channel, in the principal's regions. Raises AnnouncementNotFound, Forbidden."""
    await get(tx, announcement)
    items, following = await announcements.list_by_county(tx, page, announcement, county=county, channel=channel)
    return views.Reaches(items=tuple(map(views.Reach.model_validate, items)), next=following)


async def history(tx: Tx, announcement: AnnouncementId, after: int, limit: int) -> History:
    """Raises AnnouncementNotFound, Forbidden."""
    await get(tx, announcement)
    return await changes_of(tx, announcement, after, limit)


# --- for the other usecases -------------------------------------------------------------------------------------------
async def get(tx: Tx, announcement: AnnouncementId) -> Announcement:
    """Raises AnnouncementNotFound, Forbidden for whoever covers none of its counties."""
    one = await announcements.get(tx, announcement)
    if one is None:
        raise AnnouncementNotFound
    if not any(tx.principal.covers_county(county) for county in one.counties):
        raise Forbidden(f"{tx.principal} does not cover a county of this announcement")
    return one


async def list_announced(tx: Tx, numbers: Iterable[str]) -> dict[str, Announcement]:
    """Those of the numbers, as people wrote them, that name an announcement."""
    return await announcements.list_by_numbers(tx, filter(None, map(announcement_no, numbers)))

"""The tables `announcement` and `announcement_county`, and the view `reach`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.registration.domain.announcements import Announcement, AnnouncementFilter, Reach
from services.registration.queries.workers import county_patterns
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import AnnouncementId, CountyCode, OutreachChannel

ANNOUNCEMENT = rows.Columns(
    Announcement,
    """
    announcement, announcement_no, title,
    ARRAY(SELECT county FROM announcement_county AS made WHERE made.announcement = announcement.announcement ORDER BY county) AS counties,
    channels, languages, published_on, published_by, published_at
    """,
)
GET = ANNOUNCEMENT.select("FROM announcement WHERE announcement = $1")
LIST_BY_NUMBERS = ANNOUNCEMENT.select("FROM announcement WHERE announcement_no = ANY($1::text[])")
LIST = ANNOUNCEMENT.pages(
    "announcement",
    """
    EXISTS (
        SELECT FROM announcement_county AS made
        WHERE made.announcement = announcement.announcement AND county LIKE ANY($1::text[]) AND ($2::text IS NULL OR county = $2)
    )
    AND ($3::text IS NULL OR $3 = ANY(channels)) AND ($4::text IS NULL OR announcement_no = $4)
    """,
    "published_on date",
    "title text",
    key="announcement uuid",
)
GET_NUMBER = "SELECT nextval('announcement_number')"
INSERT = """
INSERT INTO announcement (announcement, announcement_no, title, channels, languages, published_on, published_by, published_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""
INSERT_COUNTIES = "INSERT INTO announcement_county (announcement, county) SELECT $1, county FROM unnest($2::text[]) AS county"

BY_CHANNEL = rows.Columns(
    Reach,
    """
    announcement, NULL::text AS county, channel, sum(records) AS records, sum(reached) AS reached, sum(converted) AS converted
    """,
)
LIST_BY_CHANNEL = BY_CHANNEL.select("""
FROM reach WHERE announcement = ANY($1::uuid[]) AND county LIKE ANY($2::text[])
GROUP BY announcement, channel ORDER BY announcement, channel
""")
BY_COUNTY = rows.Columns(Reach, "announcement, county, channel, records, reached, converted")
LIST_BY_COUNTY = BY_COUNTY.pages(
    """
    (SELECT announcement, county, channel, sum(records) AS records, sum(reached) AS reached, sum(converted) AS converted
     FROM reach GROUP BY announcement, county, channel) AS by_county
    """,
    """
    announcement = $1 AND county LIKE ANY($2::text[]) AND ($3::text IS NULL OR county = $3) AND ($4::text IS NULL OR channel = $4)
    """,
    "reached bigint",
    "converted bigint",
    key="county text, channel text",
)


async def get(tx: Tx, announcement: AnnouncementId) -> Announcement | None:
    return await rows.fetch_one(tx.conn, GET, announcement)


async def get_number(tx: Tx) -> int:
    """A number nobody else gets. A refused announcement leaves a gap."""
    number: int = await tx.conn.fetchval(GET_NUMBER)
    return number


async def list_by_numbers(tx: Tx, numbers: Iterable[str]) -> dict[str, Announcement]:
    """By number, of whatever region; those that exist."""
    asked = sorted(set(numbers))
    found = await rows.fetch(tx.conn, LIST_BY_NUMBERS, asked) if asked else []
    return {one.announcement_no: one for one in found}


async def list_matching(tx: Tx, page: Page, wanted: AnnouncementFilter) -> tuple[Sequence[Announcement], str | None]:
    """Made in a county of the principal's regions."""
    return await fetch_page(tx.conn, LIST, page, county_patterns(tx), wanted.county, wanted.channel, wanted.announcement_no)


async def list_by_channel(tx: Tx, announcements: Sequence[AnnouncementId]) -> list[Reach]:
    """In the counties of the principal's regions."""
    return await rows.fetch(tx.conn, LIST_BY_CHANNEL, announcements, county_patterns(tx))


async def list_by_county(
    tx: Tx, page: Page, announcement: AnnouncementId, *, county: CountyCode | None, channel: OutreachChannel | None
) -> tuple[Sequence[Reach], str | None]:
    """In the counties of the principal's regions."""
    return await fetch_page(tx.conn, LIST_BY_COUNTY, page, announcement, county_patterns(tx), county, channel)


async def insert(tx: Tx, one: Announcement) -> None:
    await tx.conn.execute(
        INSERT,
        one.announcement,
        one.announcement_no,
        one.title,
        one.channels,
        one.languages,
        one.published_on,
        one.published_by,
        one.published_at,
    )
    await tx.conn.execute(INSERT_COUNTIES, one.announcement, one.counties)

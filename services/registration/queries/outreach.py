"""The tables `outreach` and `outreach_version`."""

from __future__ import annotations

from collections.abc import Sequence

from services.registration.domain.announcements import Outreach
from services.registration.queries.workers import county_patterns
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import AnnouncementId, CountyCode, OutreachId

OUTREACH = rows.Columns(
    Outreach,
    """
    outreach.outreach, announcement, one.version, state, reason, county, channel, reached, happened_on AS on, recorded_by, recorded_at
    """,
)
GET = OUTREACH.select("FROM outreach JOIN outreach_version AS one USING (outreach, version) WHERE outreach.outreach = $1")
LOCK = "SELECT FROM outreach WHERE outreach = $1 FOR UPDATE"
LIST = OUTREACH.pages(
    "outreach JOIN outreach_version AS one USING (outreach, version)",
    "announcement = $1 AND county LIKE ANY($2::text[]) AND ($3::text IS NULL OR county = $3)",
    "county text",
    "reached integer",
    key="outreach uuid",
)
LIST_VERSIONS = OUTREACH.select("""
FROM outreach JOIN outreach_version AS one ON one.outreach = outreach.outreach
WHERE outreach.outreach = $1 AND one.version > $2::bigint ORDER BY one.version LIMIT $3
""")
UPSERT = """
INSERT INTO outreach (outreach, announcement, version) VALUES ($1, $2, $3) ON CONFLICT (outreach) DO UPDATE SET version = excluded.version
"""
INSERT_VERSION = """
INSERT INTO outreach_version (outreach, version, state, reason, county, channel, reached, happened_on, recorded_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def get(tx: Tx, outreach: OutreachId) -> Outreach | None:
    return await rows.fetch_one(tx.conn, GET, outreach)


async def lock(tx: Tx, outreach: OutreachId) -> Outreach | None:
    """As the last holder of the lock has committed it: its newest version may be newer than this statement."""
    await tx.conn.execute(LOCK, outreach)
    return await get(tx, outreach)


async def list_of_announcement(
    tx: Tx, page: Page, announcement: AnnouncementId, county: CountyCode | None
) -> tuple[Sequence[Outreach], str | None]:
    """In counties of the principal's regions, voided ones included."""
    return await fetch_page(tx.conn, LIST, page, announcement, county_patterns(tx), county)


async def list_versions(tx: Tx, outreach: OutreachId, *, after: int, limit: int) -> list[Outreach]:
    """Oldest first."""
    return await rows.fetch(tx.conn, LIST_VERSIONS, outreach, after, limit)


async def insert_version(tx: Tx, one: Outreach) -> None:
    """A new version beside those before."""
    await tx.conn.execute(UPSERT, one.outreach, one.announcement, one.version)
    await tx.conn.execute(
        INSERT_VERSION,
        one.outreach,
        one.version,
        one.state,
        one.reason,
        one.county,
        one.channel,
        one.reached,
        one.on,
        one.recorded_by,
        one.recorded_at,
    )

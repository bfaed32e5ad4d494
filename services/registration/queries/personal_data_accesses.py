"""The table `personal_data_access`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from services.registration.domain.accesses import Access, AccessFilter, AccessKind
from services.registration.queries.workers import county_patterns
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import PROGRAMME_ZONE, WorkerId

ACCESS = rows.Columns(Access, "id, personal_data_access.worker, worker_no, reader, accessed_at, kind, reason")
LIST = ACCESS.pages(
    "personal_data_access JOIN worker ON worker.worker = personal_data_access.worker",
    """
    county LIKE ANY($1::text[]) AND ($2::uuid IS NULL OR $2 IN (personal_data_access.worker, worker.merged_into))
    AND ($3::text IS NULL OR reader = $3)
    AND ($4::timestamptz IS NULL OR accessed_at >= $4) AND ($5::timestamptz IS NULL OR accessed_at < $5)
    """,
    key="id bigint",
)
INSERT_ALL = """
INSERT INTO personal_data_access (worker, reader, accessed_at, kind, reason) SELECT worker, $2, $3, $4, $5 FROM unnest($1::uuid[]) AS worker
"""


async def list_(tx: Tx, page: Page, wanted: AccessFilter) -> tuple[Sequence[Access], str | None]:
    """To workers of the principal's regions."""
    begin = None if wanted.since is None else _midnight(wanted.since)
    end = None if wanted.until is None else _midnight(wanted.until + timedelta(days=1))
    return await fetch_page(tx.conn, LIST, page, county_patterns(tx), wanted.worker, wanted.reader, begin, end)


def _midnight(day: date) -> datetime:
    """When the calendar day begins in the programme's zone."""
    return datetime.combine(day, time(), PROGRAMME_ZONE)


async def insert_all(tx: Tx, workers: Sequence[WorkerId], kind: AccessKind, reason: str) -> None:
    """By the principal, now."""
    await tx.conn.execute(INSERT_ALL, workers, str(tx.principal), tx.clock.now(), kind, reason)

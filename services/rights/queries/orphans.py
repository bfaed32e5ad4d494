"""Income of voided dispatches, which waits for an explanation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from services.rights.domain.incomes import ReportState
from services.rights.domain.orphans import Orphan
from services.rights.queries.incomes import INCOME
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import CountyCode, ReportId

ORPHAN = INCOME.extend(Orphan, "orphaned_on, orphan_region AS region")
LOCK = ORPHAN.select("FROM income WHERE report = $1 AND orphaned_on IS NOT NULL FOR UPDATE")
# By whose officers work it off: the province it was handed to, else the worker's county.
LIST = ORPHAN.pages(
    "income",
    """
    state = 'orphaned' AND orphaned_on <= $1 AND EXISTS (
        SELECT FROM ledger WHERE ledger.placement = income.placement AND coalesce(orphan_region, county) ^@ ANY($2::text[])
    )
    """,
    key="report uuid",
)
LIST_AGES = """
SELECT orphaned_on, count(*)::int AS reports FROM income JOIN ledger USING (placement)
WHERE state = 'orphaned' AND coalesce(orphan_region, county) ^@ ANY($1::text[]) GROUP BY orphaned_on
"""
UPDATE = "UPDATE income SET state = $2, orphan_region = $3, version = version + 1 WHERE report = $1"


async def lock(tx: Tx, report: ReportId) -> Orphan | None:
    """Also one that is explained already."""
    return await rows.fetch_one(tx.conn, LOCK, report)


async def list_(tx: Tx, page: Page, *, by: date, counties: Sequence[str]) -> tuple[Sequence[Orphan], str | None]:
    """Orphaned by that day. `counties`: what the codes begin with."""
    return await fetch_page(tx.conn, LIST, page, by, list(counties))


async def list_ages(tx: Tx, counties: Sequence[str]) -> dict[date, int]:
    """How many were orphaned on which day. `counties` as in list_()."""
    return {row["orphaned_on"]: row["reports"] for row in await tx.conn.fetch(LIST_AGES, list(counties))}


async def update(tx: Tx, report: ReportId, state: ReportState, region: CountyCode | None) -> None:
    await tx.conn.execute(UPDATE, report, state, region)

"""Counts of cases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from services.rights.domain.case_figures import AGE_BANDS, AgeBand, Complaints, OnTime
from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.values import EnterpriseId

LIST_AGES = rows.Columns(
    AgeBand,
    """
    from_days, count("case") AS open, count("case") FILTER (WHERE paused_at IS NULL AND clock_due < $2) AS late,
    count(paused_at) AS paused
    """,
).select("""
FROM unnest($1::int[]) WITH ORDINALITY AS band (from_days, number) LEFT JOIN rights_case
  ON state <> 'closed' AND width_bucket(extract(epoch FROM $2 - opened_at)::bigint / 86400, $1::bigint[]) = number
GROUP BY from_days ORDER BY from_days
""")
LIST_ON_TIME = rows.Columns(OnTime, 'category, in_time, "of"').select("""
FROM (
  SELECT category, count(*) FILTER (WHERE NOT missed AND coalesce(answered_at, closed_at) <= due_at) AS in_time, count(*) AS of
  FROM rights_case
  WHERE opened_at >= $1 AND opened_at < $2 AND (missed OR answered_at IS NOT NULL OR closed_at IS NOT NULL OR due_at < $3)
  GROUP BY category
) AS counted
ORDER BY category
""")
LIST_COMPLAINTS = rows.Columns(
    Complaints,
    """
    enterprise, coalesce(complaints, 0) AS complaints, coalesce(open, 0) AS open, coalesce(escalated, 0) AS escalated,
    coalesce(settled, 0) AS settled, coalesce(workers, 0) AS workers
    """,
).pages(
    """
(
  SELECT enterprise, count(*) AS complaints, count(*) FILTER (WHERE state <> 'closed') AS open,
    count(*) FILTER (WHERE level <> 'city') AS escalated, count(*) FILTER (WHERE state = 'settled' OR outcome = 'settled') AS settled
  FROM rights_case WHERE via <> 'rule' AND opened_at >= $1 AND opened_at < $2 GROUP BY enterprise
) AS complained FULL JOIN (
  SELECT enterprise, count(*) AS workers FROM ledger
  WHERE departed_on <= $4 AND NOT voided AND (returned_on IS NULL OR returned_on >= $3) GROUP BY enterprise
) AS abroad USING (enterprise)
""",
    "$5::uuid IS NULL OR enterprise = $5",
    "complaints bigint",
    "open bigint",
    "escalated bigint",
    "workers bigint",
    key="enterprise uuid",
)


async def list_ages(tx: Tx) -> list[AgeBand]:
    return await rows.fetch(tx.conn, LIST_AGES, list(AGE_BANDS), tx.clock.now())


async def list_on_time(tx: Tx, start: datetime, end: datetime) -> list[OnTime]:
    """Of cases opened from `start` until before `end`."""
    return await rows.fetch(tx.conn, LIST_ON_TIME, start, end, tx.clock.now())


async def list_complaints(
    tx: Tx, page: Page, opened: tuple[datetime, datetime], days: tuple[date, date], enterprise: EnterpriseId | None
) -> tuple[Sequence[Complaints], str | None]:
    """Opened between these moments, beside who was abroad on some of these days."""
    return await fetch_page(tx.conn, LIST_COMPLAINTS, page, *opened, *days, enterprise)

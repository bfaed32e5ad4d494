"""How far the quotas are missed, from statistics' events."""

from __future__ import annotations

from services.docking.domain.quota_gaps import QuotaGap
from shared.db import Tx
from shared.events import QuotaStatusChanged
from shared.rows import Columns, fetch_one

GAP = Columns(QuotaGap, "num, den, CASE WHEN status = 'met' THEN 0 ELSE coalesce(gap_heads, 0) END AS heads")
GET = GAP.select("FROM quota_status WHERE quota = $1 AND period = $2")
UPDATE = """
INSERT INTO quota_status (quota, period, status, num, den, gap_heads) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (quota, period) DO UPDATE
SET status = excluded.status, num = excluded.num, den = excluded.den, gap_heads = excluded.gap_heads
"""


async def get(tx: Tx, quota: str, period: str) -> QuotaGap | None:
    return await fetch_one(tx.conn, GET, quota, period)


async def update(tx: Tx, status: QuotaStatusChanged) -> None:
    await tx.conn.execute(UPDATE, status.quota, status.period, status.status_to, *status.share, status.gap_heads)

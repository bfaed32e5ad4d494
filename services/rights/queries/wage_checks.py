"""Months with a report that are compared with the contract once their pay day is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from shared.db import Tx
from shared.values import Period, PlacementId

LOCK_DUE = """
SELECT wage_check.placement, wage_check.period FROM wage_check JOIN ledger USING (placement)
WHERE check_on <= $1 ORDER BY wage_check.placement, wage_check.period LIMIT $2 FOR UPDATE SKIP LOCKED
"""
INSERT_ALL = """
INSERT INTO wage_check (placement, period, check_on) SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[])
ON CONFLICT (placement, period) DO UPDATE SET check_on = excluded.check_on
"""
DELETE_ALL = """
DELETE FROM wage_check USING unnest($1::uuid[], $2::text[]) AS done (placement, period)
WHERE wage_check.placement = done.placement AND wage_check.period = done.period
"""


async def lock_due(tx: Tx, today: date, limit: int) -> list[tuple[PlacementId, Period]]:
    """With their ledgers; those that somebody else holds are left out."""
    return [(row["placement"], row["period"]) for row in await tx.conn.fetch(LOCK_DUE, today, limit)]


async def insert_all(tx: Tx, months: Mapping[tuple[PlacementId, Period], date]) -> None:
    """To be compared from that day on."""
    if months:
        placements, periods = zip(*months, strict=True)
        await tx.conn.execute(INSERT_ALL, placements, periods, list(months.values()))


async def delete_all(tx: Tx, months: Sequence[tuple[PlacementId, Period]]) -> None:
    if months:
        await tx.conn.execute(DELETE_ALL, *zip(*months, strict=True))

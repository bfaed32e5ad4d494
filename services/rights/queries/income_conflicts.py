"""Months whose sources disagree about what was paid."""

from __future__ import annotations

from collections.abc import Sequence

from shared.db import Tx
from shared.values import Period, PlacementId

Month = tuple[PlacementId, Period]
LIST = """
SELECT placement, period FROM income_conflict JOIN unnest($1::uuid[], $2::text[]) AS asked (placement, period) USING (placement, period)
"""
INSERT_ALL = "INSERT INTO income_conflict (placement, period) SELECT * FROM unnest($1::uuid[], $2::text[])"
DELETE_ALL = """
DELETE FROM income_conflict USING unnest($1::uuid[], $2::text[]) AS done (placement, period)
WHERE income_conflict.placement = done.placement AND income_conflict.period = done.period
"""


async def list_(tx: Tx, months: Sequence[Month]) -> set[Month]:
    """Those of the months that are known to be in conflict. The caller holds their ledgers."""
    return {(row["placement"], row["period"]) for row in await tx.conn.fetch(LIST, *zip(*months, strict=True))} if months else set()


async def insert_all(tx: Tx, months: Sequence[Month]) -> None:
    if months:
        await tx.conn.execute(INSERT_ALL, *zip(*months, strict=True))


async def delete_all(tx: Tx, months: Sequence[Month]) -> None:
    """Their sources agree."""
    if months:
        await tx.conn.execute(DELETE_ALL, *zip(*months, strict=True))

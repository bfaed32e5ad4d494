"""How many passed in one centre on one day."""

from __future__ import annotations

from datetime import date

from shared.db import Tx

UPDATE_PASSES = """
INSERT INTO centre_day (centre, day, passes) VALUES ($1, $2, $3)
ON CONFLICT (centre, day) DO UPDATE SET passes = centre_day.passes + excluded.passes
"""
GET_PASSES = "SELECT passes FROM centre_day WHERE centre = $1 AND day = $2"


async def get_passes(tx: Tx, centre: str, day: date) -> int:
    """How many have passed there on the day. The caller holds the allocation lock."""
    found: int | None = await tx.conn.fetchval(GET_PASSES, centre, day)
    return found or 0


async def update_passes(tx: Tx, centre: str, day: date, count: int) -> None:
    """Add to the centre's passes of the day."""
    await tx.conn.execute(UPDATE_PASSES, centre, day, count)

"""How many passed in one centre on one day."""

from __future__ import annotations

from datetime import date

from shared.db import Tx

UPDATE_PASSES = """
INSERT INTO centre_day (centre, day, passes) VALUES ($1, $2, $3)
ON CONFLICT (centre, day) DO UPDATE SET passes = centre_day.passes + excluded.passes RETURNING passes
"""


async def update_passes(tx: Tx, centre: str, day: date, count: int) -> int:
    """Add to the centre's passes of the day; returns how many there are now."""
    total: int = await tx.conn.fetchval(UPDATE_PASSES, centre, day, count)
    return total

"""How many passed in one centre on one day."""

from __future__ import annotations

from datetime import date

from shared.db import Tx

UPDATE_PASSES = """
INSERT INTO centre_day (centre, day, passes) VALUES ($1, $2, $3)
ON CONFLICT (centre, day) DO UPDATE SET passes = centre_day.passes + excluded.passes
"""
# A day on which nobody has passed yet is locked too.
LOCK_PASSES = """
INSERT INTO centre_day (centre, day, passes) VALUES ($1, $2, 0)
ON CONFLICT (centre, day) DO UPDATE SET passes = centre_day.passes RETURNING passes
"""


async def lock_passes(tx: Tx, centre: str, day: date) -> int:
    """How many have passed there on the day, as it stays until the caller has committed."""
    return int(await tx.conn.fetchval(LOCK_PASSES, centre, day))


async def update_passes(tx: Tx, centre: str, day: date, count: int) -> None:
    """Add to the centre's passes of the day."""
    await tx.conn.execute(UPDATE_PASSES, centre, day, count)

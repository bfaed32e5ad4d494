"""Dead letters, as far as figures depend on them."""

from __future__ import annotations

from shared.db import Tx

COUNT_PARKED = "SELECT count(*) FROM dead_letter WHERE state = 'parked'"


async def get_parked_count(tx: Tx) -> int:
    """Events that could affect a figure and are not counted yet."""
    count: int = await tx.conn.fetchval(COUNT_PARKED)
    return count

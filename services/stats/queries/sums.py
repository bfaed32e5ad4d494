"""What closed periods stand at now, and whether a rebuild is under way."""

from __future__ import annotations

from shared.db import Tx

CLOSED_SUMS = """
SELECT frozen.period, frozen.measure, frozen.currency, frozen.province, frozen.value
FROM frozen JOIN period_close USING (period, version) WHERE period_close.reopened_at IS NULL
"""
REBUILDING = "SELECT EXISTS (SELECT FROM generation WHERE state = 'building')"


async def rebuilding(tx: Tx) -> bool:
    """Whether a generation is being built, or was left behind by a rebuild that was cut short."""
    return bool(await tx.conn.fetchval(REBUILDING))


async def closed_sums(tx: Tx) -> dict[tuple[str, int, str, str], int]:
    """By (period, measure, currency, province), restatements included."""
    return {tuple(row)[:4]: row["value"] for row in await tx.conn.fetch(CLOSED_SUMS)}

"""How much of each log the cells hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shared.db import Tx

Applied = tuple[int, datetime]  # events counted, canaries left out; the newest time at which their source recorded one

LIST = "SELECT topic, events, newest FROM applied WHERE generation = (SELECT id FROM generation WHERE state = 'live')"
UPDATE = """
INSERT INTO applied (generation, topic, events, newest)
SELECT $1, topic, events, newest FROM unnest($2::text[], $3::bigint[], $4::timestamptz[]) AS row (topic, events, newest) ORDER BY topic
ON CONFLICT (generation, topic) DO UPDATE
SET events = applied.events + excluded.events, newest = greatest(applied.newest, excluded.newest)
"""


async def list_(tx: Tx) -> dict[str, Applied]:
    """By topic, of the live generation."""
    return {row["topic"]: (row["events"], row["newest"]) for row in await tx.conn.fetch(LIST)}


async def update(tx: Tx, generation: int, counted: Mapping[str, Applied]) -> None:
    """Add what a batch has counted."""
    events, newest = [events for events, _ in counted.values()], [newest for _, newest in counted.values()]
    await tx.conn.execute(UPDATE, generation, list(counted), events, newest)

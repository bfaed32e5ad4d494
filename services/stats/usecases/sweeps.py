"""Publishing on command."""

from __future__ import annotations

from services.stats.publishing import publisher
from shared.db import Tx


async def sweep(tx: Tx) -> int:
    """Publish what changed, when the caller has made sure that every log is read to its end. Returns how many events."""
    return await publisher.publish(tx, {})

"""What nobody did in time."""

from __future__ import annotations

from services.rights.usecases.cases import find_unanswered
from services.rights.usecases.shortfalls import find_unreported
from shared.db import Tx


async def sweep(tx: Tx) -> int:
    """One bounded batch of wages nobody reported and first answers nobody gave; idempotent. Returns how many were looked at."""
    return await find_unreported(tx) + await find_unanswered(tx)

"""What nobody did in time."""

from __future__ import annotations

from services.rights.usecases import cases, incomes
from shared.db import Tx


async def sweep(tx: Tx) -> int:
    """One bounded batch of wages nobody reported and first answers nobody gave; idempotent. Returns how many were looked at."""
    return await incomes.sweep(tx) + await cases.sweep(tx)

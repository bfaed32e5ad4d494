"""What nobody did in time."""

from __future__ import annotations

from services.rights.usecases.cases import find_late
from services.rights.usecases.collective_cases import find_unpaid
from services.rights.usecases.roll_calls import announce
from services.rights.usecases.shortfalls import find_unreported, judge_due
from shared.db import Tx


async def sweep(tx: Tx) -> int:
    """One bounded batch each of months to compare, wages nobody reported or paid for long, late cases, roll-calls; idempotent.

    Returns how many.
    """
    wages = await judge_due(tx) + await find_unreported(tx) + await find_unpaid(tx)
    return wages + await find_late(tx) + await announce(tx)

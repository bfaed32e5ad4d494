"""Numbers that orders and placements had in systems before this one."""

from __future__ import annotations

from collections.abc import Sequence

from services.docking.queries import old_numbers
from services.docking.usecases.scope import visible_counties
from services.docking.views import old_numbers as views
from shared.db import Tx


async def list_known(tx: Tx, system: str, numbers: Sequence[str]) -> views.OldNumbers:
    """Whose they are: orders, and placements of the principal's regions."""
    found = await old_numbers.list_known(tx, system, numbers, counties=visible_counties(tx.principal))
    return views.OldNumbers(items=tuple(map(views.known_number, found)))


async def count(tx: Tx, system: str) -> views.OldNumberCounts:
    """How many of this system's numbers orders have, and placements of the principal's regions."""
    found = await old_numbers.get_counts(tx, system, counties=visible_counties(tx.principal))
    return views.OldNumberCounts(system=system, items=tuple(map(views.numbers_of_province, found)))

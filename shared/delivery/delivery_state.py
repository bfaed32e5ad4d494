"""What is on its way in a service's database, for operators."""

from __future__ import annotations

from typing import Any

from shared.delivery import dead_letters, outbox
from shared.delivery.positions import positions


async def delivery_state(conn: Any) -> dict[str, Any]:
    """Rows in the outbox, how far each partition is applied, open dead letters."""
    return {
        "outbox": await outbox.backlog(conn),
        "positions": {
            str(partition): {
                "next_offset": position.next_offset,
                "epoch": position.expected.epoch,
                "next_number": position.expected.number,
                "gap_since": position.gap_since.isoformat() if position.gap_since else None,
            }
            for partition, position in (await positions(conn)).items()
        },
        "parked": await dead_letters.count_open(conn),
    }

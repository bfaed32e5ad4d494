"""The trail of every aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from shared.db import Tx
from shared.events import Data


@dataclass(frozen=True, slots=True)
class Change:
    """One recorded event of an aggregate."""

    event_id: UUID
    event: str
    actor: str
    recorded: datetime
    effective: date


ADD = """
INSERT INTO history (subject, event_id, event_type, actor, recorded, effective)
SELECT subject, event_id, event_type, $5, $6, effective
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[]) WITH ORDINALITY AS row (subject, event_id, event_type, effective, place)
ORDER BY place
"""
OF = "SELECT event_id, event_type, actor, recorded, effective FROM history WHERE subject = $1 ORDER BY id"


async def add(tx: Tx, events: Sequence[tuple[UUID, Data]]) -> None:
    await tx.conn.execute(
        ADD,
        [UUID(data.subject) for _, data in events],
        [event_id for event_id, _ in events],
        [data.type_name() for _, data in events],
        [data.effective_on for _, data in events],
        str(tx.principal),
        tx.clock.now(),
    )


async def of(tx: Tx, subject: UUID) -> list[Change]:
    return [Change(*row.values()) for row in await tx.conn.fetch(OF, subject)]

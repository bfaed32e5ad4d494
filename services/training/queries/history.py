"""The trail of every aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.db import Tx
from shared.events import Data

ADD = """
INSERT INTO history (event_id, subject, type, actor, recorded, effective)
SELECT event_id, subject, type, $5, $6, effective
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::date[]) WITH ORDINALITY AS entry (event_id, subject, type, effective, place)
ORDER BY place
"""
OF = "SELECT type, event_id, actor, recorded, effective FROM history WHERE subject = $1 ORDER BY place"


async def add(tx: Tx, ids: Sequence[UUID], changes: Sequence[Data]) -> None:
    await tx.conn.execute(
        ADD,
        list(ids),
        [change.subject for change in changes],
        [change.type_name() for change in changes],
        [change.effective_on for change in changes],
        str(tx.principal),
        tx.clock.now(),
    )


async def of(tx: Tx, subject: str) -> list[Any]:
    rows: list[Any] = await tx.conn.fetch(OF, subject)
    return rows

"""The trail of every aggregate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from shared.db import Tx

INSERT_HISTORY = """
INSERT INTO history (subject, type, event_id, actor, recorded, effective)
SELECT subject, type, event_id, $5, $6, effective
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::date[]) WITH ORDINALITY AS row (subject, type, event_id, effective, place)
ORDER BY place
"""
HISTORY = """
SELECT id, type, event_id, actor, recorded, effective FROM history WHERE subject = $1 AND id > $2 ORDER BY id LIMIT $3
"""


async def insert_history(tx: Tx, lines: Sequence[tuple[UUID, str, UUID, date]]) -> None:
    await tx.conn.execute(INSERT_HISTORY, *map(list, zip(*lines, strict=True)), str(tx.principal), tx.clock.now())


async def history(tx: Tx, subject: UUID, after: int, limit: int) -> list[dict[str, Any]]:
    return [dict(row) for row in await tx.conn.fetch(HISTORY, subject, after, limit)]

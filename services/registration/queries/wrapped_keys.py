"""The wrapped data keys of personal data and of corrections that wait, wherever they stand: to be wrapped under another master key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from shared import rows
from shared.db import Tx
from shared.values import WorkerId

Holder = Literal["personal", "corrections"]


@dataclass(frozen=True, slots=True)
class Wrapped:
    """`id`: of the row."""

    id: UUID
    worker: WorkerId
    wrapped_key: bytes


PERSONAL = rows.Columns(Wrapped, "worker AS id, worker, wrapped_key")
CORRECTION = rows.Columns(Wrapped, "correction AS id, worker, wrapped_key")
# Locked: whoever is erased meanwhile is so before or after, and nothing that was deleted is written again.
LOCK_PERSONAL = PERSONAL.select("FROM personal WHERE $1::uuid IS NULL OR worker > $1 ORDER BY worker LIMIT $2 FOR UPDATE")
LOCK_CORRECTIONS = CORRECTION.select(
    "FROM correction_sealed WHERE $1::uuid IS NULL OR correction > $1 ORDER BY correction LIMIT $2 FOR UPDATE"
)
UPDATE_PERSONAL = """
UPDATE personal SET wrapped_key = new.wrapped_key FROM unnest($1::uuid[], $2::bytea[]) AS new (id, wrapped_key) WHERE worker = new.id
"""
UPDATE_CORRECTIONS = """
UPDATE correction_sealed SET wrapped_key = new.wrapped_key FROM unnest($1::uuid[], $2::bytea[]) AS new (id, wrapped_key)
WHERE correction = new.id
"""


async def lock_after(tx: Tx, holder: Holder, after: UUID | None, limit: int) -> list[Wrapped]:
    """The next ones in the order of their ids."""
    if holder == "personal":
        return await rows.fetch(tx.conn, LOCK_PERSONAL, after, limit)
    return await rows.fetch(tx.conn, LOCK_CORRECTIONS, after, limit)


async def update_all(tx: Tx, holder: Holder, wrapped: Sequence[tuple[UUID, bytes]]) -> None:
    ids, keys = [one for one, _ in wrapped], [key for _, key in wrapped]
    if holder == "personal":
        await tx.conn.execute(UPDATE_PERSONAL, ids, keys)
    else:
        await tx.conn.execute(UPDATE_CORRECTIONS, ids, keys)

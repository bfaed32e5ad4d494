"""What was said last, by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.db import Tx

PUBLISHING = "SELECT pg_try_advisory_xact_lock(7301003)"
PUBLISHED = "SELECT key, said FROM published"
PUBLISH = """
INSERT INTO published (key, said) SELECT key, said FROM unnest($1::text[], $2::jsonb[]) AS row (key, said)
ON CONFLICT (key) DO UPDATE SET said = excluded.said
"""


async def may_publish(tx: Tx) -> bool:
    """One publisher at a time; another leaves it to the first."""
    return bool(await tx.conn.fetchval(PUBLISHING))


async def published(tx: Tx) -> dict[str, dict[str, Any]]:
    return {row["key"]: row["said"] for row in await tx.conn.fetch(PUBLISHED)}


async def save_published(tx: Tx, said: Mapping[str, Mapping[str, Any]]) -> None:
    await tx.conn.execute(PUBLISH, list(said), list(said.values()))


# --- the stream ---------------------------------------------------------------------------------------------------------
TOLD = "SELECT id, value FROM told WHERE id > $1 ORDER BY id LIMIT $2"
TAIL = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM told"
TRIM = "DELETE FROM told WHERE id <= (SELECT max(id) FROM told) - $1"


async def told_after(tx: Tx, last: int, limit: int) -> list[tuple[int, bytes]]:
    """(number, event as on the topic), in the order in which they were told."""
    return [(row["id"], row["value"]) for row in await tx.conn.fetch(TOLD, last, limit)]


async def tail(tx: Tx) -> tuple[int, int]:
    """The oldest and the newest number kept; 0, 0: nothing was told yet."""
    oldest, newest = await tx.conn.fetchrow(TAIL)
    return oldest, newest


async def trim_told(tx: Tx, keep: int) -> None:
    """Forget all but about the newest."""
    await tx.conn.execute(TRIM, keep)

"""What was published last, by key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.db import Tx

LOCK = "SELECT pg_try_advisory_xact_lock(7301003)"
LIST = "SELECT key, value FROM published"
UPDATE = """
INSERT INTO published (key, value) SELECT key, value FROM unnest($1::text[], $2::jsonb[]) AS row (key, value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""


async def lock(tx: Tx) -> bool:
    """One publisher at a time, until the transaction ends. False: another one is at work."""
    return bool(await tx.conn.fetchval(LOCK))


async def list_(tx: Tx) -> dict[str, dict[str, Any]]:
    return {row["key"]: row["value"] for row in await tx.conn.fetch(LIST)}


async def update(tx: Tx, values: Mapping[str, Mapping[str, Any]]) -> None:
    await tx.conn.execute(UPDATE, list(values), list(values.values()))

"""The newest published events, for readers of the stream."""

from __future__ import annotations

from shared.db import Tx

LIST = "SELECT id, value FROM stream_event WHERE id > $1 ORDER BY id LIMIT $2"
GET_BOUNDS = "SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM stream_event"
DELETE_OLD = "DELETE FROM stream_event WHERE id <= (SELECT max(id) FROM stream_event) - $1"


async def list_(tx: Tx, after: int, limit: int) -> list[tuple[int, bytes]]:
    """(number, event as on the topic), in the order in which they were published."""
    return [(row["id"], row["value"]) for row in await tx.conn.fetch(LIST, after, limit)]


async def get_bounds(tx: Tx) -> tuple[int, int]:
    """The oldest and the newest number kept; 0, 0: nothing was published yet."""
    oldest, newest = await tx.conn.fetchrow(GET_BOUNDS)
    return oldest, newest


async def delete_old(tx: Tx, keep: int) -> None:
    """Delete all but about the newest `keep`."""
    await tx.conn.execute(DELETE_OLD, keep)

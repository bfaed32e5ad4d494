"""The sending half of the delivery protocol: events are written with what they tell about, then relayed to Kafka, numbered.

publish() inserts into `outbox` in the command's own transaction, so an event exists exactly if its cause was committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from shared.db import Tx
from shared.errors import Invalid
from shared.events import Data, Recorded, encode
from shared.values import new_id

MAX_EVENT_BYTES = 512 * 1024


class EventTooLarge(Invalid):
    """The event would be larger than the log takes (512 KiB); nothing was written."""

    slug = "EVENT_TOO_LARGE"


# --- writing ------------------------------------------------------------------------------------------------------
_INSERT = "INSERT INTO outbox (event_id, topic, key, value) VALUES ($1, $2, $3, $4)"
# Rows are numbered by the identity column in the order of the SELECT.
_INSERT_ALL = """
INSERT INTO outbox (event_id, topic, key, value)
SELECT event_id, topic, key, value
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS row (event_id, topic, key, value, place)
ORDER BY place
"""
_BACKLOG = "SELECT count(*) FROM outbox"


async def publish(tx: Tx, data: Data) -> UUID:
    """Record one event in the transaction; the envelope is filled from its cause. Returns its id. Raises EventTooLarge."""
    event_id, value = _record(tx, data)
    await tx.conn.execute(_INSERT, event_id, data.TOPIC, data.subject, value)
    tx.published += 1
    return event_id


async def publish_all(tx: Tx, events: Sequence[Data]) -> list[UUID]:
    """Record many events, in order, with one statement. Returns their ids. Raises EventTooLarge."""
    rows = [(*_record(tx, data), data) for data in events]
    if rows:
        ids, values, each = zip(*rows, strict=True)
        await tx.conn.execute(_INSERT_ALL, ids, [data.TOPIC for data in each], [data.subject for data in each], values)
        tx.published += len(rows)
    return [row[0] for row in rows]


def _record(tx: Tx, data: Data) -> tuple[UUID, bytes]:
    event_id, cause = new_id(), tx.cause
    value = encode(
        Recorded(
            id=event_id,
            source=f"/{tx.service}",
            time=tx.clock.now(),
            correlation_id=cause.correlation_id or str(event_id),
            causation_id=cause.causation_id,
            actor=str(cause.principal),
            traceparent=cause.traceparent,
            data=data,
        )
    )
    if len(value) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{data.type_name()} of {data.subject} takes {len(value)} bytes")
    return event_id, value


async def backlog(conn: Any) -> int:
    """Events committed and not yet acknowledged by Kafka."""
    count: int = await conn.fetchval(_BACKLOG)
    return count

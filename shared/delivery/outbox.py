"""Publishing: publish() writes events into `outbox` in the command's own transaction: an event exists exactly if its cause was committed.

The relay (relay.py) sends them to Kafka.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from shared.db import Tx
from shared.errors import Invalid
from shared.events import Event, EventEnvelope, encode
from shared.values import new_id

MAX_EVENT_BYTES = 512 * 1024


class EventTooLarge(Invalid):
    """The event would be larger than the log takes (512 KiB); nothing was written."""

    slug = "EVENT_TOO_LARGE"


# --- writing ------------------------------------------------------------------------------------------------------
# One round trip for all that a transaction has to say at its end. Rows of the outbox and lines of the history are numbered in the
# order in which they were told; the answer is that of the command's Idempotency-Key, if it has one.
_TELL = """
WITH told AS (
    SELECT event_id, topic, key, value, type, actor, recorded, effective, place
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::timestamptz[], $8::date[])
        WITH ORDINALITY AS row (event_id, topic, key, value, type, actor, recorded, effective, place)
), sent AS (
    INSERT INTO outbox (event_id, topic, key, value) SELECT event_id, topic, key, value FROM told ORDER BY place
), remembered AS (
    INSERT INTO history (subject, type, event_id, actor, recorded, effective)
    SELECT key, type, event_id, actor, recorded, effective FROM told WHERE type IS NOT NULL ORDER BY place
)
UPDATE idempotency SET status = $9, body = $10 WHERE principal = $11 AND key = $12
"""
_BACKLOG = "SELECT count(*) FROM outbox"


class _Told(NamedTuple):
    """One event of a transaction, as it is written; without a `type` it is no line of the history."""

    event_id: UUID
    topic: str
    key: str
    value: bytes
    type: str | None
    actor: str
    recorded: datetime
    effective: date


def publish(tx: Tx, *events: Event, remember: bool = False) -> list[UUID]:
    """Tell events in the transaction, in order: they are written with its commit. Their envelopes are filled from its cause.

    `remember`: enter each into the history of what it is about, too. Returns their ids. Raises EventTooLarge.
    """
    told = [_told(tx, data, remember=remember) for data in events]
    tx.pending += told
    tx.published += len(told)
    tx.before_commit = tell
    return [one.event_id for one in told]


class Answer(NamedTuple):
    """What a repeat of a command is answered with, by the principal and Idempotency-Key that claimed it."""

    status: int
    body: bytes
    principal: str
    key: str


async def tell(tx: Tx, answer: Answer | None = None) -> None:
    """Write what the transaction has told so far. Called at its end; then nothing is left to write."""
    if tx.pending or answer:
        columns = zip(*tx.pending, strict=True) if tx.pending else [()] * len(_Told._fields)
        await tx.conn.execute(_TELL, *map(list, columns), *(answer or (None,) * len(Answer._fields)))
        tx.pending.clear()


def _told(tx: Tx, data: Event, *, remember: bool) -> _Told:
    event_id, cause, now = new_id(), tx.cause, tx.clock.now()
    value = encode(
        EventEnvelope(
            id=event_id,
            source=f"/{tx.service}",
            time=now,
            correlation_id=cause.correlation_id or str(event_id),
            causation_id=cause.causation_id,
            actor=str(cause.principal),
            traceparent=cause.traceparent,
            data=data,
        )
    )
    if len(value) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{data.type_name()} of {data.subject} takes {len(value)} bytes")
    kind = type(data).__name__ if remember else None
    return _Told(event_id, data.TOPIC, data.subject, value, kind, str(cause.principal), now, data.effective_on)


async def backlog(conn: Any) -> int:
    """Events committed and not yet acknowledged by Kafka."""
    count: int = await conn.fetchval(_BACKLOG)
    return count

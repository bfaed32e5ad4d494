"""Publishing: events are written to the table `outbox` in the command's own transaction, so an event exists exactly if its cause committed.

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
    """The event would be larger than 512 KiB; nothing was written."""

    slug = "EVENT_TOO_LARGE"


# --- writing ------------------------------------------------------------------------------------------------------
# One round trip for all that a transaction writes at its end. Rows of the outbox and of the history are numbered in the order in
# which the events were published; the answer is that of the command's Idempotency-Key, if it has one.
_WRITE_PENDING = """
WITH pending AS (
    SELECT event_id, topic, key, value, type, actor, recorded, effective, rank
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::timestamptz[], $8::date[])
        WITH ORDINALITY AS row (event_id, topic, key, value, type, actor, recorded, effective, rank)
), sent AS (
    INSERT INTO outbox (event_id, topic, key, value) SELECT event_id, topic, key, value FROM pending ORDER BY rank
), audited AS (
    INSERT INTO history (subject, type, event_id, actor, recorded, effective)
    SELECT key, type, event_id, actor, recorded, effective FROM pending WHERE type IS NOT NULL ORDER BY rank
)
UPDATE idempotency SET status = $9, body = $10 WHERE principal = $11 AND key = $12
"""
_BACKLOG = "SELECT count(*) FROM outbox"


class PendingEvent(NamedTuple):
    """An event of a transaction, as it will be written; without a `type` it gets no row in the history."""

    event_id: UUID
    topic: str
    key: str
    value: bytes
    type: str | None
    actor: str
    recorded: datetime
    effective: date


def publish(tx: Tx, *events: Event, audit: bool = False) -> list[UUID]:
    """Publish events in the transaction, in order: they are written just before it commits. Its cause fills their envelopes.

    `audit`: enter each into the history of its subject, too. Returns their ids. Raises EventTooLarge.
    """
    recorded, actor = tx.clock.now(), str(tx.cause.principal)
    pending = [_pending(tx, data, recorded, actor, audit=audit) for data in events]
    tx.pending += pending
    tx.published += len(pending)
    tx.before_commit = write_pending
    return [one.event_id for one in pending]


class Answer(NamedTuple):
    """What a repeat of a command is answered with, by the principal and Idempotency-Key that claimed it."""

    status: int
    body: bytes
    principal: str
    key: str


async def write_pending(tx: Tx, answer: Answer | None = None) -> None:
    """Write the pending events, and the answer of the command. Called at the end of the transaction."""
    if tx.pending or answer:
        columns = zip(*tx.pending, strict=True) if tx.pending else [()] * len(PendingEvent._fields)
        await tx.conn.execute(_WRITE_PENDING, *map(list, columns), *(answer or (None,) * len(Answer._fields)))
        tx.pending.clear()


def _pending(tx: Tx, data: Event, recorded: datetime, actor: str, *, audit: bool) -> PendingEvent:
    event_id, cause = new_id(), tx.cause
    value = encode(
        EventEnvelope(
            id=event_id,
            source=f"/{tx.service}",
            time=recorded,
            correlation_id=cause.correlation_id or str(event_id),
            causation_id=cause.causation_id,
            actor=actor,
            traceparent=cause.traceparent,
            data=data,
        )
    )
    if len(value) > MAX_EVENT_BYTES:
        raise EventTooLarge(f"{data.type_name()} of {data.subject} takes {len(value)} bytes")
    kind = type(data).__name__ if audit else None
    return PendingEvent(
        event_id=event_id,
        topic=data.TOPIC,
        key=data.subject,
        value=value,
        type=kind,
        actor=actor,
        recorded=recorded,
        effective=data.effective_on,
    )


async def backlog(conn: Any) -> int:
    """Events committed and not yet acknowledged by Kafka."""
    count: int = await conn.fetchval(_BACKLOG)
    return count

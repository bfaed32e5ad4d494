"""Publishing: events are written to the table `outbox` in the command's own transaction, so an event exists exactly if its cause committed.

The relay (relay.py) sends them to Kafka. Whoever an event concerns (audiences.py) is notified in the same statement: a notification
exists exactly if its event does, and so do its deliveries, one for each endpoint that wants it (notifications/sender.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from pydantic_core import to_json

from shared.audiences import Notice, Notification, notice_of, notifications
from shared.db import Cause, Tx
from shared.delivery import lost_events
from shared.errors import Invalid
from shared.events import Event, EventWriter
from shared.values import new_id

MAX_EVENT_BYTES = 512 * 1024


class EventTooLarge(Invalid):
    """The event would be larger than 512 KiB; nothing was written."""

    slug = "EVENT_TOO_LARGE"


class AnsweredBefore(Exception):
    """The principal's Idempotency-Key has an answer; the transaction is to be rolled back."""


# --- writing ------------------------------------------------------------------------------------------------------
# One round trip for all that a transaction writes at its end; the answer is that of the command's Idempotency-Key, if it has one.
# Most publish one event: without arrays, which cost more to encode, to unnest() and to sort than the rows to insert.
_WRITE_ONE = """
WITH sent AS (
    INSERT INTO outbox (event_id, topic, key, value) VALUES ($1::uuid, $2::text, $3::text, $4::bytea)
), audited AS (
    INSERT INTO history (subject, type, event_id, actor, recorded, effective, reason)
    SELECT $3::text, $5::text, $1::uuid, $6::text, $7::timestamptz, $8::date, $9::text WHERE $5 IS NOT NULL
)
INSERT INTO idempotency (principal, key, request_hash, status, body)
SELECT $10::text, $11::text, $12::bytea, $13::integer, $14::bytea WHERE $10 IS NOT NULL ON CONFLICT (principal, key) DO NOTHING
"""
# The same with a notification: a text of its own, so that what concerns nobody costs what it did before.
_WRITE_ONE_AND_NOTIFY = """
WITH sent AS (
    INSERT INTO outbox (event_id, topic, key, value) VALUES ($1::uuid, $2::text, $3::text, $4::bytea)
), audited AS (
    INSERT INTO history (subject, type, event_id, actor, recorded, effective, reason)
    SELECT $3::text, $5::text, $1::uuid, $6::text, $7::timestamptz, $8::date, $9::text WHERE $5 IS NOT NULL
), notified AS (
    INSERT INTO notification (event_id, type, subject, recorded, audiences, fields)
    VALUES ($1::uuid, $15, $16, $7::timestamptz, $17, $18::text::jsonb) RETURNING id
), delivered AS (
    INSERT INTO delivery (endpoint, notification)
    SELECT endpoint.id, notified.id FROM endpoint, notified
    WHERE hears && $17 AND state = 'enabled' AND (types = '{}' OR $15 = ANY (types))
)
INSERT INTO idempotency (principal, key, request_hash, status, body)
SELECT $10::text, $11::text, $12::bytea, $13::integer, $14::bytea WHERE $10 IS NOT NULL ON CONFLICT (principal, key) DO NOTHING
"""
# Several: rows of the outbox and of the history are numbered in the order in which the events were published.
_WRITE_PENDING = """
WITH pending AS (
    SELECT event_id, topic, key, value, type, actor, recorded, effective, reason, rank
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::timestamptz[], $8::date[], $9::text[])
        WITH ORDINALITY AS row (event_id, topic, key, value, type, actor, recorded, effective, reason, rank)
), sent AS (
    INSERT INTO outbox (event_id, topic, key, value) SELECT event_id, topic, key, value FROM pending ORDER BY rank
), audited AS (
    INSERT INTO history (subject, type, event_id, actor, recorded, effective, reason)
    SELECT key, type, event_id, actor, recorded, effective, reason FROM pending WHERE type IS NOT NULL ORDER BY rank
)
INSERT INTO idempotency (principal, key, request_hash, status, body)
SELECT $10::text, $11::text, $12::bytea, $13::integer, $14::bytea WHERE $10 IS NOT NULL ON CONFLICT (principal, key) DO NOTHING
"""
# The same with notifications: $15, a JSON list.
_WRITE_AND_NOTIFY = """
WITH pending AS (
    SELECT event_id, topic, key, value, type, actor, recorded, effective, reason, rank
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::text[], $7::timestamptz[], $8::date[], $9::text[])
        WITH ORDINALITY AS row (event_id, topic, key, value, type, actor, recorded, effective, reason, rank)
), sent AS (
    INSERT INTO outbox (event_id, topic, key, value) SELECT event_id, topic, key, value FROM pending ORDER BY rank
), audited AS (
    INSERT INTO history (subject, type, event_id, actor, recorded, effective, reason)
    SELECT key, type, event_id, actor, recorded, effective, reason FROM pending WHERE type IS NOT NULL ORDER BY rank
), notified AS (
    INSERT INTO notification (event_id, type, subject, recorded, audiences, fields, count)
    SELECT event_id, type, subject, recorded, audiences, fields, count
    FROM jsonb_to_recordset($15::text::jsonb)
        AS row (event_id uuid, type text, subject text, recorded timestamptz, audiences text[], fields jsonb, count integer)
    RETURNING id, type, audiences
), delivered AS (
    INSERT INTO delivery (endpoint, notification)
    SELECT endpoint.id, notified.id FROM notified JOIN endpoint ON endpoint.hears && notified.audiences
    WHERE endpoint.state = 'enabled' AND (endpoint.types = '{}' OR notified.type = ANY (endpoint.types))
)
INSERT INTO idempotency (principal, key, request_hash, status, body)
SELECT $10::text, $11::text, $12::bytea, $13::integer, $14::bytea WHERE $10 IS NOT NULL ON CONFLICT (principal, key) DO NOTHING
"""
_BACKLOG = "SELECT count(*) FROM outbox"


class PendingEvent(NamedTuple):
    """An event of a transaction, as it will be written; without a `type` it gets no row in the history, without a `notice` it concerns
    nobody.
    """

    event_id: str  # a UUID as text, which goes to another process for a tenth of what a UUID takes
    topic: str
    key: str
    value: bytes
    type: str | None
    actor: str
    recorded: datetime
    effective: date
    reason: str | None
    notice: Notice | None


_COLUMNS = len(PendingEvent._fields) - 1  # of _WRITE_PENDING: all but the notice


def publish(tx: Tx, *events: Event, audit: bool = False, offices_in: Sequence[str | None] = ()) -> list[str]:
    """Publish events in the transaction, in order: they are written just before it commits. Its cause fills their envelopes.

    `audit`: enter each into the history of its subject, too. `offices_in`: counties whose offices are notified beside those that an event
    names. Returns their ids. Raises EventTooLarge.
    """
    pending = pending_events(tx.service, tx.cause, events, audit=audit, offices_in=offices_in)
    publish_pending(tx, pending)
    return [one.event_id for one in pending]


def publish_pending(tx: Tx, pending: Sequence[PendingEvent]) -> None:
    """The same with events that are encoded already, for this service and with the transaction's cause."""
    tx.pending += pending
    tx.published += len(pending)
    tx.before_commit = write_pending


def pending_events(
    service: str, cause: Cause, events: Iterable[Event], *, audit: bool, offices_in: Sequence[str | None] = ()
) -> list[PendingEvent]:
    """The events as they will be written, recorded now. Pure computation, safe to run beside the event loop. Raises EventTooLarge."""
    recorded, actor = cause.clock.now(), str(cause.principal)
    writer = EventWriter(
        source=f"/{service}",
        time=recorded,
        correlation_id=cause.correlation_id,
        causation_id=cause.causation_id,
        actor=actor,
        traceparent=cause.traceparent,
    )
    pending = []
    for data in events:
        event_id, subject = str(new_id()), data.subject
        value = writer.encode(data, event_id, subject)
        if len(value) > MAX_EVENT_BYTES:
            raise EventTooLarge(f"{data.type_name()} of {subject} takes {len(value)} bytes")
        pending.append(
            PendingEvent(
                event_id=event_id,
                topic=data.TOPIC,
                key=subject,
                value=value,
                type=type(data).__name__ if audit else None,
                actor=actor,
                recorded=recorded,
                effective=data.effective_on,
                reason=vars(data).get("reason"),  # a slug: its line of the history says it too
                notice=notice_of(data, actor, offices_in),
            )
        )
    return pending


class Answer(NamedTuple):
    """What a repeat of a command is answered with, by the principal and the Idempotency-Key."""

    principal: str
    key: str
    request_hash: bytes
    status: int
    body: bytes


_NO_ANSWER = (None,) * len(Answer._fields)


async def write_pending(tx: Tx, answer: Answer | None = None) -> None:
    """Write the pending events, and the answer of the command. Called at the end of the transaction. Raises AnsweredBefore."""
    if tx.restoring and tx.pending:
        replayed = await lost_events.replay(tx, [(one.value, one.effective if one.type else None) for one in tx.pending])
        tx.pending = [one for index, one in enumerate(tx.pending) if index not in replayed]
        tx.sent += [json.loads(one.value)["type"] for one in tx.pending]
    if tx.pending or answer:
        text, arguments = _statement(tx.pending, answer or _NO_ANSWER)
        written = await tx.conn.execute(text, *arguments)
        if answer and written == "INSERT 0 0":
            raise AnsweredBefore
        tx.pending.clear()


def _statement(pending: Sequence[PendingEvent], answer: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    """What writes them, and its arguments."""
    if len(pending) == 1:
        *columns, notice = pending[0]
        if notice is None:
            return _WRITE_ONE, (*columns, *answer)
        noticed = notice.type, notice.subject, notice.audiences, to_json(notice.fields).decode()
        return _WRITE_ONE_AND_NOTIFY, (*columns, *answer, *noticed)
    lists = [list(column) for column in zip(*pending, strict=True)][:_COLUMNS] if pending else [[]] * _COLUMNS
    concerning = [one for one in pending if one.notice is not None]
    if concerning:
        return _WRITE_AND_NOTIFY, (*lists, *answer, _notification_rows(concerning))
    return _WRITE_PENDING, (*lists, *answer)


def _notification_rows(concerning: Sequence[PendingEvent]) -> str:
    rows = [
        {
            "event_id": one.event_id,
            "type": one.notice.type,
            "subject": one.notice.subject,
            "recorded": one.recorded,
            "audiences": one.notice.audiences,
            "fields": one.notice.fields,
            "count": one.count,
        }
        for one in notifications(Notification(event.event_id, event.recorded, event.notice) for event in concerning if event.notice)
    ]
    return to_json(rows).decode()


async def backlog(conn: Any) -> int:
    """Events committed and not yet acknowledged by Kafka."""
    count: int = await conn.fetchval(_BACKLOG)
    return count

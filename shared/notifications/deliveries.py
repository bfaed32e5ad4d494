"""Deliveries: one notification for one endpoint, tried again for three days, then dead until somebody sends it again.

Whoever sends takes some under a lease, so that no two senders work on one and a killed sender's are taken again. A receiver may get a
message twice, always under the same id. An endpoint that fails is paused for longer and longer, up to five minutes, and one that works is
not held up by it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.db import Tx
from shared.delivery.audit_trail import note
from shared.errors import Conflict, Limited, NotFound
from shared.notifications.endpoints import require_own
from shared.notifications.webhooks import Failure, Outcome
from shared.paging import page
from shared.rows import Columns, fetch

# Seconds after each failed attempt until the next, as the Standard Webhooks specification recommends: 75 hours in all.
WAITS = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER = 0.1
GIVEN_UP_AFTER = timedelta(days=3, hours=12)  # also when an endpoint was paused for most of it
LEASE = timedelta(seconds=60)  # longer than an attempt may take
AT_ONCE = 4  # attempts at one endpoint; one while it fails
LONGEST_PAUSE = 300.0  # seconds between two attempts at an endpoint that fails
KEPT = timedelta(days=400)  # notifications, and the deliveries of them
_HOUSEKEEPING_ROWS = 1000

DeliveryId = Annotated[int, Field(ge=1, lt=2**63)]
State = Literal["waiting", "delivered", "dead"]


class DeliveryNotFound(NotFound):
    """There is no such delivery at this endpoint."""

    slug = "DELIVERY_NOT_FOUND"


class DeliveryUnderWay(Conflict):
    """The delivery waits for its next attempt already."""

    slug = "DELIVERY_UNDER_WAY"


class ConfirmationSentOnce(Limited):
    """The letter that asks a mailbox to confirm is sent once: disable this endpoint and open the mailbox anew."""

    slug = "CONFIRMATION_SENT_ONCE"


# --- what is seen of them -----------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`status`: of the last answer. `error`: a slug of what went wrong last. `due_at`: of the next attempt, while it waits.

    Without an `event_id` it is the letter that asks a mailbox to confirm.
    """

    id: int
    event_id: UUID | None
    type: str | None
    state: State
    attempts: int
    status: int | None
    error: Failure | None
    queued_at: datetime
    due_at: datetime
    finished_at: datetime | None


class Deliveries(BaseModel):
    """A page, newest first; `next` is the `after` of the page that follows."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Delivery, ...]
    next: int | None


class Redelivered(BaseModel):
    """How many wait again, and how many dead ones are left."""

    model_config = ConfigDict(frozen=True)

    redelivered: int
    left: int


LIST = Columns(
    Delivery,
    """
    delivery.id, event_id, type, delivery.state, attempts, status, error, queued_at, due_at, finished_at
    """,
).select(
    """
    FROM delivery LEFT JOIN notification ON notification.id = delivery.notification
    WHERE delivery.endpoint = $1 AND ($2::text IS NULL OR delivery.state = $2) AND ($3::bigint IS NULL OR delivery.id < $3)
    ORDER BY delivery.id DESC LIMIT $4
    """
)
# By hand none without a notification: letters that ask for confirmation go to strangers, as many as an owner may open mailboxes.
AGAIN = """
UPDATE delivery SET state = 'waiting', attempts = 0, queued_at = now(), due_at = now(), leased_until = NULL, finished_at = NULL
WHERE id = $2 AND endpoint = $1 AND state <> 'waiting' AND notification IS NOT NULL RETURNING id
"""
IS_CONFIRMATION = "SELECT notification IS NULL FROM delivery WHERE id = $2 AND endpoint = $1"
ALL_AGAIN = """
UPDATE delivery SET state = 'waiting', attempts = 0, queued_at = now(), due_at = now(), leased_until = NULL, finished_at = NULL
WHERE id IN (
    SELECT id FROM delivery WHERE endpoint = $1 AND state = 'dead' AND notification IS NOT NULL ORDER BY id LIMIT $2 FOR UPDATE
) RETURNING id
"""
COUNT_DEAD = "SELECT count(*) FROM delivery WHERE endpoint = $1 AND state = 'dead' AND notification IS NOT NULL"
UNPAUSE = "UPDATE endpoint SET paused_until = NULL WHERE id = $1"  # it is tried at once, but by one at a time while it fails


async def list_deliveries(tx: Tx, endpoint: UUID, *, state: State | None, before: int | None, limit: int) -> Deliveries:
    """Raises EndpointNotFound."""
    await require_own(tx, endpoint)
    items, following = page(await fetch(tx.conn, LIST, endpoint, state, before, limit + 1), limit, lambda one: one.id)
    return Deliveries(items=tuple(items), next=following)


async def redeliver(tx: Tx, endpoint: UUID, delivery: int) -> Redelivered:
    """Send one again, under its id, whether it arrived or is dead. Raises EndpointNotFound, DeliveryNotFound, DeliveryUnderWay,
    ConfirmationSentOnce.
    """
    await require_own(tx, endpoint)
    if await tx.conn.fetchval(AGAIN, endpoint, delivery) is None:
        confirmation = await tx.conn.fetchval(IS_CONFIRMATION, endpoint, delivery)
        if confirmation is None:
            raise DeliveryNotFound
        raise (ConfirmationSentOnce if confirmation else DeliveryUnderWay)
    await _sent_again(tx, endpoint, f"delivery {delivery}")
    return Redelivered(redelivered=1, left=await tx.conn.fetchval(COUNT_DEAD, endpoint))


async def redeliver_dead(tx: Tx, endpoint: UUID) -> Redelivered:
    """Send dead ones again, the oldest first, a bounded number of them. Raises EndpointNotFound."""
    await require_own(tx, endpoint)
    again = await tx.conn.fetch(ALL_AGAIN, endpoint, _HOUSEKEEPING_ROWS)
    await _sent_again(tx, endpoint, f"{len(again)} dead ones")
    return Redelivered(redelivered=len(again), left=await tx.conn.fetchval(COUNT_DEAD, endpoint))


async def _sent_again(tx: Tx, endpoint: UUID, what: str) -> None:
    await tx.conn.execute(UNPAUSE, endpoint)
    await note(tx, endpoint, "Redelivered", what)


# --- what a sender does with them ---------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What one attempt needs. `event_id` and what follows None: the letter that asks a mailbox to confirm."""

    id: int
    attempts: int  # this one included
    queued_at: datetime
    endpoint: UUID
    owner: str
    kind: Literal["webhook", "mail"]
    target: str
    language: str
    sealed: bytes
    previous: bytes | None
    event_id: UUID | None
    type: str | None
    subject: str | None
    recorded: datetime | None
    fields: dict[str, Any] | None
    count: int | None


# An endpoint in $2 has some in hand. ORDER BY: whoever has waited longest is next.
TAKE = Columns(
    Taken,
    """
    delivery.id, delivery.attempts, delivery.queued_at, endpoint.id AS endpoint, endpoint.hears[1] AS owner, endpoint.kind, endpoint.target,
    endpoint.language, endpoint.sealed, CASE WHEN endpoint.previous_until > $1 THEN endpoint.previous END AS previous,
    notification.event_id, notification.type, notification.subject, notification.recorded, notification.fields, notification.count
    """,
).returning(
    """
    UPDATE delivery SET attempts = delivery.attempts + 1, leased_until = $1::timestamptz + $3::interval
    FROM (
        SELECT due.id, due.notification, endpoint.id AS endpoint FROM endpoint CROSS JOIN LATERAL (
            SELECT id, notification, due_at FROM delivery
            WHERE delivery.endpoint = endpoint.id AND state = 'waiting' AND due_at <= $1 AND (leased_until IS NULL OR leased_until <= $1)
            ORDER BY due_at LIMIT (CASE WHEN endpoint.failures > 0 THEN 1 ELSE $4::integer END) FOR UPDATE SKIP LOCKED
        ) AS due
        WHERE endpoint.state <> 'disabled' AND (endpoint.paused_until IS NULL OR endpoint.paused_until <= $1)
            AND NOT endpoint.id = ANY ($2::uuid[])
        ORDER BY due.due_at LIMIT $5
    ) AS chosen JOIN endpoint ON endpoint.id = chosen.endpoint LEFT JOIN notification ON notification.id = chosen.notification
    WHERE delivery.id = chosen.id
    """
)
DELIVERED = """
WITH well AS (
    UPDATE endpoint SET failures = 0, failing_since = NULL, paused_until = NULL WHERE id = $2 AND failures > 0
)
UPDATE delivery SET state = 'delivered', status = $4, error = NULL, leased_until = NULL, finished_at = $3
WHERE id = $1 AND state = 'waiting'
"""
# $5 None: dead. A result that comes after the lease, when another sender has the delivery already ($2: the attempt), changes nothing.
FAILED = """
WITH failed AS (
    UPDATE delivery SET status = $6, error = $7, leased_until = NULL, due_at = coalesce($5, due_at),
        state = CASE WHEN $5::timestamptz IS NULL THEN 'dead' ELSE 'waiting' END,
        finished_at = CASE WHEN $5::timestamptz IS NULL THEN $4::timestamptz END
    WHERE id = $1 AND attempts = $2 AND state = 'waiting' RETURNING state
), paused AS (
    UPDATE endpoint SET failures = failures + 1, failing_since = coalesce(failing_since, $4),
        paused_until = greatest($8, $4 + least(2 ^ least(failures, 9), $12) * interval '1 second'),
        state = CASE WHEN $9 THEN 'disabled' ELSE state END
    WHERE id = $3 AND EXISTS (SELECT FROM failed) RETURNING id, hears, kind
)
INSERT INTO notification (event_id, type, subject, recorded, audiences, fields)
SELECT $10, $11, paused.id::text, $4, paused.hears[1:1], jsonb_build_object('endpoint', paused.id, 'kind', paused.kind)
FROM paused WHERE $9 OR EXISTS (SELECT FROM failed WHERE state = 'dead')
ON CONFLICT (event_id) DO UPDATE SET count = notification.count + 1
"""
# Of an endpoint that has failed all the time many were never tried: they are given up with the others.
GIVE_UP = """
WITH given_up AS (
    UPDATE delivery SET state = 'dead', finished_at = $1, error = coalesce(error, 'endpoint_failing') WHERE id IN (
        SELECT delivery.id FROM delivery JOIN endpoint ON endpoint.id = delivery.endpoint
        WHERE delivery.state = 'waiting' AND delivery.queued_at < $1::timestamptz - $2::interval AND endpoint.failing_since < $1 - $2
            AND (delivery.leased_until IS NULL OR delivery.leased_until <= $1)
        LIMIT $3 FOR UPDATE OF delivery SKIP LOCKED
    ) RETURNING id
)
SELECT count(*) FROM given_up
"""
FORGET = """
DELETE FROM notification WHERE id IN (
    SELECT id FROM notification WHERE created_at < $1::timestamptz - $2::interval ORDER BY created_at LIMIT $3
)
"""
WAITING = "SELECT count(*) FROM delivery WHERE state = 'waiting'"
FAILING, GONE = "delivery.EndpointFailing.v1", "delivery.EndpointGone.v1"


async def take(conn: Any, now: datetime, busy: Sequence[UUID], room: int) -> list[Taken]:
    """At most `room` deliveries that are due, leased; none of endpoints in `busy`."""
    return await fetch(conn, TAKE, now, list(busy), LEASE, AT_ONCE, room)


async def record(conn: Any, one: Taken, outcome: Outcome, now: datetime, report_id: UUID) -> None:
    """What has come of an attempt. `report_id`: of the notification that the owner gets where it is the last one."""
    if outcome.delivered:
        await conn.execute(DELIVERED, one.id, one.endpoint, now, outcome.status)
        return
    again = None if outcome.final or outcome.gone else next_attempt(one, now)
    await conn.execute(
        FAILED,
        one.id,
        one.attempts,
        one.endpoint,
        now,
        again,
        outcome.status,
        outcome.error,
        now + timedelta(seconds=outcome.retry_after),
        outcome.gone,
        report_id,
        GONE if outcome.gone else FAILING,
        LONGEST_PAUSE,
    )


def next_attempt(one: Taken, now: datetime) -> datetime | None:
    """None: that was the last one."""
    if one.attempts > len(WAITS) or now - one.queued_at > GIVEN_UP_AFTER:
        return None
    return now + timedelta(seconds=WAITS[one.attempts - 1] * random.uniform(1, 1 + JITTER))


async def keep_house(conn: Any, now: datetime) -> int:
    """Give up what an endpoint has not taken for three days, forget what is old: a bounded number. Returns how many were given up."""
    given_up: int = await conn.fetchval(GIVE_UP, now, GIVEN_UP_AFTER, _HOUSEKEEPING_ROWS)
    await conn.execute(FORGET, now, KEPT, _HOUSEKEEPING_ROWS)
    return given_up

"""Events that a service had published after the backup its database was restored from, in the table `lost_event`.

They are in the log, and other services have applied them. Each is either replayed, that is the database is brought to where it had
published this event, or voided for a reason (restoring.py).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared import rows
from shared.db import Tx
from shared.paging import Page, fetch_page
from shared.rows import Columns

State = Literal["lost", "replayed", "voided"]


class LostEvent(BaseModel):
    """One event; `event` is the whole of it, as it stands in the log."""

    event_id: UUID
    topic: str
    partition: int
    offset: int
    type: str
    subject: str
    recorded: datetime
    caused_by: str | None
    event: Any
    state: State
    decided_at: datetime | None
    decided_by: str | None
    decided_why: str | None


class LostEventPage(BaseModel):
    """A page; `next`: the `after` of the page that follows."""

    items: list[LostEvent]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An event as it was found in the log."""

    event_id: UUID
    topic: str
    partition: int
    offset: int
    type: str
    subject: str
    recorded: datetime
    causation: str | None
    value: bytes


LOST_EVENT = Columns(
    LostEvent,
    'event_id, topic, partition, "offset", type, subject, recorded, causation AS caused_by, '
    "convert_from(value, 'UTF8')::jsonb AS event, state, decided_at, decided_by, decided_why",
)
FOUND = Columns(Found, 'event_id, topic, partition, "offset", type, subject, recorded, causation, value')
Ids = Annotated[list[UUID], Field(min_length=1, max_length=100)]

INSERT = """
INSERT INTO lost_event (event_id, topic, partition, "offset", type, subject, recorded, causation, value)
SELECT *
FROM unnest($1::uuid[], $2::text[], $3::integer[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::bytea[])
ON CONFLICT DO NOTHING
"""
ANY_OPEN = "SELECT EXISTS (SELECT FROM lost_event WHERE state = 'lost')"
COUNT_OPEN = "SELECT count(*) FROM lost_event WHERE state = 'lost'"
LIST = LOST_EVENT.pages("lost_event", "$1::text IS NULL OR state = $1", key="event_id uuid")
LOCK_OPEN = FOUND.select("FROM lost_event WHERE state = 'lost' AND event_id = ANY ($1::uuid[]) ORDER BY event_id FOR UPDATE")
LOCK_LIKE = FOUND.select("""
FROM lost_event WHERE state = 'lost' AND (subject, type) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY event_id FOR UPDATE
""")
LIST_CAUSED = FOUND.select("FROM lost_event WHERE state = 'lost' AND causation = $1 ORDER BY event_id")
DECIDE = """
UPDATE lost_event SET state = $2, decided_at = $3, decided_by = $4, decided_why = $5 WHERE event_id = ANY ($1::uuid[]) AND state = 'lost'
"""
INSERT_HISTORY = """
INSERT INTO history (subject, type, event_id, actor, recorded, effective, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""


async def insert_all(conn: Any, found: Sequence[Found]) -> None:
    """What is there already stays as it was decided."""
    names = ("event_id", "topic", "partition", "offset", "type", "subject", "recorded", "causation", "value")
    if found:
        await conn.execute(INSERT, *([getattr(one, name) for one in found] for name in names))


async def any_open(conn: Any) -> bool:
    """Whether any is still to be decided."""
    found: bool = await conn.fetchval(ANY_OPEN)
    return found


async def count_open(conn: Any) -> int:
    count: int = await conn.fetchval(COUNT_OPEN)
    return count


async def list_(tx: Tx, page: Page, *, state: State | None) -> LostEventPage:
    items, following = await fetch_page(tx.conn, LIST, page, state)
    return LostEventPage(items=list(items), next=following)


async def lock_open(conn: Any, ids: Sequence[UUID]) -> list[Found]:
    """Those of them that are still to be decided, in the order in which they were published; nobody else decides them meanwhile."""
    return await rows.fetch(conn, LOCK_OPEN, list(ids))


async def list_caused_by(conn: Any, event: UUID) -> list[Found]:
    """Those that were reactions to the event, in the order in which they were published."""
    return await rows.fetch(conn, LIST_CAUSED, str(event))


async def decide(tx: Tx, ids: Sequence[UUID], state: State, why: str | None) -> None:
    await tx.conn.execute(DECIDE, list(ids), state, tx.clock.now(), str(tx.principal), why)


async def replay(tx: Tx, published: Sequence[tuple[bytes, Any]]) -> set[int]:
    """Which of the events that a transaction publishes, each as (value, effective day of its line in the history or None), are lost ones.

    Equal are those of one type and subject with the same data. They keep the id, the time and the author that the log has of them, and are
    not sent again; returns their indexes.
    """
    documents = [json.loads(value) for value, _ in published]
    pairs = sorted({(one["subject"], one["type"]) for one in documents})
    lost = await rows.fetch(tx.conn, LOCK_LIKE, [subject for subject, _ in pairs], [kind for _, kind in pairs])
    waiting = {one.event_id: json.loads(one.value) for one in lost}
    found: dict[int, Found] = {}
    for index, document in enumerate(documents):
        same = [one for one in lost if one.event_id in waiting and _alike(waiting[one.event_id], document)]
        same.sort(key=lambda one: one.causation != document.get("causationid"))
        if same:
            found[index] = same[0]
            del waiting[same[0].event_id]
    for index, one in found.items():
        effective = published[index][1]
        if effective is not None:
            document, name = json.loads(one.value), one.type.split(".")[1]
            author, reason = document["actor"], document["data"].get("reason")
            await tx.conn.execute(INSERT_HISTORY, one.subject, name, one.event_id, author, one.recorded, effective, reason)
    await decide(tx, [one.event_id for one in found.values()], "replayed", None)
    return set(found)


def _alike(lost: Any, published: Any) -> bool:
    return all(lost[name] == published[name] for name in ("type", "subject", "data"))

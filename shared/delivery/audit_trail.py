"""Every change is an event and a line of history, or neither: who recorded what about whom, and when it was effective."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.db import Tx
from shared.delivery import outbox
from shared.events import Event


class Change(BaseModel):
    """`type` is the event's class. `event_id` None: a look at personal data, which is no event, with its `reason`."""

    model_config = ConfigDict(frozen=True)

    id: int
    type: str
    event_id: UUID | None
    actor: str
    recorded: datetime
    effective: date
    reason: str | None


class History(BaseModel):
    """A page, oldest first; `next` is the `after` of the page that follows."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Change, ...]
    next: int | None


_NOTE = "INSERT INTO history (subject, type, actor, recorded, effective, reason) VALUES ($1, $2, $3, $4, $5, $6)"
_OF = """
SELECT id, type, event_id, actor, recorded, effective, reason FROM history WHERE subject = $1 AND id > $2 ORDER BY id LIMIT $3
"""


def publish_and_audit(tx: Tx, *changes: Event) -> None:
    """Publish the events, in order, and enter each into the history of what it is about. Raises EventTooLarge."""
    outbox.publish(tx, *changes, remember=True)


async def note(tx: Tx, subject: UUID, what: str, reason: str) -> None:
    """A line that is no event, effective today."""
    await tx.conn.execute(_NOTE, str(subject), what, str(tx.principal), tx.clock.now(), tx.clock.today(), reason)


async def changes_of(tx: Tx, subject: UUID, after: int, limit: int) -> History:
    """One page of what happened to `subject`."""
    rows = await tx.conn.fetch(_OF, str(subject), after, limit + 1)
    items = tuple(Change.model_validate(dict(row)) for row in rows[:limit])
    return History(items=items, next=items[-1].id if len(rows) > limit else None)

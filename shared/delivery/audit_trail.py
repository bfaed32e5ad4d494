"""The audit trail: every change is an event and a row of the history, or neither: who recorded what of whom, and when it took effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.db import Tx
from shared.delivery import outbox
from shared.events import Event
from shared.paging import page


class Change(BaseModel):
    """`type` is the event's class. `event_id` None: a step of this service alone, which is no event. `reason`: why, where one was given.

    `actor`: role and account, such as officer:wang; for a reader who does not cover the region, the role alone.
    """

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


_INSERT = "INSERT INTO history (subject, type, actor, recorded, effective, reason) VALUES ($1, $2, $3, $4, $5, $6)"
_LIST = """
SELECT id, type, event_id, actor, recorded, effective, reason FROM history WHERE subject = ANY($1::text[]) AND id > $2 ORDER BY id LIMIT $3
"""


def publish_and_audit(tx: Tx, *changes: Event, offices_in: Sequence[str | None] = ()) -> None:
    """Publish the events, in order, and enter each into the history of its subject. `offices_in`: as in publish(). Raises EventTooLarge."""
    outbox.publish(tx, *changes, audit=True, offices_in=offices_in)


async def note(tx: Tx, subject: UUID, what: str, reason: str) -> None:
    """Enter into the history of `subject` what is no event, effective today."""
    await tx.conn.execute(_INSERT, str(subject), what, str(tx.principal), tx.clock.now(), tx.clock.today(), reason)


async def changes_of(tx: Tx, subject: UUID, after: int, limit: int, *, absorbed: Sequence[UUID] = (), is_covered: bool = True) -> History:
    """One page of the history of `subject`, and of what has been `absorbed` in it, oldest first.

    `is_covered`: by the reader's regions, or it is the reader's own; else the accounts of those who acted are left out.
    """
    rows = [Change(**row) for row in await tx.conn.fetch(_LIST, [str(one) for one in (subject, *absorbed)], after, limit + 1)]
    if not is_covered:
        rows = [one.model_copy(update={"actor": one.actor.partition(":")[0]}) for one in rows]
    items, following = page(rows, limit, lambda change: change.id)
    return History(items=tuple(items), next=following)

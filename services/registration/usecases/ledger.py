"""Every change is an event and a line of history, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.registration import queries, views
from shared import outbox
from shared.db import Tx
from shared.events import Data


async def record(tx: Tx, changes: Sequence[Data]) -> None:
    """Publish the events, in order, and write them into the history of what they are about."""
    ids = await outbox.publish_all(tx, changes)
    lines = [
        queries.Change(UUID(change.subject), type(change).__name__, event_id, change.effective_on)
        for change, event_id in zip(changes, ids, strict=True)
    ]
    if lines:
        await queries.insert_history(tx, lines)


async def history(tx: Tx, subject: UUID, after: int, limit: int) -> views.History:
    """One page of what happened to `subject`, oldest first."""
    rows = await queries.history(tx, subject, after, limit + 1)
    items = tuple(views.Change.model_validate(row) for row in rows[:limit])
    return views.History(items=items, next=items[-1].id if len(rows) > limit else None)

"""The inbox of an account: what concerns it by role, party and regions, newest first, and what of that it has read.

What is older than the newest UNREAD_AMONG counts as read: so a look at what is new costs the same for a county and for the nation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.audiences import audiences_of
from shared.db import Tx
from shared.notifications.messages import message
from shared.paging import page
from shared.rows import Columns, fetch

UNREAD_AMONG = 1000
MOST_MARKED = 200

NotificationId = Annotated[int, Field(ge=1, lt=2**63, strict=True)]
NotificationType = Annotated[str, Field(max_length=100, pattern=r"^[a-z]{1,20}\.[A-Za-z]{1,70}\.v[0-9]{1,3}$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    id: int
    event_id: UUID
    type: str
    subject: str
    recorded: datetime
    fields: dict[str, Any]
    count: int
    read: bool


class Notification(BaseModel):
    """`event_id`: of the event, or the first of `count` alike. `due`: the day or moment by which something must be done.

    `fields`: what the title and text are made of, and the same that a webhook gets.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    event_id: UUID
    type: str
    subject: str
    recorded: datetime
    title: str
    text: str
    due: str | None
    fields: dict[str, Any]
    count: int
    read: bool


class Inbox(BaseModel):
    """A page, newest first; `next` is the `after` of the page that follows."""

    model_config = ConfigDict(frozen=True)

    items: tuple[Notification, ...]
    next: int | None


class Unread(BaseModel):
    """How many of the newest are unread."""

    model_config = ConfigDict(frozen=True)

    unread: int


class MarkRead(BaseModel):
    """Some by `ids`, or with `through` everything up to one and with it, of one `type` or of all. Marking what is read changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ids: Annotated[tuple[NotificationId, ...], Field(max_length=MOST_MARKED)] = ()
    through: NotificationId | None = None
    type: NotificationType | None = None

    @model_validator(mode="after")
    def _names_some(self) -> MarkRead:
        if bool(self.ids) == (self.through is not None):
            message = "either ids or through"
            raise ValueError(message)
        if self.ids and self.type is not None:
            message = "a type goes with through: ids name what they mean"
            raise ValueError(message)
        return self


NOTIFICATION = Columns(
    _Row,
    """
    id, event_id, type, subject, recorded, fields, count,
    EXISTS (SELECT FROM notification_read AS mark WHERE mark.account = $1 AND mark.notification = notification.id) AS read
    """,
)
# By the time of the event: one that was caused by another's is written later than some that happened after it.
LIST = NOTIFICATION.select(
    """
    FROM notification WHERE audiences && $2::text[]
        AND ($3::bigint IS NULL OR (recorded, id) < ((SELECT last.recorded FROM notification AS last WHERE last.id = $3), $3))
    ORDER BY recorded DESC, id DESC LIMIT $4
    """
)
LIST_OF_TYPE = NOTIFICATION.select(
    """
    FROM notification WHERE type = $5 AND audiences && $2::text[]
        AND ($3::bigint IS NULL OR (recorded, id) < ((SELECT last.recorded FROM notification AS last WHERE last.id = $3), $3))
    ORDER BY recorded DESC, id DESC LIMIT $4
    """
)
LIST_UNREAD = NOTIFICATION.select(
    """
    FROM (SELECT id AS number FROM notification WHERE audiences && $2::text[] ORDER BY recorded DESC, id DESC LIMIT $5) AS newest
        JOIN notification ON id = number
    WHERE NOT EXISTS (SELECT FROM notification_read AS mark WHERE mark.account = $1 AND mark.notification = notification.id)
        AND ($6::text IS NULL OR type = $6)
        AND ($3::bigint IS NULL OR (recorded, id) < ((SELECT last.recorded FROM notification AS last WHERE last.id = $3), $3))
    ORDER BY recorded DESC, id DESC LIMIT $4
    """
)
COUNT_UNREAD = """
SELECT count(*) FROM (SELECT id FROM notification WHERE audiences && $2::text[] ORDER BY recorded DESC, id DESC LIMIT $3) AS newest
WHERE NOT EXISTS (SELECT FROM notification_read AS mark WHERE mark.account = $1 AND mark.notification = newest.id)
"""
# Only what the account hears of anyway: a mark neither shows that there is another one, nor costs room for it.
MARK = """
INSERT INTO notification_read (account, notification)
SELECT $1, id FROM notification WHERE id = ANY ($3::bigint[]) AND audiences && $2::text[]
ON CONFLICT DO NOTHING
"""
MARK_THROUGH = """
INSERT INTO notification_read (account, notification)
SELECT $1, newest.id
FROM (SELECT id, recorded, type FROM notification WHERE audiences && $2::text[] ORDER BY recorded DESC, id DESC LIMIT $4) AS newest,
    notification AS last
WHERE last.id = $3 AND ($5::text IS NULL OR newest.type = $5) AND (newest.recorded, newest.id) <= (last.recorded, last.id)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`kind`: the CloudEvents type; None: any. `before`: the id of the last of the page before."""

    kind: str | None
    unread: bool
    before: int | None
    limit: int


async def list_notifications(tx: Tx, wanted: Wanted, language: str) -> Inbox:
    """A page of what the caller hears of, in words."""
    who, limit = tx.principal, wanted.limit
    scope = (str(who), audiences_of(who), wanted.before, limit + 1)
    if wanted.unread:
        found = await fetch(tx.conn, LIST_UNREAD, *scope, UNREAD_AMONG, wanted.kind)
    elif wanted.kind is not None:
        found = await fetch(tx.conn, LIST_OF_TYPE, *scope, wanted.kind)
    else:
        found = await fetch(tx.conn, LIST, *scope)
    rows, following = page(found, limit, lambda row: row.id)
    return Inbox(items=tuple(_in_words(row, language) for row in rows), next=following)


async def count_unread(tx: Tx) -> Unread:
    who = tx.principal
    return Unread(unread=await tx.conn.fetchval(COUNT_UNREAD, str(who), audiences_of(who), UNREAD_AMONG))


async def mark_read(tx: Tx, command: MarkRead) -> Unread:
    """Returns what is left unread."""
    who = tx.principal
    if command.through is not None:
        await tx.conn.execute(MARK_THROUGH, str(who), audiences_of(who), command.through, UNREAD_AMONG, command.type)
    else:
        await tx.conn.execute(MARK, str(who), audiences_of(who), list(command.ids))
    return await count_unread(tx)


def _in_words(row: _Row, language: str) -> Notification:
    words = message(row.type, row.fields, row.count, language)
    return Notification(
        id=row.id,
        event_id=row.event_id,
        type=row.type,
        subject=row.subject,
        recorded=row.recorded,
        title=words.title,
        text=words.text,
        due=words.due,
        fields=row.fields,
        count=row.count,
        read=row.read,
    )

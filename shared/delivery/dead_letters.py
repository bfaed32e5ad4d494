"""Dead letters: records that could not be applied, and later ones of their subjects that wait behind them, in the table `dead_letter`.

Consumers add them (inbox.py), operators read them here and decide them (redriving.py).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from shared import rows
from shared.db import Tx
from shared.delivery.batches import Item
from shared.delivery.numbering import KafkaRecord
from shared.delivery.positions import TopicPartition
from shared.errors import NotFound
from shared.paging import Page, fetch_page
from shared.rows import Columns

State = Literal["parked", "redriven", "discarded"]
DeadLetterId = Annotated[int, Field(ge=1, le=2**63 - 1)]
Subject = tuple[str, bytes]  # topic, key


class DeadLetterNotFound(NotFound):
    """There is no such dead letter."""

    slug = "DEAD_LETTER_NOT_FOUND"


# --- rows -----------------------------------------------------------------------------------------------------------
class DeadLetter(BaseModel):
    """A parked record, without its bytes."""

    id: int
    topic: str
    partition: int
    offset: int
    sequence: str | None
    subject: str | None
    event: UUID | None
    event_type: str | None
    reason: str
    detail: str
    blocks: bool  # later records of its subject wait behind it
    state: State
    parked_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decided_why: str | None


class DeadLetterDetail(DeadLetter):
    """With its bytes, and how many wait behind it."""

    key_base64: str | None
    value_base64: str | None
    value_text: str | None  # where it is UTF-8
    headers: list[tuple[str, str]]  # values in base64
    behind: int


class DeadLetterPage(BaseModel):
    """A page; `next`: the `after` of the page that follows."""

    items: list[DeadLetter]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkedRecord:
    """A dead letter as a redrive needs it."""

    id: int
    topic: str
    partition: int
    offset: int
    sequence: str | None
    key: bytes | None
    value: bytes | None
    reason: str
    detail: str
    subject: str | None
    event: UUID | None
    event_type: str | None
    blocks: bool
    state: State

    @property
    def queue(self) -> Subject | int:
        """Records of one queue are applied in order: those of a subject; a record without a key is alone in its own."""
        return self.id if self.key is None else (self.topic, self.key)

    @property
    def topic_partition(self) -> TopicPartition:
        return TopicPartition(self.topic, self.partition)

    def record(self) -> KafkaRecord:
        """As it was read, with what a dead letter keeps of it."""
        return KafkaRecord(
            topic=self.topic,
            partition=self.partition,
            offset=self.offset,
            timestamp=0,
            timestamp_type=0,
            key=self.key,
            value=self.value,
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=(),
        )


DEAD_LETTER = Columns(
    DeadLetter,
    'id, topic, partition, "offset", sequence, subject, event_id AS event, event_type, reason, detail, blocks, state, parked_at, '
    "decided_at, decided_by, decided_why",
)
PARKED_RECORD = Columns(
    ParkedRecord,
    'id, topic, partition, "offset", sequence, key, value, reason, detail, subject, event_id AS event, event_type, blocks, state',
)

# --- adding ---------------------------------------------------------------------------------------------------------
INSERT = """
INSERT INTO dead_letter (topic, partition, "offset", sequence, key, value, headers, reason, detail, event_id, event_type, subject, blocks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
"""
ANY_BLOCKS = "SELECT EXISTS (SELECT FROM dead_letter WHERE state = 'parked' AND blocks)"
LIST_BLOCKED = """
SELECT DISTINCT topic, key FROM dead_letter
WHERE state = 'parked' AND blocks AND (topic, key) IN (SELECT * FROM unnest($1::text[], $2::bytea[]))
"""
COUNT_OPEN = "SELECT count(*) FROM dead_letter WHERE state = 'parked'"
LONGEST_REASON, LONGEST_DETAIL, LONGEST_SUBJECT = 100, 2_000, 200


async def insert_all(conn: Any, items: Sequence[Item]) -> None:
    await conn.executemany(INSERT, [_values(item) for item in items])


async def any_blocks(conn: Any) -> bool:
    """Whether any subject waits behind an open dead letter."""
    found: bool = await conn.fetchval(ANY_BLOCKS)
    return found


async def list_blocked(conn: Any, items: Sequence[Item]) -> set[Subject]:
    """Subjects among the items that wait behind an open dead letter."""
    subjects = sorted({item.subject for item in items if item.subject is not None})
    found = await conn.fetch(LIST_BLOCKED, [topic for topic, _ in subjects], [key for _, key in subjects])
    return {(row["topic"], row["key"]) for row in found}


async def count_open(conn: Any) -> int:
    """Dead letters that nobody has decided."""
    count: int = await conn.fetchval(COUNT_OPEN)
    return count


def storable(text: str) -> str:
    """As PostgreSQL takes it: no NUL, no lone surrogate."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()


def _values(item: Item) -> tuple[Any, ...]:
    record = item.record
    return (
        item.topic,
        record.partition,
        record.offset,
        None if item.number is None else str(item.number),
        record.key,
        record.value,
        [[storable(name), base64.b64encode(value or b"").decode()] for name, value in record.headers],
        storable(item.reason)[:LONGEST_REASON],
        storable(item.detail)[:LONGEST_DETAIL],
        item.event.id if item.event else None,
        item.event_type,
        None if record.key is None else storable(record.key.decode(errors="replace"))[:LONGEST_SUBJECT],
        item.blocks,
    )


# --- reading --------------------------------------------------------------------------------------------------------
LIST = DEAD_LETTER.pages("dead_letter", "($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR subject = $2)", key="id bigint")
GET = DEAD_LETTER.select("FROM dead_letter WHERE id = $1")
GET_DETAIL = """
SELECT key, value, headers,
    (SELECT count(*) FROM dead_letter AS later
     WHERE later.topic = dead_letter.topic AND later.key = dead_letter.key AND later.id > dead_letter.id AND later.state = 'parked'
        AND dead_letter.state = 'parked' AND dead_letter.blocks AND later.blocks) AS behind
FROM dead_letter WHERE id = $1
"""


async def list_(tx: Tx, page: Page, *, state: State | None, subject: str | None) -> DeadLetterPage:
    items, following = await fetch_page(tx.conn, LIST, page, state, subject)
    return DeadLetterPage(items=list(items), next=following)


async def get(tx: Tx, letter_id: int) -> DeadLetterDetail:
    """Raises DeadLetterNotFound."""
    letter, detail = await tx.conn.fetchrow(GET.sql, letter_id), await tx.conn.fetchrow(GET_DETAIL, letter_id)
    if letter is None or detail is None:
        raise DeadLetterNotFound
    return DeadLetterDetail(
        **letter,
        key_base64=_base64(detail["key"]),
        value_base64=_base64(detail["value"]),
        value_text=_utf8(detail["value"]),
        headers=detail["headers"],
        behind=detail["behind"],
    )


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _utf8(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


# --- deciding -------------------------------------------------------------------------------------------------------
LIST_BY_ID = PARKED_RECORD.select("FROM dead_letter WHERE id = ANY ($1::bigint[]) ORDER BY id")
LIST_QUEUES = PARKED_RECORD.select("""
FROM dead_letter
WHERE state = 'parked' AND blocks AND (topic, key) IN (SELECT * FROM unnest($1::text[], $2::bytea[])) ORDER BY id LIMIT $3
""")
LIST_QUEUE_HEADS = """
SELECT topic, key, count(*) AS length, min(id) AS first FROM dead_letter
WHERE state = 'parked' AND blocks AND (topic, key) IN (SELECT * FROM unnest($1::text[], $2::bytea[])) GROUP BY topic, key ORDER BY first
"""
UPDATE_STATE = """
UPDATE dead_letter SET state = $2, decided_at = $3, decided_by = $4, decided_why = $5 WHERE id = ANY ($1::bigint[])
"""
UPDATE_REASON = "UPDATE dead_letter SET reason = $2, detail = $3 WHERE id = $1"


@dataclass(frozen=True, slots=True)
class QueueHead:
    """What is left parked of a subject: how many records, and the first of them."""

    subject: Subject
    length: int
    first: int


async def list_by_id(tx: Tx, ids: Sequence[int]) -> list[ParkedRecord]:
    return await rows.fetch(tx.conn, LIST_BY_ID, list(ids))


async def list_queues(tx: Tx, parked: Sequence[ParkedRecord], limit: int) -> list[ParkedRecord]:
    """What is parked of these records' subjects, in order."""
    return await rows.fetch(tx.conn, LIST_QUEUES, *_subjects(parked), limit)


async def list_queue_heads(tx: Tx, parked: Sequence[ParkedRecord]) -> list[QueueHead]:
    """How much is parked of each of these records' subjects."""
    found = await tx.conn.fetch(LIST_QUEUE_HEADS, *_subjects(parked))
    return [QueueHead((row["topic"], row["key"]), row["length"], row["first"]) for row in found]


async def update_state(tx: Tx, ids: Sequence[int], state: State, why: str | None) -> None:
    await tx.conn.execute(UPDATE_STATE, ids, state, tx.clock.now(), str(tx.principal), why)


async def update_reason(tx: Tx, record: ParkedRecord) -> None:
    """The reason for which it is parked now."""
    await tx.conn.execute(UPDATE_REASON, record.id, record.reason, record.detail)


def _subjects(parked: Sequence[ParkedRecord]) -> tuple[list[str], list[bytes]]:
    pairs = sorted({(record.topic, record.key) for record in parked if record.key is not None})
    return [topic for topic, _ in pairs], [key for _, key in pairs]

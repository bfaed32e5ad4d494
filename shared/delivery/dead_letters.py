"""Parked records decided by an operator: applied after all (redriven), or left out for good (discarded); each once.

Whoever decides holds the positions of the records' partitions, as a consumer does while it takes a batch: no record of the same
subject can be applied, or parked behind, at the same time. A redrive applies a subject's records in their order, from the
first that is parked; the first that fails again stays, and those behind it.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.db import Cause, Database, Tx
from shared.delivery import batches, inbox
from shared.delivery.inbox import Apply
from shared.delivery.numbering import KafkaRecord, Number
from shared.delivery.positions import TopicPartition, lock_positions
from shared.errors import Conflict, NotFound
from shared.principals import system
from shared.values import Clock, Line

MOST = 100  # letters named in one request
MOST_APPLIED = 1_000  # records applied in one request; the rest of their subjects stays parked, in order
State = Literal["parked", "redriven", "discarded"]
LetterId = Annotated[int, Field(ge=1, le=2**63 - 1)]
LetterIds = Annotated[list[LetterId], Field(min_length=1, max_length=MOST)]


class DeadLetterNotFound(NotFound):
    """There is no such dead letter."""

    slug = "DEAD_LETTER_NOT_FOUND"


class Decided(Conflict):
    """The dead letter is no longer parked."""

    slug = "DEAD_LETTER_DECIDED"


class NotOfTheLog(Conflict):
    """The record has no number of a relay: it never was part of the log, and a recount would not count it. It can be discarded."""

    slug = "NOT_OF_THE_LOG"


class BehindAnother(Conflict):
    """An earlier record of the subject is parked: redrive or discard that one first."""

    slug = "BEHIND_ANOTHER"


# --- what is asked and answered -------------------------------------------------------------------------------------------
class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RedriveLetters(_Body):
    """Apply these, each with those parked behind it."""

    ids: LetterIds


class DiscardLetters(_Body):
    """Leave these out for good."""

    ids: LetterIds
    why: Line


class Letter(BaseModel):
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


class LetterShown(Letter):
    """With its bytes, and how many wait behind it."""

    key_base64: str | None
    value_base64: str | None
    value_text: str | None  # where it is UTF-8
    headers: list[tuple[str, str]]  # values in base64
    behind: int


class Letters(BaseModel):
    """A page, oldest first; `next`: the `after` of the page that follows."""

    items: list[Letter]
    next: int | None


class Outcome(BaseModel):
    """What became of one record: redriven, or parked still with the reason it has now."""

    id: int
    topic: str
    partition: int
    offset: int
    subject: str | None
    event: UUID | None
    event_type: str | None
    outcome: Literal["redriven", "parked"]
    reason: str  # why it is parked, or was
    detail: str


class Redriven(BaseModel):
    """Records in the order in which they were tried; `left`: how many of their subjects are still parked.

    `more`: letters to redrive next, where a queue was longer than one request applies.
    """

    letters: list[Outcome]
    left: int
    more: list[int]


class FigureChange(BaseModel):
    """A published figure that would be another; None: it is not told, or would not be."""

    figure: str
    before: Any
    after: Any


class Preview(Redriven):
    """What a redrive would do. `figures` of stats: every published figure that would change, None for other services."""

    figures: list[FigureChange] | None


# --- SQL ------------------------------------------------------------------------------------------------------------------
PAGE = """
SELECT id, topic, partition, "offset", sequence, subject, event_id, event_type, reason, detail, blocks, state, parked_at, decided_at,
    decided_by, decided_why
FROM dead_letter
WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR subject = $2) AND id > $3 ORDER BY id LIMIT $4
"""
ONE = """
SELECT id, topic, partition, "offset", sequence, subject, event_id, event_type, reason, detail, blocks, state, parked_at, decided_at,
    decided_by, decided_why, key, value, headers,
    (SELECT count(*) FROM dead_letter AS later
     WHERE later.topic = dead_letter.topic AND later.key = dead_letter.key AND later.id > dead_letter.id AND later.state = 'parked'
        AND dead_letter.state = 'parked' AND dead_letter.blocks AND later.blocks) AS behind
FROM dead_letter WHERE id = $1
"""
NAMED = """
SELECT id, topic, partition, "offset", sequence, key, value, reason, detail, subject, event_id, event_type, blocks, state
FROM dead_letter WHERE id = ANY ($1::bigint[]) ORDER BY id
"""
OF_SUBJECTS = """
SELECT id, topic, partition, "offset", sequence, key, value, reason, detail, subject, event_id, event_type, blocks, state
FROM dead_letter
WHERE state = 'parked' AND blocks AND (topic, key) IN (SELECT * FROM unnest($1::text[], $2::bytea[])) ORDER BY id LIMIT $3
"""
LEFT = """
SELECT topic, key, count(*) AS letters, min(id) AS first FROM dead_letter
WHERE state = 'parked' AND blocks AND (topic, key) IN (SELECT * FROM unnest($1::text[], $2::bytea[])) GROUP BY topic, key ORDER BY first
"""
DECIDE = """
UPDATE dead_letter SET state = $2, decided_at = $3, decided_by = $4, decided_why = $5 WHERE id = ANY ($1::bigint[])
"""
PARKED_AGAIN = "UPDATE dead_letter SET reason = $2, detail = $3 WHERE id = $1"


# --- reading --------------------------------------------------------------------------------------------------------------
async def letters(tx: Tx, state: State | None, subject: str | None, after: int, limit: int) -> Letters:
    rows = await tx.conn.fetch(PAGE, state, subject, after, limit)
    return Letters(items=[Letter(**_plain(row)) for row in rows], next=rows[-1]["id"] if len(rows) == limit else None)


async def letter(tx: Tx, letter_id: int) -> LetterShown:
    """Raises DeadLetterNotFound."""
    row = await tx.conn.fetchrow(ONE, letter_id)
    if row is None:
        raise DeadLetterNotFound
    key, value = row["key"], row["value"]
    return LetterShown(
        **_plain(row),
        key_base64=_base64(key),
        value_base64=_base64(value),
        value_text=_utf8(value),
        headers=row["headers"],
        behind=row["behind"],
    )


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: row[name] for name in Letter.model_fields if name != "event"}, "event": row["event_id"]}


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _utf8(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None


# --- deciding -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Parked:
    """A dead letter as the database has it."""

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
    def queue(self) -> tuple[str, bytes] | int:
        """The subject whose order it keeps; a record without a key keeps only its own."""
        return self.id if self.key is None else (self.topic, self.key)

    def record(self) -> KafkaRecord:
        return KafkaRecord(self.topic, self.partition, self.offset, 0, 0, self.key, self.value, None, 0, 0, ())

    def outcome(self, outcome: Literal["redriven", "parked"]) -> Outcome:
        return Outcome(
            id=self.id,
            topic=self.topic,
            partition=self.partition,
            offset=self.offset,
            subject=self.subject,
            event=self.event,
            event_type=self.event_type,
            outcome=outcome,
            reason=self.reason,
            detail=self.detail,
        )


Standing = Callable[[Tx], Awaitable[Mapping[str, Any]]]
Told = Callable[[Tx, Sequence[Parked]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Redriving:
    """How a service takes a parked record after all: as its consumer would have.

    `standing`: its published figures by key, with whatever else counts held up until the transaction ends; `told`: what it says
    of records that were redriven.
    """

    apply: Apply
    simulated: bool
    standing: Standing | None = None
    told: Told | None = None


async def redrive(tx: Tx, redriving: Redriving, ids: Sequence[int]) -> Redriven:
    """Apply parked records and those behind them. Raises DeadLetterNotFound, Decided, NotOfTheLog, BehindAnother, and what may pass."""
    named = await _redrivable(tx, ids)
    return await _drive(tx, redriving, named, await _queue(tx, named))


async def preview(database: Database, cause: Cause, redriving: Redriving, ids: Sequence[int]) -> Preview:
    """What redrive() would do and change, done and rolled back. Raises as redrive() does."""
    return await database.dry_run(cause, lambda tx: _tried(tx, redriving, ids))


async def _tried(tx: Tx, redriving: Redriving, ids: Sequence[int]) -> Preview:
    named = await _redrivable(tx, ids)
    queue = await _queue(tx, named)
    before = await redriving.standing(tx) if redriving.standing else None
    found = await _drive(tx, redriving, named, queue)
    if redriving.standing is None or before is None:
        return Preview(**found.model_dump(), figures=None)
    after = await redriving.standing(tx)
    changes = [
        FigureChange(figure=key, before=before.get(key), after=after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    return Preview(**found.model_dump(), figures=changes)


async def discard(tx: Tx, ids: Sequence[int], why: str) -> int:
    """Leave records out for good; those behind them may then be redriven. Returns how many. Raises DeadLetterNotFound, Decided."""
    await _named(tx, ids)
    await _decide(tx, sorted(set(ids)), "discarded", why)
    return len(set(ids))


async def _named(tx: Tx, ids: Sequence[int]) -> list[Parked]:
    """The letters, still parked, their partitions held. Raises DeadLetterNotFound, Decided."""
    found = _parked(await tx.conn.fetch(NAMED, list(ids)))
    missing = sorted(set(ids) - {letter.id for letter in found})
    if missing:
        raise DeadLetterNotFound(f"there is no dead letter {', '.join(map(str, missing))}", field="ids")
    await lock_positions(tx.conn, sorted({TopicPartition(letter.topic, letter.partition) for letter in found}))
    found = _parked(await tx.conn.fetch(NAMED, list(ids)))  # as they are now that nobody else decides
    decided = {str(letter.id): letter.state for letter in found if letter.state != "parked"}
    if decided:
        raise Decided(f"not parked any more: {', '.join(decided)}", field="ids", state=decided)
    return found


async def _redrivable(tx: Tx, ids: Sequence[int]) -> list[Parked]:
    """As _named. Raises NotOfTheLog too."""
    named = await _named(tx, ids)
    strangers = [letter.id for letter in named if not letter.blocks]
    if strangers:
        raise NotOfTheLog(field="ids", state={"ids": strangers})
    return named


async def _queue(tx: Tx, named: Sequence[Parked]) -> list[Parked]:
    """The letters and those behind them, in order, as many as one request applies. Raises BehindAnother."""
    alone = [letter for letter in named if letter.key is None]
    waiting = _parked(await tx.conn.fetch(OF_SUBJECTS, *_subjects(named), MOST_APPLIED))
    first = dict[tuple[str, bytes] | int, int]()
    for letter in waiting:
        first.setdefault(letter.queue, letter.id)
    earlier = sorted(set(first.values()) - {letter.id for letter in named})
    if earlier:
        raise BehindAnother(f"parked before: {', '.join(map(str, earlier))}", field="ids", state={"ids": earlier})
    return sorted([*alone, *waiting], key=lambda letter: letter.id)


def _parked(rows: Sequence[Any]) -> list[Parked]:
    return [Parked(**{"event" if name == "event_id" else name: value for name, value in row.items()}) for row in rows]


def _subjects(of: Sequence[Parked]) -> tuple[list[str], list[bytes]]:
    pairs = sorted({(letter.topic, letter.key) for letter in of if letter.key is not None})
    return [topic for topic, _ in pairs], [key for _, key in pairs]


@dataclass(slots=True)
class _Driven:
    """What has become of a queue so far."""

    redriven: list[Parked] = field(default_factory=list)
    failed: list[Parked] = field(default_factory=list)
    stuck: set[tuple[str, bytes] | int] = field(default_factory=set)


async def _drive(tx: Tx, redriving: Redriving, named: Sequence[Parked], queue: Sequence[Parked]) -> Redriven:
    """One after the other; a subject stops at its first that fails."""
    driven = _Driven()
    for letter in queue:
        if letter.queue in driven.stuck:
            continue
        wrong = await _applied(tx, redriving, letter)
        if wrong is None:
            driven.redriven.append(letter)
        else:
            driven.stuck.add(letter.queue)
            driven.failed.append(replace(letter, reason=wrong[0], detail=wrong[1]))
    await _decide(tx, [letter.id for letter in driven.redriven], "redriven", None)
    for letter in driven.failed:
        await tx.conn.execute(PARKED_AGAIN, letter.id, letter.reason, letter.detail)
    if redriving.told is not None and driven.redriven:
        await redriving.told(tx, driven.redriven)
    outcomes = [letter.outcome("redriven") for letter in driven.redriven] + [letter.outcome("parked") for letter in driven.failed]
    left = await tx.conn.fetch(LEFT, *_subjects(named))
    return Redriven(
        letters=sorted(outcomes, key=lambda one: one.id),
        left=sum(letter.key is None for letter in driven.failed) + sum(row["letters"] for row in left),
        more=[row["first"] for row in left if (row["topic"], row["key"]) not in driven.stuck],
    )


async def _applied(tx: Tx, redriving: Redriving, letter: Parked) -> tuple[str, str] | None:
    """Take the record as the consumer would have, in a savepoint. Returns reason and detail of what is wrong with it."""
    apply = redriving.apply
    epoch, _, number = (letter.sequence or "0.0").partition(".")
    item = batches.decoded(letter.topic, letter.record(), Number(int(epoch), int(number)), inbox.wanted_types(apply))
    if not isinstance(item, batches.Item):
        return None  # nothing to this service
    if item.event is None or item.reason:
        return item.reason, item.detail
    operator = tx.cause
    tx.cause = Cause(system(tx.service), Clock(item.event.time if redriving.simulated else None))
    error = await inbox.try_apply(tx, apply, [item.event])
    tx.cause = operator
    return None if error is None else inbox.why(error)


async def _decide(tx: Tx, ids: Sequence[int], state: State, why: str | None) -> None:
    await tx.conn.execute(DECIDE, ids, state, tx.clock.now(), str(tx.principal), why)

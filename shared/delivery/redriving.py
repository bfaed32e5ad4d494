"""Dead letters decided by an operator: redriven, that is applied after all, or discarded for good; each once.

Deciding locks the positions of the records' partitions, as a consumer does while it takes a batch, so no record of the same
subject is applied or parked at the same time. A redrive applies a subject's records in order from the first that is parked;
the first that fails again stays, and those behind it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from shared.db import Cause, Database, Tx
from shared.delivery import batches, dead_letters, inbox
from shared.delivery.dead_letters import DeadLetterId, DeadLetterNotFound, ParkedRecord, Subject
from shared.delivery.inbox import Apply
from shared.delivery.numbering import Number
from shared.delivery.positions import lock_positions
from shared.errors import Conflict
from shared.principals import system
from shared.values import Clock, Line

MAX_NAMED = 100  # dead letters named in one request
MAX_APPLIED = 1_000  # records applied in one request; the rest of their subjects stays parked, in order
DeadLetterIds = Annotated[list[DeadLetterId], Field(min_length=1, max_length=MAX_NAMED)]


class DeadLetterDecided(Conflict):
    """The dead letter is no longer parked."""

    slug = "DEAD_LETTER_DECIDED"


class NotOfTheLog(Conflict):
    """The record has no number of a relay, so it is no part of the log, and a recount would not count it. It can be discarded."""

    slug = "NOT_OF_THE_LOG"


class BehindAnother(Conflict):
    """An earlier record of the subject is parked: redrive or discard that one first."""

    slug = "BEHIND_ANOTHER"


# --- requests and answers -------------------------------------------------------------------------------------------
class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RedriveDeadLetters(_Request):
    """Apply these, each with those parked behind it."""

    ids: DeadLetterIds


class DiscardDeadLetters(_Request):
    """Leave these out for good."""

    ids: DeadLetterIds
    why: Line


class RedriveOutcome(BaseModel):
    """What became of one record: redriven, or still parked with the reason it has now."""

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

    `more`: dead letters to redrive next, where a queue was longer than one request applies.
    """

    letters: list[RedriveOutcome]
    left: int
    more: list[int]


class FigureChange(BaseModel):
    """A published figure that would change; None: it is not published, or would not be."""

    figure: str
    before: Any
    after: Any


class RedrivePreview(Redriven):
    """What a redrive would do. `figures` of stats: every published figure that would change, None for other services."""

    figures: list[FigureChange] | None


PublishedFigures = Callable[[Tx], Awaitable[Mapping[str, Any]]]
PublishRedriven = Callable[[Tx, Sequence[ParkedRecord]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Redriving:
    """How a service applies a parked record: as its consumer would have.

    `published_figures`: its figures by key, read while nothing else is counted until the transaction ends;
    `publish_redriven`: publishes that records were redriven.
    """

    apply: Apply
    simulated: bool
    published_figures: PublishedFigures | None = None
    publish_redriven: PublishRedriven | None = None


# --- commands -------------------------------------------------------------------------------------------------------
async def redrive(tx: Tx, redriving: Redriving, ids: Sequence[int]) -> Redriven:
    """Apply parked records and those behind them.

    Raises DeadLetterNotFound, DeadLetterDecided, NotOfTheLog, BehindAnother, and what is in inbox.TRANSIENT.
    """
    named = await _lock_redrivable(tx, ids)
    return await _apply_queue(tx, redriving, named, await _queue(tx, named))


async def preview(database: Database, cause: Cause, redriving: Redriving, ids: Sequence[int]) -> RedrivePreview:
    """What redrive() would do and change, done and rolled back. Raises as redrive() does."""
    return await database.dry_run(cause, lambda tx: _redrive_and_compare(tx, redriving, ids))


async def discard(tx: Tx, ids: Sequence[int], why: str) -> int:
    """Leave records out for good; those behind them may then be redriven. Returns how many.

    Raises DeadLetterNotFound, DeadLetterDecided.
    """
    await _lock_parked(tx, ids)
    await dead_letters.update_state(tx, sorted(set(ids)), "discarded", why)
    return len(set(ids))


async def _redrive_and_compare(tx: Tx, redriving: Redriving, ids: Sequence[int]) -> RedrivePreview:
    named = await _lock_redrivable(tx, ids)
    queue = await _queue(tx, named)
    before = await redriving.published_figures(tx) if redriving.published_figures else None
    found = await _apply_queue(tx, redriving, named, queue)
    if redriving.published_figures is None or before is None:
        return RedrivePreview(**found.model_dump(), figures=None)
    after = await redriving.published_figures(tx)
    changes = [
        FigureChange(figure=key, before=before.get(key), after=after.get(key))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]
    return RedrivePreview(**found.model_dump(), figures=changes)


# --- what is redriven -----------------------------------------------------------------------------------------------
async def _lock_parked(tx: Tx, ids: Sequence[int]) -> list[ParkedRecord]:
    """The records, still parked, their partitions locked. Raises DeadLetterNotFound, DeadLetterDecided."""
    found = await dead_letters.list_by_id(tx, ids)
    missing = sorted(set(ids) - {record.id for record in found})
    if missing:
        raise DeadLetterNotFound(f"there is no dead letter {', '.join(map(str, missing))}", field="ids")
    await lock_positions(tx.conn, sorted({record.topic_partition for record in found}))
    found = await dead_letters.list_by_id(tx, ids)  # again: from here on nobody else decides them
    decided = {str(record.id): record.state for record in found if record.state != "parked"}
    if decided:
        raise DeadLetterDecided(f"not parked any more: {', '.join(decided)}", field="ids", state=decided)
    return found


async def _lock_redrivable(tx: Tx, ids: Sequence[int]) -> list[ParkedRecord]:
    """As _lock_parked. Raises NotOfTheLog too."""
    named = await _lock_parked(tx, ids)
    unnumbered = [record.id for record in named if not record.blocks]
    if unnumbered:
        raise NotOfTheLog(field="ids", state={"ids": unnumbered})
    return named


async def _queue(tx: Tx, named: Sequence[ParkedRecord]) -> list[ParkedRecord]:
    """The records and those behind them, in order, as many as one request applies. Raises BehindAnother."""
    without_key = [record for record in named if record.key is None]
    waiting = await dead_letters.list_queues(tx, named, MAX_APPLIED)
    first = dict[Subject | int, int]()
    for record in waiting:
        first.setdefault(record.queue, record.id)
    earlier = sorted(set(first.values()) - {record.id for record in named})
    if earlier:
        raise BehindAnother(f"parked before: {', '.join(map(str, earlier))}", field="ids", state={"ids": earlier})
    return sorted([*without_key, *waiting], key=lambda record: record.id)


# --- applying -------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class _Progress:
    """What has become of a queue so far."""

    redriven: list[ParkedRecord] = field(default_factory=list)
    failed: list[ParkedRecord] = field(default_factory=list)
    stopped: set[Subject | int] = field(default_factory=set)  # queues whose first record failed


async def _apply_queue(tx: Tx, redriving: Redriving, named: Sequence[ParkedRecord], queue: Sequence[ParkedRecord]) -> Redriven:
    """One after the other; a subject stops at its first that fails."""
    progress = _Progress()
    for record in queue:
        if record.queue in progress.stopped:
            continue
        failure = await _apply_one(tx, redriving, record)
        if failure is None:
            progress.redriven.append(record)
        else:
            progress.stopped.add(record.queue)
            progress.failed.append(replace(record, reason=failure[0], detail=failure[1]))
    await dead_letters.update_state(tx, [record.id for record in progress.redriven], "redriven", None)
    for record in progress.failed:
        await dead_letters.update_reason(tx, record)
    if redriving.publish_redriven is not None and progress.redriven:
        await redriving.publish_redriven(tx, progress.redriven)
    left = await dead_letters.list_queue_heads(tx, named)
    return Redriven(
        letters=_outcomes(progress),
        left=sum(record.key is None for record in progress.failed) + sum(head.length for head in left),
        more=[head.first for head in left if head.subject not in progress.stopped],
    )


async def _apply_one(tx: Tx, redriving: Redriving, record: ParkedRecord) -> tuple[str, str] | None:
    """Apply the record as the consumer would have, in a savepoint. Returns reason and detail of its failure."""
    apply = redriving.apply
    epoch, _, number = (record.sequence or "0.0").partition(".")
    item = batches.decode_record(record.topic, record.record(), Number(int(epoch), int(number)), wanted=inbox.wanted_types(apply))
    if not isinstance(item, batches.Item):
        return None  # of no use to this service
    if item.event is None or item.reason:
        return item.reason, item.detail
    operator = tx.cause
    tx.cause = Cause(principal=system(tx.service), clock=Clock(item.event.time if redriving.simulated else None))
    error = await inbox.try_apply(tx, apply, [item.event])
    tx.cause = operator
    return None if error is None else inbox.reason_and_detail(error)


def _outcomes(progress: _Progress) -> list[RedriveOutcome]:
    outcomes = [_outcome(record, "redriven") for record in progress.redriven] + [_outcome(record, "parked") for record in progress.failed]
    return sorted(outcomes, key=lambda one: one.id)


def _outcome(record: ParkedRecord, outcome: Literal["redriven", "parked"]) -> RedriveOutcome:
    return RedriveOutcome(
        id=record.id,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        subject=record.subject,
        event=record.event,
        event_type=record.event_type,
        outcome=outcome,
        reason=record.reason,
        detail=record.detail,
    )

"""Takes one batch of records into a service's database: positions, effects and dead letters in one transaction.

Every record counts exactly once: its position is stored with its effects, and every process locks positions in the same order,
so a consumer that was thought dead, or two consumers during a rebalance, find the batch already taken.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, NamedTuple

import asyncpg

from shared import traces
from shared.db import Cause, Database, Tx, Unavailable, is_lost
from shared.delivery import canary, dead_letters, lost_events, restoring
from shared.delivery.batches import (
    Chunk,
    Decoded,
    Item,
    Taken,
    add,
    any_growth,
    as_raw,
    cut_waiting,
    decode_record,
    position_after,
    read_new,
    records_in,
)
from shared.delivery.numbering import Verdict
from shared.delivery.positions import Position, TopicPartition, lock_positions, positions, store_positions
from shared.delivery.raw_records import Raw
from shared.events import Event, EventEnvelope
from shared.metrics import AHEAD, APPLIED, PARKED, REPEATED, UNKNOWN
from shared.principals import system
from shared.values import Clock

Apply = Callable[[Tx, Sequence[EventEnvelope[Event]]], Awaitable[None]]
Handler = Callable[[Tx, EventEnvelope[Any]], Awaitable[None]]
SetHandler = Callable[[Tx, Sequence[EventEnvelope[Any]]], Awaitable[None]]


def _no_progress() -> None:
    """For callers without a watchdog."""


@dataclass(frozen=True, slots=True)
class Together:
    """A handler of all events of its class in a batch at once, each of another subject: one statement where one by one takes many.

    It has no cause of its own: before it publishes because of one of the events it calls because_of().
    """

    handler: SetHandler


Handlers = Mapping[type[Event], Handler | Together]


@dataclass(frozen=True, slots=True)
class Each:
    """Applies events one by one, each under its own cause, or together where the handler takes them so. `progress`: called before each."""

    handlers: Handlers
    progress: Callable[[], None] = _no_progress

    @property
    def wanted(self) -> frozenset[str]:
        return frozenset(event.type_name() for event in self.handlers)

    async def __call__(self, tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
        simulated = tx.clock.at is not None
        # A span, and what is known of a reaction before a restore, belong to one event.
        alone = traces.recorder is not None or tx.restoring
        with traces.under(traces.current()):
            for group in [[event] for event in events] if alone else groups(events, self.handlers):
                await self._react(tx, group, simulated=simulated)

    async def _react(self, tx: Tx, group: Sequence[EventEnvelope[Event]], *, simulated: bool) -> None:
        first = group[0]
        handler = self.handlers.get(type(first.data))
        if handler is None:
            return
        self.progress()
        tx.cause = caused_by(first, tx.service, simulated=simulated)
        traces.begin(first.traceparent)
        react = partial(handler.handler, tx, group) if isinstance(handler, Together) else partial(handler, tx, first)
        if traces.recorder is not None:
            with traces.reaction(first.data.type_name(), first.subject, first.traceparent):
                tx.cause = replace(tx.cause, traceparent=traces.current())
                await (_react_again(tx, first, react) if tx.restoring else react())
        else:
            await (_react_again(tx, first, react) if tx.restoring else react())


def groups(events: Sequence[EventEnvelope[Event]], handlers: Handlers) -> list[list[EventEnvelope[Event]]]:
    """The events in groups to be applied one after the other: of one class and handled together, or one event alone.

    Events of a subject stay in order, and no group holds two of them. Others may change places, as they may between partitions.
    """
    found: list[list[EventEnvelope[Event]]] = []
    newest: dict[type[Event], int] = {}  # of a class: its last group
    behind: dict[str, int] = {}  # of a subject: the group of its last event
    for event in events:
        kind = type(event.data)
        group = newest.get(kind, -1)
        if group <= behind.get(event.subject, -1):
            group = len(found)
            found.append([])
            if isinstance(handlers.get(kind), Together):
                newest[kind] = group
        found[group].append(event)
        behind[event.subject] = group
    return found


async def _react_again(tx: Tx, event: EventEnvelope[Event], react: Callable[[], Awaitable[None]]) -> None:
    """As the service reacted before its database was restored: at the same time and with the same ids, where that reaction is known."""
    lost = await lost_events.list_caused_by(tx.conn, event.id)
    tx.cause = replace(tx.cause, clock=Clock(lost[0].recorded if lost else event.time))
    await restoring.do_again(tx, lost, react)


def each(handlers: Handlers) -> Each:
    """How a service that reacts event by event applies a batch. Classes without a handler are not even decoded."""
    return Each(handlers)


Prepare = Callable[[Sequence[Raw]], Coroutine[Any, Any, Any]]
ApplyRaw = Callable[[Tx, Sequence[Raw], Any], Awaitable[frozenset[int]]]
BULK_ABOVE = 50  # records: up to here decoding is as fast


@dataclass(frozen=True, slots=True)
class Bulk:
    """Applies a batch without decoding it: `records` applies all of them and returns nothing, or applies none and returns the
    indexes of those that it cannot judge. These, and later ones of their subjects, are decoded and go to `events`.

    What needs no database is done by `prepare`, whose result `records` is given: for one batch while the one before is stored.
    """

    events: Apply
    prepare: Prepare
    records: ApplyRaw

    async def __call__(self, tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
        await self.events(tx, events)


def caused_by(event: EventEnvelope[Event], service: str, *, simulated: bool) -> Cause:
    """The cause of a reaction: the service itself, because of the event; in a simulation at the event's own time."""
    return Cause(
        principal=system(service),
        clock=Clock(event.time) if simulated else Clock(),
        correlation_id=event.correlation_id,
        causation_id=str(event.id),
        traceparent=event.traceparent,
    )


def because_of(tx: Tx, event: EventEnvelope[Event]) -> None:
    """What the transaction does from here on is done because of this one of several events that are handled together."""
    if tx.cause.causation_id != str(event.id):
        tx.cause = caused_by(event, tx.service, simulated=tx.clock.at is not None)
        traces.begin(event.traceparent)


_NEWEST = "SELECT max(recorded) FROM history WHERE subject = ANY ($1::text[])"


async def not_before(tx: Tx, subjects: Iterable[object]) -> None:
    """What the transaction does from here on is recorded no earlier than what these subjects have on record.

    Only a simulation needs it: its reactions have the time of their event, and one that comes late would correct what was recorded since.
    """
    at = tx.clock.at
    if at is not None and not tx.restoring:
        newest = await tx.conn.fetchval(_NEWEST, [str(subject) for subject in subjects])
        if newest is not None and newest > at:
            tx.cause = replace(tx.cause, clock=Clock(newest))


class Reject(Exception):
    """A usecase cannot apply the event: the record is parked with this code, later events of its subject behind it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class StoredOffset(NamedTuple):
    """The next offset of a partition as the database has it."""

    topic_partition: TopicPartition
    offset: int


class OffsetsSkipped(Exception):
    """The batch begins beyond these stored offsets: what lies between was not read, or the log is empty there."""

    def __init__(self, after: frozenset[StoredOffset]) -> None:
        super().__init__(", ".join(f"{partition}@{offset}" for partition, offset in sorted(after)))
        self.after = after


class TooManyDiverted(Exception):
    """So many records in a row could not be applied that the cause lies elsewhere; nothing of the batch was kept."""


# Not the record's fault: the batch is rolled back and taken again later.
TRANSIENT = (
    Unavailable,
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,  # 08
    asyncpg.TransactionRollbackError,  # 40: serialisation, deadlock
    asyncpg.ReadOnlySQLTransactionError,  # 25006: a standby, during a failover
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InsufficientResourcesError,  # 53: disk full, too many connections
    asyncpg.OperatorInterventionError,  # 57: shutdown, statement timeout
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,  # 58
    asyncpg.InternalClientError,
)


def ends_batch(error: BaseException, conn: Any) -> bool:
    """Whether the error is not to be parked: the same record may succeed later, or the connection was lost with it, and only the error
    itself tells a defect from an outage, which asyncpg may report as an InterfaceError.
    """
    return isinstance(error, TRANSIENT) or is_lost(conn)


# --- applying -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Records to take, and how.

    `diverted`: how many were diverted in a row before it; `empty_after`: stored offsets after which the log is known to hold
    nothing up to this batch; `decoded`: by decode_ahead(); `prepared`: what Bulk.prepare makes of all records; `progress`: called at every
    sign of life.
    """

    read: Sequence[Chunk]
    apply: Apply
    simulated: bool
    max_diverted: int
    diverted: int = 0
    empty_after: frozenset[StoredOffset] = frozenset()
    decoded: Mapping[bytes, Decoded] = field(default_factory=dict)
    prepared: asyncio.Task[Any] | None = None
    progress: Callable[[], None] = _no_progress

    async def apply_events(self, tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
        """With a sign of life between two of them where they are applied one by one: all of them may take long over a slow link."""
        await (replace(self.apply, progress=self.progress) if isinstance(self.apply, Each) else self.apply)(tx, events)


@dataclass(slots=True, kw_only=True)
class _Attempt:
    """One attempt at a batch: which subjects are blocked so far, and what became of every record."""

    tx: Tx
    batch: Batch
    taken: Taken
    bulk: Bulk | None
    blocked: set[tuple[str, bytes]] = field(default_factory=set)
    failed: int = 0  # in a row


async def take(database: Database, batch: Batch) -> Taken:
    """Take the batch. Raises OffsetsSkipped, TooManyDiverted, what is in TRANSIENT, and a defect that has lost the connection; then nothing
    was kept.
    """
    read, apply = batch.read, batch.apply
    cause = Cause(principal=system(database.service), clock=Clock(_beginning(read) if batch.simulated else None))
    async with database.transaction(cause) as tx:
        taken = Taken(positions=await lock_positions(tx.conn, sorted({chunk.topic_partition for chunk in read})))
        _check_offsets(read, taken.positions, batch.empty_after)
        if any_growth(read):
            read, taken.waiting = cut_waiting(read, {**await positions(tx.conn), **taken.positions})
        bulk = apply if isinstance(apply, Bulk) and records_in(batch.read) > BULK_ABOVE else None
        attempt = _Attempt(tx=tx, batch=batch, taken=taken, bulk=bulk)
        waiting = await dead_letters.any_blocks(tx.conn)
        batch.progress()
        if waiting or bulk is None or not read or not await _apply_whole(attempt, bulk, read):
            items = read_new(read, taken, Item if bulk else partial(decode_record, wanted=wanted_types(apply), decoded=batch.decoded))
            attempt.blocked = await dead_letters.list_blocked(tx.conn, items) if waiting else set()
            await _judge(attempt, items)
        await canary.store(tx.conn, batch.read, taken.positions)
        await store_positions(tx.conn, taken.positions)
    _count(taken)
    return taken


def wanted_types(apply: Apply) -> frozenset[str] | None:
    """Event types that `apply` has a use for; None: all."""
    return apply.wanted if isinstance(apply, Each) else None


def _beginning(read: Sequence[Chunk]) -> datetime:
    """When the batch was written: a simulated clock's time until the first event sets its own."""
    return datetime.fromtimestamp(read[0].records[0].timestamp / 1000, UTC)


def _check_offsets(read: Sequence[Chunk], stored: Mapping[TopicPartition, Position], empty_after: frozenset[StoredOffset]) -> None:
    first: dict[TopicPartition, int] = {}
    for chunk in read:
        first.setdefault(chunk.topic_partition, chunk.records[0].offset)
    skipped = {
        StoredOffset(partition, stored[partition].next_offset)
        for partition, offset in first.items()
        if offset > stored[partition].next_offset
    }
    if skipped - empty_after:
        raise OffsetsSkipped(frozenset(skipped - empty_after))


async def _apply_whole(attempt: _Attempt, bulk: Bulk, read: Sequence[Chunk]) -> bool:
    """The usual batch at a fraction of the cost: every record new, in order, and none that has to be decoded.

    False: it is not; then nothing was applied and no position moved.
    """
    past: dict[TopicPartition, Position] = {}
    for chunk in read:
        position = position_after(chunk, past.get(chunk.topic_partition) or attempt.taken.positions[chunk.topic_partition])
        if position is None:
            return False
        past[chunk.topic_partition] = position
    raw = as_raw(read)
    prepared = attempt.batch.prepared if len(raw) == records_in(attempt.batch.read) else None  # some wait for another partition
    if await _refused(attempt, bulk, raw, prepared):
        return False
    attempt.taken.positions |= past
    for chunk in read:
        attempt.taken.applied[chunk.topic] += len(chunk.records)
    return True


async def _judge(attempt: _Attempt, items: Sequence[Item]) -> None:
    """Apply what can be applied, park the rest. Raises TooManyDiverted."""
    taken, diverted = attempt.taken, attempt.batch.diverted
    await (_apply_bulk(attempt, attempt.bulk, items) if attempt.bulk else _apply_all(attempt, items))
    _restore_order(taken, items)
    taken.diverted = _in_a_row(items, taken, diverted)
    if taken.parked:
        if _longest(items, taken, diverted) > attempt.batch.max_diverted:
            raise TooManyDiverted(_last_of(taken.parked))
        await dead_letters.insert_all(attempt.tx.conn, taken.parked)


async def _apply_all(attempt: _Attempt, items: Sequence[Item]) -> None:
    """Park what cannot be an event and what waits behind an open dead letter; apply the rest, all at once if possible."""
    ready = []
    for item in items:
        if item.reason:
            _divert(attempt, item)
        elif item.subject in attempt.blocked:
            _divert(attempt, item.parked("behind", "an earlier record of this subject is parked"))
        else:
            ready.append(item)
    await _apply_group(attempt, ready)


def _restore_order(taken: Taken, items: Sequence[Item]) -> None:
    """Sort what is parked into the order of the log."""
    order = {item.topic_partition_offset: rank for rank, item in enumerate(items)} if taken.parked else {}
    taken.parked.sort(key=lambda item: order[item.topic_partition_offset])


async def _apply_bulk(attempt: _Attempt, bulk: Bulk, items: Sequence[Item]) -> None:
    """All without decoding; what cannot be judged so, and every record of its subject, is decoded and applied as events."""
    aside: set[tuple[str, bytes] | None] = {*attempt.blocked, None}
    ready = [item for item in items if item.number and item.subject not in aside]
    while ready and (refused := await _refused(attempt, bulk, [(item.topic, item.record.key, item.record.value) for item in ready])):
        aside |= {ready[index].subject for index in refused}
        ready = [item for item in ready if item.subject not in aside]
    attempt.taken.applied.update(item.topic for item in ready)
    events: list[Item] = []
    for item in items:
        if item.number is None:
            events.append(item)
        elif item.subject in aside:
            add(decode_record(item.topic, item.record, item.number), item.topic, events, attempt.taken)
    await _apply_all(attempt, events)


async def _refused(attempt: _Attempt, bulk: Bulk, ready: Sequence[Raw], prepared: asyncio.Task[Any] | None = None) -> Collection[int]:
    """Indexes of the records that have to be decoded; all of them when the whole failed for a reason that will not pass."""
    attempt.batch.progress()
    try:
        async with attempt.tx.savepoint():
            return await bulk.records(attempt.tx, ready, await (prepared or bulk.prepare(ready)))
    except Exception as raised:
        if ends_batch(raised, attempt.tx.conn):
            raise
        return range(len(ready))


async def _apply_group(attempt: _Attempt, group: Sequence[Item]) -> None:
    """All in one savepoint; if that fails, each half in its own, down to the record at fault, in order."""
    group = _unblocked(attempt, group)
    if not group:
        return
    attempt.batch.progress()
    error = await try_apply(attempt.tx, attempt.batch.apply_events, [item.event for item in group if item.event is not None])
    if error is None:
        attempt.taken.applied.update(item.topic for item in group)
        attempt.failed = 0
        return
    if len(group) > 1:
        middle = len(group) // 2
        await _apply_group(attempt, group[:middle])
        await _apply_group(attempt, group[middle:])
        return
    attempt.failed += 1
    _divert(attempt, group[0].parked(*reason_and_detail(error)))
    if attempt.failed > attempt.batch.max_diverted:
        raise TooManyDiverted(_last_of(attempt.taken.parked))


async def try_apply(tx: Tx, apply: Apply, events: Sequence[EventEnvelope[Event]]) -> Exception | None:
    """Apply the events in a savepoint. Returns the error that they raised, and then keeps nothing of them. Raises what ends_batch()."""
    try:
        async with tx.savepoint():
            await apply(tx, events)
    except Exception as raised:  # whatever a usecase raises is the record's fault, unless it ends the batch
        if ends_batch(raised, tx.conn):
            raise
        return raised
    return None


def reason_and_detail(error: Exception) -> tuple[str, str]:
    """Reason and detail of a record that could not be applied, as its dead letter stores them."""
    code, detail = (error.code, error.detail) if isinstance(error, Reject) else (_slug(error), f"{type(error).__name__}: {error}")
    return dead_letters.storable(code)[: dead_letters.LONGEST_REASON], dead_letters.storable(detail)[: dead_letters.LONGEST_DETAIL]


def _unblocked(attempt: _Attempt, group: Sequence[Item]) -> list[Item]:
    if not attempt.blocked:
        return list(group)
    free = []
    for item in group:
        if item.subject in attempt.blocked:
            _divert(attempt, item.parked("behind", "an earlier record of this subject is parked"))
        else:
            free.append(item)
    return free


def _divert(attempt: _Attempt, item: Item) -> None:
    attempt.taken.parked.append(item)
    if item.blocks and item.subject is not None:
        attempt.blocked.add(item.subject)


def _slug(error: Exception) -> str:
    return str(getattr(error, "slug", "failed")).lower()


def _last_of(parked: Sequence[Item]) -> str:
    last = parked[-1]
    return f"the last: {last.topic}/{last.record.partition}@{last.record.offset}: {last.reason}: {last.detail}"


def _runs(items: Sequence[Item], taken: Taken, before: int) -> list[int]:
    """How many were diverted in a row after each item; a record that waits behind another neither counts nor ends the row."""
    reasons = {item.topic_partition_offset: item.reason for item in taken.parked}
    runs = [before]
    for item in items:
        reason = reasons.get(item.topic_partition_offset)
        runs.append(0 if reason is None else runs[-1] + (reason != "behind"))
    return runs


def _in_a_row(items: Sequence[Item], taken: Taken, before: int) -> int:
    return _runs(items, taken, before)[-1] if taken.parked else 0 if taken.applied else before


def _longest(items: Sequence[Item], taken: Taken, before: int) -> int:
    return max(_runs(items, taken, before))


def _count(taken: Taken) -> None:
    for topic, count in taken.applied.items():
        APPLIED.labels(topic).inc(count)
    for (topic, verdict), count in Counter(taken.dropped).items():
        (REPEATED if verdict is Verdict.REPEAT else AHEAD).labels(topic).inc(count)
    for topic, count in taken.unknown.items():
        UNKNOWN.labels(topic).inc(count)
    for (topic, reason), count in Counter((item.topic, item.reason) for item in taken.parked).items():
        PARKED.labels(topic, reason).inc(count)

"""After a restore: the log holds events that the database does not know, and others have applied them.

    compare, begin   name what was lost, and take a new epoch
    require_replay   while anything is undecided, only what was lost may be done again
    void             takes an event back

A lost event is *replayed* when a transaction publishes it once more: it gets the id that it has in the log, and is not sent.
Reactions to other services' events do so by themselves, as the service reads on from its restored positions; people enter their
commands again, each under the time and the ids of its event. What nobody can bring back is *voided*: taken back by an event, for a reason.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

import asyncpg
from pydantic import ValidationError

from shared import db
from shared.db import Database, Tx
from shared.delivery import growth, kafka, lost_events
from shared.delivery.audit_trail import publish_and_audit
from shared.delivery.event_log import Entry, read_log
from shared.delivery.growth import Growth, growth_of
from shared.delivery.lost_commits import known_numbers
from shared.delivery.lost_events import Found
from shared.delivery.positions import TopicPartition
from shared.errors import Conflict, Invalid, Refused
from shared.events import Envelope
from shared.events.canary import EVENTS as CANARIES
from shared.events.voided import EVENTS as VOIDS
from shared.kafka_settings import KafkaSettings
from shared.values import Clock, drawing_ids

T = TypeVar("T")

RELAY_LOCK = 7_301_002  # held by the relay at work
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CANARIES = frozenset(event.type_name() for event in CANARIES)
VOID_OF = {event.TOPIC: event for event in VOIDS}
# What was erased must not come back with a backup: it is erased again, never voided.
ALWAYS_REPLAYED = frozenset({"registration.WorkerErased.v1"})
WAITING = "SELECT event_id FROM outbox"
SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename) AS name, last_value AS last FROM pg_sequences"
# Those that gave out a number since; one that had given out none begins anew.
SET_SEQUENCES = """
SELECT setval(was.name::regclass, coalesce(was.last, start_value), was.last IS NOT NULL)
FROM unnest($1::text[], $2::bigint[]) AS was (name, last)
    JOIN pg_sequences ON format('%I.%I', schemaname, sequencename) = was.name
WHERE last_value IS DISTINCT FROM was.last
"""
NEW_EPOCH = "UPDATE relay SET epoch = greatest(epoch, $1::integer) + 1, inflight = '{}', history = NULL RETURNING epoch"
DELETE_NUMBERS = "DELETE FROM relay_sequence"
DELETE_KNOWN = "DELETE FROM outbox WHERE event_id = ANY($1::uuid[])"
# What took another event back, and that other one where it is lost too: together they are nothing.
VOID_AGAIN = """
UPDATE lost_event SET state = 'voided', decided_at = now(), decided_by = voids.actor, decided_why = 'voided before the restore'
FROM (
    SELECT event_id, (document -> 'data' ->> 'voided')::uuid AS voided, document ->> 'actor' AS actor
    FROM (
        SELECT event_id, convert_from(value, 'UTF8')::jsonb AS document FROM lost_event WHERE state = 'lost' AND type = ANY ($1::text[])
    ) AS taking_back
) AS voids
WHERE lost_event.state = 'lost' AND lost_event.event_id IN (voids.event_id, voids.voided)
    AND EXISTS (SELECT FROM lost_event AS other WHERE other.event_id = voids.voided AND other.state = 'lost')
"""


class RelayRunning(Exception):
    """The service's relay holds the lock; stop the service first."""


class NoNewEpoch(Exception):
    """Kafka or PostgreSQL did not answer, or the service runs; nothing was changed."""


class RestoreUndecided(Refused):
    """The database was restored from a backup, and events that it had published are still to be replayed or voided."""

    slug = "RESTORE_UNDECIDED"
    status = 503


class NotLost(Conflict):
    """The event is not one that a restore has lost, or it is decided."""

    slug = "NOT_LOST"


class ReplayDiffers(Conflict):
    """What was entered does not publish the event that was lost; nothing was written."""

    slug = "REPLAY_DIFFERS"


class MustBeReplayed(Invalid):
    """The event is never voided: what was erased is erased again."""

    slug = "MUST_BE_REPLAYED"


# --- naming what was lost ---------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Compared:
    """A database against the log: the highest epoch there, which events of its outbox are there, and which of there it has lost.

    `ends`: of every partition with records; `grown`: of those that were added to their topic.
    """

    epoch: int
    _: KW_ONLY
    in_log: set[UUID] = field(default_factory=set)
    lost: list[Found] = field(default_factory=list)
    ends: dict[TopicPartition, int] = field(default_factory=dict)
    grown: dict[TopicPartition, Growth] = field(default_factory=dict)


async def compare(conn: Any, settings: KafkaSettings, service: str) -> Compared:
    """Read the service's topics from the beginning. Raises kafka.Unavailable."""
    known = await known_numbers(conn)
    waiting = {row["event_id"] for row in await conn.fetch(WAITING)}
    found = Compared(known.epoch)
    async for entry in read_log(settings, kafka.own_topics(service)):
        found.epoch = max(found.epoch, entry.number.epoch)
        partition = TopicPartition(entry.topic, entry.record.partition)
        found.ends[partition] = entry.record.offset + 1
        if (grown := growth_of(entry.record)) is not None:
            found.grown.setdefault(partition, grown)
        if known.is_done_with(partition, entry.number):
            continue
        event = _found(entry)
        if event is not None and event.event_id in waiting:
            found.in_log.add(event.event_id)
        elif event is not None and _can_be_lost(event):
            found.lost.append(event)
    return found


def _can_be_lost(event: Found) -> bool:
    """Not of a compacted topic, where the newest of each key is written anew; and nobody misses a canary."""
    return event.topic not in kafka.COMPACTED and event.type not in _CANARIES


def _found(entry: Entry) -> Found | None:
    """None: it is no event, so not this service's."""
    value = entry.record.value or b""
    try:
        envelope = Envelope.model_validate_json(value)
    except ValidationError:
        return None
    return Found(
        event_id=envelope.id,
        topic=entry.topic,
        partition=entry.record.partition,
        offset=entry.record.offset,
        type=envelope.type,
        subject=envelope.subject,
        recorded=envelope.time,
        causation=envelope.causationid,
        value=value,
    )


async def begin(conn: asyncpg.Connection, compared: Compared) -> int:
    """Number from 0 again under the next epoch, since the next numbers would repeat, and keep what was lost to be decided.

    Rows of the outbox that the log has already are deleted. An event that was voided before the restore is voided still. Returns the epoch.
    Raises RelayRunning.
    """
    async with conn.transaction():
        if not await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", RELAY_LOCK):
            raise RelayRunning
        await conn.execute(DELETE_KNOWN, list(compared.in_log))
        await conn.execute(DELETE_NUMBERS)
        await _grow_as_the_log(conn, compared)
        await lost_events.insert_all(conn, compared.lost)
        await conn.execute(VOID_AGAIN, [event.type_name() for event in VOIDS])
        epoch: int = await conn.fetchval(NEW_EPOCH, compared.epoch)
    return epoch


async def _grow_as_the_log(conn: asyncpg.Connection, compared: Compared) -> None:
    """Share subjects out among the partitions that the log was written among, where that was grown after the backup."""
    wanted: dict[str, int] = {}
    for partition, grown in compared.grown.items():
        wanted[partition.topic] = max(wanted.get(partition.topic, 0), grown.partitions)
    for topic, (partitions, _) in (await growth.layout(conn)).items():
        total = wanted.get(topic, partitions)
        added = {}
        for one in range(partitions, total):
            parent = TopicPartition(topic, one % partitions)  # of one without a record in the log, so that it did not begin before this
            added[one] = compared.grown.get(TopicPartition(topic, one)) or Growth(parent.partition, compared.ends.get(parent, 0), total)
        if added:
            await growth.grow(conn, topic, total, added)


async def start_new_epoch(settings: KafkaSettings, url: str, service: str, *, only_if_behind: bool = False) -> str | None:
    """What was done, in one line; None where it is to be done `only_if_behind` the log and the database is not. Raises NoNewEpoch."""
    try:
        conn = await db.connect(url, application="laowu-new-epoch", seconds=600)
        try:
            compared = await compare(conn, settings, service)
            if only_if_behind and not compared.lost and not compared.in_log:
                return None
            epoch = await begin(conn, compared)
        finally:
            conn.terminate()
    except RelayRunning:
        raise NoNewEpoch(f"{service}'s relay is at work on this database: stop the service first.") from None
    except (kafka.Unavailable, db.Unavailable, OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise NoNewEpoch(f"nothing was changed: {error or type(error).__name__}") from None
    dropped = f"{len(compared.in_log)} that the log holds already were dropped from its outbox"
    lost = f"; {len(compared.lost)} of the log are lost from its database: laowu lost-events list --service {service}"
    return f"{service} numbers its events from {epoch}.0 on; {dropped}{lost if compared.lost else ''}"


# --- replaying --------------------------------------------------------------------------------------------------------
async def is_restoring(database: Database) -> bool:
    """Whether anything is still to be decided; costs nothing where nothing was."""
    if database.restoring:
        async with database.connection() as conn:
            database.restoring = await lost_events.any_open(conn)
    return database.restoring


async def require_replay(tx: Tx, ids: Sequence[UUID]) -> list[Found]:
    """The lost events that a command is to publish again, in order; it then acts at the time of the first.

    Raises RestoreUndecided, NotLost.
    """
    if not ids:
        left = await lost_events.count_open(tx.conn)
        raise RestoreUndecided(state={"lost": left})
    lost = await _lock(tx, ids)
    tx.cause = replace(tx.cause, clock=Clock(lost[0].recorded))
    return lost


async def do_again(tx: Tx, lost: Sequence[Found], work: Callable[[], Awaitable[T]]) -> T:
    """The work, with the ids that it drew when it published these events.

    It is done once to see where in the events they stand, rolled back, and done with them. Numbers that sequences gave out are taken back.
    """
    ids: list[UUID | None] = []
    if lost:
        before = await tx.conn.fetch(SEQUENCES)
        with contextlib.suppress(_Seen):
            async with tx.savepoint():
                await _see(tx, lost, work, ids)
        await tx.conn.execute(SET_SEQUENCES, [row["name"] for row in before], [row["last"] for row in before])
    with drawing_ids(ids):
        return await work()


async def _see(tx: Tx, lost: Sequence[Found], work: Callable[[], Awaitable[object]], ids: list[UUID | None]) -> None:
    """Fill `ids` with those that the work is to draw. Raises _Seen, since nothing of it is to stay."""
    begins = len(tx.pending)
    with drawing_ids() as drawn:
        await work()
    then = _ids_then([one.value for one in tx.pending[begins:]], [one.value for one in lost])
    ids += [then.get(str(one)) for one in drawn]
    raise _Seen


class _Seen(Exception):
    """Rolls the first attempt back."""


def _ids_then(published: Sequence[bytes], lost: Sequence[bytes]) -> dict[str, UUID]:
    """Id of now -> id of then, where events of one type, in order, differ by an id."""
    then: dict[str, UUID] = {}
    now_by_type, then_by_type = _by_type(published), _by_type(lost)
    for kind, events in now_by_type.items():
        for one, other in zip(events, then_by_type.get(kind, ()), strict=False):
            _pair(one["subject"], other["subject"], then)
            _pair(one["data"], other["data"], then)
    return then


def _by_type(values: Sequence[bytes]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for document in map(json.loads, values):
        found.setdefault(document["type"], []).append(document)
    return found


def _pair(now: Any, before: Any, then: dict[str, UUID]) -> None:
    """Note every id that differs, in the same place of two documents."""
    if isinstance(now, dict) and isinstance(before, dict):
        for name in now.keys() & before.keys():
            _pair(now[name], before[name], then)
    elif isinstance(now, list) and isinstance(before, list):
        for one, other in zip(now, before, strict=False):
            _pair(one, other, then)
    elif isinstance(now, str) and isinstance(before, str) and now != before and _UUID.fullmatch(now) and _UUID.fullmatch(before):
        then[now] = UUID(before)


async def require_all_replayed(tx: Tx, lost: Sequence[Found]) -> None:
    """After the command has published. Raises ReplayDiffers."""
    left = await lost_events.lock_open(tx.conn, [one.event_id for one in lost])
    if left or tx.sent:
        raise ReplayDiffers(
            f"not published: {', '.join(one.type for one in left) or 'none of them'}; published beside: {', '.join(tx.sent) or 'nothing'}",
            state={"lost": [str(one.event_id) for one in left], "published": tx.sent},
        )


# --- voiding ----------------------------------------------------------------------------------------------------------
async def void(tx: Tx, ids: Sequence[UUID], why: str) -> int:
    """Take lost events back, in the order in which they were published. Returns how many. Raises NotLost, MustBeReplayed."""
    lost = await _lock(tx, ids)
    erased = [str(one.event_id) for one in lost if one.type in ALWAYS_REPLAYED]
    if erased:
        raise MustBeReplayed(field="ids", state={"ids": erased})
    await lost_events.decide(tx, [one.event_id for one in lost], "voided", why)
    today = tx.clock.today()
    publish_and_audit(
        tx,
        *(VOID_OF[one.topic](aggregate=one.subject, voided=one.event_id, taken_back=one.value.decode(), effective=today) for one in lost),
    )
    return len(lost)


async def _lock(tx: Tx, ids: Sequence[UUID]) -> list[Found]:
    """All of them, still to be decided. Raises NotLost."""
    lost = await lost_events.lock_open(tx.conn, ids)
    missing = sorted(str(one) for one in set(ids) - {one.event_id for one in lost})
    if missing:
        raise NotLost(f"not lost, or decided already: {', '.join(missing)}", field="ids", state={"ids": missing})
    return lost

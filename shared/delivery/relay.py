"""The sending half of the delivery protocol: rows of the outbox are sent to Kafka in order, numbered.

run() sends the rows in order, each with the next number of its partition, and deletes them once Kafka has acknowledged
them. The ids of a batch and the numbers before it are stored before it is sent: whoever sends it again after a crash sends
the same records with the same numbers, and a consumer drops them as repeats.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from typing import Any

import asyncpg
from aiokafka import AIOKafkaProducer

from shared import traces
from shared.backoff import backoff
from shared.db import Database, connect
from shared.delivery import canary, event_log, growth, kafka, lost_commits
from shared.delivery.delivery_state import DeliveryMetrics
from shared.delivery.growth import Growth
from shared.delivery.partitioning import partitions_of
from shared.delivery.positions import TopicPartition
from shared.delivery.restoring import RELAY_LOCK
from shared.health import Health
from shared.metrics import RELAYED
from shared.settings import Settings

logger = logging.getLogger("laowu.relay")
CONDITION = "relay"
BATCH_ROWS = 2_000
BATCH_BYTES = 16 * 1024 * 1024
GONE_RANGES = 20  # of ids, that are not looked for again; there are more than one where ids were given out and rolled back
ACK_SECONDS = 20.0
SETTLE_SECONDS = 5.0
# Between two polls, first and at most: for rows that were written by who wakes nobody, such as a process that was killed meanwhile.
IDLE_SECONDS, IDLE_GROWTH = (1.0, 10.0), 3
# A round costs nearly the same for one row as for a hundred, here and in every consumer, and slows the commands that run at the same
# time: after few rows, the next ones are chosen so much later, and later still while commits follow each other closely.
FEW_ROWS, GATHER_SECONDS = 200, (0.02, 0.1)
CLOSE_SECONDS = 0.01
LOCK_SECONDS = (0.1, 0.3)  # between two attempts at the lock
# A relay that was stopped (not killed) keeps its session, and so the lock; the server ends the session after this.
ZOMBIE_SECONDS = 45.0
GROWTH_SECONDS = (2.0, 30.0)  # between two looks whether partitions were added; after one that could not be taken up
_CONTENT_TYPE = ("content-type", b"application/cloudevents+json; charset=UTF-8")
_TRANSIENT = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    *kafka.AWAY,
    lost_commits.LogAhead,
)

# Only by its index: other plans read all of the outbox in every round and sort it, and one that was made for an empty outbox is kept.
_PREPARE_SESSION = """
SELECT set_config('idle_session_timeout', $1, false),
    set_config('enable_seqscan', 'off', false), set_config('enable_bitmapscan', 'off', false)
"""
# A process whose relay does not have the lock wakes the one that has it.
_CHANNEL, _NOTIFY = "outbox", "NOTIFY outbox"
_TRY_LOCK = "SELECT pg_try_advisory_lock($1)"
_STATE = (
    "SELECT epoch, history, (SELECT coalesce(sum(upper(ids) - lower(ids)), 0)::bigint FROM unnest(inflight) AS ids) AS inflight FROM relay"
)
_NUMBERS = "SELECT topic, partition, next_number FROM relay_sequence"
_STORE_HISTORY = "UPDATE relay SET history = $1"
_PARTITIONS = "SELECT topic, partitions FROM relay_topic"
_FIX_PARTITIONS = "INSERT INTO relay_topic (topic, partitions) VALUES ($1, $2)"
_INFLIGHT_ROWS = """
SELECT outbox.id, outbox.topic, outbox.key, outbox.value
FROM unnest((SELECT inflight FROM relay)) WITH ORDINALITY AS sent (ids, rank)
    JOIN outbox ON outbox.id >= lower(sent.ids) AND outbox.id < upper(sent.ids)
ORDER BY sent.rank, outbox.id
"""
# One round trip for a whole round: delete what was acknowledged, store the numbers after it, choose the next rows, store what is in
# flight. The ids to delete and to choose from are ranges, each from a lower one on and below an upper one.
# Never "id > last": identity values commit out of order, and a row that commits late would be skipped. Rows are chosen among all ids but
# those that are known to be gone or in flight. `run` is the same for ids without a gap. The rows are read once more at the end: PostgreSQL
# would copy all values otherwise, to use them twice.
_ADVANCE = """
WITH gone AS (
    DELETE FROM outbox USING unnest($1::bigint[], $2::bigint[]) AS sent (lower, upper) WHERE id >= sent.lower AND id < sent.upper
), numbered AS (
    INSERT INTO relay_sequence (topic, partition, next_number) SELECT * FROM unnest($3::text[], $4::integer[], $5::bigint[])
    ON CONFLICT (topic, partition) DO UPDATE SET next_number = excluded.next_number
), first AS (
    SELECT found.id, found.bytes FROM unnest($6::bigint[], $7::bigint[]) AS free (lower, upper) CROSS JOIN LATERAL (
        SELECT id, octet_length(value) AS bytes FROM outbox WHERE id >= free.lower AND id < free.upper ORDER BY id LIMIT $8
    ) AS found ORDER BY found.id LIMIT $8
), counted AS (
    SELECT id, sum(bytes) OVER before - bytes AS bytes_before, id - row_number() OVER before AS run
    FROM first WINDOW before AS (ORDER BY id ROWS UNBOUNDED PRECEDING)
), next AS (
    SELECT array_agg(id) AS ids, int8range(min(id), max(id), '[]') AS range FROM counted WHERE bytes_before < $9 GROUP BY run
), stored AS (
    UPDATE relay SET inflight = $10::text::int8range[] || array(SELECT range FROM next ORDER BY range)
    WHERE cardinality($1::bigint[]) > 0 OR EXISTS (SELECT FROM next)
)
SELECT id, topic, key, value FROM outbox WHERE id = ANY (array(SELECT unnest(ids) FROM next)) ORDER BY id
"""
_LARGEST_ID = 2**63 - 1


class InflightMissing(Exception):
    """Rows in flight are gone from the outbox: somebody deleted them by hand. They cannot be sent again with the same numbers."""


@dataclass(slots=True, kw_only=True)
class _Batch:
    """Rows in flight: their ids, how many each topic has, the futures of Kafka's acknowledgements, the next numbers after them."""

    rows: Sequence[asyncpg.Record]
    ids: Sequence[range]
    topics: Mapping[str, int]
    acks: list[asyncio.Future[Any]] = field(default_factory=list)
    numbers: Mapping[tuple[str, int], int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Session:
    """The state of the relay that holds the lock; a new one after every error.

    Stored as in flight, in this order: the batches in `in_flight`, then the rows in `chosen`, which are sent next. `gone` are ids of rows
    that this session has deleted: until it is vacuumed, PostgreSQL would step over what the index has left of each in every round.
    """

    conn: asyncpg.Connection
    producer: AIOKafkaProducer
    settings: Settings
    epoch: int
    numbers: dict[tuple[str, int], int] = field(default_factory=dict)  # the next ones, after everything that was sent
    partitions: dict[str, int] = field(default_factory=dict)
    checked: set[str] = field(default_factory=set)
    in_flight: deque[_Batch] = field(default_factory=deque)
    chosen: list[asyncpg.Record] = field(default_factory=list)
    gone: Sequence[range] = ()
    growths: dict[tuple[str, int], Growth] = field(default_factory=dict)  # of partitions that were added
    look_at: float = 0.0  # when to see whether more are wanted


async def run(database: Database, url: str, settings: Settings, health: Health) -> None:
    """Send what is in the outbox until cancelled; one relay per database works, others wait for its lock.

    Any error drops connection and producer, raises the condition "relay" and starts again with back-off.
    Cancelled, it waits for acknowledgements within SETTLE_SECONDS.
    """
    failures, metrics = 0, DeliveryMetrics(canaries=canary.is_on(settings))
    while True:
        began = time.monotonic()
        try:
            await _relay_once(database, url, settings, health, metrics)
        except _TRANSIENT as error:
            failures = 1 if time.monotonic() - began > 60 else failures + 1
            health.raise_condition(CONDITION, f"{type(error).__name__}: {error}")
            database.wake.set()  # for what was committed here: another process, which may have the lock now, is notified
            await asyncio.sleep(backoff(failures, first=0.1))


async def _relay_once(database: Database, url: str, settings: Settings, health: Health, metrics: DeliveryMetrics) -> None:
    conn = await connect(url, application=f"laowu-{database.service}-relay")
    producer, session = None, None
    try:
        await conn.execute(_PREPARE_SESSION, f"{int(ZOMBIE_SECONDS * 1000)}ms")
        while not await conn.fetchval(_TRY_LOCK, RELAY_LOCK):  # polled: a waiting statement would run into its timeout
            health.clear_condition(CONDITION)  # a peer does the work
            metrics.reset()
            await _pass_on(conn, database.wake, random.uniform(*LOCK_SECONDS))
        await conn.add_listener(_CHANNEL, lambda *_: database.wake.set())
        await metrics.measure(conn)  # before Kafka is needed: what waits while it is away is what operators want to see
        producer = await kafka.open_producer(settings)
        session = await _resume(conn, producer, settings, database.service)
        await _forward_all(session, database, health, metrics)
    finally:
        conn.terminate()
        for ack in (ack for batch in session.in_flight for ack in batch.acks) if session else ():
            ack.add_done_callback(lambda done: done.cancelled() or done.exception())  # retrieved: one of them is being raised
        if producer is not None:
            await asyncio.shield(kafka.stop_producer(producer, 3))


async def _pass_on(conn: asyncpg.Connection, wake: asyncio.Event, seconds: float) -> None:
    """For so long: what is committed in this process wakes the relay that has the lock, in another one."""
    await _wait(wake, seconds)
    if wake.is_set():
        wake.clear()
        await conn.execute(_NOTIFY)
        await asyncio.sleep(GATHER_SECONDS[0])


async def _wait(wake: asyncio.Event, seconds: float) -> None:
    """For so long at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()


async def _gather(wake: asyncio.Event) -> None:
    """Wait for more rows, as long as they come one after the other; asleep, since each commit would wake it to no purpose."""
    latest = time.monotonic() + GATHER_SECONDS[1]
    await asyncio.sleep(GATHER_SECONDS[0])
    while wake.is_set() and time.monotonic() < latest:
        wake.clear()
        await asyncio.sleep(CLOSE_SECONDS)


async def _resume(conn: asyncpg.Connection, producer: AIOKafkaProducer, settings: Settings, service: str) -> _Session:
    """Load the numbers, and the rows that the last relay may have sent: to be sent again in the same order.

    Raises InflightMissing, lost_commits.LogAhead, kafka.Unavailable.
    """
    state = await conn.fetchrow(_STATE)
    assert state is not None, "the migration inserts the one row"  # noqa: S101  # for mypy
    numbers = {(row["topic"], row["partition"]): row["next_number"] for row in await conn.fetch(_NUMBERS)}
    partitions = {row["topic"]: row["partitions"] for row in await conn.fetch(_PARTITIONS)}
    rows = await conn.fetch(_INFLIGHT_ROWS)
    if not rows and not state["inflight"]:
        partitions |= await _grow(conn, producer, settings)
    if len(rows) != state["inflight"]:
        raise InflightMissing(f"{state['inflight'] - len(rows)} rows of the outbox")
    session = _Session(
        conn=conn,
        producer=producer,
        settings=settings,
        epoch=state["epoch"],
        numbers=numbers,
        partitions=partitions,
        chosen=rows,
        growths=await growth.growths(conn),
        look_at=time.monotonic() + GROWTH_SECONDS[await growth.is_asked(conn)],
    )
    await _compare_history(session, service, state["history"])
    return session


async def _grow(conn: asyncpg.Connection, producer: AIOKafkaProducer, settings: Settings) -> dict[str, int]:
    """Take up the partitions that were added, while nothing is in flight. Raises kafka.Unavailable."""
    grown = {}
    async with conn.transaction():
        for topic, (partitions, wanted) in (await growth.asked(conn)).items():
            if await kafka.partition_count(producer, kafka.topic_name(settings, topic)) < wanted or wanted % partitions:
                continue  # the cluster does not know of them yet
            ends = await event_log.read_end_offsets(settings, [TopicPartition(topic, parent) for parent in range(partitions)])
            added = {
                one: Growth(one % partitions, ends[TopicPartition(topic, one % partitions)], wanted) for one in range(partitions, wanted)
            }
            await growth.grow(conn, topic, wanted, added)
            logger.info("%s: from now on among %d partitions, %d until now", topic, wanted, partitions)
            grown[topic] = wanted
    return grown


async def _compare_history(session: _Session, service: str, known: str | None) -> None:
    """After a failover or a restore, before anything is numbered. Raises lost_commits.LogAhead, kafka.Unavailable."""
    now = await lost_commits.history(session.conn)
    if now is None or now == known:
        return
    if known is not None:
        await lost_commits.require_none(session.conn, session.settings, service)
    await session.conn.execute(_STORE_HISTORY, now)


async def _forward_all(session: _Session, database: Database, health: Health, metrics: DeliveryMetrics) -> None:
    """Round after round. Cancelled, it finishes the round and waits for acknowledgements, within SETTLE_SECONDS.

    Returns, with nothing in flight, when partitions are to be taken up: the next relay does so before it sends anything.
    """
    idle = IDLE_SECONDS[0]
    under_way: asyncio.Future[int] | None = None
    try:
        while True:
            database.wake.clear()
            under_way = asyncio.ensure_future(_forward(session, database.wake))
            chosen = await asyncio.shield(under_way)
            health.clear_condition(CONDITION)
            await metrics.measure(session.conn)
            if time.monotonic() > session.look_at:
                session.look_at = time.monotonic() + GROWTH_SECONDS[0]
                if await growth.is_asked(session.conn):
                    under_way = asyncio.ensure_future(_forward(session, choose=False))
                    await asyncio.shield(under_way)
                    return
            if chosen or session.in_flight:
                idle = IDLE_SECONDS[0]
                continue
            await _wait(database.wake, idle)
            idle = min(idle * IDLE_GROWTH, IDLE_SECONDS[1])
    except asyncio.CancelledError:
        with contextlib.suppress(*_TRANSIENT):
            async with asyncio.timeout(SETTLE_SECONDS):
                if under_way is not None:
                    await under_way
                await _forward(session, choose=False)
        raise


async def _forward(session: _Session, wake: asyncio.Event | None = None, *, choose: bool = True) -> int:
    """One round: send the chosen rows, wait for their acknowledgement, delete them and choose the next ones. Returns how many those are.

    While a full batch is in flight, the next is already chosen, so that Kafka and PostgreSQL work at the same time. If the first is
    lost and the second is not, consumers drop the second as ahead, and both are sent again.
    `wake`: set by commits; after few rows, the next ones gather before they are chosen.
    """
    batch = _Batch(rows=session.chosen, ids=_ranges(session.chosen), topics=Counter(row["topic"] for row in session.chosen))
    session.chosen = []
    for topic in batch.topics:
        await _check_partitions(session, topic)
    if choose and len(batch.rows) >= BATCH_ROWS:
        acknowledged = await _acknowledged(session, leaving=1)
        session.in_flight.append(batch)
        sending = asyncio.ensure_future(_send(session, batch))
        try:
            await _advance(session, acknowledged, BATCH_ROWS)
        finally:
            await sending
    else:
        session.in_flight.append(batch)
        await _send(session, batch)
        acknowledged = await _acknowledged(session, leaving=0)
        if wake is not None and 0 < len(batch.rows) < FEW_ROWS:
            await _gather(wake)
        await _advance(session, acknowledged, BATCH_ROWS if choose else 0)
    return len(session.chosen)


async def _acknowledged(session: _Session, *, leaving: int) -> list[_Batch]:
    """Wait until at most `leaving` batches are in flight; returns the others, acknowledged. Raises what Kafka answered, or TimeoutError."""
    acknowledged = []
    while len(session.in_flight) > leaving:
        async with asyncio.timeout(ACK_SECONDS):
            for ack in session.in_flight[0].acks:
                await ack
        acknowledged.append(session.in_flight.popleft())
    return acknowledged


async def _advance(session: _Session, acknowledged: Sequence[_Batch], limit: int) -> None:
    """One statement: delete what was acknowledged, choose the next rows, store what is in flight, in the order of sending."""
    deleted = [ids for batch in acknowledged for ids in batch.ids]
    in_flight = [ids for batch in session.in_flight for ids in batch.ids]
    numbers = {partition: number for batch in acknowledged for partition, number in batch.numbers.items()}
    taken = _joined([*session.gone, *deleted, *in_flight])
    session.chosen = await session.conn.fetch(
        _ADVANCE,
        [ids.start for ids in deleted],
        [ids.stop for ids in deleted],
        [topic for topic, _ in numbers],
        [partition for _, partition in numbers],
        list(numbers.values()),
        [0, *(ids.stop for ids in taken)],
        [*(ids.start for ids in taken), _LARGEST_ID],
        limit,
        BATCH_BYTES,
        "{" + ",".join(f'"[{ids.start},{ids.stop})"' for ids in in_flight) + "}",
    )
    session.gone = _joined([*session.gone, *deleted])[-GONE_RANGES:]
    for batch in acknowledged:
        if traces.recorder is not None:
            traces.recorder.sent(batch.rows)
        for topic, count in batch.topics.items():
            RELAYED.labels(topic).inc(count)


def _ranges(rows: Sequence[asyncpg.Record]) -> list[range]:
    """The ids of rows, in their order: thousands that were chosen together are mostly one range."""
    ids = [row["id"] for row in rows]
    begins = [index for index, number in enumerate(ids) if index == 0 or number != ids[index - 1] + 1]
    return [range(ids[begin], ids[end - 1] + 1) for begin, end in pairwise([*begins, len(ids)])]


def _joined(ranges: Iterable[range]) -> list[range]:
    """The same ids in ascending order, in as few ranges as hold no other id."""
    joined: list[range] = []
    for ids in sorted(ranges, key=lambda ids: ids.start):
        if joined and joined[-1].stop == ids.start:
            joined[-1] = range(joined[-1].start, ids.stop)
        else:
            joined.append(ids)
    return joined


async def _send(session: _Session, batch: _Batch) -> None:
    """Hand the rows to the producer, which answers later. Raises what Kafka raises at once.

    The rows of a partition go as whole record batches: the producer's way for single records costs twice as much. It takes a partition's
    next batch when the one before is on its way: the first ones of all partitions go together, then the second ones.
    """
    batched = _batched(session, batch.rows)
    batch.numbers = {partition: session.numbers[partition] for partition in batched}
    async with asyncio.timeout(ACK_SECONDS):
        for together in zip_longest(*batched.values()):
            for (topic, partition), records in zip(batched, together, strict=True):
                if records is not None:
                    name = kafka.topic_name(session.settings, topic)
                    batch.acks.append(await session.producer.send_batch(records, name, partition=partition))


def _batched(session: _Session, rows: Sequence[asyncpg.Record]) -> dict[tuple[str, int], list[Any]]:
    """Record batches per topic and partition, each row with its next number, in order. `session.numbers` is moved on."""
    by_topic: defaultdict[str, list[tuple[bytes, bytes]]] = defaultdict(list)
    for row in rows:
        by_topic[row["topic"]].append((row["key"].encode(), row["value"]))
    by_partition: defaultdict[tuple[str, int], list[tuple[bytes, bytes]]] = defaultdict(list)
    for topic, records in by_topic.items():
        for record, partition in zip(records, partitions_of([key for key, _ in records], session.partitions[topic]), strict=True):
            by_partition[topic, partition].append(record)
    return {partition: _numbered(session, partition, records) for partition, records in by_partition.items()}


def _numbered(session: _Session, partition: tuple[str, int], records: Sequence[tuple[bytes, bytes]]) -> list[Any]:
    """Record batches of keys and values, closed: an open one would linger for more."""
    first = session.numbers.get(partition, 0)
    session.numbers[partition] = first + len(records)
    batch = session.producer.create_batch()
    batches = [batch]
    for number, (key, value) in enumerate(records, first):
        headers = [_CONTENT_TYPE, ("sequence", b"%d.%d" % (session.epoch, number))]
        if number == 0 and partition in session.growths:
            headers.append(session.growths[partition].header)
        if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
            batch = session.producer.create_batch()
            batches.append(batch)
            batch.append(key=key, value=value, timestamp=None, headers=headers)  # the first always fits
    for batch in batches:
        batch.close()
    return batches


async def _check_partitions(session: _Session, topic: str) -> None:
    """Keep to the number of partitions at first use: with another one, subjects would move, and a resent batch would get other numbers.

    Raises kafka.Unavailable.
    """
    if topic in session.checked:
        return
    count = await kafka.partition_count(session.producer, kafka.topic_name(session.settings, topic))
    if topic not in session.partitions:
        await session.conn.execute(_FIX_PARTITIONS, topic, count)
        session.partitions[topic] = count
    if count < session.partitions[topic]:
        raise kafka.Unavailable(f"topic {topic} has {count} partitions, it had {session.partitions[topic]}: was it created anew?")
    session.checked.add(topic)

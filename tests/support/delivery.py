"""Support for tests of the delivery protocol: one counting event, services that count it, and an oracle that recounts the log."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from pydantic import SecretStr

from shared import events
from shared.db import Database, Unavailable
from shared.delivery import inbox, outbox, relay
from shared.delivery.batches import Taken, chunks
from shared.delivery.consumer import Consumer
from shared.delivery.inbox import Apply
from shared.delivery.kafka import create_topics, topic_name
from shared.delivery.numbering import KafkaRecord
from shared.events import Event, EventEnvelope, JobOrderClosed
from shared.health import Health
from shared.settings import Settings
from shared.values import Channel, Destination, EnterpriseId, Occupation, OrderId, new_id
from tests.support.wait import until

TOPIC = events.DOCKING
# What a counting service keeps: every application of an event, in order.
TALLY = """
CREATE TABLE IF NOT EXISTS tally (
    rank bigint GENERATED ALWAYS AS IDENTITY, event_id uuid NOT NULL, subject text NOT NULL, n integer NOT NULL
)
"""


def settings(kafka: str, prefix: str, **changes: Any) -> Settings:
    """For one process of a test; nothing listens on the port."""
    values: dict[str, Any] = {
        "kafka_bootstrap_servers": kafka,
        "database_url": SecretStr("postgresql://unused"),
        "http_port": 1,
        "auth_jwks": Path(os.devnull),
        "topic_prefix": prefix,
        "topic_partitions": 3,
        "stuck_seconds": 20,
        "gap_alarm_seconds": 60,
    }
    return Settings(**(values | changes))


async def settings_with_topics(kafka: str, prefix: str, names: Sequence[str], **changes: Any) -> Settings:
    """The same, once the topics are there."""
    made = settings(kafka, prefix, **changes)
    await create_topics(made, names)
    return made


def an_event(order: UUID, n: int = 1) -> JobOrderClosed:
    """An event with a number in it, of the subject `order`."""
    return JobOrderClosed(
        order=OrderId(order),
        enterprise=EnterpriseId(UUID(int=1)),
        destination=Destination("JPN"),
        occupation=Occupation("7212"),
        channel=Channel.LABOUR_COOPERATION,
        effective=date(2020, 1, 31),
        unfilled=n,
    )


def value_of(order: UUID, n: int = 1, *, traceparent: str | None = None) -> bytes:
    """The event as it stands in the log."""
    identity = new_id()
    return events.encode(
        EventEnvelope(
            id=identity,
            source="/docking",
            time=datetime(2020, 2, 1, tzinfo=UTC),
            correlation_id=str(identity),
            causation_id=None,
            actor="officer:test",
            traceparent=traceparent,
            data=an_event(order, n),
        )
    )


async def publish(database: Database, *data: Event) -> list[UUID]:
    """One transaction with these events."""
    async with database.transaction(database.system_cause()) as tx:
        return [UUID(event_id) for event_id in outbox.publish(tx, *data)]


# --- records written by hand ------------------------------------------------------------------------------------------
@asynccontextmanager
async def a_producer(kafka: str) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, acks="all")
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


@dataclass(frozen=True, slots=True)
class Raw:
    """A record as another program, or a defective relay, might write it. `sequence` None: no such header."""

    value: bytes | None
    key: bytes | None
    sequence: str | bytes | None
    partition: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()


def numbered(order: UUID, number: int, n: int = 1, *, epoch: int = 1, partition: int = 0) -> Raw:
    """What a relay would write."""
    return Raw(value_of(order, n), str(order).encode(), f"{epoch}.{number}", partition)


async def write(kafka: str, config: Settings, *records: Raw, topic: str = TOPIC) -> None:
    async with a_producer(kafka) as producer:
        for record in records:
            headers = list(record.headers)
            if record.sequence is not None:
                headers.append(("sequence", record.sequence if isinstance(record.sequence, bytes) else record.sequence.encode()))
            await producer.send_and_wait(
                topic_name(config, topic), record.value, key=record.key, partition=record.partition, headers=headers
            )


async def take(
    database: Database,
    records: Sequence[KafkaRecord],
    apply: Apply,
    *,
    topic_prefix: str = "",
    max_diverted: int = 10,
    simulated: bool = False,
) -> Taken:
    """The batch taken as a consumer takes it."""
    return await inbox.take(
        database,
        inbox.Batch(read=chunks(topic_prefix, records), apply=apply, simulated=simulated, max_diverted=max_diverted),
    )


# --- a service that counts --------------------------------------------------------------------------------------------
async def tally(tx: Any, recorded: EventEnvelope[Any]) -> None:
    await tx.conn.execute(
        "INSERT INTO tally (event_id, subject, n) VALUES ($1, $2, $3)", recorded.id, recorded.subject, recorded.data.unfilled
    )


async def tallied(database: Database) -> list[tuple[str, int]]:
    """(subject, n) in the order of application."""
    async with database.connection() as conn:
        return [(row["subject"], row["n"]) for row in await conn.fetch("SELECT subject, n FROM tally ORDER BY rank")]


async def dead_letters(database: Database) -> list[Any]:
    async with database.connection() as conn:
        return list(await conn.fetch("SELECT * FROM dead_letter ORDER BY id"))


async def counting(database: Database) -> Database:
    """The database with the table of tally()."""
    async with database.connection() as conn:
        await conn.execute(TALLY)
    return database


@dataclass(slots=True)
class Running:
    consumer: Consumer
    health: Health
    task: asyncio.Task[None]


@asynccontextmanager
async def consuming(
    config: Settings, database: Database, apply: Apply, *, service: str = "counter", topics: Sequence[str] = (TOPIC,), **more: Any
) -> AsyncIterator[Running]:
    """A consumer at work; stopped on leaving."""
    health = Health()
    consumer = Consumer(config, database, service, topics, apply, health=health, **more)
    task = asyncio.create_task(consumer.run())
    try:
        yield Running(consumer, health, task)
    finally:
        await consumer.stop()
        task.cancel()
        await asyncio.wait({task})


async def caught_up(running: Running, seconds: float = 15) -> None:
    """Until every record of the topics is taken. A consumer that ended raises what ended it."""

    async def level() -> bool:
        if running.task.done():
            running.task.result()
        try:
            return not any((await running.consumer.lag()).values())
        except Unavailable:  # it is still joining
            return False

    await until(level, seconds, "no lag")


@asynccontextmanager
async def relaying(config: Settings, database: Database, url: str, health: Health | None = None) -> AsyncIterator[Health]:
    """A relay at work; cancelled on leaving. `health`: of the process that it is a part of."""
    health = Health() if health is None else health
    task = asyncio.create_task(relay.run(database, url, config, health))
    try:
        yield health
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def emptied(database: Database, seconds: float = 15) -> None:
    """Until the outbox is empty."""

    async def empty() -> bool:
        async with database.connection() as conn:
            return await outbox.backlog(conn) == 0

    await until(empty, seconds, "empty outbox")


# --- the oracle -------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Recount:
    """The log recounted from its raw records, with no code of the product but the events' own format."""

    order: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # subject -> n, in order
    ids: list[str] = field(default_factory=list)
    records: int = 0

    @property
    def totals(self) -> Mapping[str, int]:
        return {subject: sum(numbers) for subject, numbers in self.order.items()}

    @property
    def repeats(self) -> int:
        return self.records - len(self.ids)


async def raw_log(kafka: str, config: Settings, topic: str = TOPIC) -> list[KafkaRecord]:
    """Every record of the topic, partition after partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic_name(config, topic), partition) for partition in range(config.topic_partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: dict[TopicPartition, list[KafkaRecord]] = defaultdict(list)
        for partition in partitions:
            consumer.seek(partition, 0)
        while any(len(found[partition]) < end for partition, end in ends.items()):
            for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                found[partition] += records
        return [record for partition in partitions for record in found[partition]]
    finally:
        await consumer.stop()


async def recount(kafka: str, config: Settings) -> Recount:
    """Written apart from shared/delivery/numbering.py on purpose: a record counts when its number is the next of its partition."""
    result, expected = Recount(), Counter[int]()
    for record in await raw_log(kafka, config):
        result.records += 1
        epoch, _, number = dict(record.headers)["sequence"].decode().partition(".")
        assert epoch == "1"
        if int(number) != expected[record.partition]:
            assert int(number) < expected[record.partition] or result.records, "a number ahead is sent again later"
            continue
        expected[record.partition] += 1
        event = json.loads(record.value)
        result.order[event["subject"]].append(event["data"]["unfilled"])
        result.ids.append(event["id"])
    return result

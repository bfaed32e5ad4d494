"""Services that catch up on a log that others have written: lives of many people, in the numbers in which the demo records them.

Each service reads its topics whole, events that it has no use for included. Beside it a raw aiokafka that only reads the same records.
"""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import db
from shared.db import Tx
from shared.delivery import kafka
from shared.delivery.consumer import Consumer, Each
from shared.delivery.partitioning import partitions_of
from shared.delivery.positions import positions
from shared.events import Event, EventEnvelope
from shared.health import Health
from shared.settings import Settings
from tests.bench import programme_log
from tests.bench.environment import BenchEnvironment, ReportStep
from tests.bench.figures import Figure, rate
from tests.support.lives import EVERY, STEPS, TOPICS, lives, register
from tests.support.wait import until

EACH = sum(step.of * step.times for step in STEPS) / EVERY  # events of a person
PER_DAY = 20  # registered: in some 1,500 days they are as many as in the demo
AT_LEAST = 15_000
SERVICES = ("registration", "docking", "training", "rights")


@dataclass(frozen=True, slots=True)
class _Timed(Each):
    """Each, and when it was called."""

    began: list[float] = field(default_factory=list)

    async def __call__(self, tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
        self.began.append(time.perf_counter())
        await Each.__call__(self, tx, events)


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    people = int(environment.life_events / EACH)
    settings = environment.settings("catching-up.")
    report(f"catching up: {environment.life_events:,} events are produced")
    await programme_log.write_records(settings, list(TOPICS.values()), _records(people, settings.topic_partitions))
    figures = []
    for service in SERVICES:
        report(f"catching up: {service}")
        topics = [topic for topic in importlib.import_module(f"services.{service}.consumers").TOPICS if topic in TOPICS.values()]
        records, seconds = await _read(settings, topics)
        ours = await _catch_up(environment, settings, service, topics, people, records)
        figures += [
            Figure(name=f"catching up, {service}", value=records / ours, unit="events/s", at_least=AT_LEAST),
            rate(f"the same {records:,} records, raw reading", [records / seconds], "events/s"),
        ]
    return figures


def _records(people: int, partitions: int) -> Iterator[programme_log.Record]:
    for event in lives(people, per_day=PER_DAY):
        (partition,) = partitions_of([event.key], partitions)
        yield event.topic, partition, event.key, event.value


async def _catch_up(environment: BenchEnvironment, settings: Settings, service: str, topics: list[str], people: int, records: int) -> float:
    """Seconds from the first batch until all records are taken; joining the group is not counted. Nothing was parked."""
    database = await db.open_database(service, await environment.database(f"catching-up-{service}", service), size=4)
    if service == "registration":
        await register(database, people)
    apply = _Timed(importlib.import_module(f"services.{service}.consumers").HANDLERS)
    consumer = Consumer(settings, database, service, topics, apply, health=Health())
    running = asyncio.create_task(consumer.run())

    async def level() -> bool:
        if running.done():
            running.result()
        async with database.connection() as conn:
            return sum(one.next_offset for one in (await positions(conn)).values()) == records

    try:
        await until(level, 3600, f"{service} has caught up")
        seconds = time.perf_counter() - apply.began[0]
        async with database.connection() as conn:
            parked = await conn.fetchval("SELECT count(*) FROM dead_letter")
        if parked:
            raise AssertionError(f"{service} has parked {parked} events")
        return seconds
    finally:
        await consumer.stop()
        running.cancel()
        await asyncio.wait({running})
        await db.close_database(database)


async def _read(settings: Settings, topics: list[str]) -> tuple[int, float]:
    """How many records, and the seconds from the first to the last."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers, max_partition_fetch_bytes=2 * 1024 * 1024)
    await consumer.start()
    try:
        partitions = [
            TopicPartition(kafka.topic_name(settings, topic), number) for topic in topics for number in range(settings.topic_partitions)
        ]
        ends = sum((await consumer.end_offsets(partitions)).values())
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        began, seen = time.perf_counter(), 0
        while seen < ends:
            seen += sum(map(len, (await consumer.getmany(timeout_ms=1_000, max_records=2_000)).values()))
        return seen, time.perf_counter() - began
    finally:
        await consumer.stop()

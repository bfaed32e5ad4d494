"""A consumer with a handler of its own, one insert a batch, against raw aiokafka that only reads the same log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared import db
from shared.db import Tx
from shared.delivery import kafka
from shared.delivery.consumer import Consumer, Together, each
from shared.events import EventEnvelope, WorkerRegistered
from shared.health import Health
from shared.metrics import APPLIED
from shared.settings import Settings
from tests.bench import load
from tests.bench.environment import BenchEnvironment, ReportStep
from tests.bench.figures import Figure, rate
from tests.bench.relaying import counted, relay_all
from tests.support.wait import until

EVENTS = 60_000
ROUNDS = 3
AT_LEAST = 30_000
READ_MODEL = "CREATE TABLE worker (worker uuid PRIMARY KEY, county text NOT NULL, effective date NOT NULL)"
INSERT = """
INSERT INTO worker (worker, county, effective) SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[]) ON CONFLICT (worker) DO NOTHING
"""


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    settings = environment.settings("consuming.")
    report(f"consumer: {EVENTS:,} events are produced")
    await relay_all(settings, await environment.database("consuming-from"), load.rows(EVENTS))
    applied: list[float] = []
    read: list[float] = []
    for number in range(ROUNDS):
        report(f"consumer: round {number + 1} of {ROUNDS}")
        applied.append(EVENTS / await _consume(settings, await environment.database(f"consuming-{number}"), f"counter{number}"))
        read.append(EVENTS / await _read(settings))
    consumer = Figure(
        name="consumer, one insert a batch", value=median(applied), unit="events/s", at_least=AT_LEAST, samples=tuple(applied)
    )
    return [consumer, rate("raw consumer, reading only", read, "events/s")]


async def _consume(settings: Settings, url: str, service: str) -> float:
    """Seconds from the first batch to the commit of the last: joining the group is not counted."""
    database = await db.open_database(service, url, size=2)
    async with database.connection() as conn:
        await conn.execute(READ_MODEL)
    before, began = counted(APPLIED), list[float]()
    applying = each({WorkerRegistered: Together(_insert_workers)})

    async def apply(tx: Tx, events: Any) -> None:
        began.append(time.perf_counter())
        await applying(tx, events)

    consumer = Consumer(settings, database, service, [load.TOPIC], apply, health=Health())
    running = asyncio.create_task(consumer.run())

    try:
        await until(lambda: counted(APPLIED) - before >= EVENTS, 120, "every event applied")
        return time.perf_counter() - began[0]
    finally:
        await consumer.stop()
        running.cancel()
        await asyncio.wait({running})
        await db.close_database(database)


async def _insert_workers(tx: Tx, recorded: Sequence[EventEnvelope[WorkerRegistered]]) -> None:
    entries = ((one.data.worker, one.data.origin.county, one.data.effective) for one in recorded)
    await tx.conn.execute(INSERT, *zip(*entries, strict=True))


async def _read(settings: Settings) -> float:
    """Seconds from the first record to the last."""
    topic = kafka.topic_name(settings, load.TOPIC)
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers, max_partition_fetch_bytes=2 * 1024 * 1024)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, partition) for partition in range(settings.topic_partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        began, seen = 0.0, 0
        while seen < EVENTS:
            batches = await consumer.getmany(timeout_ms=1_000, max_records=2_000)
            began = began or time.perf_counter()
            seen += sum(map(len, batches.values()))
        return time.perf_counter() - began
    finally:
        await consumer.stop()

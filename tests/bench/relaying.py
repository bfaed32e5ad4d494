"""The relay, from a filled outbox, against raw aiokafka producing the same bytes to the same partitions with the same settings."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

from prometheus_client import Counter

from shared import db
from shared.delivery import kafka, relay
from shared.delivery.partitioning import partitions_of
from shared.health import Health
from shared.metrics import RELAYED
from shared.settings import Settings
from tests.bench import load
from tests.bench.environment import BenchEnvironment, ReportStep
from tests.bench.figures import Figure, rate, ratio
from tests.support.wait import until

EVENTS = 150_000  # a second's worth: to connect and to settle takes as long as 6,000
ROUNDS = 5
AT_LEAST = 0.9
_CONTENT_TYPE = ("content-type", b"application/cloudevents+json; charset=UTF-8")


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    """Both sides alternate over the rounds; opening and closing their connections is part of their time."""
    url = await environment.database("relaying")
    filling = load.rows(EVENTS)
    for side in (relay_all, _raw):  # the broker is slower until its code is compiled
        await side(environment.settings("warm."), url, filling)
    relayed: list[float] = []
    raw: list[float] = []
    for number in range(ROUNDS):
        report(f"relay: round {number + 1} of {ROUNDS}")
        for side in (_raw, relay_all) if number % 2 else (relay_all, _raw):
            settings = environment.settings(f"{'raw' if side is _raw else 'relay'}-{number}.")
            (relayed if side is relay_all else raw).append(EVENTS / await side(settings, url, filling))
    return [
        ratio("relay / raw producer", relayed, raw, AT_LEAST),
        rate("relay", relayed, "events/s"),
        rate("raw producer, same bytes", raw, "events/s"),
    ]


async def relay_all(settings: Settings, url: str, filling: Sequence[load.Row]) -> float:
    """Seconds from its start until the last batch is acknowledged and deleted."""
    await kafka.create_topics(settings, [load.TOPIC])
    conn = await db.connect(url, application="bench", seconds=3600)
    try:
        await load.fill(conn, filling)
    finally:
        await conn.close()
    database = await db.open_database("bench", url, size=2)
    before = counted(RELAYED)
    began = time.perf_counter()
    task = asyncio.create_task(relay.run(database, url, settings, Health()))
    try:
        await until(lambda: counted(RELAYED) - before >= len(filling), 120, "outbox relayed")
        return time.perf_counter() - began
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await db.close_database(database)


def counted(counter: Counter) -> float:
    """Events of the topic that this process has relayed or applied, counted once their transaction is committed."""
    samples = next(iter(counter.labels(load.TOPIC).collect())).samples
    return next(sample.value for sample in samples if sample.name.endswith("_total"))


async def _raw(settings: Settings, _url: str, filling: Sequence[load.Row]) -> float:
    """Seconds from its start until the last ack. The records are prepared before: only producing them is measured."""
    await kafka.create_topics(settings, [load.TOPIC])
    topic, sends = kafka.topic_name(settings, load.TOPIC), _records(filling, settings.topic_partitions)
    began = time.perf_counter()
    producer = await kafka.open_producer(settings)
    try:
        acks = [await producer.send(topic, **record) for record in sends]
        for ack in acks:
            await ack
        return time.perf_counter() - began
    finally:
        await kafka.stop_producer(producer, 5)


def _records(filling: Sequence[load.Row], partitions: int) -> list[dict[str, Any]]:
    keys = [key.encode() for _, _, key, _ in filling]
    return [
        {"value": row[3], "key": key, "partition": partition, "headers": [_CONTENT_TYPE, ("sequence", b"1.%d" % (number // partitions))]}
        for number, (row, key, partition) in enumerate(zip(filling, keys, partitions_of(keys, partitions), strict=True))
    ]

"""The stats process is killed at random moments while it counts; after each kill, and at the end, every digest is equal."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from aiokafka import AIOKafkaProducer

from services.stats.figures.freshness import SOURCES
from services.stats.replay.audit import Audit, audit
from shared import db
from shared.delivery.kafka import topic_name
from shared.events import encode
from shared.settings import Settings
from tests.conftest import MakeDatabaseUrl
from tests.support import delivery, stats_process
from tests.support.stats import POOR_WEST, corrected, departure, dispatched, income, paid, recorded
from tests.support.wait import until

PARTITIONS, PLACEMENTS, KILLS = 3, 1_500, 4  # placements per kill
EVENTS = PLACEMENTS * 2 + PLACEMENTS // 3


async def test_killed_at_random_while_counting_every_digest_is_equal(
    kafka: str, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    config = await delivery.settings_with_topics(kafka, topic_prefix, SOURCES, topic_partitions=PARTITIONS)
    url, log = await make_database_url("stats"), SourceLog(config)
    stats = stats_process.configure(kafka, topic_prefix, url, tmp_path, partitions=PARTITIONS)
    seed = random.randrange(10**6)
    choice, counted = random.Random(seed), 0
    for _ in range(KILLS):
        process = await stats.start()
        writing = asyncio.create_task(log.write())
        await _until_counted(url, counted + choice.randrange(1, EVENTS))
        process.kill()
        await process.wait()
        await writing
        found = await _audited(config, url)
        assert found.clean, f"seed {seed}: {found}"
        counted = found.events
    assert counted > 0, f"seed {seed}"
    process = await stats.start()
    await _until_counted(url, KILLS * EVENTS)
    process.terminate()
    await process.wait()
    found = await _audited(config, url)
    assert (found.clean, found.events) == (True, KILLS * EVENTS), f"seed {seed}: {found}"


@dataclass(slots=True)
class SourceLog:
    """What the sources have published so far, numbered as by their relays."""

    config: Settings
    numbers: Counter[tuple[str, int]] = field(default_factory=Counter)

    async def write(self) -> None:
        """Departures, a third of them corrected, and a wage for each, while the process counts."""
        async with AIOKafkaProducer(bootstrap_servers=self.config.kafka_bootstrap_servers, acks="all") as producer:
            for n in range(PLACEMENTS):
                out, partition = dispatched(), n % PARTITIONS
                published = [out, *([corrected(out, departure(POOR_WEST))] if n % 3 == 0 else []), income(out, paid(800_000 + n))]
                for data in published:
                    topic_partition = data.TOPIC, partition
                    headers = [("sequence", f"1.{self.numbers[topic_partition]}".encode())]
                    self.numbers[topic_partition] += 1
                    topic, value = topic_name(self.config, data.TOPIC), encode(recorded(data))
                    await producer.send(topic, value, key=data.subject.encode(), partition=partition, headers=headers)
                if n % 50 == 0:
                    await producer.flush()


async def _until_counted(url: str, events: int) -> None:
    """Wait until the process has counted so many events."""
    conn = await db.connect(url, application="test")
    try:

        async def counted() -> bool:
            return bool(await conn.fetchval("SELECT coalesce(sum(events), 0) >= $1 FROM applied", events))

        await until(counted, 60, f"{events} events counted")
    finally:
        await conn.close()


async def _audited(config: Settings, url: str) -> Audit:
    conn = await db.connect(url, application="test")
    try:
        return await audit(config, conn)
    finally:
        await conn.close()

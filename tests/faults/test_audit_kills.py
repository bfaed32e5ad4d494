"""The stats process is killed at random moments while it counts; after each kill, and at the end, every digest is equal."""

from __future__ import annotations

import random
from pathlib import Path

from aiokafka import AIOKafkaProducer

from services.stats.audit import Audit, audit
from services.stats.freshness import SOURCES
from shared import db
from shared import kafka as topics
from shared.events import DOCKING, RIGHTS, Data, encode
from shared.kafka import topic_name
from shared.settings import Settings
from tests.conftest import MakeDatabaseUrl
from tests.support import delivery, stats_process
from tests.support.stats import POOR_WEST, corrected, departure, dispatched, income, paid, recorded
from tests.support.wait import until

PARTITIONS, PLACEMENTS, KILLS = 3, 6_000, 4


async def test_killed_at_random_while_counting_every_digest_is_equal(
    kafka: str, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    config = delivery.settings(kafka, topic_prefix, topic_partitions=PARTITIONS)
    await topics.create_topics(config, SOURCES)
    written = await _write(config)
    url = await make_database_url("stats")
    place = stats_process.place(kafka, topic_prefix, url, tmp_path, partitions=PARTITIONS)
    seed = random.randrange(10**6)
    choice, counted = random.Random(seed), 0
    for _ in range(KILLS):
        process = await place.start()
        await _beyond(url, counted + choice.randrange(1, written // (2 * KILLS)))
        process.kill()
        await process.wait()
        found = await _audited(config, url)
        assert found.clean, f"seed {seed}: {found}"
        counted = found.events
    assert 0 < counted < written, f"seed {seed}: killed too late to tell"
    process = await place.start()
    await _beyond(url, written)
    process.terminate()
    await process.wait()
    found = await _audited(config, url)
    assert (found.clean, found.events) == (True, written), f"seed {seed}: {found}"


async def _write(config: Settings) -> int:
    """Departures, a third corrected, and a wage for each. Returns how many events."""
    number = dict[tuple[str, int], int]()
    async with AIOKafkaProducer(bootstrap_servers=config.kafka_bootstrap_servers, acks="all") as producer:

        async def send(data: Data, partition: int) -> None:
            place = data.TOPIC, partition
            n = number[place] = number.get(place, -1) + 1
            value, headers = encode(recorded(data)), [("sequence", f"1.{n}".encode())]
            await producer.send(topic_name(config, data.TOPIC), value, key=data.subject.encode(), partition=partition, headers=headers)

        for n in range(PLACEMENTS):
            out = dispatched()
            await send(out, n % PARTITIONS)
            if n % 3 == 0:
                await send(corrected(out, departure(POOR_WEST)), n % PARTITIONS)
            await send(income(out, paid(800_000 + n)), n % PARTITIONS)
    assert {topic for topic, _ in number} == {DOCKING, RIGHTS}
    return sum(n + 1 for n in number.values())


async def _beyond(url: str, events: int) -> None:
    """Until the process has counted so many."""
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

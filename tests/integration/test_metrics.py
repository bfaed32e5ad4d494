"""What a service measures while it relays, consumes, publishes and rebuilds, as `/metrics` serves it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from services.stats import consumers
from services.stats.publishing import publisher
from services.stats.queries import generations
from services.stats.replay import rebuild
from shared.db import Database, close_database, open_database
from shared.delivery.consumer import each
from shared.delivery.event_log import Mark
from shared.delivery.numbering import Number
from shared.delivery.positions import TopicPartition
from shared.events import DOCKING, JobOrderClosed
from shared.settings import Settings
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support.delivery import Raw, an_event, caught_up, consuming, counting, numbered, publish, relaying, tally, value_of, write
from tests.support.http import Client, Start
from tests.support.stats import dispatched, recorded
from tests.support.wait import until

A, B = UUID(int=0xA), UUID(int=0xB)


async def samples(client: Client) -> dict[tuple[str, ...], float]:
    """(name, value of each label in the order of their names) -> value."""
    text = (await client.get("/metrics")).body.decode()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def reaches(client: Client, name: str, least: float, most: float, *labels: str) -> None:
    """Until the sample lies between the two."""

    async def there() -> bool:
        return least <= (await samples(client)).get((name, *labels), float("nan")) <= most

    await until(there, 20, f"{name} between {least} and {most}")


@pytest_asyncio.fixture(loop_scope="session")
async def url(make_database_url: MakeDatabaseUrl) -> str:
    return await make_database_url("docking")


@pytest_asyncio.fixture(loop_scope="session")
async def database(url: str) -> AsyncIterator[Database]:
    opened = await open_database("docking", url, size=4)
    yield await counting(opened)
    await close_database(opened)


async def test_a_relay_measures_what_waits_even_while_kafka_is_away(config: Settings, database: Database, url: str, client: Start) -> None:
    served = await client("docking")
    await publish(database, an_event(A), an_event(B))
    async with relaying(config.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"}), database, url):
        await reaches(served, "laowu_outbox_rows", 2, 2)
        await reaches(served, "laowu_outbox_age_seconds", 0.001, 60)
    async with relaying(config, database, url):
        await reaches(served, "laowu_outbox_rows", 0, 0)
        await reaches(served, "laowu_outbox_age_seconds", 0, 0)
        async with relaying(config, database, url):  # another waits for the lock, and measures nothing
            await reaches(served, "laowu_dead_letters", 0, 0)


async def test_a_consumer_measures_lag_batches_and_gaps(kafka: str, config: Settings, database: Database, client: Start) -> None:
    served = await client("docking")
    before = (await samples(served))["laowu_batch_seconds_count",]
    await write(kafka, config, numbered(A, 0), numbered(A, 2), numbered(B, 0, partition=1))  # number 1 is missing
    async with consuming(config, database, each({JobOrderClosed: tally})) as running:
        await caught_up(running)
        await reaches(served, "laowu_consumer_lag_records", 0, 0, "0", DOCKING)
        await reaches(served, "laowu_gap_age_seconds", 0.1, 60, "0", DOCKING)
        await reaches(served, "laowu_gap_age_seconds", 0, 0, "1", DOCKING)
        running.consumer._taker._stopping = True  # what is written now is not taken
        await write(kafka, config, numbered(B, 1, partition=1), numbered(B, 2, partition=1))
        await reaches(served, "laowu_consumer_lag_records", 2, 2, "1", DOCKING)
    found = await samples(served)
    assert found["laowu_batch_seconds_count",] > before
    assert 0 < found["laowu_batch_seconds_sum",] / found["laowu_batch_seconds_count",] < 10


async def test_open_dead_letters_are_counted(kafka: str, config: Settings, database: Database, url: str, client: Start) -> None:
    served = await client("docking")
    await write(kafka, config, Raw(b"?", str(A).encode(), "1.0"), Raw(value_of(B), str(B).encode(), None))
    async with consuming(config, database, each({JobOrderClosed: tally})) as running:
        await caught_up(running)
    async with relaying(config, database, url):
        await reaches(served, "laowu_dead_letters", 2, 2)


async def test_stats_measures_how_old_events_are_when_their_figures_are_published(make_database: MakeDatabase, client: Start) -> None:
    served, database = await client("stats"), await make_database("stats")
    before = (await samples(served)).get(("laowu_publish_delay_seconds_count",), 0.0)
    async with database.transaction(database.system_cause()) as tx:
        await consumers.apply(tx, [recorded(dispatched())])
    for _ in range(2):  # the second has nothing new
        async with database.transaction(database.system_cause()) as tx:
            await publisher.publish(tx, {})
    found = await samples(served)
    assert found["laowu_publish_delay_seconds_count",] == before + 1
    assert found["laowu_publish_delay_seconds_sum",] > 0


async def test_stats_measures_how_far_a_rebuild_has_come_in_whatever_process(client: Start) -> None:
    served = await client("stats")
    measuring = asyncio.create_task(rebuild.run_progress_metric(served.service))
    try:
        await reaches(served, "laowu_rebuild_progress_ratio", 1, 1)
        async with served.database.transaction(served.database.system_cause()) as tx:
            await tx.conn.execute("INSERT INTO consumed (topic, partition, next_offset) VALUES ($1, 0, 400)", DOCKING)
            generation = await generations.insert_building(tx, rebuild.rules_digest())
            moved = {TopicPartition(DOCKING, 0): (Mark(), Mark(100, Number(1, 100)))}
            assert await generations.update_marks(tx, generation, moved)
        await reaches(served, "laowu_rebuild_progress_ratio", 0.25, 0.25)
    finally:
        measuring.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await measuring

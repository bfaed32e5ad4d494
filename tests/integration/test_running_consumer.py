"""A consumer while it runs: what ends its process, what it says of itself, and two of a group."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio

from shared.db import Database, Tx, Unavailable
from shared.delivery import subscription, watchdog
from shared.delivery.consumer import Stuck, each
from shared.delivery.subscription import FetchedBatch
from shared.events import EventEnvelope, JobOrderClosed
from shared.settings import Settings
from shared.values import new_id
from tests.conftest import MakeDatabase
from tests.integration.test_consumer import TALLY, A
from tests.support import delivery
from tests.support.delivery import Running, caught_up, consuming, counting, numbered, tallied, tally, write
from tests.support.wait import until
from tests.unit.test_watchdog import FakeTime


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase) -> Database:
    return await counting(await make_database("rights"))


async def test_a_database_that_lacks_a_column_raises_a_condition(kafka: str, config: Settings, database: Database) -> None:
    async with database.connection() as conn:
        await conn.execute("ALTER TABLE consumed DROP COLUMN gap_since")
    await write(kafka, config, numbered(A, 0))
    async with consuming(config, database, TALLY) as running:
        await until(lambda: "UndefinedColumn" in running.health.conditions.get("consumer", ""))


async def test_an_unexpected_error_ends_the_process(config: Settings, database: Database) -> None:
    async with consuming(config, database, TALLY) as running:
        await running.consumer._taker.handle(FetchedBatch([object()], 0))
        await until(running.task.done)
        with pytest.raises(AttributeError):
            running.task.result()


async def test_a_handler_that_hangs_is_noticed(kafka: str, config: Settings, database: Database) -> None:
    async def hang(_tx: Tx, _recorded: EventEnvelope[Any]) -> None:
        await asyncio.Event().wait()

    impatient = config.model_copy(update={"stuck_seconds": 1.0, "drain_seconds": 1.0})
    await write(kafka, config, numbered(A, 0))
    async with consuming(impatient, database, each({JobOrderClosed: hang})) as running:
        await until(running.task.done)
        with pytest.raises(Stuck):
            running.task.result()


async def test_every_event_of_a_batch_is_a_sign_of_life_however_slow_the_database(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes more than half of the watchdog's patience by its own clock, which nothing else moves, and all of them many times that."""
    clock, at_work = FakeTime(), list[Running]()
    monkeypatch.setattr(watchdog, "time", clock)

    async def takes_long(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        clock.passed += 0.6 * config.stuck_seconds
        await a_look(at_work[0])  # which may have begun before
        await a_look(at_work[0])
        await tally(tx, recorded)

    await write(kafka, config, *(numbered(A, n, n) for n in range(6)))
    async with consuming(config, database, each({JobOrderClosed: takes_long})) as running:
        at_work.append(running)
        await caught_up(running, 30)
    assert [n for _, n in await tallied(database)] == list(range(6))


async def a_look(running: Running) -> None:
    """Until the watchdog has looked, or has ended the consumer."""
    watching = running.consumer._watchdog
    seen = watching._standstill._seen
    running.consumer._wake.set()

    def looked() -> bool:
        return running.task.done() or watching._standstill._seen is not seen

    await until(looked, 20)


async def test_what_comes_after_a_pause_is_read_at_once(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscription, "IDLE_GROWTH", 250)
    monkeypatch.setattr(subscription, "IDLE_FETCH_MS", 25_000)  # longer than it is waited for here
    async with consuming(config, database, TALLY) as running:
        await caught_up(running)
        await until(lambda: running.consumer._subscription._started._fetcher._fetch_max_wait_ms == subscription.IDLE_FETCH_MS)
        await write(kafka, config, numbered(A, 0))
        await caught_up(running, 5)
    assert len(await tallied(database)) == 1


async def test_lag_is_the_broker_s_end_less_what_is_stored(kafka: str, config: Settings, database: Database) -> None:
    async with consuming(config, database, TALLY) as running:
        await caught_up(running)
        running.consumer._taker.halted = True
        await write(kafka, config, numbered(A, 0), numbered(A, 1), numbered(A, 0, partition=2))
        assert await running.consumer.lag() == {"docking.events/0": 2, "docking.events/1": 0, "docking.events/2": 1}


async def test_without_kafka_the_process_lives_and_raises_a_condition(topic_prefix: str, database: Database) -> None:
    nowhere = delivery.settings("127.0.0.1:1", topic_prefix)
    async with consuming(nowhere, database, TALLY) as running:
        await until(lambda: "kafka" in running.health.conditions)
        with pytest.raises(Unavailable):
            await running.consumer.lag()
        assert not running.task.done()


# --- two owners ---------------------------------------------------------------------------------------------------------
async def test_two_consumers_of_a_group_share_the_work_and_nothing_is_applied_twice(
    kafka: str, config: Settings, database: Database
) -> None:
    order = new_id()
    async with consuming(config, database, TALLY) as first:
        await write(kafka, config, *(numbered(order, n, n, partition=p) for n in range(20) for p in range(3)))
        async with consuming(config, database, TALLY) as second:
            await write(kafka, config, *(numbered(order, n, n, partition=p) for n in range(20, 40) for p in range(3)))
            await until(lambda: first.consumer._subscription.assignment() and second.consumer._subscription.assignment(), 15)
            await caught_up(second)
            await write(kafka, config, *(numbered(order, n, n, partition=p) for n in range(40, 60) for p in range(3)))
            await caught_up(second)
        await write(kafka, config, *(numbered(order, n, n, partition=p) for n in range(60, 80) for p in range(3)))
        await caught_up(first)
        assert first.health.ready
    assert sorted(n for _, n in await tallied(database)) == sorted(list(range(80)) * 3)


async def test_groups_that_overlap_are_fenced_by_the_database(kafka: str, config: Settings, database: Database) -> None:
    """Two groups read the same partitions for the same database: as a zombie would that does not know it was replaced."""
    async with consuming(config, database, TALLY, service="one") as one, consuming(config, database, TALLY, service="other") as other:
        for start in range(0, 200, 20):
            await write(kafka, config, *(numbered(A, n, n) for n in range(start, start + 20)))
        await caught_up(one)
        await caught_up(other)
    assert [n for _, n in await tallied(database)] == list(range(200))

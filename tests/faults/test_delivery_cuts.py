"""Connections cut at the exact points where a protocol loses or doubles something, if it ever does."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from shared.db import Database, Unavailable, close_database, open_database
from shared.delivery import outbox, relay
from shared.delivery.consumer import each
from shared.events import JobOrderClosed
from shared.settings import Settings
from shared.values import new_id
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support.delivery import (
    an_event,
    caught_up,
    consuming,
    counting,
    dead_letters,
    emptied,
    numbered,
    publish,
    recount,
    relaying,
    tallied,
    tally,
    write,
)
from tests.support.tcp_proxy import AFTER, BEFORE, Point, kafka_proxy, postgres_proxy
from tests.support.wait import until

CUTS = 5
TALLY = each({JobOrderClosed: tally})
points = pytest.mark.parametrize("point", [BEFORE, AFTER], ids=["before", "after"])
# Full batches are sent while the one before is on its way; what is smaller than one goes alone.
batches = pytest.mark.parametrize("rows", [4, 2_000], ids=["full batches", "one batch"])


@pytest_asyncio.fixture(loop_scope="session")
async def url(make_database_url: MakeDatabaseUrl) -> str:
    return await make_database_url("docking")


@asynccontextmanager
async def opened(service: str, url: str) -> AsyncIterator[Database]:
    database = await open_database(service, url, size=4)
    try:
        yield database
    finally:
        await close_database(database)


async def numbers_published(kafka: str, config: Settings) -> list[int]:
    (numbers,) = (await recount(kafka, config)).order.values()
    return numbers


@points
async def test_a_command_cut_at_commit_is_published_exactly_if_committed(kafka: str, config: Settings, url: str, point: Point) -> None:
    order = new_id()
    async with opened("docking", url) as direct, postgres_proxy(url) as (proxy, through), opened("docking", through) as cut_off:
        cut = proxy.cut(point)
        with pytest.raises(Unavailable):
            await publish(cut_off, an_event(order, 1))
        await cut
        await publish(cut_off, an_event(order, 2))  # the service goes on with another connection
        async with relaying(config, direct, url):
            await emptied(direct)
    assert await numbers_published(kafka, config) == ([2] if point is BEFORE else [1, 2])


async def test_a_lost_connection_is_reported_as_unavailable_even_when_its_error_was_swallowed(url: str) -> None:
    async def go_on_regardless(database: Database) -> None:
        async with database.transaction(database.system_cause()) as tx:
            with contextlib.suppress(asyncpg.PostgresError):
                await tx.conn.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            outbox.publish(tx, an_event(new_id()))

    async with opened("docking", url) as database:
        with pytest.raises(Unavailable):
            await go_on_regardless(database)


@points
@batches
async def test_a_relay_cut_from_postgres_at_commit_loses_and_doubles_nothing(
    kafka: str, config: Settings, url: str, point: Point, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH_ROWS", rows)
    order, n = new_id(), 0
    async with opened("docking", url) as database, postgres_proxy(url) as (proxy, through), relaying(config, database, through) as health:
        for _ in range(CUTS):
            cut = proxy.cut(point)
            for _ in range(3):
                await publish(database, *(an_event(order, n + i) for i in range(10)))
                n += 10
            await cut
        await emptied(database)
        await until(lambda: health.ready)
    assert await numbers_published(kafka, config) == list(range(n))


@points
@batches
async def test_a_relay_cut_from_kafka_at_the_produce_request_loses_and_doubles_nothing(
    kafka: str, config: Settings, url: str, point: Point, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH_ROWS", rows)
    order, n = new_id(), 0
    async with opened("docking", url) as database, kafka_proxy(kafka) as (proxy, through):
        cut_off = config.model_copy(update={"kafka_bootstrap_servers": through})
        async with relaying(cut_off, database, url) as health:
            for _ in range(CUTS):
                cut = proxy.cut(point)
                await publish(database, *(an_event(order, n + i) for i in range(30)))
                n += 30
                await cut
            await emptied(database)
            await until(lambda: health.ready)
    assert proxy.cuts == CUTS
    assert await numbers_published(kafka, config) == list(range(n))


async def test_a_relay_whose_kafka_stops_answering_reconnects(
    kafka: str, config: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "ACK_SECONDS", 1.0)
    order = new_id()
    async with (
        opened("docking", url) as database,
        kafka_proxy(kafka) as (proxy, through),
        relaying(config.model_copy(update={"kafka_bootstrap_servers": through}), database, url) as health,
    ):
        await publish(database, an_event(order, 0))
        await emptied(database)
        proxy.stall()
        await publish(database, an_event(order, 1))
        await until(lambda: "relay" in health.conditions)
        proxy.resume()
        await emptied(database)
        await until(lambda: health.ready)
    assert await numbers_published(kafka, config) == [0, 1]


async def test_a_relay_whose_connection_is_stalled_loses_its_lock_to_another(
    kafka: str, config: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped keeps its connection; the server ends the idle session, and with it the lock."""
    monkeypatch.setattr(relay, "ZOMBIE_SECONDS", 1.0)
    order = new_id()
    async with opened("docking", url) as database, postgres_proxy(url) as (proxy, through), relaying(config, database, through):
        await publish(database, an_event(order, 0))
        await emptied(database)
        proxy.stall()
        await publish(database, an_event(order, 1))
        async with relaying(config, database, url):
            await emptied(database)
            await publish(database, an_event(order, 2))
            await emptied(database)
            proxy.resume()
            await publish(database, an_event(order, 3))
            await emptied(database)
    assert await numbers_published(kafka, config) == [0, 1, 2, 3]


@points
async def test_a_consumer_cut_from_postgres_at_commit_applies_everything_once(
    kafka: str, config: Settings, make_database_url: MakeDatabaseUrl, point: Point
) -> None:
    url, n = await make_database_url("rights"), 0
    async with opened("rights", url) as direct, postgres_proxy(url, only="laowu-rights") as (proxy, through):
        await counting(direct)
        async with opened("rights", through) as cut_off, consuming(config, cut_off, TALLY) as running:
            for _ in range(CUTS):
                cut = proxy.cut(point)
                await write(kafka, config, *(numbered(new_id(), n + i, n + i) for i in range(10)))
                n += 10
                await cut
            await caught_up(running)
            await until(lambda: running.health.ready)
        assert [number for _, number in await tallied(direct)] == list(range(n))
        assert await dead_letters(direct) == []


async def test_a_consumer_cut_from_kafka_reads_on(kafka: str, config: Settings, make_database: MakeDatabase) -> None:
    database, n = await counting(await make_database("rights")), 0
    async with kafka_proxy(kafka) as (proxy, through):
        cut_off = config.model_copy(update={"kafka_bootstrap_servers": through})
        async with consuming(cut_off, database, TALLY) as running:
            for _ in range(CUTS):
                await write(kafka, config, *(numbered(new_id(), n + i, n + i) for i in range(20)))
                n += 20
                proxy.drop()
            await until(lambda: _count_is(database, n), 20)
            assert not running.task.done()
    assert [number for _, number in await tallied(database)] == list(range(n))


async def _count_is(database: Database, n: int) -> bool:
    return len(await tallied(database)) >= n

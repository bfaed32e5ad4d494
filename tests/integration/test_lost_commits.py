"""A database that is older than the log, as after a failover to a standby that was behind: no number is given out again."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest_asyncio

from shared.db import Database, close_database, connect, open_database
from shared.delivery import kafka, relay, restoring
from shared.delivery.consumer import each
from shared.events import JobOrderClosed
from shared.settings import Settings
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support import delivery
from tests.support.delivery import caught_up, consuming, counting, emptied, recount, relaying, tallied, tally
from tests.support.wait import until

A = UUID(int=0xA)
Copy = Callable[[str], Awaitable[str]]


@pytest_asyncio.fixture(loop_scope="session")
async def copy(postgres: str) -> AsyncIterator[Copy]:
    """`await copy(url)`: URL of a database that is as that one is now; no connection may be open to it."""
    admin, made = await asyncpg.connect(postgres), list[str]()

    async def take(url: str) -> str:
        made.append(f"copy_{uuid.uuid4().hex[:12]}")
        await admin.execute(f'CREATE DATABASE {made[-1]} TEMPLATE "{urlsplit(url).path[1:]}"')
        return urlsplit(url)._replace(path=f"/{made[-1]}").geturl()

    yield take
    for name in made:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def publish(config: Settings, url: str, *numbers: int) -> None:
    """Accepted, relayed, and every connection closed."""
    database = await open_database("docking", url, size=2)
    try:
        async with relaying(config, database, url):
            await delivery.publish(database, *(delivery.an_event(A, n) for n in numbers))
            await emptied(database)
    finally:
        await close_database(database)


async def counted(config: Settings, database: Database) -> list[int]:
    async with consuming(config, database, each({JobOrderClosed: tally})) as running:
        await caught_up(running)
    return [n for _, n in await tallied(database)]


async def test_a_database_that_lost_commits_sends_nothing_until_an_operator_starts_a_new_epoch(
    config: Settings, make_database_url: MakeDatabaseUrl, make_database: MakeDatabase, copy: Copy
) -> None:
    url, reader = await make_database_url("docking"), await counting(await make_database("rights"))
    await publish(config, url, 1, 2, 3)
    older = await copy(url)
    await publish(config, url, 4, 5)
    database = await open_database("docking", older, size=2)
    try:
        async with relaying(config, database, older) as health:
            await delivery.publish(database, delivery.an_event(A, 6))
            reason = await until(lambda: health.conditions.get("relay", ""), what="the loss to be reported")
            assert "the log has events that this database lost" in str(reason)
            assert "holds number 1.4, and 1.3 would be next" in str(reason)
            assert "laowu relay new-epoch docking" in str(reason)
        assert await counted(config, reader) == [1, 2, 3, 4, 5]
        conn = await connect(older, application="laowu-test")
        await restoring.begin(conn, await restoring.compare(conn, config, "docking"))
        conn.terminate()
        async with relaying(config, database, older):
            await emptied(database)
    finally:
        await close_database(database)
    assert await counted(config, reader) == [1, 2, 3, 4, 5, 6]


async def test_one_that_lost_nothing_goes_on_and_sends_again_what_was_in_flight(
    config: Settings, make_database_url: MakeDatabaseUrl, copy: Copy
) -> None:
    url = await make_database_url("docking")
    await publish(config, url, 1, 2, 3)
    database = await open_database("docking", url, size=2)
    await delivery.publish(database, *(delivery.an_event(A, n) for n in (4, 5)))
    conn, producer = await connect(url, application="laowu-test"), await kafka.open_producer(config)
    session = await relay._resume(conn, producer, config, "docking")
    await relay._forward(session)  # chooses them, stores that they are in flight, and has not sent them
    await kafka.stop_producer(producer, 3)
    conn.terminate()
    await close_database(database)
    behind = await copy(url)
    await publish(config, url)  # sends them; the copy does not know
    await publish(config, behind, 6)
    log = await recount(config.kafka_bootstrap_servers, config)
    assert log.order == {str(A): [1, 2, 3, 4, 5, 6]}
    assert log.repeats == 2, "those in flight were sent by both, with equal numbers"

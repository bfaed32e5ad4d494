"""A database that is slow or away, members that come and go, a record that is too large for anything."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from shared.db import Database, Tx, close_database, open_database
from shared.delivery.batch_taking import BatchTaker
from shared.delivery.consumer import each
from shared.delivery.seeking import Seeker
from shared.delivery.subscription import SESSION_MS, FetchedBatch
from shared.events import EventEnvelope, JobOrderClosed
from shared.settings import Settings
from shared.values import new_id
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.support.delivery import Raw, caught_up, consuming, counting, dead_letters, numbered, tallied, tally, write
from tests.support.tcp_proxy import postgres_proxy
from tests.support.wait import until

TALLY = each({JobOrderClosed: tally})


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase) -> Database:
    return await counting(await make_database("rights"))


# --- slow, and away ---------------------------------------------------------------------------------------------------
async def test_a_batch_that_takes_longer_than_a_session_costs_neither_the_partition_nor_memory(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed, revoked, take, revoke = [0], [0], BatchTaker.handle, Seeker.revoke
    fetched_meanwhile = 0

    async def handle(taker: BatchTaker, batch: FetchedBatch) -> None:
        handed[0] += 1
        await take(taker, batch)

    def given_up(seeker: Seeker, partitions: Any) -> None:
        revoked[0] += bool(partitions)
        revoke(seeker, partitions)

    async def slow(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        nonlocal fetched_meanwhile
        if recorded.data.unfilled == 0:
            await tx.conn.execute("SELECT pg_sleep($1)", SESSION_MS / 1000 + 1)
            fetched_meanwhile = handed[0]
        await tally(tx, recorded)

    monkeypatch.setattr(BatchTaker, "handle", handle)
    monkeypatch.setattr(Seeker, "revoke", given_up)
    order = new_id()
    await write(kafka, config, *(numbered(order, n, n) for n in range(40)))
    async with consuming(config, database, each({JobOrderClosed: slow}), max_records=5) as running:
        await caught_up(running, 30)
        assert revoked == [0], "it was taken for dead"
        assert running.health.ready
    assert fetched_meanwhile <= 2, "the batch under way and the one behind it"
    assert [n for _, n in await tallied(database)] == list(range(40))


async def test_while_its_database_is_away_a_consumer_asks_for_it_now_and_then(
    kafka: str, config: Settings, make_database_url: MakeDatabaseUrl
) -> None:
    url = await make_database_url("rights")
    async with postgres_proxy(url) as (proxy, through):
        database = await counting(await open_database("rights", through, size=4))
        try:
            async with consuming(config, database, TALLY) as running:
                await caught_up(running)
                proxy.away = True
                proxy.drop()
                await write(kafka, config, *(numbered(new_id(), n, n) for n in range(10)))
                await until(lambda: "consumer" in running.health.conditions)
                before, began = proxy.asked, time.monotonic()
                await until(lambda: time.monotonic() - began > 3)  # a rate is measured
                assert (proxy.asked - before) / (time.monotonic() - began) < 10, "connections in a second, of two loops"
                proxy.away = False
                await caught_up(running, 25)
                await until(lambda: running.health.ready)
            assert [n for _, n in await tallied(database)] == list(range(10))
        finally:
            await close_database(database)


# --- members come and go ------------------------------------------------------------------------------------------------
async def test_of_one_three_and_two_members_everything_is_applied_once_and_in_order(
    kafka: str, config: Settings, database: Database
) -> None:
    orders, n = [new_id() for _ in range(3)], 0

    async def more() -> None:
        nonlocal n
        await write(kafka, config, *(numbered(orders[p], n + i, n + i, partition=p) for i in range(20) for p in range(3)))
        n += 20

    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(consuming(config, database, TALLY))
        await more()
        async with consuming(config, database, TALLY) as leaving:
            last = await stack.enter_async_context(consuming(config, database, TALLY))
            await more()
            members = (first, leaving, last)
            await until(lambda: all(one.consumer._subscription.assignment() for one in members), 30, "a partition for each")
            await more()
        await more()
        await caught_up(first, 30)
        await caught_up(last, 30)
        assert first.health.ready
        assert last.health.ready
    found = await tallied(database)
    assert [[number for subject, number in found if subject == str(order)] for order in orders] == [list(range(n))] * 3


# --- too large ----------------------------------------------------------------------------------------------------------
async def test_a_huge_record_of_another_program_is_parked_whole_and_its_neighbours_are_applied(
    kafka: str, config: Settings, database: Database
) -> None:
    order, huge = new_id(), b'{"data":"' + b"x" * 1_000_000
    await write(kafka, config, numbered(order, 0, 0), Raw(huge, b"foreign", "1.1"), numbered(order, 2, 1))
    async with consuming(config, database, TALLY) as running:
        await caught_up(running)
    assert await tallied(database) == [(str(order), 0), (str(order), 1)]
    (letter,) = await dead_letters(database)
    assert (letter["reason"], letter["value"] == huge) == ("undecodable", True)


async def test_a_row_too_large_for_the_log_does_not_get_into_the_outbox_by_hand(make_database: MakeDatabase) -> None:
    database = await make_database("docking")
    async with database.connection() as conn:
        with pytest.raises(asyncpg.CheckViolationError, match="outbox_value_bounded"):
            await conn.execute(
                "INSERT INTO outbox (event_id, topic, key, value) VALUES ($1, 'docking.events', 'k', $2)", new_id(), b"x" * (512 * 1024 + 1)
            )

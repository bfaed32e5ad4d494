"""A rebuild resumes where it was killed, and includes what is counted meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from services.stats import consumers
from services.stats.figures.freshness import SOURCES
from services.stats.queries import generations
from services.stats.replay import rebuild
from services.stats.replay.audit import audit
from shared.db import Database, Tx
from shared.delivery.event_log import Mark
from shared.delivery.numbering import Number
from shared.delivery.positions import TopicPartition
from shared.events import DOCKING, encode
from shared.settings import Settings
from tests.conftest import MakeDatabase
from tests.support import delivery
from tests.support.delivery import Raw, caught_up, consuming, write
from tests.support.stats import cause, departure, dispatched, recorded
from tests.support.wait import until_waiting_for_a_lock

Lock = Callable[[Tx], Awaitable[int]]
EACH = 40  # records in a batch of these rebuilds


class Killed(BaseException):
    """The process ends here."""


@pytest_asyncio.fixture(loop_scope="session")
async def config(kafka: str, topic_prefix: str) -> Settings:
    return await delivery.settings_with_topics(kafka, topic_prefix, SOURCES, topic_partitions=2)


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(rebuild, "BATCH_RECORDS", EACH)
    monkeypatch.setattr(rebuild, "SWAP_WITHIN", 0)
    return await make_database("stats")


async def depart(kafka: str, config: Settings, first: int, number: int) -> None:
    """So many departures to each of the two partitions, numbered from `first`."""
    records = []
    for step in range(number):
        for partition in range(2):
            event = recorded(dispatched(departure()))
            records.append(Raw(encode(event), event.subject.encode(), f"1.{first + step}", partition))
    await write(kafka, config, *records, topic=DOCKING)


async def counted(config: Settings, database: Database) -> None:
    async with consuming(config, database, consumers.apply, service="stats", topics=SOURCES) as running:
        await caught_up(running)


async def clean(config: Settings, database: Database, events: int) -> bool:
    async with database.connection() as conn:
        found = await audit(config, conn)
        left = await conn.fetchval("SELECT (SELECT count(*) FROM generation) + (SELECT count(*) FROM rebuilt)")
    return (found.clean, found.events, left) == (True, events, 1)


async def test_a_killed_rebuild_resumes_at_its_marks(kafka: str, config: Settings, database: Database) -> None:
    await depart(kafka, config, 0, 100)
    await counted(config, database)
    reported: list[int] = []

    def dies(done: int, _total: int) -> None:
        reported.append(done)
        if done > EACH:
            raise Killed

    with pytest.raises(Killed):
        await rebuild.rebuild(config, database, progress=dies)
    async with database.connection() as conn:
        kept = sum(mark.offset for mark in (await generations.list_marks(conn, 2)).values())
    assert reported[-1] <= kept < 200
    found = await rebuild.rebuild(config, database)
    assert (found.swapped, found.differing, found.events) == (True, [], 200 - kept)
    assert await clean(config, database, 200)


async def test_a_generation_begun_by_other_rules_is_discarded(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await depart(kafka, config, 0, 100)
    await counted(config, database)

    def dies(done: int, _total: int) -> None:
        if done > EACH:
            raise Killed

    with monkeypatch.context() as other:
        other.setattr(rebuild, "rules_digest", lambda: "another build's")
        with pytest.raises(Killed):
            await rebuild.rebuild(config, database, progress=dies)
    assert (await rebuild.rebuild(config, database)).events == 200
    assert await clean(config, database, 200)


async def test_live_counting_continues_during_a_rebuild(kafka: str, config: Settings, database: Database) -> None:
    await depart(kafka, config, 0, 100)
    async with consuming(config, database, consumers.apply, service="stats", topics=SOURCES) as running:
        await caught_up(running)
        more = asyncio.create_task(depart(kafka, config, 100, 150))
        found = await rebuild.rebuild(config, database)
        await more
        await caught_up(running)
    assert (found.swapped, found.differing) == (True, [])
    assert await clean(config, database, 500)


async def test_of_two_rebuilds_that_resume_at_the_same_marks_one_fails(database: Database) -> None:
    partition, at, other = TopicPartition(DOCKING, 0), Mark(), Mark(5, Number(1, 5))
    async with database.transaction(cause()) as tx:
        generation = await generations.insert_building(tx, "rules")
        assert await generations.update_marks(tx, generation, {partition: (at, other)})
        assert not await generations.update_marks(tx, generation, {partition: (at, other)})
        assert await generations.list_marks(tx.conn, generation) == {partition: other}


async def test_a_rebuild_whose_generation_another_has_swapped_in_counts_nothing_into_it(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await depart(kafka, config, 0, 100)
    await counted(config, database)
    missing = rebuild._missing

    async def other_is_faster(*args: Any) -> Any:
        found = await missing(*args)
        monkeypatch.setattr(rebuild, "_missing", missing)
        assert (await rebuild.rebuild(config, database)).swapped
        return found

    monkeypatch.setattr(rebuild, "_missing", other_is_faster)
    with pytest.raises(rebuild.Overtaken):
        await rebuild.rebuild(config, database)
    assert await clean(config, database, 200)


@pytest.mark.parametrize("lock", [generations.lock_live, generations.lock_live_exclusively])
async def test_whoever_waits_for_a_swap_gets_the_generation_that_was_swapped_in(database: Database, lock: Lock) -> None:
    """The row that was live when the statement began is not live any more when the lock is granted, and the new one was not live then."""
    async with database.transaction(cause()) as tx:
        rebuilt = await generations.insert_building(tx, "the same rules")
    async with database.transaction(cause()) as swap:
        live = await generations.lock_live_exclusively(swap)
        waiting = asyncio.create_task(locked(database, lock))
        await until_waiting_for_a_lock(database)
        await generations.update_live(swap, live, rebuilt)
    assert await waiting == rebuilt


async def locked(database: Database, lock: Lock) -> int:
    async with database.transaction(cause()) as tx:
        return await lock(tx)

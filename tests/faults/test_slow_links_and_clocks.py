"""Links on which every message is late, clocks an hour apart, and a process whose event loop stands still: late, and nothing else."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.db import Database, Tx, close_database, open_database
from shared.delivery.consumer import each
from shared.delivery.subscription import SESSION_MS
from shared.events import EventEnvelope, JobOrderClosed, decode
from shared.settings import Settings
from shared.values import Clock, new_id
from tests.conftest import MakeDatabaseUrl
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
from tests.support.tcp_proxy import kafka_proxy, postgres_proxy

TALLY = each({JobOrderClosed: tally})
LATE = 0.02  # seconds, of every message and either way


@asynccontextmanager
async def opened(service: str, url: str) -> AsyncIterator[Database]:
    database = await open_database(service, url, size=4)
    try:
        yield database
    finally:
        await close_database(database)


async def test_over_slow_links_everything_is_published_and_applied_once_and_in_order(
    kafka: str, config: Settings, make_database_url: MakeDatabaseUrl
) -> None:
    sends, applies, order = await make_database_url("docking"), await make_database_url("rights"), new_id()
    async with (
        opened("docking", sends) as writer,
        opened("rights", applies) as direct,
        postgres_proxy(sends) as (to_sender, late_sends),
        postgres_proxy(applies) as (to_reader, late_applies),
        kafka_proxy(kafka) as (to_kafka, late_kafka),
    ):
        await counting(direct)
        for proxy in (to_sender, to_reader, to_kafka):
            proxy.delay = LATE
        late = config.model_copy(update={"kafka_bootstrap_servers": late_kafka})
        async with relaying(late, writer, late_sends) as health, opened("rights", late_applies) as reader:
            for n in range(0, 12, 4):
                await publish(writer, *(an_event(order, n + i) for i in range(4)))
            await emptied(writer, 20)
            async with consuming(late, reader, TALLY) as running:
                await caught_up(running, 20)
                assert running.health.ready
            assert health.ready
        assert [n for _, n in await tallied(direct)] == list(range(12))
        assert await dead_letters(direct) == []
    assert dict((await recount(kafka, config)).order) == {str(order): list(range(12))}


async def test_processes_whose_clocks_are_an_hour_ahead_and_behind_change_no_order_and_lose_nothing(
    config: Settings, make_database_url: MakeDatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends, order = await make_database_url("docking"), new_id()
    right = Clock.now

    def differ_by(hours: int) -> None:
        def now(clock: Clock) -> datetime:
            return right(clock) + timedelta(hours=hours)

        monkeypatch.setattr(Clock, "now", now)

    async with opened("docking", sends) as writer, opened("rights", await make_database_url("rights")) as reader:
        await counting(reader)
        for n, hours in enumerate((1, -1, 1, 0)):
            differ_by(hours)
            await publish(writer, an_event(order, n))
        async with writer.connection() as conn:
            events = [decode(row["value"]) for row in await conn.fetch("SELECT value FROM outbox ORDER BY id")]
        times = [event.time for event in events if isinstance(event, EventEnvelope)]
        assert times != sorted(times), "they were recorded by clocks that differ"
        differ_by(-1)
        async with relaying(config, writer, sends):
            await emptied(writer, 20)
        differ_by(1)
        async with consuming(config, reader, TALLY) as running:
            await caught_up(running, 20)
        assert [n for _, n in await tallied(reader)] == [0, 1, 2, 3]
        assert await dead_letters(reader) == []


async def test_a_process_whose_event_loop_stands_still_for_longer_than_a_session_applies_nothing_twice(
    kafka: str, config: Settings, make_database_url: MakeDatabaseUrl
) -> None:
    """No heartbeat goes out and no watchdog looks meanwhile: the group gives its partitions away, and takes it in again afterwards."""
    order, stood_still = new_id(), list[int]()

    async def stands_still(tx: Tx, recorded: EventEnvelope[Any]) -> None:
        if recorded.data.unfilled == 5 and not stood_still:
            stood_still.append(5)
            time.sleep(SESSION_MS / 1000 + 1.5)  # noqa: ASYNC251  # what is to be caused
        await tally(tx, recorded)

    async with opened("rights", await make_database_url("rights")) as database:
        await counting(database)
        await write(kafka, config, *(numbered(order, n, n) for n in range(20)))
        async with consuming(config, database, each({JobOrderClosed: stands_still}), max_records=4) as running:
            await caught_up(running, 30)
            await write(kafka, config, *(numbered(order, n, n) for n in range(20, 30)))
            await caught_up(running, 30)
            assert running.health.ready
        assert [n for _, n in await tallied(database)] == list(range(30))
        assert await dead_letters(database) == []
    assert stood_still == [5]

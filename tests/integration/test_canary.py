"""The canary: its age is small only where the whole way is open, outbox, relay, Kafka, consumer and stored position."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from services.stats import consumers
from shared.db import Database, Unavailable, close_database, open_database
from shared.delivery import canary, outbox
from shared.delivery.consumer import Apply, each
from shared.delivery.delivery_state import DeliveryMetrics
from shared.events import DOCKING, TRAINING, EventEnvelope, JobOrderClosed, decode, encode
from shared.events.canary import DockingCanary
from shared.settings import Settings
from tests.conftest import MakeDatabase, MakeDatabaseUrl
from tests.integration.test_stats_batch_counting import in_log
from tests.support.delivery import caught_up, consuming, counting, dead_letters, emptied, publish, relaying, take, tally, value_of
from tests.support.recording import recorded
from tests.support.wait import until

TALLY = each({JobOrderClosed: tally})
LONG = timedelta(hours=1)
BEGAN = datetime(2020, 2, 1, tzinfo=UTC)
KEY = b"canary"


@pytest_asyncio.fixture(loop_scope="session")
async def url(make_database_url: MakeDatabaseUrl) -> str:
    return await make_database_url("docking")


@pytest_asyncio.fixture(loop_scope="session")
async def docking(url: str) -> AsyncIterator[Database]:
    opened = await open_database("docking", url, size=4)
    yield opened
    await close_database(opened)


async def expected_since(database: Database, when: datetime) -> Database:
    async with database.connection() as conn:
        await canary.expect(conn, [DOCKING])
        await conn.execute("UPDATE canary SET written = $1", when)
    return database


async def written(database: Database) -> dict[str, datetime]:
    async with database.connection() as conn:
        return {row["topic"]: row["written"] for row in await conn.fetch("SELECT topic, written FROM canary")}


async def age(database: Database) -> float:
    """As the service's process that relays serves it."""
    async with database.connection() as conn:
        await DeliveryMetrics(canaries=True).measure(conn)
    found = REGISTRY.get_sample_value("laowu_canary_age_seconds", {"producer": "docking"})
    assert found is not None
    return found


def a_canary(minute: int) -> EventEnvelope[Any]:
    when = BEGAN + timedelta(minutes=minute)
    return replace(recorded(DockingCanary(effective=when.date()), when), id=UUID(int=minute + 1))


def values(*canaries: EventEnvelope[Any]) -> list[tuple[str, bytes, bytes]]:
    return [(DOCKING, KEY, encode(one)) for one in canaries]


# --- the whole way --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("service", "apply"), [("rights", TALLY), ("stats", consumers.apply)])
async def test_it_stays_old_while_the_relay_stands_and_while_the_consumer_stands(
    service: str, apply: Apply, config: Settings, docking: Database, url: str, make_database: MakeDatabase
) -> None:
    reader = await expected_since(await counting(await make_database(service)), datetime.now(UTC) - LONG)
    await publish(docking, DockingCanary(effective=BEGAN.date()))
    async with consuming(config, reader, apply) as running:
        await caught_up(running, 60)
    assert await age(reader) >= LONG.total_seconds(), "it waits in the outbox"
    async with relaying(config, docking, url):
        await emptied(docking, 60)
    assert await age(reader) >= LONG.total_seconds(), "it lies in Kafka"
    async with consuming(config, reader, apply) as running:
        await caught_up(running, 60)
        assert running.health.ready
    assert 0 <= await age(reader) < LONG.total_seconds()
    assert await dead_letters(reader) == []


# --- what counts as arrived -----------------------------------------------------------------------------------------------
async def test_of_a_batch_that_is_counted_undecoded_it_is_the_newest(make_database: MakeDatabase) -> None:
    stats = await expected_since(await make_database("stats"), BEGAN - LONG)
    canaries = [a_canary(minute) for minute in range(60)]
    taken = await take(stats, in_log(values(*canaries)), consumers.apply)
    assert (taken.applied.total(), taken.parked) == (60, [])
    assert await written(stats) == {DOCKING: canaries[-1].time}
    async with stats.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM block") == 0, "it is in no figure"


async def test_one_that_comes_ahead_of_its_turn_or_is_none_does_not_count(make_database: MakeDatabase) -> None:
    rights = await expected_since(await counting(await make_database("rights")), BEGAN - LONG)
    first, missing, ahead = in_log(values(*(a_canary(minute) for minute in range(3))))
    await take(rights, [first, ahead], TALLY)
    assert await written(rights) == {DOCKING: a_canary(0).time}
    await take(rights, [replace(missing, offset=3), replace(ahead, offset=4)], TALLY)
    assert await written(rights) == {DOCKING: a_canary(2).time}
    forged = [value_of(UUID(int=0xA)), b"?", b"[" * 100_000, b""]
    records = in_log([(DOCKING, KEY, value) for value in [b"-"] * 3 + forged])[3:]
    await take(rights, [replace(record, offset=record.offset + 2) for record in records], TALLY)
    assert await written(rights) == {DOCKING: a_canary(2).time}


async def test_a_rolled_back_batch_has_brought_none(make_database: MakeDatabase) -> None:
    rights = await expected_since(await make_database("rights"), BEGAN)

    async def away(*_: object) -> None:
        raise OSError

    records = in_log([*values(a_canary(5)), (DOCKING, str(UUID(int=0xA)).encode(), value_of(UUID(int=0xA)))])
    with pytest.raises(Unavailable):
        await take(rights, records, each({JobOrderClosed: away}))
    assert await written(rights) == {DOCKING: BEGAN}


# --- publishing -----------------------------------------------------------------------------------------------------------
async def test_a_process_publishes_one_again_and_again_and_expects_those_of_the_topics_it_reads(
    config: Settings, docking: Database
) -> None:
    await expected_since(docking, BEGAN)  # as when it still read that topic
    publishing = asyncio.create_task(canary.run(docking, config.model_copy(update={"canary_seconds": 0.01}), [TRAINING]))
    try:
        await until(lambda: waiting(docking), 20, "two canaries")
    finally:
        publishing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await publishing
    assert (await written(docking)).keys() == {TRAINING}
    async with docking.connection() as conn:
        rows = await conn.fetch("SELECT topic, key, value FROM outbox")
        assert await conn.fetchval("SELECT count(*) FROM history") == 0
    assert {(row["topic"], row["key"]) for row in rows} == {(DOCKING, "canary")}
    assert all(isinstance(event := decode(row["value"]), EventEnvelope) and isinstance(event.data, DockingCanary) for row in rows)


async def waiting(database: Database) -> bool:
    async with database.connection() as conn:
        return await outbox.backlog(conn) >= 2


async def test_none_is_published_or_expected_in_a_simulation_or_where_it_is_off(config: Settings, make_database: MakeDatabase) -> None:
    assert canary.is_on(config)
    assert not canary.is_on(config.model_copy(update={"simulation": True}))
    assert not canary.is_on(config.model_copy(update={"canary_seconds": 0.0}))
    reader = await expected_since(await make_database("rights"), BEGAN)
    await age(reader)
    async with reader.connection() as conn:
        await DeliveryMetrics(canaries=False).measure(conn)
    assert REGISTRY.get_sample_value("laowu_canary_age_seconds", {"producer": "docking"}) is None

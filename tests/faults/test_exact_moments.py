"""Processes killed, and callers who never get their answer, at the exact moments where a protocol loses or doubles something."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient

from shared.db import Database, close_database, open_database
from shared.delivery import kafka as topics
from shared.delivery.consumer import each
from shared.events import DOCKING, JobOrderClosed
from shared.principals import Role
from shared.values import new_id
from tests.conftest import MakeDatabaseUrl
from tests.support import delivery
from tests.support.delivery import (
    an_event,
    caught_up,
    consuming,
    dead_letters,
    emptied,
    numbered,
    publish,
    recount,
    relaying,
    tallied,
    write,
)
from tests.support.http import Client, serving
from tests.support.plant import Plant
from tests.support.registration import GANSU, JUNE, a_worker
from tests.support.tcp_proxy import AFTER, BEFORE, OFFSET_COMMIT, Point, Proxy, kafka_proxy, postgres_proxy
from tests.support.wait import until

points = pytest.mark.parametrize("point", [BEFORE, AFTER], ids=["before", "after"])


# --- a command and its caller -----------------------------------------------------------------------------------------
@asynccontextmanager
async def registering(url: str) -> AsyncIterator[Client]:
    """The service on this address of its database."""
    database = await open_database("registration", url, size=4)
    try:
        async with serving("registration", database) as service:
            yield replace(service.speaking_as(Role.CLERK, regions=GANSU), at=JUNE)
    finally:
        await close_database(database)


async def rows(client: Client) -> tuple[int, int]:
    """Workers, and events that say that one was registered."""
    async with client.database.connection() as conn:
        workers = await conn.fetchval("SELECT count(*) FROM worker")
    return int(workers), len([event for event in await client.published() if type(event.data).__name__ == "WorkerRegistered"])


@points
async def test_a_command_cut_at_commit_is_repeated_under_its_key_and_done_once(make_database_url: MakeDatabaseUrl, point: Point) -> None:
    url, key, body = await make_database_url("registration"), secrets.token_hex(16), a_worker().body()
    async with postgres_proxy(url) as (proxy, through), registering(through) as client:
        cut = proxy.cut(point)
        lost = await client.post("/workers", body, key=key)
        await cut
        assert (lost.status, lost.code, lost.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
        assert await rows(client) == ((0, 0) if point is BEFORE else (1, 1))
        repeated = [await client.post("/workers", body, key=key) for _ in range(2)]
        assert [answer.status for answer in repeated] == [201, 201]
        assert repeated[0].body == repeated[1].body
        assert await rows(client) == (1, 1)


async def test_a_caller_who_is_gone_before_the_answer_gets_it_when_it_asks_again(make_database_url: MakeDatabaseUrl) -> None:
    url, key, body = await make_database_url("registration"), secrets.token_hex(16), a_worker().body()
    async with registering(url) as other, postgres_proxy(url) as (proxy, through), registering(through) as client:
        held = proxy.hold(AFTER)
        asking = asyncio.create_task(client.post("/workers", body, key=key))
        await held  # committed, and nobody has been told
        asking.cancel()
        await asyncio.wait({asking})
        answer = await other.post("/workers", body, key=key)  # another process of the service
        assert (answer.status, await rows(other)) == (201, (1, 1))
        proxy.resume()
        again = await client.post("/workers", body, key=key)
        assert (again.status, again.body) == (201, answer.body)
        assert await rows(other) == (1, 1)


# --- processes --------------------------------------------------------------------------------------------------------
async def kill_held(plant: Plant, name: str, *proxies: Proxy) -> None:
    """The process is gone for good before anything that is held may pass."""
    assert await plant.end(name, signal.SIGKILL) == -signal.SIGKILL
    for proxy in proxies:
        proxy.drop()
        proxy.resume()


@pytest_asyncio.fixture(loop_scope="session")
async def producing(plant: Plant) -> AsyncIterator[Database]:
    database = await open_database("docking", plant.producing, size=4)
    yield database
    await close_database(database)


@pytest_asyncio.fixture(loop_scope="session")
async def reading(plant: Plant) -> AsyncIterator[Database]:
    database = await open_database("rights", plant.consuming, size=4)
    yield database
    await close_database(database)


@points
@pytest.mark.parametrize("what", ["produce", "delete"])
async def test_a_relay_killed_while_it_sends_or_deletes_is_repeated_by_its_successor(
    plant: Plant,
    producing: Database,
    what: str,
    point: Point,
) -> None:
    order = new_id()
    await publish(producing, *(an_event(order, n) for n in range(20)))
    async with kafka_proxy(plant.kafka) as (broker, kafka), postgres_proxy(plant.producing) as (server, url):
        held = broker.hold(point if what == "produce" else AFTER, 20)
        await replace(plant, kafka=kafka, producing=url).start("relay")
        await held
        if what == "delete":  # all is acknowledged but for the answer; the next that it commits is the deletion
            held = server.hold(point)
            broker.resume()
            await held
        await kill_held(plant, "relay", broker, server)
    await publish(producing, *(an_event(order, n) for n in range(20, 25)))
    async with relaying(plant.config, producing, plant.producing):
        await emptied(producing)
    log = await recount(plant.kafka, plant.config)
    assert log.order == {str(order): list(range(25))}
    seen = {("produce", BEFORE): 0, ("produce", AFTER): 20, ("delete", BEFORE): 20, ("delete", AFTER): 0}
    assert log.repeats == seen[what, point], "what had been sent and not deleted is sent again, and no more"


@pytest.mark.parametrize("moment", ["before COMMIT", "after COMMIT", "before the offsets", "after the offsets"])
async def test_a_consumer_killed_around_its_commits_applies_everything_once(plant: Plant, reading: Database, moment: str) -> None:
    point = BEFORE if moment.startswith("before") else AFTER

    async def applied() -> int:
        return len(await tallied(reading))

    await write(plant.kafka, plant.config, *(numbered(new_id(), n, n) for n in range(20)))
    async with kafka_proxy(plant.kafka) as (broker, kafka), postgres_proxy(plant.consuming, only="laowu-rights") as (server, url):
        victim = replace(plant, kafka=kafka, consuming=url)
        if moment.endswith("COMMIT"):
            held = server.hold(point, 20)
            await victim.start("consumer")
        else:
            await victim.start("consumer")
            await until(applied, 20)
            broker.api = OFFSET_COMMIT
            held = broker.hold(point, 20)
        await write(plant.kafka, plant.config, *(numbered(new_id(), n, n) for n in range(20, 25)))
        await held
        await kill_held(plant, "consumer", broker, server)
    assert (await applied() == 0) is (moment == "before COMMIT")
    await write(plant.kafka, plant.config, *(numbered(new_id(), n, n) for n in range(25, 30)))
    # In a group of its own: only the database knows where to read on, and the dead one need not be waited for.
    async with consuming(plant.config, reading, each({JobOrderClosed: delivery.tally}), service="successor") as running:
        await caught_up(running)
    assert [n for _, n in await tallied(reading)] == list(range(30))
    assert await dead_letters(reading) == []


@pytest.mark.parametrize("role", ["relay", "consumer"])
async def test_a_process_whose_broker_hangs_leaves_when_it_is_told_to_twice(
    plant: Plant,
    producing: Database,
    reading: Database,
    role: str,
) -> None:
    async with kafka_proxy(plant.kafka) as (broker, kafka):
        hung = replace(plant, kafka=kafka)
        async with AsyncExitStack() as stack:
            stack.callback(broker.resume)
            await hung.start(role)
            order = new_id()
            if role == "relay":
                await publish(producing, an_event(order, 0))
                await emptied(producing)
            else:
                await write(plant.kafka, plant.config, numbered(order, 0, 0))

                async def applied() -> bool:
                    return bool(await tallied(reading))

                await until(applied, 20)
            broker.stall()
            await publish(producing, an_event(order, 1))  # which a relay has under way
            process = plant.processes[role]
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(60):
                assert await asyncio.to_thread(process.wait) == 0, plant.log.read_text()
    async with producing.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM outbox") == 1, "what could not be sent stays"


# --- a log that is no longer the one that was read ----------------------------------------------------------------------
@pytest.mark.parametrize("unseen", [False, True], ids=["seen", "between two looks"])
async def test_a_topic_made_anew_under_a_running_consumer_is_said_and_nothing_of_it_is_applied(
    plant: Plant, reading: Database, unseen: bool
) -> None:
    name = topics.topic_name(plant.config, DOCKING)
    await write(plant.kafka, plant.config, *(numbered(new_id(), n, n) for n in range(5)))
    async with kafka_proxy(plant.kafka) as (broker, through):
        config = plant.config.model_copy(update={"kafka_bootstrap_servers": through})
        async with consuming(config, reading, each({JobOrderClosed: delivery.tally})) as running:
            await caught_up(running)
            before = await tallied(reading)
            if unseen:  # no word of it reaches the consumer, which goes on reading at its offset
                broker.stall()
            await made_anew(plant, name)
            await write(plant.kafka, plant.config, numbered(new_id(), 5, 5), numbered(new_id(), 6, 6))
            broker.resume()
            await until(lambda: "offset 5 is to be read, the log holds 0 to" in running.health.conditions.get("log", ""), 20)
            assert not running.health.ready
    assert await tallied(reading) == before


async def made_anew(plant: Plant, name: str) -> None:
    """Deleted, and created by the next process that starts."""
    admin = AIOKafkaAdminClient(bootstrap_servers=plant.kafka)
    await admin.start()
    try:
        await admin.delete_topics([name])

        async def gone() -> bool:
            return name not in await admin.list_topics()

        await until(gone)
    finally:
        await admin.close()
    await topics.create_topics(plant.config, (DOCKING,))

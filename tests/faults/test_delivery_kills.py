"""Processes killed, stopped and revived at random under load; the log is recounted by hand afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
import pytest

from console.local import kafka as kafka_local
from console.local import postgres, processes
from shared.db import SHARED_MIGRATIONS, Database, close_database, migrate, open_database
from shared.delivery import kafka as topics
from shared.delivery.consumer import each
from shared.events import DOCKING, JobOrderClosed
from tests.conftest import MakeDatabaseUrl, database_url
from tests.support import delivery
from tests.support.delivery import caught_up, consuming, counting, dead_letters, emptied, recount, relaying, tally
from tests.support.plant import Plant, make_tables, none_left
from tests.support.wait import until

KILLS = 6


@asynccontextmanager
async def both(plant: Plant) -> AsyncIterator[tuple[Database, Database]]:
    producing, consuming_ = await open_database("docking", plant.producing, size=4), await open_database("rights", plant.consuming, size=4)
    try:
        yield producing, consuming_
    finally:
        await close_database(producing)
        await close_database(consuming_)


def seeded() -> random.Random:
    """LAOWU_TEST_SEED repeats a run."""
    seed = int(os.environ.get("LAOWU_TEST_SEED") or random.SystemRandom().randrange(10**6))
    print(f"LAOWU_TEST_SEED={seed}")  # noqa: T201  # a failure shows it
    return random.Random(seed)


async def finish_and_check(plant: Plant) -> None:
    """Let everything flow to its end, then: accepted = published = applied, the order of every subject, the totals."""
    with contextlib.suppress(KeyError):
        await plant.end("commands", signal.SIGKILL)
    async with both(plant) as (producing, reading):
        await counting(reading)
        async with relaying(plant.config, producing, plant.producing):
            await emptied(producing)
        async with consuming(plant.config, reading, each({JobOrderClosed: tally}), service="counter") as running:
            await caught_up(running, 25)
        async with producing.connection() as conn:
            accepted = {str(row[0]) for row in await conn.fetch("SELECT event_id FROM accepted")}
            totals = {str(row["subject"]): row["n"] for row in await conn.fetch("SELECT subject, n FROM counter")}
        async with reading.connection() as conn:
            applied = await conn.fetch("SELECT event_id, subject, n FROM tally ORDER BY rank")
        assert await dead_letters(reading) == []
    found = await recount(plant.kafka, plant.config)
    print(f"accepted {len(accepted)}, records {found.records}, repeats {found.repeats}")  # noqa: T201
    assert len(accepted) > 100, "there was load"
    assert sorted(found.ids) == sorted(accepted)
    assert sorted(str(row["event_id"]) for row in applied) == sorted(accepted)
    orders: dict[str, list[int]] = {}
    for row in applied:
        orders.setdefault(row["subject"], []).append(row["n"])
    expected = {subject: list(range(1, n + 1)) for subject, n in totals.items()}
    assert dict(found.order) == expected
    assert orders == expected


async def test_random_kills_of_every_process_change_nothing(plant: Plant) -> None:
    choice = seeded()
    for role in ("commands", "relay", "consumer"):
        await plant.start(role)
    for _ in range(KILLS):
        await asyncio.sleep(choice.uniform(0.02, 0.8))  # the moment of a kill is random, nothing is waited for
        role = choice.choice(["commands", "relay", "consumer"])
        assert await plant.end(role, signal.SIGKILL) == -signal.SIGKILL
        await plant.start(role)
    for role in ("relay", "consumer"):
        await plant.end(role, signal.SIGKILL)
    await finish_and_check(plant)


async def test_terminated_at_random_moments_a_process_exits_with_0(plant: Plant) -> None:
    choice = seeded()
    for role in ("commands", "relay", "consumer"):
        await plant.start(role)
    for _ in range(KILLS):
        await asyncio.sleep(choice.uniform(0.02, 0.8))
        role = choice.choice(["relay", "consumer"])
        began = time.monotonic()
        assert await plant.end(role, signal.SIGTERM) == 0, plant.log.read_text()
        assert time.monotonic() - began < 25, "it ends by its own bounds"
        await plant.start(role)
    for role in ("relay", "consumer"):
        assert await plant.end(role, signal.SIGTERM) == 0
    await finish_and_check(plant)
    found = await recount(plant.kafka, plant.config)
    assert found.repeats == 0, "a relay that is terminated finishes its batch"


async def test_a_zombie_relay_that_comes_back_sends_nothing_new(plant: Plant) -> None:
    choice = seeded()
    await plant.start("commands")
    for _ in range(2):
        zombie = f"zombie-{_}"
        await plant.start("relay", zombie)
        await until(partial(_moved, plant), 10)
        await asyncio.sleep(choice.uniform(0.0, 0.3))
        plant.send(zombie, signal.SIGSTOP)
        await _end_sessions(plant.producing, "%relay%")  # as the server does after outbox.ZOMBIE_SECONDS of silence
        await plant.start("relay", f"successor-{_}")
        await until(partial(_moved, plant), 10)
        plant.send(zombie, signal.SIGCONT)
        await until(partial(_moved, plant), 10)
        await plant.end(f"successor-{_}", signal.SIGKILL)  # and now the zombie takes over
        await until(partial(_moved, plant), 15)
        await plant.end(zombie, signal.SIGTERM)
    await finish_and_check(plant)


async def test_a_zombie_consumer_that_comes_back_applies_nothing_twice(plant: Plant) -> None:
    choice = seeded()
    for role in ("commands", "relay"):
        await plant.start(role)
    await plant.start("consumer", "zombie")
    await until(partial(_applied_more, plant), 10)
    await asyncio.sleep(choice.uniform(0.0, 0.3))
    plant.send("zombie", signal.SIGSTOP)
    # It may hold its positions' locks; the server ends such a session after idle_in_transaction_session_timeout (30 s).
    await _end_sessions(plant.consuming, "laowu-rights")
    await plant.start("consumer", "successor")
    await until(partial(_applied_more, plant), 20)  # once the group has given up on the zombie
    plant.send("zombie", signal.SIGCONT)
    await until(partial(_applied_more, plant), 15)
    for name in ("zombie", "successor"):
        assert await plant.end(name, signal.SIGTERM) == 0
    await finish_and_check(plant)


async def _moved(plant: Plant) -> bool:
    """Whether numbers are being given out: 200 more than at the first look."""
    return await _grows(plant.producing, "SELECT coalesce(sum(next_number), 0) FROM relay_sequence")


async def _applied_more(plant: Plant) -> bool:
    return await _grows(plant.consuming, "SELECT coalesce(sum(next_number), 0) FROM consumed")


async def _grows(url: str, figure: str) -> bool:
    conn = await asyncpg.connect(url)
    try:
        before = await conn.fetchval(figure)
        await until(partial(_beyond, conn, figure, before), 20)
    finally:
        await conn.close()
    return True


async def _beyond(conn: asyncpg.Connection, figure: str, before: int) -> bool:
    return bool(await conn.fetchval(figure) > before + 50)


async def _end_sessions(url: str, application: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1",
            application,
        )
    finally:
        await conn.close()


# --- the servers themselves -----------------------------------------------------------------------------------------------
async def _own_databases(server: str) -> tuple[str, str]:
    conn = await asyncpg.connect(server)
    for name in ("producing", "consuming"):
        await conn.execute(f"CREATE DATABASE {name}")
    await conn.close()
    urls = database_url(server, "producing"), database_url(server, "consuming")
    for url in urls:
        conn = await asyncpg.connect(url)
        await migrate(conn, SHARED_MIGRATIONS)
        await conn.close()
    return urls


async def _play_and_kill(plant: Plant, kill_and_restart: Callable[[], None], choice: random.Random) -> None:
    for role in ("commands", "relay", "consumer"):
        await plant.start(role)
    for _ in range(2):
        await until(partial(_applied_more, plant), 20)
        await asyncio.sleep(choice.uniform(0.0, 0.5))
        await asyncio.to_thread(kill_and_restart)
    await until(partial(_applied_more, plant), 25)
    for role in ("relay", "consumer"):
        assert await plant.end(role, signal.SIGTERM) == 0, plant.log.read_text()
    await finish_and_check(plant)


async def test_a_broker_killed_under_load_changes_nothing(topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path) -> None:
    node, process = await asyncio.to_thread(kafka_local.start, tmp_path / "kafka")

    def kill_and_restart() -> None:
        nonlocal process
        process.kill()
        process.wait()
        process = processes.spawn(kafka_local.spec(node))
        kafka_local.wait_ready(node, process)

    config = delivery.settings(node.bootstrap, topic_prefix)
    made = Plant(node.bootstrap, config, await make_database_url("docking"), await make_database_url("rights"), tmp_path / "log")
    try:
        await topics.create_topics(config, (DOCKING,))
        await make_tables(made)
        with none_left(made):
            await _play_and_kill(made, kill_and_restart, seeded())
    finally:
        await asyncio.to_thread(processes.stop, process, kafka_local.spec(node))


async def test_a_postgres_killed_under_load_changes_nothing(
    kafka: str, topic_prefix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("killed")
    node, process = await asyncio.to_thread(postgres.start, folder / "postgres")

    def kill_and_restart() -> None:
        nonlocal process
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while processes.working_in(node.data) and time.monotonic() < deadline:
            time.sleep(0.02)  # its children notice by themselves
        (node.data / "postmaster.pid").unlink(missing_ok=True)
        process = processes.spawn(postgres.spec(node))
        postgres.wait_ready(node, process)

    config = delivery.settings(kafka, topic_prefix)
    try:
        made = Plant(kafka, config, *await _own_databases(node.url()), folder / "log")
        await topics.create_topics(config, (DOCKING,))
        await make_tables(made)
        with none_left(made):
            await _play_and_kill(made, kill_and_restart, seeded())
    finally:
        await asyncio.to_thread(processes.stop, process, postgres.spec(node))

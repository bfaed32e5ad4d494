"""The primary PostgreSQL is killed and its standby takes over: reads are served throughout, writes again after it, no process restarts."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from shared.db import SHARED_MIGRATIONS, Database, Unavailable, close_database, migrate, open_database
from shared.delivery import outbox
from shared.principals import Role
from shared.settings import Settings
from tests.conftest import ROOT
from tests.support import recount, stats_process
from tests.support.delivery import emptied, relaying
from tests.support.replicated_postgres import Pair, replicated, whole
from tests.support.stats import dispatched
from tests.support.stats_process import StatsProcess
from tests.support.wait import until

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """For the tests in the order they stand in: the last promotes its standby."""
    with replicated(tmp_path_factory.mktemp("replicated")) as both:
        yield both


# --- which of several hosts -------------------------------------------------------------------------------------------
IS_STANDBY = "SELECT pg_is_in_recovery()"


async def test_of_several_hosts_the_primary_is_used_wherever_it_stands_and_a_standby_only_without_one(pair: Pair) -> None:
    await whole(pair)
    backwards = pair.url("postgres").replace(
        f"{pair.primary.port},127.0.0.1:{pair.standby.port}", f"{pair.standby.port},127.0.0.1:{pair.primary.port}"
    )
    database = await open_database("docking", backwards, size=4)
    try:
        async with database.connection() as conn:
            assert not await conn.fetchval(IS_STANDBY)
        pair.kill(pair.primary)

        async def reads_from_the_standby() -> bool:
            try:
                async with database.connection() as conn:
                    return bool(await conn.fetchval(IS_STANDBY))
            except Unavailable:
                return False

        await until(reads_from_the_standby, 60)
        with pytest.raises(Unavailable, match="read-only"):
            async with database.transaction(database.system_cause()) as tx:
                await tx.conn.execute("CREATE TABLE written ()")
        with pytest.raises(Unavailable, match="cannot connect to the database of docking"):
            await open_database("docking", pair.url("postgres", target_session_attrs="read-write"))
        pair.spawn(pair.primary)  # it was restarted, and not replaced

        async def writes_again() -> bool:
            try:
                async with database.transaction(database.system_cause()) as tx:
                    await tx.conn.execute("CREATE TABLE IF NOT EXISTS written ()")
            except Unavailable:
                return False
            async with database.connection() as conn:
                return not await conn.fetchval(IS_STANDBY)

        await until(writes_again, 60)
    finally:
        await close_database(database)


@pytest_asyncio.fixture(loop_scope="session")
async def following(pair: Pair) -> Pair:
    """With migrated databases of docking and stats, which the standby has too."""
    await whole(pair)
    admin = await asyncpg.connect(pair.primary.url())
    for service in ("docking", "stats"):
        await admin.execute(f"CREATE DATABASE {service}")
        conn = await asyncpg.connect(pair.primary.url(service))
        await migrate(conn, SHARED_MIGRATIONS, ROOT / "services" / service / "migrations")
        await conn.close()
    await admin.close()
    return pair


# --- a service that writes without a pause ----------------------------------------------------------------------------
@dataclass(slots=True)
class Traffic:
    """Departures, each of them an event. One whose commit was not answered may have been accepted or not."""

    docking: Database
    accepted: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def command(self) -> None:
        while not self.enough.is_set():
            ids: list[str] = []
            try:
                async with self.docking.transaction(self.docking.system_cause()) as tx:
                    ids = outbox.publish(tx, dispatched())
            except Unavailable:
                self.unanswered.update(ids)
            else:
                self.accepted.update(ids)
            await asyncio.sleep(0.02)  # a steady load that leaves the machine to what is tested

    async def some(self, events: int = 20) -> None:
        goal = len(self.accepted) + events
        await until(lambda: len(self.accepted) >= goal, 60, "commands are accepted")


@pytest_asyncio.fixture(loop_scope="session")
async def traffic(config: Settings, following: Pair) -> AsyncIterator[Traffic]:
    """Relayed. On leaving, all of it is in the log once."""
    docking = await open_database("docking", following.url("docking"), size=4)
    try:
        one = Traffic(docking)
        async with relaying(config, docking, following.url("docking")):
            commanding = asyncio.create_task(one.command())
            yield one
            one.enough.set()
            await commanding
            await emptied(docking, 60)
    finally:
        await close_database(docking)


# --- a whole process --------------------------------------------------------------------------------------------------
async def dispatches(stats: StatsProcess) -> int:
    """As it reports them; -1 where it answers that it cannot."""
    async with stats.session() as session, session.get("/report") as answer:
        return int((await answer.json())["total"]["dispatches"]) if answer.status == 200 else -1


async def closing(stats: StatsProcess, key: str) -> tuple[int, str | None]:
    """A command, by its key the same one however often it is sent: its status, and how long to wait before it is repeated."""
    body, headers = {"period": "2016"}, {"idempotency-key": key}
    async with stats.session() as session, session.post("/periods/close", json=body, headers=headers) as answer:
        return answer.status, answer.headers.get("retry-after")


async def condition(stats: StatsProcess, name: str) -> str:
    async with stats.session() as session, session.get("/readyz") as answer:
        return str((await answer.json())["conditions"].get(name, ""))


async def test_field_case_f10_a_standby_is_promoted_and_nothing_is_lost_or_done_twice(
    config: Settings, topic_prefix: str, following: Pair, traffic: Traffic, tmp_path: Path
) -> None:
    kafka = config.kafka_bootstrap_servers
    stats = stats_process.configure(kafka, topic_prefix, following.url("stats"), tmp_path, partitions=3, role=Role.OFFICER)
    process = await stats.start()
    key = uuid.uuid4().hex

    async def counts(at_least: int) -> bool:
        assert process.returncode is None, "the process has left"
        return await dispatches(stats) >= at_least

    async def refuses_writes_and_serves_reads() -> bool:
        assert process.returncode is None, "the process has left"
        return await closing(stats, key) == (503, "1") and await dispatches(stats) >= 0

    async def relay_says_so() -> bool:
        return "ReadOnlySQLTransactionError" in await condition(stats, "relay")

    async def writes() -> bool:
        return (await closing(stats, key))[0] == 201

    try:
        await stats.until_ready(process)
        await traffic.some()
        await until(lambda: counts(20), 60)
        following.kill(following.primary)
        await until(refuses_writes_and_serves_reads, 60)
        await until(relay_says_so, 60)
        before = len(traffic.accepted)
        await until(refuses_writes_and_serves_reads, 60)  # one read may still meet a connection to the primary
        assert len(traffic.accepted) == before, "there is no primary"
        await following.promote()
        await traffic.some()
        await until(writes, 60)
        await stats.until_ready(process)
        traffic.enough.set()
        await emptied(traffic.docking, 60)
        log = await recount.recount(kafka, topic_prefix)
        published = log.ids("docking.events")
        assert len(published) == len(set(published))
        assert traffic.accepted <= set(published) <= traffic.accepted | traffic.unanswered
        figures = recount.by_year(recount.figures(log.events))
        await until(lambda: counts(len(published)), 60)
        assert await dispatches(stats) == sum(value for (name, _), value in figures.items() if name == "dispatches") == len(published)
        assert len(log.of("stats.PeriodClosed.v1")) <= 1
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

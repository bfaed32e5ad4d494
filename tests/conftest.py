"""A real PostgreSQL and a real Kafka for the session, a migrated database of its own for every test that asks for one.

LAOWU_TEST_DATABASE_URL and LAOWU_TEST_KAFKA name running ones (`make dev-stack` starts them): a developer's loop then starts at once.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio

from console.local import kafka as kafka_local
from console.local import postgres as postgres_local
from console.local import processes
from shared.db import SHARED_MIGRATIONS, Database, close_database, migrate, open_database
from shared.delivery import kafka as topics
from shared.settings import Settings
from tests.support import delivery, emptied_databases, java_archive, scheduling
from tests.support.http import client  # noqa: F401  # the fixture

ROOT = Path(__file__).parent.parent
MakeDatabase = Callable[[str], Awaitable[Database]]
MakeDatabaseUrl = Callable[[str], Awaitable[str]]
Template = Callable[[str], Awaitable[str]]
MAKING = pytest.StashKey[subprocess.Popen[bytes] | None]()  # Kafka's archive of classes


def pytest_configure(config: pytest.Config) -> None:
    """Every process of pytest-xdist, and what it starts, chooses its ports among its own. They inherit the environment of the one that
    starts them, so that one's stays as it is.
    """
    if hasattr(config, "workerinput"):
        worker, workers = int(config.workerinput["workerid"].removeprefix("gw")), config.workerinput["workercount"]
        os.environ["LAOWU_PORTS"] = scheduling.own_ports(_all_ports(), worker, workers)


def _all_ports() -> str:
    return os.environ.get("LAOWU_PORTS", "20000-31999")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Before pytest-xdist starts its processes, which inherit the environment. Without them no archive is made: a few tests take less."""
    workers = session.config.getoption("numprocesses", None)
    if not hasattr(session.config, "workerinput"):
        session.config.stash[MAKING] = java_archive.use(scheduling.spare_ports(_all_ports(), workers) if workers else None)


def pytest_unconfigure(config: pytest.Config) -> None:
    making = config.stash.get(MAKING, None)
    if making is not None:
        making.send_signal(signal.SIGINT)  # it has a folder to remove
        making.wait()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return scheduling.Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Each process of pytest-xdist; one alone takes the files as they come."""
    if hasattr(config, "workerinput"):
        scheduling.in_order(items)


def pytest_collection_finish() -> None:
    """Thousands of tests stay until the end: nothing in them is garbage to look for."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a PostgreSQL server where databases may be created."""
    running = os.environ.get("LAOWU_TEST_DATABASE_URL")
    if running:
        yield running
        return
    # Hundreds of small databases, each gone within minutes: nothing in them is worth a vacuum.
    more = "autovacuum = off\nfull_page_writes = off\n"
    node, process = postgres_local.start(tmp_path_factory.mktemp("postgres"), durable=False, more=more)
    yield node.url()
    processes.stop(process, postgres_local.spec(node))


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Bootstrap servers of a Kafka cluster of one node."""
    running = os.environ.get("LAOWU_TEST_KAFKA")
    if running:
        yield running
        return
    node, process = kafka_local.start(tmp_path_factory.mktemp("kafka"))
    yield node.bootstrap
    processes.stop(process, kafka_local.spec(node))


@pytest.fixture
def topic_prefix() -> str:
    """For Settings.topic_prefix and in front of group names: tests share the cluster, never a topic."""
    return f"t{uuid.uuid4().hex[:12]}."


@pytest_asyncio.fixture(loop_scope="session")
async def config(kafka: str, topic_prefix: str) -> Settings:
    """Settings of this test's processes; every topic is there, with three partitions."""
    made = delivery.settings(kafka, topic_prefix)
    await topics.create_topics(made)
    return made


def database_url(server: str, name: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


async def _administer(server: str, statement: str) -> None:
    """Run what cannot run in a transaction (CREATE and DROP DATABASE)."""
    conn = await asyncpg.connect(server)
    try:
        await conn.execute(statement)
    finally:
        await conn.close()


async def _create(server: str, service: str, template: str) -> str:
    """URL of a new copy."""
    name = f"test_{service}_{uuid.uuid4().hex[:12]}"
    await _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return database_url(server, name)


async def _drop(server: str, url: str) -> None:
    await _administer(server, f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _templates(postgres: str) -> AsyncIterator[Callable[[str], Awaitable[str]]]:
    """Name of a service's migrated template database, made the first time it is asked for in this session."""
    made: dict[str, str] = {}
    one_at_a_time = asyncio.Lock()

    async def template(service: str) -> str:
        async with one_at_a_time:
            if service not in made:
                name = f"template_{service}_{uuid.uuid4().hex[:12]}"
                await _administer(postgres, f'CREATE DATABASE "{name}"')
                made[service] = name
                conn = await asyncpg.connect(database_url(postgres, name))
                try:
                    await migrate(conn, SHARED_MIGRATIONS, ROOT / "services" / service / "migrations")
                finally:
                    await conn.close()
            return made[service]

    yield template
    for name in made.values():
        await _administer(postgres, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@asynccontextmanager
async def fresh_databases(server: str, template: Callable[[str], Awaitable[str]]) -> AsyncIterator[MakeDatabaseUrl]:
    """What makes migrated, empty databases; dropped on leaving."""
    made: list[str] = []

    async def make(service: str) -> str:
        made.append(await _create(server, service, await template(service)))
        return made[-1]

    try:
        yield make
    finally:
        for url in made:
            await _drop(server, url)


@pytest_asyncio.fixture(loop_scope="session")
async def make_database_url(postgres: str, _templates: Callable[[str], Awaitable[str]]) -> AsyncIterator[MakeDatabaseUrl]:
    """`await make_database_url("docking")`: URL of a migrated, empty database (for a process of its own), dropped when the test ends."""
    async with fresh_databases(postgres, _templates) as make:
        yield make


@dataclass(frozen=True, slots=True)
class Kept:
    """A database of earlier tests. `pool`: open, if nothing of it was in use when the last of them ended."""

    url: str
    uses: int
    pool: asyncpg.Pool | None


@dataclass(slots=True)
class Emptied:
    """Databases of earlier tests, by service."""

    free: dict[str, list[Kept]] = field(default_factory=lambda: defaultdict(list))
    pristine: dict[str, emptied_databases.Pristine] = field(default_factory=dict)

    async def give_back(self, database: Database, url: str, uses: int) -> bool:
        """False: it has to be dropped."""
        service, pool = database.service, database.pool
        pristine, again = self.pristine[service], uses < emptied_databases.USES
        if again and await emptied_databases.emptied_open(pool, pristine):
            self.free[service].append(Kept(url, uses, pool))
            return True
        await close_database(database)
        if again and await emptied_databases.emptied(url, pristine):
            self.free[service].append(Kept(url, uses, None))
            return True
        return False

    async def look(self, service: str, url: str) -> None:
        """At the first database of the service, which nobody has used."""
        if service not in self.pristine:
            conn = await asyncpg.connect(url)
            try:
                self.pristine[service] = await emptied_databases.look(conn)
            finally:
                await conn.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _emptied(postgres: str) -> AsyncIterator[Emptied]:
    kept = Emptied()
    yield kept
    for one in (one for found in kept.free.values() for one in found):
        if one.pool is not None:
            one.pool.terminate()
        await _drop(postgres, one.url)


@pytest_asyncio.fixture(loop_scope="session")
async def make_database(postgres: str, _templates: Callable[[str], Awaitable[str]], _emptied: Emptied) -> AsyncIterator[MakeDatabase]:
    """`await make_database("docking")`: an open, migrated, empty Database, closed when the test ends."""
    opened: list[tuple[Database, str, int]] = []

    async def make(service: str) -> Database:
        free = _emptied.free[service]
        kept = free.pop() if free else Kept(await _create(postgres, service, await _templates(service)), 0, None)
        await _emptied.look(service, kept.url)
        database = await open_database(service, kept.url, size=4) if kept.pool is None else Database(service=service, pool=kept.pool)
        opened.append((database, kept.url, kept.uses + 1))
        return database

    yield make
    for database, url, uses in opened:
        if not await _emptied.give_back(database, url, uses):
            await _drop(postgres, url)

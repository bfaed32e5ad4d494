"""A rebuild, or one of its reader processes, is killed: the live cells are unchanged, and the next rebuild resumes at the marks."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import uuid
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date

import psutil
import pytest
import pytest_asyncio
from pydantic import SecretStr

from console.local import processes
from console.local.processes import Identity
from services.stats import consumers
from services.stats.domain.questions import Question
from services.stats.figures import query
from services.stats.figures.freshness import SOURCES
from services.stats.replay import rebuild
from shared.db import Database, close_database, open_database
from shared.delivery import kafka as topics
from shared.settings import Settings
from tests.bench import programme_log
from tests.conftest import fresh_databases
from tests.support import delivery, recount, stats_process
from tests.support.delivery import caught_up, consuming
from tests.support.recount import Figure
from tests.support.stats import cause
from tests.support.wait import until

READERS = 2
EVENTS = 2 * rebuild.BATCH_RECORDS  # two batches for each reader
MARKED = "SELECT coalesce(sum(next_offset), 0)::bigint FROM rebuilt"
LOCK_MARKS = "LOCK TABLE rebuilt IN SHARE MODE"
WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'rebuilt'::regclass AND mode = $1 AND NOT granted"
LIVE_CELLS = """
SELECT generation.id, count(*), sum(hashtextextended(block::text, 0)) FROM block JOIN generation ON generation.id = block.generation
WHERE state = 'live' GROUP BY generation.id
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """A log that stats has counted, the figures that an oracle counts in it, and the environment of a stats process."""

    config: Settings
    database: Database
    recounted: dict[Figure, int]
    environment: dict[str, str]

    async def live(self) -> tuple[object, ...]:
        """The live generation and a digest of its cells."""
        async with self.database.connection() as conn:
            return tuple(await conn.fetchrow(LIVE_CELLS))

    async def answered(self, *measures: str) -> dict[Figure, int]:
        """The figures that stats answers, under the keys of the oracle."""
        found: dict[Figure, int] = {}
        for measure in measures:
            question = Question(measure=measure, start=date(2017, 1, 1), end=date(2020, 12, 31), by=("year", "county"))
            async with self.database.transaction(cause()) as tx:
                for point in await query.answer(tx, question):
                    name = f"{measure} {point.currency}" if point.currency else measure
                    found[name, str(point.of["year"]), str(point.of["county"])] = point.value
        return {figure: value for figure, value in found.items() if value}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def counted(
    kafka: str, postgres: str, _templates: Callable[[str], Awaitable[str]], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Counted]:
    prefix = f"t{uuid.uuid4().hex[:12]}."
    async with fresh_databases(postgres, _templates) as make:
        url = await make("stats")
        config = delivery.settings(kafka, prefix, topic_partitions=READERS, database_url=SecretStr(url))
        await topics.create_topics(config)
        await programme_log.write(config, EVENTS)
        recounted = recount.figures((await recount.recount(kafka, prefix)).events)
        stats = stats_process.configure(kafka, prefix, url, tmp_path_factory.mktemp("rebuild"), partitions=READERS)
        database = await open_database("stats", url, size=4)
        try:
            async with consuming(config, database, consumers.apply, service="stats", topics=SOURCES) as running:
                await caught_up(running, 60)
            yield Counted(config, database, recounted, stats.environment)
        finally:
            await close_database(database)


@asynccontextmanager
async def rebuilding(counted: Counted) -> AsyncIterator[Process]:
    """A rebuild in a process of its own, as an operator runs it."""
    command = (sys.executable, "-m", "services.stats.replay", "--processes", str(READERS))
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **counted.environment}, stdout=PIPE, stderr=DEVNULL)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def marks_held(counted: Counted, process: Process) -> AsyncIterator[int]:
    """Lets the readers commit their first marks and no others: a lock is given in turn. Yields how many records those cover."""
    await until(lambda: len(readers_of(process)) == READERS, 60, "readers, which load their code first")
    connection = counted.database.connection
    async with connection() as first, connection() as second, connection() as other, second.transaction():
        async with first.transaction():
            await first.execute(LOCK_MARKS)
            await until(lambda: other.fetchval(WAITING, "RowExclusiveLock"), 60, "marks wait to be committed")
            locking = asyncio.create_task(second.execute(LOCK_MARKS))
            await until(lambda: other.fetchval(WAITING, "ShareLock"), 10, "behind them the next lock")
        await locking
        yield await second.fetchval(MARKED)


def readers_of(process: Process) -> list[Identity]:
    spawned = [child for child in psutil.Process(process.pid).children() if "--multiprocessing-fork" in child.cmdline()]
    return [one for one in (processes.identity(child.pid) for child in spawned) if one]


async def assert_unchanged_and_resumed(counted: Counted, live: tuple[object, ...], marked: int) -> None:
    """The live cells are unchanged; the next rebuild reads only what the marks leave, and its cells equal those of the recount."""
    assert await counted.live() == live
    assert await counted.answered("dispatches") == {one: value for one, value in counted.recounted.items() if one[0] == "dispatches"}
    assert 0 < marked < EVENTS
    found = await rebuild.rebuild(counted.config, counted.database, processes=READERS)
    assert (found.events, found.swapped, found.differing) == (EVENTS - marked, True, [])
    assert (await counted.live())[0] != live[0]
    assert await counted.answered("dispatches", "persons", "returns", "income") == counted.recounted


async def test_a_killed_rebuild_leaves_the_live_cells_its_marks_and_no_reader(counted: Counted) -> None:
    live = await counted.live()
    async with rebuilding(counted) as process, marks_held(counted, process) as marked:
        readers = readers_of(process)
        assert len(readers) == READERS
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: not any(map(processes.alive, readers)), 5, "the readers end with the rebuild, even while they wait for a lock")
        assert await process.wait() == -signal.SIGKILL
    await assert_unchanged_and_resumed(counted, live, marked)


async def test_a_rebuild_that_loses_a_reader_names_it_and_ends(counted: Counted) -> None:
    live = await counted.live()
    async with rebuilding(counted) as process, marks_held(counted, process) as marked:
        readers = readers_of(process)
        os.kill(readers[0].pid, signal.SIGKILL)
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
        assert process.returncode == 2
        assert output.decode() == f"rebuild: process {readers[0].pid}, which read a shard of the log, ended before it was done\n"
        assert not any(map(processes.alive, readers))
    await assert_unchanged_and_resumed(counted, live, marked)

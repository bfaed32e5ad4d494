"""One, two and three processes of stats in one consumer group, on the same log, and as many relays on one outbox; ratios are to one.

They must count the same cells, and publish every event once. What more of them bring is bounded by the machine's cores, which the
broker and PostgreSQL share with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import ExitStack
from typing import NamedTuple

from services.stats.queries import generations
from shared import db
from shared.db import Database
from shared.delivery import event_log, kafka, relay
from shared.delivery.positions import TopicPartition, positions
from shared.health import Health
from tests.bench import counting, load, programme_log
from tests.bench.environment import BenchEnvironment, ReportStep, serve
from tests.bench.figures import Figure
from tests.support.wait import until

PROCESSES = (1, 2, 3)
PUBLISHED = 60_000
SECONDS = 900


class Cells(NamedTuple):
    """How many there are, and the sum of their hashes: those of several runs do not fit into memory."""

    number: int
    digest: int


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    rates, cells = dict[int, float](), dict[int, Cells]()
    for number in PROCESSES:
        rates[number], cells[number] = await _count(environment, number, report)
    figures = [
        Figure(name="cells", value=cells[1].number, unit="cells"),
        Figure(name="stats live, one process", value=rates[1], unit="events/s"),
    ]
    for number in PROCESSES[1:]:
        figures.append(Figure(name=f"stats live, {number} processes / one", value=rates[number] / rates[1], unit="ratio"))
        equal = cells[number] == cells[1]
        figures.append(Figure(name=f"cells of {number} processes equal to those of one", value=equal, unit="", at_least=1))
    relayed = {number: await _relay(environment, number, report) for number in PROCESSES}
    figures.append(Figure(name="relay, one", value=relayed[1], unit="events/s"))
    return [
        *figures,
        *(Figure(name=f"relay, {number} / one", value=relayed[number] / relayed[1], unit="ratio") for number in PROCESSES[1:]),
    ]


async def _count(environment: BenchEnvironment, number: int, report: ReportStep) -> tuple[float, Cells]:
    """Events per second from the first commit to the last, of a log that is written once all processes are there; and the cells."""
    report(f"scale: stats, {number} at a time")
    settings, url = environment.settings(f"scaling-{number}."), await environment.database(f"scaling-{number}", "stats")
    await kafka.create_topics(settings)
    database = await db.open_database("stats", url, size=2)
    try:
        with ExitStack() as running:
            for one in range(number):
                name = f"stats-{number}-{one}"
                running.enter_context(serve(environment, name, "services.stats", database=url, prefix=settings.topic_prefix))
            writing = asyncio.create_task(programme_log.write(settings, environment.events))
            await until(lambda: _has_applied(database, 1), SECONDS, "a first batch counted")
            first, began = await _applied(database), time.perf_counter()
            await writing
            total = sum((await counting.log_ends(settings)).values())
            await until(lambda: _has_applied(database, total), SECONDS, "every event counted")
            rate = (total - first) / (time.perf_counter() - began)
        return rate, await _counted(url)
    finally:
        await db.close_database(database)


async def _counted(url: str) -> Cells:
    conn = await db.connect(url, application="bench", seconds=SECONDS)
    try:
        cells = await generations.list_cells(conn)
    finally:
        conn.terminate()
    return Cells(len(cells), sum(map(hash, cells.items())))


async def _applied(database: Database) -> int:
    async with database.connection() as conn:
        return sum(position.next_offset for position in (await positions(conn)).values())


async def _has_applied(database: Database, total: int) -> bool:
    return await _applied(database) >= total


async def _relay(environment: BenchEnvironment, number: int, report: ReportStep) -> float:
    """Events per second by as many relays as one service's processes have. Raises AssertionError when one was published twice."""
    report(f"scale: {number} relays")
    settings = environment.settings(f"scaling-relay-{number}.")
    await kafka.create_topics(settings, [load.TOPIC])
    url = await environment.database(f"scaling-relay-{number}")
    database = await db.open_database("bench", url, size=2)
    async with database.connection() as conn:
        await load.fill(conn, load.rows(PUBLISHED))
    began = time.perf_counter()
    relays = [asyncio.create_task(relay.run(database, url, settings, Health())) for _ in range(number)]
    try:
        await until(lambda: _is_empty(database), SECONDS, "outbox relayed")
        seconds = time.perf_counter() - began
    finally:
        for task in relays:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await db.close_database(database)
    ends = await event_log.read_end_offsets(settings, [TopicPartition(load.TOPIC, one) for one in range(settings.topic_partitions)])
    assert sum(ends.values()) == PUBLISHED, "published twice"
    return PUBLISHED / seconds


async def _is_empty(database: Database) -> bool:
    async with database.connection() as conn:
        return not await conn.fetchval("SELECT EXISTS (SELECT FROM outbox)")

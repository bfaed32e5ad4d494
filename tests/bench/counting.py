"""The stats service against raw aiokafka reading the same log: counting live and rebuilding; then the questions of a dashboard."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from console.local.processes import MALLOC
from services.stats.replay.rebuild import BATCH_RECORDS
from shared import db
from shared.db import Database
from shared.delivery import event_log, kafka
from shared.delivery.event_log import FETCH_BYTES
from shared.delivery.positions import positions
from shared.events import DOCKING, REGISTRATION, RIGHTS, TRAINING
from shared.settings import Settings
from tests.bench import figure_queries, programme_log
from tests.bench.environment import ROOT, BenchEnvironment, ReportStep, serve
from tests.bench.figures import Figure, percentile
from tests.bench.memory import peak_megabytes
from tests.support.wait import until

TOPICS = (DOCKING, RIGHTS)
SOURCES = (REGISTRATION, DOCKING, TRAINING, RIGHTS)
REBUILD_AT_LEAST, TWO_PROCESSES_AT_LEAST, LIVE_AT_LEAST = 0.8, 1.6, 0.5
UNDER_WAY = 2  # batches of a process, besides the one that is committed
INSERT_POSITIONS = """
INSERT INTO consumed (topic, partition, next_offset, epoch, next_number) SELECT topic, partition, reached, 1, reached
FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS row (topic, partition, reached)
"""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """Live counting: events per second, and the peak memory of the service's process."""

    rate: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class RebuildRun:
    """A rebuild: records per second once each process has counted a batch, seconds in all and of comparing and swapping, peak memory."""

    rate: float
    seconds: float
    swapping: float
    megabytes: float


async def measure(environment: BenchEnvironment, report: ReportStep) -> list[Figure]:
    events, settings = environment.events, environment.settings("counting.")
    report(f"stats: {events:,} events are written")
    await programme_log.write(settings, events)
    await kafka.create_topics(settings, SOURCES)
    ends = await log_ends(settings)
    raw = [await read_raw(settings, ends)]
    url = await environment.database("counting", "stats")
    report("stats: live counting")
    live = await count_live(environment, settings, url, ends)
    raw.append(await read_raw(settings, ends))
    runs = {}
    for processes in (1, 2):
        report(f"stats: rebuild by {processes} process{'' if processes == 1 else 'es'}, compared cell by cell")
        runs[processes] = await rebuild(settings, url, processes)
        raw.append(await read_raw(settings, ends))
    report("stats: rebuild of a quarter of the log")
    quarter = await _rebuild_quarter(environment, settings, ends)
    base = percentile(raw, 0.5)
    return [
        Figure(name="raw aiokafka, reading the log of counting", value=base, unit="events/s", samples=tuple(raw)),
        *_rebuild_figures(runs, quarter, base),
        Figure(
            name="live, exactly once, a checkpoint per batch / raw aiokafka", value=live.rate / base, unit="ratio", at_least=LIVE_AT_LEAST
        ),
        Figure(name="live, exactly once, a checkpoint per batch", value=live.rate, unit="events/s"),
        *await figure_queries.measure(url, report),
    ]


def _rebuild_figures(runs: dict[int, RebuildRun], quarter: RebuildRun, base: float) -> list[Figure]:
    return [
        Figure(name="rebuild, one process / raw aiokafka", value=runs[1].rate / base, unit="ratio", at_least=REBUILD_AT_LEAST),
        Figure(name="rebuild, two processes / raw aiokafka", value=runs[2].rate / base, unit="ratio", at_least=REBUILD_AT_LEAST),
        Figure(name="rebuild, one process", value=runs[1].rate, unit="events/s"),
        Figure(name="rebuild, two processes", value=runs[2].rate, unit="events/s"),
        Figure(
            name="rebuild, two processes / one (cells equal to the live ones)",
            value=runs[2].rate / runs[1].rate,
            unit="ratio",
            at_least=TWO_PROCESSES_AT_LEAST,
        ),
        Figure(name="rebuild, comparing and swapping", value=runs[1].swapping, unit="s"),
        Figure(name="rebuild, time per event, whole log / a quarter", value=quarter.rate / runs[1].rate, unit="ratio", at_most=1.2),
        Figure(name="rebuild, memory, whole log / a quarter", value=runs[1].megabytes / quarter.megabytes, unit="ratio", at_most=1.2),
        Figure(name="rebuild, memory", value=runs[1].megabytes, unit="MB"),
    ]


# --- reading ----------------------------------------------------------------------------------------------------------
async def log_ends(settings: Settings) -> dict[tuple[str, int], int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await consumer.start()
    try:
        partitions = await event_log.partitions_of(consumer, [kafka.topic_name(settings, topic) for topic in SOURCES])
        ends = await event_log.end_offsets(consumer, partitions)
    finally:
        await consumer.stop()
    return {(kafka.logical_name(settings, partition.topic), partition.partition): end for partition, end in ends.items()}


async def read_raw(settings: Settings, ends: dict[tuple[str, int], int]) -> float:
    """Records per second, nothing done with them; fetched as a rebuild fetches."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers, max_partition_fetch_bytes=FETCH_BYTES)
    await consumer.start()
    try:
        partitions = [TopicPartition(kafka.topic_name(settings, topic), partition) for (topic, partition), end in ends.items() if end]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        began, seen, total = time.perf_counter(), 0, sum(ends.values())
        while seen < total:
            seen += sum(map(len, (await consumer.getmany(timeout_ms=1_000, max_records=BATCH_RECORDS)).values()))
        return total / (time.perf_counter() - began)
    finally:
        await consumer.stop()


# --- counting ---------------------------------------------------------------------------------------------------------
async def count_live(environment: BenchEnvironment, settings: Settings, url: str, ends: dict[tuple[str, int], int]) -> LiveRun:
    """By the service's own process, timed from the first commit seen to the last: joining the group is not measured."""
    database, total = await db.open_database("stats", url, size=2), sum(ends.values())
    try:
        with serve(environment, "counting", "services.stats", database=url, prefix=settings.topic_prefix) as server:
            await until(lambda: _has_counted(database, 1), 60, "a first batch counted")
            first, began = await _counted_events(database), time.perf_counter()
            await until(lambda: _has_counted(database, total), 900, "every event counted")
            return LiveRun((total - first) / (time.perf_counter() - began), peak_megabytes(server.process.pid))
    finally:
        await db.close_database(database)


async def _has_counted(database: Database, events: int) -> bool:
    return await _counted_events(database) >= events


async def _counted_events(database: Database) -> int:
    async with database.connection() as conn:
        return sum(position.next_offset for position in (await positions(conn)).values())


async def rebuild(settings: Settings, url: str, processes: int, *more: str) -> RebuildRun:
    """Rebuild in a process of its own, as an operator does. Raises AssertionError when a cell differs."""
    variables = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "DATABASE_URL": url,
        "HTTP_PORT": "1",
        "AUTH_JWKS": str(settings.auth_jwks),
        "TOPIC_PREFIX": settings.topic_prefix,
        "PYTHONPATH": str(ROOT),
        **MALLOC,
    }
    command = (sys.executable, "-m", "services.stats.replay", "--processes", str(processes), *more)
    process = await asyncio.create_subprocess_exec(*command, env=variables, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    began, peak = time.perf_counter(), 0.0
    commits: dict[int, float] = {}  # records counted so far, and when; starting is not measured, as it is not for live counting
    while line := await process.stderr.readline():
        words = line.decode().split()
        assert words[-1:] == ["records"], line
        if done := int(words[0].replace(",", "")):
            commits.setdefault(done, time.perf_counter())
        peak = max(peak, peak_megabytes(process.pid))
    output = (await process.stdout.read()).decode()
    ended = time.perf_counter()
    assert await process.wait() == 0, output
    return RebuildRun(_steady_rate(sorted(commits.items()), processes), ended - began, ended - max(commits.values()), peak)


def _steady_rate(commits: Sequence[tuple[int, float]], processes: int) -> float:
    """The last batches come sooner: they are read and folded already while those before are stored, and nothing is read beside them."""
    ahead = UNDER_WAY * processes
    steady = commits[:-ahead] if len(commits) > 2 * ahead else commits
    (first, first_at), (last, last_at) = steady[0], steady[-1]
    return (last - first * processes) / (last_at - first_at)


async def _rebuild_quarter(environment: BenchEnvironment, settings: Settings, ends: dict[tuple[str, int], int]) -> RebuildRun:
    """Rebuild the first quarter of the log, for a database whose positions lie there."""
    url = await environment.database("counting-quarter", "stats")
    upto = {topic_partition: end // 4 for topic_partition, end in ends.items() if end}
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(INSERT_POSITIONS, [topic for topic, _ in upto], [partition for _, partition in upto], list(upto.values()))
    finally:
        await conn.close()
    return await rebuild(settings, url, 1, "--accept")

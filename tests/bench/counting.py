"""The stats service against raw aiokafka reading the same log: counting live, rebuilding, and what a board asks."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from datetime import date

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.stats.domain.questions import Filter, Question
from services.stats.figures import query
from services.stats.replay.rebuild import BATCH_RECORDS
from shared import db
from shared.db import Database
from shared.delivery import event_log, kafka
from shared.delivery.event_log import RUN_FETCH_BYTES
from shared.delivery.positions import positions
from shared.events import DOCKING, REGISTRATION, RIGHTS, TRAINING
from shared.settings import Settings
from shared.values import Designation
from tests.bench import ledger
from tests.bench.figures import Figure, percentile
from tests.bench.place import ROOT, Place, Report, serving
from tests.support.wait import until

TOPICS = (DOCKING, RIGHTS)
SOURCES = (REGISTRATION, DOCKING, TRAINING, RIGHTS)
CELLS = 10_000_000  # at least so many lie there when the board asks
ROUNDS = 200  # of every question
# At 50 events a second more is settled every half minute; a board that is drawn anew every second then asks so often of the same.
ROUNDS_UNSETTLED = 20
RATES = """
INSERT INTO fx_rate (currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on)
SELECT currency, month::date, 1, 0.5, 'bench', 'bench', 'bench', now(), current_date
FROM unnest($1::text[]) AS currency, generate_series(date '2017-01-01', date '2020-12-01', interval '1 month') AS month
"""
SETTLED = "UPDATE settled SET version = gen_random_uuid()"
REBUILD_AT_LEAST, LIVE_AT_LEAST = 0.6, 0.3
POOR = Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL))
BEGIN, END = date(2017, 1, 1), date(2020, 12, 31)
BOARD = (
    *(Question(measure=measure, start=BEGIN, end=END, by=("year",)) for measure in ("dispatches", "persons", "stock", "returns", "income")),
    *(Question(measure="dispatches", start=BEGIN, end=END, by=("year", level)) for level in ("province", "region")),
    *(
        Question(measure="dispatches", start=BEGIN, end=END, by=("year", "province"), filter=POOR, basis=basis)
        for basis in ("ever_listed", "listed_at_departure")
    ),
    Question(measure="income", start=BEGIN, end=END, by=("province",), filter=POOR),
    Question(measure="dispatches", start=BEGIN, end=END, by=("month", "channel")),
)
CELL_COUNT = "SELECT coalesce(sum(cells), 0) FROM block"
MORE_CELLS = "INSERT INTO block SELECT * FROM block LIMIT 20000"  # twice the rows to read, the same keys
REACHED = """
INSERT INTO consumed (topic, partition, next_offset, epoch, next_number) SELECT topic, partition, reached, 1, reached
FROM unnest($1::text[], $2::integer[], $3::bigint[]) AS row (topic, partition, reached)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """A rebuild: records per second while it read, seconds in all, and the most memory its process took."""

    rate: float
    seconds: float
    megabytes: float


async def measure(here: Place, say: Report) -> list[Figure]:
    events, settings = here.events, here.settings("counting.")
    say(f"stats: {events:,} events are written")
    await ledger.write(settings, events)
    await kafka.create_topics(settings, SOURCES)
    ends = await _ends(settings)
    raw = [await _read(settings, ends)]
    url = await here.database("counting", "stats")
    say("stats: counted live")
    live = await _live(here, settings, url, ends)
    raw.append(await _read(settings, ends))
    runs = {}
    for processes in (1, 2):
        say(f"stats: rebuilt by {processes} process{'' if processes == 1 else 'es'} and compared cell by cell")
        runs[processes] = await _rebuild(settings, url, processes)
        raw.append(await _read(settings, ends))
    quarter = await _quarter(here, settings, ends, say)
    base = percentile(raw, 0.5)
    best = max(run.rate for run in runs.values())
    board = await _board(url, say)
    return [
        Figure("raw aiokafka, reading the log of counting", base, "events/s", samples=tuple(raw)),
        Figure("rebuild / raw aiokafka", best / base, "ratio", at_least=REBUILD_AT_LEAST),
        Figure("rebuild, one process", runs[1].rate, "events/s"),
        Figure("rebuild, two processes", runs[2].rate, "events/s"),
        Figure("rebuild, two processes / one (cells equal to the live ones)", runs[2].rate / runs[1].rate, "ratio", at_least=1.0),
        Figure("rebuild, comparing and swapping", runs[1].seconds - events / runs[1].rate, "s"),
        Figure("live, exactly once, a checkpoint per batch / raw aiokafka", live / base, "ratio", at_least=LIVE_AT_LEAST),
        Figure("live, exactly once, a checkpoint per batch", live, "events/s"),
        Figure("rebuild, time per event, whole log / a quarter", quarter.rate / runs[1].rate, "ratio", at_most=1.2),
        Figure("rebuild, memory, whole log / a quarter", runs[1].megabytes / quarter.megabytes, "ratio", at_most=1.2),
        Figure("rebuild, memory", runs[1].megabytes, "MB"),
        *board,
    ]


# --- reading ----------------------------------------------------------------------------------------------------------
async def _ends(settings: Settings) -> dict[tuple[str, int], int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers)
    await consumer.start()
    try:
        places = await event_log.partitions_of(consumer, [kafka.topic_name(settings, topic) for topic in SOURCES])
        ends = await event_log.end_offsets(consumer, places)
    finally:
        await consumer.stop()
    return {(kafka.logical_name(settings, place.topic), place.partition): end for place, end in ends.items()}


async def _read(settings: Settings, ends: dict[tuple[str, int], int]) -> float:
    """Records per second, nothing done with them; fetched as a rebuild fetches."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers, max_partition_fetch_bytes=RUN_FETCH_BYTES)
    await consumer.start()
    try:
        places = [TopicPartition(kafka.topic_name(settings, topic), partition) for (topic, partition), end in ends.items() if end]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        began, seen, total = time.perf_counter(), 0, sum(ends.values())
        while seen < total:
            seen += sum(map(len, (await consumer.getmany(timeout_ms=1_000, max_records=BATCH_RECORDS)).values()))
        return total / (time.perf_counter() - began)
    finally:
        await consumer.stop()


# --- counting ---------------------------------------------------------------------------------------------------------
async def _live(here: Place, settings: Settings, url: str, ends: dict[tuple[str, int], int]) -> float:
    """Events per second by the service's own process, from the first commit that is seen to the last: joining the group is not counted."""
    database, total = await db.open_database("stats", url, size=2), sum(ends.values())
    try:
        with serving(here, "counting", "services.stats", url, settings.topic_prefix):
            await until(lambda: _counted(database, 1), 60, "a first batch counted")
            first, began = await _reached(database), time.perf_counter()
            await until(lambda: _counted(database, total), 900, "every event counted")
            return (total - first) / (time.perf_counter() - began)
    finally:
        await db.close_database(database)


async def _counted(database: Database, events: int) -> bool:
    return await _reached(database) >= events


async def _reached(database: Database) -> int:
    async with database.connection() as conn:
        return sum(position.next_offset for position in (await positions(conn)).values())


async def _rebuild(settings: Settings, url: str, processes: int, *more: str) -> Run:
    """As an operator would run it: in a process of its own. Raises AssertionError when a cell differs."""
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "DATABASE_URL": url,
        "HTTP_PORT": "1",
        "AUTH_JWKS": str(settings.auth_jwks),
        "TOPIC_PREFIX": settings.topic_prefix,
        "PYTHONPATH": str(ROOT),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.stats.replay",
        "--processes",
        str(processes),
        *more,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    began = read = 0.0
    done, most = 0, 0.0
    while line := await process.stderr.readline():
        words = line.decode().split()
        assert words[-1:] == ["records"], line
        began = began or time.perf_counter()
        done, read, most = int(words[0].replace(",", "")), time.perf_counter(), max(most, _megabytes(process.pid))
    said = (await process.stdout.read()).decode()
    ended = time.perf_counter()
    assert await process.wait() == 0, said
    return Run(done / (read - began), ended - began, most)


def _megabytes(pid: int) -> float:
    """The most its process has held at once."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii") as status:  # noqa: PTH123  # no file on a disk
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))
    except (FileNotFoundError, StopIteration):  # it has just ended
        return 0.0


async def _quarter(here: Place, settings: Settings, ends: dict[tuple[str, int], int], say: Report) -> Run:
    """The first quarter of the log, rebuilt for a database that has read so far."""
    say("stats: a quarter of the log is rebuilt")
    url = await here.database("counting-quarter", "stats")
    upto = {place: end // 4 for place, end in ends.items() if end}
    conn = await asyncpg.connect(url)
    try:
        await conn.execute(REACHED, [topic for topic, _ in upto], [partition for _, partition in upto], list(upto.values()))
    finally:
        await conn.close()
    return await _rebuild(settings, url, 1, "--accept")


# --- the board --------------------------------------------------------------------------------------------------------
async def _board(url: str, say: Report) -> list[Figure]:
    database = await db.open_database("stats", url, size=2, plan_each=True)  # as the service does
    try:
        async with database.connection() as conn:
            await conn.execute("SET statement_timeout = 0")
            while (cells := await conn.fetchval(CELL_COUNT)) < CELLS:
                say(f"stats: {cells:,} cells are made more")
                await conn.execute(MORE_CELLS, timeout=600)
            await conn.execute(RATES, [*ledger.CURRENCY.values(), "USD"])
            await conn.execute("ANALYZE", timeout=600)
        say("stats: the board is asked")
        waits, anew = list[float](), list[float]()
        for number in range(ROUNDS):
            more = number % ROUNDS_UNSETTLED == 0
            if more:
                async with database.connection() as conn:
                    await conn.execute(SETTLED)
            asked = [await _asked(database, question) for question in BOARD]
            waits += asked
            anew += asked if more else ()
    finally:
        await db.close_database(database)
    return [
        Figure("board, cells there", cells, "cells"),
        Figure("board, a question, p50", percentile(waits, 0.5) * 1000, "ms"),
        Figure("board, a question, p99", percentile(waits, 0.99) * 1000, "ms", at_most=20),
        Figure("board, a question asked first after more was settled, p50", percentile(anew, 0.5) * 1000, "ms"),
        Figure("board, a question asked first after more was settled, p99", percentile(anew, 0.99) * 1000, "ms"),
    ]


async def _asked(database: Database, question: Question) -> float:
    began = time.perf_counter()
    async with database.transaction(database.system_cause()) as tx:
        await query.answer(tx, question)
    return time.perf_counter() - began

"""The stats process: it starts, becomes ready, answers, and ends on SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp

from shared.db import close_database, open_database
from tests.conftest import MakeDatabaseUrl
from tests.support import stats_process
from tests.support.read_only import make_read_only, make_writable
from tests.support.wait import until

POOLED = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'laowu-stats'"


async def test_the_process_starts_answers_and_ends(
    kafka: str, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    stats = stats_process.configure(kafka, topic_prefix, await make_database_url("stats"), tmp_path)
    process = await stats.start()
    try:
        await stats.until_ready(process)
        async with stats.session() as session, session.get("/report") as answer:
            report = await answer.json()
        assert (answer.status, report["total"]["dispatches"], report["fresh"]["lag_seconds"]) == (200, 0, 0)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_an_open_stream_ends_on_sigterm(kafka: str, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path) -> None:
    stats = stats_process.configure(kafka, topic_prefix, await make_database_url("stats"), tmp_path)
    process = await stats.start()
    try:
        await stats.until_ready(process)
        async with stats.session() as session, session.get("/stream") as stream:
            assert (stream.status, (await stream.content.readline())[:4]) == (200, b"id: ")
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(stream.content.read(), 30)
        assert await asyncio.wait_for(process.wait(), 30) == 0, "with 1 it ends itself where something is still open after ten seconds"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_field_case_f10_on_a_read_only_database_the_process_stays_starts_again_and_serves_reads(
    kafka: str, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    stats = stats_process.configure(kafka, topic_prefix, await make_database_url("stats"), tmp_path)
    database = await open_database("test", stats.environment["DATABASE_URL"])
    process = await stats.start()
    pids: set[int] = set()

    async def loops_went_on() -> bool:
        """Each write of a loop that is refused gives its connection up."""
        async with database.connection() as conn:
            pids.update(row["pid"] for row in await conn.fetch(POOLED))
        return len(pids) >= 5

    async def reads_are_served() -> bool:
        assert process.returncode is None, "the process has left"
        async with stats.session() as session:
            try:
                async with session.get("/report") as report, session.get("/readyz") as readiness:
                    reason = (await readiness.json())["conditions"].get("relay", "")
                    return report.status == 200 and "read-only" in reason
            except aiohttp.ClientConnectionError:
                return False  # it is starting

    try:
        await stats.until_ready(process)
        await make_read_only(database)
        await until(reads_are_served, 20)
        await until(loops_went_on, 20)
        await until(reads_are_served)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
        process = await stats.start()
        await until(reads_are_served, 30)
        await make_writable(database)
        await stats.until_ready(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await close_database(database)

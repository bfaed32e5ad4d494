"""The stats process: it starts, becomes ready, answers, and ends on SIGTERM."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

from tests.conftest import MakeDatabaseUrl
from tests.support import stats_process


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
            assert (stream.status, await stream.content.readline()) == (200, b": here\n")
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(8):  # well below the ten seconds after which a process ends itself
                await stream.content.read()
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

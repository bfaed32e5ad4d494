"""Three plain processes on two databases (a writer, its relay, a consumer), to be stopped, killed and started again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import pytest_asyncio

from shared.delivery import kafka as topics
from shared.events import DOCKING
from shared.settings import Settings
from tests.conftest import ROOT, MakeDatabaseUrl
from tests.support import delivery
from tests.support.delivery_process import COMMANDS


@dataclass(slots=True)
class Plant:
    """A programme of three processes on two databases, and what is needed to check it afterwards."""

    kafka: str
    config: Settings
    producing: str
    consuming: str
    log: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    exits: list[int] = field(default_factory=list)

    async def start(self, role: str, name: str = "") -> subprocess.Popen[bytes]:
        """Start it and wait until it works."""
        url = self.consuming if role == "consumer" else self.producing
        with self.log.open("ab") as errors:
            process = subprocess.Popen(  # noqa: ASYNC220  # the signals of these tests want a plain process
                [sys.executable, "-m", "tests.support.delivery_process", role, url, self.kafka, self.config.topic_prefix],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        self.processes[name or role] = process
        assert process.stdout is not None
        line = await asyncio.to_thread(process.stdout.readline)
        assert line == b"ready\n", self.log.read_text()
        return process

    def send(self, name: str, number: signal.Signals) -> None:
        self.processes[name].send_signal(number)

    async def end(self, name: str, number: signal.Signals) -> int:
        """Signal it and wait for its end."""
        process = self.processes.pop(name)
        process.send_signal(number)
        code = await asyncio.to_thread(process.wait, 20)
        if process.stdout is not None:
            process.stdout.close()
        return code


@contextlib.contextmanager
def none_left(plant: Plant) -> Iterator[Plant]:
    try:
        yield plant
    finally:
        for process in plant.processes.values():
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest_asyncio.fixture(loop_scope="session")
async def plant(kafka: str, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path) -> AsyncIterator[Plant]:
    config = delivery.settings(kafka, topic_prefix)
    await topics.create_topics(config, (DOCKING,))
    made = Plant(kafka, config, await make_database_url("docking"), await make_database_url("rights"), tmp_path / "log")
    await make_tables(made)
    with none_left(made):
        yield made


async def make_tables(plant: Plant) -> None:
    """What the commands write, and where the consumer counts."""
    for url, statement in ((plant.producing, COMMANDS), (plant.consuming, delivery.TALLY)):
        conn = await asyncpg.connect(url)
        await conn.execute(statement)
        await conn.close()

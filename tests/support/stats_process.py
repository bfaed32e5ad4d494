"""The stats service as a process of its variables, to be queried, stopped and killed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from console.local import processes
from shared.db import Database
from shared.principals import NATION, Principal, Role
from shared.settings import Settings
from shared.web.auth import issue, new_key, public_keys
from tests.support import delivery, recount
from tests.support.delivery import emptied, relaying
from tests.support.stats import dispatched
from tests.support.wait import until


@dataclass(frozen=True, slots=True)
class StatsProcess:
    """The environment of the process, and how to reach it."""

    environment: dict[str, str]
    base: str
    token: str

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(sys.executable, "-m", "services.stats", env={**os.environ, **self.environment})

    def session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.base, headers={"authorization": f"Bearer {self.token}"})

    async def post(self, path: str, body: object = None) -> int:
        """The status of the answer."""
        async with self.session() as session, session.post(path, json=body, headers={"idempotency-key": uuid.uuid4().hex}) as answer:
            return answer.status

    async def until_counted(self, dispatches: int) -> None:
        async with self.session() as session:

            async def counted() -> bool:
                async with session.get("/report") as answer:
                    return bool((await answer.json())["total"]["dispatches"] == dispatches)

            await until(counted, 20)

    async def until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with self.session() as session:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    async with session.get("/readyz") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await until(ready, 60, "the process to be ready")

    async def until_closed(self, process: asyncio.subprocess.Process, config: Settings, docking: Database, url: str) -> None:
        """A departure is published by docking, of that database, and counted; its year is closed, which is published too."""
        async with relaying(config, docking, url):
            await delivery.publish(docking, dispatched())
            await emptied(docking)
        await self.until_ready(process)
        await self.until_counted(1)
        assert await self.post("/periods/close", {"period": "2018"}) == 201

        async def published() -> bool:
            log = await recount.recount(config.kafka_bootstrap_servers, config.topic_prefix)
            return len(log.of("stats.PeriodClosed.v1")) == 1

        await until(published, 20)


def configure(
    kafka: str, prefix: str, url: str, folder: Path, *, partitions: int = 1, role: Role = Role.AUDITOR, **more: str
) -> StatsProcess:
    """With a port and a signing key of its variables, and whoever asks in this role; `more` of them."""
    key = new_key()
    (folder / "jwks.json").write_text(json.dumps(public_keys([key])))
    (port,) = processes.free_ports(1)
    variables = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "DATABASE_URL": url,
        "HTTP_PORT": str(port),
        "AUTH_JWKS": str(folder / "jwks.json"),
        "TOPIC_PREFIX": prefix,
        "TOPIC_PARTITIONS": str(partitions),
        **more,
    }
    return StatsProcess(variables, f"http://127.0.0.1:{port}", issue(key, Principal(str(role), role, (NATION,))))

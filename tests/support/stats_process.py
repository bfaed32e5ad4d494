"""The stats service as a process of its own, to be asked, stopped and killed."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from shared.principals import NATION, Principal, Role
from shared.web.auth import issue, new_key, public_keys
from tests.support.wait import until


@dataclass(frozen=True, slots=True)
class Place:
    """Where it runs, and how to ask it."""

    environment: dict[str, str]
    base: str
    token: str

    async def start(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(sys.executable, "-m", "services.stats", env={**os.environ, **self.environment})

    def asking(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(self.base, headers={"authorization": f"Bearer {self.token}"})

    async def until_ready(self, process: asyncio.subprocess.Process) -> None:
        async with self.asking() as session:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    async with session.get("/readyz") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await until(ready, 60, "the process to be ready")


def place(kafka: str, prefix: str, url: str, folder: Path, *, partitions: int = 1) -> Place:
    """A port and a key of its own."""
    key = new_key()
    (folder / "jwks.json").write_text(json.dumps(public_keys([key])))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    own = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "DATABASE_URL": url,
        "HTTP_PORT": str(port),
        "AUTH_JWKS": str(folder / "jwks.json"),
        "TOPIC_PREFIX": prefix,
        "TOPIC_PARTITIONS": str(partitions),
    }
    return Place(own, f"http://127.0.0.1:{port}", issue(key, Principal("auditor", Role.AUDITOR, (NATION,))))

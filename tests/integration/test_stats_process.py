"""The stats process as it is run: starts, is ready, answers, and leaves on SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import aiohttp

from shared.auth import NATION, Principal, Role, issue, new_key, public_keys
from tests.conftest import MakeDatabaseUrl
from tests.support.wait import until


def a_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port


async def test_the_process_starts_answers_and_leaves(
    kafka: str, topic_prefix: str, make_database_url: MakeDatabaseUrl, tmp_path: Path
) -> None:
    key, port = new_key(), a_free_port()
    (tmp_path / "jwks.json").write_text(json.dumps(public_keys([key])))
    own = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka, "DATABASE_URL": await make_database_url("stats"), "HTTP_PORT": str(port),
        "AUTH_JWKS": str(tmp_path / "jwks.json"), "TOPIC_PREFIX": topic_prefix, "TOPIC_PARTITIONS": "1",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.stats", env={**os.environ, **own})
    base, token = f"http://127.0.0.1:{port}", issue(key, Principal("auditor", Role.AUDITOR, (NATION,)))
    try:
        async with aiohttp.ClientSession(headers={"authorization": f"Bearer {token}"}) as session:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    async with session.get(f"{base}/readyz") as answer:
                        return answer.status == 200
                except aiohttp.ClientError:
                    return False

            await until(ready, 60, "the process to be ready")
            async with session.get(f"{base}/report") as answer:
                report = await answer.json()
        assert (answer.status, report["total"]["dispatches"], report["fresh"]["lag_seconds"]) == (200, 0, 0)
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

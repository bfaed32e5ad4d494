"""Senders killed at random while events are published and a receiver fails now and then: every event arrives, and no other."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from aiohttp import web

from shared.db import close_database, open_database
from shared.principals import Role
from shared.values import EnterpriseId
from tests.conftest import ROOT, MakeDatabaseUrl
from tests.http.test_notifications import drawn, publish
from tests.support.http import Client, environment, serving
from tests.support.receivers import opened, receiving
from tests.support.wait import until

KILLS, BETWEEN, SENDERS = 8, 40, 2
ENTERPRISE, OTHER = EnterpriseId(UUID(int=1)), EnterpriseId(UUID(int=2))


@asynccontextmanager
async def docking_at(url: str) -> AsyncIterator[Client]:
    database = await open_database("docking", url, size=4)
    async with serving("docking", database, endpoints_local=True) as client:
        yield client
    await close_database(database)


async def start(url: str) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(  # noqa: ASYNC220  # the signals of these tests want a plain process
        [sys.executable, "-m", "tests.support.sender_process", url], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
    return process


async def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.wait, 20)
    if process.stdout is not None:
        process.stdout.close()


async def test_killed_senders_lose_no_message_and_send_none_that_was_not_published(make_database_url: MakeDatabaseUrl) -> None:
    environment()
    url, choice = await make_database_url("docking"), random.Random(7)
    async with docking_at(url) as client, receiving() as receiver:
        own = client.speaking_as(Role.ENTERPRISE, party=ENTERPRISE)
        endpoint = await opened(own, receiver.url)

        async def moody(_: web.Request) -> web.StreamResponse:
            await asyncio.sleep(choice.uniform(0, 0.02))  # as far as another continent
            return web.Response(status=204 if choice.random() > 0.1 else 500)

        receiver.answering = moody
        senders = [await start(url) for _ in range(SENDERS)]
        for _ in range(KILLS):
            for _ in range(BETWEEN):
                await publish(client, drawn(ENTERPRISE), drawn(OTHER))
            seen = len(receiver.received)
            await until(lambda seen=seen: len(receiver.received) > seen, 30)  # type: ignore[misc]
            victim = choice.randrange(SENDERS)
            await kill(senders[victim])
            senders[victim] = await start(url)
        async with client.database.connection() as conn:

            async def all_delivered() -> bool:
                await conn.execute("UPDATE delivery SET due_at = now() WHERE state = 'waiting' AND leased_until IS NULL")  # no 5 minutes
                await conn.execute("UPDATE endpoint SET paused_until = NULL")
                return not await conn.fetchval("SELECT count(*) FROM delivery WHERE state <> 'delivered'")

            await until(all_delivered, 90)
            expected = {
                str(row["event_id"])
                for row in await conn.fetch("SELECT event_id FROM notification WHERE audiences && $1::text[]", [f"enterprise:{ENTERPRISE}"])
            }
        for process in senders:
            await kill(process)
        assert len(expected) == KILLS * BETWEEN
        assert {got.id for got in receiver.received} == expected
        assert (await own.get(f"/endpoints/{endpoint}")).body["failures"] == 0

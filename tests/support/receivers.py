"""Where webhooks arrive in tests: a real HTTP server that answers as the test wants, and the sender under a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest_asyncio
from aiohttp import web

from shared.notifications import deliveries, webhooks
from shared.notifications.mailing import MailServer
from shared.notifications.sender import Sender
from shared.principals import Role
from shared.values import EnterpriseId
from tests.conftest import MakeDatabase
from tests.support.http import Client, serving

ENTERPRISE = EnterpriseId(UUID(int=41))
Answering = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Received:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


async def well(_: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


def status(code: int, **headers: str) -> Answering:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=code, headers={name.replace("_", "-"): value for name, value in headers.items()})

    return answer


@dataclass(slots=True)
class Receiver:
    """`url`: where it listens. `answering`: how; to be changed at any time."""

    url: str
    answering: Answering = well
    received: list[Received] = field(default_factory=list)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free loopback port."""
    receiver = Receiver("")

    async def take(request: web.Request) -> web.StreamResponse:
        receiver.received.append(Received({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return await receiver.answering(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    (address,) = runner.addresses
    receiver.url = f"http://127.0.0.1:{address[1]}/hook"
    try:
        yield receiver
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[str]:
    """A server that speaks for itself: gives its URL."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    finally:
        server.close()


@dataclass(slots=True)
class Days:
    """A clock for a sender: the machine's, and as much later as the test says."""

    later: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.later

    def wait(self, **duration: float) -> None:
        self.later += timedelta(**duration)


@asynccontextmanager
async def a_sender(client: Client, days: Days | None = None, *, local: bool = True) -> AsyncIterator[Sender]:
    """The sender of the client's service."""
    settings = client.service.settings
    async with webhooks.open_session(local=local) as http:
        sender = Sender(database=client.database, settings=settings, http=http, mail=MailServer.from_settings(settings), now=days or Days())
        yield sender
        await sender.settle()


async def send_all(sender: Sender) -> int:
    """Send what is due, and wait until it is marked. Returns how many attempts that were."""
    attempts = 0
    while taken := await sender.round():
        await sender.settle()
        attempts += taken
    return attempts


async def opened(client: Client, target: str, **changes: Any) -> str:
    """The id of an endpoint of the caller."""
    answer = await client.post("/endpoints", {"kind": "webhook", "address": target, **changes})
    assert answer.status == 201, answer.body
    return str(answer.body["endpoint"])


async def states(client: Client, endpoint: str) -> list[tuple[str, int, int | None, str | None]]:
    """(state, attempts, status, error) of each delivery, newest first."""
    items = (await client.get(f"/endpoints/{endpoint}/deliveries")).body["items"]
    return [(one["state"], one["attempts"], one["status"], one["error"]) for one in items]


ATTEMPTS = len(deliveries.WAITS) + 1


@pytest_asyncio.fixture(loop_scope="session")
async def docking(make_database: MakeDatabase) -> AsyncIterator[Client]:
    """Docking as an enterprise calls it, on a machine of one's own."""
    async with serving("docking", await make_database("docking"), endpoints_local=True) as service:
        yield service.speaking_as(Role.ENTERPRISE, party=ENTERPRISE)


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one

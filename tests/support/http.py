"""A service's real application on a loopback port, over a real database, and a caller that speaks for any role.

`services/<name>/__main__.py` names what the service is made of as SERVICE; here it is served without relay and consumer, so
what a command published stays in the `outbox` table, where tests read it.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import importlib
import json
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import aiohttp
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from shared.db import Database
from shared.events import Event, EventEnvelope, decode
from shared.health import Health
from shared.principals import NATION, Principal, Role
from shared.runner import Service
from shared.running_service import RunningService
from shared.web.app import create_app
from shared.web.auth import Verifier, issue, new_key, public_keys
from tests.support.wait import until

SIGNING_KEY = new_key()


@cache
def environment() -> Path:
    """Settings of every service, set once in this process's environment. Returns the folder of the keys."""
    folder = Path(mkdtemp(prefix="laowu-test-keys-"))
    (folder / "jwks.json").write_text(json.dumps(public_keys([SIGNING_KEY])))
    (folder / "signing.pem").write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    os.environ.update(
        KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
        DATABASE_URL="postgresql://127.0.0.1:1/none",
        HTTP_PORT="1",
        CALLER_REQUESTS_PER_SECOND="0",
        AUTH_JWKS=str(folder / "jwks.json"),
        DOCKING_SIGNING_KEY=str(folder / "signing.pem"),
        TRAINING_SIGNING_KEY=str(folder / "signing.pem"),
        ENDPOINT_KEY=base64.b64encode(secrets.token_bytes(32)).decode(),
        REGISTRATION_MASTER_KEY=base64.b64encode(secrets.token_bytes(32)).decode(),
        REGISTRATION_LOOKUP_KEY=base64.b64encode(secrets.token_bytes(32)).decode(),
    )
    return folder


def service_of(name: str) -> Service:
    """What the service is made of."""
    environment()
    service = importlib.import_module(f"services.{name}.__main__").SERVICE
    assert isinstance(service, Service)
    return service


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """The problem's slug."""
        return str(self.body["code"])


@dataclass(slots=True)
class Client:
    """Calls one service. Every POST gets a fresh Idempotency-Key unless one is given."""

    base: str
    session: aiohttp.ClientSession
    database: Database
    service: RunningService
    who: Principal = field(default_factory=lambda: Principal("tester", Role.OFFICER, (NATION,)))
    at: datetime | None = None
    token: str | None = None  # instead of one issued for `who`

    def speaking_as(self, role: Role, *, regions: tuple[str, ...] = (NATION,), party: object = None, subject: str = "tester") -> Client:
        """The same service, called by somebody else."""
        who = Principal(subject, role, regions, None if party is None else str(party))
        return Client(self.base, self.session, self.database, self.service, who, self.at)

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.send("GET", path, params={name: str(value) for name, value in query.items()})

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        return await self.send("POST", path, data=json.dumps(body), headers={"content-type": "application/json"}, key=key)

    async def upload(self, path: str, content: bytes, content_type: str, *, key: str | None = None) -> Answer:
        return await self.send("POST", path, data=content, headers={"content-type": content_type}, key=key)

    async def send(self, method: str, path: str, *, key: str | None = None, headers: dict[str, str] | None = None, **rest: Any) -> Answer:
        own = {"authorization": f"Bearer {self.token or issue(SIGNING_KEY, self.who)}"}
        if method != "GET":
            own["idempotency-key"] = key or secrets.token_hex(16)
        if self.at is not None:
            own["simulated-time"] = self.at.isoformat()
        async with self.session.request(method, self.base + path, headers={**own, **(headers or {})}, **rest) as response:
            raw = await response.read()
            body = json.loads(raw) if "json" in response.content_type else raw
            return Answer(response.status, body, {name.lower(): value for name, value in response.headers.items()})

    async def published(self) -> list[EventEnvelope[Event]]:
        """Every event in the outbox, oldest first."""
        async with self.database.connection() as conn:
            rows = await conn.fetch("SELECT value FROM outbox ORDER BY id")
        events = [decode(row["value"]) for row in rows]
        return [event for event in events if isinstance(event, EventEnvelope)]


Start = Callable[[str], Awaitable[Client]]
# By service: what is the same in every application of it, and is built at the first request for half of what a short test takes.
_BUILT: dict[str, Any] = {}


@contextlib.asynccontextmanager
async def serving(name: str, database: Database, **changes: object) -> AsyncIterator[Client]:
    """The service's application, on a free port, as started for a simulation (so that Simulated-Time may be sent); `changes`: settings."""
    service = service_of(name)
    settings = service.settings.model_validate({**service.settings(simulation=True).model_dump(), **changes})
    running = RunningService(
        name=name,
        database=database,
        settings=settings,
        health=Health(),
        sweep=service.sweep,
        redriving=service.redriving(settings),
    )
    app = create_app(running, service.router, Verifier.from_settings(settings), body_limits=service.body_limits)
    app.router, app.openapi = _BUILT.setdefault(name, (app.router, app.openapi))  # type: ignore[method-assign]  # as create_app assigns it
    async with listening(app) as base, aiohttp.ClientSession() as session:
        yield Client(base, session, database, running)


@contextlib.asynccontextmanager
async def listening(app: FastAPI) -> AsyncIterator[str]:
    """The application on a free loopback port; gives its base URL. It can be called at once: the kernel queues what comes early."""
    # Named as TCP, or asyncio does not switch Nagle's delay off, and every answer is 40 ms late.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        # As in shared/runner.py, and longer than aiohttp keeps a connection: on a busy machine the server would close one that a POST,
        # which is never repeated, is just being sent on.
        server = _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_keep_alive=65))
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.asked_to_end.set()
            await task


class _Server(uvicorn.Server):
    """uvicorn looks ten times a second whether it should end, and then waits another tenth: as long as a short test takes."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.asked_to_end = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.asked_to_end.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """When everything was answered."""
        for opened in (*self.servers, *(sockets or ())):
            opened.close()
        state = self.server_state
        for connection in list(state.connections):
            connection.shutdown()
        await asyncio.sleep(0)  # until those that wait for a request are closed, which are nearly always all
        await until(lambda: not state.connections and not state.tasks, 60, "every request is answered")


@pytest.fixture
async def client(make_database: Callable[[str], Awaitable[Database]]) -> AsyncIterator[Start]:
    """`await client("docking")`: a running application on a fresh database."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(name: str) -> Client:
            return await stack.enter_async_context(serving(name, await make_database(name)))

        yield start

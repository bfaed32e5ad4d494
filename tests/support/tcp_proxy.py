"""A TCP proxy that reads enough of the PostgreSQL and Kafka protocols to cut a connection at one exact point.

`async with postgres_proxy(url) as (proxy, through)` and `async with kafka_proxy(bootstrap) as (proxy, through)`: `through` is
the address to connect to. `await proxy.cut(BEFORE)` ends the connection that next commits (or sends a Produce request) before
the server sees it; `cut(AFTER)` lets the server do it and ends the connection instead of passing on the answer. A connection
commits with COMMIT, or with a statement that writes outside a transaction block.
`hold` names the same points and keeps everything as it is there, for whoever is to be killed at that moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import urlsplit, urlunsplit


class Point(Enum):
    BEFORE = "before"  # the server never sees the request
    AFTER = "after"  # the server has acted on it; the answer is lost


BEFORE, AFTER = Point.BEFORE, Point.AFTER
PRODUCE, OFFSET_COMMIT = 0, 8  # kinds of Kafka's requests


class Cut(Exception):
    """The connection ends here."""


@dataclass(slots=True)
class Link:
    """One proxied connection: what is known of it so far."""

    application: str = ""
    started: bool = False  # PostgreSQL: the start-up message has passed
    idle: bool = True  # PostgreSQL: outside a transaction block
    writing: set[bytes] = field(default_factory=set)  # PostgreSQL: names of prepared statements that write
    doomed: int | None = None  # the answer to be lost: Kafka's correlation id, or 0 for PostgreSQL


Frames = Callable[["Proxy", Link, asyncio.StreamReader], AsyncIterator[bytes]]


@dataclass(slots=True)
class Proxy:
    """Forwards whole messages. `only`: cut none but connections of this application name (PostgreSQL)."""

    host: str
    port: int
    requests: Frames
    answers: Frames
    only: str = ""
    cuts: int = 0
    delay: float = 0.0  # seconds that every message is late, either way
    away: bool = False  # end every new connection at once, as where no server listens
    asked: int = 0  # how many connections have come
    address: int = 0
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    api: int = PRODUCE  # the request to cut at (Kafka)
    _armed: Point | None = None
    _holds: bool = False
    _happened: asyncio.Event = field(default_factory=asyncio.Event)
    _links: set[asyncio.Task[None]] = field(default_factory=set)

    def cut(self, point: Point, seconds: float = 10) -> Awaitable[None]:
        """Cut the next one, from now on; await the result to know that it has happened."""
        return self._arm(point, seconds, holds=False)

    def hold(self, point: Point, seconds: float = 10) -> Awaitable[None]:
        """Stall at the next one, from now on; await the result to know that it is held. `drop` and `resume` end it."""
        return self._arm(point, seconds, holds=True)

    def _arm(self, point: Point, seconds: float, *, holds: bool) -> Awaitable[None]:
        self._happened.clear()
        self._armed, self._holds = point, holds
        return asyncio.wait_for(self._happened_once(), seconds)

    async def _happened_once(self) -> None:
        await self._happened.wait()

    def stall(self) -> None:
        """Keep every connection open and pass nothing on, until `resume`."""
        self.flowing.clear()

    def resume(self) -> None:
        self.flowing.set()

    def drop(self) -> None:
        """End every connection now."""
        for link in self._links:
            link.cancel()

    # --- what the protocols call ----------------------------------------------------------------------------------
    def reached(self, link: Link, answer: int) -> None:
        """The request to cut at has come; `answer` names the answer to it. Raises Cut."""
        if self._armed is None or self.only not in ("", link.application):
            return
        point, self._armed = self._armed, None
        if point is BEFORE:
            self._cut()
        link.doomed = answer

    def answered(self, link: Link, answer: int) -> None:
        """Raises Cut when this is the answer to be lost."""
        if link.doomed == answer:
            link.doomed = None
            self._cut()

    def _cut(self) -> None:
        self.cuts += 1
        self._happened.set()
        if not self._holds:
            raise Cut
        self.stall()

    # --- connections ----------------------------------------------------------------------------------------------
    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        self.asked += 1
        upstream: asyncio.StreamWriter | None = None
        if self.away:
            writer.transport.abort()
            self._links.discard(task)
            return
        try:
            answers, upstream = await asyncio.open_connection(self.host, self.port)
            link = Link()
            await _first_done(
                self._pass_on(self.requests(self, link, reader), upstream), self._pass_on(self.answers(self, link, answers), writer)
            )
        except (OSError, asyncio.IncompleteReadError, Cut, asyncio.CancelledError):
            pass  # either side may leave, and the proxy is there to cut
        finally:
            self._links.discard(task)
            for one in (writer, upstream):
                if one is not None:
                    one.transport.abort()

    async def _pass_on(self, frames: AsyncIterator[bytes], writer: asyncio.StreamWriter) -> None:
        async for frame in frames:
            await self.flowing.wait()
            if self.delay:
                await asyncio.sleep(self.delay)
            writer.write(frame)
            await writer.drain()


async def _first_done(*ways: object) -> None:
    tasks = [asyncio.ensure_future(way) for way in ways]  # type: ignore[call-overload]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# --- PostgreSQL -------------------------------------------------------------------------------------------------------
async def _postgres_requests(proxy: Proxy, link: Link, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while not link.started:  # no type byte yet: TLS is asked for and refused, then the start-up message
        head = await reader.readexactly(8)
        size, code = struct.unpack(">ii", head)
        body = await reader.readexactly(size - 8)
        if code == 196_608:  # protocol 3.0
            values = body.split(b"\0")
            link.application = dict(zip(values[::2], values[1::2], strict=False)).get(b"application_name", b"").decode()
            link.started = True
        yield head + body
    while True:
        head = await reader.readexactly(5)
        body = await reader.readexactly(struct.unpack(">i", head[1:])[0] - 4)
        if _commits(link, head[:1], body):
            proxy.reached(link, 0)
        yield head + body


def _commits(link: Link, kind: bytes, body: bytes) -> bool:
    name, _, rest = body.partition(b"\0")  # of a statement and its text; of a portal and, up to the next zero, its statement
    if kind == b"P" and any(verb in rest for verb in (b"INSERT INTO", b"UPDATE ", b"DELETE FROM")):
        link.writing.add(name)
    if kind == b"B":
        return link.idle and rest.partition(b"\0")[0] in link.writing
    return kind == b"Q" and body.startswith(b"COMMIT")


async def _postgres_answers(proxy: Proxy, link: Link, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    kind = await reader.readexactly(1)
    while kind == b"N":  # "no TLS here" is a byte of its own; later an N begins a notice
        yield kind
        kind = await reader.readexactly(1)
    head = kind + await reader.readexactly(4)
    yield head + await reader.readexactly(struct.unpack(">i", head[1:])[0] - 4)
    while True:
        head = await reader.readexactly(5)
        body = await reader.readexactly(struct.unpack(">i", head[1:])[0] - 4)
        if head[:1] == b"Z":  # ready for the next: what was sent is committed, or refused
            link.idle = body == b"I"
            proxy.answered(link, 0)
        yield head + body


# --- Kafka ------------------------------------------------------------------------------------------------------------
async def _kafka_requests(proxy: Proxy, link: Link, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while True:
        head = await reader.readexactly(4)
        body = await reader.readexactly(struct.unpack(">i", head)[0])
        api, _version, correlation = struct.unpack(">hhi", body[:8])
        if api == proxy.api:
            proxy.reached(link, correlation)
        yield head + body


async def _kafka_answers(proxy: Proxy, link: Link, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    # Answers name the broker's own address; a client that took it would go round the proxy.
    host = proxy.host.encode()
    its_address, our_address = host + struct.pack(">i", proxy.port), host + struct.pack(">i", proxy.address)
    while True:
        head = await reader.readexactly(4)
        body = await reader.readexactly(struct.unpack(">i", head)[0])
        proxy.answered(link, struct.unpack(">i", body[:4])[0])
        yield head + body.replace(its_address, our_address)


# --- use ----------------------------------------------------------------------------------------------------------------
@asynccontextmanager
async def _running(proxy: Proxy) -> AsyncIterator[Proxy]:
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=2**22)
    proxy.address = server.sockets[0].getsockname()[1]
    proxy.resume()
    try:
        yield proxy
    finally:
        server.close()
        proxy.drop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                await server.wait_closed()


@asynccontextmanager
async def postgres_proxy(url: str, only: str = "") -> AsyncIterator[tuple[Proxy, str]]:
    parts = urlsplit(url)
    account, _, _ = parts.netloc.rpartition("@")
    async with _running(Proxy(parts.hostname or "", parts.port or 5432, _postgres_requests, _postgres_answers, only)) as proxy:
        yield proxy, urlunsplit(parts._replace(netloc=f"{account}@127.0.0.1:{proxy.address}"))


@asynccontextmanager
async def kafka_proxy(bootstrap: str) -> AsyncIterator[tuple[Proxy, str]]:
    host, _, port = bootstrap.partition(",")[0].rpartition(":")
    async with _running(Proxy(host, int(port), _kafka_requests, _kafka_answers)) as proxy:
        yield proxy, f"127.0.0.1:{proxy.address}"

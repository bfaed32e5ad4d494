"""The console's public pages over services that really run, read as a browser or a program reads them."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html.parser import HTMLParser

import aiohttp
from yarl import URL

from console.web.public.serving import PublicPages
from tests.support.console import console_before
from tests.support.http import Client


@dataclass(frozen=True, slots=True)
class Read:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def rows(self) -> list[list[str]]:
        """Of a CSV file."""
        return list(csv.reader(io.StringIO(self.body.decode("utf-8-sig"))))

    def elements(self) -> list[tuple[str, dict[str, str | None]]]:
        """Every element of the page with its attributes."""
        reader = _Reader()
        reader.feed(self.text)
        return reader.found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@dataclass(frozen=True, slots=True)
class Pages:
    """`addresses`: where the services are; changed by tests in which one goes away. `public`: what serves the pages."""

    base: str
    session: aiohttp.ClientSession
    addresses: dict[str, str]
    public: PublicPages

    async def get(self, path: str, *, method: str = "GET", **headers: str) -> Read:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        url = URL(self.base + path, encoded=True)
        async with self.session.request(method, url, headers={"accept-encoding": "identity", **sent}, allow_redirects=False) as answer:
            return Read(answer.status, {name.lower(): value for name, value in answer.headers.items()}, await answer.read())


@contextlib.asynccontextmanager
async def public_pages(*services: Client, fresh_seconds: float = 0.0, simulation: bool = False) -> AsyncIterator[Pages]:
    """The console before these services; the others are away. Pages are looked at again after `fresh_seconds`."""
    started = console_before({"simulation": simulation}, **{one.service.name: one for one in services})
    async with started as console, aiohttp.ClientSession(auto_decompress=False) as session:
        console.app.state.public = PublicPages(console.app.state.backend, fresh_seconds=fresh_seconds, simulation=simulation)
        yield Pages(console.address, session, console.addresses, console.app.state.public)

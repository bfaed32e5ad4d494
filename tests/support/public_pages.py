"""The console's public pages over services that really run, read as a browser or a program reads them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html.parser import HTMLParser

import aiohttp
from joserfc.jwk import OctKey
from yarl import URL

from console.web.app import create_app
from console.web.backend import open_backend
from console.web.public.serving import PublicPages
from console.web.settings import ConsoleSettings
from tests.support.http import Client, environment, listening

NOWHERE = "http://127.0.0.1:1"


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
async def public_pages(*services: Client, fresh_seconds: float = 0.0) -> AsyncIterator[Pages]:
    """The console before these services; the others are away. Pages are looked at again after `fresh_seconds`."""
    addresses = dict.fromkeys(("registration", "docking", "training", "rights", "stats"), NOWHERE)
    addresses |= {one.service.name: one.base for one in services}
    key = json.dumps(OctKey.generate_key(256).as_dict())
    settings = ConsoleSettings(
        console_port=1, service_urls=addresses, auth_jwks=environment() / "jwks.json", session_key=json.loads(key)["k"] + "=", https=False
    )
    app = create_app(settings)
    async with open_backend(addresses) as backend:
        app.state.public = PublicPages(backend, fresh_seconds=fresh_seconds)
        async with listening(app) as base, aiohttp.ClientSession(auto_decompress=False) as session:
            yield Pages(base, session, addresses, app.state.public)

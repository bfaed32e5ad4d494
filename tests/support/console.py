"""The browser console before real services, in this process, and a visitor who reads its pages and sends its forms without a browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

import aiohttp
from cryptography.fernet import Fernet
from fastapi import FastAPI
from pydantic import SecretStr

from console.services import SERVICES
from console.web.app import create_app
from console.web.settings import ConsoleSettings
from shared.principals import NATION, Principal, Role
from shared.web.auth import issue
from tests.support.http import SIGNING_KEY, Client, environment, listening

NO_SERVICE = "http://127.0.0.1:1"
Fields = list[tuple[str, str]]


@dataclass(slots=True, kw_only=True)
class Page:
    """What was answered. `location`: where a form that was done leads to."""

    status: int
    text: str
    headers: Mapping[str, str]
    content: bytes
    set_cookies: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """What is read in the page's content, without its markup."""
        inside = self.text.partition("<main")[2].partition(">")[2].partition("</main>")[0]
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", inside)).split())

    @property
    def location(self) -> str:
        return self.headers.get("location") or self.headers.get("x-location", "")

    @property
    def errors(self) -> dict[str, str]:
        """What is wrong, by field."""
        pieces = re.split(r'data-field="', self.text)[1:]
        found = {piece.partition('"')[0]: re.search(r'class="error">.*?</span>(.*?)</span>', piece, re.DOTALL) for piece in pieces}
        return {name: unescape(why[1]).strip() for name, why in found.items() if why}

    def fields(self, at: int = 0) -> Fields:
        """What the form in the content would send as it stands."""
        parser = _FormFields()
        parser.feed(self.text.partition("<main")[2].partition("</main>")[0])
        return parser.forms[at]

    def link(self, part: str) -> str:
        """The address of the first link that has this in it."""
        found = next((one for one in self.links if part in one), None)
        assert found is not None, f"no link to {part}: {self.words[:500]}"
        return found

    @property
    def links(self) -> list[str]:
        return [unescape(one) for one in re.findall(r'href="([^"]+)"', self.text)]


@dataclass(slots=True)
class ConsoleVisitor:
    """Somebody who is logged in."""

    address: str
    http: aiohttp.ClientSession
    language: str = "en"

    async def get(self, path: str) -> Page:
        return await self._ask("GET", path)

    async def post(self, path: str, data: Fields | aiohttp.FormData, *, script: bool = True) -> Page:
        headers = {"origin": self.address, **({"x-form": "1"} if script else {})}
        return await self._ask("POST", path, data=data, headers=headers)

    async def send(self, path: str, values: Mapping[str, str | list[str]] | None = None, *, check: bool = False) -> Page:
        """Open the form at `path`, fill in `values` and send it; `check`: only as it is checked while it is filled in."""
        page = await self.get(path)
        assert page.status == 200, page.words
        given = values or {}
        filled = [(name, value) for name, value in page.fields() if name not in given]
        for name, value in given.items():
            filled += [(name, one) for one in ([value] if isinstance(value, str) else value)]
        return await self.post(path, [*filled, *([("_check", "1")] if check else [])])

    async def _ask(self, method: str, path: str, **rest: object) -> Page:
        headers = {"accept-language": self.language, **rest.pop("headers", {})}  # type: ignore[dict-item]
        request = self.http.request(method, self.address + path, allow_redirects=False, headers=headers, **rest)  # type: ignore[arg-type]
        async with request as answer:
            content = await answer.read()
            named = {name.lower(): value for name, value in answer.headers.items()}
            kept = tuple(answer.headers.getall("set-cookie", ()))
            text = content.decode(errors="replace")
            return Page(status=answer.status, text=text, headers=named, content=content, set_cookies=kept)


@dataclass(slots=True, kw_only=True)
class RunningConsole:
    """`addresses`: where its services are; changed by tests in which one goes away."""

    address: str
    app: FastAPI
    opened: list[aiohttp.ClientSession] = field(default_factory=list)

    @property
    def addresses(self) -> dict[str, str]:
        settings: ConsoleSettings = self.app.state.settings
        return settings.service_urls

    def browser(self) -> ConsoleVisitor:
        """Of somebody who is not logged in."""
        http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self.opened.append(http)
        return ConsoleVisitor(self.address, http)

    async def visitor(
        self, role: Role, *, regions: tuple[str, ...] = (NATION,), party: str | None = None, subject: str = "tester"
    ) -> ConsoleVisitor:
        one = self.browser()
        answer = await one.post("/login", [("token", issue(SIGNING_KEY, Principal(subject, role, regions, party)))], script=False)
        assert answer.status == 303, answer.words
        return one


@asynccontextmanager
async def console_before(changes: Mapping[str, object] | None = None, /, **services: Client) -> AsyncIterator[RunningConsole]:
    """The console before these services; the others do not answer. `changes`: settings."""
    settings = ConsoleSettings.model_validate(
        {
            "console_port": 1,
            "service_urls": {name: services[name].base if name in services else NO_SERVICE for name in SERVICES},
            "auth_jwks": environment() / "jwks.json",
            "session_key": SecretStr(Fernet.generate_key().decode()),
            "https": False,
            **(changes or {}),
        }
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app), listening(app) as address:
        running = RunningConsole(address=address, app=app)
        try:
            yield running
        finally:
            for http in running.opened:
                await http.close()


class _FormFields(HTMLParser):
    """The fields of each form, in order, with the values they stand at. Fields in a template are not sent."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Fields] = []
        self._inside, self._in_template = False, False
        self._select: str | None = None
        self._area: str | None = None
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name")
        if tag == "form":
            self.forms.append([])
            self._inside = True
        elif tag == "template":
            self._in_template = True
        elif tag == "option" and self._select is not None:
            if "selected" in given or self._chosen is None:
                self._chosen = given.get("value") or ""
        elif name and self._inside and not self._in_template:
            self._field(tag, name, given)

    def _field(self, tag: str, name: str, given: Mapping[str, str | None]) -> None:
        if tag == "select":
            self._select, self._chosen = name, None
        elif tag == "textarea":
            self._area = name
            self.forms[-1].append((name, ""))
        elif tag == "input" and given.get("type") != "file" and (given.get("type") not in {"checkbox", "radio"} or "checked" in given):
            self.forms[-1].append((name, given.get("value") or ""))

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1][-1] = (self._area, data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "template":
            self._in_template = False
        elif tag == "textarea":
            self._area = None
        elif tag == "select" and self._select is not None:
            self.forms[-1].append((self._select, self._chosen or ""))
            self._select = None

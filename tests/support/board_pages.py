"""The board's pages and its stream, as somebody of any role gets them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from console.web.live import Live
from shared.principals import Role
from tests.support.console import ConsoleVisitor, Page, RunningConsole

ServerSent = tuple[str, str | None, Any]  # event, id, data


@dataclass(slots=True)
class BoardPages:
    console: RunningConsole
    _visitors: dict[Role, ConsoleVisitor] = field(default_factory=dict)

    @property
    def live(self) -> Live:
        found: Live = self.console.app.state.live
        return found

    async def visitor(self, role: Role) -> ConsoleVisitor:
        if role not in self._visitors:
            party = "tester" if role in {Role.ENTERPRISE, Role.TRAINER} else None
            self._visitors[role] = await self.console.visitor(role, party=party)
        return self._visitors[role]

    async def get(self, path: str, role: Role = Role.OFFICER, *, language: str = "en") -> Page:
        visitor = await self.visitor(role)
        visitor.language = language
        return await visitor.get(path)

    async def post(self, path: str, form: dict[str, str]) -> Page:
        return await (await self.visitor(Role.OFFICER)).post(path, list(form.items()), script=False)

    @contextlib.asynccontextmanager
    async def following(self, last: str | None = None, language: str = "en") -> AsyncIterator[AsyncGenerator[ServerSent, None]]:
        """The stream, as a browser reads it."""
        visitor = await self.visitor(Role.OPERATOR)
        headers = {"accept-language": language, **({"last-event-id": last} if last is not None else {})}
        async with visitor.http.get(visitor.address + "/board/stream", headers=headers) as response:
            assert (response.status, response.content_type) == (200, "text/event-stream")
            events = _server_sent(response)
            yield events
            await events.aclose()


async def _server_sent(response: aiohttp.ClientResponse) -> AsyncGenerator[ServerSent, None]:
    fields: dict[str, str] = {}
    async for raw in response.content:
        line = raw.decode().rstrip("\n")
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
            continue
        if "event" in fields:
            yield fields["event"], fields.get("id"), json.loads(fields["data"])
        fields = {}


async def next_event(events: AsyncIterator[ServerSent]) -> tuple[str, Any]:
    """The next event of stats: its number, and what the browser gets of it."""
    async with asyncio.timeout(60):
        async for kind, number, data in events:
            if kind == "happened":
                assert number is not None
                return number, data
    raise AssertionError("the stream has ended")

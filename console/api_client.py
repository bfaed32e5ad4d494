"""Calls the services' HTTP commands as a patient user would: what is away comes back, and nothing is done twice.

Every command carries an Idempotency-Key made of its label, so it may be sent again after a cut connection or a restart.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import aiohttp

from shared.principals import Role

PATIENCE = 120.0  # seconds that a service may be away before the caller gives up
AT_ONCE = 24  # requests under way at a time


class Refused(Exception):
    """A service refused a command; its problem document says why."""

    def __init__(self, where: str, status: int, problem: Any) -> None:
        super().__init__(f"{where}: {status} {json.dumps(problem, ensure_ascii=False)[:500]}")
        self.status = status
        self.code = problem.get("code", "") if isinstance(problem, dict) else ""


class Away(Exception):
    """A service did not answer for two minutes."""


@dataclass(frozen=True, slots=True)
class Caller:
    """One voice: a role, a moment, and the run whose commands must not be mixed with another's."""

    session: aiohttp.ClientSession
    addresses: Mapping[str, str]
    token: Callable[[Role, str | None], str]
    gate: asyncio.Semaphore
    run: str
    role: Role = Role.OFFICER
    party: str | None = None
    at: datetime | None = None

    def speaking_as(self, role: Role, party: object = None) -> Caller:
        return replace(self, role=role, party=None if party is None else str(party))

    def on(self, moment: datetime) -> Caller:
        """The same caller at a moment of the simulated calendar."""
        return replace(self, at=moment)

    async def get(self, service: str, path: str, **query: object) -> Any:
        wanted = {name: str(value) for name, value in query.items() if value is not None}
        return await self._send("GET", service, path, None, params=wanted)

    async def get_many(self, service: str, path: str, query: Sequence[tuple[str, str]]) -> Any:
        """As `get`, with a name that may be given several times."""
        return await self._send("GET", service, path, None, params=query)

    async def post(self, service: str, path: str, body: object, label: str) -> Any:
        """`label` names the command within the run: sent again, it is the same command."""
        content = json.dumps(body).encode()
        return await self._send("POST", service, path, label, data=content, headers={"content-type": "application/json"})

    async def upload(self, service: str, path: str, content: bytes, label: str) -> Any:
        return await self._send("POST", service, path, label, data=content, headers={"content-type": "text/csv"})

    async def _send(
        self, method: str, service: str, path: str, label: str | None, headers: dict[str, str] | None = None, **rest: Any
    ) -> Any:
        own = {"authorization": f"Bearer {self.token(self.role, self.party)}", **(headers or {})}
        if label is not None:
            own["idempotency-key"] = hashlib.sha256(f"{self.run}|{service}|{path}|{label}".encode()).hexdigest()[:40]
        if self.at is not None:
            own["simulated-time"] = self.at.isoformat()
        deadline = time.monotonic() + PATIENCE
        pause = 0.05
        while True:
            answer = await self._once(method, self.addresses[service] + path, own, rest)
            if answer is not None:
                return answer
            if time.monotonic() > deadline:
                raise Away(f"{service} has not answered for {PATIENCE:.0f} s; see: laowu logs {service}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    async def _once(self, method: str, url: str, headers: dict[str, str], rest: dict[str, Any]) -> Any:
        """The answer's body, or None where asking again is right: no connection, cut off, 503. Raises Refused."""
        try:
            async with self.gate, self.session.request(method, url, headers=headers, **rest) as response:
                raw = await response.read()
                if response.status == 503:
                    return None
        except (aiohttp.ClientError, TimeoutError):
            return None
        body = json.loads(raw) if "json" in response.content_type else raw
        if response.status >= 400:
            raise Refused(f"{method} {url}", response.status, body)
        return body


@asynccontextmanager
async def calling(addresses: Mapping[str, str], token: Callable[[Role, str | None], str], run: str) -> AsyncIterator[Caller]:
    timeout = aiohttp.ClientTimeout(total=60, connect=5)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=AT_ONCE * 2)) as session:
        yield Caller(session, addresses, token, asyncio.Semaphore(AT_ONCE), run)


async def settled(caller: Caller, producer: str, consumer: str, *, patience: float = PATIENCE) -> None:
    """Until `consumer` has applied everything that `producer` had committed when this was called. Raises Away."""
    operator = caller.speaking_as(Role.OPERATOR)
    await emptied(operator, producer, "outbox", patience)
    await emptied(operator, consumer, "lag", patience)


async def emptied(operator: Caller, service: str, what: str, patience: float = PATIENCE) -> None:
    """Until the service's "outbox", or the "lag" of its consumer, is 0. Raises Away."""
    deadline = time.monotonic() + patience
    pause = 0.02
    while True:
        state = await operator.get(service, "/delivery")
        left = state["outbox"] if what == "outbox" else sum(state["lag"].values())
        if not left:
            return
        if time.monotonic() > deadline:
            raise Away(f"{service}: {what} still {left} after {patience:.0f} s")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.25)

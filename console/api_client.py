"""A client of the services' HTTP APIs that retries: a service that is away comes back, and no command is executed twice.

Every command carries an Idempotency-Key made of its label, so it may be sent again after a cut connection or a restart.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

import aiohttp

from shared.principals import Role

PATIENCE = 120.0  # seconds that a service may be away before the client gives up
CONCURRENCY = 24  # requests under way at a time
PAGE = 200  # items, the most that a list answers at once


def parameters(query: Iterable[tuple[str, object]]) -> list[tuple[str, str]]:
    """A query as it is sent: what is None is left out, a tuple repeated."""
    return [(name, str(one)) for name, value in query if value is not None for one in (value if isinstance(value, tuple) else (value,))]


class RequestRefused(Exception):
    """A service refused a command; its problem document says why."""

    def __init__(self, request: str, status: int, problem: Any) -> None:
        super().__init__(f"{request}: {status} {json.dumps(problem, ensure_ascii=False)[:500]}")
        self.status = status
        self.code = problem.get("code", "") if isinstance(problem, dict) else ""
        errors = (problem.get("errors") or ()) if isinstance(problem, dict) else ()
        self.errors = [(one.get("field"), one.get("code") or self.code) for one in errors] or [(None, self.code)]


class _NoAnswer(Exception):
    """Asking again is right: no connection, a lost one, 503, too many requests."""


class ServiceUnavailable(Exception):
    """A service did not answer for two minutes, or did not catch up in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClient:
    """Calls under one role at one moment; `run` keeps its idempotency keys apart from another run's."""

    session: aiohttp.ClientSession
    addresses: Mapping[str, str]  # service -> base URL
    token: Callable[[Role, str | None], str]
    limit: asyncio.Semaphore
    run: str
    role: Role = Role.OFFICER
    party: str | None = None
    at: datetime | None = None  # of the simulated calendar

    def as_role(self, role: Role, party: object = None) -> ApiClient:
        return replace(self, role=role, party=None if party is None else str(party))

    def on(self, moment: datetime) -> ApiClient:
        """The same client at a moment of the simulated calendar."""
        return replace(self, at=moment)

    async def get(self, service: str, path: str, **query: object) -> Any:
        return await self._send("GET", service, path, None, params=parameters(query.items()))

    async def get_all(self, service: str, path: str, **query: object) -> list[Any]:
        """The items of every page, in order, from the first on."""
        found: list[Any] = []
        after: object = None
        while True:
            page = await self.get(service, path, **query, after=after, limit=PAGE)
            found += page["items"]
            after = page["next"]
            if after is None:
                return found

    async def get_many(self, service: str, path: str, query: Sequence[tuple[str, str]]) -> Any:
        """As `get`, with parameters that may be repeated."""
        return await self._send("GET", service, path, None, params=query)

    async def post(self, service: str, path: str, body: object, label: str, headers: Mapping[str, str] | None = None) -> Any:
        """`label` names the command within the run: sent again, it is the same command."""
        content = json.dumps(body).encode()
        return await self._send("POST", service, path, label, data=content, headers={"content-type": "application/json", **(headers or {})})

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
            try:
                return await self._try(method, self.addresses[service] + path, own, rest)
            except _NoAnswer as error:
                if time.monotonic() > deadline:
                    raise ServiceUnavailable(
                        f"{service} has not answered {method} {path} for {PATIENCE:.0f} s ({error}); see: laowu logs {service}"
                    ) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, 1.0)

    async def _try(self, method: str, url: str, headers: dict[str, str], rest: dict[str, Any]) -> Any:
        """The answer's body. Raises _NoAnswer, RequestRefused."""
        try:
            async with self.limit, self.session.request(method, url, headers=headers, **rest) as response:
                raw = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _NoAnswer(str(error) or type(error).__name__) from error
        if response.status == 503:
            raise _NoAnswer(f"503 {raw[:300].decode(errors='replace')}")
        body: Any = json.loads(raw) if "json" in response.content_type else raw
        if response.status == 429 and body.get("code") == "TOO_MANY_REQUESTS":
            raise _NoAnswer("429 TOO_MANY_REQUESTS")
        if response.status >= 400:
            raise RequestRefused(f"{method} {url}", response.status, body)
        return body


@asynccontextmanager
async def open_client(addresses: Mapping[str, str], token: Callable[[Role, str | None], str], run: str) -> AsyncIterator[ApiClient]:
    timeout = aiohttp.ClientTimeout(total=60, connect=5)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=CONCURRENCY * 2)) as session:
        yield ApiClient(session=session, addresses=addresses, token=token, limit=asyncio.Semaphore(CONCURRENCY), run=run)


# --- delivery between services ------------------------------------------------------------------------------------------
async def wait_until_applied(client: ApiClient, producer: str, consumer: str, *, patience: float = PATIENCE) -> None:
    """Until `consumer` has applied everything that `producer` had committed when this was called. Raises ServiceUnavailable."""
    await wait_until_sent(client, producer, patience=patience)
    await wait_until_read(client, consumer, patience=patience)


async def wait_until_sent(client: ApiClient, service: str, *, patience: float = PATIENCE) -> None:
    """Until Kafka has everything that the service had committed when this was called. Raises ServiceUnavailable."""
    await _wait_until_zero(client, service, "outbox", patience)


async def wait_until_read(client: ApiClient, service: str, *, patience: float = PATIENCE) -> None:
    """Until the service has applied everything that its topics held when this was called. Raises ServiceUnavailable."""
    await _wait_until_zero(client, service, "lag", patience)


async def wait_until_all_applied(client: ApiClient) -> None:
    """Until every service has applied all that any of them published, reactions to reactions included. Raises ServiceUnavailable."""
    operator, before = client.as_role(Role.OPERATOR), None
    while True:
        states = await asyncio.gather(*(operator.get(service, "/delivery") for service in client.addresses))
        left = [service for service, state in zip(client.addresses, states, strict=True) if _left(state, "outbox") or _left(state, "lag")]
        applied = None if left else [state["positions"] for state in states]
        if applied is not None and applied == before:  # nothing moved between two looks, and all was empty at both
            return
        before = applied
        for service in left:
            await wait_until_sent(client, service)
            await wait_until_read(client, service)


async def _wait_until_zero(client: ApiClient, service: str, figure: Literal["outbox", "lag"], patience: float) -> None:
    """Until the service's outbox is empty, or the lag of its consumer is 0. Raises ServiceUnavailable."""
    operator, deadline = client.as_role(Role.OPERATOR), time.monotonic() + patience
    pause = 0.02
    while left := _left(await operator.get(service, "/delivery"), figure):
        if time.monotonic() > deadline:
            raise ServiceUnavailable(f"{service}: {figure} still {left} after {patience:.0f} s")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.25)


def _left(state: Any, figure: Literal["outbox", "lag"]) -> int:
    """Events of the service that are not sent, or of others that it has not applied."""
    return int(state["outbox"] if figure == "outbox" else sum(state["lag"].values()))

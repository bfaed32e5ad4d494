"""The services behind the console: one request with the visitor's own token, answered by the service or by its absence."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import aiohttp

from console.api_client import parameters

ANSWER_SECONDS = 20.0
LOCKS_SECONDS = 2.0
SLOW_SECONDS = 60.0
UPLOAD_SECONDS = 600.0
CONNECTIONS = 100
LARGEST_ANSWER = 64 * 1024 * 1024  # bytes

Query = Mapping[str, object] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a service answered. A service that cannot be reached answers 503 UNAVAILABLE, like one whose database is away."""

    status: int
    body: Any  # decoded where it is JSON, else bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] | None = None

    @property
    def ok(self) -> bool:
        return self.status < HTTPStatus.BAD_REQUEST

    @property
    def code(self) -> str:
        """The stable code of a refusal."""
        return str(self.body.get("code", "INTERNAL")) if isinstance(self.body, dict) else "INTERNAL"

    @property
    def errors(self) -> list[dict[str, str]]:
        """What is wrong at which field."""
        return list(self.body.get("errors") or []) if isinstance(self.body, dict) else []


class ServiceRefused(Exception):
    """A page asked for what the service refuses; the whole page becomes that answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"{answer.status} {answer.code}")
        self.answer = answer


class PathRefused(ServiceRefused):
    """A part of a path is `.` or `..`, which every client takes for a step within the path: another operation would be reached."""

    def __init__(self) -> None:
        super().__init__(Answer(status=HTTPStatus.NOT_FOUND, body={"code": "NOT_FOUND"}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """Calls with one visitor's token."""

    http: aiohttp.ClientSession
    addresses: Mapping[str, str]  # service -> base URL
    token: str | None = None
    day: str | None = None  # that it is for the services, in a simulation
    seconds: float = ANSWER_SECONDS  # within which a service answers, or counts as away

    def as_visitor(self, token: str, day: str | None = None) -> Backend:
        return replace(self, token=token, day=day)

    async def get_slowly(self, service: str, path: str, query: Query, /) -> Any:
        """The body of a GET that may take most of a minute, such as one that reads the log. Raises ServiceRefused."""
        answer = await self.send("GET", service, path, query=query, seconds=SLOW_SECONDS)
        if not answer.ok:
            raise ServiceRefused(answer)
        return answer.body

    async def get(self, service: str, path: str, query: Query = (), /, **parts: object) -> Any:
        """The body of a GET. Raises ServiceRefused."""
        answer = await self.ask("GET", service, path, query, **parts)
        if not answer.ok:
            raise ServiceRefused(answer)
        return answer.body

    async def get_all(self, service: str, path: str, query: Mapping[str, object], /, *, most: int = 1000, **parts: object) -> list[Any]:
        """The items of every page, at most `most`. Raises ServiceRefused."""
        found: list[Any] = []
        after: object = None
        while len(found) < most:
            page = await self.get(service, path, {**query, "after": after, "limit": 200}, **parts)
            found += page["items"]
            after = page["next"]
            if after is None:
                break
        return found[:most]

    async def ask(self, method: str, service: str, path: str, query: Query = (), /, **parts: object) -> Answer:
        return await self.send(method, service, filled(path, parts), query=query)

    async def command(self, service: str, path: str, body: object, key: str, /, *, dry_run: bool = False, query: Query = ()) -> Answer:
        """A command, at most once per `key`. A dry run answers 204 or the refusal, and changes nothing."""
        headers = {"idempotency-key": key, "content-type": "application/json"} | ({"dry-run": "true"} if dry_run else {})
        return await self.send("POST", service, path, query=query, data=json.dumps(body).encode(), headers=headers)

    async def upload(self, service: str, path: str, content: Any, key: str, /, *, query: Query, content_type: str) -> Answer:
        """A file, `content` bytes or an async iterator of them."""
        headers = {"idempotency-key": key, "content-type": content_type}
        return await self.send("POST", service, path, query=query, data=content, headers=headers, seconds=UPLOAD_SECONDS)

    async def send(
        self,
        method: str,
        service: str,
        path: str,
        *,
        query: Query = (),
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> Answer:
        """Once more where a connection that was kept open turns out to be closed: its service has ended, or it was idle for too long.

        A command is the same one by its key; a file is not read twice.
        """
        again = 1 if data is None or isinstance(data, bytes) else 0
        while True:
            try:
                return await self._send(method, service, path, query, data=data, headers=headers or {}, seconds=seconds or self.seconds)
            except aiohttp.ServerDisconnectedError:
                if not again:
                    return away(service)
                again -= 1
            except (aiohttp.ClientError, OSError, TimeoutError):
                return away(service)

    async def _send(
        self, method: str, service: str, path: str, query: Query, *, data: Any, headers: Mapping[str, str], seconds: float
    ) -> Answer:
        """Raises ClientError, OSError, TimeoutError."""
        given = query.items() if isinstance(query, Mapping) else query
        own = {
            **headers,
            **({"authorization": f"Bearer {self.token}"} if self.token else {}),
            **({"simulated-time": f"{self.day}T12:00:00+08:00"} if self.day else {}),
        }
        async with self.http.request(
            method,
            self.addresses[service] + path,
            params=parameters(given),
            data=data,
            headers=own,
            timeout=aiohttp.ClientTimeout(total=seconds, connect=5),
            allow_redirects=False,
        ) as response:
            raw = await _whole(response)
            decoded = json.loads(raw) if "json" in response.content_type and raw else raw
            return Answer(status=response.status, body=decoded, content_type=response.content_type, headers=response.headers)


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    """Raises ClientPayloadError for more than LARGEST_ANSWER."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST_ANSWER:
            raise aiohttp.ClientPayloadError("the answer is too large")
    return bytes(body)


def away(service: str) -> Answer:
    return Answer(status=503, body={"code": "UNAVAILABLE", "service": service, "detail": f"{service} does not answer"})


def parts_of(path: str) -> list[str]:
    """The names of its {parts}."""
    return [piece.partition("}")[0] for piece in path.split("{")[1:]]


def filled(path: str, parts: Mapping[str, object]) -> str:
    """`path` with its {parts} filled in: each one segment, whatever it holds. Raises PathRefused."""
    if any(str(part) in (".", "..") for part in parts.values()):
        raise PathRefused
    return path.format_map({name: quote(str(part), safe="") for name, part in parts.items()})


async def token_locks(backend: Backend) -> frozenset[str]:
    """Digests of the tokens that any service has locked out, of those that answer soon."""
    asked = (backend.send("GET", service, "/token-locks", seconds=LOCKS_SECONDS) for service in backend.addresses)
    answers = await asyncio.gather(*asked)
    return frozenset(digest for answer in answers if answer.ok for digest in answer.body["digests"])


@asynccontextmanager
async def open_backend(addresses: Mapping[str, str]) -> AsyncIterator[Backend]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS), cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Backend(http=http, addresses=addresses)

"""Rendered pages, kept in memory: bounded, looked at again in the background, kept as they are while a service is away."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from console.web.public.addresses import Address, NoSuchPage
from console.web.public.sources import Away

logger = logging.getLogger("laowu.console.public")
FRESH_SECONDS = 10.0  # after which the services are asked whether anything has changed
MOST_BYTES = 64 * 1024 * 1024
SMALLEST_ZIPPED = 600
Header = tuple[bytes, bytes]

HEADERS: Sequence[Header] = (
    (b"cache-control", b"public, max-age=60, stale-while-revalidate=600, stale-if-error=86400"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"vary", b"accept-encoding"),
)


@dataclass(frozen=True, slots=True)
class Variant:
    """The bytes of a page in one encoding, with their headers."""

    etag: bytes
    headers: list[Header]
    body: bytes


@dataclass(frozen=True, slots=True)
class Rendered:
    plain: Variant
    zipped: Variant

    @property
    def size(self) -> int:
        return len(self.plain.body) + len(self.zipped.body)


def rendered(body: bytes, content_type: bytes, *further: Header) -> Rendered:
    digest = hashlib.sha256(body).hexdigest()[:24].encode()
    packed = gzip.compress(body, 6, mtime=0) if len(body) >= SMALLEST_ZIPPED else body
    plain = _variant(body, b'"' + digest + b'"', [(b"content-type", content_type), *further])
    if packed is body:
        return Rendered(plain, plain)
    return Rendered(
        plain, _variant(packed, b'"' + digest + b'-z"', [(b"content-type", content_type), (b"content-encoding", b"gzip"), *further])
    )


def _variant(body: bytes, etag: bytes, own: Sequence[Header]) -> Variant:
    return Variant(etag, [*own, (b"etag", etag), (b"content-length", str(len(body)).encode()), *HEADERS], body)


@dataclass(slots=True, kw_only=True)
class Kept:
    """`data`: what the page was made of; `read_at`: when that was last asked for; `away`: the service that did not answer since."""

    page: Rendered
    data: Any
    read_at: datetime
    checked: float
    away: str | None = None
    looking: asyncio.Task[None] | None = None


Read = Callable[[Address], Awaitable[Any]]
Render = Callable[[Address, Any, datetime, str | None], Rendered]


class Store:
    """`read` gives what a page is made of, `render` its bytes. One reading per page at a time, whoever asks."""

    def __init__(self, read: Read, render: Render, *, most_bytes: int = MOST_BYTES, fresh_seconds: float) -> None:
        self._read, self._render = read, render
        self._most_bytes, self._fresh_seconds = most_bytes, fresh_seconds
        self._kept: OrderedDict[Address, Kept] = OrderedDict()
        self._size = 0
        self._first: dict[Address, asyncio.Task[Rendered]] = {}

    async def get(self, address: Address) -> Rendered:
        """At once where there is a copy; it is looked at again in the background. Raises NoSuchPage, Away."""
        kept = self._kept.get(address)
        if kept is None:
            return await self._make(address)
        self._kept.move_to_end(address)
        if kept.looking is None and time.monotonic() - kept.checked > self._fresh_seconds:
            kept.looking = asyncio.create_task(self._look_again(address, kept))
        return kept.page

    async def _make(self, address: Address) -> Rendered:
        if not address.is_kept:
            return self._render(address, await self._read(address), datetime.now(UTC), None)
        running = self._first.get(address)
        if running is None:
            running = self._first[address] = asyncio.create_task(self._make_first(address))
            running.add_done_callback(lambda task: self._forget(address, task))
        return await asyncio.shield(running)

    def _forget(self, address: Address, task: asyncio.Task[Rendered]) -> None:
        self._first.pop(address, None)
        if not task.cancelled():
            task.exception()  # whoever waits gets it; if nobody does any more, it is no error of the loop

    async def _make_first(self, address: Address) -> Rendered:
        data, now = await self._read(address), datetime.now(UTC)
        page = self._render(address, data, now, None)
        self._keep(address, Kept(page=page, data=data, read_at=now, checked=time.monotonic()))
        return page

    def _keep(self, address: Address, kept: Kept) -> None:
        self._drop(address)
        self._kept[address] = kept
        self._size += kept.page.size
        while self._size > self._most_bytes and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))

    def _drop(self, address: Address) -> None:
        old = self._kept.pop(address, None)
        if old is not None:
            self._size -= old.page.size

    async def _look_again(self, address: Address, kept: Kept) -> None:
        try:
            data, now = await self._read(address), datetime.now(UTC)
        except NoSuchPage:
            self._drop(address)
            return
        except Away as error:
            self._stay(address, kept, error.service)
            return
        finally:
            kept.checked, kept.looking = time.monotonic(), None
        if data != kept.data or kept.away is not None:
            page = self._render(address, data, now, None)
            self._keep(address, Kept(page=page, data=data, read_at=now, checked=time.monotonic()))
        kept.read_at = now

    def _stay(self, address: Address, kept: Kept, service: str) -> None:
        """What was read last, with its time on it."""
        if kept.away is not None:
            return
        logger.warning("%s is away: the public pages show what was read at %s", service, kept.read_at.isoformat(timespec="seconds"))
        page = self._render(address, kept.data, kept.read_at, service)
        self._keep(address, Kept(page=page, data=kept.data, read_at=kept.read_at, checked=time.monotonic(), away=service))

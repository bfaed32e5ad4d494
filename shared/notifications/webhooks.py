"""Posting a webhook to an address that its owner chose, and that may be hostile: slow, endless, or a way into our own network.

Only public addresses are connected to, judged by the very address of the connection (a name may lead elsewhere by then); redirects are
not followed; nothing of an answer but its head is read.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit
from weakref import WeakValueDictionary

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

TIMEOUT = aiohttp.ClientTimeout(total=15, sock_connect=5, sock_read=10)
HEAD_BYTES = 8 * 1024  # of a line of the answer's head, at most
LONGEST_RETRY_AFTER = 24 * 3600
LOOKUP_SECONDS = 5.0  # that the lookup of a name may take, with the wait for its turn
LOOKUPS_OF_AN_OWNER = 2  # at a time
UNANSWERED_SECONDS = 60.0  # for which a name is not looked up again after it took too long
_RESOLVING_THREADS = 16
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_OF_THE_INTERNET = (  # what Python's tables do not know, or know as global
    ipaddress.IPv6Network("fec0::/10"),  # site-local
    ipaddress.IPv6Network("3fff::/20"),  # documentation
    ipaddress.IPv4Network("168.63.129.16/32"),  # Azure's own services for the machine
)
_GONE = 410

Failure = Literal[
    "status",
    "redirect",
    "gone",
    "timeout",
    "not_connected",
    "name_not_found",
    "address_not_public",
    "tls",
    "not_http",
    "mailbox_refused",
    "mailbox_malformed",
    "mail_refused",
    "mail_off",
    "endpoints_off",
    "secret_unreadable",
    "endpoint_failing",
]
_OWNER: ContextVar[str] = ContextVar("owner")  # of the endpoint that is posted to: the resolver is given the host alone
AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]


class AddressNotPublic(OSError):
    """The name leads to an address of this machine or of a private network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Of one attempt. `error`: our own word, never text of the other side. `gone`, `final`: trying again is no use."""

    delivered: bool
    status: int | None = None
    error: Failure | None = None
    gone: bool = False
    final: bool = False
    retry_after: float = 0.0  # seconds, as the other side asked for


# --- where it may lead ------------------------------------------------------------------------------------------------
def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet, also where it wraps an IPv4 address."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        wrapped = found.ipv4_mapped or found.sixtofour or (found.teredo[1] if found.teredo else None)
        if wrapped is None and found in _NAT64:
            wrapped = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if wrapped is not None:
            return _is_public(wrapped)
    return _is_public(found)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if any(address in network for network in _NOT_OF_THE_INTERNET):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_url(text: str, *, local: bool) -> bool:
    """Whether a webhook may be posted there: https, a host, no user, no fragment. `local`: http too, for a stack on one's own machine."""
    try:
        parts: SplitResult = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    schemes = ("https", "http") if local else ("https",)
    if parts.scheme not in schemes or not parts.hostname or parts.username is not None or parts.fragment or "\\" in text:
        return False
    try:
        return local or is_public(parts.hostname)
    except ValueError:  # a name: judged when it is connected to
        return True


def _socket_factory(*, local: bool) -> Callable[[AddressInfo], socket.socket]:
    def open_socket(info: AddressInfo) -> socket.socket:
        family, kind, protocol, _, address = info
        if not local and not is_public(str(address[0])):
            raise AddressNotPublic
        return socket.socket(family, kind, protocol)

    return open_socket


class _Resolver(AbstractResolver):
    """Names are looked up in threads of our own: a name server that takes its time holds up nothing else of the process.

    No thread can be called back from a lookup. So an owner has few at a time, and none for a name that has just kept one for too long.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_RESOLVING_THREADS, thread_name_prefix="resolver")
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()  # by owner
        self._unanswered: dict[str, float] = {}  # by host: when its lookup took too long

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:
        """Raises TimeoutError, gaierror."""
        if self._is_unanswered(host):
            raise TimeoutError
        async with asyncio.timeout(LOOKUP_SECONDS):
            found = await self._looked_up(host, port, family)
        return [
            ResolveResult(hostname=host, host=address[0], port=address[1], family=kind, proto=protocol, flags=socket.AI_NUMERICHOST)
            for kind, _, protocol, _, address in found
        ]

    async def _looked_up(self, host: str, port: int, family: socket.AddressFamily) -> Sequence[Any]:
        turn = self._turns.setdefault(_OWNER.get(), asyncio.Semaphore(LOOKUPS_OF_AN_OWNER))
        await turn.acquire()
        lookup = self._threads.submit(socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM)
        answer = asyncio.wrap_future(lookup)
        answer.add_done_callback(partial(_end_turn, turn))
        try:
            return await asyncio.shield(answer)
        except asyncio.CancelledError:
            if not lookup.cancel():  # it was begun
                self._unanswered = {name: at for name, at in self._unanswered.items() if self._is_unanswered(name)}
                self._unanswered[host] = time.monotonic()
            raise

    def _is_unanswered(self, host: str) -> bool:
        return time.monotonic() - self._unanswered.get(host, float("-inf")) < UNANSWERED_SECONDS

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _end_turn(turn: asyncio.Semaphore, answer: asyncio.Future[Any]) -> None:
    """Its thread is free, maybe long after the last who waited for it; then what it says interests nobody."""
    turn.release()
    if not answer.cancelled():
        answer.exception()


# --- posting ----------------------------------------------------------------------------------------------------------
def open_session(*, local: bool) -> aiohttp.ClientSession:
    """What posts webhooks. `local`: private addresses too."""
    connector = aiohttp.TCPConnector(
        limit=0, force_close=True, use_dns_cache=False, resolver=_Resolver(), socket_factory=_socket_factory(local=local)
    )
    return aiohttp.ClientSession(
        connector=connector,
        timeout=TIMEOUT,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        max_line_size=HEAD_BYTES,
        max_field_size=HEAD_BYTES,
        headers={"User-Agent": "laowu-webhooks/1", "Content-Type": "application/json"},
    )


async def post(session: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str], *, owner: str) -> Outcome:
    """One attempt. 2xx is delivered; 410 is gone; everything else is to be tried again."""
    _OWNER.set(owner)
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            return _outcome(answer.status, answer.headers.get("Retry-After", ""))
    except AddressNotPublic:
        return Outcome(delivered=False, error="address_not_public")
    except aiohttp.ClientConnectorError as error:
        return Outcome(delivered=False, error=_connection_error(error))
    except TimeoutError:
        return Outcome(delivered=False, error="timeout")
    except (aiohttp.ClientError, OSError, ValueError):
        return Outcome(delivered=False, error="not_http")


def _outcome(status: int, retry_after: str) -> Outcome:
    if 200 <= status < 300:
        return Outcome(delivered=True, status=status)
    if status == _GONE:
        return Outcome(delivered=False, status=status, error="gone", gone=True)
    error: Failure = "redirect" if 300 <= status < 400 else "status"
    seconds = int(retry_after) if retry_after.isascii() and retry_after.isdigit() and len(retry_after) <= 6 else 0
    return Outcome(delivered=False, status=status, error=error, retry_after=min(seconds, LONGEST_RETRY_AFTER))


def _connection_error(error: aiohttp.ClientConnectorError) -> Failure:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "name_not_found"
    if isinstance(error, aiohttp.ClientSSLError):
        return "tls"
    return "address_not_public" if isinstance(error.os_error, AddressNotPublic) else "not_connected"

"""The public pages as an ASGI application that stands before the console's own: no session, no cookie, no body is read.

A page that is kept costs a look into a dictionary; everything else is done in the background or once.
"""

from __future__ import annotations

import logging
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from console.web.backend import Backend
from console.web.public import pages
from console.web.public.addresses import ROOT, Address, NoSuchPage, parse, wanted_language
from console.web.public.sources import Away, Sources
from console.web.public.store import FRESH_SECONDS, HEADERS, Header, Rendered, Store, Variant
from shared.texts import LANGUAGES, best_language

logger = logging.getLogger("laowu.console.public")


class PublicPages:
    """Serves everything under /public for one process."""

    def __init__(self, backend: Backend, *, simulation: bool = False, fresh_seconds: float = FRESH_SECONDS) -> None:
        """`simulation`: the services play a calendar. `fresh_seconds`: after which they are asked whether anything has changed."""
        self.sources = Sources(backend=backend, register_seconds=fresh_seconds, simulation=simulation)
        self.store = Store(partial(pages.read, self.sources), pages.render, fresh_seconds=fresh_seconds)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            await _send(send, 405, [(b"allow", b"GET, HEAD"), (b"content-length", b"0"), *HEADERS])
            return
        path, query = str(scope["path"]), bytes(scope["query_string"])
        sent = {name: value for name, value in scope["headers"] if name in _READ}
        chosen = wanted_language(query) if b"language" in query else None
        if path in {ROOT, ROOT + "/"}:
            await _redirect(
                send, Address(kind="home", language=chosen or best_language(sent.get(b"accept-language", b"").decode("latin-1")))
            )
            return
        try:
            address = parse(path, query)
            if chosen is not None and chosen != address.language:
                await _redirect(send, address.in_language(chosen))
                return
            page = await self.store.get(address)
        except NoSuchPage:
            page = _message(path, "There is no such page", "Nothing is published at this address.")
            await _answer(scope, send, sent, page, 404)
            return
        except Away as error:
            logger.warning("%s: %s", path, error)
            page = _message(path, "This page is not there now", "A part of the system does not answer. Try again in a moment.")
            await _answer(scope, send, sent, page, 503)
            return
        await _answer(scope, send, sent, page, 200)


_READ = frozenset({b"accept-language", b"accept-encoding", b"if-none-match"})


class PublicFirst:
    """ASGI middleware: what is under /public goes to `app.state.public`, everything else on to the console."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["path"] == ROOT or scope["path"].startswith(ROOT + "/")):
            await scope["app"].state.public(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _message(path: str, title: str, sentence: str) -> Rendered:
    language = path.removeprefix(ROOT).strip("/").partition("/")[0]
    language = language if language in LANGUAGES else "en"
    key = (language, title)
    if key not in _messages:
        _messages[key] = pages.message(language, title, sentence)
    return _messages[key]


_messages: dict[tuple[str, str], Rendered] = {}


async def _answer(scope: Scope, send: Send, sent: dict[bytes, bytes], page: Rendered, status: int) -> None:
    variant = page.zipped if b"gzip" in sent.get(b"accept-encoding", b"") else page.plain
    if status != 200:
        extra: list[Header] = [(b"retry-after", b"5")] if status == 503 else []
        headers = [header for header in variant.headers if header[0] not in {b"cache-control", b"etag"}]
        await _send(send, status, [*headers, (b"cache-control", b"no-store"), *extra], b"" if scope["method"] == "HEAD" else variant.body)
    elif _is_known(sent.get(b"if-none-match"), variant):
        await _send(send, 304, [(b"etag", variant.etag), *HEADERS])
    else:
        await _send(send, 200, variant.headers, b"" if scope["method"] == "HEAD" else variant.body)


def _is_known(asked: bytes | None, variant: Variant) -> bool:
    """RFC 9110, 13.1.2: a weak comparison with any of the list, or *."""
    if asked is None:
        return False
    return asked.strip() == b"*" or variant.etag in {one.strip().removeprefix(b"W/") for one in asked[:2000].split(b",")}


async def _redirect(send: Send, address: Address) -> None:
    path, _, query = address.path.partition("?")
    location = path + (f"?{query}" if query else "")
    headers = [(b"location", location.encode()), (b"vary", b"accept-language"), (b"cache-control", b"no-store"), (b"content-length", b"0")]
    await _send(send, 302, [*headers, *(header for header in HEADERS if header[0] not in {b"vary", b"cache-control"})])


async def _send(send: Send, status: int, headers: list[Header], body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

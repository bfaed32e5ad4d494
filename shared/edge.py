"""The outermost layer of a service's HTTP: no body beyond its bound is read, and every request is measured by route."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.observe import REQUESTS


class _TooLarge(Exception):
    pass


class Edge:
    """ASGI middleware. `limits` maps a path to its bound in bytes; `default` holds elsewhere; more is answered 413."""

    def __init__(self, app: ASGIApp, *, default: int, limits: Mapping[str, int], refuse: Callable[..., Any]) -> None:
        self.app = app
        self.default = default
        self.limits = limits
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.limits.get(scope["path"], self.default)
        status = 500
        started = False
        began = time.perf_counter()
        read = 0

        async def bounded() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _TooLarge
            return message

        async def watched(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
            await send(message)

        try:
            if _declared_length(scope) <= limit:
                await self.app(scope, bounded, watched)
            else:
                await self._too_large(limit)(scope, receive, watched)
        except _TooLarge:
            if started:
                raise
            await self._too_large(limit)(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "unmatched")
            REQUESTS.labels(scope["method"], route, str(status)).observe(time.perf_counter() - began)

    def _too_large(self, limit: int) -> ASGIApp:
        app: ASGIApp = self.refuse(413, "TOO_LARGE", f"the body may have at most {limit} bytes")
        return app


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0

"""The outermost layer of a service's HTTP: no body beyond its bound is read, and every request is measured by route."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.metrics import REQUESTS


class _TooLarge(Exception):
    pass


@dataclass(slots=True)
class _Body:
    """The request's body, counted as it comes. Raises _TooLarge."""

    receive: Receive
    limit: int
    read: int = 0

    @property
    def over(self) -> bool:
        return self.read > self.limit

    async def __call__(self) -> Message:
        message = await self.receive()
        self.read += len(message.get("body", b""))
        if self.over:
            raise _TooLarge
        return message


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
        body = _Body(receive, self.limits.get(scope["path"], self.default))
        status, started = 500, False
        began = time.perf_counter()

        async def answer(message: Message) -> None:
            if body.over and not started:
                return  # FastAPI takes whatever goes wrong while it reads a body for bad JSON; that answer is not sent
            await say(message)

        async def say(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
            await send(message)

        try:
            if _declared_length(scope) <= body.limit:
                with contextlib.suppress(_TooLarge):
                    await self.app(scope, body, answer)
            if not started:
                await self._too_large(body.limit)(scope, receive, say)
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

"""No body beyond its limit is read: more is answered 413, whether the length is declared or the body comes in chunks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _TooLarge(Exception):
    pass


@dataclass(slots=True)
class _CountedBody:
    """Counts the bytes of the request's body as they are received. Raises _TooLarge."""

    receive: Receive
    limit: int
    received: int = 0

    @property
    def too_large(self) -> bool:
        return self.received > self.limit

    async def __call__(self) -> Message:
        message = await self.receive()
        self.received += len(message.get("body", b""))
        if self.too_large:
            raise _TooLarge
        return message


class BodyLimit:
    """ASGI middleware. `limits` maps a path to its limit in bytes, `default` holds elsewhere; `refuse` gives the answer for a limit."""

    def __init__(self, app: ASGIApp, *, default: int, limits: Mapping[str, int], refuse: Callable[[int], ASGIApp]) -> None:
        self.app = app
        self.default = default
        self.limits = limits
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _CountedBody(receive, self.limits.get(scope["path"], self.default))
        answered = False

        async def send_unless_too_large(message: Message) -> None:
            nonlocal answered
            if body.too_large and not answered:
                return  # FastAPI answers any exception raised while it reads a body as bad JSON; 413 is sent instead
            answered = True
            await send(message)

        if _declared_length(scope) <= body.limit:
            with contextlib.suppress(_TooLarge):
                await self.app(scope, body, send_unless_too_large)
        if not answered:
            await self.refuse(body.limit)(scope, receive, send)


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0

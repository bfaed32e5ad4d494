"""Every HTTP request is measured by route and status, and is part of the trace that its caller names."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared import traces
from shared.metrics import REQUESTS

PROBES = frozenset({"/livez", "/readyz", "/metrics"})  # asked every few seconds: nobody looks for their traces


class RequestMetrics:
    """ASGI middleware. A route's path is its template, so that no id becomes a label; an answer that never came counts as 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def send_and_keep_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with traces.request(scope["method"], _traceparent(scope), recorded=scope["path"] not in PROBES) as span:
            try:
                await self.app(scope, receive, send_and_keep_status)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                span.answered(route, status)
                REQUESTS.labels(scope["method"], route, str(status)).observe(time.perf_counter() - began)


def _traceparent(scope: Scope) -> str | None:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)

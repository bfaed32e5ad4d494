"""Traces: which request an event, a log line or a span goes back to, in the form of W3C Trace Context.

An event's context is the `traceparent` of its CloudEvent, so it is in the outbox row and in the Kafka record as part of the value: a
header of the record would cost every reader of the log (docs/delivery-protocol.md).

Spans are written where OTEL_EXPORTER_OTLP_ENDPOINT is set: the runner then puts a recorder here (trace_export.py), and the SDK is
loaded. Without one a trace is passed on as it came, and what is left of it all is a comparison per request, batch and round of the relay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Protocol

TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
_current: ContextVar[str | None] = ContextVar("traceparent", default=None)


class RequestSpan(Protocol):
    """The span of a request while it is answered."""

    def answered(self, route: str, status: int) -> None: ...


class Recorder(Protocol):
    """Writes spans. What each writes: trace_export.py."""

    def request(self, method: str, parent: str | None) -> AbstractContextManager[RequestSpan]: ...
    def reaction(self, event_type: str, subject: str, parent: str) -> AbstractContextManager[None]: ...
    def batch(self, values: Sequence[bytes | None], *, each: bool) -> AbstractContextManager[None]: ...
    def sent(self, rows: Sequence[Any]) -> None: ...
    def close(self) -> None: ...


recorder: Recorder | None = None


def valid(traceparent: str | None) -> str | None:
    """The header if it is one of version 00, else None."""
    return traceparent if traceparent is not None and TRACEPARENT.fullmatch(traceparent) else None


def current() -> str | None:
    """The context of what this task is doing: that of the request it answers, or of the event it applies."""
    return valid(_current.get())


def trace_id() -> str | None:
    traceparent = current()
    return None if traceparent is None else traceparent[3:35]


@contextmanager
def under(traceparent: str | None) -> Iterator[None]:
    """What is done inside belongs to this trace; None: to none."""
    token = _current.set(traceparent)
    try:
        yield
    finally:
        _current.reset(token)


class _Unrecorded:
    def answered(self, route: str, status: int) -> None:
        """Nobody asks."""


def begin(traceparent: str | None) -> None:
    """What this task does from here on belongs to the trace. It is read when it is asked for: this is called for every event."""
    _current.set(traceparent)


@contextmanager
def _passed_on(traceparent: str | None) -> Iterator[RequestSpan]:
    begin(traceparent)  # for good: the request has a task of its own, and a crash is logged after everything else
    yield _Unrecorded()


def request(method: str, header: str | None, *, recorded: bool = True) -> AbstractContextManager[RequestSpan]:
    """Around the answer to a request. `header`: its `traceparent`."""
    return _passed_on(header) if recorder is None or not recorded else recorder.request(method, valid(header))


def reaction(event_type: str, subject: str, traceparent: str | None) -> AbstractContextManager[None]:
    """Around the application of one event, where spans are written."""
    parent = valid(traceparent)
    return nullcontext() if recorder is None or parent is None else recorder.reaction(event_type, subject, parent)


def batch(values: Sequence[bytes | None], *, each: bool) -> AbstractContextManager[None]:
    """Around the application of a batch of records; `each`: their events are not applied one by one, so they have no spans of their own."""
    return nullcontext() if recorder is None else recorder.batch(values, each=each)

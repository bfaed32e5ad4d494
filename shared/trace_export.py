"""Spans of OpenTelemetry, sent by OTLP over HTTP. Loads the SDK, so only the runner imports it, and only where spans are asked for.

    POST /workers                          a request, by its route
      send registration.WorkerVerified.v1  an event from its row in the outbox until Kafka has acknowledged it
      process registration.WorkerVerified.v1    a reaction to it, or a fold over it, in another process; what that publishes hangs below
      process batch                        the batch of records in which it came first, with links to the other events in it

A span names a route, an event type, the id of an event's subject: nothing that a person has entered. No message of an exception is in it.
Of a batch and of a round of the relay the first events of sampled traces have spans, at most EVENTS of them.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags, set_span_in_context

from shared import traces
from shared.settings import Settings

EVENTS = 32  # of a batch, or of a round of the relay
LOOKED_AT = 2_000  # records of a batch among which sampled ones are looked for
EXPORT_SECONDS = 5.0
# What encode() writes, as far as it is needed; a sampled context ends in an odd digit. The head of an event is far below a page.
_HEAD_BYTES = 2_048
_HEAD = re.compile(
    rb'\{"specversion":"1\.0","id":"([0-9a-f-]{36})","source":"[^"]*+","type":"([^"]*+)","subject":"([^"]*+)"'
    rb'.*?,"traceparent":"(00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f][13579bdf])","data":'
)


class _Traced(NamedTuple):
    """A sampled event, from its encoded form."""

    event_id: str
    event_type: str
    subject: str
    context: SpanContext


def open_recorder(settings: Settings, service: str) -> Recorder:
    """Sends to OTEL_EXPORTER_OTLP_ENDPOINT, in the background: a collector that is away costs spans and nothing else."""
    secret = settings.otel_exporter_otlp_headers
    headers = dict(pair.split("=", 1) for pair in secret.get_secret_value().split(",")) if secret else {}
    exporter = OTLPSpanExporter(
        endpoint=f"{settings.otel_exporter_otlp_endpoint.rstrip('/')}/v1/traces", headers=headers, timeout=EXPORT_SECONDS
    )
    resource = Resource.create({"service.namespace": "laowu", "service.name": service})
    sampler = ParentBased(TraceIdRatioBased(settings.otel_traces_sampler_arg))
    provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    logging.getLogger("opentelemetry.sdk").setLevel("ERROR")  # it warns of each span that it drops
    return Recorder(provider)


class Recorder:
    """traces.Recorder with the SDK."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("laowu")

    @contextmanager
    def request(self, method: str, parent: str | None) -> Iterator[traces.RequestSpan]:
        """Named by method and route once it is answered; failed with a status of 500 or more."""
        span = self._span(method, SpanKind.SERVER, parent, {"http.request.method": method})
        traces.begin(_traceparent(span))
        with _ending(span):
            yield _Request(span, method)

    @contextmanager
    def reaction(self, event_type: str, subject: str, parent: str) -> Iterator[None]:
        """The handler of one event; what it publishes has this span for its parent."""
        attributes = {"messaging.system": "kafka", "laowu.event.type": event_type, "laowu.event.subject": subject}
        span = self._span(f"process {event_type}", SpanKind.CONSUMER, parent, attributes)
        with _ending(span), traces.under(_traceparent(span)):
            yield

    @contextmanager
    def batch(self, values: Sequence[bytes | None], *, each: bool) -> Iterator[None]:
        """One transaction of the consumer; `each`: once it has committed, a span as long as it for the events in it."""
        events, began = _traced(values), time.time_ns()
        if not events:
            yield
            return
        span = self._tracer.start_span(
            "process batch",
            context=_as_parent(events[0].context),
            kind=SpanKind.CONSUMER,
            attributes={"messaging.system": "kafka", "messaging.batch.message_count": len(values)},
            links=[Link(event.context) for event in events],
        )
        with _ending(span):
            yield
        for event in events if each else ():
            self._event_span(f"process {event.event_type}", SpanKind.CONSUMER, event, began, link=span.get_span_context())

    def sent(self, rows: Sequence[Any]) -> None:
        """Rows of the outbox that Kafka has acknowledged: how long each has waited. A UUIDv7 begins with its milliseconds since 1970."""
        for event in _traced([row["value"] for row in rows]):
            published = int(event.event_id.replace("-", "")[:12], 16) * 1_000_000
            self._event_span(f"send {event.event_type}", SpanKind.PRODUCER, event, published)

    def close(self) -> None:
        """Send what is there, for no longer than one export may take."""
        closing = threading.Thread(target=self._provider.shutdown, daemon=True)
        closing.start()
        closing.join(EXPORT_SECONDS)

    def _event_span(self, name: str, kind: SpanKind, event: _Traced, began: int, *, link: SpanContext | None = None) -> None:
        attributes = {"messaging.system": "kafka", "laowu.event.type": event.event_type, "laowu.event.subject": event.subject}
        links = [Link(link)] if link is not None else []
        self._tracer.start_span(
            name, context=_as_parent(event.context), kind=kind, attributes=attributes, links=links, start_time=began
        ).end()

    def _span(self, name: str, kind: SpanKind, parent: str | None, attributes: dict[str, str]) -> Span:
        context = _context(parent)
        return self._tracer.start_span(name, context=_as_parent(context) if context else None, kind=kind, attributes=attributes)


class _Request:
    def __init__(self, span: Span, method: str) -> None:
        self._span = span
        self._method = method

    def answered(self, route: str, status: int) -> None:
        self._span.update_name(f"{self._method} {route}")
        self._span.set_attributes({"http.route": route, "http.response.status_code": status})
        if status >= 500:
            self._span.set_status(Status(StatusCode.ERROR))


@contextmanager
def _ending(span: Span) -> Iterator[None]:
    """Of an error its kind alone is kept: its message may hold what somebody has entered."""
    try:
        yield
    except BaseException as error:
        span.set_attribute("error.type", type(error).__name__)
        span.set_status(Status(StatusCode.ERROR))
        raise
    finally:
        span.end()


def _as_parent(context: SpanContext) -> Context:
    return set_span_in_context(NonRecordingSpan(context))


def _context(traceparent: str | None) -> SpanContext | None:
    if traceparent is None:
        return None
    _, trace, span, flags = traceparent.split("-")
    return SpanContext(int(trace, 16), int(span, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))


def _traceparent(span: Span) -> str:
    context = span.get_span_context()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


def _traced(values: Sequence[bytes | None]) -> list[_Traced]:
    """The first sampled events, EVENTS at most, among the first LOOKED_AT."""
    found: list[_Traced] = []
    for value in islice(values, LOOKED_AT):
        head = _HEAD.match(value, 0, _HEAD_BYTES) if value is not None else None
        context = _context(traces.valid(head[4].decode())) if head else None
        if head is not None and context is not None:
            found.append(_Traced(head[1].decode(), head[2].decode(errors="replace"), head[3].decode(errors="replace"), context))
            if len(found) == EVENTS:
                break
    return found

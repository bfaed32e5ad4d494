"""An OpenTelemetry collector for tests: what arrives at a loopback port by OTLP over HTTP, and a recorder that sends there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from shared import trace_export, traces
from shared.settings import Settings
from tests.support.receivers import Receiver, receiving, status


@dataclass(frozen=True, slots=True)
class Spanned:
    """A span as it arrived."""

    name: str
    trace: str
    id: str
    parent: str
    links: tuple[str, ...]  # ids of the spans linked to
    failed: bool
    attributes: dict[str, Any]


@dataclass(slots=True)
class Collector:
    receiver: Receiver

    def spans(self) -> list[Spanned]:
        return [
            Spanned(
                name=span.name,
                trace=span.trace_id.hex(),
                id=span.span_id.hex(),
                parent=span.parent_span_id.hex(),
                links=tuple(link.span_id.hex() for link in span.links),
                failed=span.status.code == 2,
                attributes={one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in span.attributes},
            )
            for received in self.receiver.received
            for resource in ExportTraceServiceRequest.FromString(received.body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@asynccontextmanager
async def collecting(config: Settings, **changes: object) -> AsyncIterator[Collector]:
    """This process records its spans while inside, and has sent all of them on leaving; `changes`: settings."""
    async with receiving() as receiver:
        receiver.answering = status(200)
        endpoint = receiver.url.removesuffix("/hook") + "/"
        settings = config.model_copy(update={"otel_exporter_otlp_endpoint": endpoint, **changes})
        traces.recorder = trace_export.open_recorder(settings, "test")
        try:
            yield Collector(receiver)
        finally:
            recorder, traces.recorder = traces.recorder, None
            await asyncio.to_thread(recorder.close)

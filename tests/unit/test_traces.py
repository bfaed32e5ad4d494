"""What is recorded of a batch and of a round of the relay is bounded, and where nothing is recorded nothing is loaded."""

from __future__ import annotations

import subprocess
import sys
from uuid import UUID

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pydantic import ValidationError

from shared import runner, trace_export, traces
from shared.settings import wrong
from shared.trace_export import EVENTS, LOOKED_AT, Recorder
from tests.contracts.code import ROOT
from tests.support.delivery import settings, value_of
from tests.support.http import service_of

HEADER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def value(traceparent: str | None) -> bytes:
    """An event as it stands in the log."""
    return value_of(UUID(int=1), traceparent=traceparent)


class Memory:
    """A recorder, and what it has recorded."""

    def __init__(self) -> None:
        self._spans = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._spans))
        self.recorder = Recorder(provider)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        return self._spans.get_finished_spans()

    @property
    def names(self) -> list[str]:
        return [span.name for span in self.spans]


@pytest.fixture
def recorded() -> Memory:
    return Memory()


def test_a_batch_of_any_size_has_a_bounded_number_of_spans_and_links(recorded: Memory) -> None:
    with recorded.recorder.batch([value(HEADER)] * 1_000, each=True):
        pass
    assert recorded.names == ["process batch", *["process docking.JobOrderClosed.v1"] * EVENTS]
    assert len(recorded.spans[0].links) == EVENTS


def test_a_batch_whose_events_are_applied_one_by_one_leaves_their_spans_to_that(recorded: Memory) -> None:
    with recorded.recorder.batch([value(HEADER)] * 3, each=False):
        pass
    assert recorded.names == ["process batch"]


@pytest.mark.parametrize(
    "other",
    [value(None), value(f"{HEADER[:-2]}00"), value("00-1-2-01"), value('","data":'), b"?", b"", None],
    ids=lambda other: str(other)[:9],
)
def test_what_is_not_sampled_or_is_no_event_has_no_span(recorded: Memory, other: bytes | None) -> None:
    with recorded.recorder.batch([other], each=True):
        pass
    recorded.recorder.sent([{"value": other}])
    assert recorded.names == []


def test_sampled_events_are_looked_for_among_the_first_records_only(recorded: Memory) -> None:
    with recorded.recorder.batch([*[value(None)] * LOOKED_AT, value(HEADER)], each=True):
        pass
    assert recorded.names == []


def test_a_batch_that_is_rolled_back_has_no_span_for_its_events(recorded: Memory) -> None:
    with pytest.raises(KeyError), recorded.recorder.batch([value(HEADER)], each=True):
        raise KeyError("欧阳娜娜")
    (batch,) = recorded.spans
    assert (batch.name, dict(batch.attributes or {})["error.type"], batch.events) == ("process batch", "KeyError", ())


def test_what_the_relay_sent_took_from_its_publication_on(recorded: Memory) -> None:
    recorded.recorder.sent([{"value": value(HEADER)}] * (EVENTS + 1))
    assert recorded.names == ["send docking.JobOrderClosed.v1"] * EVENTS
    assert all(0 <= (span.end_time or 0) - (span.start_time or 0) < 60 * 1_000_000_000 for span in recorded.spans)


def test_what_a_reaction_publishes_belongs_to_it(recorded: Memory) -> None:
    with recorded.recorder.reaction("docking.JobOrderClosed.v1", "1", HEADER):
        within = traces.current()
    (span,) = recorded.spans
    context = span.get_span_context()
    assert context is not None
    assert within == f"00-{HEADER[3:35]}-{context.span_id:016x}-01"
    assert traces.current() is None


def test_a_process_records_while_it_runs_where_a_collector_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace_export, "EXPORT_SECONDS", 0.2)
    service, nowhere = service_of("stats"), settings("127.0.0.1:1", "", otel_exporter_otlp_endpoint="http://127.0.0.1:1")
    with runner._tracing(service, nowhere):
        assert isinstance(traces.recorder, Recorder)
    assert traces.recorder is None
    with runner._tracing(service, settings("127.0.0.1:1", "")):
        assert traces.recorder is None


@pytest.mark.parametrize("headers", ["authorization", "a=b,", "=b", "a=b\nc"])
def test_headers_for_the_collector_are_refused_without_their_value(headers: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings("127.0.0.1:1", "", otel_exporter_otlp_headers=headers)
    assert wrong(refused.value) == ["OTEL_EXPORTER_OTLP_HEADERS: Value error, must be name=value, with commas between"]


def test_without_a_collector_the_sdk_is_not_even_loaded() -> None:
    loaded = "import sys, shared.runner; print([one for one in sys.modules if 'opentelemetry.sdk' in one])"
    found = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.strip() == "[]"

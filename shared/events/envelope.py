"""Events on the wire: CloudEvents 1.0 in structured JSON, written and read."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from typing import Any, Generic, Literal, TypeVar, overload
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic_core import to_json

from shared.events import canary, docking, docking_duties, docking_fairs, docking_placements, registration, rights, stats, training, voided
from shared.events.event import Event

EVENTS: tuple[type[Event], ...] = (
    *registration.EVENTS,
    *docking.EVENTS,
    *docking_duties.EVENTS,
    *docking_fairs.EVENTS,
    *docking_placements.EVENTS,
    *training.EVENTS,
    *rights.EVENTS,
    *stats.EVENTS,
    *voided.EVENTS,
    *canary.EVENTS,
)
BY_TYPE = {event.type_name(): event for event in EVENTS}

D_co = TypeVar("D_co", bound=Event, covariant=True)


class Undecodable(Exception):
    """The record is not an event of this contract: not JSON, not a CloudEvent, or data that does not fit its type."""


class Envelope(BaseModel):
    """CloudEvents 1.0 attributes and our extensions, as on the wire."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str
    type: str
    subject: str
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    correlationid: str
    causationid: str | None = None
    actor: str
    traceparent: str | None = None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEnvelope(Generic[D_co]):
    """An event as recorded: its data, and who recorded it when and because of what."""

    id: UUID
    source: str
    time: datetime  # when it was recorded, UTC; not when it happened (data.effective_on)
    correlation_id: str
    causation_id: str | None
    actor: str
    traceparent: str | None
    data: D_co
    subject: str = field(init=False)  # that of the data: several ask for it, and making it takes a tenth of what decoding takes

    def __post_init__(self) -> None:
        object.__setattr__(self, "subject", self.data.subject)


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a type or version this build does not know: counted and skipped."""

    type: str
    subject: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """An event that its reader has no use for. Its data is not decoded, as that is the most expensive part of reading."""

    type: str


class EventWriter:
    """Writes events that are recorded together as CloudEvents: canonical JSON bytes, attributes in the order and form of Envelope's fields.

    `correlation_id` None: that of each event is its own id.
    """

    def __init__(
        self, *, source: str, time: datetime, correlation_id: str | None, causation_id: str | None, actor: str, traceparent: str | None
    ) -> None:
        whose = {"causationid": causation_id, "actor": actor, "traceparent": traceparent}
        self._source, self._time = source, to_json(time)
        self._correlation_id = correlation_id
        self._whose = to_json({name: value for name, value in whose.items() if value is not None})[1:-1]

    def encode(self, data: Event, event_id: str, subject: str) -> bytes:
        """`event_id`: a UUID; `subject`: that of `data`."""
        origin, schema = _of_type(self._source, type(data))
        correlation = to_json(event_id if self._correlation_id is None else self._correlation_id)
        return b'{"specversion":"1.0","id":"%b",%b,"subject":%b,"time":%b,%b,"correlationid":%b,%b,"data":%b}' % (
            event_id.encode(),
            origin,
            to_json(subject),
            self._time,
            schema,
            correlation,
            self._whose,
            data.model_dump_json().encode(),
        )


@cache
def _of_type(source: str, kind: type[Event]) -> tuple[bytes, bytes]:
    """The attributes that every event of a type has in common: before its subject, and behind its time."""
    name = kind.type_name()
    origin = {"source": source, "type": name}
    return to_json(origin)[1:-1], to_json({"datacontenttype": "application/json", "dataschema": f"/asyncapi#{name}"})[1:-1]


def encode(event: EventEnvelope[Event]) -> bytes:
    """The CloudEvent as canonical JSON bytes."""
    writer = EventWriter(
        source=event.source,
        time=event.time,
        correlation_id=event.correlation_id,
        causation_id=event.causation_id,
        actor=event.actor,
        traceparent=event.traceparent,
    )
    return writer.encode(event.data, str(event.id), event.data.subject)


# As EventWriter begins every event: most that a service has no use for are known by it, for a tenth of what reading the envelope takes.
_BEGIN = re.compile(rb'\{"specversion":"1\.0","id":"[0-9a-f-]{36}","source":"/[a-z]{1,40}","type":"([A-Za-z.0-9]{1,100})"')


@overload
def decode(value: bytes | None) -> EventEnvelope[Event] | Unknown: ...
@overload
def decode(value: bytes | None, wanted: Container[str] | None) -> EventEnvelope[Event] | Unknown | Unwanted: ...
def decode(value: bytes | None, wanted: Container[str] | None = None) -> EventEnvelope[Event] | Unknown | Unwanted:
    """The inverse of encode. The data of types not in `wanted` (None: all are) is not decoded. Raises Undecodable."""
    begin = _BEGIN.match(value or b"")
    name = begin[1].decode() if begin else ""
    try:
        if name not in BY_TYPE:
            found = Envelope.model_validate_json(value or b"")
            name = found.type
            if name not in BY_TYPE:
                return Unknown(name, found.subject)
        if wanted is not None and name not in wanted:
            return Unwanted(name)
        envelope = _envelope_of(name).model_validate_json(value or b"")
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Undecodable(f"{'.'.join(map(str, first['loc'])) or 'value'}: {first['msg']}") from error
    return _checked(envelope, name)


@cache
def _envelope_of(name: str) -> type[Envelope]:
    """With the event as its data. Both are read from the JSON at once: a dict in between would take as long as all the rest."""
    return create_model(f"{name} in its envelope", __base__=Envelope, data=(BY_TYPE[name], ...))


def _checked(envelope: Envelope, name: str) -> EventEnvelope[Event]:
    """Raises Undecodable."""
    data: Any = envelope.data  # the event
    event: EventEnvelope[Event] = EventEnvelope(
        id=envelope.id,
        source=envelope.source,
        time=envelope.time,
        correlation_id=envelope.correlationid,
        causation_id=envelope.causationid,
        actor=envelope.actor,
        traceparent=envelope.traceparent,
        data=data,
    )
    if envelope.type != name:
        raise Undecodable("type: is given twice")
    if event.subject != envelope.subject:
        raise Undecodable("subject: does not name the aggregate in data")
    if event.time.tzinfo is None:
        raise Undecodable("time: has no zone")
    return event


def taken_back(event: EventEnvelope[Event]) -> EventEnvelope[Event] | None:
    """The event that this one takes back, as if it had been recorded now; None: it takes none back. Raises Undecodable."""
    if not isinstance(event.data, voided.EVENTS):
        return None
    found = decode(event.data.taken_back.encode())
    return replace(found, time=event.time) if isinstance(found, EventEnvelope) else None

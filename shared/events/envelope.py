"""Events on the wire: CloudEvents 1.0 in structured JSON, written and read."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar, overload
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import to_json

from shared.events import docking, docking_duties, docking_fairs, docking_placements, registration, rights, stats, training
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

    @property
    def subject(self) -> str:
        return self.data.subject


@dataclass(frozen=True, slots=True)
class Unknown:
    """An event of a type or version this build does not know: counted and skipped."""

    type: str
    subject: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """An event that its reader has no use for. Its data is not decoded, as that is the most expensive part of reading."""

    type: str


def encode(event: EventEnvelope[Event]) -> bytes:
    """The CloudEvent as canonical JSON bytes."""
    name = event.data.type_name()
    attributes = {
        "specversion": "1.0",
        "id": event.id,
        "source": event.source,
        "type": name,
        "subject": event.data.subject,
        "time": event.time,
        "datacontenttype": "application/json",
        "dataschema": f"/asyncapi#{name}",
        "correlationid": event.correlation_id,
        "causationid": event.causation_id,
        "actor": event.actor,
        "traceparent": event.traceparent,
    }
    head = to_json({key: value for key, value in attributes.items() if value is not None})  # in the order and form of Envelope's fields
    return b'%b,"data":%b}' % (head[:-1], event.data.model_dump_json().encode())


@overload
def decode(value: bytes | None) -> EventEnvelope[Event] | Unknown: ...
@overload
def decode(value: bytes | None, wanted: Container[str] | None) -> EventEnvelope[Event] | Unknown | Unwanted: ...
def decode(value: bytes | None, wanted: Container[str] | None = None) -> EventEnvelope[Event] | Unknown | Unwanted:
    """The inverse of encode. The data of types not in `wanted` (None: all are) is not decoded. Raises Undecodable."""
    try:
        envelope = Envelope.model_validate_json(value or b"")
        cls = BY_TYPE.get(envelope.type)
        if cls is None:
            return Unknown(envelope.type, envelope.subject)
        if wanted is not None and envelope.type not in wanted:
            return Unwanted(envelope.type)
        data = cls.model_validate(envelope.data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Undecodable(f"{'.'.join(map(str, first['loc'])) or 'value'}: {first['msg']}") from error
    if data.subject != envelope.subject:
        raise Undecodable("subject: does not name the aggregate in data")
    if envelope.time.tzinfo is None:
        raise Undecodable("time: has no zone")
    return EventEnvelope(
        id=envelope.id,
        source=envelope.source,
        time=envelope.time,
        correlation_id=envelope.correlationid,
        causation_id=envelope.causationid,
        actor=envelope.actor,
        traceparent=envelope.traceparent,
        data=data,
    )

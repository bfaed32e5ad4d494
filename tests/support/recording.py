"""Events as another service would have recorded them."""

from __future__ import annotations

from datetime import UTC, date, datetime

from shared.events import Event, EventEnvelope
from shared.values import new_id


def noon(day: date) -> datetime:
    """Noon of the day in the programme's zone."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def recorded(data: Event, at: datetime) -> EventEnvelope[Event]:
    return EventEnvelope(
        id=new_id(),
        source=f"/{data.TOPIC.partition('.')[0]}",
        time=at,
        correlation_id="test",
        causation_id=None,
        actor="service:test",
        traceparent=None,
        data=data,
    )

"""The stream of published events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from services.stats.api.parameters import Reader
from services.stats.publishing import server_sent_events

router = APIRouter()
LastNumber = Annotated[
    int | None, Header(alias="last-event-id", ge=0, le=2**62, description="the last number seen; what came after it follows")
]


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


@router.get("/stream", response_class=EventStream)
async def follow(call: Reader, last: LastNumber = None) -> EventStream:
    """Figures and changes of state as they are published: server-sent events whose data are the events of the topics.

    Ends after an hour (a setting) and when the service stops; come back with Last-Event-ID.
    """
    server_sent_events.require_seat()
    return EventStream(server_sent_events.events(call.service, last), headers={"cache-control": "no-store", "x-accel-buffering": "no"})

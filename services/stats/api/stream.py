"""The stream of published events, as server-sent events."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from services.stats.api.parameters import Reader
from services.stats.publishing import event_stream
from services.stats.publishing.event_stream import Reset, StreamEvent, StreamItem

router = APIRouter()
LastNumber = Annotated[
    int | None, Header(alias="last-event-id", ge=0, le=2**62, description="the last number seen; what came after it follows")
]


class EventStream(StreamingResponse):
    media_type = "text/event-stream"


@router.get("/stream", response_class=EventStream)
async def follow_stream(call: Reader, last: LastNumber = None) -> EventStream:
    """Figures and changes of state as they are published: server-sent events whose data are the events of the topics.

    Ends after an hour (a setting) and when the service stops; come back with Last-Event-ID.
    """
    event_stream.require_capacity()
    after, reset = await event_stream.start(call.service, last)
    items = event_stream.follow(call.service, after, reset)
    return EventStream(_lines(items), headers={"cache-control": "no-store", "x-accel-buffering": "no"})


async def _lines(items: AsyncGenerator[StreamItem, None]) -> AsyncIterator[bytes]:
    """A Reset is an event `reset` without a number, a heartbeat a number without an event: browsers keep it as the last one seen."""
    async with contextlib.aclosing(items):
        async for item in items:
            if isinstance(item, StreamEvent):
                yield _frame(json.loads(item.value)["type"], item.value.decode(), item.number)
            elif isinstance(item, Reset):
                yield _frame("reset", json.dumps({"oldest": item.oldest, "newest": item.newest}))
            else:
                yield f"id: {item.number}\n\n".encode()


def _frame(kind: str, data: str, number: int | None = None) -> bytes:
    """`data` is JSON and has no line breaks of its own."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {kind}\ndata: {data}\n\n".encode()

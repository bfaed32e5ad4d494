"""The receiving half of the delivery protocol: every event of the subscribed topics is applied exactly once, in order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from shared.auth import system
from shared.db import Cause, Tx
from shared.events import Data, Recorded
from shared.values import Clock

Handler = Callable[[Tx, Recorded[Any]], Awaitable[None]]
Handlers = Mapping[type[Data], Handler]
Apply = Callable[[Tx, Sequence[Recorded[Data]]], Awaitable[None]]


class Reject(Exception):
    """A usecase cannot apply the event: the record is parked with this code, later events of its subject behind it."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


def each(handlers: Handlers) -> Apply:
    """Apply events one by one, each under its own cause; classes without a handler are none of this service's business."""

    async def apply(tx: Tx, events: Sequence[Recorded[Data]]) -> None:
        for event in events:
            handler = handlers.get(type(event.data))
            if handler is not None:
                tx.cause = caused_by(event, tx.service, simulated=tx.clock.at is not None)
                await handler(tx, event)

    return apply


def caused_by(event: Recorded[Data], service: str, *, simulated: bool) -> Cause:
    """The cause of a reaction: the service itself, because of the event; in a simulation at the event's own time."""
    return Cause(
        principal=system(service),
        clock=Clock(event.time) if simulated else Clock(),
        correlation_id=event.correlation_id,
        causation_id=str(event.id),
        traceparent=event.traceparent,
    )

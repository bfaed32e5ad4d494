"""What a service's database still has to publish or to decide, and how far it has consumed: for operators and metrics."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from shared.delivery import dead_letters, lost_events, outbox
from shared.delivery.positions import positions
from shared.metrics import CANARY_AGE, DEAD_LETTERS, OUTBOX_AGE, OUTBOX_ROWS

MEASURE_SECONDS = 2.0  # between two measurements
_MEASURE = """
SELECT (SELECT count(*) FROM outbox) AS outbox_rows, (SELECT event_id FROM outbox ORDER BY id LIMIT 1) AS oldest_event,
    (SELECT count(*) FROM dead_letter WHERE state = 'parked') AS dead_letters,
    (SELECT array_agg(topic ORDER BY topic) FROM canary) AS topics, (SELECT array_agg(written ORDER BY topic) FROM canary) AS written
"""


class PartitionState(BaseModel):
    """`gap_since`: since when a number is missing in the partition."""

    next_offset: int
    epoch: int
    next_number: int
    gap_since: datetime | None


class DeliveryState(BaseModel):
    """Rows in the outbox, how far each partition is applied, open dead letters; `lag`: records not yet applied, by partition.

    `lost`: events that a restore has lost and nobody has decided.
    """

    outbox: int
    positions: dict[str, PartitionState]
    parked: int
    lost: int = 0
    lag: dict[str, int] = {}


async def delivery_state(conn: Any) -> DeliveryState:
    return DeliveryState(
        outbox=await outbox.backlog(conn),
        positions={
            str(partition): PartitionState(
                next_offset=position.next_offset,
                epoch=position.expected.epoch,
                next_number=position.expected.number,
                gap_since=position.gap_since,
            )
            for partition, position in (await positions(conn)).items()
        },
        parked=await dead_letters.count_open(conn),
        lost=await lost_events.count_open(conn),
    )


class DeliveryMetrics:
    """Sets the gauges of a database, in the one process that relays: the sum over a service's processes is then right."""

    def __init__(self, *, canaries: bool) -> None:
        self._canaries = canaries
        self._measured = float("-inf")

    async def measure(self, conn: Any) -> None:
        """One statement, at most every MEASURE_SECONDS."""
        if time.monotonic() - self._measured < MEASURE_SECONDS:
            return
        row = await conn.fetchrow(_MEASURE)
        OUTBOX_ROWS.set(row["outbox_rows"])
        OUTBOX_AGE.set(_age(row["oldest_event"]) if row["oldest_event"] is not None else 0)
        DEAD_LETTERS.set(row["dead_letters"])
        CANARY_AGE.clear()
        for topic, written in zip(row["topics"] or (), row["written"] or (), strict=True) if self._canaries else ():
            CANARY_AGE.labels(topic.partition(".")[0]).set(max(time.time() - written.timestamp(), 0.0))
        self._measured = time.monotonic()

    def reset(self) -> None:
        """Another process relays, and measures."""
        for gauge in (OUTBOX_ROWS, OUTBOX_AGE, DEAD_LETTERS):
            gauge.set(0)
        CANARY_AGE.clear()


def _age(event_id: UUID) -> float:
    """Seconds since the event was published: a UUIDv7 begins with the milliseconds since 1970."""
    return max(time.time() - (event_id.int >> 80) / 1000, 0.0)

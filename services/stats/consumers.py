"""Kafka in: a batch is counted as it lies in the log; what cannot be counted so is decoded, and tried record by record if need be."""

from __future__ import annotations

from collections.abc import Sequence

from services.stats.domain.errors import AbsurdDay
from services.stats.usecases import counting
from shared.db import Tx
from shared.delivery.consumer import Bulk, Reject
from shared.events import Event, EventEnvelope


async def count_events(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
    """Count the batch in the consumer's transaction. Raises Reject for what can be counted nowhere."""
    try:
        await counting.count(tx, events)
    except AbsurdDay as error:
        raise Reject(error.slug, str(error)) from error


apply = Bulk(events=count_events, records=counting.count_records)

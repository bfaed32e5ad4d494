"""Kafka in: a batch is counted undecoded; records that cannot be read so are decoded, and applied one by one where one fails."""

from __future__ import annotations

from collections.abc import Sequence

from services.stats.domain.errors import AbsurdDay
from services.stats.figures import freshness
from services.stats.usecases import counting
from shared.db import Tx
from shared.delivery.consumer import Bulk, Reject
from shared.events import Event, EventEnvelope

TOPICS = freshness.SOURCES


async def count_events(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
    """Count the batch in the consumer's transaction. Raises Reject for an event that cannot be counted."""
    try:
        await counting.count_events(tx, events)
    except AbsurdDay as error:
        raise Reject(error.slug, str(error)) from error


apply = Bulk(events=count_events, prepare=counting.fold_records, records=counting.count_records)

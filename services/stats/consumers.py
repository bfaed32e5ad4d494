"""Kafka in: a batch is counted as one; the consumer itself tries record by record when a batch cannot be."""

from __future__ import annotations

from collections.abc import Sequence

from services.stats.domain import AbsurdDay
from services.stats.usecases import counting
from shared.consumer import Reject
from shared.db import Tx
from shared.events import Data, Recorded


async def apply(tx: Tx, events: Sequence[Recorded[Data]]) -> None:
    """Count the batch in the consumer's transaction. Raises Reject for what can be counted nowhere."""
    try:
        await counting.count(tx, events)
    except AbsurdDay as error:
        raise Reject(error.slug, str(error)) from error

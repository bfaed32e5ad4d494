"""A synthetic event a minute proves freshness end to end: outbox, relay, Kafka, consumer, stored position.

Every process publishes one as it publishes everything, and whoever reads its topic stores, in the transaction that moves its position past
the event, when that was written. The age of what is stored is laowu_canary_age_seconds: it grows whichever part of the way stands, and
whichever process was started anew.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from shared.db import Database, Unavailable
from shared.delivery import outbox
from shared.delivery.batches import Chunk, Item, decode_record
from shared.delivery.numbering import number_of
from shared.delivery.positions import Position, TopicPartition
from shared.events.canary import CANARY, EVENTS
from shared.settings import Settings

logger = logging.getLogger("laowu.canary")
_KEY = CANARY.encode()
_BY_SERVICE = {event.TOPIC.partition(".")[0]: event for event in EVENTS}
_EXPECT = """
WITH gone AS (DELETE FROM canary WHERE topic <> ALL ($1::text[]))
INSERT INTO canary (topic, written) SELECT topic, now() FROM unnest($1::text[]) AS topic ON CONFLICT DO NOTHING
"""
_STORE = "UPDATE canary SET written = $2 WHERE topic = $1"


def is_on(settings: Settings) -> bool:
    """Not in a simulation, whose clock is not that of any process."""
    return settings.canary_seconds > 0 and not settings.simulation


async def run(database: Database, settings: Settings, topics: Sequence[str]) -> None:
    """Publish one every `canary_seconds`, the first after so long, until cancelled; and expect those of the topics that are read."""
    begun = False
    while True:
        try:
            await _publish(database, topics, silent=not begun)
            begun = True
        except Unavailable as error:
            logger.warning("%s: next canary in %s s", error, settings.canary_seconds)
        await asyncio.sleep(settings.canary_seconds)


async def _publish(database: Database, topics: Sequence[str], *, silent: bool) -> None:
    async with database.transaction(database.system_cause()) as tx:
        await expect(tx.conn, topics)
        if not silent:
            outbox.publish(tx, _BY_SERVICE[database.service](effective=tx.clock.today()))


async def expect(conn: Any, topics: Sequence[str]) -> None:
    """From now on, where none of the topic was expected before; none of another topic any more."""
    await conn.execute(_EXPECT, list(topics))


async def store(conn: Any, read: Sequence[Chunk], positions: Mapping[TopicPartition, Position]) -> None:
    """Of the records that the positions have moved past: when the newest canary of each topic was written."""
    for topic, written in sorted(_newest(read, positions).items()):
        await conn.execute(_STORE, topic, written)


def _newest(read: Sequence[Chunk], positions: Mapping[TopicPartition, Position]) -> dict[str, datetime]:
    found = {}
    for chunk in read:
        position = positions.get(chunk.topic_partition)
        for record in chunk.with_key(_KEY):
            number = number_of(record)
            if number is None or position is None or not number < position.expected:  # dropped: ahead of its turn, or of none
                continue
            item = decode_record(chunk.topic, record, number)
            if isinstance(item, Item) and item.event is not None and not item.reason and isinstance(item.event.data, EVENTS):
                found[chunk.topic] = item.event.time
    return found

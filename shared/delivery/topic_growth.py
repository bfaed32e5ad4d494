"""An operator's way to more partitions, while everything runs: `laowu partitions --to N`, or `python -m services.NAME partitions N`.

Partitions are added to the topics, every group at work begins to read them, and the relay is asked to share its subjects out among them.
Interrupted anywhere, it is done again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from shared.db import connect
from shared.delivery import growth, kafka
from shared.kafka_settings import KafkaSettings

Say = Callable[[str], object]
MOST = 1000  # as TOPIC_PARTITIONS
READERS_SECONDS, RELAY_SECONDS = 60.0, 60.0
_LOOK_SECONDS = 0.2


class NotGrown(Exception):
    """What stood in the way, in one line; nothing is lost, and subjects are where they were."""


async def grow_topics(settings: KafkaSettings, url: str, service: str, total: int, say: Say) -> None:
    """Share the subjects of the service's topics out among `total` partitions. A compacted topic stays as it is: its newest would be two.

    Raises NotGrown, kafka.Unavailable, growth.NotMultiple, and what connect() raises.
    """
    topics = [topic for topic in kafka.own_topics(service) if topic not in kafka.COMPACTED]
    conn = await connect(url, application="laowu-partitions")
    try:
        there, layout = await kafka.partition_counts(settings, topics), await growth.layout(conn)
        if missing := [topic for topic in topics if topic not in there]:
            raise NotGrown(f"{', '.join(missing)} is not there: start {service} first")
        for topic in topics:
            now, _ = layout.get(topic, (there[topic], None))
            growth.require_multiple(topic, now, total)
            if there[topic] > total or total > MOST:
                raise NotGrown(f"{topic} has {there[topic]} partitions; partitions are never taken away, and there are at most {MOST}")
        if fewer := [topic for topic in topics if there[topic] < total]:
            await kafka.add_partitions(settings, fewer, total)
            say(f"{service}: {', '.join(fewer)} has {total} partitions now, {there[fewer[0]]} before")
        await _await_readers(settings, topics, total, say)
        for topic in topics:
            await growth.ask(conn, topic, total)
        await _await_relay(conn, service, topics, total, say)
    finally:
        conn.terminate()


async def _await_readers(settings: KafkaSettings, topics: list[str], total: int, say: Say) -> None:
    """So that nothing waits long in a partition that nobody reads yet. Who begins to read later finds everything all the same."""
    deadline = time.monotonic() + READERS_SECONDS
    while behind := await kafka.groups_missing_partitions(settings, topics, total):
        if time.monotonic() > deadline:
            say(f"not all partitions are read yet by {', '.join(sorted(behind))}: they will be, within minutes")
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _await_relay(conn: object, service: str, topics: list[str], total: int, say: Say) -> None:
    deadline = time.monotonic() + RELAY_SECONDS
    while True:
        layout = await growth.layout(conn)
        waiting = [topic for topic in topics if layout.get(topic, (total, None))[0] < total]
        if not waiting:
            say(f"{service}: subjects of {', '.join(topics)} are shared out among {total} partitions")
            return
        if time.monotonic() > deadline:
            say(f"{service}: its relay does so when it runs and Kafka answers; until then {', '.join(waiting)} is written as before")
            return
        await asyncio.sleep(_LOOK_SECONDS)

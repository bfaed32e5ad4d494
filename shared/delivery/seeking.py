"""Which offset of each assigned partition is read next: the service's own database decides, whatever Kafka remembers.

A partition is held, that is paused, when it is assigned and whenever a batch of it could not be taken; it is resumed once it
has been sought to its stored position. Offsets committed to Kafka are a hint for lag tools and nothing more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Mapping

from shared.db import Database
from shared.delivery import growth, kafka
from shared.delivery.growth import Growth
from shared.delivery.numbering import START
from shared.delivery.positions import Position, TopicPartition, positions
from shared.delivery.subscription import Subscription
from shared.health import Health

CONDITION = "log"
COMMIT_SECONDS = 2.0


class Seeker:
    """Puts assigned partitions at their stored positions. Condition it raises: log."""

    def __init__(self, database: Database, health: Health, subscription: Subscription, wake: asyncio.Event) -> None:
        self._database = database
        self._health = health
        self._subscription = subscription
        self._wake = wake  # set when there is something to seek
        self._held: set[TopicPartition] = set()
        self._waiting: dict[TopicPartition, Growth] = {}
        self._applied: dict[TopicPartition, Position] = {}
        self._committed: dict[TopicPartition, int] = {}

    @property
    def held(self) -> Collection[TopicPartition]:
        """Assigned partitions that are paused until they have been sought."""
        return self._held

    @property
    def applied(self) -> Mapping[TopicPartition, Position]:
        """Positions as they are stored, of partitions that were sought or taken."""
        return self._applied

    def hold(self, partitions: Collection[TopicPartition]) -> None:
        """Pause those that are assigned, and seek them before anything else of them is read."""
        mine = self._subscription.assignment().intersection(partitions)
        if mine:
            self._subscription.pause(mine)
        self._held |= mine
        self._wake.set()

    def wait(self, partitions: Mapping[TopicPartition, Growth]) -> None:
        """Hold these until the partitions that their subjects were in before have been applied far enough, by whichever process."""
        self._waiting |= partitions
        self.hold(partitions.keys())

    def pause_all(self) -> None:
        """Read nothing more."""
        self._subscription.pause(self._subscription.assignment())

    def revoke(self, partitions: Collection[TopicPartition]) -> None:
        """Another process reads these from now on."""
        self._held.difference_update(partitions)
        for partition in partitions:
            self._waiting.pop(partition, None)
            self._applied.pop(partition, None)
            self._committed.pop(partition, None)

    def advance(self, moved: Mapping[TopicPartition, Position]) -> None:
        """A batch was committed; these are the positions after it. Of partitions revoked meanwhile another process knows better."""
        self._applied |= {partition: position for partition, position in moved.items() if partition in self._applied}

    async def seek(self) -> None:
        """Seek and resume what is held; a position outside the log keeps its partition paused and raises the condition.

        Raises kafka.ERRORS, kafka.Unavailable, db.Unavailable, PostgresError.
        """
        held = self._held & self._subscription.assignment()
        self._held = set(held)
        if not held:
            self._health.clear_condition(CONDITION)  # what was outside the log may have been revoked
            return
        begins = await self._subscription.begin_offsets(held)
        ends = await self._subscription.end_offsets(held)
        async with self._database.connection() as conn:
            stored = await positions(conn)
        outside = []
        for partition in sorted(held & self._held & self._subscription.assignment()):  # a rebalance may have come in between
            position = stored.get(partition) or Position(0, START, None)
            if partition in self._waiting:
                if not growth.is_past(stored, partition.topic, self._waiting[partition]):
                    continue
                del self._waiting[partition]
            if begins[partition] <= position.next_offset <= ends[partition]:
                self._subscription.seek_and_resume(partition, position.next_offset)
                self._held.discard(partition)
                self._applied[partition] = position
            else:
                log = f"the log holds {begins[partition]} to {ends[partition]}"
                outside.append(f"{partition}: offset {position.next_offset} is to be read, {log}")
        if outside:
            self._health.raise_condition(CONDITION, "; ".join(outside))
        else:
            self._health.clear_condition(CONDITION)

    async def commit(self) -> None:
        """Commit to Kafka what is applied; whether that succeeds does not matter."""
        assigned = self._subscription.assignment()
        offsets = {
            partition: position.next_offset
            for partition, position in self._applied.items()
            if partition in assigned and self._committed.get(partition) != position.next_offset
        }
        if offsets:
            with contextlib.suppress(*kafka.AWAY):
                async with asyncio.timeout(COMMIT_SECONDS):
                    await self._subscription.commit(offsets)
                    self._committed |= offsets

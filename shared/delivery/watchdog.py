"""Watches that a consumer lives: what is applied moves while there is more to read, Kafka answers, and no sequence number stays missing.

aiokafka consumers can stall without an error after trouble with a broker; only a new process gets a client that works.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.db import Database, Unavailable
from shared.delivery import kafka
from shared.delivery.positions import Position, TopicPartition, positions
from shared.delivery.seeking import Seeker
from shared.delivery.subscription import Subscription
from shared.health import Health
from shared.metrics import CONSUMER_LAG, GAP_AGE, set_partitions
from shared.settings import Settings

UNASSIGNED_FACTOR = 3  # without partitions of its own a consumer waits longer: another one may be at work


class Stuck(Exception):
    """There are records to read and nothing moves: the process must end, its successor gets a new client."""


@dataclass(slots=True)
class Heartbeat:
    """Signs of life of whatever applies the records."""

    beats: int = 0

    def beat(self) -> None:
        self.beats += 1


class Watchdog:
    """Compares positions with the log every few seconds. Conditions: kafka, consumer, gap."""

    def __init__(self, settings: Settings, database: Database, health: Health, subscription: Subscription, seeker: Seeker) -> None:
        self._settings = settings
        self._database = database
        self._health = health
        self._subscription = subscription
        self._seeker = seeker
        self.heartbeat = Heartbeat()
        self._standstill = Standstill()
        self._gaps = Gaps()
        self._unanswered_since: float | None = None

    async def look(self) -> bool:
        """Whether all that there is has been applied. Raises Stuck, kafka.ERRORS, kafka.Unavailable, db.Unavailable, PostgresError."""
        assigned = self._subscription.assignment()
        if assigned:
            read = dict(self._seeker.applied)  # before the ends are asked for, as more is applied meanwhile
            ends = await self._subscription.end_offsets(assigned)
            self._seek_what_was_cut_short({partition for partition in assigned if ends[partition] < _next_offset(read, partition)})
            applied = {partition: _next_offset(self._seeker.applied, partition) for partition in assigned - set(self._seeker.held)}
            patience = self._settings.stuck_seconds
            set_partitions(CONSUMER_LAG, {partition: ends[partition] - offset for partition, offset in applied.items()})
        else:  # other members read everything, so all of it moves; if nothing does, the group has lost this member silently
            ends = await self._subscription.end_offsets(await self._subscription.partitions())
            applied = await self._stored(ends)
            set_partitions(CONSUMER_LAG, {})
            patience = self._settings.stuck_seconds * UNASSIGNED_FACTOR
        behind = {partition: offset for partition, offset in applied.items() if ends[partition] > offset}
        if not behind and not self._seeker.held:
            self._health.clear_condition("consumer")
        stuck = self._standstill.longer_than(patience, behind, self.heartbeat.beats)
        if stuck:
            raise Stuck(f"nothing was read for {patience:g} s although there is more: {stuck}")
        return not behind and not self._seeker.held

    def _seek_what_was_cut_short(self, partitions: Collection[TopicPartition]) -> None:
        """Their log ends before what was read of it: the client would begin it anew and its records be dropped as repeats, unnoticed."""
        if partitions:
            self._seeker.hold(partitions)

    async def lag(self) -> dict[TopicPartition, int]:
        """Records of every partition not taken yet: the broker's end less the stored position. Raises db.Unavailable."""
        try:
            ends = await self._subscription.end_offsets(await self._subscription.partitions())
        except kafka.AWAY as error:
            raise Unavailable(f"the end of the log is unknown: {error!r}") from error
        stored = await self._stored(ends)
        return {partition: end - stored[partition] for partition, end in ends.items()}

    async def _stored(self, ends: Mapping[TopicPartition, int]) -> dict[TopicPartition, int]:
        """Next offset of each partition as the database has it, whichever process stored it."""
        async with self._database.connection() as conn:
            stored = await positions(conn)
        return {partition: _next_offset(stored, partition) for partition in ends}

    def kafka_answered(self) -> None:
        self._health.clear_condition("kafka")
        self._unanswered_since = None

    async def kafka_failed(self, error: BaseException) -> None:
        """Kafka is away for everybody: wait. It answers others but not this client: Stuck after a while."""
        self._health.raise_condition("kafka", f"{type(error).__name__}: {error}")
        now = time.monotonic()
        if not await kafka.answers(self._settings):
            self.restart()
        elif self._unanswered_since is None:
            self._unanswered_since = now
        elif now - self._unanswered_since > self._settings.stuck_seconds:
            raise Stuck(f"Kafka answers, but not this client: {error!r}") from error

    def database_failed(self, error: BaseException) -> None:
        """Nothing can move without it."""
        self._health.raise_condition("consumer", f"{type(error).__name__}: {error}")
        self.restart()

    def restart(self) -> None:
        """Forget for how long nothing has moved."""
        self._standstill = Standstill()
        self._unanswered_since = None

    def alarm_gaps(self) -> None:
        """Raise or clear the condition by what is missing for too long."""
        ages = self._gaps.ages(self._seeker.applied)
        set_partitions(GAP_AGE, {partition: ages.get(partition, 0.0) for partition in self._seeker.applied})
        overdue = sorted(partition for partition, age in ages.items() if age > self._settings.gap_alarm_seconds)
        if overdue:
            partitions = ", ".join(map(str, overdue))
            reason = f"numbers are missing in {partitions}: the log lost data, or a relay does not finish its batch"
            self._health.raise_condition("gap", reason)
        else:
            self._health.clear_condition("gap")


class Standstill:
    """Notices that positions with records after them do not move."""

    def __init__(self) -> None:
        self._seen: dict[TopicPartition, tuple[int, int, float]] = {}  # next offset, beats, since

    def longer_than(self, seconds: float, behind: Mapping[TopicPartition, int], beats: int) -> list[str]:
        """Partitions that stand at the same offset, without a sign of life meanwhile, for longer than `seconds`."""
        now = time.monotonic()
        seen = {}
        for partition, offset in behind.items():
            before = self._seen.get(partition)
            seen[partition] = before if before and before[:2] == (offset, beats) else (offset, beats, now)
        self._seen = seen
        return [f"{partition}@{offset}" for partition, (offset, _, since) in sorted(seen.items()) if now - since > seconds]


class Gaps:
    """Sequence numbers that are missing, and for how long by a clock that nobody sets back."""

    def __init__(self) -> None:
        self._known: dict[TopicPartition, tuple[datetime, float]] = {}  # as stored, and the same on the monotonic clock

    def ages(self, applied: Mapping[TopicPartition, Position]) -> dict[TopicPartition, float]:
        """Seconds since a number went missing, of every partition where one is."""
        now, known = time.monotonic(), {}
        for partition, position in applied.items():
            if position.gap_since is None:
                continue
            before = self._known.get(partition)
            if before is not None and before[0] == position.gap_since:
                known[partition] = before
            else:
                age = max(time.time() - position.gap_since.timestamp(), 0.0)
                known[partition] = (position.gap_since, now - age)
        self._known = known
        return {partition: now - since for partition, (_, since) in known.items()}


def _next_offset(stored: Mapping[TopicPartition, Position], partition: TopicPartition) -> int:
    return stored[partition].next_offset if partition in stored else 0

"""The receiving half of the delivery protocol: every event of the subscribed topics is applied exactly once, in order.

    Subscription   group membership and fetching      Seeker     seeks every partition to its stored position
    BatchTaker     takes batches into the database    Watchdog   notices what does not move, and gaps

Where to read on, and whether a record is new, is decided by the service's own database (inbox.take).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import replace

import asyncpg

from shared.backoff import backoff
from shared.db import Database, Unavailable
from shared.delivery import kafka
from shared.delivery.batch_taking import BatchTaker
from shared.delivery.inbox import Apply, Bulk, Each, Handler, Handlers, Reject, Together, because_of, caused_by, each, not_before
from shared.delivery.seeking import Seeker
from shared.delivery.subscription import FetchLimits, Subscription
from shared.delivery.watchdog import Stuck, Watchdog
from shared.health import Health
from shared.settings import Settings

__all__ = [
    "Apply",
    "Bulk",
    "Consumer",
    "Each",
    "Handler",
    "Handlers",
    "Reject",
    "Stuck",
    "Together",
    "because_of",
    "caused_by",
    "each",
    "not_before",
]

LIMITS = FetchLimits(records=2_000, partition_bytes=2 * 1024 * 1024)
BULK_RECORDS = 50_000
BULK_LIMITS = FetchLimits(records=BULK_RECORDS, partition_bytes=8 * 1024 * 1024, together=2_000)
LOOK_SECONDS = (1.0, 5.0)  # between two looks at positions and lag; after one that found everything applied


class Consumer:
    """Applies the topics' events through `apply` until stopped."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        service: str,
        topics: Iterable[str],
        apply: Apply,
        *,
        health: Health,
        max_records: int | None = None,
    ) -> None:
        limits = BULK_LIMITS if isinstance(apply, Bulk) else LIMITS
        if max_records is not None:
            limits = replace(limits, records=max_records, together=limits.together and min(limits.together, max_records))
        self._settings = settings
        self._health = health
        self._wake = asyncio.Event()
        self._subscription = Subscription(settings, service, topics, limits)
        self._seeker = Seeker(database, health, self._subscription, self._wake)
        self._watchdog = Watchdog(settings, database, health, self._subscription, self._seeker)
        self._taker = BatchTaker(
            settings, database, apply, health=health, seeker=self._seeker, heartbeat=self._watchdog.heartbeat, wake=self._wake
        )
        self._tending = asyncio.Lock()  # held while run() works
        self._stopping = False

    async def run(self) -> None:
        """Join the group and apply, until cancelled. Without Kafka it goes on trying, with the condition "kafka" raised.

        Raises Stuck, and whatever a defect raises: then the process must end.
        """
        attempts = 0
        while not self._stopping:
            async with self._tending:
                connected, look = self._subscription.connected or await self._connect(), LOOK_SECONDS[0]
                if connected:
                    look = LOOK_SECONDS[await self._tend()]
            if not connected:
                attempts += 1
                await asyncio.sleep(backoff(attempts, first=0.2))
                continue
            attempts = 0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(look):
                    await self._wake.wait()
            self._wake.clear()
            if self._taker.defect is not None:
                raise self._taker.defect

    async def stop(self) -> None:
        """Take no further batch, let the present one commit, leave the group: each bounded."""
        self._stopping = True
        self._wake.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_seconds / 2):
                await self._taker.stop()
                async with self._tending:
                    pass
        await self._taker.cancel()
        await self._seeker.commit()
        await self._subscription.disconnect()

    async def lag(self) -> dict[str, int]:
        """Records of each "topic/partition" not yet taken, by the broker's end and the database's position. Raises Unavailable."""
        return {str(partition): records for partition, records in sorted((await self._watchdog.lag()).items())}

    async def _connect(self) -> bool:
        try:
            await self._subscription.connect(self._taker, self._seeker)
        except kafka.AWAY as error:
            self._health.raise_condition("kafka", f"{type(error).__name__}: {error}")
            return False
        self._health.clear_condition("kafka")
        return True

    async def _tend(self) -> bool:
        """Seek what is held, and see whether all is well; whether everything is applied. Raises Stuck."""
        if self._taker.halted or self._stopping:
            return False
        all_applied = False
        try:
            await self._seeker.seek()
            all_applied = await self._watchdog.look()
            await self._seeker.commit()
        except kafka.AWAY as error:
            await self._watchdog.kafka_failed(error)
        except (Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            self._watchdog.database_failed(error)
        else:
            self._watchdog.kafka_answered()
        self._watchdog.alarm_gaps()
        return all_applied

"""Takes fetched batches one at a time, while the next is fetched and decoded; a batch that could not be taken is read again.

A batch that was fetched behind one that has to be read again is itself read again, after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from shared import traces
from shared.backoff import backoff
from shared.db import Database
from shared.delivery import inbox, kafka
from shared.delivery.batches import Decoded, as_raw, chunks, decode_ahead
from shared.delivery.inbox import FEW, Apply, Bulk, OffsetsSkipped, StoredOffset, TooManyDiverted
from shared.delivery.numbering import KafkaRecord
from shared.delivery.positions import TopicPartition
from shared.delivery.seeking import Seeker
from shared.delivery.subscription import FetchedBatch
from shared.delivery.watchdog import Heartbeat
from shared.health import Health
from shared.metrics import BATCH_SECONDS
from shared.settings import Settings

FIRST_RETRY_SECONDS = 0.05
STOP_SECONDS = 3.0


class BatchTaker:
    """Takes batches into the database through `apply`. Conditions it raises: consumer, diverted."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        apply: Apply,
        *,
        health: Health,
        seeker: Seeker,
        heartbeat: Heartbeat,
        wake: asyncio.Event,
    ) -> None:
        self._settings = settings
        self._database = database
        self._apply = apply
        self._health = health
        self._seeker = seeker
        self._heartbeat = heartbeat
        self._wake = wake  # set when `defect` is
        self.rereads = 0  # how often a batch was not taken and has to be read again
        self.halted = False  # too many records in a row were diverted
        self.defect: Exception | None = None  # what nobody expects: run() raises it
        self._stopping = False
        self._busy = asyncio.Lock()  # held while a batch is being taken
        self._newest: asyncio.Task[None] | None = None
        self._empty_after: set[StoredOffset] = set()
        self._diverted = 0  # in a row
        self._failures = 0  # in a row

    async def handle(self, batch: FetchedBatch) -> None:
        """Return while the batch is being taken, so that the next one is fetched, and decoded or prepared, meanwhile.

        While PostgreSQL works on one batch, Python is free for the other.
        """
        prepared = self._prepare_ahead(batch.records)
        decoded = {} if isinstance(self._apply, Bulk) else await decode_ahead(batch.records, inbox.wanted_types(self._apply))
        if self._newest is not None:
            await asyncio.wait({self._newest})
        if batch.rereads == self.rereads:
            self._newest = asyncio.create_task(self._take_or_reread(batch.records, decoded, prepared))
        else:
            self._reread(batch.records)

    def _prepare_ahead(self, records: Sequence[KafkaRecord]) -> asyncio.Task[Any] | None:
        if not isinstance(self._apply, Bulk) or len(records) <= FEW:
            return None
        return asyncio.create_task(self._apply.prepare(as_raw(chunks(self._settings.topic_prefix, records))))

    async def stop(self) -> None:
        """Take nothing more; return once the present batch is committed."""
        self._stopping = True
        async with self._busy:
            pass

    async def cancel(self) -> None:
        """End what is still being taken, within a bound."""
        if self._newest is not None:
            self._newest.cancel()
            await asyncio.wait({self._newest}, timeout=STOP_SECONDS)

    async def _take_or_reread(
        self, records: Sequence[KafkaRecord], decoded: Mapping[bytes, Decoded], prepared: asyncio.Task[Any] | None
    ) -> None:
        """Never raises, as nobody awaits the result of this task."""
        async with self._busy:
            if self._stopping or self.halted:
                return
            self._heartbeat.beat()
            try:
                await self._take(records, decoded, prepared)
            except OffsetsSkipped as error:
                self._empty_after |= error.after
                self._reread(records)
            except TooManyDiverted as error:
                self._halt(error)
            except (*inbox.TRANSIENT, *kafka.AWAY, asyncpg.PostgresError) as error:
                await self._retry_later(records, error)
            except Exception as error:  # noqa: BLE001  # a defect: run() raises it
                self.defect = self.defect or error
                self._wake.set()

    async def _take(self, records: Sequence[KafkaRecord], decoded: Mapping[bytes, Decoded], prepared: asyncio.Task[Any] | None) -> None:
        batch = inbox.Batch(
            records=records,
            apply=self._apply,
            topic_prefix=self._settings.topic_prefix,
            simulated=self._settings.simulation,
            max_diverted=self._settings.max_diverted,
            diverted=self._diverted,
            empty_after=frozenset(self._empty_after),
            decoded=decoded,
            prepared=prepared,
            progress=self._heartbeat.beat,
        )
        with BATCH_SECONDS.time(), traces.batch([record.value for record in records], each=isinstance(self._apply, Bulk)):
            taken = await inbox.take(self._database, batch)
        self._diverted = taken.diverted
        self._failures = 0
        self._empty_after = {stored for stored in self._empty_after if stored.topic_partition not in taken.positions}
        self._seeker.advance(taken.positions)
        self._health.clear_condition("consumer")
        if taken.waiting:
            self.rereads += 1
            self._seeker.wait(taken.waiting)

    def _halt(self, error: TooManyDiverted) -> None:
        self.halted = True
        self._health.raise_condition("diverted", f"more than {self._settings.max_diverted} records in a row: {error}")
        self._seeker.pause_all()

    async def _retry_later(self, records: Sequence[KafkaRecord], error: Exception) -> None:
        self._health.raise_condition("consumer", f"{type(error).__name__}: {error}")
        await asyncio.sleep(backoff(self._failures, first=FIRST_RETRY_SECONDS))
        self._failures += 1
        self._reread(records)

    def _reread(self, records: Sequence[KafkaRecord]) -> None:
        """Seek the stored positions before anything else of these partitions is taken."""
        self.rereads += 1
        prefix = self._settings.topic_prefix
        self._seeker.hold({TopicPartition(record.topic.removeprefix(prefix), record.partition) for record in records})

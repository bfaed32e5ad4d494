"""Takes fetched batches one at a time, while the next is fetched and decoded; a batch that could not be taken is read again.

A batch that was fetched behind one that has to be read again is itself read again, after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from shared import traces
from shared.backoff import backoff
from shared.db import Database
from shared.delivery import inbox, kafka
from shared.delivery.batches import Chunk, as_raw, chunks, decode_ahead, records_in
from shared.delivery.inbox import BULK_ABOVE, Apply, Bulk, OffsetsSkipped, StoredOffset, TooManyDiverted
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

    async def handle(self, fetched: FetchedBatch) -> None:
        """Return while the batch is being taken, so that the next one is fetched, and decoded or prepared, meanwhile.

        While PostgreSQL works on one batch, Python is free for the other.
        """
        try:
            batch = await self._read(fetched)
        except Exception as error:  # noqa: BLE001
            self._give_up(error)
            return
        if not batch.read:  # stored batches whose records have gone: a topic was compacted
            return
        if self._newest is not None:
            await asyncio.wait({self._newest})
        if fetched.rereads == self.rereads:
            self._newest = asyncio.create_task(self._take_or_reread(batch))
        else:
            if batch.prepared is not None:
                batch.prepared.cancel()
            self._reread(batch.read)

    async def _read(self, fetched: FetchedBatch) -> inbox.Batch:
        prefix, bulk = self._settings.topic_prefix, self._apply if isinstance(self._apply, Bulk) else None
        if bulk is None:
            read = chunks(prefix, fetched.records)
            decoded = await decode_ahead(fetched.records, inbox.wanted_types(self._apply))
        else:
            read, decoded = await asyncio.to_thread(chunks, prefix, fetched.records), {}
        return inbox.Batch(
            read=read,
            apply=self._apply,
            simulated=self._settings.simulation,
            max_diverted=self._settings.max_diverted,
            decoded=decoded,
            prepared=asyncio.create_task(bulk.prepare(as_raw(read))) if bulk is not None and records_in(read) > BULK_ABOVE else None,
            progress=self._heartbeat.beat,
        )

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

    async def _take_or_reread(self, batch: inbox.Batch) -> None:
        """Never raises, as nobody awaits the result of this task."""
        async with self._busy:
            if self._stopping or self.halted:
                return
            self._heartbeat.beat()
            try:
                await self._take(batch)
            except OffsetsSkipped as error:
                self._empty_after |= error.after
                self._reread(batch.read)
            except TooManyDiverted as error:
                self._halt(error)
            except (*inbox.TRANSIENT, *kafka.AWAY, asyncpg.PostgresError) as error:
                await self._retry_later(batch.read, error)
            except Exception as error:  # noqa: BLE001
                self._give_up(error)

    async def _take(self, batch: inbox.Batch) -> None:
        batch = replace(batch, diverted=self._diverted, empty_after=frozenset(self._empty_after))
        values = [record.value for chunk in batch.read for record in chunk.records] if traces.recorder is not None else []
        with BATCH_SECONDS.time(), traces.batch(values, each=isinstance(self._apply, Bulk)):
            taken = await inbox.take(self._database, batch)
        self._diverted = taken.diverted
        self._failures = 0
        self._empty_after = {stored for stored in self._empty_after if stored.topic_partition not in taken.positions}
        self._seeker.advance(taken.positions)
        self._health.clear_condition("consumer")
        if taken.waiting:
            self.rereads += 1
            self._seeker.wait(taken.waiting)

    def _give_up(self, error: Exception) -> None:
        """It is a defect: run() raises it."""
        self.defect = self.defect or error
        self._wake.set()

    def _halt(self, error: TooManyDiverted) -> None:
        self.halted = True
        self._health.raise_condition("diverted", f"more than {self._settings.max_diverted} records in a row: {error}")
        self._seeker.pause_all()

    async def _retry_later(self, read: Sequence[Chunk], error: Exception) -> None:
        self._health.raise_condition("consumer", f"{type(error).__name__}: {error}")
        await asyncio.sleep(backoff(self._failures, first=FIRST_RETRY_SECONDS))
        self._failures += 1
        self._reread(read)

    def _reread(self, read: Sequence[Chunk]) -> None:
        """Seek the stored positions before anything else of these partitions is taken."""
        self.rereads += 1
        self._seeker.hold({chunk.topic_partition for chunk in read})

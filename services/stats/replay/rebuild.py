"""Rebuilds the cells: a new generation is counted from the beginning of the log beside the live one, compared and swapped in.

Several processes each read a shard of the partitions. What they have counted and how far they have read (marks) is committed
together, so a rebuild that was killed resumes at its marks. Both generations are compared at one position per topic and partition, so no
event is counted twice or left out: first all cells while live counting continues, then what was counted meanwhile, and last, when few
records are missing and live counting waits, what was counted since. Cells that differ are not swapped in unless the caller accepts them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np
import polars as pl

from services.stats.counting import block_encoding, columnar_fold
from services.stats.counting.columnar_fold import Unreadable
from services.stats.counting.cuts import CUTS
from services.stats.counting.measures import RULES
from services.stats.counting.record_reader import RecordColumns, read_records
from services.stats.counting.reference_fold import fold_all
from services.stats.queries import blocks, generations
from services.stats.queries.generations import Blocks, Difference
from services.stats.replay.log_shards import LogShard, Progress, ReportRead, map_shards, readers
from shared import db
from shared.db import Database, Tx
from shared.delivery import event_log, outbox
from shared.delivery.aiokafka_internals import LightRecord
from shared.delivery.event_log import Mark, ReadRun
from shared.delivery.positions import TopicPartition
from shared.delivery.raw_records import RawPart, RawRecords, join
from shared.delivery.record_runs import raw_of
from shared.events import EventEnvelope, ProjectionRebuilt, decode
from shared.metrics import REBUILD_PROGRESS
from shared.running_service import RunningService
from shared.settings import Settings

B = TypeVar("B")
BATCH_RECORDS = 100_000
PROGRESS_SECONDS = 15.0  # between two measurements of a rebuild's progress
SWAP_WITHIN = 20_000  # records behind the live generation: few enough for live counting to wait while they are counted


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """`events`: read by this run; fewer than all where it resumed an earlier one. `differing`: cell, live, rebuilt; at most 100."""

    events: int
    swapped: bool
    differing: list[Difference]


class Overtaken(Exception):
    """Another process builds the same generation: this one stops."""


async def rebuild(
    settings: Settings,
    database: Database,
    *,
    accept: bool = False,
    processes: int | None = 1,
    progress: Progress = lambda _done, _total: None,
) -> RebuildResult:
    """Build, compare, swap. Several processes each connect to settings.database_url; a single one uses `database`.
    `processes` None: as many as the log is worth.

    Raises kafka.Unavailable, db.Unavailable, event_log.Truncated, ReaderLost, Overtaken, AbsurdDay, Undecodable; then the live
    generation is unchanged, and the next rebuild resumes at the marks.
    """
    generation = await _begin(database)
    events, differing = 0, list[Difference]()
    missing = await _missing(database, generation)
    while True:
        async with database.transaction(database.system_cause()) as tx:  # live counting waits for this moment only
            counted = await _lock_counted(tx, settings)
        several = (processes or readers(counted.log)) if missing > SWAP_WITHIN else 1
        work = partial(build, generation, database if several == 1 else None)
        events += sum(await map_shards(work, counted.log, several, progress))
        differing = differing or await _compare_ahead(database, generation, counted)
        if differing and not accept:
            return await _refuse(database, events, differing)
        missing = await _missing(database, generation)
        if missing <= SWAP_WITHIN:
            return await _swap(settings, database, generation, events, differing, accept=accept)


async def _begin(database: Database) -> int:
    """The generation that an earlier rebuild by the same rules began, or a new one."""
    async with database.transaction(database.system_cause()) as tx:
        generation = await generations.get_building(tx, rules_digest())
        if generation is None:
            await generations.delete_building(tx)
            generation = await generations.insert_building(tx, rules_digest())
    return generation


async def run_progress_metric(service: RunningService) -> None:
    """Background loop: sets the metric by the marks in the database, whichever process rebuilds."""
    while True:
        with contextlib.suppress(db.Unavailable):  # the metric keeps its value
            REBUILD_PROGRESS.set(await service.database.read(service.database.system_cause(), _progress))
        await asyncio.sleep(PROGRESS_SECONDS)


async def _progress(tx: Tx) -> float:
    """Part of the log that the generation being built has counted; 1: there is none."""
    generation = await generations.get_building(tx, rules_digest())
    if generation is None:
        return 1.0
    upto, marks = await generations.list_next_offsets(tx.conn), await generations.list_marks(tx.conn, generation)
    return sum(mark.offset for mark in marks.values()) / max(sum(upto.values()), 1)


def rules_digest() -> str:
    """Digest of the rules and cuts: a generation begun by other rules is discarded, not resumed."""
    return hashlib.sha256(repr((CUTS, RULES)).encode()).hexdigest()


async def _missing(database: Database, generation: int) -> int:
    """How many records the new generation is behind the live one."""

    async def missing(tx: Tx) -> int:
        upto, marks = await generations.list_next_offsets(tx.conn), await generations.list_marks(tx.conn, generation)
        return sum(end - marks.get(topic_partition, Mark()).offset for topic_partition, end in upto.items())

    return await database.read(database.system_cause(), missing)


# --- comparing and swapping -------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Counted:
    """What the live generation has counted at a moment when no batch is in flight: the log, and the newest block."""

    live: int
    log: LogShard
    newest_block: int


async def _lock_counted(tx: Tx, settings: Settings) -> Counted:
    """Live counting waits until the transaction ends."""
    live = await generations.lock_live_exclusively(tx)
    upto = await generations.list_next_offsets(tx.conn)
    log = LogShard(settings, upto, await generations.list_uncounted(tx.conn))
    return Counted(live, log, await generations.get_newest_block(tx, live))


async def _compare_ahead(database: Database, generation: int, counted: Counted) -> list[Difference]:
    """Compare, and add to the sums by year, while live counting continues. Raises Overtaken."""
    async with database.transaction(database.system_cause()) as tx:
        await generations.without_statement_timeout(tx)
        compared, upto = await _lock_rebuilt(tx, generation, counted)
        differing = await generations.list_differences(tx, counted.live, generation, compared, upto)
        if not differing:
            await generations.update_compared(tx, generation, upto)
    async with database.transaction(database.system_cause()) as tx:
        await generations.without_statement_timeout(tx)
        await blocks.update_year_sums(tx, generation)
    return differing


async def _lock_rebuilt(tx: Tx, generation: int, counted: Counted) -> tuple[Blocks, Blocks]:
    """Up to which blocks the two generations were compared, and up to which both have counted the same log now. Raises Overtaken."""
    compared = await generations.lock_building(tx, generation)
    marks = await generations.list_marks(tx.conn, generation)
    reached = {topic_partition: marks.get(topic_partition, Mark()).offset for topic_partition in counted.log.upto}
    if compared is None or reached != counted.log.upto:
        raise Overtaken(f"generation {generation} is built by another process")
    return compared, Blocks(counted.newest_block, await generations.get_newest_block(tx, generation))


async def _swap(
    settings: Settings, database: Database, generation: int, events: int, differing: list[Difference], *, accept: bool
) -> RebuildResult:
    """Count and compare the last stretch while live counting waits, and swap in one transaction. `differing`: accepted already."""
    async with database.transaction(database.system_cause()) as tx:
        await generations.without_statement_timeout(tx)
        counted = await _lock_counted(tx, settings)  # live counting waits from here to the commit
        events += await build(generation, database, counted.log, lambda _: None)
        compared, upto = await _lock_rebuilt(tx, generation, counted)
        differing = differing or await generations.list_differences(tx, counted.live, generation, compared, upto)
        if accept or not differing:
            await blocks.update_year_sums(tx, generation)
            await generations.update_live(tx, counted.live, generation)
            outbox.publish(
                tx,
                ProjectionRebuilt(
                    key="projection",
                    effective=tx.clock.today(),
                    generation=generation,
                    events=events,
                    differing=len(differing),
                ),
            )
    if differing and not accept:
        return await _refuse(database, events, differing)
    async with database.transaction(database.system_cause()) as tx:
        await generations.without_statement_timeout(tx)
        await generations.delete_retired(tx)
    return RebuildResult(events, swapped=True, differing=differing)


async def _refuse(database: Database, events: int, differing: list[Difference]) -> RebuildResult:
    """The live generation stays."""
    async with database.transaction(database.system_cause()) as tx:
        await generations.without_statement_timeout(tx)
        await generations.delete_building(tx)
    return RebuildResult(events, swapped=False, differing=differing)


# --- one shard --------------------------------------------------------------------------------------------------------
async def build(generation: int, database: Database | None, shard: LogShard, report: ReportRead) -> int:
    """Count a shard of the log into the generation, from its marks. Returns how many events that were.

    While a batch is folded, the next one is read into columns, and the one before stored. More at a time would take more memory, and
    wait for each other's interpreter lock.
    """
    events, storing = 0, None
    async with _connected(database, shard) as own_database:
        async with own_database.connection() as conn:
            marks = {name: mark for name, mark in (await generations.list_marks(conn, generation)).items() if name in shard.upto}
        report(sum(mark.offset for mark in marks.values()))
        try:
            async for moved, records, columns in _ahead(_read_columns(_read_batches(shard, marks))):
                cells = await asyncio.to_thread(fold_batch, records, columns)
                events += len(records)
                del records, columns  # a later batch is read into their memory
                if storing is not None:
                    report(await storing)
                storing = asyncio.create_task(_store(own_database, generation, moved, cells))
            if storing is not None:
                report(await storing)
        finally:
            if storing is not None:
                storing.cancel()
                await asyncio.gather(storing, return_exceptions=True)
    return events


async def _ahead(batches: AsyncGenerator[B, None]) -> AsyncIterator[B]:
    """The same, each read while the one before is used. That one is not kept here: it goes when its user lets it go."""
    async with contextlib.aclosing(batches):
        following = asyncio.create_task(_next(batches))
        try:
            while ready := await following:
                following = asyncio.create_task(_next(batches))
                yield ready.pop()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def _next(batches: AsyncGenerator[B, None]) -> list[B]:
    """None at the end."""
    async for batch in batches:
        return [batch]
    return []


async def _store(database: Database, generation: int, moved: Moved, cells: pl.DataFrame) -> int:
    """Cells and marks, in one transaction. Returns how many records the marks have passed. Raises Overtaken."""
    async with database.transaction(database.system_cause()) as tx:
        if not await generations.update_marks(tx, generation, moved):
            raise Overtaken(f"generation {generation} is built by another process")
        await blocks.insert(tx, generation, cells)
    return sum(end.offset - start.offset for start, end in moved.values())


@contextlib.asynccontextmanager
async def _connected(database: Database | None, shard: LogShard) -> AsyncIterator[Database]:
    if database is not None:
        yield database
        return
    own = await db.open_database("stats", shard.settings.database_url.get_secret_value(), size=2)
    try:
        yield own
    finally:
        await db.close_database(own)


Moved = dict[TopicPartition, tuple[Mark, Mark]]  # from, to


async def _read_batches(shard: LogShard, marks: Mapping[TopicPartition, Mark]) -> AsyncGenerator[tuple[Moved, RawRecords], None]:
    """Batches of the log without the uncounted records, each with the marks between which it lies."""
    reached = dict(marks)
    moved, parts = Moved(), list[RawPart]()
    async for found in event_log.read_runs(shard.settings, marks, shard.upto, most=BATCH_RECORDS):
        for topic_partition, runs in found.items():
            start, _ = moved.get(topic_partition, (reached.get(topic_partition, Mark()), Mark()))
            moved[topic_partition] = (start, runs[-1].mark)
            reached[topic_partition] = runs[-1].mark
            parts += _counted(topic_partition, runs, shard)
        if sum(len(part.keys.begins) for part in parts) >= BATCH_RECORDS // 2:
            yield moved, join(parts)
            moved, parts = Moved(), []
    if moved:
        yield moved, join(parts)


async def _read_columns(batches: AsyncIterator[tuple[Moved, RawRecords]]) -> AsyncGenerator[tuple[Moved, RawRecords, RecordColumns], None]:
    """The batches, and their values as columns."""
    async for moved, records in batches:
        yield moved, records, await asyncio.to_thread(read_records, records)
        del records


def _counted(partition: TopicPartition, runs: Sequence[ReadRun], shard: LogShard) -> list[RawPart]:
    """The records without the uncounted ones."""
    uncounted = {offset for topic, number, offset in shard.uncounted if (topic, number) == partition}
    return [raw_of(partition.topic, _without(run.records, uncounted)) for run in runs]


def _without(records: Sequence[LightRecord], uncounted: Collection[int]) -> Sequence[LightRecord]:
    """A run that has none of these offsets is not taken apart."""
    if records and any(records[0].offset <= offset <= records[-1].offset for offset in uncounted):
        return [record for record in records if record.offset not in uncounted]
    return records


def fold_batch(records: RawRecords, columns: RecordColumns) -> pl.DataFrame:
    """By the columnar fold; records that it cannot read by the reference fold. Raises AbsurdDay, Undecodable."""
    try:
        return columnar_fold.fold_columns(columns).cells
    except Unreadable as error:
        readable = records.take(np.array([row for row in range(len(records)) if row not in error.rows], np.int64))
        events = (decode(records[row][2]) for row in sorted(error.rows))
        one_by_one = block_encoding.frame_from_cells(fold_all(event for event in events if isinstance(event, EventEnvelope)))
        return pl.concat([columnar_fold.fold_records(readable).cells, one_by_one])

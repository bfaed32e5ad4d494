"""Rebuilding: a new generation of cells from the beginning of the log, beside the live one, compared and swapped in one transaction.

`python -m services.stats.replay.rebuild` refuses to swap in cells that differ (exit 1, naming them); with `--accept` it swaps them in.
Several processes each read their share of the partitions; what they have counted and how far they have read is committed
together, so a rebuild that was killed goes on where it stood. Counting goes on meanwhile: only for the last stretch, when the
new generation has come near, is it held up. The place of the swap is one position per topic and partition, the same in both
generations, so no event is counted twice or left out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import polars as pl
import uvloop

from services.stats import queries
from services.stats.counting import block_encoding, columnar_fold
from services.stats.counting.columnar_fold import Unreadable
from services.stats.counting.measures import CUTS, RULES
from services.stats.counting.reference_fold import Cell, fold_all
from services.stats.domain.errors import AbsurdDay
from services.stats.queries import blocks, generations
from services.stats.replay.audit import name_of
from services.stats.replay.log_shards import Progress, ReaderLost, Report, Share, in_shares
from shared import db
from shared.db import Database
from shared.delivery import event_log, kafka, outbox
from shared.delivery.event_log import Mark
from shared.delivery.inbox import Raw
from shared.events import EventEnvelope, ProjectionRebuilt, Undecodable, decode
from shared.gc_tuning import tune_gc
from shared.settings import Settings

BATCH = 50_000
NEAR = 20_000  # records behind the live generation: few enough to hold it up for
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """`events`: read by this run; less than all where it went on with an earlier one. `differing`: cell, live, rebuilt; at most 100."""

    events: int
    swapped: bool
    differing: list[tuple[Cell, int, int]]


class Overtaken(Exception):
    """Another rebuild goes on with the same generation: this one gives way."""


async def rebuild(
    settings: Settings, database: Database, *, accept: bool = False, processes: int = 1, progress: Progress = lambda _done, _total: None
) -> Rebuilt:
    """Build, compare, swap. Several processes connect to settings.database_url, one goes by `database`.

    Raises kafka.Unavailable, db.Unavailable, log.Truncated, ReaderLost, Overtaken, AbsurdDay, Undecodable; then the live generation stands
    as it was, and what was counted is gone on with the next time.
    """
    async with database.transaction(database.system_cause()) as tx:
        generation = await generations.get_building(tx, rules())
        if generation is None:
            await generations.delete_building(tx)
            generation = await generations.insert_building(tx, rules())
    done = 0
    while (behind := await _behind(settings, database, generation)) is not None:
        work = partial(build, generation, database if processes == 1 else None)
        done += sum(await in_shares(work, behind, processes, progress))
    return await _swap(settings, database, generation, done, accept=accept)


def rules() -> str:
    """Digest of what is counted how: cells counted by other rules are not gone on with."""
    return hashlib.sha256(repr((CUTS, RULES)).encode()).hexdigest()


async def _behind(settings: Settings, database: Database, generation: int) -> Share | None:
    """What the live generation has counted and the new one has not; None when that is little."""
    async with database.connection() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        upto = await generations.list_next_offsets(conn)
        reached = await generations.list_marks(conn, generation)
        share = Share(settings, upto, await generations.list_uncounted(conn))
    missing = sum(end - reached.get(place, Mark()).offset for place, end in upto.items())
    return share if missing > NEAR else None


async def _swap(settings: Settings, database: Database, generation: int, done: int, *, accept: bool) -> Rebuilt:
    async with database.transaction(database.system_cause()) as tx:
        await generations.without_statement_timeout(tx)
        await blocks.update_year_sums(tx, generation)
    async with database.transaction(database.system_cause()) as tx:
        await generations.without_statement_timeout(tx)
        live = await queries.live_generation_alone(tx)  # counting waits from here to the commit
        share = Share(settings, await generations.list_next_offsets(tx.conn), await generations.list_uncounted(tx.conn))
        done += await build(generation, database, share, lambda _: None)
        differing = await generations.list_differences(tx, live, generation)
        if differing and not accept:
            await generations.delete_building(tx)
            return Rebuilt(done, swapped=False, differing=differing)
        await blocks.update_year_sums(tx, generation)
        await generations.update_live(tx, live, generation)
        outbox.publish(
            tx,
            ProjectionRebuilt(
                key="projection",
                effective=tx.clock.today(),
                generation=generation,
                events=done,
                differing=len(differing),
            ),
        )
    async with database.transaction(database.system_cause()) as tx:
        await generations.without_statement_timeout(tx)
        await generations.delete_retired(tx)
    return Rebuilt(done, swapped=True, differing=differing)


# --- one share --------------------------------------------------------------------------------------------------------
async def build(generation: int, database: Database | None, share: Share, report: Report) -> int:
    """Count a share of the log into the generation, from where that stands. Returns how many events that were.

    While a batch is counted, the next is read.
    """
    events, counting = 0, None
    tune_gc()
    async with _connected(database, share) as into:
        async with into.connection() as conn:
            reached = {place: mark for place, mark in (await generations.list_marks(conn, generation)).items() if place in share.upto}
        before = sum(mark.offset for mark in reached.values())
        report(before)
        try:
            async for moved, records in _batches(share, reached):
                if counting is not None:
                    events += await counting
                    report(before)
                before = sum(end.offset - start.offset for start, end in moved.values())
                counting = asyncio.create_task(_count(into, generation, moved, _raw(records, share)))
            if counting is not None:
                events += await counting
                report(before)
        finally:
            if counting is not None:
                counting.cancel()
                await asyncio.wait({counting})
    return events


@contextlib.asynccontextmanager
async def _connected(database: Database | None, share: Share) -> AsyncIterator[Database]:
    if database is not None:
        yield database
        return
    own = await db.open_database("stats", share.settings.database_url.get_secret_value(), size=2)
    try:
        yield own
    finally:
        await db.close_database(own)


Moved = dict[Place, tuple[Mark, Mark]]  # from, to
Found = list[tuple[Place, list[event_log.KafkaRecord]]]


async def _batches(share: Share, marks: Mapping[Place, Mark]) -> AsyncIterator[tuple[Moved, Found]]:
    """What is read of the log, and between which marks it lies."""
    at = dict(marks)
    moved, found = Moved(), Found()
    async for fetched in event_log.read_runs(share.settings, marks, share.upto, most=BATCH):
        for place, (mark, records) in fetched.items():
            start, _ = moved.get(place, (at.get(place, Mark()), mark))
            moved[place] = (start, mark)
            at[place] = mark
            found.append((place, records))
        if sum(len(records) for _, records in found) >= BATCH // 2:
            yield moved, found
            moved, found = Moved(), Found()
    if moved:
        yield moved, found


def _raw(found: Found, share: Share) -> list[Raw]:
    """Without what stands in dead letters."""
    out: dict[Place, set[int]] = {}
    for topic, partition, offset in share.left_out:
        out.setdefault((topic, partition), set()).add(offset)
    raw: list[Raw] = []
    for (topic, partition), records in found:
        without = out.get((topic, partition))
        raw += [(topic, record.key, record.value) for record in records if without is None or record.offset not in without]
    return raw


async def _count(database: Database, generation: int, moved: Moved, records: Sequence[Raw]) -> int:
    """Cells and marks in one transaction. Raises Overtaken."""
    cells = await asyncio.to_thread(fold, records)
    async with database.transaction(database.system_cause()) as tx:
        if not await generations.update_marks(tx, generation, moved):
            raise Overtaken(f"generation {generation} is built by another process")
        await blocks.insert(tx, generation, cells)
    return len(records)


def fold(records: Sequence[Raw]) -> pl.DataFrame:
    """By the columnar fold; what that cannot judge, record by record by the reference fold. Raises AbsurdDay, Undecodable."""
    try:
        return columnar_fold.fold_records(records).cells
    except Unreadable as error:
        rest = [record for place, record in enumerate(records) if place not in error.rows]
        events = (decode(records[place][2]) for place in sorted(error.rows))
        odd = block_encoding.frame_from_cells(fold_all(event for event in events if isinstance(event, EventEnvelope)))
        return pl.concat([columnar_fold.fold_records(rest).cells, odd])


# --- command line -----------------------------------------------------------------------------------------------------
async def run(arguments: Sequence[str]) -> int:
    """Exit code of the command."""
    parser = argparse.ArgumentParser(prog="python -m services.stats.replay.rebuild")
    parser.add_argument("--accept", action="store_true", help="swap in cells that differ")
    parser.add_argument("--processes", type=int, choices=range(1, 65), metavar="N", default=os.cpu_count() or 1)
    given = parser.parse_args(arguments)
    settings = Settings()  # from the environment, like the service's
    try:
        database = await db.open_database("stats", settings.database_url.get_secret_value(), size=3)
        try:
            found = await rebuild(settings, database, accept=given.accept, processes=given.processes, progress=_show)
        finally:
            await db.close_database(database)
    except (kafka.Unavailable, db.Unavailable, event_log.Truncated, ReaderLost, Overtaken, AbsurdDay, Undecodable) as error:
        sys.stdout.write(f"rebuild: {error}\n")
        return 2
    sys.stdout.write(f"{found.events} events; {'swapped' if found.swapped else 'not swapped'}; {len(found.differing)} cells differ\n")
    for cell, live, rebuilt in found.differing:
        sys.stdout.write(f"differs: {name_of(cell)}: live {live}, rebuilt {rebuilt}\n")
    return 0 if found.swapped else 1


def _show(done: int, total: int) -> None:
    sys.stderr.write(f"{done:,} of {total:,} records\n")


if __name__ == "__main__":
    sys.exit(uvloop.run(run(sys.argv[1:])))

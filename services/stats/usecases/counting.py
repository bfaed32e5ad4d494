"""Counts a batch of events into the live cells, and adds new blocks to the sums by year."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence

import polars as pl

from services.stats.counting import block_encoding, columnar_fold
from services.stats.counting.columnar_fold import FoldResult, Unreadable
from services.stats.counting.reference_fold import fold_all
from services.stats.periods import restatement
from services.stats.queries import applied, blocks, generations, period_closes
from services.stats.queries.applied import Applied
from shared.db import Database, Tx, Unavailable
from shared.delivery.raw_records import Raw
from shared.events import Event, EventEnvelope, decode
from shared.events.canary import EVENTS as CANARIES
from shared.pauses import pause
from shared.running_service import RunningService

logger = logging.getLogger("laowu.stats.counting")


async def fold_records(records: Sequence[Raw]) -> FoldResult | Unreadable:
    """The cells of a batch, or the error that names the records that have to be decoded to be judged."""
    try:
        return await asyncio.to_thread(columnar_fold.fold_records, records)
    except Unreadable as error:
        return error


async def count_records(tx: Tx, records: Sequence[Raw], folded: FoldResult | Unreadable) -> frozenset[int]:
    """Add a batch, folded by fold_records(), to the live cells without decoding it; as many statements as count_events().

    Returns the rows of records that have to be decoded to be judged; then nothing was counted. Which periods are closed is asked under
    the lock: a period that was being closed meanwhile would change without a restatement.
    """
    if isinstance(folded, Unreadable):
        return folded.rows
    generation = await generations.lock_live(tx)
    closed_periods = [(close.starts, close.ends) for close in await period_closes.list_closed(tx)]
    await _add(tx, generation, folded.cells, folded.applied)
    if rows := folded.rows_within(closed_periods):  # facts that arrive after their period was closed
        late = [event for row in rows if isinstance(event := decode(records[row][2]), EventEnvelope)]
        await restatement.restate_events(tx, fold_all(late), late)
    return frozenset()


async def count_events(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
    """Add a batch to the live cells: five statements, whatever its size, and four more when it restates closed periods.

    Raises AbsurdDay, which names no record: the caller then applies them one by one.
    """
    cells = fold_all(events)
    by_topic: dict[str, Applied] = {}
    for event in events:
        counted, newest = by_topic.get(event.data.TOPIC, (0, event.time))
        by_topic[event.data.TOPIC] = (counted + (type(event.data) not in CANARIES), max(newest, event.time))
    await _add(tx, await generations.lock_live(tx), block_encoding.frame_from_cells(cells), by_topic)
    await restatement.restate_events(tx, cells, events)


async def _add(tx: Tx, generation: int, cells: pl.DataFrame, by_topic: Mapping[str, Applied]) -> None:
    await blocks.insert(tx, generation, cells)
    await applied.update(tx, generation, by_topic)


# --- sums by year -----------------------------------------------------------------------------------------------------
PAUSE_SECONDS = 1.0
PAUSE_PER_PASS = 3  # adding blocks may take a quarter of the time: while much is counted it takes longer than counting, which comes first
MAX_NEW_CELLS = 5_000  # cells that may wait outside the sums: a question has to read these one by one
BLOCKS_PER_TRANSACTION = 2_000  # together: of a year's sum that many blocks add to one row is written


async def run_year_sums(service: RunningService) -> None:
    """Background loop. Counting does not wait for it: a question reads the sums and the blocks that are not in them yet."""
    while True:
        began = time.monotonic()
        try:
            while await update_year_sums(service.database):
                await asyncio.sleep(PAUSE_PER_PASS * (time.monotonic() - began))
                began = time.monotonic()
        except Unavailable as error:
            logger.warning("%s: again in %s s", error, PAUSE_SECONDS)
        await pause(service.database, service.database.commits, PAUSE_SECONDS)


async def update_year_sums(database: Database) -> bool:
    """Add the newest blocks to the sums by year once they hold enough cells. Returns whether any were added."""
    async with database.connection() as conn:  # a transaction would be one more commit that other loops look after
        if not await blocks.exists_new_cells(conn, MAX_NEW_CELLS):
            return False
    async with database.transaction(database.system_cause()) as tx:
        generation = await generations.lock_live(tx)
        return await blocks.update_year_sums(tx, generation, above=MAX_NEW_CELLS, limit=BLOCKS_PER_TRANSACTION)

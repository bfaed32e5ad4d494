"""Counting a batch of events into the live cells, and adding up by year what was counted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

import polars as pl

from services.stats.counting import block_encoding, columnar_fold
from services.stats.counting.columnar_fold import Unreadable
from services.stats.counting.reference_fold import fold_all
from services.stats.periods import restatement
from services.stats.queries import applied, blocks, generations, period_closes
from services.stats.queries.applied import Applied
from shared.db import Database, Tx, Unavailable
from shared.delivery.inbox import Raw
from shared.events import Event, EventEnvelope, decode
from shared.running_service import RunningService

log = logging.getLogger("laowu.stats.counting")


async def count_records(tx: Tx, records: Sequence[Raw]) -> frozenset[int]:
    """Add a batch to the live cells, undecoded: as many statements as count() takes. Returns the places of the records that
    have to be decoded to be judged; then nothing was counted.
    """
    spans = [(close.starts, close.ends) for close in await period_closes.list_closed(tx)]
    try:
        folded = await asyncio.to_thread(columnar_fold.fold_records, records, spans)
    except Unreadable as error:
        return error.rows
    await _add(tx, folded.cells, folded.applied)
    if folded.in_spans:
        late = [event for row in folded.in_spans if isinstance(event := decode(records[row][2]), EventEnvelope)]
        await restatement.restate_events(tx, fold_all(late), late)
    return frozenset()


async def count(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
    """Add a batch to the live cells: five statements, whatever its size, and four more when it restates closed periods.

    Raises AbsurdDay; a batch of one says which record it was.
    """
    cells = fold_all(events)
    by_topic: dict[str, Applied] = {}
    for event in events:
        counted, newest = by_topic.get(event.data.TOPIC, (0, event.time))
        by_topic[event.data.TOPIC] = (counted + 1, max(newest, event.time))
    await _add(tx, block_encoding.frame_from_cells(cells), by_topic)
    await restatement.restate_events(tx, cells, events)


async def _add(tx: Tx, cells: pl.DataFrame, by_topic: Mapping[str, Applied]) -> None:
    generation = await generations.lock_live(tx)
    await blocks.insert(tx, generation, cells)
    await applied.update(tx, generation, by_topic)


# --- sums by year -----------------------------------------------------------------------------------------------------
SETTLE_SECONDS = 1.0
MOST_UNSETTLED = 5_000  # cells: a question reads what is not settled
BLOCKS = 1_000  # settled in one transaction


async def settling(service: RunningService) -> None:
    """The service's background loop: beside counting, which need not wait for it, since a question reads both."""
    while True:
        try:
            while await settle(service.database):
                pass
        except Unavailable as error:
            log.warning("%s: again in %s s", error, SETTLE_SECONDS)
        await asyncio.sleep(SETTLE_SECONDS)


async def settle(database: Database) -> bool:
    """Add the newest blocks to the sums by year when they are many. False: they are not."""
    async with database.transaction(database.system_cause()) as tx:
        return await blocks.update_year_sums(tx, await generations.lock_live(tx), above=MOST_UNSETTLED, limit=BLOCKS)

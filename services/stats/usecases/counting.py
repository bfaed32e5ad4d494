"""Counting a batch of events into the live cells."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.stats import closing, columnar, queries
from services.stats.columnar import Unreadable
from services.stats.fold import Cell, fold_all
from services.stats.measures import CUT_BY_CODE
from services.stats.queries import frozen
from shared.db import Tx
from shared.events import Data, Recorded, decode
from shared.inbox import Raw


async def count_records(tx: Tx, records: Sequence[Raw]) -> frozenset[int]:
    """Add a batch to the live cells, undecoded: as many statements as count() takes. Returns the places of the records that
    have to be decoded to be judged; then nothing was counted.
    """
    spans = [(close.starts, close.ends) for close in await frozen.closed(tx)]
    try:
        folded = await asyncio.to_thread(columnar.fold_records, records, spans)
    except Unreadable as error:
        return error.rows
    await _add(tx, columnar.as_cells(folded.cells), folded.applied)
    if folded.touching:
        touching = [event for place in folded.touching if isinstance(event := decode(records[place][2]), Recorded)]
        await closing.restate(tx, fold_all(touching), touching)
    return frozenset()


async def count(tx: Tx, events: Sequence[Recorded[Data]]) -> None:
    """Add a batch to the live cells: five statements, whatever its size, and four more when it restates closed periods.

    Raises AbsurdDay; a batch of one says which record it was.
    """
    cells = fold_all(events)
    applied: dict[str, tuple[int, datetime]] = {}
    for event in events:
        counted, newest = applied.get(event.data.TOPIC, (0, event.time))
        applied[event.data.TOPIC] = (counted + 1, max(newest, event.time))
    await _add(tx, cells, applied)
    await closing.restate(tx, cells, events)


async def _add(tx: Tx, cells: Mapping[Cell, int], applied: Mapping[str, tuple[int, datetime]]) -> None:
    generation = await queries.live_generation(tx)
    await queries.add_cells(tx, generation, cells)
    await queries.add_months(tx, generation, by_month(cells))
    await queries.add_applied(tx, generation, applied)


def by_month(cells: Mapping[Cell, int]) -> dict[queries.MonthKey, int]:
    """The same sums whatever the day of recording, for the cuts that keep them."""
    months: Counter[queries.MonthKey] = Counter()
    for cell, value in cells.items():
        if CUT_BY_CODE[cell.cut].monthly:
            months[cell.cut, cell.measure, cell.day.replace(day=1), cell.k1, cell.k2, cell.currency] += value
    return dict(months)

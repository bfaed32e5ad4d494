"""Counting a batch of events into the live cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from services.stats import closing, queries
from services.stats.fold import Cell, fold_all
from services.stats.measures import CUT_BY_CODE
from shared.db import Tx
from shared.events import Data, Recorded


async def count(tx: Tx, events: Sequence[Recorded[Data]]) -> None:
    """Add a batch to the live cells: five statements, whatever its size, and four more when it restates closed periods.

    Raises AbsurdDay; a batch of one says which record it was.
    """
    cells = fold_all(events)
    applied: dict[str, tuple[int, datetime]] = {}
    for event in events:
        counted, newest = applied.get(event.data.TOPIC, (0, event.time))
        applied[event.data.TOPIC] = (counted + 1, max(newest, event.time))
    generation = await queries.live_generation(tx)
    await queries.add_cells(tx, generation, cells)
    await queries.add_months(tx, generation, by_month(cells))
    await queries.add_applied(tx, generation, applied)
    await closing.restate(tx, cells, events)


def by_month(cells: Mapping[Cell, int]) -> dict[queries.MonthKey, int]:
    """The same sums whatever the day of recording, for the cuts that keep them."""
    months: Counter[queries.MonthKey] = Counter()
    for cell, value in cells.items():
        if CUT_BY_CODE[cell.cut].monthly:
            months[cell.cut, cell.measure, cell.day.replace(day=1), cell.k1, cell.k2, cell.currency] += value
    return dict(months)

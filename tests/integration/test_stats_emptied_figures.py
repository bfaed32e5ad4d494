"""A figure of which nothing is left is published as 0 or without data: its last value does not stay."""

from __future__ import annotations

from datetime import UTC, date, datetime

from services.stats.queries import blocks, generations
from services.stats.usecases.sweeps import sweep
from shared.db import Database
from shared.events import FigurePublished
from tests.conftest import MakeDatabase
from tests.support.stats import POOR_EAST, POOR_WEST, cause, corrected, counted, departure, dispatched, outbox_of, recorded

AT = datetime(2020, 6, 1, tzinfo=UTC)


async def published(database: Database) -> dict[str, FigurePublished]:
    """The newest figure of each key, with all blocks in the sums by year, where a sum of 0 has no row."""
    async with database.transaction(cause(AT)) as tx:
        await blocks.update_year_sums(tx, await generations.lock_live(tx))
        await sweep(tx)
    return {event.key: event for event in await outbox_of(database) if isinstance(event, FigurePublished)}


async def test_a_correction_that_moves_the_only_departure_leaves_nothing_behind(make_database: MakeDatabase) -> None:
    database, out = await make_database("stats"), dispatched(departure(POOR_WEST))
    await counted(database, [recorded(out)])
    figures = await published(database)
    assert figures["Q1|province:620000|2018"].share == (1, 1)
    assert figures["poverty_dispatches|province:620000|2017-2020"].value == 1
    assert figures["dispatches|nation:CN|2018"].value == 1
    moved = corrected(out, departure(POOR_EAST, date(2019, 2, 3)))
    await counted(database, [recorded(moved, date(2019, 3, 1))])
    figures = await published(database)
    assert (figures["Q1|province:620000|2018"].share, figures["Q1|province:620000|2018"].status) == ((0, 0), "insufficient_data")
    assert figures["Q1|region:west|2018"].share == (0, 0)
    assert figures["Q1|province:130000|2019"].share == (1, 1)
    assert figures["poverty_dispatches|province:620000|2017-2020"].value == 0
    assert (figures["dispatches|nation:CN|2018"].value, figures["dispatches|nation:CN|2019"].value) == (0, 1)
    async with database.transaction(cause(AT)) as tx:
        assert await sweep(tx) == 0

"""Blocks hold what was counted; figures are the same before and after blocks are added to the sums by year."""

from __future__ import annotations

from datetime import date
from itertools import chain
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from services.stats.counting import block_encoding
from services.stats.counting.reference_fold import Cell, fold_all
from services.stats.domain.questions import Filter, Question
from services.stats.figures.query import answer
from services.stats.figures.shaping import Point
from services.stats.queries import blocks, generations, year_cells
from services.stats.usecases import counting
from shared.db import Database
from shared.events import Event, EventEnvelope
from shared.values import Designation
from tests.contracts import released
from tests.support.stats import cause, histories

YEARS = {"start": date(2017, 1, 1), "end": date(2020, 12, 31)}
POOR = Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL))
QUESTIONS = (
    *(
        Question(measure="dispatches", by=by, **YEARS)
        for by in ((), ("year",), ("month",), ("year", "province"), ("county",), ("channel",))
    ),
    *(Question(measure="dispatches", by=("year",), filter=POOR, basis=basis, **YEARS) for basis in ("ever_listed", "listed_at_departure")),
    Question(measure="income", by=("year", "province"), **YEARS),
    Question(measure="stock", by=("month",), start=date(2018, 3, 1), end=date(2019, 2, 28)),
    Question(measure="dispatches", by=("region",), filter=Filter(province=("620000", "370000")), **YEARS),
)


async def answers(tx: Any) -> list[Any]:
    return [await answer(tx, question) for question in QUESTIONS]


@given(histories)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_figures_are_the_same_before_and_after_the_sums_by_year_are_updated(
    database: Database, lives: list[list[EventEnvelope[Event]]]
) -> None:
    cells = fold_all(chain.from_iterable(lives))
    async with database.transaction(cause()) as tx:
        await tx.conn.execute("TRUNCATE block, year_cell, settled")
        await blocks.insert(tx, 1, block_encoding.frame_from_cells(cells))
        assert await generations.list_cells(tx.conn) == cells
        before = await answers(tx)
        await blocks.update_year_sums(tx, 1)
        assert await answers(tx) == before
        assert await tx.conn.fetchval("SELECT count(*) FROM block WHERE NOT settled") == 0
        await blocks.insert(tx, 1, block_encoding.frame_from_cells({cell: -value for cell, value in cells.items()}))
        nothing = await answers(tx)
        assert not any(point.value for points in nothing for point in points)
        await blocks.update_year_sums(tx, 1)
        assert await answers(tx) == nothing
        assert await generations.list_cells(tx.conn) == {}


async def test_many_new_blocks_are_added_to_the_sums_in_parts(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_encoding, "BLOCK_CELLS", 2)
    monkeypatch.setattr(counting, "MAX_NEW_CELLS", 5)
    monkeypatch.setattr(counting, "BLOCKS_PER_TRANSACTION", 2)
    cell = Cell(measure=6, cut=5, k1="620000", k2="seafarer", day=date(2018, 5, 2), recorded_on=date(2018, 5, 3), currency="")
    unsettled = []
    for number in range(1, 5):
        async with database.transaction(cause()) as tx:
            cells = {cell._replace(k1=f"62{number:02d}{county:02d}"): 1 for county in range(3)}
            await blocks.insert(tx, 1, block_encoding.frame_from_cells(cells))
    while True:
        more = await counting.update_year_sums(database)
        async with database.transaction(cause()) as tx:
            unsettled.append(await tx.conn.fetchval("SELECT sum(cells) FROM block WHERE NOT settled"))
            assert await answer(tx, Question(measure="dispatches", **YEARS)) == [Point(of={}, value=12)]
        if not more:
            break
    assert unsettled == [9, 6, 3, 3]


DISPATCHES = Question(measure="dispatches", **YEARS)
CELL = Cell(measure=6, cut=5, k1="620000", k2="seafarer", day=date(2018, 5, 2), recorded_on=date(2018, 5, 3), currency="")


async def add(database: Database, value: int, *, settled: bool) -> None:
    async with database.transaction(cause()) as tx:
        await blocks.insert(tx, 1, block_encoding.frame_from_cells({CELL: value}))
        if settled:
            await blocks.update_year_sums(tx, 1)


async def ask(database: Database) -> tuple[int, bool]:
    """The value, and whether the sums by year were read for it."""
    sent: list[str] = []
    async with database.transaction(cause()) as tx:
        with tx.conn.query_logger(lambda query: sent.append(query.query)):
            [point] = await answer(tx, DISPATCHES)
    return point.value, year_cells.LIST_SETTLED in sent


async def test_a_repeated_question_reads_the_blocks_that_were_settled_since_and_not_the_sums(database: Database) -> None:
    await add(database, 1, settled=True)
    found = []
    for value, settled in ((2, False), (4, False), (8, True), (16, False), (32, True), (64, True)):
        await add(database, value, settled=settled)
        found.append(await ask(database))
    assert found == [(3, True), (7, False), (15, False), (31, False), (63, False), (127, False)]


async def test_a_question_reads_the_sums_again_once_many_cells_were_settled(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(year_cells, "MOST_CELLS", 2)
    await add(database, 1, settled=True)
    assert await ask(database) == (1, True)
    for value in (2, 4):
        await add(database, value, settled=True)
    assert await ask(database) == (7, False)
    for value in (8, 16, 32):
        await add(database, value, settled=True)
    assert await ask(database) == (63, True)


async def test_a_question_reads_the_sums_again_after_a_process_of_the_release_before_has_updated_them(database: Database) -> None:
    await add(database, 1, settled=True)
    assert await ask(database) == (1, True)
    await add(database, 2, settled=False)
    async with database.transaction(cause()) as tx:
        statements = released.load()["statements"]["stats"]
        await tx.conn.execute(statements["services/stats/queries/blocks.py UPDATE_YEAR_SUMS"], 1, 0, None)
    assert await ask(database) == (3, True)
    await add(database, 4, settled=True)
    assert await ask(database) == (7, False)


async def test_a_block_added_to_the_sums_between_two_statements_is_counted_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(database, 1, settled=True)
    await add(database, 2, settled=False)
    list_newest, once = year_cells.list_newest, iter([True])

    async def interrupted(*arguments: Any) -> Any:
        found = await list_newest(*arguments)
        if next(once, False):
            await add(database, 4, settled=True)
        return found

    monkeypatch.setattr(year_cells, "list_newest", interrupted)
    assert await ask(database) == (7, True)


async def test_a_snapshot_older_than_what_was_read_since_counts_every_block_once(database: Database) -> None:
    await add(database, 1, settled=True)
    await add(database, 2, settled=False)
    async with database.transaction(cause(), snapshot=True) as older:
        await generations.get_live(older)
        await add(database, 4, settled=True)
        assert await ask(database) == (7, True)
        assert await answer(older, DISPATCHES) == [Point(of={}, value=3)]
    assert (await ask(database))[0] == 7


async def ask_of_lost(tx: Any) -> list[Point]:
    await blocks.insert(tx, 1, block_encoding.frame_from_cells({CELL: 2}))
    await blocks.update_year_sums(tx, 1)
    return await answer(tx, DISPATCHES)


async def test_a_settlement_that_the_database_has_lost_is_in_no_figure(database: Database) -> None:
    """A backup was restored, or a standby promoted that was behind; other blocks are settled in its place."""
    await add(database, 1, settled=True)
    assert await ask(database) == (1, True)
    assert await database.dry_run(cause(), ask_of_lost) == [Point(of={}, value=3)]
    for value in (4, 8):
        await add(database, value, settled=True)
    assert await ask(database) == (13, True)


async def test_keys_with_special_characters_are_stored_unchanged(database: Database) -> None:
    words = ["", "a|b", 'say "so"', "{1,2}", "名", "NULL", "\\N"]
    cells = {Cell(measure=1, cut=4, k1=word, k2=word, day=date(2018, 5, 2), recorded_on=date(2018, 5, 3), currency=""): 7 for word in words}
    async with database.transaction(cause()) as tx:
        await blocks.insert(tx, 1, block_encoding.frame_from_cells(cells))
        assert await generations.list_cells(tx.conn) == cells

"""A rebuild compares while live counting continues; while that waits, it compares only what was counted since."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from services.stats.counting import block_encoding
from services.stats.counting.reference_fold import Cell
from services.stats.figures.freshness import SOURCES
from services.stats.queries import blocks, generations
from services.stats.queries.generations import Blocks, Difference
from services.stats.replay import rebuild
from shared.db import Database, Tx
from shared.delivery.event_log import Mark
from shared.delivery.numbering import Number
from shared.delivery.positions import TopicPartition
from shared.events import DOCKING
from shared.settings import Settings
from tests.conftest import MakeDatabase
from tests.integration.test_stats_rebuild import Killed, clean, counted, depart
from tests.support import delivery
from tests.support.stats import cause
from tests.support.wait import until_waiting_for_a_lock

UNDER_THE_LOCK, AHEAD_OF_IT = 20_000, 0  # values of SWAP_WITHIN: where what was counted meanwhile is compared


@pytest_asyncio.fixture(loop_scope="session")
async def config(kafka: str, topic_prefix: str) -> Settings:
    return await delivery.settings_with_topics(kafka, topic_prefix, SOURCES, topic_partitions=2)


@pytest_asyncio.fixture(loop_scope="session")
async def database(kafka: str, config: Settings, make_database: MakeDatabase) -> Database:
    """200 events are counted."""
    made = await make_database("stats")
    await depart(kafka, config, 0, 100)
    await counted(config, made)
    return made


def after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, *acts: Callable[[], Awaitable[None]]) -> None:
    """The function does something else, too, before it returns: one after its first call, the next after its second."""
    function, left = getattr(module, name), list(acts)

    async def changed(*args: Any, **more: Any) -> Any:
        found = await function(*args, **more)
        if left:
            await left.pop(0)()
        return found

    monkeypatch.setattr(module, name, changed)


async def kill_before_the_swap(config: Settings, database: Database, *, accept: bool = False) -> None:
    """A rebuild that is killed when it has compared."""

    async def dies(*_: Any, **__: Any) -> None:
        raise Killed

    with pytest.MonkeyPatch.context() as this:
        this.setattr(rebuild, "_swap", dies)
        with pytest.raises(Killed):
            await rebuild.rebuild(config, database, accept=accept)


async def miscount(database: Database) -> Difference:
    """One is added to a live cell without an event. How it differs then from what a rebuild counts."""
    async with database.transaction(cause()) as tx:
        live = await generations.lock_live(tx)
        cell, value = min((await generations.list_cells(tx.conn)).items())
        await blocks.insert(tx, live, block_encoding.frame_from_cells({cell: 1}))
    return cell, value + 1, value


async def live_generation(database: Database) -> int:
    async with database.transaction(cause()) as tx:
        return await generations.get_live(tx)


@pytest.mark.parametrize(
    ("within", "module", "function", "times"),
    [
        (UNDER_THE_LOCK, rebuild, "map_shards", 1),  # before the comparison, after the moment up to which it compares
        (UNDER_THE_LOCK, generations, "list_differences", 1),  # before the comparison has ended
        (AHEAD_OF_IT, rebuild, "map_shards", 2),
        (AHEAD_OF_IT, generations, "list_differences", 2),
    ],
)
async def test_what_is_counted_and_settled_during_a_comparison_is_compared_after_it(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, within: int, module: Any, function: str, times: int
) -> None:
    monkeypatch.setattr(rebuild, "SWAP_WITHIN", within)

    async def live_counting_continues(first: int) -> None:
        await depart(kafka, config, first, 50)
        await counted(config, database)
        async with database.transaction(cause()) as tx:
            assert await blocks.update_year_sums(tx, await generations.lock_live(tx))

    after(monkeypatch, module, function, *(partial(live_counting_continues, 100 + 50 * time) for time in range(times)))
    found = await rebuild.rebuild(config, database)
    assert (found.events, found.swapped, found.differing) == (200 + 100 * times, True, [])
    assert await clean(config, database, 200 + 100 * times)


@pytest.mark.parametrize("within", [UNDER_THE_LOCK, AHEAD_OF_IT])
async def test_a_cell_that_is_wrong_only_since_the_comparison_is_named_and_nothing_swapped_in(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch, within: int
) -> None:
    monkeypatch.setattr(rebuild, "SWAP_WITHIN", within)
    live, wrong = await live_generation(database), list[Difference]()

    async def live_counting_errs() -> None:
        await depart(kafka, config, 100, 50)
        await counted(config, database)
        wrong.append(await miscount(database))

    after(monkeypatch, generations, "list_differences", live_counting_errs)
    found = await rebuild.rebuild(config, database)
    assert (found.swapped, found.differing) == (False, wrong)
    assert await live_generation(database) == live
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM generation") == 1
    assert (await rebuild.rebuild(config, database, accept=True)).differing == wrong
    assert await clean(config, database, 300)


async def test_a_rebuild_killed_after_the_comparison_does_not_compare_the_same_again(
    config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[Blocks, Blocks]] = []
    list_differences = generations.list_differences

    async def noted(tx: Tx, live: int, rebuilt: int, *between: Blocks) -> list[Difference]:
        before, upto = between
        compared.append((before, upto))
        return await list_differences(tx, live, rebuilt, before, upto)

    monkeypatch.setattr(generations, "list_differences", noted)
    await kill_before_the_swap(config, database)
    assert (await rebuild.rebuild(config, database)).swapped
    [(nothing, upto), *resumed] = compared
    assert nothing == (0, 0)
    assert resumed == [(upto, upto)] * 2
    assert await clean(config, database, 200)


async def test_what_became_wrong_while_no_rebuild_ran_is_named_by_the_one_that_resumes(config: Settings, database: Database) -> None:
    await kill_before_the_swap(config, database)
    wrong = await miscount(database)
    found = await rebuild.rebuild(config, database)
    assert (found.events, found.swapped, found.differing) == (0, False, [wrong])


async def test_differences_accepted_by_a_rebuild_that_was_killed_are_not_accepted_by_the_next(config: Settings, database: Database) -> None:
    wrong = await miscount(database)
    await kill_before_the_swap(config, database, accept=True)
    found = await rebuild.rebuild(config, database)
    assert (found.events, found.swapped, found.differing) == (0, False, [wrong])


async def test_a_rebuild_whose_generation_another_counts_on_compares_nothing(
    kafka: str, config: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def other_goes_on() -> None:
        await depart(kafka, config, 100, 50)
        await counted(config, database)
        await kill_before_the_swap(config, database)

    after(monkeypatch, rebuild, "map_shards", other_goes_on)
    with pytest.raises(rebuild.Overtaken):
        await rebuild.rebuild(config, database)
    found = await rebuild.rebuild(config, database)
    assert (found.events, found.swapped) == (0, True)
    assert await clean(config, database, 300)


async def test_a_comparison_waits_for_another_rebuilds_batch_in_flight(database: Database) -> None:
    async with database.transaction(cause()) as tx:
        generation = await generations.insert_building(tx, "rules")
    async with database.transaction(cause()) as batch:
        assert await generations.update_marks(batch, generation, {TopicPartition(DOCKING, 0): (Mark(), Mark(5, Number(1, 5)))})
        comparing = asyncio.create_task(newest(database, generation))
        await until_waiting_for_a_lock(database)
        await blocks.insert(batch, generation, block_encoding.frame_from_cells({await a_cell(batch): 1}))
    assert await comparing > 0


async def newest(database: Database, generation: int) -> int:
    async with database.transaction(cause()) as tx:
        assert await generations.lock_building(tx, generation) == (0, 0)
        return await generations.get_newest_block(tx, generation)


async def a_cell(tx: Tx) -> Cell:
    return min(await generations.list_cells(tx.conn))


async def test_what_was_compared_is_not_read_again(config: Settings, database: Database) -> None:
    await kill_before_the_swap(config, database)
    sent: list[str] = []
    async with database.transaction(cause()) as tx:
        live, building = await generations.get_live(tx), await generations.get_building(tx, rebuild.rules_digest())
        assert building is not None
        compared = await generations.lock_building(tx, building)
        assert compared is not None
        with tx.conn.query_logger(lambda query: sent.append(query.query)):
            assert await generations.list_differences(tx, live, building, compared, compared) == []
    assert sent == [generations.EXISTS_DIFFERENCE]

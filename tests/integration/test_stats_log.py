"""From the log into the cells and back: a real Kafka, the real consumer, and a recount of the log."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest_asyncio

from services.stats import audit, consumers, queries, rebuild
from services.stats.fold import Cell
from services.stats.freshness import SOURCES
from services.stats.measures import MEASURE
from shared import kafka as topics
from shared.db import Database
from shared.events import DOCKING, RIGHTS, Data, encode
from shared.settings import Settings
from tests.conftest import MakeDatabase
from tests.support import delivery
from tests.support.delivery import Raw, caught_up, consuming, write
from tests.support.stats import POOR_WEST, came_back, cause, corrected, departure, dispatched, income, paid, recorded


@pytest_asyncio.fixture(loop_scope="session")
async def config(kafka: str, topic_prefix: str) -> Settings:
    made = delivery.settings(kafka, topic_prefix)
    await topics.create_topics(made, SOURCES)
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase) -> Database:
    return await make_database("stats")


def raw(data: Data, number: int, on: date | None = None) -> Raw:
    return Raw(encode(recorded(data, on)), data.subject.encode(), f"1.{number}")


async def told(kafka: str, config: Settings) -> None:
    """A departure, its repeat, its return and correction; one from before 1990, one that is no event; two payments."""
    out, absurd = dispatched(departure()), dispatched(departure(departed_on=date(1970, 1, 1)))
    first = raw(out, 0)
    moved = raw(corrected(out, departure(POOR_WEST), date(2019, 3, 4)), 4, date(2019, 3, 5))
    records = [first, first, raw(came_back(out, date(2019, 3, 4)), 1), raw(absurd, 2), Raw(b"{}", b"x", "1.3")]
    await write(kafka, config, *records, moved, topic=DOCKING)
    await write(
        kafka, config, raw(income(out, paid(800)), 0), raw(income(out, paid(900, period="2018-07", on=date(2018, 8, 9))), 1), topic=RIGHTS
    )


async def counted(config: Settings, database: Database) -> None:
    async with consuming(config, database, consumers.apply, service="stats", topics=SOURCES) as running:
        await caught_up(running)


async def audited(config: Settings, database: Database) -> audit.Audit:
    async with database.connection() as conn:
        return await audit.audit(config, conn)


async def test_the_log_is_counted_once_and_a_bad_record_costs_one_record(kafka: str, config: Settings, database: Database) -> None:
    await told(kafka, config)
    await counted(config, database)
    async with database.transaction(cause()) as tx:
        assert await queries.parked(tx) == 2
        counted_events = {topic: count for topic, (count, _) in (await queries.applied(tx)).items()}
    assert counted_events == {DOCKING: 3, RIGHTS: 2}
    found = await audited(config, database)
    assert (found.passed, found.events, found.differing) == (True, 5, [])
    assert all(stored == recounted for stored, recounted in found.digests.values())


async def test_an_audit_names_the_cell_that_was_tampered_with(kafka: str, config: Settings, database: Database) -> None:
    await told(kafka, config)
    await counted(config, database)
    async with database.connection() as conn:
        await conn.execute("UPDATE cell SET value = value + 1 WHERE cut = 5 AND measure = $1", MEASURE["income"].code)
    found = await audited(config, database)
    assert not found.passed
    assert {cell.cut for cell, _, _ in found.differing} == {5}
    assert [stored - recounted for _, stored, recounted in found.differing] == [1, 1]
    assert [name for name, (stored, recounted) in found.digests.items() if stored != recounted] == ["province x channel"]


async def test_why_lists_the_events_that_make_a_figure(kafka: str, config: Settings) -> None:
    await told(kafka, config)
    start = date(2018, 1, 1)
    wanted = Cell(MEASURE["dispatches"].code, 1, "", "", start, start, "")
    found: list[Any] = [behind async for behind in audit.why(config, wanted, date(2018, 12, 31))]
    assert [(behind.type.split(".")[1], behind.delta) for behind in found] == [
        ("Dispatched", 1), ("DispatchCorrected", -1), ("DispatchCorrected", 1),
    ]  # fmt: skip


async def test_a_rebuild_beside_the_live_generation_is_swapped_in_when_equal_and_counting_goes_on(
    kafka: str, config: Settings, database: Database
) -> None:
    await told(kafka, config)
    await counted(config, database)
    await write(kafka, config, raw(dispatched(departure()), 5), topic=DOCKING)  # in the log, not yet counted: beyond the swap
    found = await rebuild.rebuild(config, database)
    assert (found.swapped, found.differing) == (True, [])
    await counted(config, database)
    again = await audited(config, database)
    assert (again.passed, again.events) == (True, 6)
    async with database.connection() as conn:
        assert await conn.fetchval("SELECT count(*) FROM generation") == 1


async def test_a_rebuild_that_differs_is_refused_unless_accepted(kafka: str, config: Settings, database: Database) -> None:
    await told(kafka, config)
    await counted(config, database)
    async with database.connection() as conn:
        await conn.execute("DELETE FROM cell WHERE cut = 5")
    refused = await rebuild.rebuild(config, database)
    assert not refused.swapped
    assert {cell.cut for cell, _, _ in refused.differing} == {5}
    assert not (await audited(config, database)).passed
    assert (await rebuild.rebuild(config, database, accept=True)).swapped
    assert (await audited(config, database)).passed

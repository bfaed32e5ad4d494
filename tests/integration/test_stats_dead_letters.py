"""Dead letters of stats: a redrive changes the published figures exactly as its preview says; recounted each time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio

from services.stats import consumers
from services.stats.commands import ClosePeriod
from services.stats.domain.errors import RebuildRunning
from services.stats.figures.freshness import SOURCES
from services.stats.periods import closing
from services.stats.replay.audit import Audit, audit
from services.stats.usecases import redrives
from shared.db import Cause, Database, Tx
from shared.delivery import redriving
from shared.delivery.consumer import Reject
from shared.delivery.redriving import Redriving
from shared.events import DOCKING, DeadLetterRedriven, Event, EventEnvelope, FigureRestated, encode
from shared.principals import Principal, Role
from shared.settings import Settings
from shared.values import Clock
from tests.conftest import MakeDatabase
from tests.support.delivery import Raw, caught_up, consuming, write
from tests.support.stats import POOR_WEST, came_back, departure, dispatched, outbox_of, recorded

OPERATOR = Cause(principal=Principal("tester", Role.OPERATOR), clock=Clock(datetime(2020, 6, 1, tzinfo=UTC)))
REDRIVING = Redriving(
    consumers.apply, simulated=False, published_figures=redrives.published_figures, publish_redriven=redrives.publish_redriven
)
OUT = dispatched(departure(POOR_WEST))
EVENTS: tuple[tuple[Event, date | None], ...] = (
    (dispatched(), None),
    (OUT, None),
    (came_back(OUT, date(2019, 3, 4)), None),
    (dispatched(departure(POOR_WEST)), None),
)


async def apply_of_an_older_build(tx: Tx, events: Sequence[EventEnvelope[Event]]) -> None:
    """Counts as stats does, but rejects one departure."""
    if any(event.data == OUT for event in events):
        raise Reject("not_understood", "by this build")
    await consumers.apply(tx, events)


@pytest_asyncio.fixture(loop_scope="session")
async def database(make_database: MakeDatabase, kafka: str, config: Settings) -> Database:
    """Four events, of which a departure (dead letter 1) and its return (dead letter 2) are parked; then 2018 was closed."""
    made = await make_database("stats")
    records = [Raw(encode(recorded(data, on)), data.subject.encode(), f"1.{n}") for n, (data, on) in enumerate(EVENTS)]
    await write(kafka, config, *records, topic=DOCKING)
    async with consuming(config, made, apply_of_an_older_build, service="stats", topics=SOURCES) as running:
        await caught_up(running)
    async with made.transaction(OPERATOR) as tx:
        await closing.close_period(tx, ClosePeriod(period="2018"))
    return made


async def audited(config: Settings, database: Database) -> Audit:
    async with database.connection() as conn:
        return await audit(config, conn)


async def previewed(database: Database, *ids: int) -> dict[str, tuple[Any, Any]]:
    found = await redriving.preview(database, OPERATOR, REDRIVING, ids)
    assert found.figures is not None
    return {change.figure: (change.before, change.after) for change in found.figures}


async def test_a_preview_names_the_published_figures_that_would_change_and_the_redrive_changes_them(
    config: Settings, database: Database
) -> None:
    changes = await previewed(database, 1)
    assert changes["closed dispatches|nation:CN|2018"] == (2, 3)
    assert changes["closed dispatches|province:620000|2018"] == (1, 2)
    assert changes["Q1|nation:CN|2018"][0]["share"] == [1, 2]
    assert changes["Q1|nation:CN|2018"][1]["share"] == [2, 3]
    assert changes["poverty_dispatches|nation:CN|2017-2020"][1]["actual"] == 2
    async with database.transaction(OPERATOR) as tx:
        assert (await redriving.redrive(tx, REDRIVING, [1])).left == 0
    assert await previewed_nothing_more(database, changes)
    restated = [event for event in await outbox_of(database) if isinstance(event, FigureRestated) and event.measure == "dispatches"]
    assert {(event.scope, event.old, event.new) for event in restated} == {("nation:CN", 2, 3), ("province:620000", 1, 2)}
    found = await audited(config, database)
    assert (found.clean, found.events) == (True, 4)


async def previewed_nothing_more(database: Database, changes: dict[str, tuple[Any, Any]]) -> bool:
    async with database.transaction(OPERATOR) as tx:
        now = await redrives.published_figures(tx)
    return all(now.get(key) == after for key, (_, after) in changes.items())


async def test_every_redriven_record_is_published_on_stats_events(database: Database) -> None:
    async with database.transaction(OPERATOR) as tx:
        await redriving.redrive(tx, REDRIVING, [1])
    redriven = [event for event in await outbox_of(database) if isinstance(event, DeadLetterRedriven)]
    assert [(event.key, event.event_type, event.why_parked) for event in redriven] == [
        ("dead_letter|docking.events/0@1", "docking.Dispatched.v1", "not_understood"),
        ("dead_letter|docking.events/0@2", "docking.Returned.v1", "behind"),
    ]


async def test_a_preview_changes_and_publishes_nothing(config: Settings, database: Database) -> None:
    before, published = await audited(config, database), await outbox_of(database)
    await previewed(database, 1)
    assert (await audited(config, database), await outbox_of(database)) == (before, published)
    assert (before.passed, before.events) == (True, 2)


async def test_a_discarded_record_is_left_out_of_every_recount(config: Settings, database: Database) -> None:
    async with database.transaction(OPERATOR) as tx:
        await redriving.discard(tx, [1], "entered by a test")
        await redriving.redrive(tx, REDRIVING, [2])
    found = await audited(config, database)
    assert (found.passed, found.events) == (True, 3)
    assert [one.business_id for _, one in found.source_conflicts] == [f"placement {OUT.placement}"]  # a return from nowhere


async def test_nothing_is_redriven_during_a_rebuild(config: Settings, database: Database) -> None:
    """The rebuild may already have read past the record."""
    async with database.connection() as conn:
        await conn.execute("INSERT INTO generation (state) VALUES ('building')")
    with pytest.raises(RebuildRunning):
        async with database.transaction(OPERATOR) as tx:
            await redriving.redrive(tx, REDRIVING, [1])
    found = await audited(config, database)
    assert (found.passed, found.events) == (True, 2)

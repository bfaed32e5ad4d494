"""What a pass of the publisher publishes, and when it publishes nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.stats.figures.freshness import Lag
from services.stats.publishing import publisher
from services.stats.publishing.staleness import LagWatch
from shared.db import Database
from shared.events import Event, FigurePublished, QuotaStatusChanged, StalenessCleared, StalenessRaised, TargetProgressChanged
from tests.conftest import MakeDatabase
from tests.support.stats import POOR_WEST, RICH_EAST, cause, counted, departure, dispatched, ended, opened, outbox_of, recorded

NOON = datetime(2018, 6, 30, 4, tzinfo=UTC)
BEHIND: Lag = {"docking.events/0": 9}


@pytest.fixture
async def database(make_database: MakeDatabase) -> Database:
    """Eighteen departures from the east and none from poverty counties: two more are needed from there."""
    made = await make_database("stats")
    departures = [dispatched(departure(RICH_EAST, date(2018, month, 2))) for month in range(1, 7) for _ in range(3)]
    await counted(made, [recorded(data) for data in departures])
    return made


async def published_by_a_pass(database: Database, at: datetime = NOON, *, lag: Lag = None, watch: LagWatch | None = None) -> list[Event]:
    before = len(await outbox_of(database))
    async with database.transaction(cause(at), snapshot=True) as tx:
        await publisher.publish(tx, lag, watch)
    return (await outbox_of(database))[before:]


def q1_changes(published: list[Event]) -> list[tuple[str | None, str, int | None, bool]]:
    return [
        (event.status_from, event.status_to, event.open_positions, event.infeasible)
        for event in published
        if isinstance(event, QuotaStatusChanged) and (event.quota, event.period) == ("Q1", "2018")
    ]


async def test_a_quota_change_is_published_when_the_orders_in_hand_become_too_few_or_enough_again(database: Database) -> None:
    assert q1_changes(await published_by_a_pass(database, lag={})) == [(None, "at_risk", 0, True)]
    await counted(database, [recorded(opened(3, date(2018, 6, 1)))])
    assert q1_changes(await published_by_a_pass(database, lag={})) == [("at_risk", "at_risk", 3, False)]
    await counted(database, [recorded(ended(3, date(2018, 6, 20)))])
    assert q1_changes(await published_by_a_pass(database, lag={})) == [("at_risk", "at_risk", 0, True)]


async def test_a_target_is_published_with_its_projection(database: Database) -> None:
    published = await published_by_a_pass(database, lag={})
    target = next(event for event in published if isinstance(event, TargetProgressChanged) and event.target == "dispatches")
    assert target.projection is not None
    low, likely, high = target.projection
    assert 18 <= low <= likely <= high
    figure = next(event for event in published if isinstance(event, FigurePublished) and event.key == "dispatches|nation:CN|2017-2020")
    assert figure.projection == target.projection


async def test_no_figure_is_published_while_the_lag_is_unknown(database: Database) -> None:
    assert await published_by_a_pass(database, lag=None) == []
    assert await published_by_a_pass(database, lag={}) != []


async def test_staleness_is_raised_once_and_cleared_once(database: Database) -> None:
    watch = LagWatch(timedelta(minutes=5))
    found: list[Event] = []
    for minutes, lag in ((0, BEHIND), (4, BEHIND), (5, BEHIND), (6, BEHIND), (7, {}), (8, {})):
        found += await published_by_a_pass(database, NOON + timedelta(days=60, minutes=minutes), lag=lag, watch=watch)
    kinds = [type(event) for event in found if isinstance(event, StalenessRaised | StalenessCleared)]
    assert kinds == [StalenessRaised, StalenessCleared]


async def test_a_late_fact_moves_the_figures_of_the_year_it_belongs_to(database: Database) -> None:
    await published_by_a_pass(database, lag={})
    await counted(database, [recorded(dispatched(departure(POOR_WEST, date(2017, 5, 2))), date(2018, 6, 29))])
    published = await published_by_a_pass(database, lag={})
    values = {event.key: event.value for event in published if isinstance(event, FigurePublished)}
    assert (values["dispatches|nation:CN|2017"], values["stock|nation:CN|2018"]) == (1, 19)
    assert "dispatches|nation:CN|2018" not in values

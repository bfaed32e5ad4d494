"""Worked examples of statistics.md that only the whole service can show: from events to what is published."""

from __future__ import annotations

from datetime import UTC, date, datetime

from services.stats.programmes import catalogue
from services.stats.usecases import evaluations
from services.stats.usecases.sweeps import sweep
from shared.db import Database
from shared.events import QuotaStatusChanged, YearOnYearBreached
from shared.values import QuotaStatus
from tests.support.stats import POOR_EAST, POOR_WEST, RICH_EAST, cause, counted, departure, dispatched, outbox_of, recorded

AFTER = datetime(2020, 6, 5, 4, tzinfo=UTC)


async def departed(database: Database, year: int, poor: int, in_all: int, poor_county: str = POOR_WEST) -> None:
    counties = [poor_county] * poor + [RICH_EAST] * (in_all - poor)
    await counted(database, [recorded(dispatched(departure(county, date(year, 5, 2)))) for county in counties])


async def test_worked_example_rounding_hides_a_fall_that_is_published(database: Database) -> None:
    """At 1:100: 506 / 5,000 and 509 / 5,030 both print 10.12 %, and 506 * 5,030 > 509 * 5,000."""
    await departed(database, 2017, 1, 10)
    await departed(database, 2018, 506, 5_000)
    await departed(database, 2019, 509, 5_030)
    await departed(database, 2020, 0, 1)  # a pass judges as on the newest day that is counted: 2019 is over
    async with database.transaction(cause(AFTER)) as tx:
        evaluated = {(row.quota, row.year): row for row in (await evaluations.quotas(tx, catalogue.MAIN, "nation", None, {})).quotas}
        await sweep(tx)
    assert (evaluated["Q1", 2018].percent, evaluated["Q1", 2019].percent) == ("10.12 %", "10.12 %")
    assert (evaluated["Q1", 2019].rise, evaluated["Q1", 2019].status, evaluated["Q1", 2019].gap_heads) == ("fell", QuotaStatus.BREACHED, 0)
    [events] = [event for event in await outbox_of(database) if isinstance(event, YearOnYearBreached) and event.quota == "Q1"]
    assert (events.period, events.share, events.share_before) == ("2019", (509, 5_030), (506, 5_000))


async def test_worked_example_gap_is_published_in_heads(database: Database) -> None:
    """At 1:1000: 46 / 480 is 9.58 %, and 3 more heads are the fewest that reach 10 %: 49 / 483."""
    await departed(database, 2018, 46, 480, POOR_EAST)
    await departed(database, 2019, 0, 1)
    async with database.transaction(cause(AFTER)) as tx:
        await sweep(tx)
    events = {(event.quota, event.period): event for event in await outbox_of(database) if isinstance(event, QuotaStatusChanged)}
    breached = events["Q1", "2018"]
    assert (breached.status_to, breached.share, breached.gap_heads) == (QuotaStatus.BREACHED, (46, 480), 3)

"""2017-2020 replayed from events: the monthly form equals the published figures, scaled, exactly.

The plan of `laowu demo` becomes docking's events, with repeats, and goes through inbox.take. At 1:100 and 1:1000 every published
figure is a whole number, so no tolerance is needed. Not compared: what the plan draws at random, because it was never published
by month (2018's channels) or because it breaks a figure down further (Japan, industries).
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from typing import Any

from console.demo import simulation
from services.stats import consumers
from services.stats.commands import EnterProgramme
from services.stats.domain.plans import Plan
from services.stats.programmes import catalogue
from services.stats.usecases import evaluations, figures, programmes
from services.stats.views.monthly import MonthlyRow
from shared.db import Database
from shared.delivery.positions import TopicPartition
from shared.events import encode
from shared.values import QuotaStatus, TargetState
from tests.conftest import ROOT
from tests.support import plan_events
from tests.support.delivery import take
from tests.support.stats import cause
from tests.support.world import Log

AFTER = datetime(2021, 1, 5, 4, tzinfo=UTC)
BATCH = 2_000
# metric of national_stats.csv -> what the published form calls it
FORM = {
    "dispatched_total": "dispatches",
    "dispatched_contracted_projects": "contracted_projects",
    "dispatched_labour_cooperation": "labour_cooperation",
    "abroad_end": "stock",
}


def published() -> dict[tuple[str, str], int]:
    """(last month, name in the form) -> persons, for the years of the programme."""
    with (ROOT / "shared/reference/national_stats.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["metric"] in FORM and "2017" <= row["period"][:4] <= "2020"]
    ends = ((row["period"].rpartition("..")[2], row) for row in rows)
    return {(end if "-" in end else f"{end}-12", FORM[row["metric"]]): int(row["persons"]) for end, row in ends}


async def played(database: Database, scale: int) -> int:
    """Every event of the plan taken, each twentieth record twice. Returns how many events that was."""
    log = Log("")
    events = plan_events.events_of(simulation.plan(1, scale))
    for number, event in enumerate(events):
        record = log.append(event.data.TOPIC, event.subject.encode(), encode(event))
        if number % 20 == 0:
            log.resend(TopicPartition(event.data.TOPIC, record.partition), 1)
    lanes = list(log.records.values())
    for start in range(0, max(map(len, lanes)), BATCH):
        batch = [record for lane in lanes for record in lane[start : start + BATCH]]
        await take(database, batch, consumers.apply, simulated=True, max_diverted=0)
    async with database.connection() as conn:
        await conn.execute("ANALYZE")  # as autovacuum does within a minute: nobody counts four years in seconds
    return len(events)


async def forms(database: Database) -> dict[str, MonthlyRow]:
    """The published form of the four years, by month."""
    found: dict[str, MonthlyRow] = {}
    async with database.transaction(cause(AFTER)) as tx:
        for year in simulation.YEARS:
            found |= {row.month: row for row in (await figures.monthly(tx, year, None, {})).months}
    return found


async def test_four_years_at_one_to_a_hundred_are_the_published_figures(database: Database) -> None:
    assert await played(database, 100) > 48_000
    form, expected = await forms(database), published()
    assert len(form) == 48
    assert {name for name in expected if name[0] in ("2019-09", "2020-07", "2020-10")} > {("2019-09", "stock"), ("2020-07", "dispatches")}
    assert {(month, name): getattr(form[month], name) * 100 for month, name in expected} == expected
    for month, row in form.items():
        assert row.dispatches == row.contracted_projects + row.labour_cooperation, month
    for year in (2018, 2019, 2020):
        now, before = form[f"{year}-12"], form[f"{year - 1}-12"]
        assert (now.change_dispatches, now.change_stock) == (now.dispatches - before.dispatches, now.stock - before.stock)


async def scaled(database: Database, scale: int) -> None:
    plan: dict[str, Any] = json.loads((catalogue.SHIPPED / "2017-2020.json").read_text())
    for target in plan["targets"]:
        target["floor"] //= scale
        if "stretch" in target:
            target["stretch"] //= scale
    async with database.transaction(cause(AFTER)) as tx:
        await programmes.enter_programme(tx, EnterProgramme(plan=Plan.model_validate(plan), reason=f"at 1:{scale}"))


async def test_worked_example_four_years_at_one_to_a_thousand_replayed(database: Database) -> None:
    await scaled(database, 1000)
    await played(database, 1000)
    async with database.transaction(cause(AFTER)) as tx:
        report = await evaluations.report(tx, catalogue.MAIN, None, {})
        early = await evaluations.report(tx, catalogue.MAIN, date(2018, 2, 1), {})
    assert [(row.dispatches, row.stock) for row in report.years.values()] == [(522, 980), (492, 997), (487, 992), (301, 623)]
    assert (report.total.dispatches, report.total.poverty_dispatches, report.total.parked) == (1_802, 146, 0)
    states = {row.target: row.state for row in report.targets}
    assert (states["dispatches"], states["poverty_dispatches"]) == (TargetState.ACHIEVED, TargetState.MISSED)
    for row in report.years.values():
        assert row.q1 is not None
        assert (row.q1.status, row.q1.num, row.q1.den) == (QuotaStatus.BREACHED, row.poverty_dispatches, row.dispatches)
        assert row.q1.gap_heads == -(-(row.dispatches - 10 * row.poverty_dispatches) // 9)
    assert early.years["2017"].dispatches <= 522
    assert early.total.dispatches < 600

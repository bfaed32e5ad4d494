"""The same cells under another plan and other rates, beside the actual figures; nothing stored, nothing published."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.stats.programmes import catalogue
from shared.principals import Role
from tests.support.http import Client, Start
from tests.support.stats import POOR_WEST, RICH_EAST, counted, departure, dispatched, income, paid, recorded
from tests.support.tables import contents


@pytest.fixture
async def stats(client: Start) -> Client:
    made = await client("stats")
    poor = dispatched(departure(POOR_WEST, date(2018, 3, 4)))
    events = [poor, *(dispatched(departure(RICH_EAST, date(2018, 5, 2))) for _ in range(9)), income(poor, paid(180_000, "JPY", "2018-06"))]
    await counted(made.database, [recorded(data) for data in events])
    made.at = datetime(2018, 12, 1, tzinfo=UTC)
    return made.speaking_as(Role.AUDITOR)


def plan(**quota: Any) -> dict[str, Any]:
    """The shipped plan with another first quota."""
    document = catalogue.shipped()[catalogue.MAIN].model_dump(mode="json")
    document["quotas"][0] |= quota
    return document


def q1(body: dict[str, Any], side: str) -> tuple[str, int]:
    row = next(row for row in body[side]["quotas"] if (row["quota"], row["year"]) == ("Q1", 2018))
    return row["status"], row["gap_heads"]


async def test_another_plan_is_evaluated_beside_the_one_in_force(stats: Client) -> None:
    answer = await stats.post("/scenarios", {"plan": plan(threshold=[1, 20], rising=False)})
    assert answer.status == 200
    assert (q1(answer.body, "actual"), q1(answer.body, "scenario")) == (("not_comparable", 0), ("met", 0))
    assert answer.body["contradictions"] == []
    answer = await stats.post("/scenarios", {"plan": plan(threshold=[1, 5])})
    assert q1(answer.body, "scenario") == ("at_risk", 2)
    assert "360,000" in answer.body["contradictions"][0]  # it could not be entered so; what it would mean is answered all the same


async def test_other_rates_move_the_money_of_the_scenario_only(stats: Client) -> None:
    rates = [{"currency": "JPY", "month": "2018-06", "yuan_per_unit": "0.06"}]
    body = (await stats.post("/scenarios", {"rates": rates})).body
    money = {
        side: next((row["actual"], row["pending_fx"]) for row in body[side]["targets"] if row["target"] == "income")
        for side in ("actual", "scenario")
    }
    assert money == {"actual": (0, {"JPY": 180_000}), "scenario": (1_080_000, {})}
    assert (await stats.get("/fx-rates")).body == []


async def test_another_list_moves_what_counts_as_poor_in_the_scenario_only(stats: Client) -> None:
    listed = [{"county": RICH_EAST, "designation": "provincial", "from": "2016-01-01"}]
    body = (await stats.post("/scenarios", {"designations": listed})).body
    shares = {
        side: next((row["num"], row["den"]) for row in body[side]["quotas"] if (row["quota"], row["year"]) == ("Q1", 2018))
        for side in ("actual", "scenario")
    }
    assert shares == {"actual": (1, 10), "scenario": (10, 10)}
    assert (await stats.get("/lists")).body == []
    refused = await stats.post("/scenarios", {"designations": [{**listed[0], "county": "999999"}]})
    assert (refused.status, refused.code) == (422, "LIST_INVALID")


async def test_nothing_is_stored_and_nothing_published(stats: Client) -> None:
    before = await contents(stats.database)
    rates = [{"currency": "JPY", "month": "2018-06", "yuan_per_unit": "0.06"}]
    answer = await stats.post("/scenarios", {"plan": plan(threshold=[1, 20]), "rates": rates, "level": "province"})
    assert {row["scope"] for row in answer.body["scenario"]["quotas"]} >= {"province:620000", "province:370000"}
    assert await contents(stats.database) == before


async def test_a_scenario_may_be_of_a_day_in_the_past(stats: Client) -> None:
    body = (await stats.post("/scenarios", {"as_known_at": "2018-04-01", "plan": plan(rising=False)})).body
    assert (body["as_known_at"], q1(body, "scenario")) == ("2018-04-01", ("met", 0))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"programme": "none-such", "plan": plan()}, 404),
        ({"rates": [{"currency": "JPY", "month": "2018-06", "yuan_per_unit": "0"}]}, 422),
        ({"rates": [{"currency": "JPY", "month": "2018-06", "yuan_per_unit": "1"}] * 2}, 422),
        ({"plan": plan(threshold=[5, 1])}, 422),
        ({"level": "county"}, 422),
    ],
)
async def test_a_scenario_that_cannot_be_is_refused(stats: Client, body: dict[str, Any], status: int) -> None:
    assert (await stats.post("/scenarios", body)).status == status


async def test_a_scenario_does_not_wait_for_whoever_enters_the_same_list_or_rate(stats: Client) -> None:
    supposed = {
        "designations": [{"county": RICH_EAST, "designation": "national", "from": "2017-01-01"}],
        "rates": [{"currency": "JPY", "month": "2018-06", "yuan_per_unit": "0.06"}],
    }
    async with stats.database.transaction(stats.database.system_cause()) as tx:
        await tx.conn.execute(
            """INSERT INTO list_version (kind, version, digest, rows, source, reason, entered_by, entered_at, entered_on)
               VALUES ('designations', 1, 'x', '[]', 's', 'r', 'officer:li', now(), current_date)"""
        )
        await tx.conn.execute(
            """INSERT INTO fx_rate (currency, month, version, yuan_per_unit, source, reason, entered_by, entered_at, entered_on)
               VALUES ('JPY', '2018-06-01', 1, 0.05, 's', 'r', 'officer:li', now(), current_date)"""
        )
        answer = await stats.post("/scenarios", supposed)
    assert answer.status == 200, "who waits for a lock is refused in the end"


async def test_many_scenarios_at_once_are_all_answered_and_leave_the_figures_connections(stats: Client) -> None:
    supposed = {"designations": [{"county": RICH_EAST, "designation": "national", "from": "2017-01-01"}]}
    asked = [asyncio.create_task(stats.post("/scenarios", supposed)) for _ in range(12)]
    figures = [await stats.get("/quotas") for _ in range(3)]
    assert {answer.status for answer in (*figures, *await asyncio.gather(*asked))} == {200}

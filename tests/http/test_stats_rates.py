"""Monthly rates that are many times off the month before: nothing is converted with one until a second person has approved it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from services.stats.domain.rates import MonthlyRate, compared_with, is_far_off
from shared.db import Database
from shared.principals import Role
from tests.support.http import Client, serving
from tests.support.stats import counted, dispatched, income, paid, recorded


@pytest.fixture
async def stats(make_database: Callable[[str], Awaitable[Database]]) -> Any:
    async with serving("stats", await make_database("stats")) as client:
        client.at = datetime(2019, 5, 1, 4, tzinfo=UTC)
        yield client


def _rate(month: str, yuan_per_unit: str, currency: str = "JPY") -> dict[str, Any]:
    return {"currency": currency, "month": month, "yuan_per_unit": yuan_per_unit}


async def _load(stats: Client, *rates: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await stats.post("/fx-rates", {"source": "SAFE", "rates": list(rates)})
    assert answer.status == 201, answer.body
    return list(answer.body)


async def _yuan(stats: Client, **query: str) -> tuple[int, dict[str, int]]:
    body = (await stats.get("/figures/income", **query)).body
    return body["total_cny"], body["pending_fx"]


def _another(stats: Client) -> Client:
    return stats.speaking_as(Role.OFFICER, subject="second-person")


async def test_field_case_f20_yen_per_hundred_waits_for_a_second_person(stats: Client) -> None:
    """JPY 2019-02 0.0615, then JPY 2019-03 6.0532: no figure is a hundred times too high."""
    await counted(stats.database, [recorded(income(dispatched(), paid(180_000, "JPY", "2019-03", date(2019, 4, 10))))])
    await _load(stats, _rate("2019-02", "0.0615"))
    [held] = await _load(stats, _rate("2019-03", "6.0532"))
    assert (held["state"], held["compared_month"], held["compared_yuan_per_unit"]) == ("held", "2019-02", "0.0615")
    assert await _yuan(stats) == (0, {"JPY": 180_000}), "pending, not a hundred times too much"
    assert [one["month"] for one in (await stats.get("/fx-rates")).body] == ["2019-02"]
    mine = await stats.post(f"/fx-rates/held/{held['held']}/approval")
    assert (mine.status, mine.code) == (403, "SECOND_PERSON_NEEDED")
    rejected = await stats.post(f"/fx-rates/held/{held['held']}/rejection")
    assert (rejected.status, rejected.body["state"]) == (200, "rejected")
    [right] = await _load(stats, _rate("2019-03", "0.060532"))
    assert (right["version"], await _yuan(stats)) == (1, (1_089_576, {}))
    late = await _another(stats).post(f"/fx-rates/held/{held['held']}/approval")
    assert (late.status, late.code, late.body["state"]) == (409, "HELD_RATE_DECIDED", "rejected")


async def test_field_case_f20_a_rate_that_did_jump_is_in_force_once_another_has_approved_it(stats: Client) -> None:
    await counted(stats.database, [recorded(income(dispatched(), paid(1_000_000, "VEF", "2018-03", date(2018, 4, 10))))])
    [first] = await _load(stats, _rate("2018-02", "0.0003", "VEF"))
    [held] = await _load(stats, _rate("2018-03", "0.0001", "VEF"))
    assert (first["version"], held["state"]) == (1, "held")
    assert [one["held"] for one in (await stats.get("/fx-rates/held", state="held")).body["items"]] == [held["held"]]
    assert (await stats.get("/fx-rates/held", state="approved")).body["items"] == []
    approved = await _another(stats).post(f"/fx-rates/held/{held['held']}/approval")
    assert (approved.status, approved.body["state"], approved.body["decided_by"]) == (200, "approved", "officer:second-person")
    assert await _yuan(stats) == (100, {})
    entered = (await stats.get("/fx-rates", currency="VEF")).body[-1]
    assert (entered["month"], entered["yuan_per_unit"], entered["entered_by"]) == ("2018-03", "0.0001", held["entered_by"])


async def test_field_case_f20_in_one_list_each_month_is_compared_with_the_one_before(stats: Client) -> None:
    rates = [_rate("2018-04", "0.061"), _rate("2018-02", "0.059"), _rate("2018-03", "6.0"), _rate("2018-03", "0.13", "THB")]
    answers = await _load(stats, *rates)
    assert [one.get("state", "in force") for one in answers] == ["in force", "in force", "held", "in force"]
    assert answers[2]["compared_month"] == "2018-02"


async def test_field_case_f20_a_revision_is_held_too_and_puts_a_wrong_one_right_without_waiting(stats: Client) -> None:
    await _load(stats, _rate("2018-02", "0.059"), _rate("2018-03", "0.060"))
    body = {"rate": _rate("2018-03", "6.1"), "source": "SAFE", "reason": "revised"}
    held = await stats.post("/fx-rates/revisions", body)
    assert (held.status, held.body["state"]) == (201, "held")
    twice = await stats.post("/fx-rates/revisions", body)
    assert (twice.status, twice.code, twice.body["state"]) == (409, "RATE_HELD", {"held": held.body["held"]})
    await _another(stats).post(f"/fx-rates/held/{held.body['held']}/approval")
    back = await stats.post("/fx-rates/revisions", {**body, "rate": _rate("2018-03", "0.061")})
    assert (back.status, back.body["version"]) == (201, 3)


async def test_a_held_rate_that_another_one_has_overtaken_is_not_approved(stats: Client) -> None:
    await _load(stats, _rate("2018-02", "0.059"))
    [held] = await _load(stats, _rate("2018-03", "6.0"))
    await _load(stats, _rate("2018-03", "0.060"))
    overtaken = await _another(stats).post(f"/fx-rates/held/{held['held']}/approval")
    assert (overtaken.status, overtaken.code) == (409, "RATE_EXISTS")
    assert (await stats.get("/fx-rates/held")).body["items"][0]["state"] == "held", "nothing half written"
    late = await stats.post("/fx-rates", {"source": "SAFE", "rates": [_rate("2018-03", "6.0")]})
    assert (late.status, late.code) == (409, "RATE_EXISTS")
    missing = await stats.post(f"/fx-rates/held/{uuid4()}/rejection")
    assert (missing.status, missing.code) == (404, "HELD_RATE_NOT_FOUND")


async def test_the_money_of_a_closed_period_is_restated_when_a_held_rate_is_approved(stats: Client) -> None:
    await counted(stats.database, [recorded(income(dispatched(), paid(180_000, "JPY", "2018-03", date(2018, 4, 10))))])
    await _load(stats, _rate("2018-02", "0.06"))
    assert (await stats.post("/periods/close", {"period": "2018-03"})).status in (200, 201)
    [held] = await _load(stats, _rate("2018-03", "0.6"))
    assert (await stats.get("/restatements")).body["items"] == []
    await _another(stats).post(f"/fx-rates/held/{held['held']}/approval")
    restated = [one["restated"] for one in (await stats.get("/restatements")).body["items"]]
    assert {(one["kind"], one["new"] - one["old"]) for one in restated if one["key"].startswith("income|")} == {("fx", 10_800_000)}


def test_a_rate_is_compared_with_the_nearest_month_before_else_after_else_its_own() -> None:
    january, march, may = date(2018, 1, 1), date(2018, 3, 1), date(2018, 5, 1)
    known = {january: Decimal(1), may: Decimal(5)}
    assert compared_with(known, march) == MonthlyRate(january, Decimal(1))
    assert compared_with({may: Decimal(5)}, march) == MonthlyRate(may, Decimal(5))
    assert compared_with({march: Decimal(3)}, march) == MonthlyRate(march, Decimal(3))
    assert compared_with({}, march) is None
    compared = MonthlyRate(january, Decimal("0.3"))
    assert [is_far_off(Decimal(rate), compared, 3) for rate in ("0.9", "0.89", "0.1", "0.11")] == [True, False, True, False]

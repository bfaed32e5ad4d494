"""A code that no list knows is refused with the nearest one known: answered, it would look like a figure of nought."""

from __future__ import annotations

import json
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from services.stats.programmes import catalogue
from tests.support.http import Client, Start
from tests.support.stats import POOR_WEST, counted, departure, dispatched, recorded


@pytest.fixture
async def stats(client: Start) -> Client:
    return await client("stats")


@pytest.mark.parametrize(
    ("dimension", "code", "nearest"),
    [
        ("county", "622427", "622901"),
        ("county", "620000", "620102"),
        ("province", "990000", "820000"),
        ("destination", "JPM", "JPN Japan"),
        ("occupation", "7198", "7133"),
        ("enterprise", "72c5b80d-f3a5-4723-944c-f8172a710d36", ""),
    ],
)
@pytest.mark.parametrize("path", ["", "/export"])
async def test_field_case_f26_a_figure_of_an_unknown_code_is_refused_naming_the_nearest(
    stats: Client, path: str, dimension: str, code: str, nearest: str
) -> None:
    answer = await stats.get(f"/figures/dispatches{path}", **{dimension: code})
    assert (answer.status, answer.code) == (404, "CODE_NOT_FOUND")
    assert answer.body["errors"][0]["field"] == dimension
    assert f"{dimension} {code} is unknown" in answer.body["detail"]
    assert nearest in answer.body["detail"]


async def test_field_case_f26_a_code_that_something_was_counted_by_is_known_though_no_list_has_it(stats: Client) -> None:
    enterprise = uuid4()
    fact = departure("999998", date(2018, 3, 4), enterprise=enterprise)
    await counted(stats.database, [recorded(dispatched(fact))])
    for dimension, code in (("county", "999998"), ("enterprise", str(enterprise)), ("county", POOR_WEST)):
        answer = await stats.get("/figures/dispatches", **{dimension: code})
        assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("path", "field"), [(("quotas", 0, "numerator"), "plan.quotas.0.numerator"), (("targets", 2, "filter"), "plan.targets.2.filter")]
)
async def test_field_case_f26_a_plan_with_an_unknown_code_is_refused_naming_the_field(
    stats: Client, path: tuple[str, int, str], field: str
) -> None:
    [shipped] = catalogue.shipped().values()
    plan: dict[str, Any] = json.loads(shipped.model_dump_json(by_alias=True))
    of, number, name = path
    plan[of][number][name] |= {"destination": ["JPM"]}
    answer = await stats.post("/programmes", {"plan": plan, "reason": "to Japan"})
    assert (answer.status, answer.code, answer.body["errors"][0]["field"]) == (404, "CODE_NOT_FOUND", f"{field}.destination")
    assert "JPN Japan" in answer.body["detail"]


async def test_the_report_shows_every_quota_of_the_plan(stats: Client) -> None:
    [shipped] = catalogue.shipped().values()
    plan: dict[str, Any] = json.loads(shipped.model_dump_json(by_alias=True))
    japan = {**plan["quotas"][2], "code": "japan", "title": "To Japan", "numerator": {"destination": ["JPN"]}, "threshold": [5, 100]}
    plan["quotas"].append({**japan, "first_year": 2018})
    answer = await stats.post("/programmes", {"plan": plan, "reason": "to Japan"})
    assert answer.status == 201, answer.body
    years = (await stats.get("/report")).body["years"]
    assert list(years["2018"]["quotas"]) == ["Q1", "Q2", "indicator", "japan"]
    assert list(years["2017"]["quotas"]) == ["Q1", "Q2", "indicator"]

"""The service over HTTP: roles, bad questions, plans entered, answers that say how fresh they are."""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest

from services.stats.counting.derived import DERIVED, LISTED, QUOTIENTS
from services.stats.counting.measures import MEASURE, cuts_for
from services.stats.programmes import catalogue
from services.stats.usecases import figures
from services.stats.usecases.evaluations import EFFORTS
from services.stats.views import exports
from shared.events import Event
from shared.principals import Role
from tests.support.http import Client
from tests.support.stats import POOR_WEST, RICH_EAST, counted, departure, dispatched, income, opened, paid, recorded

REOPENED = {"period": "2018", "reason": "late_reports", "explanation": "asked for by the bureau"}


async def three_departures(stats: Client) -> None:
    out = dispatched(departure(POOR_WEST, date(2018, 3, 4)))
    events = [out, dispatched(departure(RICH_EAST, date(2018, 5, 2))), dispatched(departure(RICH_EAST, date(2019, 5, 2)))]
    await counted(stats.database, [recorded(data) for data in events] + [recorded(income(out, paid(800_000)))])


async def test_every_answer_carries_definition_and_freshness(stats: Client) -> None:
    await three_departures(stats)
    answer = await stats.get("/figures/dispatches", **{"from": "2018", "to": "2018-12", "by": "region"})
    assert answer.status == 200
    body = answer.body
    assert {point["of"]["region"]: point["value"] for point in body["points"]} == {"west": 1, "east": 1}
    assert body["definition"].startswith("dispatches (dispatches, flow): Departures")
    assert (body["as_known_at"], body["lag_seconds"], body["parked"]) == (None, 0, 0)
    assert body["complete_through"]


async def test_the_list_of_measures_is_the_table_itself(stats: Client) -> None:
    rows = {row["name"]: row for row in (await stats.get("/measures")).body}
    assert rows.keys() == {*MEASURE, *DERIVED, *LISTED, *QUOTIENTS}
    assert rows["income"]["rate"] == "wage period"
    assert rows["coverage"]["cuts"].keys() == {cut.name for cut in cuts_for("income_months")}
    assert rows["match_to_departure"]["cuts"]["province x days"] == ["days", "province", "region"]
    await three_departures(stats)
    for name, row in rows.items():
        answer = await stats.get(f"/figures/{name}")
        assert (answer.status, answer.body["definition"], answer.body["unit"]) == (200, row["definition"], row["unit"])


async def test_a_quotient_is_answered_exactly_and_rounded_for_who_reads(stats: Client) -> None:
    await three_departures(stats)
    [point] = (await stats.get("/figures/person_months", **{"from": "2018-03", "to": "2018-03"})).body["points"]
    assert (point["ratio"], point["shown"], point["value"]) == ([28 * 48, 1461], "0.9", 0)


async def test_as_known_at_hides_what_was_recorded_later(stats: Client) -> None:
    await three_departures(stats)
    answer = await stats.get("/figures/dispatches", as_known_at="2018-04-01")
    assert [point["value"] for point in answer.body["points"]] == [1]


async def test_how_a_count_became_known_is_the_figure_as_known_at_each_day(stats: Client) -> None:
    await three_departures(stats)
    days = ("2018-01-01", "2018-04-01", "2018-12-31", "2019-12-31", "2018-04-01")
    known = (await stats.get("/figures/dispatches/known?" + "&".join(f"on={day}" for day in days), **{"from": "2018", "to": "2019"})).body
    assert [one["as_known_at"] for one in known["days"]] == list(days)
    for one in known["days"]:
        asked = {"from": "2018", "to": "2019", "as_known_at": one["as_known_at"]}
        assert [point["value"] for point in (await stats.get("/figures/dispatches", **asked)).body["points"]] == [one["value"]]
    assert len({one["value"] for one in known["days"]}) > 2


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/figures/stock/known", {"from": "2018", "to": "2018", "on": "2018-04-01"}, 422, "NO_CUT"),
        ("/figures/income/known", {"from": "2018", "to": "2018", "on": "2018-04-01"}, 422, "NO_CUT"),
        ("/figures/nonsense/known", {"from": "2018", "to": "2018", "on": "2018-04-01"}, 404, "MEASURE_NOT_FOUND"),
        ("/figures/dispatches/known", {"from": "2019", "to": "2018", "on": "2018-04-01"}, 422, "PERIOD_INVALID"),
        ("/figures/dispatches/known", {"from": "2018", "to": "2018"}, 422, "INVALID"),
        ("/figures/nonsense", {}, 404, "MEASURE_NOT_FOUND"),
        ("/figures/dispatches", {"from": "2018-13"}, 422, "PERIOD_INVALID"),
        ("/figures/dispatches", {"from": "2019", "to": "2018"}, 422, "PERIOD_INVALID"),
        ("/figures/dispatches", {"by": "colour"}, 422, "INVALID"),
        ("/figures/registrations", {"by": "destination"}, 422, "NO_CUT"),
        ("/figures/dispatches", {"county": "62\x00"}, 422, "INVALID"),
        ("/figures/dispatches", {"as_known_at": "0001-01-01"}, 422, "INVALID"),
        ("/cells", {"cut": "1", "measure": "dispatches", "after": "garbage"}, 422, "CURSOR_INVALID"),
        ("/cells", {"cut": "1", "measure": "stock"}, 404, "MEASURE_NOT_FOUND"),
        ("/report", {"programme": "none-such"}, 404, "PROGRAMME_NOT_FOUND"),
    ],
)
async def test_a_bad_question_is_refused_by_name(stats: Client, path: str, query: dict[str, str], status: int, code: str) -> None:
    answer = await stats.speaking_as(Role.AUDITOR).get(path, **query)
    assert (answer.status, answer.code) == (status, code)


async def test_the_report_has_the_form_the_ministry_reads(stats: Client) -> None:
    await three_departures(stats)
    body = (await stats.get("/report")).body
    assert set(body["years"]) == {"2017", "2018", "2019", "2020"}
    year = body["years"]["2018"]
    assert {name: year[name] for name in ("dispatches", "persons", "stock", "returns", "income_cny", "poverty_dispatches")} == {
        "dispatches": 2,
        "persons": 2,
        "stock": 2,
        "returns": 0,
        "income_cny": 800_000,
        "poverty_dispatches": 1,
    }
    assert {effort: sorted(figures) for effort, figures in year["efforts"].items()} == {
        effort: sorted(measures) for effort, measures in EFFORTS.items()
    }
    assert {name: year["q1"][name] for name in ("num", "den", "status", "gap_heads")} == {
        "num": 1,
        "den": 2,
        "status": "not_comparable",
        "gap_heads": 0,  # enough, but it must rise, and 2017 has nothing to rise from
    }
    assert {"q1", "q2", "indicator"} <= set(year)
    assert body["total"] == {
        "dispatches": 3,
        "persons": 3,
        "poverty_dispatches": 1,
        "income_cny": 800_000,
        "pending_fx": {},
        "parked": 0,
    }
    assert set(body["fresh"]) == {"complete_through", "lag_seconds"}
    assert [target["state"] for target in body["targets"]] == ["missed"] * 4


def scaled(factor: int) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads((catalogue.SHIPPED / "2017-2020.json").read_text())
    for target in plan["targets"]:
        target["floor"] //= factor
        if "stretch" in target:
            target["stretch"] //= factor
    return plan


async def test_a_scaled_plan_becomes_the_next_version_and_is_in_force(stats: Client) -> None:
    officer = stats.speaking_as(Role.OFFICER)
    answer = await officer.post("/programmes", {"plan": scaled(1000), "reason": "played at 1:1000"})
    assert (answer.status, answer.body["version"]) == (201, 1)
    assert (await stats.get("/targets")).body["targets"][0]["floor"] == 1_800
    versions = (await stats.get("/programmes/2017-2020")).body
    assert [entry["version"] for entry in versions] == [0, 1]
    stale = await officer.post("/programmes", {"plan": scaled(100), "reason": "again", "version": 0})
    assert (stale.status, stale.code) == (409, "STALE_PLAN")


async def test_what_was_known_on_a_day_is_judged_by_the_plan_of_that_day(stats: Client) -> None:
    stats.at = datetime(2018, 6, 30, 15, 59, tzinfo=UTC)  # a minute before midnight in the programme's zone
    assert (await stats.post("/programmes", {"plan": scaled(1000), "reason": "played at 1:1000"})).status == 201
    stats.at = datetime(2018, 7, 31, 16, tzinfo=UTC)  # the first minute of 1 August there
    assert (await stats.post("/programmes", {"plan": scaled(100), "reason": "ten times the people"})).status == 201
    for known, floor in (("2018-06-29", 1_800_000), ("2018-06-30", 1_800), ("2018-07-31", 1_800), ("2018-08-01", 18_000), (None, 18_000)):
        query = {"as_known_at": known} if known else {}
        assert (await stats.get("/targets", **query)).body["targets"][0]["floor"] == floor, known
        assert (await stats.get("/report", **query)).body["targets"][0]["floor"] == floor, known
    versions = [(await stats.get("/quotas", **query)).body["version"] for query in ({"as_known_at": "2018-07-01"}, {})]
    assert versions == [1, 2]


async def test_a_plan_that_contradicts_itself_is_refused_with_the_arithmetic(stats: Client) -> None:
    plan = scaled(1)
    plan["quotas"][1]["denominator"] = {}
    answer = await stats.post("/programmes", {"plan": plan, "reason": "the other reading"})
    assert (answer.status, answer.code) == (422, "CONTRADICTORY_PLAN")
    assert "900,000" in answer.body["detail"]
    assert [entry["version"] for entry in (await stats.get("/programmes")).body] == [0]


async def test_a_running_year_says_what_is_missing_whether_orders_can_close_it_and_what_targets_will_come_to(stats: Client) -> None:
    days = [date(2018, 1, 9), *(date(2018, month, 2) for month in range(2, 7))]
    events: list[Event] = [dispatched(departure(RICH_EAST, day)) for day in days for _ in range(3)]
    await counted(stats.database, [recorded(data) for data in [*events, opened(1)]])
    stats.at = datetime(2018, 6, 30, 4, tzinfo=UTC)
    row = next(one for one in (await stats.get("/quotas")).body["quotas"] if (one["quota"], one["year"]) == ("Q1", 2018))
    assert {name: row[name] for name in ("status", "num", "den", "gap_heads", "open_positions", "infeasible")} == {
        "status": "at_risk",
        "num": 0,
        "den": 18,
        "gap_heads": 2,
        "open_positions": 1,
        "infeasible": True,
    }
    await counted(stats.database, [recorded(opened(1, date(2018, 6, 1)))])
    row = next(one for one in (await stats.get("/quotas")).body["quotas"] if (one["quota"], one["year"]) == ("Q1", 2018))
    assert (row["open_positions"], row["infeasible"]) == (2, False)
    target = (await stats.get("/targets")).body["targets"][0]
    assert target["distribution"] == "linear"
    heading = target["projection"]
    assert heading["low"] <= heading["likely"] <= heading["high"]
    assert "published 2019, 2020" in heading["method"]


async def test_a_target_may_be_spread_by_season_or_by_table(stats: Client) -> None:
    plan = scaled(1)
    steps = [{"until": "2017-12-31", "amount": 300_000}, {"until": "2020-12-31", "amount": 1_800_000}]
    plan["targets"][0] |= {"distribution": "table", "table": steps}
    plan["targets"][2] |= {"distribution": "seasonal"}
    assert (await stats.post("/programmes", {"plan": plan, "reason": "another pace"})).status == 201
    stats.at = datetime(2017, 12, 31, 4, tzinfo=UTC)
    rows = {row["target"]: (row["distribution"], row["expected"]) for row in (await stats.get("/targets")).body["targets"]}
    assert rows["dispatches"] == ("table", 300_000)
    assert rows["poverty_dispatches"] == ("seasonal, published 2019, 2020", 50_000)
    plan["targets"][0]["table"] = steps[:1]
    assert (await stats.post("/programmes", {"plan": plan, "reason": "half a table"})).status == 422


async def test_who_may_read_and_who_may_plan(stats: Client) -> None:
    assert (await stats.speaking_as(Role.CLERK).get("/report")).status == 403
    assert (await stats.speaking_as(Role.AUDITOR).post("/programmes", {"plan": scaled(1), "reason": "no"})).status == 403
    assert (await stats.speaking_as(Role.OFFICER).get("/cells", cut=1, measure="dispatches")).status == 403


async def test_quotas_by_province_and_the_sweep_that_publishes(stats: Client) -> None:
    await three_departures(stats)
    rows = (await stats.get("/quotas", level="province")).body["quotas"]
    assert {(row["quota"], row["scope"]) for row in rows} >= {("Q1", "province:620000"), ("Q1", "province:370000")}
    stats.at = datetime(2019, 6, 1, tzinfo=UTC)
    operator = stats.speaking_as(Role.OPERATOR)
    assert (await operator.post("/sweep")).body["acted"] > 0
    assert (await operator.post("/sweep")).body["acted"] == 0


async def yuan(stats: Client, **query: str) -> tuple[int, dict[str, int]]:
    body = (await stats.get("/figures/income", **query)).body
    return body["total_cny"], body["pending_fx"]


async def test_worked_example_rate_revised(stats: Client) -> None:
    await counted(stats.database, [recorded(income(dispatched(), paid(180_000, "JPY", "2018-06")))])
    stats.at = datetime(2018, 8, 1, tzinfo=UTC)
    assert await yuan(stats) == (0, {"JPY": 180_000})
    rate = {"currency": "JPY", "month": "2018-06", "yuan_per_unit": "0.0600", "exponent": 0}
    assert (await stats.post("/fx-rates", {"source": "SAFE", "rates": [rate]})).status == 201
    assert await yuan(stats) == (1_080_000, {})
    stats.at = datetime(2018, 9, 1, tzinfo=UTC)
    revised = {"rate": {**rate, "yuan_per_unit": "0.0610"}, "source": "SAFE", "reason": "corrected by the source"}
    assert (await stats.post("/fx-rates/revisions", revised)).body["version"] == 2
    assert await yuan(stats) == (1_098_000, {})
    assert await yuan(stats, as_known_at="2018-08-15") == (1_080_000, {})
    ledger = (await stats.get("/figures/income")).body["points"]
    assert [(point["value"], point["currency"], point["fen"]) for point in ledger] == [(180_000, "JPY", "1098000")]


async def test_worked_example_rate_missing(stats: Client) -> None:
    events = [income(dispatched(), paid(500_000)), income(dispatched(), paid(120_500, "KWD"))]
    await counted(stats.database, [recorded(data) for data in events])
    assert await yuan(stats) == (500_000, {"KWD": 120_500})


@pytest.mark.parametrize(
    "wrong",
    [{"yuan_per_unit": "0"}, {"yuan_per_unit": "-1"}, {"exponent": 2}, {"currency": "CNY"}, {"currency": "XYZ"}, {"month": "2018-13"}],
)
async def test_a_rate_that_cannot_be_is_refused(stats: Client, wrong: dict[str, Any]) -> None:
    rate = {"currency": "JPY", "month": "2018-06", "yuan_per_unit": "0.06", "exponent": 0, **wrong}
    assert (await stats.post("/fx-rates", {"source": "SAFE", "rates": [rate]})).status == 422
    assert (await stats.get("/fx-rates")).body == []


def a_row(**changes: Any) -> dict[str, Any]:
    return {"county": RICH_EAST, "designation": "provincial", "from": "2016-01-01", **changes}


async def test_a_list_is_loaded_and_read_page_by_page(stats: Client) -> None:
    loaded = await stats.post("/designations", {"source": "gazette", "reason": "the province's own", "rows": [a_row(to="2018-12-31")]})
    assert (loaded.status, loaded.body["version"], loaded.body["size"]) == (201, 1, (await stats.get("/designations")).body["size"])
    rows: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        page = (await stats.get("/designations", after=str(after), limit="500")).body
        rows, after = rows + page["rows"], page["next"]
    assert a_row(to="2018-12-31") in rows
    assert len(rows) == loaded.body["size"]
    assert [(row["kind"], row["version"], row["source"]) for row in (await stats.get("/lists")).body] == [("designations", 1, "gazette")]
    answer = (await stats.get("/figures/dispatches", by="listed")).body
    assert answer["lists"] == {"designations": 1, "divisions": 0}


@pytest.mark.parametrize(
    ("path", "rows", "field"),
    [
        ("/designations", [a_row(), a_row(county="999999")], "rows.1.county"),
        ("/designations", [a_row(county="62")], "rows.0.county"),
        ("/designations", [a_row(designation="unclassified")], "rows.0.designation"),
        ("/designations", [a_row(**{"from": "2018-13-01"})], "rows.0.from"),
        ("/designations", [a_row(to="2015-12-31")], "rows.0.to"),
        ("/designations", [a_row(), a_row(**{"from": "2017-01-01"})], "rows.1.from"),
        ("/designations", [], "rows"),
        ("/designations", [a_row()] * 5001, "rows"),
        ("/divisions", [{"county": "990101", "name": "nowhere", "from": "2018-01-01"}], "rows.0.county"),
        ("/divisions", [{"county": "620599", "name": "x", "from": "2018-01-01", "same_as": "999999"}], "rows.0.same_as"),
    ],
)
async def test_a_bad_list_is_refused_by_row_and_field(stats: Client, path: str, rows: list[dict[str, Any]], field: str) -> None:
    answer = await stats.post(path, {"source": "gazette", "reason": "test", "rows": rows})
    assert answer.status == 422
    assert field in {error["field"] for error in answer.body["errors"]}
    assert (await stats.get("/lists")).body == []


async def test_a_rate_is_loaded_once_and_revised_only_where_there_is_one(stats: Client) -> None:
    rate = {"currency": "JPY", "month": "2018-06", "yuan_per_unit": "0.06"}
    other = {**rate, "month": "2018-07"}
    await stats.post("/fx-rates", {"source": "SAFE", "rates": [rate]})
    again = await stats.post("/fx-rates", {"source": "SAFE", "rates": [other, rate]})
    assert (again.status, again.code) == (409, "RATE_EXISTS")
    missing = await stats.post("/fx-rates/revisions", {"rate": other, "source": "SAFE", "reason": "none yet"})
    assert (missing.status, missing.code) == (404, "RATE_NOT_FOUND")
    assert len((await stats.get("/fx-rates")).body) == 1


async def test_a_figure_leaves_as_csv_and_as_parquet_with_the_same_rows(stats: Client) -> None:
    await three_departures(stats)
    query = {"from": "2018", "to": "2019", "by": "year"}
    lines = (await stats.get("/figures/dispatches/export", **query)).body.decode().splitlines()
    assert lines[0].startswith("year,value,currency,fen,pending,measure,unit,from,to,as_known_at")
    assert [line.split(",")[:2] for line in lines[1:]] == [["2018", "2"], ["2019", "1"]]
    parquet = await stats.get("/figures/dispatches/export", format="parquet", **query)
    assert pl.read_parquet(io.BytesIO(parquet.body)).select("year", "value").rows() == [("2018", 2), ("2019", 1)]


async def test_a_figure_comes_page_by_page_and_its_totals_are_of_all_pages(stats: Client) -> None:
    events = [dispatched(departure(RICH_EAST, date(2018, month, 2))) for month in range(1, 8)]
    await counted(
        stats.database,
        [recorded(data) for data in events]
        + [recorded(income(events[0], paid(800, period="2018-02"))), recorded(income(events[0], paid(900, period="2018-03")))],
    )
    seen, after = list[str](), dict[str, str]()
    while True:
        page = (await stats.get("/figures/dispatches", by="month", limit=3, **after)).body
        seen += [point["of"]["month"] for point in page["points"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == [f"2018-{month:02d}" for month in range(1, 8)]
    money = (await stats.get("/figures/income", by="month", limit=1)).body
    assert (len(money["points"]), money["total_cny"]) == (1, 1_700)
    lost = await stats.get("/figures/dispatches", by="month", after="1999-01|")
    assert (lost.status, lost.code) == (422, "CURSOR_INVALID")


async def test_a_long_figure_leaves_as_csv_piece_by_piece(stats: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await three_departures(stats)
    query = {"from": "2018", "to": "2019", "by": "year"}
    whole = (await stats.get("/figures/dispatches/export", **query)).body.decode().splitlines()
    monkeypatch.setattr(exports, "ROWS", 1)
    pieces = (await stats.get("/figures/dispatches/export", **query)).body.decode().splitlines()
    assert [line.split(",")[:2] for line in pieces] == [line.split(",")[:2] for line in whole]
    parquet = await stats.get("/figures/dispatches/export", format="parquet", **query)
    assert pl.read_parquet(io.BytesIO(parquet.body)).select("year", "value").rows() == [("2018", 2), ("2019", 1)]
    empty = (await stats.get("/figures/dispatches/export", **{"from": "1995", "to": "1995", "by": "year"})).body.decode().splitlines()
    assert len(empty) == 1
    monkeypatch.setattr(figures, "MOST_POINTS", 1)
    refused = await stats.get("/figures/dispatches/export", **query)
    assert (refused.status, refused.code) == (422, "TOO_MANY_POINTS")


async def test_periods_close_and_reopen_with_another_officer(stats: Client) -> None:
    await three_departures(stats)
    first = stats.speaking_as(Role.OFFICER, subject="first")
    answer = await first.post("/periods/close", {"period": "2018"})
    assert (answer.status, answer.body["version"], len(answer.body["digest"])) == (201, 1, 64)
    assert (await stats.get("/periods/2018")).body == answer.body
    labels = [(await stats.get("/figures/dispatches", **{"from": year, "to": year})).body["label"] for year in ("2018", "2019")]
    assert labels == ["final", "preliminary"]
    assert (await first.post("/periods/reopen", REOPENED)).code == "SECOND_APPROVER_NEEDED"
    await counted(stats.database, [recorded(dispatched(departure(departed_on=date(2018, 9, 9))), date(2019, 9, 9))])
    items = (await stats.get("/restatements", period="2018")).body["items"]
    assert {item["restated"]["scope"] for item in items} == {"nation:CN", "province:370000"}
    national = (await stats.get("/restatements", period="2018", scope="nation:CN")).body["items"]
    assert national == [item for item in items if item["restated"]["scope"] == "nation:CN"]
    assert {(item["counted"], item["unit"]) for item in items if item["restated"]["measure"] == "dispatches"} == {("flow", "dispatches")}
    second = stats.speaking_as(Role.OFFICER, subject="second")
    assert (await second.post("/periods/reopen", REOPENED)).status == 200
    assert [close["reopened_by"] for close in (await stats.get("/periods")).body] == ["officer:second"]
    assert (await stats.get("/periods/2018")).code == "PERIOD_NOT_CLOSED"

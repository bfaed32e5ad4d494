"""What anybody may see: closed years, with nobody to be found in them, the same whenever asked."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from shared.principals import Role
from shared.values import Destination
from tests.support.http import Client
from tests.support.stats import POOR_WEST, RICH_EAST, counted, departure, dispatched, recorded, voided

EAST, WEST, NORTH = RICH_EAST, POOR_WEST, "220102"

REOPENED = {"period": "2018", "reason": "late_reports", "explanation": "asked for by the bureau"}


async def sent(stats: Client, *, closed: bool = True) -> None:
    """Two months of 2018: three from the west in May, whom nobody may find."""
    by_place = {EAST: (20, 30), NORTH: (40, 25), WEST: (3, 15)}
    events = [
        dispatched(departure(county, date(2018, month, 2), destination=Destination("JPN" if county == EAST else "SGP")))
        for county, counts in by_place.items()
        for month, count in zip((5, 6), counts, strict=True)
        for _ in range(count)
    ]
    await counted(stats.database, [recorded(data) for data in events])
    stats.at = datetime(2019, 1, 31, tzinfo=UTC)
    if closed:
        assert (await stats.post("/periods/close", {"period": "2018"})).status == 201


async def seen(stats: Client, measure: str = "dispatches", **query: Any) -> dict[str, Any]:
    answer = await stats.speaking_as(Role.PUBLIC).get(f"/public/figures/{measure}", **{"year": 2018, **query})
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


async def test_a_small_cell_is_left_out_and_so_is_what_would_give_it_away(stats: Client) -> None:
    await sent(stats)
    body = await seen(stats)
    rows = {row["of"]: (row["values"][4:6], row["total"]) for row in body["rows"]}
    assert rows == {"370000": ([None, None], 50), "220000": ([40, 25], 65), "620000": ([None, None], 18)}
    assert (body["column_totals"][4:6], body["total"], body["left_out"], body["smallest"]) == ([63, 70], 133, 4, 10)
    assert (body["version"], body["as_known_at"], body["columns"][4]) == (1, "2019-01-31", "2018-05")


async def test_a_published_year_stays_as_it_was_published_whatever_is_recorded_later(stats: Client) -> None:
    await sent(stats)
    before = await seen(stats)
    late = dispatched(departure(WEST, date(2018, 5, 9)))
    await counted(stats.database, [recorded(late, date(2019, 3, 1)), recorded(voided(late), date(2019, 4, 1))])
    stats.at = datetime(2019, 5, 1, tzinfo=UTC)
    after = await seen(stats)
    fresh = ("complete_through", "lag_seconds")
    assert {name: value for name, value in before.items() if name not in fresh} == {
        name: value for name, value in after.items() if name not in fresh
    }


async def test_tables_of_different_rows_share_their_totals(stats: Client) -> None:
    await sent(stats)
    tables = [await seen(stats, by=by) for by in ("province", "destination", "channel", "sex", "age_band")]
    assert len({(tuple(body["column_totals"]), body["total"]) for body in tables}) == 1


async def test_only_counts_of_closed_years_are_public(stats: Client) -> None:
    await sent(stats, closed=False)
    public = stats.speaking_as(Role.PUBLIC)
    open_year = await public.get("/public/figures/dispatches", year=2018)
    assert (open_year.status, open_year.code) == (404, "NOT_PUBLIC")
    await stats.post("/periods/close", {"period": "2018"})
    for measure in ("income", "stock", "nonsense"):
        answer = await public.get(f"/public/figures/{measure}", year=2018)
        assert (answer.status, answer.code, answer.body["errors"][0]["field"]) == (404, "NOT_PUBLIC", "measure")
    second = stats.speaking_as(Role.OFFICER, subject="second")
    assert (await second.post("/periods/reopen", REOPENED)).status == 200
    assert (await public.get("/public/figures/dispatches", year=2018)).status == 404


async def test_a_year_with_hardly_anybody_shows_nothing(stats: Client) -> None:
    await counted(stats.database, [recorded(dispatched(departure(WEST, date(2018, 5, 2)))) for _ in range(9)])
    stats.at = datetime(2019, 1, 31, tzinfo=UTC)
    await stats.post("/periods/close", {"period": "2018"})
    body = await seen(stats)
    assert (body["rows"], body["column_totals"], body["total"]) == ([], [], None)


async def test_the_public_sees_nothing_else(stats: Client) -> None:
    public = stats.speaking_as(Role.PUBLIC)
    for path in ("/figures/dispatches", "/report", "/quotas", "/stream", "/periods", "/restatements"):
        assert (await public.get(path)).status == 403


async def test_the_public_years_are_those_that_are_closed_with_their_version(stats: Client) -> None:
    await sent(stats, closed=False)
    anybody = stats.speaking_as(Role.PUBLIC)
    assert (await anybody.get("/public/years")).body["years"] == []
    await stats.post("/periods/close", {"period": "2018-05"})
    await stats.post("/periods/close", {"period": "2018"})
    body = (await anybody.get("/public/years")).body
    assert body["years"] == [{"year": 2018, "version": 1, "closed_on": "2019-01-31"}]
    assert {measure["name"] for measure in body["measures"]} >= {"dispatches", "persons", "returns"}
    for measure in body["measures"]:
        for by in measure["by"]:
            assert (await seen(stats, measure["name"], by=by))["version"] == 1

"""Lists that are loaded, and what they make of figures asked for, known before, and closed."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.stats.commands import ClosePeriod, LoadDesignations, LoadDivisions
from services.stats.domain.errors import ListInvalid, NoCut
from services.stats.domain.questions import Filter, Question
from services.stats.figures.query import answer
from services.stats.periods import closing
from services.stats.replay import figure_keys
from services.stats.usecases import classifications, figures
from shared.db import Cause, Database
from shared.events import FigureRestated
from shared.principals import NATION, Principal, Role
from shared.values import Clock, Designation
from tests.support.stats import (
    POOR_WEST,
    RICH_EAST,
    UNKNOWN,
    counted,
    departure,
    dispatched,
    income,
    outbox_of,
    paid,
    recorded,
)

LISTED = Filter(listed=(Designation.NATIONAL, Designation.PROVINCIAL))
SPAN = {"start": date(2017, 1, 1), "end": date(2020, 12, 31)}


def on(at: date) -> Cause:
    return Cause(principal=Principal("officer", Role.OFFICER, (NATION,)), clock=Clock(datetime(at.year, at.month, at.day, 4, tzinfo=UTC)))


async def designated(database: Database, *rows: dict[str, Any], at: date = date(2019, 6, 1), whole: bool = False) -> None:
    async with database.transaction(on(at)) as tx:
        command = LoadDesignations.model_validate({"source": "province", "reason": "their list", "rows": rows, "whole": whole})
        await classifications.load_designations(tx, command)


def row(county: str = RICH_EAST, designation: str = "provincial", since: str = "2016-01-01", until: str | None = None) -> dict[str, Any]:
    return {"county": county, "designation": designation, "from": since, "to": until}


async def by_class(database: Database, **rest: Any) -> dict[str, int]:
    async with database.transaction(on(date(2021, 1, 1))) as tx:
        points = await answer(tx, Question(measure="dispatches", by=("listed",), **{**SPAN, **rest}))
    return {point.of["listed"]: point.value for point in points if point.value}


async def three(database: Database) -> None:
    events = [dispatched(departure(county, date(2018, 5, 2))) for county in (POOR_WEST, RICH_EAST, UNKNOWN)]
    await counted(database, [*map(recorded, events), recorded(income(events[1], paid(600_000)), date(2018, 7, 10))])


async def test_a_loaded_list_classifies_what_is_asked_from_then_on_and_not_what_was_known_before(database: Database) -> None:
    await three(database)
    shipped = {"national": 1, "none": 1, "unclassified": 1}
    assert await by_class(database) == shipped
    await designated(database, row())
    assert await by_class(database) == {"national": 1, "provincial": 1, "unclassified": 1}
    assert await by_class(database, known_on=date(2019, 5, 31)) == shipped
    assert await by_class(database, filter=LISTED) == {"national": 1, "provincial": 1}
    assert await by_class(database, basis="listed_at_departure") == shipped
    await designated(database, row(POOR_WEST, "national"), whole=True)
    assert await by_class(database) == {"national": 1, "none": 1, "unclassified": 1}


async def test_a_list_restates_closed_periods_class_by_class_and_leaves_the_whole_alone(database: Database) -> None:
    await three(database)
    async with database.transaction(on(date(2019, 1, 31))) as tx:
        await closing.close_period(tx, ClosePeriod(period="2018"))
    await designated(database, row())
    events = [event for event in await outbox_of(database) if isinstance(event, FigureRestated)]
    assert {(event.measure, event.scope.removeprefix("nation:CN/listed:"), event.old, event.new, event.kind) for event in events} == {
        ("dispatches", "none", 1, 0, "designation"),
        ("dispatches", "provincial", 0, 1, "designation"),
        ("persons", "none", 1, 0, "designation"),
        ("persons", "provincial", 0, 1, "designation"),
        ("income", "none", 600_000, 0, "designation"),
        ("income", "provincial", 0, 600_000, "designation"),
    }
    assert sum(event.new - event.old for event in events) == 0
    async with database.transaction(on(date(2019, 6, 2))) as tx:
        for event in events:  # the key of a restatement is a question that it answers
            [asked] = await figure_keys.parse(tx, event.key)
            assert asked.question is not None
            assert sum(point.value for point in await answer(tx, asked.question)) == event.new, event.key
    await designated(database, row())
    assert len([event for event in await outbox_of(database) if isinstance(event, FigureRestated)]) == len(events)


async def test_worked_example_delisted_county_by_the_list_of_the_day(database: Database) -> None:
    await counted(database, [recorded(dispatched(departure(RICH_EAST, day))) for day in (date(2018, 12, 31), date(2019, 1, 1))])
    await designated(database, row(until="2018-12-31"))
    assert await by_class(database, basis="listed_on_day") == {"provincial": 1, "none": 1}
    assert await by_class(database, basis="listed_on_day", filter=LISTED) == {"provincial": 1}
    assert await by_class(database) == {"provincial": 2}
    with pytest.raises(NoCut):
        await by_class_of_stock(database)


async def by_class_of_stock(database: Database) -> None:
    async with database.transaction(on(date(2021, 1, 1))) as tx:
        await answer(tx, Question(measure="stock", by=("listed",), basis="listed_on_day", start=SPAN["start"], end=SPAN["end"]))


async def test_worked_example_unknown_county_is_flagged_until_a_list_knows_it(database: Database) -> None:
    await three(database)
    question = Question(measure="dispatches", start=SPAN["start"], end=SPAN["end"])
    async with database.transaction(on(date(2019, 6, 1))) as tx:
        flagged = (await figures.figure(tx, question, {})).unclassified
        elsewhere = (await figures.figure(tx, question.model_copy(update={"filter": Filter(province=("620000",))}), {})).unclassified
        of_money = (await figures.figure(tx, question.model_copy(update={"measure": "income"}), {})).unclassified
        command = LoadDivisions.model_validate(
            {
                "source": "a gazette",
                "reason": "new county",
                "rows": [{"county": "629999", "name": "new", "from": "2018-01-01"}],
            }
        )
    assert flagged is not None
    assert elsewhere is not None
    assert of_money is not None
    assert (flagged.value, flagged.counties, flagged.number, elsewhere.number, of_money.value) == (1, [UNKNOWN], 1, 0, None)
    await counted(database, [recorded(dispatched(departure("629999", date(2018, 5, 2))))])
    assert (await by_class(database))["unclassified"] == 2
    async with database.transaction(on(date(2019, 6, 2))) as tx:
        await classifications.load_divisions(tx, command)
        after = (await figures.figure(tx, question, {})).unclassified
    assert after is not None
    assert (after.value, after.counties) == (1, [UNKNOWN])
    assert (await by_class(database))["unclassified"] == 1


async def test_a_bad_list_is_refused_with_its_rows_and_fields_and_nothing_is_entered(database: Database) -> None:
    with pytest.raises(ListInvalid) as refused:
        await designated(database, row(), row(UNKNOWN), row(since="2017-01-01"))
    assert refused.value.field == "rows.1.county"
    assert [(fault["row"], fault["field"]) for fault in refused.value.state] == [(1, "county"), (2, "from")]
    async with database.transaction(on(date(2019, 6, 1))) as tx:
        assert await classifications.versions(tx) == []

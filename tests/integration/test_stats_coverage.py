"""Coverage of counties by surveys: over the list of divisions as it was in each year, exact, unknown counties included."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.stats.commands import LoadDivisions
from services.stats.domain.errors import NoCut, PeriodInvalid
from services.stats.domain.questions import Filter, Question
from services.stats.figures.query import answer
from services.stats.queries import words
from services.stats.usecases import classifications, figures
from shared import reference
from shared.db import Cause, Database
from shared.principals import NATION, Principal, Role
from shared.values import Clock, CountyCode, Designation, Ratio
from tests.support.stats import POOR_WEST, RICH_EAST, UNKNOWN, counted, recorded
from tests.support.surveys import survey_corrected, survey_fact, survey_voided, surveyed

LISTED = len(reference.counties())
GANSU = Filter(province=(CountyCode("620000"),))
OF_GANSU = sum(code.startswith("62") for code in reference.counties())


def on(at: date) -> Cause:
    return Cause(principal=Principal("officer", Role.OFFICER, (NATION,)), clock=Clock(datetime(at.year, at.month, at.day, 4, tzinfo=UTC)))


async def coverage(database: Database, measure: str = "survey_coverage", at: date = date(2021, 1, 1), **rest: Any) -> dict[Any, Ratio]:
    """Surveyed counties and all of them, by the names asked for."""
    asked = {"start": date(2018, 1, 1), "end": date(2018, 12, 31)} | rest
    async with database.transaction(on(at)) as tx:
        points = await answer(tx, Question(measure=measure, **asked))
    return {tuple(point.of.values()): point.ratio or (point.value, 1) for point in points}


async def survey(database: Database, *facts: Any) -> None:
    await counted(database, [recorded(surveyed(fact), fact.reference_date) for fact in facts])


async def test_coverage_is_the_counties_surveyed_over_all_of_the_list(database: Database) -> None:
    assert await coverage(database) == {(): (0, LISTED)}
    await survey(database, survey_fact(POOR_WEST), survey_fact(POOR_WEST, date(2018, 9, 1), first=False), survey_fact(RICH_EAST))
    assert await coverage(database) == {(): (200, LISTED)}
    assert await coverage(database, filter=GANSU) == {(): (100, OF_GANSU)}
    by_province = await coverage(database, by=("province",))
    assert by_province[("620000",)] == (100, OF_GANSU)
    assert sum(den for _, den in by_province.values()) == LISTED
    by_county = await coverage(database, by=("county",))
    assert (len(by_county), by_county[(POOR_WEST,)], by_county[("621121",)]) == (LISTED, (100, 1), (0, 1))
    assert await coverage(database, filter=Filter(county=(CountyCode(POOR_WEST),))) == {(): (100, 1)}


async def test_coverage_of_poverty_counties_is_over_those_ever_listed(database: Database) -> None:
    await survey(database, survey_fact(POOR_WEST), survey_fact(RICH_EAST))
    by_class = await coverage(database, by=("listed",))
    national = sum(one.listed is Designation.NATIONAL for one in reference.counties().values())
    assert by_class[("national",)] == (100, national)
    assert sum(den for _, den in by_class.values()) == LISTED
    poor = Filter(listed=(Designation.NATIONAL,))
    assert await coverage(database, filter=poor) == {(): (100, national)}
    by_region = await coverage(database, by=("region",), filter=poor)
    assert by_region[("west",)][0] == 100
    assert sum(den for _, den in by_region.values()) == national


async def test_years_are_counted_one_by_one_and_add_up(database: Database) -> None:
    await survey(database, *(survey_fact(POOR_WEST, date(year, 3, 1)) for year in (2017, 2018)), survey_fact(RICH_EAST, date(2018, 5, 1)))
    span: dict[str, Any] = {"start": date(2017, 1, 1), "end": date(2018, 12, 31)}
    assert await coverage(database, by=("year",), **span) == {("2017",): (100, LISTED), ("2018",): (200, LISTED)}
    assert await coverage(database, **span) == {(): (300, 2 * LISTED)}


async def test_corrections_and_voids_move_the_county(database: Database) -> None:
    first = surveyed(survey_fact(POOR_WEST))
    moved = survey_corrected(first, survey_fact(POOR_WEST, first=False))
    await counted(database, [recorded(first, date(2018, 3, 2)), recorded(moved, date(2018, 4, 1))])
    assert await coverage(database) == {(): (0, LISTED)}
    assert await coverage(database, known_on=date(2018, 3, 31)) == {(): (100, LISTED)}
    await counted(database, [recorded(survey_voided(first, moved.fact), date(2018, 5, 1))])
    assert await coverage(database, "survey_respondents") == {(): (0, 1)}


async def test_an_unknown_county_is_part_of_numerator_and_denominator_and_shown(database: Database) -> None:
    await survey(database, survey_fact(POOR_WEST), survey_fact(UNKNOWN))
    assert await coverage(database) == {(): (200, LISTED + 1)}
    assert (await coverage(database, by=("listed",)))[("unclassified",)] == (100, 1)
    assert await coverage(database, filter=Filter(listed=(Designation.UNCLASSIFIED,))) == {(): (100, 1)}
    async with database.transaction(on(date(2021, 1, 1))) as tx:
        question = Question(measure="survey_coverage", start=date(2018, 1, 1), end=date(2018, 12, 31))
        answered = await figures.figure(tx, question, lag={})
        assert UNKNOWN in await words.list_counties(tx)
    assert answered.unclassified is not None
    assert (answered.unclassified.counties, answered.unclassified.value) == ([UNKNOWN], 1)
    assert (answered.points[0].shown, answered.lists) == ("0.1", {"designations": 0, "divisions": 0})


async def test_the_denominator_is_the_list_of_each_year_as_known_at_the_day(database: Database) -> None:
    """A county merged into another at the end of 2018 is none of 2019; one made in 2019 is none of 2018."""
    rows = [
        {"county": "620199", "name": "新区", "from": "2019-01-01"},
        {"county": RICH_EAST, "name": "旧区", "from": "1990-01-01", "to": "2018-12-31"},
        {"county": "620198", "name": "同县", "from": "1990-01-01", "same_as": POOR_WEST},
    ]
    async with database.transaction(on(date(2019, 6, 1))) as tx:
        command = LoadDivisions.model_validate({"source": "ministry", "reason": "changes of 2019", "rows": rows})
        await classifications.load_divisions(tx, command)
    span: dict[str, Any] = {"start": date(2018, 1, 1), "end": date(2019, 12, 31)}
    assert await coverage(database, by=("year",), **span) == {("2018",): (0, LISTED), ("2019",): (0, LISTED)}
    assert await coverage(database, by=("year",), filter=GANSU, **span) == {("2018",): (0, OF_GANSU), ("2019",): (0, OF_GANSU + 1)}
    await survey(database, *(survey_fact(RICH_EAST, date(year, 3, 1)) for year in (2018, 2019)))
    gone = Filter(county=(CountyCode(RICH_EAST),))
    assert await coverage(database, by=("year",), filter=gone, **span) == {
        ("2018",): (100, 1),
        ("2019",): (100, 1),
    }  # surveyed: it was there
    assert await coverage(database, filter=gone, **span) == {(): (200, 2)}
    before = await coverage(database, by=("year",), filter=GANSU, known_on=date(2019, 5, 31), **span)
    assert before == {("2018",): (0, OF_GANSU), ("2019",): (0, OF_GANSU)}


async def test_a_year_that_has_not_begun_has_no_counties_yet(database: Database) -> None:
    span: dict[str, Any] = {"start": date(2018, 1, 1), "end": date(2030, 12, 31), "by": ("year",)}
    assert await coverage(database, at=date(2019, 2, 1), **span) == {("2018",): (0, LISTED), ("2019",): (0, LISTED)}
    assert await coverage(database, at=date(2017, 2, 1)) == {(): (0, 0)}


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"by": ("month",)}, NoCut),
        ({"by": ("day",)}, NoCut),
        ({"by": ("designation",)}, NoCut),
        ({"by": ("destination",)}, NoCut),
        ({"by": ("listed",), "basis": "listed_at_departure"}, NoCut),
        ({"by": ("listed",), "basis": "listed_on_day"}, NoCut),
        ({"start": date(2018, 3, 1)}, PeriodInvalid),
    ],
)
async def test_what_a_list_cannot_say_is_refused(database: Database, asked: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        await coverage(database, **asked)


async def test_the_counties_can_be_asked_for_by_themselves(database: Database) -> None:
    await survey(database, survey_fact(UNKNOWN))
    assert await coverage(database, "counties") == {(): (LISTED + 1, 1)}
    assert (await coverage(database, "counties", by=("province",)))[("620000",)] == (OF_GANSU, 1)

"""Surveys of counties: one for a county and day, superseded and voided; which counties were surveyed and which were not."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from shared import events
from shared.principals import Role
from tests.support.http import Answer, Client
from tests.support.registration import GANSU, WELL_KNOWN_COUNTY

SURVEYS = (events.SurveyRecorded, events.SurveyCorrected, events.SurveyVoided)


def a_survey(**changes: Any) -> dict[str, Any]:
    survey = {
        "county": WELL_KNOWN_COUNTY,
        "reference_date": "2018-03-01",
        "respondents": 1200,
        "able": 400,
        "willing": 90,
        "skills": [{"occupation": "7531", "people": 35}, {"occupation": "7112", "people": 60}],
    }
    return survey | changes


def an_officer(registration: Client) -> Client:
    return registration.speaking_as(Role.OFFICER)


async def surveyed(registration: Client, **changes: Any) -> Answer:
    answer = await registration.post("/surveys", a_survey(**changes))
    assert answer.status == 201, answer.body
    return answer


async def published(registration: Client) -> list[Any]:
    return [event.data for event in await registration.published() if isinstance(event.data, SURVEYS)]


async def test_a_survey_is_recorded_with_its_county_as_listed_on_the_reference_date(registration: Client) -> None:
    body = (await surveyed(registration)).body
    assert (body["county_name"], body["designation"], body["version"], body["first_this_year"]) == ("岷县", "national", 1, True)
    assert body["skills"] == [{"occupation": "7112", "people": 60}, {"occupation": "7531", "people": 35}]
    [event] = await published(registration)
    assert (event.effective_on, event.fact.respondents, event.fact.origin.county) == (date(2018, 3, 1), 1200, WELL_KNOWN_COUNTY)
    assert (await registration.get(f"/surveys/{body['survey']}")).body == body


async def test_a_later_record_of_the_same_county_and_day_supersedes_and_nothing_is_overwritten(registration: Client) -> None:
    first = (await surveyed(registration)).body
    second = (await surveyed(registration, willing=120)).body
    assert (second["survey"], second["version"], second["willing"]) == (first["survey"], 2, 120)
    _, event = await published(registration)
    assert (event.cause, event.previous.willing, event.fact.willing) == ("superseded", 90, 120)
    path = f"/surveys/{first['survey']}"
    assert [one["willing"] for one in (await registration.get(f"{path}/versions")).body["items"]] == [90, 120]
    assert [one["type"] for one in (await registration.get(f"{path}/history")).body["items"]] == ["SurveyRecorded", "SurveyCorrected"]
    assert len((await registration.get("/surveys")).body["items"]) == 1


async def test_versions_come_page_by_page(registration: Client) -> None:
    survey = (await surveyed(registration)).body["survey"]
    for willing in (1, 2, 3):
        await surveyed(registration, willing=willing)
    first = (await registration.get(f"/surveys/{survey}/versions", limit=3)).body
    rest = (await registration.get(f"/surveys/{survey}/versions", limit=3, after=first["next"])).body
    assert [one["version"] for one in first["items"] + rest["items"]] == [1, 2, 3, 4]
    assert rest["next"] is None
    assert (await registration.get(f"/surveys/{survey}/versions", after=2**62)).body["items"] == []


async def test_the_same_findings_again_change_nothing(registration: Client) -> None:
    await surveyed(registration)
    answer = await registration.post("/surveys", a_survey())
    assert (answer.status, answer.code) == (422, "NOTHING_TO_CHANGE")
    assert len(await published(registration)) == 1


async def test_a_survey_is_superseded_only_by_who_has_seen_its_newest_version(registration: Client) -> None:
    assert (await registration.post("/surveys", a_survey(version=1))).code == "VERSION_CONFLICT"
    await surveyed(registration, version=0)
    stale = await registration.post("/surveys", a_survey(willing=1, version=0))
    assert (stale.status, stale.code, stale.body["state"]) == (409, "VERSION_CONFLICT", {"version": 1})
    assert (await surveyed(registration, willing=1, version=1)).body["version"] == 2


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"able": 1201}, "MORE_ABLE_THAN_ASKED", "able"),
        ({"willing": 401}, "MORE_WILLING_THAN_ABLE", "willing"),
        ({"skills": [{"occupation": "7112", "people": 1201}]}, "MORE_SKILLED_THAN_ASKED", "skills.0.people"),
        ({"skills": [{"occupation": "7112", "people": 1}] * 2}, "SKILL_TWICE", "skills.1.occupation"),
        ({"skills": [{"occupation": "9999", "people": 1}]}, "OCCUPATION_NOT_FOUND", "skills.0.occupation"),
        ({"reference_date": "2018-06-02"}, "IN_FUTURE", "reference_date"),
        ({"reference_date": "1989-12-31"}, "BEFORE_THE_STATISTICS", "reference_date"),
        ({"respondents": 0, "able": 0, "willing": 0}, "INVALID", "respondents"),
        ({"respondents": True}, "INVALID", "respondents"),
        ({"respondents": 10_000_001}, "INVALID", "respondents"),
        ({"willing": -1}, "INVALID", "willing"),
        ({"skills": [{"occupation": "7112", "people": 1}] * 501}, "INVALID", "skills"),
        ({"county": "62112"}, "INVALID", "county"),
    ],
)
async def test_a_survey_that_contradicts_itself_is_refused_by_field(
    registration: Client, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = await registration.post("/surveys", a_survey(**changes))
    assert (answer.status, answer.code) == (422, code)
    assert field in [one["field"] for one in answer.body["errors"]]
    assert await published(registration) == []


async def test_a_clerk_surveys_only_counties_of_his_regions(registration: Client) -> None:
    clerk = registration.speaking_as(Role.CLERK, regions=GANSU)
    survey = (await surveyed(clerk)).body["survey"]
    assert (await clerk.post("/surveys", a_survey(county="370211"))).status == 403
    other = registration.speaking_as(Role.CLERK, regions=("370000",))
    assert (await other.get(f"/surveys/{survey}")).status == 403
    assert (await other.get("/surveys")).body["items"] == []
    assert (await clerk.post(f"/surveys/{survey}/void", {"reason": "not_held"})).status == 403  # an officer's


async def test_an_unknown_county_is_surveyed_as_unclassified_with_a_warning(registration: Client) -> None:
    registration = an_officer(registration)
    body = (await surveyed(registration, county="999999")).body
    assert (body["designation"], body["county_name"], body["warnings"][0]["code"]) == ("unclassified", None, "COUNTY_UNCLASSIFIED")
    coverage = (await registration.get("/surveys/coverage", surveyed="true", **{"from": "2018-01-01", "to": "2018-12-31"})).body
    assert (coverage["surveyed"], coverage["unclassified"]) == (0, 1)
    assert [one["county"] for one in coverage["items"]] == ["999999"]


# --- the first of the year ------------------------------------------------------------------------------------------------
async def test_an_earlier_survey_recorded_late_becomes_the_first_of_the_year(registration: Client) -> None:
    march = (await surveyed(registration)).body["survey"]
    january = (await surveyed(registration, reference_date="2018-01-15")).body
    assert january["first_this_year"] is True
    _, recorded, moved = await published(registration)
    assert recorded.fact.first_this_year is True
    assert (str(moved.survey), moved.cause) == (march, "earlier_survey")
    assert (moved.previous.first_this_year, moved.fact.first_this_year) == (True, False)
    assert (await registration.get(f"/surveys/{march}")).body["version"] == 1  # nothing was recorded of it


async def test_a_void_of_the_first_makes_the_next_one_first_and_it_can_be_recorded_again(registration: Client) -> None:
    january = (await surveyed(registration, reference_date="2018-01-15")).body["survey"]
    march = (await surveyed(registration)).body
    assert march["first_this_year"] is False
    voided = await an_officer(registration).post(f"/surveys/{january}/void", {"reason": "not_held", "version": 1})
    assert (voided.status, voided.body["state"], voided.body["voided_for"], voided.body["version"]) == (200, "voided", "not_held", 2)
    assert (await an_officer(registration).post(f"/surveys/{january}/void", {"reason": "not_held"})).code == "SURVEY_ALREADY_VOIDED"
    void, moved = (await published(registration))[-2:]
    assert (void.previous.first_this_year, moved.cause, moved.fact.first_this_year) == (True, "void_of_first", True)
    again = (await surveyed(registration, reference_date="2018-01-15")).body
    assert (again["survey"], again["version"], again["state"], again["first_this_year"]) == (january, 3, "recorded", True)
    recorded, moved = (await published(registration))[-2:]
    assert isinstance(recorded, events.SurveyRecorded)
    assert (str(moved.survey), moved.fact.first_this_year) == (march["survey"], False)


async def test_a_void_of_a_later_survey_moves_nothing(registration: Client) -> None:
    await surveyed(registration, reference_date="2018-01-15")
    march = (await surveyed(registration)).body["survey"]
    await an_officer(registration).post(f"/surveys/{march}/void", {"reason": "wrong_date"})
    assert [type(event).__name__ for event in await published(registration)] == ["SurveyRecorded", "SurveyRecorded", "SurveyVoided"]


async def test_surveys_of_one_county_recorded_at_once_leave_one_first(registration: Client) -> None:
    days = [f"2018-0{month}-10" for month in (5, 4, 3, 2, 1)]
    await asyncio.gather(*(surveyed(registration, reference_date=day) for day in days))
    items = (await registration.get("/surveys")).body["items"]
    assert [one["reference_date"] for one in items if one["first_this_year"]] == ["2018-01-10"]
    flags: dict[object, bool] = {}
    for event in await published(registration):
        flags[event.survey] = event.fact.first_this_year
    assert sum(flags.values()) == 1


async def test_the_same_survey_recorded_by_two_at_once_is_one_survey(registration: Client) -> None:
    answers = await asyncio.gather(*(registration.post("/surveys", a_survey(willing=willing)) for willing in range(5)))
    assert sorted(answer.body["version"] for answer in answers) == [1, 2, 3, 4, 5]
    assert len({answer.body["survey"] for answer in answers}) == 1


async def test_another_years_code_of_a_county_is_the_same_county(registration: Client) -> None:
    """Otherwise it would be surveyed twice: 522422 is 大方县 before 2012, 520521 since."""
    registration = an_officer(registration)
    old = (await surveyed(registration, county="522422")).body
    new = (await surveyed(registration, county="520521", willing=1)).body
    assert (old["county"], new["county"], new["survey"], new["version"]) == ("520521", "520521", old["survey"], 2)


# --- lists and coverage ---------------------------------------------------------------------------------------------------
async def test_surveys_are_listed_by_county_and_period_page_by_page(registration: Client) -> None:
    for day in ("2017-05-01", "2018-01-15", "2018-03-01"):
        await surveyed(registration, reference_date=day)
    await surveyed(registration, county="622427")
    found = await registration.get("/surveys", county=WELL_KNOWN_COUNTY, **{"from": "2018-01-01", "to": "2018-12-31"})
    assert [one["reference_date"] for one in found.body["items"]] == ["2018-01-15", "2018-03-01"]
    first = (await registration.get("/surveys", limit=3)).body
    rest = (await registration.get("/surveys", limit=3, after=first["next"])).body
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
    assert (await registration.get("/surveys", state="voided")).body["items"] == []


async def test_coverage_names_the_counties_surveyed_in_a_period_and_those_that_were_not(registration: Client) -> None:
    clerk = registration.speaking_as(Role.CLERK, regions=("621100",))
    for day in ("2017-12-31", "2018-01-15", "2018-03-01"):
        await surveyed(registration, county="621121", reference_date=day)
    await surveyed(an_officer(registration), county="370211")
    year = {"from": "2018-01-01", "to": "2018-12-31"}
    whole = (await clerk.get("/surveys/coverage", **year)).body
    assert (whole["counties"], whole["surveyed"], whole["unclassified"], len(whole["items"])) == (7, 1, 0, 7)
    [done] = (await clerk.get("/surveys/coverage", surveyed="true", **year)).body["items"]
    assert done == {"county": "621121", "county_name": "通渭县", "surveys": 2, "latest": "2018-03-01"}
    first = (await clerk.get("/surveys/coverage", surveyed="false", limit=4, **year)).body
    rest = (await clerk.get("/surveys/coverage", surveyed="false", limit=4, after=first["next"], **year)).body
    codes = [one["county"] for one in first["items"] + rest["items"]]
    assert (len(codes), sorted(codes) == codes, rest["next"]) == (6, True, None)


async def test_a_voided_survey_covers_nothing_and_a_period_without_end_is_refused(registration: Client) -> None:
    survey = (await surveyed(registration)).body["survey"]
    await an_officer(registration).post(f"/surveys/{survey}/void", {"reason": "unreliable"})
    assert (await registration.get("/surveys/coverage")).body["surveyed"] == 0
    answer = await registration.get("/surveys/coverage", **{"from": "2018-02-01", "to": "2018-01-01"})
    assert (answer.status, answer.code) == (422, "PERIOD_REVERSED")


async def test_coverage_of_today_is_that_of_the_calendar_year(registration: Client) -> None:
    await surveyed(registration, reference_date="2017-12-31")
    body = (await registration.get("/surveys/coverage")).body
    assert (body["since"], body["until"], body["surveyed"]) == ("2018-01-01", "2018-12-31", 0)

"""Supply by county, occupation and destination; surveys with their versions and coverage; announcements with their reach."""

from __future__ import annotations

import re
from html import unescape

from shared.principals import Role
from tests.console.conftest import CountyOffice
from tests.support.registration import a_worker, willing

SURVEY: dict[str, str | list[str]] = {
    "county": "621126",
    "reference_date": "2026-03-01",
    "respondents": "400",
    "able": "300",
    "willing": "120",
    "skills.0.occupation": "7212",
    "skills.0.people": "40",
}


async def test_supply_is_asked_for_by_the_names_of_places_and_occupations(office: CountyOffice) -> None:
    worker = await a_worker().verified().at(office.registration)
    await willing(office.registration, worker)
    assert "Japan" in (await office.clerk.get("/supply")).words
    assert "Bricklayers" in (await office.clerk.get("/supply?county=minxian&destination=japan")).words
    assert "Nothing matches the filter." in (await office.clerk.get("/supply?destination=Singapore")).words


async def test_a_survey_is_recorded_again_and_voided_and_every_version_stays(office: CountyOffice) -> None:
    record = (await office.clerk.get("/surveys")).link("record_survey")
    too_many = await office.clerk.send(record, SURVEY | {"willing": "500"})
    assert too_many.status == 422
    assert too_many.errors
    done = await office.clerk.send(record, SURVEY)
    assert done.status == 204, done.errors
    page = await office.clerk.get(done.location)
    again = page.link("record_survey")
    form = await office.clerk.get(again)
    assert "Correct the survey" in page.words
    assert "Correct the survey" in form.words
    assert {("respondents", "400"), ("skills.0.people", "40")} <= set(form.fields())
    assert not {"county", "reference_date"} & {name for name, _ in form.fields()}, "by them it is known"
    assert (await office.clerk.send(again, {"willing": "130"})).status == 204
    survey = done.location.partition("?")[0]
    assert (await office.registration.get(survey)).body["skills"] == [{"occupation": "7212", "people": 40}], "none is lost"
    versions = await office.clerk.get(done.location)
    assert "120" in versions.words
    assert "130" in versions.words
    officer = await office.somebody(Role.OFFICER)
    void = (await officer.get(done.location)).link("void_survey")
    assert (await officer.send(void, {"reason": "not_held"})).status == 204
    assert not any("void_survey" in link for link in (await officer.get(done.location)).links)


async def test_coverage_is_said_in_words_and_drawn(office: CountyOffice) -> None:
    await office.clerk.send("/do/registration/record_survey?back=/surveys", SURVEY)
    page = await office.clerk.get("/surveys/coverage?from=2026-01-01&to=2026-12-31")
    assert "1 of 87 counties surveyed" in page.words or "counties surveyed (" in page.words
    assert '<svg class="share-bar"' in page.text
    missing = await office.clerk.get("/surveys/coverage?from=2026-01-01&to=2026-12-31&surveyed=false")
    assert missing.words.count("not surveyed") == page.words.count("not surveyed")
    assert "/surveys?county=621126" in page.links
    assert "/surveys?county=621126" not in missing.links


async def test_coverage_opens_on_the_newest_year_with_a_survey(office: CountyOffice) -> None:
    assert "0 of " in (await office.clerk.get("/surveys/coverage")).words
    await office.clerk.send("/do/registration/record_survey?back=/surveys", {**SURVEY, "reference_date": "2019-03-01"})
    page = await office.clerk.get("/surveys/coverage")
    assert {("from", "2019-01-01"), ("to", "2019-12-31")} <= set(page.fields())
    assert "1 of " in page.words


async def test_the_coverage_of_the_nation_is_by_province_and_a_province_leads_to_its_counties(office: CountyOffice) -> None:
    await office.clerk.send("/do/registration/record_survey?back=/surveys", SURVEY)
    nation = await office.console.visitor(Role.OFFICER)
    page = await nation.get("/surveys/coverage?from=2026-01-01&to=2026-12-31")
    assert not any(one.startswith("/surveys?county=") for one in page.links)
    gansu = await nation.get("/surveys/coverage" + page.link("province=620000"))
    assert "/surveys?county=621126" in gansu.links
    assert not any(one.startswith("/surveys?county=11") for one in gansu.links)
    sichuan = page.link("province=510000")
    shown, address = 0, sichuan
    while address:
        page = await nation.get("/surveys/coverage" + address)
        shown += page.text.count("/surveys?county=51")
        address = "".join(map(unescape, re.findall(r'rel="next" href="([^"]+)"', page.text)))
    whole = (await nation.get("/surveys/coverage?from=2026-01-01&to=2026-12-31")).words
    assert f"Sichuan 0 {shown} " in whole, "every county of it, once"


async def test_an_announcement_says_whom_it_reached_and_who_came_of_it(office: CountyOffice) -> None:
    publish = (await office.clerk.get("/announcements")).link("publish_announcement")
    values: dict[str, str | list[str]] = {
        "title": "Work in Japan <b>",
        "counties": ["621126"],
        "channels": ["broadcast"],
        "languages": ["zh"],
    }
    done = await office.clerk.send(publish, values)
    assert done.status == 204, done.errors
    page = await office.clerk.get(done.location)
    assert "Work in Japan <b>" in page.words
    assert "<b>" not in page.text
    reach = page.link("record_outreach")
    assert (await office.clerk.send(reach, {"county": "621126", "channel": "broadcast", "reached": "2500"})).status == 204
    page = await office.clerk.get(done.location)
    assert "2,500" in page.words
    correct = page.link("correct_outreach")
    assert (await office.clerk.get(correct)).words.count("2,500") == 2, "in what it acts on, once, and as what is recorded"
    assert (await office.clerk.send(correct, {"reached": "2400", "reason": "mistyped"})).status == 204
    outreach = await office.clerk.get((await office.clerk.get(done.location)).link("/outreach/"))
    assert "2,500" in outreach.words
    assert "2,400" in outreach.words
    assert done.location.partition("?")[0] in outreach.links, "of which announcement it was"
    assert "Number of counties" in (await office.clerk.get("/announcements")).words

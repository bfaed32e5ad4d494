"""What a clerk need not do: look for what waits, type what is known, or know an id."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from shared.principals import Role
from shared.texts import texts
from tests.console.conftest import CountyOffice
from tests.support.receivers import raw_server
from tests.support.registration import a_worker, an_id

REGISTER = "/do/registration/register_worker?back=/workers"


async def test_the_first_page_says_how_much_waits_and_leads_to_it(office: CountyOffice) -> None:
    assert "data-waiting" in (await office.clerk.get("/")).text
    assert "Identity documents" not in (await office.clerk.get("/waiting")).text
    await a_worker().with_id(an_id()).at(office.registration)
    waiting = await office.clerk.get("/waiting")
    assert "Identity documents that nobody has seen yet: 1" in waiting.text
    found = await office.clerk.get(waiting.link("/workers?"))
    assert len([link for link in found.links if link.startswith("/workers/")]) == 1


async def test_what_a_service_does_not_answer_is_named_on_the_first_page_beside_what_is_right(office: CountyOffice) -> None:
    await a_worker().with_id(an_id()).at(office.registration)
    waiting = await office.clerk.get("/waiting")  # docking, training and rights are not there
    assert "Identity documents that nobody has seen yet: 1" in waiting.text
    assert "could not be loaded, since it does not answer now: Docking, Rights protection." in waiting.text
    assert "data-load-again" in waiting.text
    assert "Nothing waits for you." not in (await (await office.somebody(Role.TRAINER)).get("/waiting")).text


async def test_what_a_service_answers_too_late_is_named_on_the_first_page(office: CountyOffice) -> None:
    trainer = await office.somebody(Role.TRAINER)  # of whom only training is asked
    async with raw_server(never_answering) as held:
        state = office.console.app.state
        state.backend = replace(state.backend, addresses={**office.console.addresses, "training": held.rpartition("/")[0]}, seconds=0.2)
        waiting = await trainer.get("/waiting")
    assert "could not be loaded, since it does not answer now: Training." in waiting.text
    assert "Nothing waits for you." not in waiting.text


async def never_answering(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass


async def test_the_first_page_says_which_account_it_is(office: CountyOffice) -> None:
    page = await (await office.somebody(Role.CLERK, "wang")).get("/")
    assert "Your account: wang." in page.words


async def test_a_correction_shows_beside_each_field_what_is_recorded(office: CountyOffice) -> None:
    worker = await a_worker().at(office.registration)
    page = await office.clerk.get(f"/workers/{worker}")
    form = await office.clerk.get(page.link("correct_worker"))
    assert "Now: " in form.words
    recorded = (await office.registration.get(f"/workers/{worker}")).body
    assert f"Now: {recorded['personal']['name']}" in form.words  # masked, as on the worker's page
    assert not [name for name, value in form.fields() if value and name not in {"_key", "version"}]


async def test_pairs_are_found_by_a_worker_number(office: CountyOffice) -> None:
    worker = await a_worker().at(office.registration)
    number = (await office.registration.get(f"/workers/{worker}")).body["worker_no"]
    found = await office.clerk.get(f"/duplicates?worker={number}")
    assert (found.status, found.errors) == (200, {})
    assert list((await office.clerk.get("/duplicates?worker=W99999999-9")).errors) == ["worker"]


async def test_a_clerk_of_one_county_finds_it_filled_in(office: CountyOffice) -> None:
    of_county = await office.console.visitor(Role.CLERK, regions=("621126",))
    assert ("county", texts("en").place("621126")) in (await of_county.get(REGISTER)).fields()
    assert ("county", "") in (await office.clerk.get(REGISTER)).fields()  # of a province


async def test_an_occupation_is_found_by_a_name_that_its_group_has_too(office: CountyOffice) -> None:
    assert (await office.clerk.get("/choices/occupation?q=5120")).status == 200  # the names are read once, which takes a while
    survey = "/do/registration/record_survey?back=/surveys"
    body: dict[str, str | list[str]] = {"county": "621126", "reference_date": "2024-01-01", "respondents": "9", "able": "5", "willing": "3"}
    done = await office.clerk.send(survey, body | {"skills.0.occupation": "厨师", "skills.0.people": "2"})
    assert done.status == 204, done.errors
    wrong = await office.clerk.send(survey, body | {"skills.0.occupation": "no such trade", "skills.0.people": "2"})
    assert list(wrong.errors) == ["skills.0.occupation"]  # at its cell, and not once more above it

"""A clerk's screens about workers: registered with live checks, found, shown, put right by two people, erased."""

from __future__ import annotations

import re
from datetime import date

from shared.principals import Role
from tests.console.conftest import CountyOffice
from tests.support.registration import a_worker, an_id, went_abroad, willing

REGISTER = "/do/registration/register_worker?back=/workers"
WANG: dict[str, str | list[str]] = {
    "name": "王小红",
    "birth_date": "1995-03-04",
    "sex": "female",
    "county": "甘肃省白银市靖远县",
    "education": "3",
    "occupations": ["7212"],
}


async def test_a_worker_is_registered_and_the_page_says_what_comes_next(office: CountyOffice) -> None:
    form = await office.clerk.get(REGISTER)
    assert [
        heading
        for heading in ("Who", "Origin", "Skills", "Contact", "How they heard of it", "Registration")
        if f"<legend>{heading}<" in form.text
    ] == [
        "Who",
        "Origin",
        "Skills",
        "Contact",
        "How they heard of it",
        "Registration",
    ]
    done = await office.clerk.send(REGISTER, WANG | {"county": "621126"})
    assert done.status == 204, done.words
    page = await office.clerk.get(done.location)
    assert "Nobody has seen the identity document yet" in page.words
    assert "Ask whether the worker wants to go abroad" in page.words
    assert re.search(r"W\d{8}-[\dX]", page.words)
    assert "王小红" not in page.text  # masked until somebody asks


async def test_what_would_be_refused_is_answered_at_its_field_and_nothing_is_entered(office: CountyOffice) -> None:
    number = an_id(date(1995, 3, 4), "female")
    wrong = WANG | {"county": "621126", "id_number": number[:-1] + ("1" if number[-1] != "1" else "2")}
    checked = await office.clerk.send(REGISTER, wrong, check=True)
    assert checked.status == 422
    assert list(checked.errors) == ["id_number"]
    right = await office.clerk.send(REGISTER, WANG | {"county": "621126"}, check=True)
    assert (right.status, right.text) == (204, "")
    assert (await office.registration.get("/workers")).body["items"] == []


async def test_a_place_or_occupation_is_found_by_its_name(office: CountyOffice) -> None:
    done = await office.clerk.send(REGISTER, WANG | {"county": "会宁", "occupations": ["焊"]})
    assert done.status == 422
    assert list(done.errors) == ["occupations"]  # more than one begins so
    done = await office.clerk.send(REGISTER, WANG | {"county": "tongwei"})
    assert done.status == 204, done.errors


async def test_the_announcement_somebody_heard_of_is_chosen_by_its_number(office: CountyOffice) -> None:
    body = {"title": "Work in Japan", "counties": ["621126"], "channels": ["broadcast"], "languages": ["zh"]}
    published = await office.registration.post("/announcements", body)
    assert published.status == 201, published.body
    number = published.body["announcement_no"]
    form = await office.clerk.get(REGISTER)
    assert f"{number} Work in Japan" in form.text
    heard: dict[str, str | list[str]] = {"outreach.announcement": number, "outreach.channel": "broadcast"}
    done = await office.clerk.send(REGISTER, WANG | {"county": "621126"} | heard)
    assert done.status == 204, done.errors


async def test_a_look_by_identity_number_needs_a_purpose_and_is_in_the_workers_file(office: CountyOffice) -> None:
    number = an_id()
    worker = await a_worker().with_id(number).at(office.registration)
    found = await office.clerk.send("/lookup", {"id_number": number, "reason": "complaint"})
    assert f"/workers/{worker}" in found.links
    assert number not in (await office.clerk.get("/lookup")).text
    nobody = await office.clerk.send("/lookup", {"id_number": an_id(), "reason": "complaint"})
    assert "Nobody in your region" in nobody.words
    wrong = await office.clerk.send("/lookup", {"id_number": "123", "reason": "complaint"})
    assert list(wrong.errors) == ["id_number"]
    file = await office.clerk.get(f"/workers/{worker}")
    assert file.words.partition("Who read the personal data")[2].count("tester") >= 1


async def test_personal_data_are_shown_for_a_purpose_once(office: CountyOffice) -> None:
    worker = await a_worker().named("李小明").at(office.registration)
    path = f"/workers/{worker}/personal-data"
    assert "李小明" not in (await office.clerk.get(path)).text
    shown = await office.clerk.send(path, {"reason": "contact_worker"})
    assert "李小明" in shown.words
    assert "no-store" in shown.headers["cache-control"]
    copy = await office.clerk.send(f"/workers/{worker}/copy", {"reason": "worker_asked"})
    assert "李小明" in copy.words
    auditor = await office.somebody(Role.AUDITOR)
    assert (await auditor.get(path)).status == 403
    number = (await office.registration.get(f"/workers/{worker}")).body["worker_no"]
    assert number in (await auditor.get("/accesses?reader=clerk:tester")).words
    assert number not in (await auditor.get("/accesses?reader=clerk:other")).words
    assert (await office.clerk.get("/accesses")).status == 403


async def test_what_a_role_may_not_know_is_not_shown_as_though_it_were_empty(office: CountyOffice) -> None:
    done = await office.clerk.send(REGISTER, WANG | {"county": "621126"})
    place = done.location.partition("?")[0]
    assert "Full name" in (await office.clerk.get(place)).words
    words = (await (await office.somebody(Role.AUDITOR)).get(place)).words
    assert "Year of birth" in words
    assert not any(name in words for name in ("Full name", "Resident identity number", "Phone number"))


async def test_a_corrected_name_waits_for_a_second_person(office: CountyOffice) -> None:
    worker = await a_worker().named("王方").at(office.registration)
    correct = f"/do/registration/correct_worker?worker={worker}&version=1&back=/workers/{worker}"
    done = await office.clerk.send(correct, {"name": "王芳", "reason": "mistyped"})
    assert done.status == 204, done.errors
    waiting = await office.clerk.get("/corrections")
    approve = waiting.link("approve_correction")
    own = await office.clerk.send(approve)
    assert own.status == 403, "whoever asked does not decide"
    second = await office.somebody(Role.CLERK)
    correction = re.search(r"correction=([0-9a-f-]{36})", approve)
    assert correction is not None
    assert "王芳" in (await second.send(f"/corrections/{correction[1]}/personal-data")).words
    assert (await second.send(approve)).status == 204
    assert "No correction waits" in (await office.clerk.get("/corrections")).words


async def test_willingness_is_recorded_and_taken_back(office: CountyOffice) -> None:
    worker = await a_worker().at(office.registration)
    page = await office.clerk.get(f"/workers/{worker}")
    record = page.link("record_willingness")
    done = await office.clerk.send(record, {"destinations": ["JPN"], "family_consent": "true", "wage_floor.amount": "4500"})
    assert done.status == 204, done.errors
    page = await office.clerk.get(f"/workers/{worker}")
    assert "The willingness ends on" in page.words
    assert any("withdraw_willingness" in link for link in page.links)


async def test_what_was_changed_meanwhile_is_not_overwritten(office: CountyOffice) -> None:
    worker = await a_worker().at(office.registration)
    move = (await office.clerk.get(f"/workers/{worker}")).link("change_residence")
    await willing(office.registration, worker)
    refused = await office.clerk.send(move, {"county": "621121"})
    assert refused.status == 409
    assert "version" not in dict((await office.clerk.get(move)).fields())  # it comes from the page, and nobody types it


async def test_an_officer_suspends_and_erases_and_a_clerk_sees_no_button_for_it(office: CountyOffice) -> None:
    worker = await a_worker().at(office.registration)
    officer = await office.somebody(Role.OFFICER)
    mine, theirs = (await office.clerk.get(f"/workers/{worker}")).links, await officer.get(f"/workers/{worker}")
    assert not any("erase_worker" in link or "suspend_worker" in link for link in mine)
    erase = theirs.link("erase_worker")
    assert "This cannot be taken back." in (await officer.get(erase)).words
    wrong = await officer.send(erase, {"worker_no": "W00000000-0", "reason": "asked_by_worker"})
    assert wrong.status >= 400
    number = (await office.registration.get(f"/workers/{worker}")).body["worker_no"]
    assert (await officer.send(erase, {"worker_no": number, "reason": "asked_by_worker"})).status == 204
    erased = await office.clerk.get(f"/workers/{worker}")
    assert not any("/do/" in link for link in erased.links)


async def test_another_registration_is_linked_by_the_number_people_use(office: CountyOffice) -> None:
    first, second = [await a_worker().named(name).at(office.registration) for name in ("李一", "张二")]
    link = f"/do/registration/link_duplicate?worker={first}&back=/workers/{first}"
    nobody = await office.clerk.send(link, {"other": "W99999999-9", "reason": "worker_said"})
    assert list(nobody.errors) == ["other"]
    number = (await office.registration.get(f"/workers/{second}")).body["worker_no"]
    linked = await office.clerk.send(link, {"other": number, "reason": "worker_said"})
    assert linked.location.startswith("/duplicates/")


async def test_who_is_abroad_is_not_asked_again_and_the_page_says_since_when(office: CountyOffice) -> None:
    worker = await a_worker().at(office.registration)
    await went_abroad(office.registration, worker, "2018-03-01", None)
    page = await office.clerk.get(f"/workers/{worker}")
    assert "Abroad since March 1, 2018." in page.words
    assert not any("record_willingness" in link for link in page.links)

"""Two registrations of what may be one person: side by side, merged or kept apart."""

from __future__ import annotations

from shared.principals import Role
from tests.console.conftest import CountyOffice
from tests.support.registration import a_worker, an_id


async def a_pair(office: CountyOffice, *names: str) -> tuple[list[str], str]:
    """Two registrations under one document, and the page of the pair."""
    number = an_id()
    workers = [await a_worker().named(name).with_id(number).at(office.registration) for name in names or ("李明", "李明")]
    return workers, (await office.clerk.get("/duplicates")).link("/duplicates/")


async def test_a_pair_is_compared_field_by_field_and_differences_are_words(office: CountyOffice) -> None:
    (first, second), page = await a_pair(office)
    corrected = await office.registration.post(f"/workers/{first}/corrections", {"education": 5, "reason": "mistyped"})
    assert corrected.status == 201, corrected.body
    shown = await office.clerk.get(page)
    assert [f"/workers/{worker}" in shown.links for worker in (first, second)] == [True, True]
    assert shown.words.count("≠ different") == 1
    assert "education" in shown.text.partition('class="differs"')[2].partition("</th>")[0].lower()
    assert "李明" not in shown.text
    assert '<option value="">What waits</option>' in (await office.clerk.get("/duplicates")).text, "without a state these are not all"
    assert page.rpartition("/")[2] in (await office.clerk.get(f"/duplicates?worker={first}")).text


async def test_a_merge_says_whose_number_stays_and_the_other_leads_there(office: CountyOffice) -> None:
    (first, second), page = await a_pair(office)
    merge = (await office.clerk.get(page)).link("confirm_merge")
    form = await office.clerk.get(merge)
    assert [f'value="{worker}"' in form.text for worker in (first, second)] == [True, True]
    assert "This cannot be taken back." in form.words
    missing = await office.clerk.send(merge)
    assert list(missing.errors) == ["survivor"]
    done = await office.clerk.send(merge, {"survivor": first})
    assert done.location.startswith(f"/workers/{first}"), done.errors
    number = (await office.registration.get(f"/workers/{first}")).body["absorbed_numbers"][0]
    assert number in (await office.clerk.get(done.location)).words
    decided = await office.clerk.get(page)
    assert "stays" in decided.words
    assert not any("/do/" in link for link in decided.links)


async def test_two_people_are_kept_apart_and_an_auditor_only_reads(office: CountyOffice) -> None:
    _, page = await a_pair(office)
    auditor = await office.somebody(Role.AUDITOR)
    assert not any("/do/" in link for link in (await auditor.get(page)).links)
    reject = (await office.clerk.get(page)).link("reject_merge")
    assert (await office.clerk.send(reject, {"reason": "different_people"})).status == 204
    assert "No pair waits." in (await office.clerk.get("/duplicates")).words


async def test_where_the_documents_differ_one_person_states_it_and_another_confirms(office: CountyOffice) -> None:
    (_, second), page = await a_pair(office, "李明", "黎明")
    merge = (await office.clerk.get(page)).link("confirm_merge")
    assert (await office.clerk.send(merge, {"survivor": second})).status == 403
    state = (await office.clerk.get(page)).link("link_duplicate")
    linked = await office.clerk.send(state, {"reason": "same_person_seen"})
    assert linked.status == 204, linked.errors
    assert "Somebody else confirms it." in (await office.clerk.get(page)).words
    other = await office.somebody(Role.CLERK)
    assert (await other.send(merge, {"survivor": second})).status == 204

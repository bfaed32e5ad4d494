"""Docking's screens before a real docking."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from html import unescape
from urllib.parse import urlencode
from uuid import uuid4

from shared.principals import Role
from shared.texts import texts
from tests.support.console import NO_SERVICE, Page, console_before
from tests.support.docking import POOR_COUNTY, START, Dock, dock
from tests.support.http import Start
from tests.support.stats import RICH_EAST, counted, departure, dispatched, recorded

__all__ = ["dock"]


async def test_a_scorecard_has_a_row_for_each_score(dock: Dock) -> None:
    enterprise = (await dock.departed())["enterprise"]
    async with console_before(docking=dock.client) as console:
        page = await (await console.visitor(Role.OFFICER)).get(f"/enterprises/{enterprise}/scorecard")
    scores = (await dock.get(f"/enterprises/{enterprise}/scorecard")).body["scores"]
    assert page.text.count('<th scope="row">') == len(scores)
    assert "Complaints still open" in page.words


async def test_a_scorecard_without_a_first_day_is_of_everything(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        page, since = [await officer.get(f"/enterprises/{enterprise}/scorecard{query}") for query in ("", "?since=2018-01-01")]
    assert ("From the beginning" in page.words, "1990" in page.words) == (True, False)
    assert since.status == 200


async def test_what_to_do_where_a_list_is_empty_is_said_to_whoever_can_and_when_it_can_be_done(dock: Dock) -> None:
    free, full = await dock.order(positions=1), await dock.order(positions=1)
    await dock.matched(full)
    async with console_before(docking=dock.client) as console:
        officer, auditor = await console.visitor(Role.OFFICER), await console.visitor(Role.AUDITOR)
        words = [(await who.get(f"/orders/{order}")).words for who, order in ((officer, free), (auditor, free), (officer, full))]
    assert ["Nobody is proposed." in one for one in words] == [True, True, True]
    assert ["Propose matches: the best" in one for one in words] == [True, False, False]


async def test_an_order_that_needs_nobody_any_more_is_marked_in_the_list(dock: Dock) -> None:
    await dock.departed(await dock.order(positions=1))
    async with console_before(docking=dock.client) as console:
        assert "Every position filled" in (await (await console.visitor(Role.OFFICER)).get("/orders")).words


async def test_the_placements_of_an_enterprise_are_found_from_its_page_and_by_its_name(dock: Dock) -> None:
    placement, other = await dock.matched(), await dock.enterprise(name="Other Cooperation Co.")
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        page = await officer.get(f"/enterprises/{placement['enterprise']}")
        found = await officer.get(page.link("/placements?"))
        assert found.link(f"/placements/{placement['placement']}")
        named = (await dock.get(f"/enterprises/{placement['enterprise']}")).body["name"]
        assert named in dict(found.fields())["enterprise"], "as people call it"
        assert (await officer.get("/placements?" + urlencode({"enterprise": named}))).link(f"/placements/{placement['placement']}")
        assert "Nothing matches the filter." in (await officer.get(f"/placements?enterprise={other}")).words
        itself = await console.visitor(Role.ENTERPRISE, party=placement["enterprise"])
        assert "enterprise" not in dict((await itself.get("/placements")).fields()), "which sees its own alone"


async def test_facts_that_nothing_is_known_of_are_left_out(dock: Dock) -> None:
    placement = await dock.matched()
    async with console_before(docking=dock.client) as console:
        page = await (await console.visitor(Role.OFFICER)).get(f"/placements/{placement['placement']}")
    assert ("Why it was cancelled" in page.words, "<h2>Papers</h2>" in page.text) == (False, False)


async def test_a_confirmation_is_of_a_day_that_the_worker_is_asked_on_and_has_not_answered(dock: Dock) -> None:
    placement = (await dock.departed())["placement"]
    form = f"/do/docking/confirm_arrival?placement={placement}&back=/placements/{placement}"
    terms = {**dict.fromkeys(("employer", "wage", "work", "place", "hours"), "as_agreed"), "passport_kept": True}
    dock.today += timedelta(days=100)
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        asked = re.findall(r'<option value="(\d+)">(\d+) days after it', (await officer.get(form)).text)
        for day, _ in asked:
            confirmed = await dock.post(f"/placements/{placement}/arrivals", {"day": int(day), "terms": terms})
            assert confirmed.status == 201, confirmed.body
        done = await officer.get(form)
    assert asked == [("14", "14"), ("90", "90")]
    assert "Every day on which the worker is asked is confirmed already" in done.words


async def test_an_enterprise_is_looked_for_by_name_or_licence_number_and_chosen_by_what_stands_there(dock: Dock) -> None:
    chosen, other = await dock.enterprise(name="Baoji Labour"), await dock.enterprise(name="Baoji Labour East")
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        found = json.loads((await officer.get("/choices/enterprise?q=baoji")).text)
        assert [one["code"] for one in found] == [chosen, other]
        label = next(one["label"] for one in found if one["code"] == chosen)
        licence_no = re.search(r"LW[0-9]{12}", label)
        assert licence_no is not None
        assert [one["code"] for one in json.loads((await officer.get(f"/choices/enterprise?q={licence_no[0].lower()}")).text)] == [chosen]
        assert json.loads((await officer.get("/choices/enterprise?q=%00")).text) == []
        form = await officer.get(f"/do/docking/open_job_order?enterprise={chosen}")
        assert ("enterprise", label) in form.fields(), "not the id"
        refused = await officer.send("/do/docking/open_job_order", {"enterprise": "Baoji"})
        assert refused.errors["enterprise"], "two have this in their names"
        refused = await officer.send("/do/docking/open_job_order", {"enterprise": label})
        assert "enterprise" not in refused.errors
        assert ("enterprise", label) in refused.fields()


async def test_only_an_officer_is_asked_for_the_old_number_of_an_order(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    async with console_before(docking=dock.client) as console:
        asked = []
        for who in (await console.visitor(Role.OFFICER), await console.visitor(Role.ENTERPRISE, party=enterprise)):
            form = await who.get(f"/do/docking/open_job_order?enterprise={enterprise}")
            asked.append({name for name, _ in form.fields() if name.startswith(("old_number.", "destination"))})
        assert asked == [{"destination", "old_number.system", "old_number.number"}, {"destination"}]
        opened = {"employer": "Sato", "destination": "JPN", "occupation": "7112", "channel": "labour_cooperation", "positions": "2"}
        terms = {"wage.amount": "200000", "wage.currency": "JPY", "wage_period": "month", "term_months": "12"}
        answer = await who.send("/do/docking/open_job_order", {"enterprise": enterprise, **opened, **terms})
        assert answer.headers["x-location"].startswith("/orders/"), answer.errors


async def test_enterprises_of_a_fair_keep_their_names_when_the_form_comes_back(dock: Dock) -> None:
    enterprise = await dock.enterprise(name="Baoji Labour")
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        refused = await officer.send("/do/docking/hold_docking_fair", {"enterprises": [enterprise, "nobody"]})
        assert refused.errors["enterprises"]
        refused = await officer.send("/do/docking/hold_docking_fair", {"enterprises": [enterprise]})
        assert ("enterprises", enterprise) in refused.fields()
        assert "Baoji Labour (LW" in refused.words


async def test_the_authority_of_another_place_sees_of_an_enterprise_what_everybody_does(dock: Dock) -> None:
    enterprise = (await dock.departed())["enterprise"]
    async with console_before(docking=dock.client) as console:
        nation, province = await console.visitor(Role.OFFICER), await console.visitor(Role.OFFICER, regions=("620000",))
        own, others = await nation.get(f"/enterprises/{enterprise}"), await province.get(f"/enterprises/{enterprise}")
    assert (own.status, others.status) == (200, 200)
    for what in (f"/enterprises/{enterprise}/scorecard", "suspend_qualification"):
        assert any(what in link for link in own.links)
        assert not any(what in link for link in others.links)
    assert ("Reserve" in own.words, "not allowed" in others.words) == (True, False)
    assert own.words.count("History") > others.words.count("History")


async def test_whose_an_order_or_placement_is_stands_in_the_lists_of_who_sees_those_of_several(dock: Dock) -> None:
    enterprise = await dock.enterprise(name="Baoji Labour")
    await dock.matched(await dock.order(enterprise))
    async with console_before(docking=dock.client) as console:
        auditor, itself = await console.visitor(Role.AUDITOR), await console.visitor(Role.ENTERPRISE, party=enterprise)
        for path in ("/orders", "/placements"):
            assert "Baoji Labour" in (await auditor.get(path)).words
            assert "Baoji Labour" not in (await itself.get(path)).words, "all are its own"
        assert "Every destination" in (await itself.get(f"/enterprises/{enterprise}")).words, "its licence names none"


async def test_a_list_is_sorted_by_the_heading_of_a_column_and_the_other_way_round(dock: Dock) -> None:
    for name in ("Baoji Labour", "Ankang Labour", "Chengde Labour"):
        await dock.enterprise(name=name, reserve=0)
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)

        async def shown(query: str) -> str:
            return (await officer.get(f"/enterprises{query}")).text

        first, upwards, downwards = await shown(""), await shown("?sort=name"), await shown("?sort=-name")
        assert '<a href="?sort=name">' in first
        assert [page.count("aria-sort") for page in (first, upwards, downwards)] == [0, 1, 1]
        assert 'aria-sort="ascending"><a href="?sort=-name">' in upwards, "the same heading turns it round"
        assert 'aria-sort="descending"><a href="?sort=name">' in downwards
        assert "Newest first" in first
        assert all("In the order recorded" in page and "Oldest first" not in page for page in (upwards, downwards))
        for page, names in ((upwards, "ABC"), (downwards, "CBA"), (await shown("?sort=-id"), "CAB"), (await shown("?sort=rubbish"), "BAC")):
            places = {name[0]: page.index(name) for name in ("Ankang", "Baoji", "Chengde")}
            assert "".join(sorted(places, key=lambda place: places[place])) == names


async def test_a_page_of_a_list_leads_to_the_one_before_it(dock: Dock) -> None:
    fair = {"county": POOR_COUNTY, "held_on": dock.today.isoformat(), "counties": [POOR_COUNTY], "enterprises": [await dock.enterprise()]}
    for number in range(41):
        assert (await dock.post("/fairs", {**fair, "name": f"Fair {number}"})).status == 201
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        first = await officer.get("/fairs?sort=held_on")
        second = await officer.get("/fairs" + leads(first, "next"))
        third = await officer.get("/fairs" + leads(second, "next"))
        again = await officer.get("/fairs" + leads(third, "prev"))
        beginning = await officer.get("/fairs" + leads(again, "prev"))
    assert [len(fairs_in(page)) for page in (first, second, third)] == [20, 20, 1]
    assert (fairs_in(again), fairs_in(beginning)) == (fairs_in(second), fairs_in(first))
    assert 'rel="prev"' not in beginning.text


def leads(page: Page, way: str) -> str:
    return unescape(page.text.partition(f'<a rel="{way}" href="')[2].partition('"')[0])


def fairs_in(page: Page) -> list[str]:
    return [link for link in page.links if link.startswith("/fairs/")]


async def test_a_wage_in_a_list_says_what_it_is_paid_for(dock: Dock) -> None:
    await dock.order()
    async with console_before(docking=dock.client) as console:
        assert "¥180,000 a month" in (await (await console.visitor(Role.OFFICER)).get("/orders")).words


async def test_a_filter_keeps_the_order_and_an_order_the_filter(dock: Dock) -> None:
    await dock.order()
    async with console_before(docking=dock.client) as console:
        page = (await (await console.visitor(Role.OFFICER)).get("/orders?state=open&sort=-expires")).text
    assert '<input type="hidden" name="sort" value="-expires">' in page
    assert '<a href="?state=open&amp;sort=expires">' in page


async def test_a_list_shows_what_is_to_do_until_somebody_asks_for_everything(dock: Dock) -> None:
    order = await dock.order()
    assert (await dock.post(f"/orders/{order}/closure", {})).status == 200
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        page = await officer.get("/orders")
        assert f"/orders/{order}" not in page.links
        assert f"/orders/{order}" in (await officer.get("/orders" + page.link("?state="))).links


async def test_what_is_missing_before_departure_and_who_must_act_stands_on_top(dock: Dock) -> None:
    placement = await dock.matched()
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        page = await officer.get(f"/placements/{placement['placement']}")
        assert "Missing, to be seen to by the Dispatching enterprise: " in page.words
        assert page.words.index("Missing, to be seen to by") < page.words.index("Checks before departure")
        departed = await dock.departed()
        page = await officer.get(f"/placements/{departed['placement']}")
    assert "Checks before departure" not in page.words, "it is too late for them"


async def test_a_placement_leads_to_its_order_and_its_worker(dock: Dock) -> None:
    placement = await dock.matched()
    async with console_before(docking=dock.client) as console:
        officer, enterprise = await console.visitor(Role.OFFICER), await console.visitor(Role.ENTERPRISE, party=placement["enterprise"])
        page, own = [await one.get(f"/placements/{placement['placement']}") for one in (officer, enterprise)]
    order, worker = f"/orders/{placement['order']}", f"/workers/{placement['worker']}"
    assert {order, worker} <= set(page.links)
    assert '<a href="/placements" aria-current="true">' in page.text, "where one is in the menu"
    assert "← Placements" in page.words
    assert (order in own.links, worker in own.links) == (True, False)


async def test_a_reserve_is_topped_up_only_where_it_is_short(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        full = await officer.get(f"/enterprises/{enterprise}")
        drawn = {"amount": {"minor": 20_000_000, "currency": "CNY"}, "use": "wages", "case": str(uuid4())}
        assert (await dock.post(f"/enterprises/{enterprise}/reserve/draw", drawn)).status == 200
        short = await officer.get(f"/enterprises/{enterprise}")
    assert [any("top_up_reserve" in one for one in page.links) for page in (full, short)] == [False, True]


async def test_the_contract_is_filled_in_with_the_wage_of_the_order(dock: Dock) -> None:
    placement = await dock.matched(await dock.order(wage={"minor": 812_345, "currency": "CNY"}))
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        page = await officer.get((await officer.get(f"/placements/{placement['placement']}")).link("register_contract"))
    assert {("wage.amount", "8123.45"), ("wage.currency", "CNY"), ("wage_period", "month")} <= set(page.fields())
    assert "XTS" not in page.text, "nobody is paid in a code for tests"


async def test_what_is_overdue_is_marked_in_words_and_the_list_says_why_it_is_there(dock: Dock) -> None:
    await dock.departed()
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        ending, arrivals = await officer.get("/placements/ending"), await officer.get("/arrivals/overdue")
        waiting = await officer.get("/waiting")
    assert re.search(r"days overdue: [\d,]+", ending.words)
    assert "Ended while the worker is still abroad: 1." in ending.words
    assert 'aria-sort="ascending"' in ending.text
    assert re.search(r"days overdue: [\d,]+", arrivals.words)
    assert "due is the departure and 21 days" in arrivals.words
    assert "In the order recorded" not in arrivals.words, "one row has no other order"
    assert "Workers abroad whose arrival is not confirmed: 1" in waiting.text


async def test_where_a_calendar_is_played_a_page_is_of_its_newest_day_until_another_is_chosen(client: Start, dock: Dock) -> None:
    await dock.departed()
    stats = await client("stats")
    await counted(stats.database, [recorded(dispatched(departure(RICH_EAST, START)), START + timedelta(days=30))])
    async with console_before({"simulation": True}, docking=dock.client, stats=stats) as console:
        officer = await console.visitor(Role.OFFICER)
        newest = await officer.get("/arrivals/overdue")
        assert 'name="simulated_day" value="2018-03-31"' in newest.text
        assert "days overdue: 9" in newest.words
        assert "Everybody who was to confirm" in (await officer.get("/arrivals/overdue?simulated_day=2018-03-20")).words
        assert 'name="simulated_day" value="2018-03-20"' in (await officer.get("/enterprises")).text, "remembered"
        other = await console.visitor(Role.OFFICER, subject="other")
        console.addresses["stats"] = NO_SERVICE
        assert 'name="simulated_day" value="2018-03-31"' in (await other.get("/enterprises")).text, "stats is away: as last known"


async def test_an_arrival_that_nobody_confirmed_is_named_with_the_day_on_which_it_was_to_be(dock: Dock) -> None:
    placement = (await dock.departed())["placement"]
    departed_on = (await dock.get(f"/placements/{placement}")).body["dispatch"]["departed_on"]
    due = texts("en").day(date.fromisoformat(departed_on) + timedelta(days=14))
    line = f"The arrival is not confirmed: the worker was to be asked on {due}, 14 days after the departure."
    async with console_before({"simulation": True}, docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)

        async def shown(days: int) -> Page:
            day = date.fromisoformat(departed_on) + timedelta(days=days)
            return await officer.get(f"/placements/{placement}?simulated_day={day}")

        before, after = await shown(13), await shown(14)
        assert "No arrival is confirmed yet." in before.words
        assert (line in before.words, line in after.words) == (False, True)
        assert ('class="to-do"' in before.text, 'class="to-do"' in after.text) == (False, True), "the rest is how things stand"
        assert "Abroad. The contract ends on" in before.words


async def test_who_changes_the_employer_is_told_who_registers_one_and_sends_nothing_before(dock: Dock) -> None:
    placement = (await dock.departed())["placement"]
    async with console_before(docking=dock.client) as console:
        clerk = await console.visitor(Role.CLERK)
        address = f"/do/docking/transfer_employer?placement={placement}&back=/placements/{placement}"
        form = await clerk.get(address)
        assert "an officer or the enterprise registers it first" in form.words
        assert "<form method" not in form.text.partition("<main")[2]
        assert not [one for one in form.links if "register_employer" in one], "a clerk registers none"
        officer = await console.visitor(Role.OFFICER)
        first = (await officer.get(address)).link("register_employer")
        registered = await officer.send(first, {"name": "Sakura KK", "destination": "JPN", "registration_no": "JP-77"})
        assert (registered.status, registered.location.partition("&done")[0]) == (204, address), "back to what was begun"
        assert '<button class="main' in (await clerk.get(address)).text


async def test_an_empty_list_says_all_is_well_only_where_nothing_is_filtered(dock: Dock) -> None:
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        whole, some = await officer.get("/notices"), await officer.get("/placements?state=abroad")
        assert "No breach was made public." in whole.words
        assert "Nothing matches the filter." in some.words
        assert "There is no such order." in (await officer.get("/orders?state=closed")).words, "which is about what is filtered by"

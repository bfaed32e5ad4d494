"""What a command's form says before it is filled in: what it acts on, and what is recorded of it now."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from uuid import UUID

from shared.principals import Role
from shared.texts import texts
from shared.values import Clock, EnterpriseId, PlacementId, WorkerId, new_id, period_of
from tests.console.conftest import CountyOffice
from tests.support.console import console_before
from tests.support.docking import POOR_COUNTY, Dock, dock
from tests.support.http import Start
from tests.support.registration import a_worker
from tests.support.rights import Office, Placement, yuan

__all__ = ["dock"]
OTHER_PROVINCE = ("370000",)


async def test_a_form_opened_from_a_page_says_whom_it_is_about(office: CountyOffice) -> None:
    worker = await a_worker().at(office.registration)
    shown = (await office.registration.get(f"/workers/{worker}")).body
    suspend = (await (officer := await office.somebody(Role.OFFICER)).get(f"/workers/{worker}")).link("suspend_worker")
    form = await officer.get(suspend)
    for what in (f"Worker {shown['worker_no']}", shown["personal"]["name"], texts("en").place(shown["county"])):
        assert what in form.words
    refused = await officer.send(suspend, {"suspended_on": "2999-01-01"})
    assert (refused.status, f"Worker {shown['worker_no']}" in refused.words) == (422, True), "and again where it is refused"
    asked = await office.clerk.get(f"/workers/{worker}/personal-data?back=/workers/{worker}")
    assert f"Worker {shown['worker_no']}" in asked.words


async def test_a_form_shows_nothing_of_what_is_out_of_the_visitors_reach(office: CountyOffice) -> None:
    worker = await a_worker().at(office.registration)
    shown = (await office.registration.get(f"/workers/{worker}")).body
    stranger = await office.console.visitor(Role.OFFICER, regions=OTHER_PROVINCE)
    form = await stranger.get(f"/do/registration/suspend_worker?worker={worker}&back=/workers/{worker}")
    assert form.status == 200
    assert shown["worker_no"] not in form.text
    assert shown["personal"]["name"] not in form.text


async def test_a_form_opened_beside_a_row_shows_the_row(office: CountyOffice) -> None:
    worker = await a_worker().named("王方").at(office.registration)
    number = (await office.registration.get(f"/workers/{worker}")).body["worker_no"]
    correct = f"/do/registration/correct_worker?worker={worker}&version=1&back=/workers/{worker}"
    assert (await office.clerk.send(correct, {"name": "王芳", "reason": "mistyped"})).status == 204
    approve = (await office.clerk.get("/corrections?sort=-id")).link("approve_correction")
    assert "back=%2Fcorrections%3Fsort%3D-id" in approve, "and leads back to the list as it was"
    words = (await office.clerk.get(approve)).words
    for what in ("Corrections that wait for a second person", number, "Full name", f"Worker {number}"):
        assert what in words


async def test_an_address_that_names_no_page_or_no_thing_opens_the_form_all_the_same(office: CountyOffice) -> None:
    for back in (
        "/nowhere",
        "//elsewhere.example",
        "/workers/%2e%2e",
        "/workers/not-an-id",
        "/corrections?after=x",
        "/corrections?limit=x",
    ):
        form = await office.clerk.get(f"/do/registration/approve_correction?correction=x&worker=x&back={back}")
        assert (form.status, "What this is about" in form.text) == (200, False), back


async def test_a_match_is_accepted_with_the_order_and_the_candidate_in_sight(dock: Dock) -> None:
    dock.today = Clock().today()  # a proposal holds for some days
    order = await dock.order()
    await dock.proposed(order, await dock.worker())
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        page = await officer.get(f"/orders/{order}")
        words = (await officer.get(page.link("accept_match"))).words
    for what in ("Sakura Construction KK, Japan", "Weihai Labour Cooperation Co.", "Candidates", "Score"):
        assert what in words


async def test_a_correction_shows_what_is_recorded_of_an_order_and_of_a_fair(dock: Dock) -> None:
    enterprise = await dock.enterprise()
    order = await dock.order(enterprise)
    held = {"name": "Dingxi docking fair", "county": POOR_COUNTY, "held_on": dock.today.isoformat(), "counties": [POOR_COUNTY]}
    fair = (await dock.post("/fairs", {**held, "enterprises": [enterprise]})).body["fair"]
    intention = {"county": POOR_COUNTY, "enterprise": enterprise, "headcount": 7}
    assert (await dock.post(f"/fairs/{fair}/intentions", intention)).status == 201
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        amend = await officer.get((await officer.get(f"/orders/{order}")).link("amend_job_order"))
        assert {"Now: ¥180,000", "Now: 1", "Now: 36"} <= set(now_in(amend.text))
        page = await officer.get(f"/fairs/{fair}")
        correct = await officer.get(page.link("correct_docking_fair"))
        assert "Now: Dingxi docking fair" in now_in(correct.text)
        assert "Now: Weihai Labour Cooperation Co." not in now_in(correct.text), "which stands in the field itself"
        assert ("enterprises", enterprise) in correct.fields()
        row = await officer.get(page.link("correct_intention"))
        assert "Now: 7" in now_in(row.text)
        assert "/fairs" in row.links, "the list that it belongs to"
        assert not [one for one in page.links if "void_intention" in one], "a row has one link for both"
        void = await officer.get(row.link("void_intention"))
        assert "Dingxi docking fair" in void.words
        assert re.search("Headcount 7", void.words), "the row that is voided"


async def test_a_correction_stands_at_the_income_that_is_recorded_and_loses_nothing_of_it(client: Start, dock: Dock) -> None:
    placement, rights = await dock.departed(), Office(await client("rights"), today=dock.today)
    paid = Placement(placement=PlacementId(UUID(placement["placement"])), worker=WorkerId(new_id()), departed_on=dock.today)
    await rights.consume(paid.contracted(), paid.departed())
    rights.today += timedelta(days=100)
    period = period_of(dock.today + timedelta(days=40))
    assert (await rights.report(paid, period, 6000, remitted=yuan(4000), reference="BANK-77")).status == 201
    async with console_before(docking=dock.client, rights=rights.client) as console:
        officer = await console.visitor(Role.OFFICER)
        page = await officer.get(f"/placements/{paid.placement}")
        form = await officer.get(page.link("correct_income"))
        assert {
            ("amounts.net.amount", "6000.00"),
            ("amounts.net.currency", "CNY"),
            ("amounts.remitted.amount", "4000.00"),
            ("amounts.reference", "BANK-77"),
            ("amounts.paid_on", f"{period}-28"),
        } <= set(form.fields())
        assert not {"Now: BANK-77", "Now: CN¥4,000.00"} & set(now_in(form.text)), "which stand in their fields"
        wrong = {"reason": "misread", "amounts.gross.amount": "5900", "amounts.net.amount": "5900"}
        assert (await officer.send(page.link("correct_income"), wrong)).status == 204
    (report,) = (await rights.ledger(paid))["reports"]
    assert (report["net"], report["remitted"], report["reference"]) == (yuan(5900), yuan(4000), "BANK-77")


async def test_a_field_of_which_nothing_is_recorded_says_so(dock: Dock) -> None:
    placement = (await dock.departed())["placement"]
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        page = await officer.get(f"/placements/{placement}")
        form = await officer.get(page.link("correct_dispatch"))
        assert now_of(form.text, "returned_on") == "Now: nothing is recorded"
        enterprise = await officer.get(f"/enterprises/{await dock.enterprise()}")
        renewed = await officer.get(enterprise.link("renew_qualification"))
    assert now_of(renewed.text, "destinations") == "Now: Every destination"


async def test_a_list_that_is_corrected_stands_as_it_is_recorded(dock: Dock) -> None:
    enterprise, other = await dock.enterprise(), await dock.enterprise(name="Ankang Labour")
    held = {"name": "Dingxi docking fair", "county": POOR_COUNTY, "held_on": dock.today.isoformat(), "counties": [POOR_COUNTY]}
    fair = (await dock.post("/fairs", {**held, "enterprises": [enterprise, other]})).body["fair"]
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        correct = (await officer.get(f"/fairs/{fair}")).link("correct_docking_fair")
        form = await officer.get(correct)
        assert {("counties", POOR_COUNTY), ("enterprises", str(enterprise)), ("enterprises", str(other))} <= set(form.fields())
        assert "Ankang Labour" in form.words
        assert (await officer.send(correct, {"reason": "mistyped", "name": "Dingxi fair"})).status == 204
    found = (await dock.get(f"/fairs/{fair}")).body
    assert (found["name"], found["counties"], found["enterprises"]) == ("Dingxi fair", [POOR_COUNTY], [str(enterprise), str(other)])


def now_of(text: str, field: str) -> str:
    return now_in(text.partition(f'data-field="{field}"')[2])[0]


def now_in(text: str) -> list[str]:
    return [piece.partition("<")[0] for piece in text.split('<span class="hint">')[1:]]


async def test_a_month_is_chosen_as_one_and_an_empty_day_is_today(client: Start, dock: Dock) -> None:
    placement, rights = (await dock.departed())["placement"], Office(await client("rights"), today=dock.today)
    async with console_before(docking=dock.client, rights=rights.client) as console:
        officer = await console.visitor(Role.OFFICER)
        report = await officer.get(f"/do/rights/report_income?placement={placement}&back=/")
        fee = await officer.get(f"/do/docking/declare_fee?placement={placement}&back=/")
        corrected = await officer.get(f"/do/docking/correct_fee?fee={placement}&back=/")
    assert re.search('<input type="month"[^>]* name="period"', report.text)
    assert "Left empty: today" in fee.words
    assert "Left empty: today" not in corrected.words, "what is left empty stays"


async def test_whom_an_enterprise_leaves_its_workers_to_is_chosen_by_name(dock: Dock) -> None:
    leaving, other = await dock.enterprise(), await dock.enterprise(name="Ankang Labour")
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        form = await officer.get((await officer.get(f"/enterprises/{leaving}")).link("stop_business"))
        assert ("plan.takes_over", "") in form.fields()
        [found] = json.loads((await officer.get("/choices/enterprise?q=ankang")).text)
        assert found["code"] == str(other)
        refused = await officer.send(
            f"/do/docking/stop_business?enterprise={leaving}&version=1&back=/enterprises/{leaving}", {"plan.takes_over": found["label"]}
        )
    assert ("plan.takes_over", found["label"]) in refused.fields(), "what was chosen stays chosen"


async def test_nobody_is_proposed_for_an_order_whose_positions_are_all_taken(dock: Dock) -> None:
    order = await dock.order()
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        assert any("propose_matches" in link for link in (await officer.get(f"/orders/{order}")).links)
        await dock.matched(order)
        page = await officer.get(f"/orders/{order}")
    assert not any("propose_matches" in link for link in page.links)
    assert "Every position is taken: 0 filled, 1 reserved." in page.words


async def test_what_a_worker_finds_abroad_is_answered_with_yes_or_no_and_by_nobody_for_the_worker(dock: Dock) -> None:
    placement = (await dock.departed())["placement"]
    dock.today += timedelta(days=100)
    form = f"/do/docking/confirm_arrival?placement={placement}&back=/placements/{placement}"
    terms = {f"terms.{name}": "as_agreed" for name in ("employer", "wage", "work", "place", "hours")}
    async with console_before(docking=dock.client) as console:
        officer = await console.visitor(Role.OFFICER)
        assert ("terms.passport_kept", "") in (await officer.get(form)).fields()
        unanswered = await officer.send(form, {**terms, "day": "14"})
        assert (unanswered.status, list(unanswered.errors)) == (422, ["terms.passport_kept"])
        assert (await officer.send(form, {**terms, "day": "14", "terms.passport_kept": "true"})).status == 204
    assert (await dock.get(f"/placements/{placement}/arrivals")).body["items"][0]["terms_match"] is True


async def test_an_enterprise_finds_the_wages_that_its_scorecard_counts_against_it(client: Start, dock: Dock) -> None:
    placement, rights = await dock.departed(), Office(await client("rights"), today=dock.today)
    own = EnterpriseId(UUID(placement["enterprise"]))
    paid = Placement(placement=PlacementId(UUID(placement["placement"])), worker=WorkerId(new_id()), enterprise=own, departed_on=dock.today)
    await rights.consume(paid.contracted(), paid.departed())
    rights.today += timedelta(days=100)
    period = period_of(dock.today + timedelta(days=40))
    assert (await rights.report(paid, period, 2000)).status == 201
    async with console_before(docking=dock.client, rights=rights.client) as console:
        itself = await console.visitor(Role.ENTERPRISE, party=placement["enterprise"])
        assert "Wages below the contract: 1" in (await itself.get("/waiting")).text
        scorecard = await itself.get(f"/enterprises/{own}/scorecard")
        found = await itself.get(scorecard.link("/findings"))
        assert found.link(f"/placements/{paid.placement}")
        assert "Wage owed Wage paid Shortfall" in found.words
        assert ">Clear</a>" not in found.text, "a kind must be chosen, and nothing else is"
        assert ">Clear</a>" in (await itself.get(f"/findings?kind=short&period={period}")).text
        officer = await console.visitor(Role.OFFICER)
        assert "Wages below the contract: 1" in (await officer.get("/waiting")).text
        found = await officer.get((await officer.get(f"/enterprises/{own}")).link("/findings?"))
        assert found.link(f"/placements/{paid.placement}")

"""The inbox and receivers as pages: what concerns a visitor, from all services in one list, read by the visitor alone."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest_asyncio

from shared.delivery import outbox
from shared.principals import Role
from shared.texts import texts
from shared.values import Clock, EnterpriseId
from tests.conftest import MakeDatabase
from tests.http.test_notifications import drawn, publish, shortfall
from tests.support.console import NO_SERVICE, ConsoleVisitor, RunningConsole, console_before
from tests.support.http import Client, serving
from tests.support.receivers import a_sender, receiving, send_all, states, status, well

ENTERPRISE = EnterpriseId(UUID(int=41))


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """Docking and rights, and the console before them, as somebody of an enterprise sees it."""

    docking: Client
    rights: Client
    console: RunningConsole
    visitor: ConsoleVisitor


@pytest_asyncio.fixture(loop_scope="session")
async def seat(make_database: MakeDatabase) -> AsyncIterator[Seat]:
    async with (
        serving("docking", await make_database("docking"), endpoints_local=True) as docking,
        serving("rights", await make_database("rights")) as rights,
        console_before(docking=docking, rights=rights) as console,
    ):
        visitor = await console.visitor(Role.ENTERPRISE, party=str(ENTERPRISE))
        yield Seat(docking=docking, rights=rights, console=console, visitor=visitor)


async def unread(visitor: ConsoleVisitor) -> str:
    return (await visitor.get("/inbox/unread")).text


async def test_news_of_all_services_stand_in_one_list_newest_first(seat: Seat) -> None:
    await publish(seat.rights, shortfall(ENTERPRISE))
    await publish(seat.docking, drawn(ENTERPRISE))
    page = await seat.visitor.get("/inbox")
    assert page.words.index("The reserve was drawn") < page.words.index("Wages were paid short")
    assert "Deadline passed: October 18, 2018" in page.words
    assert "Not shown, since it does not answer now: " in page.words, "the other three are not up"
    seat.visitor.language = "zh"
    assert "备用金已动用" in (await seat.visitor.get("/inbox")).words


async def test_where_every_part_has_answered_and_nothing_waits_the_first_page_says_so(seat: Seat) -> None:
    waiting = await seat.visitor.get("/waiting")  # of an enterprise docking and rights are asked
    assert ("Nothing waits for you." in waiting.text, "could not be loaded" in waiting.text) == (True, False)


async def test_news_lead_to_what_they_are_about(seat: Seat) -> None:
    await publish(seat.rights, shortfall(ENTERPRISE))
    links = (await seat.visitor.get("/inbox")).links
    assert any(one.startswith("/placements/") for one in links), "of whoever was paid short"


async def test_an_endpoint_chooses_among_the_events_that_concern_the_role(seat: Seat) -> None:
    page = await seat.visitor.get("/do/docking/open_endpoint")
    offered = set(re.findall(r'name="types" value="([^"]+)"', page.text))
    assert {"docking.ReserveDrawn.v1", "docking.Dispatched.v1"} <= offered
    assert "docking.MergeHeld.v1" not in offered, "that is for officers"
    assert "Part of the system: Docking" in page.words
    assert "The reserve was drawn" in page.words or "Reserve drawn" in page.words
    fields = [*page.fields(), ("kind", "webhook"), ("address", "https://example.org/hook"), ("types", "docking.ReserveDrawn.v1")]
    opened = await seat.visitor.get((await seat.visitor.post("/do/docking/open_endpoint", fields)).location)
    assert opened.status == 200
    assert "docking.ReserveDrawn.v1" not in opened.words, "by its name"


async def test_a_part_that_sends_a_role_nothing_is_named_on_the_page_of_endpoints(seat: Seat) -> None:
    page = await (await seat.console.visitor(Role.OFFICER)).get("/endpoints")
    assert "Nothing of your role goes to an endpoint from: Registration." in page.words


async def test_nobody_is_asked_to_add_what_the_role_cannot_add(seat: Seat) -> None:
    asked = "Add it to each part of the system"
    assert asked in (await seat.visitor.get("/endpoints")).words
    assert asked not in (await (await seat.console.visitor(Role.OPERATOR)).get("/endpoints")).words


async def test_what_is_marked_as_read_is_read_for_this_account_alone(seat: Seat) -> None:
    await publish(seat.docking, drawn(ENTERPRISE), drawn(ENTERPRISE))
    await publish(seat.rights, shortfall(ENTERPRISE))
    assert '"label":"Inbox (3 unread, not all counted)"' in (await unread(seat.visitor)).replace(": ", ":"), "three services are not up"
    page = await seat.visitor.get("/inbox?unread=1")
    assert (await seat.visitor.post("/inbox/read", page.fields(at=1), script=False)).location == "/inbox?unread=1"
    assert '"unread":0' in (await unread(seat.visitor)).replace(": ", ":")
    assert "You have read everything." in (await seat.visitor.get("/inbox?unread=1")).words
    colleague = await seat.console.visitor(Role.ENTERPRISE, party=str(ENTERPRISE), subject="colleague")
    assert "(3 unread, not all counted)" in await unread(colleague)


async def test_a_count_of_which_a_service_is_missing_says_so_and_is_asked_for_again(seat: Seat) -> None:
    await publish(seat.docking, drawn(ENTERPRISE))
    there = seat.console.addresses["rights"]
    seat.console.addresses.update(dict.fromkeys(("registration", "training", "stats"), there))
    seat.console.addresses["rights"] = NO_SERVICE
    first = json.loads(await unread(seat.visitor))
    assert first == {"unread": 1, "whole": False, "label": "Inbox (1 unread, not all counted)"}
    page = await seat.visitor.get("/inbox")
    assert "What is shown is right. Load again" in page.words
    seat.console.addresses["rights"] = there
    assert json.loads(await unread(seat.visitor)) == {"unread": 1, "whole": True, "label": "Inbox (1 unread)"}
    seat.console.addresses["rights"] = NO_SERVICE
    other = await seat.console.visitor(Role.ENTERPRISE, party=str(UUID(int=42)))
    assert json.loads(await unread(other))["label"] == "Inbox (unread not counted)"
    assert 'data-uncounted="Inbox (unread not counted)"' in page.text, "for where the console itself does not answer"


async def test_only_a_deadline_that_is_to_come_stands_out(seat: Seat) -> None:
    to_come = Clock().today() + timedelta(days=20)
    await publish(seat.docking, drawn(ENTERPRISE).model_copy(update={"due": to_come}))
    page = await seat.visitor.get("/inbox")
    assert f"<strong>Due: {texts('en').day(to_come)}</strong>" in page.text
    assert "Deadline passed" not in page.text


async def test_a_run_of_news_of_one_kind_is_folded_behind_the_newest(seat: Seat) -> None:
    await publish(seat.rights, shortfall(ENTERPRISE))
    await publish(seat.docking, *[drawn(ENTERPRISE) for _ in range(5)])
    shown, folded = (await seat.visitor.get("/inbox")).text.split("<details><summary>4 more of this kind")
    assert (shown.count('<li class="new">'), folded.count('<li class="new">')) == (1, 5), "what is of another kind stands after them"
    assert folded.index("The reserve was drawn") < folded.index("</details>") < folded.index("Wages were paid short")


async def test_news_are_read_by_kind_and_one_kind_is_marked_as_read_as_a_whole(seat: Seat) -> None:
    await publish(seat.docking, *[drawn(ENTERPRISE) for _ in range(40)])
    await publish(seat.rights, shortfall(ENTERPRISE))
    kind = "/inbox?kind=docking.ReserveDrawn.v1"
    page = await seat.visitor.get(kind)
    news = page.text.partition('<ul class="news">')[2]
    assert (news.count('<li class="new">'), "Wages were paid short" in news) == (30, False)
    assert page.link("/inbox?kind=docking.ReserveDrawn.v1&before=")
    assert "Mark all of this kind as read" in page.words
    assert (await seat.visitor.post("/inbox/read", page.fields(at=2), script=False)).location == kind
    assert '"unread":1' in (await unread(seat.visitor)).replace(": ", ":")
    everything = await seat.visitor.get("/inbox")
    assert "Mark these and all older ones as read" in everything.words
    await seat.visitor.post("/inbox/read", everything.fields(at=2), script=False)
    assert '"unread":0' in (await unread(seat.visitor)).replace(": ", ":")


async def test_a_kind_that_concerns_nobody_of_the_role_is_no_filter(seat: Seat) -> None:
    await publish(seat.docking, drawn(ENTERPRISE))
    offered = set(re.findall(r'<option value="([^"]+)"', (await seat.visitor.get("/inbox?kind=docking.MergeHeld.v1")).text))
    assert ("docking.ReserveDrawn.v1" in offered, "docking.MergeHeld.v1" in offered) == (True, False)
    assert "The reserve was drawn" in (await seat.visitor.get("/inbox?kind=%3Cb%3E")).words


async def test_older_news_follow_page_by_page_each_once(seat: Seat) -> None:
    for number in range(20):
        await publish(seat.docking, *[drawn(ENTERPRISE) for _ in range(2)])
        await publish(seat.rights, shortfall(ENTERPRISE, f"6211{number + 10}"))
    page, seen = await seat.visitor.get("/inbox"), 0
    while True:
        seen += page.text.count('<li class="new">')
        older = [one for one in page.links if one.startswith("/inbox?before=")]
        if not older:
            break
        page = await seat.visitor.get(older[0])
    assert seen == 60


async def test_news_that_were_numbered_in_another_order_than_they_happened_follow_by_their_time(seat: Seat) -> None:
    database, last = seat.docking.database, datetime(2018, 9, 30, tzinfo=UTC)
    for hours in range(40):
        async with database.transaction(replace(database.system_cause(), clock=Clock(last - timedelta(hours=hours)))) as tx:
            outbox.publish(tx, drawn(ENTERPRISE))
    page = await seat.visitor.get("/inbox")
    older = await seat.visitor.get(page.link("/inbox?before="))
    assert [one.text.count('<li class="new">') for one in (page, older)] == [30, 10]
    times = [moment for one in (page, older) for moment in re.findall(r'<time datetime="(2018-09-[^"]+)">', one.text)]
    assert len(times) == 40
    assert times == sorted(times, reverse=True)


async def test_another_enterprise_and_a_role_without_an_inbox_see_nothing(seat: Seat) -> None:
    await publish(seat.docking, drawn(ENTERPRISE))
    other = await seat.console.visitor(Role.ENTERPRISE, party=str(UUID(int=42)))
    assert "Nothing concerns you yet." in (await other.get("/inbox")).words
    auditor = await seat.console.visitor(Role.AUDITOR)
    assert (await auditor.get("/inbox")).status == 403
    assert (await auditor.get("/endpoints")).status == 403
    first = await auditor.get("/")
    assert "/inbox" not in first.links
    assert '"unread":0' in (await unread(auditor)).replace(": ", ":")


async def test_marks_that_another_site_asks_for_are_refused(seat: Seat) -> None:
    address, elsewhere = f"{seat.visitor.address}/inbox/read", {"origin": "https://evil.example"}
    async with seat.visitor.http.post(address, data={"docking": "1"}, headers=elsewhere) as answer:
        assert answer.status == 403


async def test_a_crooked_cursor_and_crooked_marks_are_no_error(seat: Seat) -> None:
    await publish(seat.docking, drawn(ENTERPRISE))
    for before in ("x", "docking=1.rights=0", "docking=99999999999999999999", "docking=" + "9" * 400, "%00", "a=1." * 500):
        assert (await seat.visitor.get(f"/inbox?before={before}")).status == 200, before
    marked = await seat.visitor.post("/inbox/read", [("docking", "1,x,-5," + "7," * 500), ("_key", "k" * 500)], script=False)
    assert marked.status == 303


async def test_a_receiver_is_added_fails_and_is_sent_to_again_from_its_page(seat: Seat) -> None:
    async with receiving() as receiver, a_sender(seat.docking) as sender:
        receiver.answering = status(410)
        page = await seat.visitor.get("/endpoints")
        wrong = await seat.visitor.send(page.link("/do/docking/open_endpoint"), {"kind": "webhook", "address": "ftp://example.org/"})
        assert "https" in wrong.errors["address"]
        added = await seat.visitor.send(page.link("/do/docking/open_endpoint"), {"kind": "webhook", "address": receiver.url})
        assert added.status == 204, added.words
        place = added.location.partition("?")[0]
        await publish(seat.docking, drawn(ENTERPRISE))
        await send_all(sender)
        page = await seat.visitor.get(place)
        assert await states(seat.docking.speaking_as(Role.ENTERPRISE, party=ENTERPRISE), place.rpartition("/")[2]) == [
            ("dead", 1, 410, "gone")
        ]
        assert "410" in page.words
        assert (await seat.visitor.send(page.link("enable_endpoint"))).status == 204
        receiver.answering = well
        page = await seat.visitor.get(place)
        assert (await seat.visitor.send(page.link("/do/docking/redeliver?"))).status == 204
        await send_all(sender)
        assert "Delivered" in (await seat.visitor.get(place)).words
        secret = await seat.visitor.get(f"{place}/secret")
        assert "whsec_" in secret.words
        listed = await seat.visitor.get("/endpoints")
        assert receiver.url in listed.words
        stranger = await seat.console.visitor(Role.ENTERPRISE, party=str(UUID(int=42)))
        assert (await stranger.get(place)).status == 404
        assert (await stranger.get(f"{place}/secret")).status == 404


async def test_what_an_event_holds_is_shown_as_text_never_as_markup(seat: Seat) -> None:
    hostile = "https://example.org/<script>alert(1)</script>"
    own = seat.docking.speaking_as(Role.ENTERPRISE, party=ENTERPRISE)
    assert (await own.post("/endpoints", {"kind": "webhook", "address": hostile})).status == 201
    page = await seat.visitor.get("/endpoints")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;alert" in page.text

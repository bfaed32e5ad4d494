"""The board in the browser's terms: pages, parts, the stream that is handed on, the scenario; and what is refused."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
import pytest_asyncio

from console.board.stream import Missed, Published
from console.web import live, streaming
from console.web.backend import Backend, ServiceRefused, away
from console.web.screens import programme_board
from console.web.screens.programme_board import Look, parts_of
from services.stats.publishing import event_stream
from shared.delivery import outbox
from shared.events import StalenessCleared
from shared.principals import Role
from tests.support.board_pages import BoardPages, next_event
from tests.support.console import NO_SERVICE, console_before
from tests.support.http import Client
from tests.support.stats import POOR_WEST, RICH_EAST, cause, counted, departure, dispatched, recorded
from tests.support.wait import until

DAY = date(2019, 5, 1)
HOSTILE = '<script>alert("x")</script>'
LOOKERS = (Role.OFFICER, Role.OPERATOR, Role.AUDITOR)
PARTS = ("freshness", "targets", "quotas", "months", "replay", "provinces", "destinations", "restatements")


@pytest_asyncio.fixture(loop_scope="session")
async def console(stats: Client) -> AsyncIterator[BoardPages]:
    """Over stats with four departures of 2018, one of which became known in March 2019."""
    events = [recorded(dispatched(departure(RICH_EAST, date(2018, month, 2)))) for month in (1, 2, 2)]
    late = recorded(dispatched(departure(POOR_WEST, date(2018, 3, 2))), date(2019, 3, 20))
    await counted(stats.database, [*events, late])
    stats.at = datetime(2019, 5, 1, tzinfo=UTC)
    async with console_before(stats=stats) as started:
        yield BoardPages(started)


# --- the page -----------------------------------------------------------------------------------------------------------------
async def test_the_board_is_there_for_officers_operators_and_auditors(console: BoardPages) -> None:
    for role in LOOKERS:
        page = await console.get("/board?year=2018", role)
        assert page.status == 200
        assert page.text.count('class="chart"') >= 10
        assert page.headers["cache-control"] == "no-store"
    for role in (Role.CLERK, Role.ENTERPRISE, Role.TRAINER, Role.PUBLIC):
        for path in ("/board", "/board/parts/quotas", "/board/stream", "/board/scenario", "/board/why?key=a", "/board/province/370000"):
            assert (await console.get(path, role)).status == 403, (role, path)
    async with aiohttp.ClientSession() as nobody, nobody.get(console.console.address + "/board", allow_redirects=False) as answer:
        assert (answer.status, answer.headers["location"]) == (303, "/login?next=%2Fboard")


async def test_every_part_of_the_page_can_be_read_by_itself(console: BoardPages) -> None:
    page = await console.get("/board?year=2018")
    for part in PARTS:
        assert f'data-part="{part}"' in page.text
        alone = await console.get(f"/board/parts/{part}?year=2018")
        assert alone.status == 200, part
        assert "<html" not in alone.text
    assert (await console.get("/board/parts/passwords")).status == 404


async def test_the_page_is_there_before_its_figures_which_come_in_its_order(console: BoardPages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "QUICK_SECONDS", 60.0)
    whole = await console.get("/board?year=2018")
    monkeypatch.setattr(streaming, "QUICK_SECONDS", 0.0)
    page = await console.get("/board?year=2018")
    assert page.status == 200
    assert page.headers["cache-control"] == "no-store"
    assert [page.text.index(f'data-part="{part}"') for part in PARTS] == sorted(page.text.index(f'data-part="{part}"') for part in PARTS)
    assert page.text.count('class="chart"') == whole.text.count('class="chart"')
    assert page.text.index("The figures are being read.") < page.text.index('class="chart"')
    assert "<!--later" not in page.text
    assert page.text.rstrip().endswith("</html>")


async def test_one_part_that_is_refused_stands_there_as_such_beside_the_others(
    console: BoardPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refused(look: Look) -> dict[str, Any]:
        await look.reader.get("stats", "/measures")
        raise ServiceRefused(away("stats"))

    monkeypatch.setitem(programme_board.PARTS, "months", refused)
    monkeypatch.setattr(streaming, "QUICK_SECONDS", 60.0)
    assert (await console.get("/board?year=2018")).status == 503
    monkeypatch.setattr(streaming, "QUICK_SECONDS", 0.0)
    page = await console.get("/board?year=2018")
    assert (page.status, page.text.count('class="problem"')) == (200, 1)
    assert page.text.count('class="chart"') >= 8
    assert page.text.rstrip().endswith("</html>")


async def test_one_part_that_cannot_be_drawn_breaks_no_page_that_is_under_way(console: BoardPages, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(look: Look) -> dict[str, Any]:
        await look.reader.get("stats", "/measures")
        raise KeyError("not in the answer")

    monkeypatch.setitem(programme_board.PARTS, "months", broken)
    monkeypatch.setattr(streaming, "QUICK_SECONDS", 0.0)
    page = await console.get("/board?year=2018")
    assert (page.status, page.text.count('class="problem"')) == (200, 1)
    assert page.text.rstrip().endswith("</html>")


async def test_an_earlier_day_shows_what_was_known_then(console: BoardPages) -> None:
    now = await console.get("/board/parts/provinces?year=2018")
    then = await console.get("/board/parts/provinces?year=2018&known_on=2018-12-31")
    assert "Gansu" in now.text.replace("Gan Su", "Gansu")
    assert "/board/province/620000?year=2018&amp;known_on=2018-12-31" in then.text
    page = await console.get("/board?year=2018&step=11&of=2018")
    assert "December 31, 2018" in page.text
    assert "data-stream" not in page.text, "an earlier day does not change"
    assert "data-stream" in (await console.get("/board?year=2018&step=200&of=2018")).text, "beyond the last day is now"
    assert "data-stream" in (await console.get("/board?year=2017&step=11&of=2018")).text, "another year has other days"


async def test_where_a_calendar_is_played_nothing_is_known_of_days_to_come(stats: Client) -> None:
    await counted(stats.database, [recorded(dispatched(departure(RICH_EAST, date(2018, 1, 2))))])
    stats.at = datetime(2018, 3, 15, tzinfo=UTC)
    async with console_before({"simulation": True}, stats=stats) as started:
        page = await BoardPages(started).get("/board?year=2018&simulated_day=2018-03-15")
    assert 'data-steps="January 31, 2018|February 28, 2018|now"' in page.text


async def test_a_province_is_shown_by_county_down_to_the_events(console: BoardPages) -> None:
    page = await console.get("/board/province/370000?year=2018", language="zh")
    assert page.status == 200
    assert "历下区" in page.text
    assert "/board/why?key=dispatches%7Cprovince%3A370000%7C2018" in page.text
    nobody = await console.get("/board/province/110000?year=2018", language="zh")
    assert "2018 年没有从北京市派出的人员。" in nobody.text
    assert "<svg" not in nobody.text
    assert (await console.get("/board/province/990000")).status == 404
    for path in ("370102", "37000a", "..%2f..%2fetc"):
        assert (await console.get(f"/board/province/{path}")).status in {404, 422}, path


async def test_what_makes_no_sense_is_refused_and_never_run(console: BoardPages) -> None:
    for query in ("year=abc", "year=99999999999", "known_on=2018-13-45", "step=-1", "step=1e9"):
        assert (await console.get(f"/board?{query}")).status == 422, query
    page = await console.get("/board/why?key=" + quote(HOSTILE))
    assert page.status in {404, 422, 503}
    assert "<script>alert" not in page.text
    assert (await console.get("/board/why?key=" + quote("ä" * 10))).status == 422
    assert (await console.get("/board/why?key=" + "a" * 500)).status == 422


async def test_a_plan_with_hostile_titles_is_shown_as_text(console: BoardPages, stats: Client) -> None:
    (shipped,) = (await stats.get("/programmes")).body
    plan = shipped["plan"] | {"title": HOSTILE}
    plan["quotas"] = [{**one, "title": HOSTILE, "code": f"x{number}"} for number, one in enumerate(plan["quotas"])]
    entered = await stats.post("/programmes", {"plan": plan, "version": shipped["version"], "reason": "hostile"})
    assert entered.status == 201, entered.body
    for path in ("/board?year=2018", "/board/scenario", "/board/parts/quotas?year=2018"):
        page = await console.get(path)
        assert page.status == 200
        assert "&lt;script&gt;alert" in page.text
        assert "<script>alert" not in page.text


# --- the scenario -------------------------------------------------------------------------------------------------------------
async def test_a_scenario_stands_beside_the_actual_figures(console: BoardPages, stats: Client) -> None:
    page = await console.post("/board/scenario", {"quota.Q1": "90", "target.dispatches": "3", "counties": "历下区\n370103"})
    assert page.status == 200
    assert "at least 90%" in page.text
    assert "at least 10%" in page.text
    assert "The floor is reached." in page.text
    assert len((await stats.get("/programmes/2017-2020")).body) == 1, "nothing of it is stored"
    assert (await stats.get("/lists")).body == []


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"quota.Q1": "ten"}, "A number above 0"),
        ({"quota.Q1": "101"}, "A number above 0"),
        ({"quota.Q1": "1e-30"}, "A number above 0"),
        ({"quota.Q1": "NaN"}, "A number above 0"),
        ({"target.dispatches": "-5"}, "A number above 0"),
        ({"target.dispatches": "9" * 29}, "A number above 0"),
        ({"counties": HOSTILE}, "Not one county by that name"),
        ({"counties": "\n".join(["370102"] * 201)}, "At most 200 counties"),
        ({"counties": "370102", "designation": "rich"}, "Choose one of the list"),
        ({"counties": "370102", "since": "yesterday"}, "A day, such as"),
    ],
)
async def test_what_cannot_be_supposed_is_named_at_its_field(console: BoardPages, form: dict[str, str], message: str) -> None:
    page = await console.post("/board/scenario", form)
    assert page.status == 422
    assert message in page.text
    assert "<script>alert" not in page.text


async def test_another_sites_page_supposes_nothing(console: BoardPages) -> None:
    officer = await console.visitor(Role.OFFICER)
    headers = {"origin": "https://example.org"}
    async with officer.http.post(officer.address + "/board/scenario", data={"quota.Q1": "20"}, headers=headers) as answer:
        assert answer.status == 403


# --- the stream ---------------------------------------------------------------------------------------------------------------
async def publish(stats: Client, times: int = 1) -> None:
    """As the publisher does: through the outbox."""
    async with stats.database.transaction(cause()) as tx:
        for _ in range(times):
            outbox.publish(tx, StalenessCleared(key="staleness", effective=DAY, complete_through=None, lag_seconds=0, parked=0))


async def test_what_stats_publishes_is_handed_on_in_the_readers_words(console: BoardPages, stats: Client) -> None:
    async with console.following() as english, console.following(language="zh") as chinese:
        await until(lambda: console.live._there)
        await publish(stats)
        (number, data), (same, other) = await next_event(english), await next_event(chinese)
        assert number == same
        assert data["parts"] == ["freshness"]
        assert data["line"] != other["line"]


async def test_any_number_of_browsers_need_one_stream_of_stats(console: BoardPages, stats: Client) -> None:
    async with contextlib.AsyncExitStack() as stack:
        readers = [await stack.enter_async_context(console.following()) for _ in range(20)]
        await until(lambda: console.live._there)
        assert len(event_stream._readers) == 1
        await publish(stats)
        assert len({(await next_event(reader))[0] for reader in readers}) == 1
    await until(lambda: not console.live._readers)
    await until(lambda: not event_stream._readers, what="nobody looks, nothing is read")


async def test_whoever_looks_after_everybody_has_left_hears_what_happens_from_then_on(console: BoardPages, stats: Client) -> None:
    heard = []
    for _ in range(3):
        async with console.following() as events:
            assert (await anext(events))[0] == "connected"
            await publish(stats)
            heard.append(int((await next_event(events))[0]))
        await until(lambda: not console.live._readers)
        await publish(stats)
    assert heard == [heard[0], heard[0] + 2, heard[0] + 4]


async def test_a_browser_that_was_cut_off_goes_on_where_it_was(console: BoardPages, stats: Client) -> None:
    async with console.following() as first:
        await until(lambda: console.live._there)
        await publish(stats)
        number, _ = await next_event(first)
        await publish(stats, 3)
        async with console.following(last=number) as again:
            numbers = [(await next_event(again))[0] for _ in range(3)]
    assert numbers == [str(int(number) + step) for step in (1, 2, 3)]
    await publish(stats, 2)
    async with console.following(last=numbers[-1]) as later:
        assert [(await next_event(later))[0] for _ in range(2)] == [str(int(numbers[-1]) + step) for step in (1, 2)]


async def test_a_browser_that_comes_back_too_late_reads_everything_again(console: BoardPages, stats: Client) -> None:
    await publish(stats, 3)
    async with console.following() as first:
        await until(lambda: console.live._there)
        await publish(stats)
        await next_event(first)
        async with console.following(last="1") as late:
            kinds = [(await anext(late))[0]]
    assert kinds == ["missed"]


async def test_a_browser_that_was_cut_off_for_longer_than_is_sent_at_once_is_told(
    console: BoardPages, stats: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "WAITING", 3)
    async with console.following() as first:
        await until(lambda: console.live._there)
        await publish(stats)
        number, _ = await next_event(first)
        await publish(stats, 5)
        await until(lambda: len(console.live._kept) == 6)
        async with console.following(last=number) as late:
            assert (await anext(late))[0] == "missed"


async def test_a_browser_that_leaves_while_stats_refuses_it_ends_the_stream_of_no_other() -> None:
    asked: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()

    async def refuse_later(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asked.put(writer)

    followed = live.Live()
    async with await asyncio.start_server(refuse_later, "127.0.0.1", 0) as server, aiohttp.ClientSession() as http:
        backend = Backend(http=http, addresses={"stats": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"})
        leaving, staying = (asyncio.create_task(anext(followed.follow(backend, None))) for _ in range(2))
        writer = await asked.get()
        leaving.cancel()
        await asyncio.wait([leaving])
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n")
        writer.close()
        again = await asyncio.wait_for(asked.get(), 60)
        staying.cancel()
        await asyncio.wait([staying])
        again.close()
        await followed.close()


async def test_the_page_hears_that_stats_is_away_and_back(console: BoardPages, stats: Client) -> None:
    address = console.console.addresses["stats"]
    async with console.following() as events:
        assert (await anext(events))[0] == "connected"
        console.console.addresses["stats"] = NO_SERVICE
        stats.service.stopping.set()  # stats ends its streams when it stops
        assert (await anext(events))[0] == "lost"
        stats.service.stopping.clear()
        console.console.addresses["stats"] = address
        assert (await anext(events))[0] == "connected"


async def test_whoever_has_heard_nothing_yet_misses_nothing_of_an_outage(console: BoardPages, stats: Client) -> None:
    await publish(stats, 2)
    address = console.console.addresses["stats"]
    async with console.following() as events:
        assert (await anext(events))[0] == "connected"
        await until(lambda: console.live._last is not None, what="where the stream is")
        console.console.addresses["stats"] = NO_SERVICE
        stats.service.stopping.set()
        assert (await anext(events))[0] == "lost"
        await publish(stats)
        stats.service.stopping.clear()
        console.console.addresses["stats"] = address
        assert (await next_event(events))[0] == "3"


def figure_published(number: int, figure: dict[str, Any]) -> Published:
    return Published(number, {"type": "stats.FigurePublished.v1", "data": figure})


@pytest.mark.parametrize(
    ("figure", "parts"),
    [
        ({"share": [1, 10], "period": "2018", "cut": "nation:CN", "measure": "dispatches"}, ("quotas", "freshness")),
        ({"share": None, "period": "2017-2020", "cut": "nation:CN", "measure": "dispatches"}, ("targets", "freshness")),
        ({"share": None, "period": "2018", "cut": "province:620000", "measure": "dispatches"}, ("provinces",)),
        ({"share": None, "period": "2018", "cut": "province:620000", "measure": "income"}, ()),
        ({"share": None, "period": "2018-05", "cut": "nation:CN", "measure": "dispatches"}, ("months", "destinations", "freshness")),
        ({"share": None, "period": "2018", "cut": "nation:CN", "measure": "persons"}, ("freshness",)),
    ],
)
def test_a_figure_changes_the_part_that_shows_it(figure: dict[str, Any], parts: tuple[str, ...]) -> None:
    assert parts_of(figure_published(1, figure)) == parts


def test_a_slow_browser_delays_nobody_and_reads_everything_again() -> None:
    reader = live._Reader(backend=None)  # type: ignore[arg-type]
    for number in range(live.WAITING + 1):
        reader.put(figure_published(number, {}))
    assert reader.signals.qsize() == 1
    assert isinstance(reader.signals.get_nowait(), Missed)


async def test_there_is_an_end_to_how_many_follow(console: BoardPages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MOST_READERS", 1)
    async with console.following():
        await until(lambda: console.live._readers)
        page = await console.get("/board/stream")
        assert page.status == 503


# --- what runs beside it ------------------------------------------------------------------------------------------------------
async def test_delivery_is_a_table_of_partitions(console: BoardPages) -> None:
    page = await console.get("/delivery/stats", Role.OPERATOR)
    assert page.status == 200
    assert page.text.index("Not yet read") < page.text.index("Read so far, by partition")
    assert "<dl class=inner>" not in page.text


async def test_each_kind_of_operation_is_one_page_of_the_menu_that_leads_to_every_service(console: BoardPages) -> None:
    for path, title in (("/delivery", "Delivery"), ("/dead-letters", "Dead letters")):
        page = await console.get(path, Role.OPERATOR)
        assert f"{path}/stats" in page.links
        assert [link for link in page.links if link.startswith(path)].count(path) == 1
        assert "Not shown, since it does not answer now" in page.words, "no service but stats is there"
        assert f"← {title}" in (await console.get(f"{path}/stats", Role.OPERATOR)).words


async def test_an_error_page_says_what_it_is(console: BoardPages) -> None:
    assert "<h1>There is no such page</h1>" in (await console.get("/nothing", Role.OPERATOR)).text
    assert "<h1>You may not see this</h1>" in (await console.get("/board", Role.CLERK)).text
    console.console.addresses["stats"] = NO_SERVICE
    away = await console.get("/board", Role.OPERATOR)
    assert away.status == 503
    assert "<h1>Not available at the moment</h1>" in away.text


async def test_restatements_say_what_their_figures_are_the_latest_first(stats: Client) -> None:
    await counted(stats.database, [recorded(dispatched(departure(RICH_EAST, date(2018, 1, 2))))])
    stats.at = datetime(2019, 5, 1, tzinfo=UTC)
    assert (await stats.speaking_as(Role.OFFICER).post("/periods/close", {"period": "2018"})).status == 201
    for number, day in enumerate((date(2019, 9, 9), date(2019, 6, 6))):  # what came later is known of earlier
        await counted(stats.database, [recorded(dispatched(departure(RICH_EAST, date(2018, 2, 2 + number))), day)])
    async with console_before(stats=stats) as console:
        page = await (await console.visitor(Role.AUDITOR)).get("/restatements?period=2018")
    assert page.words.index("September 9, 2019") < page.words.index("June 6, 2019")
    assert 'aria-sort="descending"' in page.text, "and the heading says so"
    assert "total of the period" in page.words
    assert "dispatches" in page.words


async def test_a_closed_period_is_reopened_beside_it_by_somebody_else(stats: Client) -> None:
    stats.at = datetime(2019, 5, 1, tzinfo=UTC)
    assert (await stats.speaking_as(Role.OFFICER, subject="first").post("/periods/close", {"period": "2018"})).status == 201
    async with console_before(stats=stats) as console:
        second = await console.visitor(Role.OFFICER, subject="second")
        form = (await second.get("/periods")).link("reopen_period")
        page = await second.get(form)
        assert "2018" in page.words, "what is reopened"
        assert "period" not in dict(page.fields()), "and not asked for"
        done = await second.send(form, {"reason": "late_reports", "explanation": "asked for by the bureau"})
        assert done.status == 204, done.errors
        assert not any("reopen_period" in one for one in (await second.get("/periods")).links)


async def test_exchange_rates_that_wait_are_shown_until_somebody_asks_for_all(stats: Client) -> None:
    async with console_before(stats=stats) as console:
        officer = await console.visitor(Role.OFFICER)
        waiting, everything = await officer.get("/fx-rates/held"), await officer.get("/fx-rates/held?state=")
    assert ['<option value="held" selected>' in page.text for page in (waiting, everything)] == [True, False]

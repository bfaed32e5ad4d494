"""`GET /explanations`: the events behind a figure over HTTP, from a real log, one explanation at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from functools import partial
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from console.web import streaming
from services.stats import api, consumers
from services.stats.figures.freshness import SOURCES
from services.stats.replay import explain, figure_keys
from services.stats.usecases import explanations
from shared.db import Database
from shared.events import DOCKING, REGISTRATION, RIGHTS, Event, encode
from shared.health import Health
from shared.principals import NATION, Principal, Role
from shared.running_service import RunningService
from shared.settings import Settings
from shared.values import Clock
from shared.web.app import create_app
from shared.web.auth import Verifier
from tests.conftest import MakeDatabase
from tests.support.board_pages import BoardPages
from tests.support.console import console_before
from tests.support.delivery import Raw, caught_up, consuming, write
from tests.support.http import Answer, Client, environment, listening
from tests.support.stats import POOR_WEST, RICH_EAST, cause, corrected, departure, dispatched, recorded


async def _serve(config: Settings, database: Database) -> AsyncIterator[Client]:
    running = RunningService(name="stats", database=database, settings=config, health=Health())
    app = create_app(running, api.router, Verifier.load(environment() / "jwks.json"))
    async with listening(app) as base, aiohttp.ClientSession() as session:
        yield Client(base, session, database, running, Principal("tester", Role.AUDITOR, (NATION,)))


@pytest_asyncio.fixture(loop_scope="session")
async def stats(make_database: MakeDatabase, kafka: str, config: Settings) -> AsyncIterator[Client]:
    """Two departures of 2018, one of them corrected to a poverty county in 2019."""
    database = await make_database("stats")
    out = dispatched(departure(RICH_EAST, date(2018, 3, 1)))
    history: list[tuple[Event, date | None]] = [
        (out, None),
        (dispatched(departure(RICH_EAST, date(2018, 5, 2))), None),
        (corrected(out, departure(POOR_WEST, date(2018, 3, 1))), date(2019, 2, 1)),
    ]
    lines = [Raw(encode(recorded(data, on)), data.subject.encode(), f"1.{number}") for number, (data, on) in enumerate(history)]
    await write(kafka, config, *lines, topic=DOCKING)
    async with consuming(config, database, consumers.apply, service="stats", topics=SOURCES) as running:
        await caught_up(running)
    async for client in _serve(config, database):
        yield client


async def explained(stats: Client, key: str, **query: Any) -> list[Any]:
    answer = await stats.get("/explanations", key=key, **query)
    assert answer.status == 200, answer
    found: list[Any] = answer.body
    return found


async def test_the_events_behind_a_figure_are_answered_newest_first_with_the_figure_after_each(stats: Client) -> None:
    (figure,) = await explained(stats, "dispatches|nation:CN|2018")
    assert (figure["explained"], figure["sums"], figure["answers"], figure["number"]) == (True, {"": 2}, {"": 2}, 4)
    assert [(event["type"], event["delta"], event["total"]) for event in figure["events"]] == [
        ("docking.DispatchCorrected.v1", 1, 2),
        ("docking.DispatchCorrected.v1", -1, 1),
        ("docking.Dispatched.v1", 1, 2),
        ("docking.Dispatched.v1", 1, 1),
    ]
    assert figure["events"][0]["at"] == "docking.events/0@2"


async def test_as_known_on_a_day_only_what_was_recorded_by_then_is_behind_a_figure(stats: Client) -> None:
    share, whole = await explained(stats, "Q1|nation:CN|2018", as_known_at="2019-01-31")
    assert ([share["sums"], whole["sums"]], share["explained"], whole["explained"]) == ([{}, {"": 2}], True, True)
    share, whole = await explained(stats, "Q1|nation:CN|2018")
    assert [share["sums"], whole["sums"]] == [{"": 1}, {"": 2}]


async def test_a_quota_is_explained_by_the_programme_in_force_on_the_day_it_is_looked_at(stats: Client) -> None:
    [shipped] = (await stats.get("/programmes")).body
    plan, today = shipped["plan"], Clock().today()
    plan["quotas"][0]["numerator"] = {"listed": ["national", "none"]}
    entered = await stats.speaking_as(Role.OFFICER).post("/programmes", {"plan": plan, "reason": "with the other counties"})
    assert entered.status == 201, entered.body
    versions = ((today - timedelta(days=1), 0, None, 1), (today + timedelta(days=1), 1, entered.body["entered_at"], 2))
    async with console_before(stats=stats) as started:
        for known_on, version, entered_at, share in versions:
            numerator, denominator = await explained(stats, "Q1|nation:CN|2018", as_known_at=known_on.isoformat())
            assert numerator["programme"] == denominator["programme"]
            assert numerator["programme"] == {**numerator["programme"], "code": "2017-2020", "version": version, "entered_at": entered_at}
            assert (numerator["sums"], numerator["explained"]) == ({"": share}, True)
            page = await BoardPages(started).get(f"/board/why?key=Q1%7Cnation%3ACN%7C2018&known_on={known_on}", Role.AUDITOR)
            assert ("version 1, entered on" if version else "as shipped.") in page.words
    (figure,) = await explained(stats, "dispatches|nation:CN|2018")
    assert figure["programme"] is None


async def test_at_most_so_many_events_are_answered_and_all_are_counted(stats: Client) -> None:
    (figure,) = await explained(stats, "dispatches|nation:CN|2018", limit=1)
    assert (len(figure["events"]), figure["number"], figure["events"][0]["total"]) == (1, 4, 2)


async def test_events_that_are_skipped_are_those_of_the_pages_before(stats: Client) -> None:
    pages = [(await explained(stats, "dispatches|nation:CN|2018", limit=3, skip=skip))[0] for skip in (0, 3, 6)]
    (whole,) = await explained(stats, "dispatches|nation:CN|2018")
    assert [len(page["events"]) for page in pages] == [3, 1, 0]
    assert [event for page in pages for event in page["events"]] == whole["events"]
    assert (await stats.get("/explanations", key="dispatches|nation:CN|2018", skip=-1)).status == 422


async def test_what_is_no_figure_is_refused(stats: Client) -> None:
    for key, code in (("x|y|z", "KEY_NOT_FOUND"), ("dispatches|destination:JPX|2018", "CODE_NOT_FOUND"), ("", "INVALID")):
        assert (await stats.get("/explanations", key=key)).code == code


async def test_one_explanation_is_read_at_a_time(stats: Client) -> None:
    answers: list[Answer] = await asyncio.gather(*(stats.get("/explanations", key="dispatches|nation:CN|2018") for _ in range(4)))
    refused = [answer for answer in answers if answer.status != 200]
    assert {(answer.status, answer.code) for answer in refused} == {(429, "EXPLANATION_BUSY")}
    assert len(refused) < 4
    assert (await stats.get("/explanations", key="dispatches|nation:CN|2018")).status == 200


async def test_what_takes_longer_than_people_wait_is_refused(stats: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanations, "SECONDS", 0)
    refused = await stats.get("/explanations", key="dispatches|nation:CN|2018")
    assert (refused.status, refused.code, refused.body["state"]) == (409, "EXPLANATION_TOO_LONG", {"records": 3})


async def test_a_long_log_is_read_by_processes_of_its_own(stats: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explanations, "READ_HERE", 0)
    (figure,) = await explained(stats, "dispatches|nation:CN|2018")
    assert (figure["explained"], figure["number"]) == (True, 4)


async def test_the_log_being_away_is_unavailable(stats: Client) -> None:
    settings = stats.service.settings.model_copy(update={"kafka_bootstrap_servers": "127.0.0.1:1"})
    async for cut_off in _serve(settings, stats.database):
        answer = await cut_off.get("/explanations", key="dispatches|nation:CN|2018")
        assert (answer.status, answer.code) == (503, "UNAVAILABLE")


async def test_only_the_logs_that_hold_a_figures_events_are_read(stats: Client) -> None:
    for key, topics in (
        ("dispatches|nation:CN|2018", {DOCKING}),
        ("income|nation:CN|2018", {RIGHTS}),
        ("registrations|nation:CN|2018", {REGISTRATION}),
    ):
        async with stats.database.transaction(cause()) as tx:
            asked = await explain.ask(stats.service.settings, tx, partial(figure_keys.parse, key=key))
        assert {partition.topic for partition in asked.counted.upto} <= topics


async def test_the_page_is_there_before_the_log_is_read(stats: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "QUICK_SECONDS", 0.0)
    async with console_before(stats=stats) as started:
        page = await BoardPages(started).get("/board/why?key=dispatches%7Cnation%3ACN%7C2018", Role.AUDITOR)
        assert page.status == 200
        assert page.words.index("The log is being read") < page.words.index("which is what is shown.")
        assert page.text.rstrip().endswith("</html>")
        assert "dispatches|" not in page.words, "by its name"
        refused = await BoardPages(started).get("/board/why?key=dispatches%7Cnowhere", Role.AUDITOR)
        assert refused.status == 200, "what was begun cannot be taken back"
        assert 'class="problem"' in refused.text
        assert refused.text.rstrip().endswith("</html>")

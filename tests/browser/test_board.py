"""The board in a real browser: what is published is seen within a second, and led down to the events."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from console.local import stack
from shared import db
from shared.db import Cause, Database
from shared.delivery import outbox
from shared.events import FigurePublished
from shared.principals import Role, system
from shared.values import Clock
from tests.bench.figures import percentile
from tests.browser.visiting import NARROW, Visit, visit
from tests.support.journey import RunningStack
from tests.support.wait import until

EVENTS = 150
MOST_SECONDS = 1.0
SMALLEST_LETTERS = 10.0  # pixels
EVERY_SECONDS = 0.05
# In the page: when each event's line came into the document, by the number of the event.
SEEN = """() => {
  window.seen = {};
  new MutationObserver((changes) => {
    for (const change of changes) for (const one of change.addedNodes) {
      const value = one.textContent.replaceAll(/[^0-9]/g, " ").trim().split(/ +/).pop();
      if (one.dataset?.number) window.seen[value] ??= Date.now() / 1000;
    }
  }).observe(document.querySelector("[data-ticker]"), { childList: true });
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def stats(running: RunningStack) -> AsyncIterator[Database]:
    """The database of stats: what is written to its outbox is published."""
    database = await db.open_database("stats", running.databases["stats"], size=2)
    yield database
    await db.close_database(database)


async def publish(stats: Database, number: int) -> float:
    """A figure with `number` for its value. Returns when it was committed, in seconds since 1970."""
    figure = FigurePublished(
        key=f"dispatches|nation:CN|{number}",
        effective=date(2018, 5, 1),
        measure="dispatches",
        cut="nation:CN",
        period="2018",
        value=100_000 + number,
        share=None,
        status=None,
        gap_heads=None,
        label="preliminary",
        complete_through=None,
        lag_seconds=0,
        parked=0,
        definition="of the test",
    )
    async with stats.transaction(Cause(principal=system("stats"), clock=Clock())) as tx:
        outbox.publish(tx, figure)
    return datetime.now(UTC).timestamp()


async def live(looking: Visit) -> None:
    await looking.go("/board")
    await expect(looking.page.locator("[data-live]")).to_have_class("tag good")
    await looking.page.evaluate(SEEN)


async def test_what_is_published_is_seen_within_a_second(browser: Browser, console: str, stats: Database) -> None:
    async with visit(browser, console, Role.OPERATOR) as looking:
        await live(looking)
        published = {}
        for number in range(EVENTS):
            published[f"{number:03d}"] = await publish(stats, number)
            await asyncio.sleep(EVERY_SECONDS)

        async def everything_seen() -> bool:
            return bool(await looking.page.evaluate("Object.keys(window.seen).length") >= EVENTS)

        await until(everything_seen, seconds=20, what="every event in the page")
        seen: dict[str, float] = await looking.page.evaluate("window.seen")
        delays = sorted(seen[number] - at for number, at in published.items())
        slow = percentile(delays, 0.99)
        print(f"seen after {percentile(delays, 0.5) * 1000:.0f} ms (median), {slow * 1000:.0f} ms (p99) of {EVENTS} events")  # noqa: T201
        assert slow < MOST_SECONDS


async def test_the_parts_that_change_are_read_again_and_nothing_else(browser: Browser, console: str, stats: Database) -> None:
    async with visit(browser, console, Role.AUDITOR) as looking:
        await live(looking)
        await publish(stats, 999)
        await expect(looking.page.locator('[data-part="months"][data-read]')).to_be_visible(timeout=15_000)
        await expect(looking.page.locator('[data-part="quotas"][data-read]')).to_have_count(0)


async def test_a_stream_that_was_cut_off_goes_on_by_itself(running: RunningStack, browser: Browser, console: str, stats: Database) -> None:
    async with visit(browser, console, Role.OFFICER) as looking:
        await live(looking)
        os.kill(stack.pids(running.home)["stats"], signal.SIGKILL)
        await expect(looking.page.locator("[data-live]")).to_have_class("tag late", timeout=10_000)
        await publish(stats, 777)
        await expect(looking.page.locator("[data-ticker]")).to_contain_text("100,777", timeout=60_000)
        await expect(looking.page.locator("[data-live]")).to_have_class("tag good")
        looking.troubles.clear()  # parts that were asked for meanwhile


async def test_the_day_is_chosen_with_the_keyboard(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.AUDITOR) as looking:
        await looking.go("/board?year=2018")
        slider = looking.page.locator("#step")
        await slider.focus()
        await slider.press("Home")
        await looking.page.wait_for_url("**step=0**")
        await expect(looking.page.locator(".warn").first).to_contain_text("2018")


@pytest.mark.parametrize("path", ["/board", "/board/province/370000", "/board/scenario"])
@pytest.mark.parametrize("language", ["zh", "en"])
async def test_nothing_on_the_board_is_a_serious_barrier(browser: Browser, console: str, path: str, language: str) -> None:
    async with visit(browser, console, Role.OFFICER, language) as looking:
        await looking.go(path)
        assert await looking.serious_barriers() == []


@pytest.mark.parametrize(
    "path", ["/public/zh/", "/public/en/enterprises", "/public/ja/method", "/public/en/certificate?serial=TC123456789012"]
)
async def test_nothing_on_a_public_page_is_a_serious_barrier(browser: Browser, console: str, path: str) -> None:
    async with visit(browser, console, None) as looking:
        await looking.go(path)
        assert await looking.serious_barriers() == []
        assert await looking.page.context.cookies() == []


@pytest.mark.parametrize("path", ["/board", "/board/scenario"])
async def test_a_narrow_window_scrolls_in_one_direction_only(browser: Browser, console: str, path: str) -> None:
    async with visit(browser, console, Role.OFFICER, narrow=True) as looking:
        await looking.go(path)
        width = await looking.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], json.dumps({"width": width})


@pytest.mark.usefixtures("populated")
@pytest.mark.parametrize("narrow", [False, True])
async def test_bars_are_as_long_as_their_figures_and_letters_large_enough_to_read(browser: Browser, console: str, narrow: bool) -> None:
    async with visit(browser, console, Role.OFFICER, narrow=narrow) as looking:
        await looking.go("/board")
        assert await looking.page.locator("svg.chart rect").count() > 10
        assert await looking.bent_bars() == []
        assert await looking.smallest_letters() >= SMALLEST_LETTERS

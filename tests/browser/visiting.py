"""Somebody at the console: logged in under a role, reading pages, filling in forms as a person does."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode, urlsplit

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from shared.principals import Role

# The first of them that is there. One without windows takes half the time of one that draws them for nobody.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)
LOCALES = {"zh": "zh-CN", "en": "en-GB", "ja": "ja-JP"}
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
TALLEST = 5000  # pixels of a page at NARROW: six windows
SERIOUS = frozenset({"serious", "critical"})
expect.set_options(timeout=20_000)  # milliseconds: on a machine with much else to do


@asynccontextmanager
async def open_browser(*flags: str) -> AsyncIterator[Browser]:
    """Needs CHROMIUM."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield browser
        await browser.close()


@dataclass(slots=True, kw_only=True)
class Visit:
    """One person's browser window. `troubles`: what went wrong in the page unseen, such as an error of a script."""

    page: Page
    address: str
    language: str
    troubles: list[str] = field(default_factory=list)

    async def go(self, path: str) -> None:
        answer = await self.page.goto(self.address + path)
        assert answer is not None
        assert answer.status == 200, f"{path}: {answer.status}"

    async def on_day(self, day: date) -> None:
        """From now on it is that day, in a simulation."""
        await self.go("/?" + urlencode({"simulated_day": day.isoformat()}))

    async def fill(self, **values: str) -> None:
        """Fields by name, `__` for a dot: what people type, tick or choose."""
        for name, value in values.items():
            await self._fill_one(name.replace("__", "."), value)

    async def _fill_one(self, name: str, value: str) -> None:
        control = self.page.locator(f'main [name="{name}"]:not([type=hidden])').first
        kind = await control.get_attribute("type")
        if kind in {"checkbox", "radio"}:
            await self.page.locator(f'main [name="{name}"][value="{value}"]').check()
        elif await control.evaluate("one => one.tagName") == "SELECT":
            await control.select_option(value)
        elif await control.get_attribute("data-choice"):
            await control.press_sequentially(value)
            await expect(control).to_have_value(value)  # the last letter may come after its key
            await self.page.locator(f'.suggestions[data-wanted="{value}"] li').first.click()  # not of a part of it
        else:
            await control.fill(value)
            await control.blur()

    async def follow(self, name: str | re.Pattern[str]) -> None:
        """Click the link or button of that name in the content."""
        found = self.page.locator("main").get_by_role("link", name=name).or_(self.page.locator("main").get_by_role("button", name=name))
        await found.first.click()

    async def send(self) -> None:
        """Press the form's main button, and wait until the page says that it is done."""
        await self.page.locator("main button.main").first.click()
        await expect(self.page.locator(".done")).to_be_visible()

    async def send_refused(self) -> str:
        """Press the form's main button, and wait for the refusal. Returns it."""
        await self.page.locator("main button.main").first.click()
        refusal = self.page.locator(".problem")
        await expect(refusal).to_be_visible()
        return await refusal.inner_text()

    async def command(self, operation: str) -> None:
        """Follow the first button of that command on the page."""
        link = self.page.locator(f'main a[href*="/{operation}?"], main a[href$="/{operation}"]').first
        shown = await self.page.locator("main").inner_text()
        await expect(link, f"no {operation} on {self.path}:\n{shown}").to_be_visible()
        await link.click()
        await expect(self.page.locator("form.command")).to_be_visible()

    async def row(self, country: str) -> None:
        """Follow the first row of the list that is for that country."""
        row = self.page.locator("main tbody tr").filter(has=self.page.locator(f'[title="{country}"]')).first
        await row.locator("a").first.click()
        await expect(self.page.locator("dl.facts").first).to_be_visible()

    async def placement(self) -> None:
        """The page of the first placement that the visitor has."""
        await self.go("/placements")
        await self.page.locator("main tbody tr a").first.click()
        await expect(self.page.locator("dl.facts").first).to_be_visible()

    @property
    def path(self) -> str:
        """Of the page, without what was asked or done."""
        return urlsplit(self.page.url).path

    async def bent_bars(self) -> list[str]:
        """Bars of charts that a style has made wider or higher than their figures."""
        return list(
            await self.page.locator("svg.chart rect[width]").evaluate_all(
                "bars => bars.filter(one => ['width', 'height'].some("
                "side => Math.abs(one[side].baseVal.value - one.getBBox()[side]) > 0.1)).map(one => one.outerHTML.slice(0, 120))"
            )
        )

    async def smallest_letters(self) -> float:
        """Of the charts, in pixels of the window."""
        sizes = await self.page.locator("svg.chart text").evaluate_all(
            "texts => texts.map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"
        )
        return float(min(sizes))

    async def cut_lists(self) -> list[str]:
        """The frames of lists whose contents are wider than they are, by name."""
        return list(
            await self.page.locator(".scroll").evaluate_all(
                "frames => frames.filter(one => !one.closest('.figure') && one.scrollWidth > one.clientWidth)"
                ".map(one => `${one.getAttribute('aria-label')}: ${one.scrollWidth} in ${one.clientWidth}`)"
            )
        )

    async def height_with(self, rows: int) -> float:
        """Of the page, if its list were as many rows of the average height of those it has."""
        return float(
            await self.page.evaluate(
                """wanted => {
                    const rows = [...document.querySelectorAll("main > .scroll > table > tbody > tr")];
                    const all = rows.reduce((sum, row) => sum + row.getBoundingClientRect().height, 0);
                    const missing = rows.length ? wanted - rows.length : 0;
                    return document.documentElement.scrollHeight + (missing > 0 ? missing * all / rows.length : 0);
                }""",
                rows,
            )
        )

    async def serious_barriers(self) -> list[str]:
        """What axe-core finds serious or critical, one line each."""
        results = await Axe().run(self.page, options={"resultTypes": ["violations"]})
        return [
            f"{found['id']}: {node['html'][:200]}"
            for found in results.response["violations"]
            if found["impact"] in SERIOUS
            for node in found["nodes"][:5]
        ]


@asynccontextmanager
async def visit(
    browser: Browser,
    address: str,
    role: Role | None,
    language: str = "en",
    *,
    fields: Mapping[str, str] | None = None,
    narrow: bool = False,
) -> AsyncIterator[Visit]:
    """A window of its own, logged in by the local stack's page; None: not logged in. `fields`: region or party (its name), where not all.

    Raises AssertionError on leaving when a script failed or a request was answered 500.
    """
    context = await browser.new_context(locale=LOCALES[language], viewport=NARROW if narrow else WIDE)
    page = await context.new_page()
    visiting = Visit(page=page, address=address, language=language)
    page.on("pageerror", lambda error: visiting.troubles.append(f"script: {error}"))
    page.on("response", lambda answer: visiting.troubles.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None)
    if role is not None:
        await _log_in(visiting, role, fields or {})
    yield visiting
    await context.close()
    assert not visiting.troubles


async def _log_in(visiting: Visit, role: Role, fields: Mapping[str, str]) -> None:
    page = visiting.page
    await page.goto(visiting.address + "/login?" + urlencode({"role": role.value}))
    if "party" in fields:
        await page.locator("[name=party]").select_option(label=fields["party"])
    if "region" in fields:
        await page.locator("[name=region]").fill(fields["region"])
    await page.locator("form.command button.main").first.click()
    await expect(page.locator(".logout")).to_be_visible()

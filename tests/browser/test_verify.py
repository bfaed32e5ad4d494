"""`/verify` in a real browser: a certificate checked on the device, with services that answer, and with nothing that does."""

from __future__ import annotations

import json
import secrets
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from console.web.app import create_app
from console.web.settings import ConsoleSettings
from services.docking.settings import policy
from shared.signing import sign, signing_key
from shared.values import Clock
from shared.web.auth import new_key
from tests.browser.visiting import NARROW, WIDE, Visit
from tests.support.docking import Dock
from tests.support.http import environment, listening, serving
from tests.support.training import School

LOCALES = {"zh": "zh-CN", "en": "en-GB", "ja": "ja-JP"}


@dataclass
class Border:
    """Docking and training with a console before them; `close` ends all three, as a lost network does."""

    address: str
    dock: Dock
    school: School
    running: AsyncExitStack
    requests: list[str] = field(default_factory=list)

    async def close(self) -> None:
        await self.running.aclose()


@pytest.fixture
async def border(make_database: Any) -> AsyncIterator[Border]:
    """Today is today, for services and browser alike."""
    async with AsyncExitStack() as running:
        docking = await running.enter_async_context(serving("docking", await make_database("docking")))
        training = await running.enter_async_context(serving("training", await make_database("training")))
        settings = ConsoleSettings(
            console_port=1,
            service_urls={"docking": docking.base, "training": training.base},
            auth_jwks=environment() / "jwks.json",
            session_key=urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            https=False,
        )
        app = create_app(settings)
        await running.enter_async_context(app.router.lifespan_context(app))
        address = await running.enter_async_context(listening(app))
        today = Clock().today()
        yield Border(address, Dock(docking, today), School(training, today), running)


@asynccontextmanager
async def officer(browser: Browser, border: Border, language: str = "en", *, narrow: bool = False) -> AsyncIterator[Page]:
    """Somebody who opens the page, logged in nowhere. Raises AssertionError on leaving when a script failed."""
    context = await browser.new_context(
        locale=LOCALES[language], timezone_id="Asia/Shanghai", viewport=NARROW if narrow else WIDE, base_url=border.address
    )
    page = await context.new_page()
    failed = list[str]()
    page.on("pageerror", lambda error: failed.append(str(error)))
    page.on("request", lambda request: border.requests.append(f"{request.url} {request.post_data or ''}"))
    answer = await page.goto("/verify")
    assert answer is not None
    assert answer.status == 200
    yield page
    await context.close()
    assert not failed


async def typed(page: Page, token: str, day: str | None = None) -> str:
    """The verdict about a token that is typed in."""
    await page.locator("#token").fill(token)
    if day:
        await page.locator("#day").fill(day)
    await page.locator("button.main").click()
    return await verdict(page)


async def verdict(page: Page) -> str:
    shown = page.locator("[data-verdict]:visible")
    await expect(shown).to_have_count(1)
    return str(await shown.get_attribute("data-verdict"))


async def facts(page: Page) -> str:
    return await page.locator("#facts").inner_text()


def signed(kind: str = "clearance+jws", key: Any = None, **document: Any) -> str:
    return sign(key or signing_key(policy().docking_signing_key), kind, json.dumps(document).encode())


def grouped(token: str) -> str:
    return " ".join(token[start : start + 8] for start in range(0, len(token), 8))


async def test_a_clearance_is_valid_by_its_characters_and_by_its_paper_in_three_languages(browser: Browser, border: Border) -> None:
    cleared = await border.dock.cleared()
    paper = (await border.dock.get(f"/placements/{cleared['placement']}/clearance.pdf")).body
    for language, country, title in (("zh", "日本 (JPN)", "有效"), ("en", "Japan (JPN)", "Valid"), ("ja", "日本 (JPN)", "有効")):
        async with officer(browser, border, language) as page:
            assert await typed(page, grouped(cleared["clearance"])) == "valid"
            shown = await facts(page)
            assert [one for one in (country, cleared["placement"], cleared["worker"]) if one not in shown] == []
            assert await page.locator("[data-verdict]:visible h2").inner_text() == title
            await page.reload()
            await page.locator("#file").set_input_files({"name": "c.pdf", "mimeType": "application/pdf", "buffer": paper})
            assert await verdict(page) == "valid"
            assert "\n" not in await page.locator("#token").input_value()


async def test_a_training_certificate_is_valid_until_it_is_revoked(browser: Browser, border: Border) -> None:
    school = border.school
    await school.centre(valid_to="2099-12-31")
    school.today -= timedelta(days=20)
    _, serial = await school.certified()
    school.today = Clock().today()
    stated = (await school.get(f"/public/certificates/{serial}")).body["statement"]
    async with officer(browser, border) as page:
        assert await typed(page, stated) == "valid"
        assert serial in await facts(page)
        assert (await school.post(f"/certificates/{serial}/revocation", {"reason": "fraud"})).status == 200
        assert await typed(page, stated) == "withdrawn"


async def test_what_is_forged_over_early_withdrawn_or_nothing_is_told_apart(browser: Browser, border: Border) -> None:
    cleared = await border.dock.cleared()
    token, today = cleared["clearance"], border.dock.today
    document = {"placement": cleared["placement"], "worker": cleared["worker"], "destination": "JPN"}
    head, body, signature = token.split(".")
    other = signed(key=new_key(), **document, granted_on="2019-01-01", valid_to="2099-01-01")
    async with officer(browser, border) as page:
        assert await typed(page, f"{head}.{body[:-4]}AAAA.{signature}") in ("forged", "unreadable")
        assert await typed(page, other) == "forged"
        assert await typed(page, signed("receipt+jws", **document)) == "forged"
        assert await typed(page, signed(**document, granted_on="2018-01-01", valid_to="2018-03-01")) == "expired"
        assert await typed(page, token, (today - timedelta(days=1)).isoformat()) == "early"
        assert await typed(page, token, (today + timedelta(days=400)).isoformat()) == "expired"
        for nothing in ("x", "a.b.c", "é" * 3000, "<img src=x onerror=alert(1)>"):
            assert await typed(page, nothing, today.isoformat()) == "unreadable"
        none = json.dumps({"alg": "none", "typ": "clearance+jws"}).encode()
        assert await typed(page, f"{urlsafe_b64encode(none).decode().rstrip('=')}.{body}.{signature}") == "forged"
        assert (await border.dock.post(f"/placements/{cleared['placement']}/cancellation", {"reason": "worker"})).status == 200
        assert await typed(page, token) == "withdrawn"


async def test_after_the_first_visit_it_works_with_no_network_in_every_language(browser: Browser, border: Border) -> None:
    token = (await border.dock.cleared())["clearance"]
    head, body, signature = token.split(".")
    async with officer(browser, border) as page:
        await expect(page.locator("#kept")).to_be_visible()
        await border.close()
        for language, title in (("zh", "核验纸质证书"), ("ja", "書面の証明書の確認"), ("en", "Check a certificate on paper")):
            await page.goto(f"/verify?language={language}")
            assert await page.locator("h1").inner_text() == title
            assert await typed(page, token) == "valid-offline"
            assert await typed(page, f"{head}.{body}.{signature[:-6]}AAAAAA") == "forged"


async def test_the_certificate_leaves_the_device_in_no_request(browser: Browser, border: Border) -> None:
    token = (await border.dock.cleared())["clearance"]
    async with officer(browser, border) as page:
        await typed(page, token)
    assert any("/verify/clearances/" in request for request in border.requests)
    assert not [request for request in border.requests if token[-40:] in request or token[:60] in request]


async def test_what_a_signed_text_holds_is_shown_as_text(browser: Browser, border: Border) -> None:
    async with officer(browser, border) as page:
        hostile = "<img src=x onerror=document.title='broken'>"
        token = signed(placement=hostile, worker="w", destination=hostile, granted_on="2018-01-01", valid_to="2099-01-01")
        assert await typed(page, token) in ("valid-offline", "withdrawn")
        assert hostile in await facts(page)
        assert await page.title() != "broken"


@pytest.mark.parametrize("narrow", [False, True])
async def test_the_page_has_no_serious_barrier_and_goes_by_keyboard(browser: Browser, border: Border, narrow: bool) -> None:
    token = (await border.dock.cleared())["clearance"]
    async with officer(browser, border, narrow=narrow) as page:
        await page.locator("#token").focus()
        await page.keyboard.insert_text(token)
        for _ in range(10):
            await page.keyboard.press("Tab")
            if await page.locator("button.main").evaluate("one => one === document.activeElement"):
                break
        await page.keyboard.press("Enter")
        assert await verdict(page) == "valid"
        assert await page.locator("#result").evaluate("one => one === document.activeElement"), "what is read out next"
        assert await Visit(page=page, address=border.address, language="en").serious_barriers() == []
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await page.locator("main").evaluate("one => one.clientWidth > innerWidth / 2"), "there is no menu: the page has the room"

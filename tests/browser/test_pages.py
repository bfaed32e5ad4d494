"""What holds of the console's pages whoever looks: sessions, other sites, hostile texts, names to choose from."""

from __future__ import annotations

import asyncio
import re

import aiohttp
import pytest
from playwright.async_api import Browser, Request, Route, ViewportSize, expect

from shared.principals import Role
from tests.browser.visiting import NARROW, visit
from tests.support.journey import RunningStack
from tests.support.wait import until

REGISTER = "/do/registration/register_worker?back=/workers"


async def test_a_page_without_a_session_leads_to_the_login_and_back(browser: Browser, console: str) -> None:
    async with visit(browser, console, None) as anybody:
        await anybody.page.goto(console + "/workers")
        assert anybody.page.url == console + "/login?next=%2Fworkers"
        await anybody.page.get_by_role("link", name="County clerk").or_(anybody.page.get_by_role("link", name="clerk")).first.click()
        await anybody.page.locator("button.main").first.click()
        await expect(anybody.page).to_have_url(console + "/workers")


async def test_on_a_narrow_page_the_menu_is_folded_and_the_head_takes_two_lines(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK, "zh", narrow=True) as clerk:
        menu, head = clerk.page.locator(".menu nav"), await clerk.page.locator("header.top").bounding_box()
        assert head is not None
        assert head["height"] < 90
        label = clerk.page.locator(".simulated label")
        assert await label.evaluate("one => [getComputedStyle(one).clipPath, getComputedStyle(one).position]") == ["none", "static"]
        await expect(menu).to_be_hidden()
        await clerk.page.locator(".menu summary").click()
        await expect(menu).to_be_visible()


async def test_on_a_wide_page_the_menu_shows_where_one_is(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.OFFICER) as officer:
        await officer.go("/restatements")
        await expect(officer.page.locator(".menu [aria-current]")).to_be_in_viewport(ratio=1)
        assert await officer.page.evaluate("scrollY") == 0


async def test_counts_that_could_not_be_loaded_say_so_and_are_loaded_again(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.OFFICER) as officer:
        counts = ("**/waiting", "**/inbox/unread")
        for one in counts:
            await officer.page.route(one, lambda route: route.abort())
        await officer.go("/")
        waiting, inbox = officer.page.locator("[data-waiting]"), officer.page.locator("[data-unread]")
        await expect(waiting).to_contain_text("What waits for you could not be loaded.")
        await expect(inbox).to_have_text("Inbox (unread not counted)")
        for one in counts:
            await officer.page.unroute(one)
        await officer.page.locator("[data-load-again]").click()
        await expect(waiting).not_to_contain_text("could not be loaded")
        await expect(waiting).to_contain_text("for you")  # what waits, or that nothing does
        again = officer.page.locator("[data-count-again]")
        await again.click()
        await expect(again).to_be_hidden()
        await expect(inbox).not_to_contain_text("not counted")


@pytest.mark.usefixtures("populated")
async def test_a_list_of_cards_is_filtered_and_sorted_by_the_keyboard_alone(browser: Browser, console: str) -> None:
    """At 390 pixels, and at 1440 with letters of twice the size, which leave 720."""
    async with visit(browser, console, Role.CLERK, "zh", narrow=True) as clerk:
        page = clerk.page
        for width in (NARROW["width"], 720):
            await page.set_viewport_size(ViewportSize(width=width, height=800))
            await clerk.go("/workers")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
            assert await clerk.cut_lists() == []
            heading = page.locator("main thead a").first
            await heading.focus()
            assert await page.locator("main thead").evaluate("one => getComputedStyle(one).clipPath") == "none"
            await page.keyboard.press("Enter")
            await page.wait_for_url(re.compile("[?&]sort="))
        await page.set_viewport_size(NARROW)
        await clerk.go("/workers?county=621121")
        summary, form = page.locator(".fold summary"), page.locator("form.filters")
        await expect(summary).to_contain_text("通渭县")
        await expect(form).to_be_hidden()
        await summary.focus()
        await page.keyboard.press("Enter")
        await expect(form).to_be_visible()


async def test_what_the_service_would_refuse_is_said_at_the_field_when_it_is_left(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go(REGISTER)
        await clerk.fill(
            name="王小红", birth_date="1995-03-04", sex="female", education="3", county="tongwei", occupations="welders and fl"
        )
        await clerk.fill(id_number="62112119950304001X")
        wrong = clerk.page.locator('[data-field="id_number"] .error')
        await expect(wrong).to_be_visible()
        await expect(clerk.page.locator('[name="id_number"]')).to_have_attribute("aria-invalid", "true")
        await expect(clerk.page.locator('[data-field="name"] .error')).to_have_count(0)


async def test_the_answer_to_a_check_that_a_later_one_has_overtaken_says_nothing(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go(REGISTER)
        overtaken = asyncio.Event()
        checks: list[Request] = []

        async def hold_the_first(route: Route) -> None:
            checks.append(route.request)
            if len(checks) == 1:
                await overtaken.wait()
            await route.continue_()

        await clerk.page.route("**/do/registration/register_worker**", hold_the_first)
        await clerk.fill(name="王小红")
        await clerk.fill(phone="no number")
        wrong = clerk.page.locator('[data-field="phone"] .error')
        await expect(wrong).to_be_visible()
        overtaken.set()
        await until(lambda: checks[0].failure is not None, 20, "the page no longer waits for the first")
        await expect(wrong).to_be_visible()


async def test_a_field_that_nobody_has_come_to_yet_is_not_wrong(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go(REGISTER)
        await clerk.fill(phone="no number")
        await expect(clerk.page.locator('[data-field="phone"] .error')).to_be_visible()
        await expect(clerk.page.locator('[data-field="name"] .error')).to_have_count(0)


async def test_a_refused_form_keeps_everything_that_was_typed(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go(REGISTER)
        await clerk.fill(name="王小红", birth_date="2020-03-04", county="tongwei", sex="female")
        await clerk.send_refused()
        assert await clerk.page.locator('[name="name"]').input_value() == "王小红"
        assert (
            "621121" in await clerk.page.locator('[name="county"]').input_value()
            or await clerk.page.locator('[name="county"]').input_value()
        )
        assert await clerk.page.locator('[name="sex"]').input_value() == "female"


async def test_a_lost_connection_loses_no_typed_form(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go(REGISTER)
        await clerk.fill(name="王小红")
        await clerk.page.context.set_offline(True)
        await clerk.page.locator("main button.main").click()
        await expect(clerk.page.locator("#connection")).to_be_visible()
        assert await clerk.page.locator('[name="name"]').input_value() == "王小红"
        await clerk.page.context.set_offline(False)
        await clerk.send_refused()
        await expect(clerk.page.locator("#connection")).to_be_hidden()


async def test_a_double_click_and_a_repeated_form_are_one_command(browser: Browser, console: str) -> None:
    """By the form's own key, also where the script that guards the button does not run."""
    async with visit(browser, console, Role.CLERK) as clerk:
        await clerk.go(REGISTER)
        await clerk.fill(
            name="赵重复", birth_date="1991-02-03", county="tongwei", sex="male", education="3", occupations="welders and flame"
        )
        form = await clerk.page.locator("form.command").evaluate("form => [...new FormData(form)]")
        answers = [
            await clerk.page.evaluate(
                "([address, fields]) => fetch(address, {method: 'POST', body: new URLSearchParams(fields), headers: {'X-Form': '1'}})"
                ".then(answer => answer.headers.get('x-location'))",
                [console + REGISTER, form],
            )
            for _ in range(2)
        ]
    assert answers[0] == answers[1]
    assert answers[0].startswith("/workers/")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
async def test_another_sites_page_changes_nothing(console: str, origin: str | None) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        await _log_in(http, console)
        headers = {} if origin is None else {"origin": origin}
        async with http.post(console + REGISTER, data={"name": "x"}, headers=headers) as answer:
            assert answer.status == 403


async def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(console: str) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        cookie = await _log_in(http, console)
    assert "httponly" in cookie.lower()
    assert "samesite=lax" in cookie.lower()


async def test_a_page_can_neither_be_framed_nor_run_a_script_of_its_own(console: str) -> None:
    async with aiohttp.ClientSession() as http, http.get(console + "/login") as answer:
        policy = answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-frame-options"] == "DENY"
        assert "<script>" not in await answer.text()


async def test_a_forged_session_is_none(console: str, running: RunningStack) -> None:
    async with aiohttp.ClientSession() as http:
        for forged in ("", "x", "gAAAAA" + "x" * 200, running.token(Role.OFFICER)):
            async with http.get(console + "/workers", headers={"cookie": f"laowu={forged}"}, allow_redirects=False) as answer:
                assert answer.status == 303


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)"])
async def test_after_logging_in_nobody_is_sent_to_another_site(console: str, target: str) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        data = {"role": "clerk", "next": target}
        async with http.post(console + "/login", data=data, headers={"origin": console}, allow_redirects=False) as answer:
            assert answer.headers["location"] == "/"


async def test_a_script_in_a_name_is_a_name(browser: Browser, console: str) -> None:
    hostile = "<img src=x onerror=alert(1)>'\"{{7*7}}"
    async with visit(browser, console, Role.OFFICER) as officer:
        await officer.go("/do/docking/qualify_enterprise?back=/")
        await officer.fill(name=hostile, licence_no="LW370120190001", valid_to="2024-01-01")
        await officer.page.locator('[name="licence_no"]').fill("not one" + hostile)
        await officer.send_refused()
        assert await officer.page.locator('[name="name"]').input_value() == hostile
        assert await officer.page.locator("main img").count() == 0


async def test_counties_are_found_by_name_pinyin_initials_and_code(browser: Browser, console: str) -> None:
    async with visit(browser, console, Role.CLERK, "zh") as clerk:
        await clerk.go(REGISTER)
        for typed in ("通渭", "tongwei", "twx", "621121"):
            county = clerk.page.locator('[name="county"]')
            await county.fill("")
            await county.press_sequentially(typed)
            await expect(clerk.page.locator(".suggestions li").first).to_contain_text("通渭县")


async def _log_in(http: aiohttp.ClientSession, console: str) -> str:
    """Returns the session cookie as it was set."""
    async with http.post(console + "/login", data={"role": "clerk"}, headers={"origin": console}, allow_redirects=False) as answer:
        assert answer.status == 303
        return answer.headers["set-cookie"]

"""The pages of a service's documents in a real browser that reaches nothing but the service."""

from __future__ import annotations

from playwright.async_api import Browser, Route, expect

from shared.principals import NATION, Principal, Role
from shared.web.auth import issue
from tests.conftest import MakeDatabase
from tests.support.http import SIGNING_KEY, serving


async def test_an_operation_is_tried_with_a_pasted_token_and_nobody_else_is_asked(browser: Browser, make_database: MakeDatabase) -> None:
    token = issue(SIGNING_KEY, Principal("tester", Role.OFFICER, (NATION,)))
    async with serving("docking", await make_database("docking")) as docking:
        page = await browser.new_page()
        foreign, complaints = [], []

        async def only_the_service(route: Route) -> None:
            if route.request.url.startswith((docking.base, "data:", "blob:")):
                await route.continue_()
            else:
                foreign.append(route.request.url)
                await route.abort()

        await page.route("**/*", only_the_service)
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        await page.goto(f"{docking.base}/docs")
        await page.get_by_role("button", name="Authorize").click()
        await page.get_by_label("Value").fill(token)
        await page.get_by_role("button", name="Apply credentials").click()
        await page.get_by_role("button", name="Close", exact=True).click()
        operation = page.locator("#operations-enterprises-list_enterprises")
        await page.get_by_role("button", name="Expand operation").first.wait_for()
        await page.locator("#operations-tag-enterprises").click()
        await operation.locator(".opblock-summary-control").click()
        await operation.get_by_role("button", name="Try it out").click()
        await operation.get_by_role("button", name="Execute").click()
        await expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
        assert foreign == []
        assert complaints == []
        await page.close()


async def test_the_link_of_an_event_opens_its_description(browser: Browser, make_database: MakeDatabase) -> None:
    async with serving("docking", await make_database("docking")) as docking:
        page = await browser.new_page()
        await page.goto(f"{docking.base}/asyncapi#docking.Dispatched.v1")
        await expect(page.locator('[id="docking.Dispatched.v1"]')).to_be_visible()
        await page.close()

"""Every page of every role: it is there, a screen reader finds its way, and it fits a telephone."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser

from console.web.logging_in import LOCAL_ROLES
from shared.principals import Role
from tests.browser.visiting import NARROW, visit
from tests.browser.walking import walk


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("populated")
@pytest.mark.parametrize("role", LOCAL_ROLES)
async def test_every_page_of_a_role_is_there_without_barriers_and_fits_a_telephone(browser: Browser, console: str, role: Role) -> None:
    """What the service would refuse to the role is no link of its pages."""
    barriers: dict[str, list[str]] = {}
    too_wide: list[str] = []
    async with visit(browser, console, role, "zh") as visiting:
        async for path in walk(visiting):
            if found := await visiting.serious_barriers():
                barriers[path] = found
            await visiting.page.set_viewport_size(NARROW)
            if await visiting.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
                too_wide.append(path)
    assert not barriers
    assert not too_wide

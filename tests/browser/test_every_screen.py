"""Every page of every role: it is there, a screen reader finds its way, and it fits a telephone; lists fit a wide window, too."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser

from console.web import screens
from console.web.logging_in import LOCAL_ROLES
from console.web.screen import ListScreen
from shared.principals import Role
from tests.browser.visiting import NARROW, TALLEST, WIDE, Visit, visit
from tests.browser.walking import kind_of, walk

HEARD: set[str] = set()  # kinds of pages that a screen reader found its way in: what they are made of is the same for every role
ROWS = {screen.path: screen.rows for screen in screens.SCREENS if isinstance(screen, ListScreen)}


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("populated")
@pytest.mark.parametrize("role", LOCAL_ROLES)
async def test_every_page_of_a_role_is_there_without_barriers_and_fits_a_telephone(browser: Browser, console: str, role: Role) -> None:
    """What the service would refuse to the role is no link of its pages."""
    wrong: defaultdict[str, list[str]] = defaultdict(list)
    async with visit(browser, console, role, "zh") as visiting:
        async for path in walk(visiting):
            await visiting.page.set_viewport_size(NARROW)
            if (kind := kind_of(path)) == "/" or kind not in HEARD:
                HEARD.add(kind)
                wrong[path] += await visiting.serious_barriers()
            wrong[path] += await _on_a_telephone(visiting, path)
            await visiting.page.set_viewport_size(WIDE)
            wrong[path] += [f"cut: {one}" for one in await visiting.cut_lists()]
    assert {path: found for path, found in wrong.items() if found} == {}


async def _on_a_telephone(visiting: Visit, path: str) -> list[str]:
    """What does not fit. A list counts with as many rows as a page of it has."""
    found = []
    if await visiting.page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"):
        found.append("wider than a telephone")
    height = await visiting.height_with(ROWS.get(urlsplit(path).path, 0))
    if height > TALLEST:
        found.append(f"{height:,.0f} px tall")
    return found

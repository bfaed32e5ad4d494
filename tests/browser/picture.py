"""The picture of the board in README.md: `python -m tests.browser.picture ADDRESS` draws docs/board.png anew.

ADDRESS is the console of a local stack that played the demo (`laowu status`).
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import ViewportSize

from shared.principals import Role
from tests.browser.visiting import open_browser, visit

PICTURE = Path(__file__).parents[2] / "docs" / "board.png"


async def draw(address: str) -> None:
    async with open_browser() as browser, visit(browser, address, Role.AUDITOR, "en") as auditor:
        await auditor.page.set_viewport_size(ViewportSize(width=1280, height=900))
        await auditor.go("/board?year=2019")
        await auditor.page.locator(".top").evaluate("bar => bar.remove()")
        await auditor.page.screenshot(path=PICTURE)


if __name__ == "__main__":
    asyncio.run(draw(sys.argv[1]))

"""Pictures of every screen, wide and narrow: `python -m tests.browser.screenshots ADDRESS FOLDER [LANGUAGE [ROLE ...]]`.

ADDRESS is the console of a local stack, such as the demo's (`laowu status`). A ROLE `anybody` has the pages that need no login, in Chinese
and English. Without roles, all of them. A list that is wider than its frame and a page that is too tall are named.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from console.web.logging_in import LOCAL_ROLES
from shared.principals import Role
from tests.browser.visiting import NARROW, TALLEST, WIDE, Visit, open_browser, visit
from tests.browser.walking import kind_of, walk

ANYBODY = "anybody"
PUBLIC_LANGUAGES = ("zh", "en")


def tours(role: str) -> Sequence[tuple[Sequence[str], str | None]]:
    """Where a walk starts, and the folder that it stays in."""
    if role != ANYBODY:
        return [(("/",), None)]
    return [((f"/public/{one}/", f"/verify?language={one}", f"/login?language={one}"), f"/public/{one}/") for one in PUBLIC_LANGUAGES]


async def take(address: str, folder: Path, language: str, roles: Sequence[str]) -> int:
    """How many were taken."""
    taken = 0
    async with open_browser() as browser:
        for role in roles:
            async with visit(browser, address, None if role == ANYBODY else Role(role), language) as visiting:
                for starts, within in tours(role):
                    async for path in walk(visiting, starts=starts, within=within):
                        taken += await picture(visiting, path, folder / role)
    return taken


async def picture(visiting: Visit, path: str, start: Path) -> int:
    """How many were taken. `start`: folder and the beginning of the names."""
    name = kind_of(path).strip("/").replace("/", "-").replace("*", "x") or "home"
    if path.startswith(("/verify", "/login")):  # the same address in every language
        name += f"-{await visiting.page.evaluate('document.documentElement.lang')}"
    remarks = []
    for size in (WIDE, NARROW):
        await visiting.page.set_viewport_size(size)
        await visiting.page.screenshot(path=f"{start}-{name}-{size['width']}.png", full_page=True)
        remarks += [f"cut at {size['width']}: {one}" for one in await visiting.cut_lists()]
    height = await visiting.height_with(0)
    remarks += [f"{height:,.0f} px tall"] if height > TALLEST else []
    print(start.name, path, *remarks, sep="  ")  # noqa: T201
    return 2


if __name__ == "__main__":
    where = Path(sys.argv[2])
    where.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[4:] or [*LOCAL_ROLES, ANYBODY]
    count = asyncio.run(take(sys.argv[1], where, sys.argv[3] if len(sys.argv) > 3 else "zh", wanted))
    print(f"{count} pictures in {where}")  # noqa: T201

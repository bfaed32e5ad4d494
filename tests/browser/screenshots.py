"""Pictures of every screen of every role, wide and narrow: `python -m tests.browser.screenshots ADDRESS FOLDER [LANGUAGE [ROLE ...]]`.

ADDRESS is the console of a local stack, such as the demo's (`laowu status`). With roles named, only theirs.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from console.web.logging_in import LOCAL_ROLES
from shared.principals import Role
from tests.browser.visiting import NARROW, WIDE, open_browser, visit
from tests.browser.walking import kind_of, walk


async def take(address: str, folder: Path, language: str, roles: Sequence[Role]) -> int:
    """How many were taken."""
    taken = 0
    async with open_browser() as browser:
        for role in roles:
            async with visit(browser, address, role, language) as visiting:
                async for path in walk(visiting):
                    name = f"{role}-{kind_of(path).strip('/').replace('/', '-').replace('*', 'x') or 'home'}"
                    for size in (WIDE, NARROW):
                        await visiting.page.set_viewport_size(size)
                        await visiting.page.screenshot(path=folder / f"{name}-{size['width']}.png", full_page=True)
                        taken += 1
                    print(f"{role} {path}")  # noqa: T201
    return taken


if __name__ == "__main__":
    where = Path(sys.argv[2])
    where.mkdir(parents=True, exist_ok=True)
    language = sys.argv[3] if len(sys.argv) > 3 else "zh"
    count = asyncio.run(take(sys.argv[1], where, language, [Role(role) for role in sys.argv[4:]] or LOCAL_ROLES))
    print(f"{count} pictures in {where}")  # noqa: T201

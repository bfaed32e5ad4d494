"""Every page that a role can come to by following links, one of each kind."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from tests.browser.visiting import Visit

IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBERED = re.compile(r"(?<=/)[A-Z]{0,3}[0-9][0-9-]*(?=/|$)")
FILE = re.compile(r"\.(pdf|csv|xlsx)\b|/paper$|[?&]format=")
NO_PAGES = ("/static/", "/login", "/logout", "/papers/", "/docs", "/public/", "/verify")


def kind_of(path: str) -> str:
    """Pages of the same kind differ in ids and numbers only."""
    return NUMBERED.sub("*", IDENTIFIER.sub("*", urlsplit(path).path))


async def walk(visiting: Visit, most: int = 200) -> AsyncIterator[str]:
    """The paths, breadth first, each with the visitor on it. What is no page, such as a PDF, is left out."""
    seen: set[str] = set()
    waiting = ["/"]
    while waiting and len(seen) < most:
        path = waiting.pop(0)
        if (kind := kind_of(path)) in seen:
            continue
        seen.add(kind)
        await visiting.go(path)
        yield path
        links = await visiting.page.locator("a[href^='/']:not([download])").evaluate_all(
            "links => links.map(one => one.getAttribute('href'))"
        )
        waiting += [link for link in links if not (link.startswith(NO_PAGES) or FILE.search(link))]

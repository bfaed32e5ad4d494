"""Every page that a role can come to by following links, one of each kind."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

from tests.browser.visiting import Visit

IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
NUMBERED = re.compile(r"(?<=/)[A-Z]{0,3}[0-9][0-9-]*(?=/|$)")
FILE = re.compile(r"\.(pdf|csv|xlsx)\b|/paper$|[?&]format=")
MEASURE = re.compile(r"(?<=^/public/zh/\*/|^/public/en/\*/)[a-z_]+(?=/)")  # tables of one measure look like those of another
NO_PAGES = ("/static/", "/login", "/logout", "/papers/", "/docs", "/public/", "/verify")


def kind_of(path: str) -> str:
    """Pages of the same kind differ in ids and numbers only."""
    return MEASURE.sub("*", NUMBERED.sub("*", IDENTIFIER.sub("*", urlsplit(path).path)))


async def walk(visiting: Visit, most: int = 200, starts: Sequence[str] = ("/",), within: str | None = None) -> AsyncIterator[str]:
    """The paths, breadth first, each with the visitor on it. What is no page, such as a PDF, is left out.

    `within`: only links into that folder are followed; None: not those to the public's pages, which all roles see alike.
    """
    seen: set[str] = set()
    waiting = list(starts)
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
        pages = [link for link in links if not FILE.search(link)]
        waiting += [link for link in pages if (link.startswith(within) if within else not link.startswith(NO_PAGES))]

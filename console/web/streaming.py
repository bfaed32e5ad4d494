"""Pages of which parts take long to read: the page at once, the parts as they come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from fastapi.responses import StreamingResponse
from markupsafe import Markup

from console.web.backend import ServiceRefused
from console.web.pages import Visitor, environment, refused_text, render

logger = logging.getLogger("laowu.console")
QUICK_SECONDS = 0.5  # until a page is shown without the parts that take longer


@dataclass(frozen=True, slots=True)
class Later:
    """A part of a page: its template, and the values that it is drawn from. Parts may share a task."""

    template: str
    values: Awaitable[Mapping[str, Any]]


async def render_later(who: Visitor, template: str, parts: Mapping[str, Later], /, *, waiting: str = "", **values: Any) -> Response:
    """A page with `{{ later.name }}` where each part stands, in the order of `parts`.

    What is there, or refused, within QUICK_SECONDS is a page like any other. Else the page is shown as far as it is there, ending with the
    sentence `waiting`, and goes on when the next part is there. Raises ServiceRefused.
    """
    reading = {name: asyncio.ensure_future(part.values) for name, part in parts.items()}
    try:
        await asyncio.wait(set(reading.values()), timeout=QUICK_SECONDS)
        drawn = {name: _drawn(who, parts[name], task.result()) for name, task in reading.items() if task.done()}
    except BaseException:
        _cancel(reading)
        raise
    missing = [name for name in parts if name not in drawn]
    page = render(who, template, later={name: drawn.get(name, _mark(name)) for name in parts}, **values)
    if not missing:
        return page

    async def pieces() -> AsyncIterator[bytes]:
        rest = bytes(page.body)
        try:
            for name in missing:
                before, rest = rest.split(_mark(name).encode(), 1)
                yield before + _waiting(waiting)
                yield await _read(who, parts[name], reading[name])
            yield rest
        finally:
            _cancel(reading)

    streamed = StreamingResponse(pieces(), page.status_code)
    streamed.raw_headers = [one for one in page.raw_headers if one[0] != b"content-length"]
    return streamed


def _mark(name: str) -> Markup:
    return Markup("<!--later {}-->").format(name)


def _waiting(sentence: str) -> bytes:
    """Not shown any more when something follows (console.css)."""
    return Markup('<p class="waiting" role="status">{}</p>').format(sentence).encode() if sentence else b""


async def _read(who: Visitor, part: Later, task: asyncio.Future[Mapping[str, Any]]) -> bytes:
    try:
        return _drawn(who, part, await task).encode()
    except ServiceRefused as refused:
        return _problem(refused_text(who.text, refused.answer))
    except Exception:  # a defect: the page is under way and goes on, this part says so at its place
        logger.exception("a part of a page could not be drawn: %s", part.template)
        return _problem(who.text.word("error", "INTERNAL"))


def _problem(sentence: str) -> bytes:
    return Markup('<p class="problem">{}</p>').format(sentence).encode()


def _drawn(who: Visitor, part: Later, values: Mapping[str, Any]) -> Markup:
    return Markup(environment().get_template(part.template).render(t=who.text, **values))  # noqa: S704  # the template escapes


def _cancel(reading: Mapping[str, asyncio.Future[Mapping[str, Any]]]) -> None:
    for task in reading.values():
        if not task.cancel() and not task.cancelled():
            task.exception()  # was refused, too: one refusal is enough

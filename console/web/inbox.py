"""The inbox of a visitor: the notifications of all services in one list, newest first; and how many are unread, in the head of every page.

A cursor is one per service, `docking=123.rights=45`: the last that was shown of each. A service that does not answer is named, and the
others are shown.
"""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import re
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from console.services import SERVICES
from console.web.pages import Visitor
from shared.texts import Texts

PAGE = 30
COUNT_SECONDS = 3.0  # a service that takes longer is left out: every page asks
COUNTED_FOR, MOST_COUNTED = 15.0, 10_000  # seconds that a count is shown for, accounts
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_CURSOR = re.compile(r"([a-z]{1,20})=([0-9]{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """`items`: each with its `service`. `shown`: ids by service. `newest`: of each service, the newest before the cursor.

    `older`: the cursor of the next page; None: there is none.
    """

    items: Sequence[Mapping[str, Any]]
    shown: Mapping[str, Sequence[int]]
    newest: Mapping[str, int]
    older: str | None
    away: Sequence[str]

    @property
    def ids(self) -> Mapping[str, str]:
        """Of the items, by service."""
        return {name: ",".join(map(str, ids)) for name, ids in self.shown.items() if ids}


class Unread(NamedTuple):
    """`whole`: every service has answered; else there may be more."""

    number: int
    whole: bool


def services_named(text: Texts, names: Collection[str]) -> str:
    """In the order of the services; empty for none."""
    return (", " if text.language == "en" else "、").join(text.word("service", one) for one in SERVICES if one in names)


async def read_inbox(who: Visitor, cursor: str, *, unread: bool, kind: str | None) -> InboxPage:
    """The newest PAGE before the cursor; `kind`: of one CloudEvents type."""
    before = dict(_CURSOR.findall(cursor[:500]))
    asked = {"language": who.text.language, "limit": PAGE, "type": kind, **({"unread": "true"} if unread else {})}
    answers = await asyncio.gather(
        *(who.backend.ask("GET", name, "/notifications", {**asked, "after": before.get(name)}) for name in SERVICES)
    )
    pages = {name: answer.body for name, answer in zip(SERVICES, answers, strict=True) if answer.ok}
    listed = ([{**item, "service": name} for item in page["items"]] for name, page in pages.items())
    found = list(heapq.merge(*listed, key=lambda item: str(item["recorded"]), reverse=True))
    items, left = found[:PAGE], found[PAGE:]
    shown = {name: [item["id"] for item in items if item["service"] == name] for name in SERVICES}
    more = bool(left) or any(page["next"] for page in pages.values())
    following = {name: str(ids[-1]) if (ids := shown[name]) else before.get(name) for name in SERVICES}
    return InboxPage(
        items=items,
        shown=shown,
        newest={name: page["items"][0]["id"] for name, page in pages.items() if page["items"]},
        older=".".join(f"{name}={number}" for name, number in following.items() if number) if more else None,
        away=[name for name in SERVICES if name not in pages],
    )


async def mark_read(who: Visitor, marks: Sequence[tuple[str, str]], key: str) -> None:
    """`marks`: service and ids, as the page had them in its form. One that does not answer keeps its own unread."""
    wanted = {name: [int(one) for one in re.findall(r"[0-9]{1,18}", ids)][:200] for name, ids in marks if name in SERVICES}
    await asyncio.gather(
        *(who.backend.command(name, "/notifications/read", {"ids": ids}, f"{key}-{name}") for name, ids in wanted.items() if ids)
    )
    who.request.app.state.unread.pop(_account(who), None)


async def mark_through(who: Visitor, newest: Sequence[tuple[str, str]], kind: str | None, key: str) -> None:
    """Everything up to the `newest` that the page had of each service, of one kind or of all."""
    wanted = {name: int(one) for name, one in newest if name in SERVICES and _NUMBER.fullmatch(one)}
    of_kind = {"type": kind} if kind else {}
    await asyncio.gather(
        *(
            who.backend.command(name, "/notifications/read", {"through": through, **of_kind}, f"{key}-{name}-through")
            for name, through in wanted.items()
            if through
        )
    )
    who.request.app.state.unread.pop(_account(who), None)


async def count_unread(who: Visitor) -> Unread:
    """Of all services that answer; where all did, asked again after COUNTED_FOR."""
    counts: dict[str, tuple[float, int]] = who.request.app.state.unread
    account, now = _account(who), time.monotonic()
    known = counts.get(account)
    if known is not None and known[0] > now:
        return Unread(known[1], whole=True)
    answers = await asyncio.gather(*(who.backend.send("GET", name, "/notifications/unread", seconds=COUNT_SECONDS) for name in SERVICES))
    found = Unread(sum(answer.body["unread"] for answer in answers if answer.ok), all(answer.ok for answer in answers))
    if len(counts) >= MOST_COUNTED:
        counts.clear()
    if found.whole:
        counts[account] = (now + COUNTED_FOR, found.number)
    return found


def _account(who: Visitor) -> str:
    return hashlib.sha256(who.session.token.encode()).hexdigest()

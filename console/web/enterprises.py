"""Enterprises looked for by name or licence number: too many to be a list, so docking is asked while somebody types.

What is chosen stands in the form as its name with the licence number, by which it is found again when the form is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from console.web.backend import Answer, ServiceRefused
from console.web.choices import MOST, Choice
from console.web.names import IDENTIFIER
from console.web.pages import Visitor

KIND = "enterprise"
_LICENCE_NO = re.compile(r"LW[0-9]{12}", re.ASCII | re.IGNORECASE)


async def suggest(who: Visitor, typed: str) -> list[Choice]:
    """Those with this in the name, or with this licence number; none where docking does not answer."""
    answer = await who.backend.ask("GET", "docking", "/enterprises", {**_asked(typed), "sort": "name", "limit": MOST})
    return [Choice(one["enterprise"], _label(one)) for one in answer.body["items"]] if answer.ok else []


async def called(who: Visitor, ids: Iterable[str]) -> dict[str, str]:
    """The labels of those that are there."""
    asked = {one for one in ids if IDENTIFIER.fullmatch(one)}
    answers = [await who.backend.ask("GET", "docking", "/enterprises/{enterprise}", enterprise=one) for one in sorted(asked)[:MOST]]
    return {answer.body["enterprise"]: _label(answer.body) for answer in answers if answer.ok}


async def meant(who: Visitor, typed: str) -> str:
    """The id of the one that a typed name or licence number means; an id is one already. Raises ServiceRefused."""
    if IDENTIFIER.fullmatch(typed):
        return typed
    found = (await who.backend.get("docking", "/enterprises", {**_asked(typed), "limit": MOST}))["items"]
    named = [one for one in found if one["name"] == typed] or found
    if len(named) != 1:
        raise ServiceRefused(Answer(status=422, body={"code": "ENTERPRISE_NOT_FOUND", "errors": []}))
    return str(named[0]["enterprise"])


def _asked(typed: str) -> dict[str, str]:
    """By the licence number wherever one stands in it, else by a part of the name."""
    number = _LICENCE_NO.search(typed)
    return {"licence_no": number[0].upper()} if number else {"name": typed.strip()}


def _label(one: dict[str, str]) -> str:
    return f"{one['name']} ({one['licence_no']})"

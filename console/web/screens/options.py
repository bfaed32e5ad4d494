"""What a field offers where its schema has only a number or an id, and which id a typed number means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.web.forms import Option
from console.web.pages import Visitor

EDUCATION = ("0", "1", "2", "3", "4", "5", "6", "7", "8")  # ISCED 2011


async def education_levels(who: Visitor, _: Mapping[str, str]) -> Sequence[Option]:
    return [(level, who.text.value("education", level)) for level in EDUCATION]


async def announcements(who: Visitor, _: Mapping[str, str]) -> Sequence[Option]:
    """By number, the newest first: what somebody heard of is seldom old."""
    found = await who.backend.get_all("registration", "/announcements", {})
    return [(one["announcement_no"], f"{one['announcement_no']} {one['title']}") for one in reversed(found)]


async def worker_by_number(who: Visitor, worker_no: str) -> str:
    """The worker's id. Raises ServiceRefused."""
    return str((await who.backend.get("registration", "/workers/by-number/{worker_no}", worker_no=worker_no))["worker"])

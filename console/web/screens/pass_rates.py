"""Pass rates by centre, assessor, course or month, and whose are not chance."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Response

from console.web.pages import Visitor, account_name, only, render
from shared.principals import Role

READERS = frozenset({Role.TRAINER, Role.ASSESSOR, Role.CLERK, Role.OFFICER, Role.AUDITOR})
OVERSEERS = frozenset({Role.OFFICER, Role.AUDITOR})
GROUPS = ("centre", "assessor", "course", "month")
PAGES = (("Training", "/training/pass-rates", "Pass rates", READERS),)
router = APIRouter()
READING = only(*READERS)


@router.get("/training/pass-rates")
async def pass_rates(who: Visitor = READING) -> Response:
    asked = {name: who.request.query_params.get(name) or None for name in ("by", "since", "until")}
    by = asked["by"] if asked["by"] in GROUPS else GROUPS[0]
    query = {**asked, "by": by}
    rates, outliers = await asyncio.gather(who.backend.get("training", "/pass-rates", query), _outliers(who, query))
    return render(
        who,
        "pass_rates.html",
        rates=rates,
        by=by,
        groups=GROUPS,
        outliers={one["key"]: one for one in outliers["items"]} if outliers else {},
        compared=outliers,
        labels=await _labels(who, by, [one["key"] for one in rates["items"]]),
    )


async def _outliers(who: Visitor, query: Mapping[str, str | None]) -> Any:
    return await who.backend.get("training", "/pass-rates/outliers", query) if who.role in OVERSEERS else None


async def _labels(who: Visitor, by: str, keys: Sequence[str]) -> Mapping[str, str]:
    """What is read for the keys; those of centres and months are read as they are."""
    if by == "assessor":
        return {key: account_name(who.text, key) for key in keys}
    return await _courses(who) if by == "course" else {}


async def _courses(who: Visitor) -> Mapping[str, str]:
    found: list[Any] = await who.backend.get_all("training", "/courses", {})
    text = who.text
    return {
        one["course"]: " · ".join((text.country(one["destination"]), text.occupation(one["occupation"]), one["centre"])) for one in found
    }

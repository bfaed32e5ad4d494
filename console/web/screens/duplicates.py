"""Two registrations that may be one person's, beside each other: what differs, and the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Response

from console.web.forms import Option
from console.web.pages import Visitor, only, render
from console.web.screen import Button, Command, ItemScreen, ListScreen, button
from console.web.screens.options import worker_by_number
from shared.principals import Role
from shared.texts import Texts, sentence

READERS = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})
WRITERS = frozenset({Role.CLERK, Role.OFFICER})
UNDECIDED = frozenset({"suspected", "linked"})
COMPARED = (
    "birth_year",
    "sex",
    "county",
    "education",
    "occupations",
    "household_status",
    "assurance",
    "validity",
    "willingness",
    "abroad_since",
    "source",
    "registered_on",
)
STATED = ("keys", "found_at", "linked_for", "linked_by", "linked_at", "rejected_for", "decided_by", "decided_at")

SCREENS = (
    ListScreen(
        path="/duplicates",
        title="Registrations that may be the same person",
        group="Registration",
        service="registration",
        route="/duplicates",
        columns=("sides.0.worker_no", "sides.1.worker_no", "keys", "state", "found_at", "held_for"),
        filters=("state", "worker"),
        resolved={"worker": worker_by_number},
        labels={"worker": sentence("Worker number")},
        unchosen={"state": sentence("What waits")},
        roles=READERS,
        row="/duplicates/{duplicate}",
        note="What waits: pairs to decide, and merges that are held until the stays abroad of the two are put right.",
        empty="No pair waits. A registration that shares a document, or name, birth date and county, with another comes here by itself.",
    ),
)
SUBJECTS = (
    ItemScreen(
        path="/duplicates/{duplicate}",
        title="Registrations that may be the same person",
        service="registration",
        route="/duplicates/{duplicate}",
        roles=READERS,
        known_by=("sides.0.worker_no", "sides.1.worker_no", "keys"),
        tags=("state",),
    ),
)


async def survivors(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    """The two of the pair: whose number stays."""
    pair = await _pair(who, asked.get("duplicate", ""))
    return [(side["worker"], f"{side['worker_no']} · {who.text.day(date.fromisoformat(side['registered_on']))}") for side in pair["sides"]]


COMMANDS = (
    Command(
        service="registration",
        operation="confirm_merge",
        options={"survivor": survivors},
        then="/workers/{survivor}",
        note="The two are one person. Choose whose number and codes stay; the other number leads there from then on.",
        danger=True,
    ),
    Command(service="registration", operation="reject_merge", then="/duplicates"),
)
LINK = Button(  # who the documents do not prove to be one person is stated by one and confirmed by another
    service="registration",
    operation="link_duplicate",
    parts={"worker": "sides.0.worker", "other": "sides.1.worker_no"},
    roles=WRITERS,
    when=lambda pair: pair["state"] == "suspected",
)
DECISIONS = (
    LINK,
    *(
        Button(
            service="registration",
            operation=operation,
            parts={"duplicate": "duplicate"},
            roles=WRITERS,
            when=lambda pair: pair["state"] in UNDECIDED,
        )
        for operation in ("confirm_merge", "reject_merge")
    ),
)
router = APIRouter()
READING = only(*READERS)


async def _pair(who: Visitor, duplicate: str) -> dict[str, Any]:
    """Raises ServiceRefused."""
    found: dict[str, Any] = await who.backend.get("registration", "/duplicates/{duplicate}", duplicate=duplicate)
    return found


@router.get("/duplicates/{duplicate}")
async def pair_page(duplicate: str, who: Visitor = READING) -> Response:
    pair = await _pair(who, duplicate)
    return render(
        who,
        "duplicate.html",
        pair=pair,
        compared=[(name, pair["sides"][0][name] == pair["sides"][1][name]) for name in COMPARED],
        stated=[name for name in STATED if pair[name]],
        to_do=_to_do(pair, who.text),
        buttons=[shown for one in DECISIONS if (shown := button(who, one, pair))],
    )


def _to_do(pair: Mapping[str, Any], text: Texts) -> Sequence[str]:
    if pair["state"] == "suspected":
        return [
            text("A clerk or officer of both counties decides. Where names, dates or numbers differ, one states it and another confirms.")
        ]
    if pair["state"] == "linked":
        return [text("Somebody stated that they are one person. Somebody else confirms it.")]
    if pair["held_for"]:
        return [
            text(
                "Merged here, and held in placement: {reason}. Put the stays abroad right.", reason=text.value("held_for", pair["held_for"])
            )
        ]
    return []

"""What concerns a visitor, and who else hears of it: the inbox, and receivers (endpoints) with what was sent to them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from console.services import SERVICES
from console.web.forms import Option
from console.web.inbox import Unread, count_unread, mark_read, mark_through, read_inbox, services_named
from console.web.pages import AnyVisitor, Visitor, only, render
from console.web.screen import Button, Command, Item, ItemScreen, Part, ShownButton, address, button
from shared.audiences import HEARERS, types_heard, types_of_inbox
from shared.notifications.deliveries import FAILING, GONE
from shared.notifications.messages import class_name
from shared.notifications.templates import TEMPLATES
from shared.principals import Role
from shared.texts import Texts, sentence
from shared.values import PROGRAMME_ZONE

OWNERS = HEARERS - {Role.OPERATOR}
OFFICES = frozenset({Role.CLERK, Role.OFFICER})
OFFICER, OPERATOR = frozenset({Role.OFFICER}), frozenset({Role.OPERATOR})
AT_DOCKING = OFFICES | {Role.ENTERPRISE}
AT_TRAINING = OFFICES | {Role.TRAINER}
PLACES = (  # field of a notification, the page of that thing, with {fields} of it, and whose it is; the nearest first
    ("case", "/cases/{case}", AT_DOCKING),
    ("emergency", "/emergencies/{emergency}", AT_DOCKING),
    ("repatriation", "/repatriations/{repatriation}", AT_DOCKING),
    ("placement", "/placements/{placement}", AT_DOCKING),
    ("serial", "/certificates/{serial}", OFFICES),
    ("order", "/orders/{order}", AT_DOCKING),
    ("fair", "/fairs/{fair}", AT_DOCKING),
    ("session", "/sessions/{session}", AT_TRAINING),
    ("enrolment", "/enrolments/{enrolment}", AT_TRAINING),
    ("finding", "/training/findings", OFFICER),
    ("centre_id", "/centres/{centre_id}", AT_TRAINING),
    ("notice", "/notices", OFFICES),
    ("enterprise", "/enterprises/{enterprise}", AT_DOCKING),
    ("survivor", "/workers/{survivor}", OFFICES),
    ("worker", "/workers/{worker}", OFFICES),
    ("import_id", "/imports/{import_id}", OFFICES),
    ("announcement", "/announcements/{announcement}", OFFICES),
    ("to_report", "/orphans", OFFICER),
    ("quota", "/board?year={period}", OFFICER),
    ("target", "/board", OFFICER),
    ("reason", "/periods", OFFICER),  # of a period that was reopened: its release is gone
    ("version", "/releases/{period}", OFFICER),
    ("parked", "/delivery/stats", OPERATOR),
    ("generation", "/delivery/stats", OPERATOR),
)
ENDPOINT = {"endpoint": "endpoint"}
OF_ENDPOINTS = (FAILING, GONE)
MOST_ENDPOINTS = 200
LONGEST_RUN = 3  # news of one kind and day that are not folded
# The parts of the system whose events concern a role at all: where it would add an endpoint.
HEARD_FROM: Mapping[Role, Sequence[str]] = {
    Role.ENTERPRISE: ("docking", "rights"),
    Role.TRAINER: ("training", "rights"),
    Role.CLERK: ("registration", "docking", "training", "rights"),
    Role.OFFICER: ("docking", "training", "rights", "stats"),
    Role.OPERATOR: ("stats",),
}

router = APIRouter()
PAGES = (("News", "/inbox", "Inbox", HEARERS), ("News", "/endpoints", "Endpoints", HEARERS))


# --- the inbox ----------------------------------------------------------------------------------------------------------
@router.get("/inbox")
async def inbox_page(
    who: Visitor = only(*HEARERS),  # noqa: B008  # FastAPI's way
    before: str = "",
    unread: bool = False,
    kind: str = "",
) -> Response:
    kinds = _kinds(who)
    chosen = kind if kind in kinds else None
    page = await read_inbox(who, before, unread=unread, kind=chosen)
    asked = {**({"kind": chosen} if chosen else {}), **({"unread": "1"} if unread else {})}
    return render(
        who,
        "inbox.html",
        page=page,
        runs=runs_of(page.items, grouped=chosen is None),
        is_past=lambda due: date.fromisoformat(due[:10]) < who.today,
        unread=unread,
        kinds=kinds,
        kind=chosen,
        leads_to=partial(leads_to, who.role),
        away=services_named(who.text, page.away),
        key=secrets.token_urlsafe(18),
        older=f"/inbox?{urlencode({**asked, 'before': page.older})}" if page.older else None,
        newest=f"/inbox?{urlencode(asked)}" if before else None,
    )


def runs_of(items: Sequence[Item], *, grouped: bool) -> Sequence[tuple[Sequence[Item], Sequence[Item]]]:
    """The items of one kind and day together, where the newest of them stands: those that are shown, and those folded behind them."""
    if not grouped:
        return [(items, ())]
    runs: dict[tuple[date, str], list[Item]] = {}
    for one in items:
        day = datetime.fromisoformat(one["recorded"]).astimezone(PROGRAMME_ZONE).date()
        runs.setdefault((day, one["type"]), []).append(one)
    return [(run[:1], run[1:]) if len(run) > LONGEST_RUN else (run, ()) for run in runs.values()]


def _kinds(who: Visitor) -> dict[str, str]:
    """Type -> title of what may stand in the visitor's inbox, in the order of the titles."""
    types = (*types_of_inbox(who.role), *OF_ENDPOINTS)
    return dict(sorted(((one, who.text(TEMPLATES[class_name(one)].title)) for one in types), key=lambda kind: kind[1]))


def leads_to(role: Role, notification: Mapping[str, Any]) -> str | None:
    """The page of what it is about: of the nearest thing that it names and the role sees."""
    fields = notification["fields"]
    found = (address(path, fields) for name, path, roles in PLACES if role in roles and fields.get(name) is not None)
    return next(filter(None, found), None)


@router.post("/inbox/read")
async def read(who: Visitor = only(*HEARERS)) -> Response:  # noqa: B008
    form = await who.request.form(max_files=0, max_fields=20)
    posted = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    given = dict(posted)
    key = given.get("_key", "")[:60] or secrets.token_urlsafe(18)
    kind = kind if (kind := given.get("_kind", "")) in _kinds(who) else None
    if "_through" in given:
        await mark_through(who, posted, kind, key)
    else:
        await mark_read(who, posted, key)
    asked = {**({"kind": kind} if kind else {}), **({"unread": "1"} if given.get("_unread") else {})}
    return Response(status_code=303, headers={"Location": f"/inbox?{urlencode(asked)}" if asked else "/inbox"})


@router.get("/inbox/unread")
async def unread_count(who: AnyVisitor) -> Response:
    """For the head of every page: as text of its link. Nothing for a role without an inbox."""
    found = await count_unread(who) if who.role in HEARERS else Unread(0, whole=True)
    answer = {"unread": found.number, "whole": found.whole, "label": _label(found, who.text)}
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


def _label(found: Unread, text: Texts) -> str:
    count = text.number(found.number)
    if found.whole:
        return text("Inbox ({count} unread)", count=count) if found.number else text("Inbox")
    return text("Inbox ({count} unread, not all counted)", count=count) if found.number else text("Inbox (unread not counted)")


# --- receivers ----------------------------------------------------------------------------------------------------------
@router.get("/endpoints")
async def endpoints_page(who: Visitor = only(*HEARERS)) -> Response:  # noqa: B008
    found = [await _of_service(who, service) for service in SERVICES]
    shown = [one for one in found if one["items"] or one["service"] in HEARD_FROM[who.role]]
    silent = set(SERVICES) - {one["service"] for one in shown}
    return render(who, "endpoints.html", parts=shown, silent=services_named(who.text, silent))


async def _of_service(who: Visitor, service: str) -> dict[str, Any]:
    answer = await who.backend.ask("GET", service, "/endpoints", {"limit": MOST_ENDPOINTS})
    opening = button(who, Button(service=service, operation="open_endpoint", roles=OWNERS), {})
    buttons: list[ShownButton] = [opening] if opening else []
    return {
        "service": service,
        "away": not answer.ok,
        "items": answer.body["items"] if answer.ok else [],
        "buttons": buttons,
        "link": lambda one: f"/endpoints/{service}/{one['endpoint']}",
    }


def to_do(endpoint: Item, text: Texts, _today: date) -> Sequence[str]:
    if endpoint["state"] == "unconfirmed":
        return [text("The mailbox hears nothing until it is confirmed: the code is in the letter that it got.")]
    if endpoint["failing_since"]:
        moment = text.moment(datetime.fromisoformat(endpoint["failing_since"]))
        sentence = (
            "Nothing has arrived since {moment}. Look at the deliveries below, put the endpoint right, then send what was given up again."
        )
        return [text(sentence, moment=moment)]
    return []


def _change(service: str, operation: str, roles: frozenset[Role], *states: str, kind: str | None = None) -> Button:
    """`states`: in which it makes sense, of an endpoint of the `kind`."""
    return Button(
        service=service,
        operation=operation,
        parts=ENDPOINT,
        roles=roles,
        when=lambda one: one["state"] in states and kind in (None, one["kind"]),
    )


def _deliveries(service: str) -> Part:
    again = Button(
        service=service,
        operation="redeliver",
        parts={**ENDPOINT, "delivery": "id"},
        roles=OWNERS,
        when=lambda row: row["state"] != "waiting" and row["event_id"] is not None,
    )
    return Part(
        title="Deliveries",
        service=service,
        route="/endpoints/{endpoint}/deliveries",
        parts=ENDPOINT,
        columns=("queued_at", "type", "state", "attempts", "status", "error", "due_at", "finished_at"),
        buttons=(again,),
        empty="Nothing was sent yet.",
    )


def _history(service: str) -> Part:
    columns = ("recorded", "type", "actor", "reason")
    return Part(title="History", service=service, route="/endpoints/{endpoint}/history", parts=ENDPOINT, columns=columns)


def _endpoint_screen(service: str) -> ItemScreen:
    return ItemScreen(
        path=f"/endpoints/{service}/{{endpoint}}",
        title="Endpoint",
        service=service,
        route="/endpoints/{endpoint}",
        roles=HEARERS,
        tags=("state",),
        known_by=("kind", "address", "owner"),
        unset={"types": sentence("Everything that concerns the owner")},
        fields=("kind", "address", "owner", "language", "types", "created_at", "confirmed_at", "failing_since", "previous_until"),
        to_do=to_do,
        buttons=(
            _change(service, "confirm_mailbox", OWNERS, "unconfirmed"),
            _change(service, "rotate_secret", OWNERS, "enabled", "disabled", kind="webhook"),
            _change(service, "disable_endpoint", HEARERS, "enabled", "unconfirmed"),
            _change(service, "enable_endpoint", OWNERS, "disabled"),
            _change(service, "redeliver_dead", OWNERS, "enabled"),
        ),
        links=(("Show the secret", f"/endpoints/{service}/{{endpoint}}/secret", OWNERS),),
        parts=(_deliveries(service), _history(service)),
    )


def _secret_screen(service: str) -> ItemScreen:
    return ItemScreen(
        path=f"/endpoints/{service}/{{endpoint}}/secret",
        title="The secret of an endpoint",
        service=service,
        route="/endpoints/{endpoint}/secret",
        roles=OWNERS,
        fields=("secret", "previous_until"),
        note="Whoever has it can sign messages as this system. Give it to the program that receives them, and to nobody else.",
    )


async def _types(service: str, who: Visitor, _: Mapping[str, str]) -> Sequence[Option]:
    """Of the events that concern the visitor's role."""
    return [(one, who.text.value("types", one)) for one in types_heard(service, who.role)]


SCREENS = (*map(_endpoint_screen, SERVICES), *map(_secret_screen, SERVICES))
COMMANDS = tuple(
    command
    for service in SERVICES
    for command in (
        Command(
            service=service,
            operation="open_endpoint",
            options={"types": partial(_types, service)},
            asked_of={"region": OFFICES},
            hints={"region": sentence("Leave it empty for your own area.")},
            of_part=True,
            then=f"/endpoints/{service}/{{endpoint}}",
        ),
        Command(service=service, operation="confirm_mailbox", note="Type the code of the letter that the mailbox got."),
    )
)

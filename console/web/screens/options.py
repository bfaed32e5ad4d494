"""What a field offers where its schema has only a number or an id, and which id a typed number means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from console.web.backend import Answer, ServiceRefused
from console.web.forms import Option, as_typed
from console.web.hours import hours
from console.web.names import IDENTIFIER, Names, names_in
from console.web.pages import Visitor, account_name, local_account
from shared.principals import Role
from shared.texts import sentence

MOST_CASES = 200
COURSE = {  # how it is filled in
    "minimum_minutes": sentence("In hours: 45, 7.5 or 7:30. Left empty: as many as the rules in force ask for."),
    "validity_days": sentence("Left empty: as long as the rules in force have it."),
}
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


async def placement_by_number(who: Visitor, typed: str) -> str:
    """The newest placement of the worker of that number; an id is one already. Raises ServiceRefused."""
    if IDENTIFIER.fullmatch(typed):
        return typed
    worker = await worker_by_number(who, typed)
    found = (await who.backend.get("docking", "/placements", {"worker": worker, "sort": "-matched_on", "limit": 1}))["items"]
    if not found:
        raise ServiceRefused(Answer(status=422, body={"code": "PLACEMENT_NOT_FOUND", "errors": []}))
    return str(found[0]["placement"])


async def staff(who: Visitor, centre: str, kind: str) -> Sequence[Option]:
    """The `trainers` or `assessors` of a centre's licence: accounts."""
    found = await who.backend.get_all("training", "/centres", {})
    return [(account, account_name(who.text, account)) for one in found if one["centre"] == centre for account in one[kind]]


async def trainers(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    """Of the centre whose course is scheduled."""
    return await staff(who, asked.get("centre", ""), "trainers")


async def needs_of_session(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    """Placements that wait for such a course, the longest waiting first."""
    query = {name: asked[name] for name in ("destination", "occupation") if asked.get(name)}
    found = await who.backend.get_all("training", "/needs", {"state": "open", **query})
    return [(one["placement"], _waiting(who, one)) for one in sorted(found, key=lambda one: str(one["since"]))]


def _waiting(who: Visitor, need: Mapping[str, Any]) -> str:
    number = need["worker_no"] or "…" + need["placement"][-6:]
    due = who.text("seat needed by {day}", day=who.text.day(date.fromisoformat(need["due"]))) if need["due"] else ""
    return " · ".join(filter(None, (number, who.text.country(need["destination"]), who.text.occupation(need["occupation"]), due)))


async def courses_for(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    """For a need's destination."""
    query = {"destination": asked["destination"]} if asked.get("destination") else {}
    found = await who.backend.get_all("training", "/courses", query)
    return [(one["course"], " · ".join((who.text.occupation(one["occupation"]), one["centre"]))) for one in found]


async def known_trainers(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    return await _known_staff(who, asked, "trainers", Role.TRAINER)


async def known_assessors(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    return await _known_staff(who, asked, "assessors", Role.ASSESSOR)


async def _known_staff(who: Visitor, asked: Mapping[str, str], kind: str, role: Role) -> Sequence[Option]:
    """Those of the centre as it is, where it is there already."""
    centre = asked.get("centre")
    found = (await who.backend.get("training", "/centres/{centre}", centre=centre))[kind] if centre else []
    return _accounts(who, [*found, *_local_accounts(who, role)])


async def case_handlers(who: Visitor, _: Mapping[str, str]) -> Sequence[Option]:
    """The visitor, and whoever was given one of the newest cases."""
    found = await who.backend.get_all("rights", "/cases", {"sort": "-id"}, most=MOST_CASES)
    assigned = (one["assignee"] for one in found if one["assignee"] is not None)
    return _accounts(who, [who.principal.subject, *_local_accounts(who, Role.CLERK, Role.OFFICER), *assigned])


def _accounts(who: Visitor, accounts: Iterable[str]) -> Sequence[Option]:
    """Each with its name, where it has one, and as it is written."""
    named = ((account, account_name(who.text, account)) for account in dict.fromkeys(accounts))
    return [(account, account if name == account else f"{name} ({account})") for account, name in named]


def _local_accounts(who: Visitor, *roles: Role) -> list[str]:
    """Of this machine's own stack, where anybody may choose one."""
    return [local_account(role) for role in roles] if who.request.app.state.settings.local_accounts_key is not None else []


async def centres(who: Visitor, _: Mapping[str, str]) -> Sequence[Option]:
    """All of them, by name."""
    found = await who.backend.get_all("training", "/centres", {})
    return sorted((one["centre"], one["centre"]) for one in found)


async def days_recorded(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    """The days that are recorded of an enrolment in a session, each with its time. A service answers a month at a time."""
    days: list[Option] = []
    colon = ": " if who.text.language == "en" else "："
    since: str | None = None
    while True:
        query = {"since": since}
        found = await who.backend.get("training", "/sessions/{session}/attendance", query, session=asked.get("session", ""))
        mine = (one for one in found["items"] if one["enrolment"] == asked.get("enrolment"))
        days += (
            (one["day"], f"{who.text.day(date.fromisoformat(one['day']))}{colon}{who.text('{hours} hours', hours=hours(one['minutes']))}")
            for one in mine
        )
        if found["since"] >= found["until"]:
            break
        since = (date.fromisoformat(found["until"]) + timedelta(days=1)).isoformat()
    return days


async def cases_of_enterprise(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    """The newest first: its day, what it is about and how far it is, and whom it concerns."""
    found = await who.backend.get_all("rights", "/cases", {"enterprise": asked.get("enterprise"), "sort": "-id"}, most=MOST_CASES)
    names = await names_in(who.backend, found)
    return [(one["case"], _called(who, one, names)) for one in found]


async def days_to_confirm(who: Visitor, asked: Mapping[str, str]) -> Sequence[Option]:
    """On which a worker is asked and has not confirmed yet, with the date where the departure is recorded."""
    placement = asked.get("placement", "")
    found = await who.backend.get("docking", "/placements/{placement}/arrivals", placement=placement)
    dispatch = (await who.backend.get("docking", "/placements/{placement}", placement=placement))["dispatch"]
    confirmed = {one["day"] for one in found["items"]}
    return [(str(day), _asked_on(who, day, dispatch)) for day in found["days"] if day not in confirmed]


def _asked_on(who: Visitor, day: int, dispatch: Mapping[str, Any] | None) -> str:
    count = who.text.number(day)
    if dispatch is None:
        return count
    asked_on = date.fromisoformat(dispatch["departed_on"]) + timedelta(days=day)
    return who.text("{days} days after it, {day}", days=count, day=who.text.day(asked_on))


async def open_emergencies(who: Visitor, _: Mapping[str, str]) -> Sequence[Option]:
    """By country and kind, the latest first."""
    found = await who.backend.get_all("rights", "/emergencies", {"state": "open", "sort": "-declared_at"})
    return [(one["emergency"], f"{who.text.country(one['destination'])} · {who.text.value('kind', one['kind'])}") for one in found]


def _called(who: Visitor, case: Mapping[str, Any], names: Names) -> str:
    text = who.text
    parts = (
        text.moment(datetime.fromisoformat(case["opened_at"])),
        text.value("category", case["category"]),
        text.value("state", case["state"]),
        names.get(case["placement"] or "", ""),
    )
    return " · ".join(filter(None, parts))


async def agreed_in_order(who: Visitor, asked: Mapping[str, str]) -> Mapping[str, str]:
    """The wage of the placement's job order, as the contract will most often have it."""
    placement = await who.backend.get("docking", "/placements/{placement}", placement=asked.get("placement", ""))
    order = await who.backend.get("docking", "/orders/{order}", order=placement["order"])
    return {**as_typed("wage", order["wage"]), "wage_period": order["wage_period"]}


async def employers(who: Visitor, _: Mapping[str, str]) -> Sequence[Option]:
    """Foreign employers, by name and country."""
    found = await who.backend.get_all("docking", "/employers", {})
    return [(one["employer"], f"{one['name']} ({who.text.country(one['destination'])})") for one in found]

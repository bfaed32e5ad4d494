"""What waits for somebody of the visitor's role, on the first page: how many there are of each, and where they are.

It is asked after the page is there, so that the page waits for no service. A part of the system that does not answer now is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Response

from console.web.inbox import services_named
from console.web.pages import AnyVisitor, Visitor, render
from shared.principals import Role
from shared.texts import sentence

MOST = 50  # are counted; of more "+" says that there are more


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A list of a service with `query`; `page` shows the same, with the same query."""

    sentence: str
    service: str
    route: str
    page: str
    roles: frozenset[Role]
    query: Mapping[str, str] = field(default_factory=dict)


WRITERS = frozenset({Role.CLERK, Role.OFFICER})
OFFICER = frozenset({Role.OFFICER})
ENTERPRISE = frozenset({Role.ENTERPRISE})
DISPATCHING = WRITERS | ENTERPRISE
EVERYTHING = (
    Waiting(
        sentence=sentence("Identity documents that nobody has seen yet: {count}"),
        service="registration",
        route="/workers",
        page="/workers",
        query={"assurance": "provisional", "validity": "active"},
        roles=WRITERS,
    ),
    Waiting(
        sentence=sentence("Registrations that may be the same person: {count}"),
        service="registration",
        route="/duplicates",
        page="/duplicates",
        roles=WRITERS,
    ),
    Waiting(
        sentence=sentence("Corrections that wait for a second person: {count}"),
        service="registration",
        route="/corrections",
        page="/corrections",
        roles=WRITERS,
    ),
    Waiting(
        sentence=sentence("Cases past their deadline: {count}"),
        service="rights",
        route="/cases",
        page="/cases",
        query={"late": "true"},
        roles=WRITERS,
    ),
    Waiting(
        sentence=sentence("Workers who wait for a seat in a course: {count}"),
        service="training",
        route="/needs",
        page="/training/needs",
        query={"state": "open"},
        roles=frozenset({Role.TRAINER, Role.OFFICER}),
    ),
    Waiting(
        sentence=sentence("Sessions with somebody to assess: {count}"),
        service="training",
        route="/sessions",
        page="/sessions",
        query={"to_assess": "true"},
        roles=frozenset({Role.TRAINER, Role.ASSESSOR, Role.OFFICER}),
    ),
    Waiting(
        sentence=sentence("Learners who passed and have no certificate yet: {count}"),
        service="training",
        route="/enrolments",
        page="/enrolments",
        query={"state": "passed"},
        roles=frozenset({Role.TRAINER}),
    ),
    Waiting(
        sentence=sentence("Findings about training to decide: {count}"),
        service="training",
        route="/findings",
        page="/training/findings",
        query={"state": "open"},
        roles=OFFICER,
    ),
    Waiting(
        sentence=sentence("Prior learning to recognise: {count}"),
        service="training",
        route="/recognitions",
        page="/training/recognitions",
        query={"state": "pending"},
        roles=OFFICER,
    ),
    Waiting(
        sentence=sentence("Corrections of training that wait for a second person: {count}"),
        service="training",
        route="/corrections",
        page="/training/corrections",
        query={"state": "pending"},
        roles=OFFICER,
    ),
    Waiting(
        sentence=sentence("Cases to be looked at for the first time: {count}"),
        service="rights",
        route="/cases",
        page="/cases",
        query={"state": "received"},
        roles=WRITERS,
    ),
    Waiting(
        sentence=sentence("Emergencies under way: {count}"),
        service="rights",
        route="/emergencies",
        page="/emergencies",
        query={"state": "open"},
        roles=DISPATCHING,
    ),
    Waiting(
        sentence=sentence("Repatriations to approve: {count}"),
        service="rights",
        route="/repatriations",
        page="/repatriations",
        query={"state": "requested"},
        roles=OFFICER,
    ),
    Waiting(
        sentence=sentence("Cases that wait for your answer: {count}"),
        service="rights",
        route="/cases",
        page="/cases",
        query={"state": "response_requested"},
        roles=ENTERPRISE,
    ),
    Waiting(
        sentence=sentence("Wages not reported: {count}"),
        service="rights",
        route="/incomes/missing",
        page="/incomes/missing",
        roles=ENTERPRISE,
    ),
    *(
        Waiting(
            sentence=line,
            service="rights",
            route="/findings",
            page="/findings",
            query={"kind": kind},
            roles=OFFICER | ENTERPRISE,
        )
        for kind, line in (
            ("short", sentence("Wages below the contract: {count}")),
            ("illegal_deduction", sentence("Wages with unlawful deductions: {count}")),
        )
    ),
    Waiting(
        sentence=sentence("Orders with a position that nobody holds: {count}"),
        service="docking",
        route="/orders",
        page="/orders",
        query={"state": "open", "free": "true"},
        roles=ENTERPRISE,
    ),
    Waiting(
        sentence=sentence("Placements whose papers are to be filed: {count}"),
        service="docking",
        route="/placements",
        page="/placements",
        query={"state": "matched"},
        roles=ENTERPRISE,
    ),
    Waiting(
        sentence=sentence("Cleared, departure to be recorded: {count}"),
        service="docking",
        route="/placements",
        page="/placements",
        query={"state": "cleared"},
        roles=ENTERPRISE,
    ),
    Waiting(
        sentence=sentence("Placements that are stuck: {count}"),
        service="docking",
        route="/placements/stuck",
        page="/placements/stuck",
        roles=WRITERS,
    ),
    Waiting(
        sentence=sentence("Workers abroad whose arrival is not confirmed: {count}"),
        service="docking",
        route="/arrivals/overdue",
        page="/arrivals/overdue",
        roles=WRITERS,
    ),
    Waiting(
        sentence=sentence("Exchange rates to decide: {count}"),
        service="stats",
        route="/fx-rates/held",
        page="/fx-rates/held",
        query={"state": "held"},
        roles=frozenset({Role.OFFICER, Role.OPERATOR}),
    ),
)
router = APIRouter()


class Found(NamedTuple):
    """`sentence` None: nothing waits there. `away`: the service did not answer."""

    sentence: str | None
    address: str
    away: bool = False


@router.get("/waiting")
async def waiting(who: AnyVisitor) -> Response:
    """The part of the first page."""
    mine = [one for one in EVERYTHING if who.role in one.roles]
    found = await asyncio.gather(*(_ask(who, one) for one in mine))
    silent = {one.service for one, answered in zip(mine, found, strict=True) if answered.away}
    return render(who, "waiting.html", found=[one for one in found if one.sentence], asked=len(mine), away=services_named(who.text, silent))


async def _ask(who: Visitor, one: Waiting) -> Found:
    answer = await who.backend.send("GET", one.service, one.route, query={**one.query, "limit": MOST})
    page = one.page + ("?" + urlencode(one.query) if one.query else "")
    count = len(answer.body["items"]) if answer.ok else 0
    if not count:
        return Found(None, page, away=not answer.ok)
    more = "+" if answer.body["next"] is not None else ""
    return Found(who.text(one.sentence, count=f"{count}{more}"), page)

"""Screens of enterprises: qualification, reserve and managers filed, what they need workers for, and their scorecard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Response

from console.web.pages import Visitor, only
from console.web.screen import Button, Item, ItemScreen, ListScreen, Part, history
from console.web.screens import scorecard
from console.web.screens.docking_sentences import enterprise_to_do, since_ever
from shared.principals import NATION, Principal, Role
from shared.texts import sentence

READERS = frozenset({Role.CLERK, Role.OFFICER, Role.ENTERPRISE, Role.AUDITOR})
OWNERS = frozenset({Role.OFFICER, Role.ENTERPRISE, Role.AUDITOR})  # of what concerns one enterprise
AUTHORITY = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})
AUDITED = frozenset({Role.OFFICER, Role.AUDITOR})
OPENERS = frozenset({Role.OFFICER, Role.ENTERPRISE})
OFFICER = frozenset({Role.OFFICER})
ENTERPRISE = {"enterprise": "enterprise"}


def _do(operation: str, roles: frozenset[Role], states: Sequence[str]) -> Button:
    """`states`: in which the enterprise must be."""
    return Button(service="docking", operation=operation, parts=ENTERPRISE, roles=roles, when=lambda item: item["state"] in states)


router = APIRouter()
PAGES = (("Docking", "/my-enterprise", "My enterprise", frozenset({Role.ENTERPRISE})),)


@router.get("/my-enterprise")
async def my_enterprise(who: Annotated[Visitor, only(Role.ENTERPRISE)]) -> Response:
    """The page of the enterprise that the visitor acts for."""
    return Response(status_code=303, headers={"Location": f"/enterprises/{who.principal.party}"})


# --- screens -----------------------------------------------------------------------------------------------------------------
ENTERPRISE_BUTTONS = (
    _do("open_job_order", OPENERS, ("active",)),
    _do("deposit_reserve", OPENERS, ("active", "suspended")),
    Button(
        service="docking",
        operation="top_up_reserve",
        parts=ENTERPRISE,
        roles=OPENERS,
        when=lambda one: one["state"] in ("active", "suspended") and one["reserve_due"] is not None,  # nothing else is short
    ),
    _do("file_managers", OPENERS, ("active",)),
    _do("renew_qualification", OFFICER, ("active", "suspended", "expired")),
    _do("suspend_qualification", OFFICER, ("active",)),
    _do("reinstate_qualification", OFFICER, ("suspended",)),
    _do("draw_reserve", OFFICER, ("active", "suspended", "revoked", "stopped")),
    _do("revoke_qualification", OFFICER, ("active", "suspended")),
    _do("stop_business", OPENERS, ("active", "suspended")),
)


def is_of_its_seat(who: Principal, enterprise: Item) -> bool:
    """The enterprise itself, or the authority of its seat; one without a seat is the nation's."""
    return who.role is Role.ENTERPRISE or who.covers_county(enterprise["seat"] or NATION)


ENTERPRISE_PARTS = (
    Part(
        title="Open job orders",
        service="docking",
        route="/orders",
        query=ENTERPRISE,
        fixed={"state": "open", "sort": "expires"},
        columns=("occupation", "destination", "employer", "positions", "filled", "expires"),
        row="/orders/{order}",
        empty="No order is open.",
        roles=READERS,
    ),
    Part(
        title="Reserve",
        service="docking",
        route="/enterprises/{enterprise}/reserve",
        parts=ENTERPRISE,
        columns=("effective", "kind", "amount", "balance", "use"),
        roles=OWNERS,
        own=True,
        empty="Nothing was deposited yet: without the full reserve nobody can be cleared.",
    ),
    Part(
        title="Managers filed",
        service="docking",
        route="/managers",
        query=ENTERPRISE,
        columns=("destination", "abroad", "managers", "filed_on", "missing"),
        roles=OWNERS,
        own=True,
        empty="None is filed, and none is missing: they are needed where many of the enterprise's workers are in one country.",
    ),
    replace(history("docking", "/enterprises/{enterprise}/history", ENTERPRISE, OWNERS), own=True),
)
ABOUT_IT = (  # for whoever looks after several enterprises
    ("Cases", "/cases?enterprise={enterprise}", AUTHORITY),
    ("Wages that differ from the contract", "/findings?kind=short&enterprise={enterprise}", AUDITED),
    ("Wages not reported", "/incomes/missing?enterprise={enterprise}", AUDITED),
)
SCREENS = (
    ListScreen(
        path="/enterprises",
        title="Enterprises",
        group="Docking",
        service="docking",
        route="/enterprises",
        columns=("name", "licence_no", "state", "valid_to", "scope", "reserve", "reserve_due"),
        due="reserve_due",
        filters=("name", "licence_no", "state", "destination"),
        roles=AUTHORITY | {Role.OPERATOR},
        row="/enterprises/{enterprise}",
        buttons=(Button(service="docking", operation="qualify_enterprise", roles=OFFICER),),
    ),
    ItemScreen(
        path="/enterprises/{enterprise}",
        title="{name}",
        service="docking",
        route="/enterprises/{enterprise}",
        roles=READERS | {Role.OPERATOR},
        tags=("state",),
        known_by=("licence_no", "seat", "reserve"),
        to_do=enterprise_to_do,
        fields=("licence_no", "valid_to", "scope", "destinations", "seat", "reserve", "reserve_due", "plan"),
        unset={"destinations": sentence("Every destination")},
        words={"plan": sentence("Plan for the workers abroad after it stops")},
        parts=ENTERPRISE_PARTS,
        buttons=ENTERPRISE_BUTTONS,
        links=(
            ("Scorecard", "/enterprises/{enterprise}/scorecard", OWNERS),
            ("Placements", "/placements?enterprise={enterprise}", AUTHORITY),
            *ABOUT_IT,
        ),
        reaches=is_of_its_seat,
    ),
    ItemScreen(
        path="/enterprises/{enterprise}/scorecard",
        title="Scorecard of {enterprise}",
        service="docking",
        route="/enterprises/{enterprise}/scorecard",
        roles=OWNERS,
        links=(
            ("Wages not reported", "/incomes/missing", frozenset({Role.ENTERPRISE})),  # an enterprise reads its own alone
            ("Wages that differ from the contract", "/findings", frozenset({Role.ENTERPRISE})),
            *ABOUT_IT,
        ),
        fields=("since", "until"),
        shape=since_ever,
        unset={"since": sentence("From the beginning")},
        parts=(
            Part(
                title="Scores",
                service="docking",
                route="/enterprises/{enterprise}/scorecard",
                parts=ENTERPRISE,
                at="scores",
                key="score",
                columns=("score", "value", "definition"),
                words={"score": "What is measured", "definition": "What is counted"},
                shape=scorecard.in_words,
            ),
        ),
    ),
)

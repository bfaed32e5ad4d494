"""Screens of docking: enterprises with qualification and reserve, job orders with ranked candidates, placements from contract to return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Response

from console.web.pages import Visitor, only
from console.web.screen import Advice, Button, Item, ItemScreen, ListScreen, Part, history, in_order_of
from console.web.screens import scorecard
from console.web.screens.docking_sentences import (
    EMPLOYER,
    FAIR,
    arrival_to_do,
    as_agreed,
    checks_to_do,
    enterprise_to_do,
    is_free,
    may_be_proposed_to,
    order_to_do,
    paid_by_period,
    placement_to_do,
    since_ever,
    unmet_first,
    why_ending,
    why_unconfirmed,
)
from shared.principals import NATION, Principal, Role
from shared.texts import sentence

READERS = frozenset({Role.CLERK, Role.OFFICER, Role.ENTERPRISE, Role.AUDITOR})
OWNERS = frozenset({Role.OFFICER, Role.ENTERPRISE, Role.AUDITOR})  # of what concerns one enterprise
AUTHORITY = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})
MEDIATORS = frozenset({Role.CLERK, Role.OFFICER, Role.ENTERPRISE})
OPENERS = frozenset({Role.OFFICER, Role.ENTERPRISE})
OFFICER = frozenset({Role.OFFICER})
HANDLERS = frozenset({Role.CLERK, Role.OFFICER})
ENTERPRISE, ORDER, PLACEMENT = {"enterprise": "enterprise"}, {"order": "order"}, {"placement": "placement"}
BEFORE_DEPARTURE = ("matched", "clearance_requested", "cleared")


def _do(operation: str, given: dict[str, str], roles: frozenset[Role], states: Sequence[str] = ()) -> Button:
    """`states`: in which the thing must be; none: always."""
    return Button(service="docking", operation=operation, parts=given, roles=roles, when=lambda item: not states or item["state"] in states)


def _corrections(of: str, given: dict[str, str], roles: frozenset[Role], when: Callable[[Item], bool]) -> tuple[Button, ...]:
    """Beside a row: to put it right, and to void it."""
    return tuple(Button(service="docking", operation=f"{verb}_{of}", parts=given, roles=roles, when=when) for verb in ("correct", "void"))


router = APIRouter()
PAGES = (("Docking", "/my-enterprise", "My enterprise", frozenset({Role.ENTERPRISE})),)


@router.get("/my-enterprise")
async def my_enterprise(who: Annotated[Visitor, only(Role.ENTERPRISE)]) -> Response:
    """The page of the enterprise that the visitor acts for."""
    return Response(status_code=303, headers={"Location": f"/enterprises/{who.principal.party}"})


# --- screens -----------------------------------------------------------------------------------------------------------------
ENTERPRISE_BUTTONS = (
    _do("open_job_order", ENTERPRISE, OPENERS, ("active",)),
    _do("deposit_reserve", ENTERPRISE, OPENERS, ("active", "suspended")),
    Button(
        service="docking",
        operation="top_up_reserve",
        parts=ENTERPRISE,
        roles=OPENERS,
        when=lambda one: one["state"] in ("active", "suspended") and one["reserve_due"] is not None,  # nothing else is short
    ),
    _do("file_managers", ENTERPRISE, OPENERS, ("active",)),
    _do("renew_qualification", ENTERPRISE, OFFICER, ("active", "suspended", "expired")),
    _do("suspend_qualification", ENTERPRISE, OFFICER, ("active",)),
    _do("reinstate_qualification", ENTERPRISE, OFFICER, ("suspended",)),
    _do("draw_reserve", ENTERPRISE, OFFICER, ("active", "suspended", "revoked", "stopped")),
    _do("revoke_qualification", ENTERPRISE, OFFICER, ("active", "suspended")),
    _do("stop_business", ENTERPRISE, OPENERS, ("active", "suspended")),
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
        columns=("employer", "destination", "occupation", "positions", "filled", "expires"),
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
    ),
    replace(history("docking", "/enterprises/{enterprise}/history", ENTERPRISE, OWNERS), own=True),
)
ORDER_COLUMNS = ("employer", "destination", "occupation", "positions", "reserved", "filled", "wage", "state", "opened_on", "expires")
PLACEMENT_COLUMNS = ("worker", "county", "destination", "occupation", "state", "due", "matched_on")
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
        links=(("Scorecard", "/enterprises/{enterprise}/scorecard", OWNERS),),
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
    ListScreen(
        path="/orders",
        title="Job orders",
        group="Docking",
        service="docking",
        route="/orders",
        columns=(ORDER_COLUMNS[0], "enterprise", *ORDER_COLUMNS[1:]),
        beneath={"enterprise": "employer", "occupation": "destination", "expires": "opened_on"},
        filters=("state", "destination", "occupation", "free", "old_number"),
        labels={"free": sentence("With free positions")},
        usual={"state": "open"},
        sort="-opened_on",
        roles=READERS,
        row="/orders/{order}",
        buttons=(Button(service="docking", operation="open_job_order", roles=OPENERS),),
        empty="There is no such order.",
        fits_filters=True,
        shape=paid_by_period,
        advice=Advice(sentence("An enterprise opens one for the workers it needs."), OPENERS),
    ),
    ItemScreen(
        path="/orders/{order}",
        title="{employer}, {destination}: {occupation}",
        service="docking",
        route="/orders/{order}",
        roles=READERS,
        tags=("state",),
        known_by=("enterprise", "positions", "filled", "expires"),
        to_do=order_to_do,
        fields=(
            "enterprise",
            "positions",
            "reserved",
            "filled",
            "wage",
            "wage_period",
            "term_months",
            "fee_cap",
            "channel",
            "opened_on",
            "expires",
            "old_numbers",
        ),
        parts=(
            Part(
                title="Candidates",
                service="docking",
                route="/orders/{order}/matches",
                parts=ORDER,
                columns=("worker", "score", "reasons", "quota_effect", "expires"),
                buttons=(
                    Button(service="docking", operation="accept_match", parts={"match": "match"}, roles=MEDIATORS, when=is_free),
                    Button(service="docking", operation="decline_match", parts={"match": "match"}, roles=MEDIATORS),
                ),
                roles=MEDIATORS | {Role.AUDITOR},
                empty="Nobody is proposed.",
                advice=Advice(sentence("Propose matches: the best of those who are willing come first."), MEDIATORS, may_be_proposed_to),
            ),
            Part(
                title="Placements",
                service="docking",
                route="/placements",
                query=ORDER,
                columns=PLACEMENT_COLUMNS,
                row="/placements/{placement}",
            ),
            history("docking", "/orders/{order}/history", ORDER),
        ),
        buttons=(
            Button(
                service="docking",
                operation="propose_matches",
                parts=ORDER,
                roles=MEDIATORS,
                when=may_be_proposed_to,
            ),
            _do("amend_job_order", ORDER, OPENERS, ("open",)),
            _do("close_job_order", ORDER, OPENERS, ("open",)),
        ),
    ),
    ListScreen(
        path="/placements",
        title="Placements",
        group="Docking",
        service="docking",
        route="/placements",
        columns=(PLACEMENT_COLUMNS[0], "enterprise", *PLACEMENT_COLUMNS[1:]),
        beneath={"enterprise": "worker", "occupation": "destination"},
        filters=("state", "destination", "county", "old_number"),
        sort="-matched_on",
        roles=READERS,
        row="/placements/{placement}",
    ),
    ListScreen(
        path="/placements/stuck",
        title="Stuck placements",
        group="Docking",
        service="docking",
        route="/placements/stuck",
        columns=("worker", "enterprise", "county", "destination", "occupation", "state", "due", "matched_on"),
        sort="since",
        due="due",
        roles=frozenset({Role.CLERK, Role.OFFICER, Role.OPERATOR, Role.AUDITOR}),
        row="/placements/{placement}",
        empty="No placement is stuck.",
    ),
    ListScreen(
        path="/placements/ending",
        title="Contracts that end soon",
        group="Docking",
        service="docking",
        route="/placements/ending",
        columns=("worker", "enterprise", "destination", "ends_on", "state"),
        filters=("days",),
        sort="ends_on",
        due="ends_on",
        explain=why_ending,
        empty="No contract ends in this time.",
        roles=READERS,
        row="/placements/{placement}",
    ),
    ListScreen(
        path="/arrivals/overdue",
        title="Arrivals not confirmed",
        group="Docking",
        service="docking",
        route="/arrivals/overdue",
        columns=("worker", "enterprise", "destination", "departed_on", "due_on"),
        rows=20,
        filters=("day", "destination"),
        sort="departed_on",
        due="due_on",
        explain=why_unconfirmed,
        empty="Everybody who was to confirm the arrival has done so.",
        labels={"day": sentence("Asked on this day after the departure")},
        roles=AUTHORITY,
        row="/placements/{placement}",
    ),
    ItemScreen(
        path="/placements/{placement}",
        title="Placement of {worker}, {destination}",
        service="docking",
        route="/placements/{placement}",
        roles=READERS,
        tags=("state",),
        known_by=("enterprise", "occupation", "matched_on"),
        to_do=placement_to_do,
        groups=(
            (
                "Placement",
                (
                    "worker",
                    "enterprise",
                    "county",
                    "destination",
                    "occupation",
                    "channel",
                    "matched_on",
                    "due",
                    "planned_departure",
                    "old_numbers",
                ),
            ),
            ("Papers", ("contract", "insurance", "clearance_valid_to", "dispatch", "ended")),
        ),
        words={"due": sentence("The position returns after"), "ended": sentence("Why it was cancelled or voided")},
        parts=(
            Part(
                title="Checks before departure",
                service="docking",
                route="/placements/{placement}/checks",
                parts=PLACEMENT,
                columns=("check", "met", "actor"),
                words={"actor": "Who must act"},
                when=lambda placement: placement["state"] in BEFORE_DEPARTURE,
                shape=unmet_first,
                to_do=checks_to_do,
            ),
            Part(
                title="Fees",
                service="docking",
                route="/placements/{placement}/fees",
                parts=PLACEMENT,
                columns=("charged_on", "payer", "item", "amount", "voided"),
                buttons=_corrections("fee", {**PLACEMENT, "fee": "fee"}, OFFICER, lambda one: not one["voided"]),
                empty="No fee was declared.",
            ),
            Part(
                title="Arrival",
                service="docking",
                route="/placements/{placement}/arrivals",
                parts=PLACEMENT,
                columns=("day", "confirmed_on", "terms_match", "differences"),
                when=lambda placement: placement["dispatch"] is not None,
                to_do=arrival_to_do,
                empty="No arrival is confirmed yet.",
                buttons=_corrections("arrival", {**PLACEMENT, "day": "day"}, OFFICER, lambda _one: True),
            ),
            Part(
                title="Wages",
                service="rights",
                route="/placements/{placement}/ledger",
                parts=PLACEMENT,
                columns=("period", "gross", "deductions", "net", "paid_on", "state"),
                at="reports",
                buttons=(
                    Button(service="rights", operation="correct_income", parts={"report": "report"}, roles=MEDIATORS),
                    Button(service="rights", operation="void_income", parts={"report": "report"}, roles=MEDIATORS),
                ),
                empty="No wage was reported yet.",
            ),
            history("docking", "/placements/{placement}/history", PLACEMENT),
        ),
        buttons=(
            _do("register_contract", PLACEMENT, MEDIATORS, BEFORE_DEPARTURE),
            _do("bind_insurance", PLACEMENT, MEDIATORS, BEFORE_DEPARTURE),
            _do("record_medical", PLACEMENT, MEDIATORS, BEFORE_DEPARTURE),
            _do("declare_fee", PLACEMENT, MEDIATORS, (*BEFORE_DEPARTURE, "abroad")),
            _do("request_clearance", PLACEMENT, MEDIATORS, BEFORE_DEPARTURE),
            _do("record_departure", PLACEMENT, MEDIATORS, ("cleared",)),
            _do("confirm_arrival", PLACEMENT, HANDLERS, ("abroad",)),
            replace(_do("report_income", PLACEMENT, MEDIATORS, ("abroad",)), service="rights"),
            replace(_do("open_case", PLACEMENT, HANDLERS, ("abroad", "returned")), service="rights"),
            replace(_do("request_repatriation", PLACEMENT, MEDIATORS, ("abroad",)), service="rights"),
            _do("extend_contract", PLACEMENT, MEDIATORS, ("abroad",)),
            _do("transfer_employer", PLACEMENT, MEDIATORS, ("abroad",)),
            _do("record_return", PLACEMENT, MEDIATORS, ("abroad",)),
            _do("cancel_placement", PLACEMENT, MEDIATORS, BEFORE_DEPARTURE),
            _do("record_old_number", PLACEMENT, OFFICER, (*BEFORE_DEPARTURE, "abroad", "returned")),
            _do("correct_dispatch", PLACEMENT, OFFICER, ("abroad", "returned")),
            _do("void_dispatch", PLACEMENT, OFFICER, ("abroad", "returned")),
        ),
        shape=as_agreed,
        links=(
            ("Job order", "/orders/{order}", READERS),
            ("Worker", "/workers/{worker}", AUTHORITY),
            ("Clearance certificate (PDF)", "/papers/clearance/{cleared}", READERS),
        ),
        linked=lambda placement: {**placement, "cleared": placement["placement"] if placement["clearance"] else None},
    ),
    ListScreen(
        path="/employers",
        title="Foreign employers",
        group="Docking",
        service="docking",
        route="/employers",
        columns=("name", "destination", "registration_no", "licence_no", "registered_on"),
        words=EMPLOYER,
        filters=("name", "destination"),
        sort="name",
        roles=READERS,
        buttons=(Button(service="docking", operation="register_employer", roles=OPENERS),),
        empty="No such foreign employer is registered.",
        fits_filters=True,
        advice=Advice(sentence("Orders may name one that is not."), OPENERS),
    ),
    ListScreen(
        path="/fairs",
        title="Docking fairs",
        group="Docking",
        service="docking",
        route="/fairs",
        columns=("name", "held_on", "counties", "enterprises", "voided"),
        rows=20,
        words=FAIR,
        filters=("county",),
        sort="-held_on",
        roles=READERS,
        row="/fairs/{fair}",
        buttons=(Button(service="docking", operation="hold_docking_fair", roles=OFFICER),),
    ),
    ItemScreen(
        path="/fairs/{fair}",
        title="{name}",
        service="docking",
        route="/fairs/{fair}",
        roles=READERS,
        known_by=("held_on", "county"),
        fields=("held_on", "place", "county", "counties", "enterprises", "voided"),
        words=FAIR,
        parts=(
            Part(
                title="Intentions",
                service="docking",
                route="/intentions",
                query={"fair": "fair"},
                columns=("enterprise", "county", "destination", "occupation", "headcount", "matched", "state"),
                shape=in_order_of("county"),
                buttons=_corrections("intention", {"intention": "intention"}, HANDLERS, lambda one: one["state"] != "voided"),
            ),
            history("docking", "/fairs/{fair}/history", {"fair": "fair"}),
        ),
        buttons=(
            _do("record_intention", {"fair": "fair"}, HANDLERS),
            _do("correct_docking_fair", {"fair": "fair"}, OFFICER),
            _do("void_docking_fair", {"fair": "fair"}, OFFICER),
        ),
    ),
    ListScreen(
        path="/notices",
        title="Breaches and penalties made public",
        group="Docking",
        service="docking",
        route="/public/notices",
        columns=("enterprise", "breach", "penalty", "decision_no", "since", "until", "state"),
        roles=AUTHORITY,
        buttons=(Button(service="docking", operation="publish_notice", roles=OFFICER),),
        empty="No breach was made public.",
    ),
)

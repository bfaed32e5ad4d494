"""Screens of rights: cases with their clocks, wages that are missing, emergencies with the roll-call, repatriations, orphaned reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from console.web.screen import Button, Command, Item, ItemScreen, ListScreen, Part, history
from console.web.screens.options import enterprises
from shared.principals import Role
from shared.texts import Texts

AUTHORITY = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})
HANDLERS = frozenset({Role.CLERK, Role.OFFICER})
PARTIES = HANDLERS | {Role.ENTERPRISE}
READERS = AUTHORITY | {Role.ENTERPRISE}
AUDITED = frozenset({Role.OFFICER, Role.AUDITOR})
OFFICER = frozenset({Role.OFFICER})
CASE, EMERGENCY, REPATRIATION = {"case": "case"}, {"emergency": "emergency"}, {"repatriation": "repatriation"}


def case_to_do(case: Item, text: Texts) -> Sequence[str]:
    """By when somebody must act, and who."""
    if case["closed_at"] is not None:
        return []
    moment = text.moment(datetime.fromisoformat(case["due_at"]))
    late = text("Overdue since {moment}.", moment=moment) if case["overdue"] else text("Due by {moment}.", moment=moment)
    who = text("Nobody has taken it yet: assign it.") if case["assignee"] is None else text("With {who}.", who=case["assignee"])
    return [late, who]


def _case(operation: str, roles: frozenset[Role] = HANDLERS, *, closed: bool = False) -> Button:
    return Button(
        service="rights", operation=operation, parts=CASE, roles=roles, when=lambda case: (case["closed_at"] is not None) is closed
    )


CASE_BUTTONS = (
    *(
        _case(operation)
        for operation in (
            "triage_case",
            "assign_case",
            "answer_case",
            "request_response",
            "settle_case",
            "pause_case",
            "resume_case",
            "escalate_case",
            "ask_closure",
            "close_case",
        )
    ),
    *(_case(operation, PARTIES) for operation in ("record_response", "record_offer", "add_evidence")),
    _case("reopen_case", closed=True),
)
SCREENS = (
    ListScreen(
        path="/cases",
        title="Cases",
        group="Rights",
        service="rights",
        route="/cases",
        columns=("opened_at", "category", "severity", "state", "level", "assignee", "due_at", "overdue", "age_days", "enterprise"),
        filters=("state", "category", "severity", "late", "older_than_days"),
        roles=READERS,
        row="/cases/{case}",
        buttons=(Button(service="rights", operation="open_case", roles=HANDLERS),),
        empty="There is no case.",
    ),
    ListScreen(
        path="/cases/ageing",
        title="How old the open cases are",
        group="Rights",
        service="rights",
        route="/cases/ageing",
        columns=("from_days", "to_days", "open", "late"),
        roles=AUTHORITY,
        at="bands",
    ),
    ItemScreen(
        path="/cases/{case}",
        title="Case of {opened_at}: {category}",
        service="rights",
        route="/cases/{case}",
        roles=READERS,
        tags=("state", "severity"),
        to_do=case_to_do,
        fields=(
            "enterprise",
            "period",
            "level",
            "assignee",
            "assisting",
            "via",
            "medium",
            "opened_at",
            "due_at",
            "text",
            "outcome",
            "blocking",
        ),
        parts=(
            Part(
                title="Statements",
                service="rights",
                route="/cases/{case}/file",
                parts=CASE,
                at="statements",
                columns=("recorded_at", "kind", "text", "amount"),
                empty="Nobody has stated anything yet.",
            ),
            Part(
                title="Evidence",
                service="rights",
                route="/cases/{case}/file",
                parts=CASE,
                at="evidence",
                columns=("added_at", "kind", "provided_by", "digest"),
            ),
            Part(
                title="Settlements",
                service="rights",
                route="/cases/{case}/file",
                parts=CASE,
                at="settlements",
                columns=("at", "amount", "paid_by", "state", "refusal"),
            ),
            history("rights", "/cases/{case}/history", CASE, AUTHORITY),
        ),
        buttons=CASE_BUTTONS,
    ),
    ListScreen(
        path="/incomes/missing",
        title="Wages not reported",
        group="Rights",
        service="rights",
        route="/incomes/missing",
        columns=("period", "kind", "expected", "paid"),
        roles=AUDITED,
        row="/placements/{placement}",
        empty="Every month that is due was reported.",
    ),
    ListScreen(
        path="/findings",
        title="Wages that differ from the contract",
        group="Rights",
        service="rights",
        route="/findings",
        columns=("period", "kind", "expected", "paid"),
        filters=("kind",),
        roles=AUDITED,
        row="/placements/{placement}",
        empty="Every wage that was reported is what the contract says.",
    ),
    ListScreen(
        path="/orphans",
        title="Wage reports without a placement",
        group="Rights",
        service="rights",
        route="/orphans",
        columns=("orphaned_on", "age_days", "period", "gross", "paid_on", "source", "state", "region"),
        filters=("older_than_days",),
        roles=AUDITED,
        row_buttons=tuple(
            Button(service="rights", operation=operation, parts={"report": "report"}, roles=OFFICER)
            for operation in ("reattach_orphan", "forward_orphan", "void_orphan")
        ),
        empty="Every wage report has its placement.",
    ),
    ListScreen(
        path="/emergencies",
        title="Emergencies",
        group="Rights",
        service="rights",
        route="/emergencies",
        columns=("declared_at", "destination", "kind", "grade", "state", "authority"),
        filters=("state", "destination"),
        roles=READERS,
        row="/emergencies/{emergency}",
        buttons=(Button(service="rights", operation="declare_emergency", roles=OFFICER),),
        empty="There is no emergency.",
    ),
    ItemScreen(
        path="/emergencies/{emergency}",
        title="Emergency in {destination}: {kind}",
        service="rights",
        route="/emergencies/{emergency}",
        roles=READERS,
        tags=("state", "grade"),
        fields=("destination", "region", "since", "declared_at", "authority", "text", "ended_at", "end_reason"),
        parts=(
            Part(
                title="How far the roll-call is",
                service="rights",
                route="/emergencies/{emergency}/progress",
                parts=EMERGENCY,
                at="by_enterprise",
                columns=("enterprise", "counts.total", "counts.accounted", "counts.pending", "counts.missing"),
            ),
            Part(
                title="Roll-call",
                service="rights",
                route="/emergencies/{emergency}/workers",
                parts=EMERGENCY,
                columns=("worker", "enterprise", "condition", "whereabouts", "accounted_on", "reported_by"),
                buttons=(
                    Button(
                        service="rights",
                        operation="account_for_worker",
                        parts={"emergency": "emergency", "placement": "placement"},
                        roles=PARTIES,
                    ),
                ),
            ),
            history("rights", "/emergencies/{emergency}/history", EMERGENCY, AUTHORITY),
        ),
        buttons=(
            Button(service="rights", operation="end_emergency", parts=EMERGENCY, roles=OFFICER, when=lambda item: item["ended_at"] is None),
        ),
    ),
    ListScreen(
        path="/repatriations",
        title="Repatriations",
        group="Rights",
        service="rights",
        route="/repatriations",
        columns=("state", "cause", "requested_by", "paid_by", "cost", "completed_on"),
        filters=("state",),
        roles=READERS,
        row="/repatriations/{repatriation}",
    ),
    ItemScreen(
        path="/repatriations/{repatriation}",
        title="Repatriation",
        service="rights",
        route="/repatriations/{repatriation}",
        roles=READERS,
        tags=("state",),
        buttons=tuple(
            Button(service="rights", operation=operation, parts=REPATRIATION, roles=roles)
            for operation, roles in (("approve_repatriation", OFFICER), ("refuse_repatriation", OFFICER), ("record_repatriation", HANDLERS))
        ),
        parts=(history("rights", "/repatriations/{repatriation}/history", REPATRIATION),),
    ),
    ListScreen(
        path="/settlements/stuck",
        title="Settlements whose payment is stuck",
        group="Rights",
        service="rights",
        route="/settlements/stuck",
        columns=("at", "amount", "paid_by", "state", "refusal"),
        filters=("hours",),
        roles=AUDITED,
        row="/cases/{case}",
        empty="Every settlement was paid or refused.",
    ),
)
COMMANDS = (
    Command(service="rights", operation="open_case", options={"enterprise": enterprises}, then="/cases/{case}"),
    Command(service="rights", operation="declare_emergency", then="/emergencies/{emergency}"),
    Command(service="rights", operation="request_repatriation", hidden=("placement",), then="/repatriations/{repatriation}"),
)

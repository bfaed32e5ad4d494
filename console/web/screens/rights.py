"""Screens of rights: cases with their clocks, wages that are missing, emergencies with the roll-call, repatriations, orphaned reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from console.web.enterprises import KIND
from console.web.pages import account_name
from console.web.screen import Advice, Button, Command, Item, ItemScreen, ListScreen, Part, State, history
from console.web.screens.options import case_handlers, open_emergencies, placement_by_number
from shared.principals import Role
from shared.texts import Texts, sentence

AUTHORITY = frozenset({Role.CLERK, Role.OFFICER, Role.AUDITOR})
HANDLERS = frozenset({Role.CLERK, Role.OFFICER})
PARTIES = HANDLERS | {Role.ENTERPRISE}
READERS = AUTHORITY | {Role.ENTERPRISE}
AUDITED = frozenset({Role.OFFICER, Role.AUDITOR})
OFFICER = frozenset({Role.OFFICER})
PLACEMENT_BY_NUMBER = sentence("Placement, by the number of its worker")
OWED = {"expected": sentence("Wage owed"), "paid": sentence("Wage paid")}
CASE, EMERGENCY, REPATRIATION = {"case": "case"}, {"emergency": "emergency"}, {"repatriation": "repatriation"}


def case_to_do(case: Item, text: Texts, _today: date) -> Sequence[str]:
    """What it waits for, by when, and who has it."""
    clock = case["clock"]
    if clock is None:
        return []
    awaited = text.value("waits_for", clock["waits_for"])
    moment = text.moment(datetime.fromisoformat(clock["due_at"]))
    who = text("Nobody has taken it yet.") if case["assignee"] is None else text("With {who}.", who=account_name(text, case["assignee"]))
    if clock["paused_at"] is not None:
        return [State(text("The clock stands still: {reason}.", reason=text.value("pause_reason", clock["pause_reason"]))), State(who)]
    if clock["late"]:
        return [text("Overdue since {moment}: {awaited}.", moment=moment, awaited=awaited), who]
    return [text("Due by {moment}: {awaited}.", moment=moment, awaited=awaited), who]


def may_be_accounted_for(member: Item) -> bool:
    """Who is home needs no report; after the emergency only who was not accounted for does: somebody may be found late."""
    if member["ended_at"] is not None:
        return member["condition"] in {"pending", "missing"}
    return member["condition"] not in {"returned", "not_abroad"}


def in_days(bands: Sequence[Item], text: Texts) -> Sequence[Item]:
    """Each band as the days it is from and to."""
    return [{**one, "from_days": _days(text, one["from_days"], one["to_days"])} for one in bands]


def _days(text: Texts, first: int, last: int | None) -> str:
    return text("{first} days and more", first=first) if last is None else text("{first} to {last} days", first=first, last=last)


TRIAGED = ("triaged", "assigned", "response_requested", "responded", "offered")
UNSETTLED = ("received", *TRIAGED)
WORKED_ON = (*UNSETTLED, "settled")  # open, and not waiting for the reserve to pay
OPEN = (*WORKED_ON, "settling")


def _case(operation: str, *states: str, roles: frozenset[Role] = HANDLERS, paused: bool = False) -> Button:
    """`states`: in which it is possible. While its clock stands still a case is resumed first."""
    return Button(
        service="rights",
        operation=operation,
        parts=CASE,
        roles=roles,
        when=lambda case: case["state"] in states and (case["clock"] is not None and case["clock"]["paused_at"] is not None) is paused,
    )


def _unanswered() -> Button:
    first = _case("answer_case", *OPEN)
    return replace(first, when=lambda case: case["answered_at"] is None and first.when(case))


CASE_BUTTONS = (
    _case("triage_case", *UNSETTLED),
    _case("assign_case", *TRIAGED, "settled"),
    _unanswered(),
    _case("request_response", "triaged", "assigned", "responded", "offered"),
    _case("record_response", "response_requested", roles=PARTIES),
    _case("record_offer", *TRIAGED, roles=PARTIES),
    _case("add_evidence", *OPEN, roles=PARTIES),
    _case("settle_case", *UNSETTLED),
    _case("withdraw_settlement", "settling"),
    _case("ask_closure", *WORKED_ON),
    _case("close_case", *WORKED_ON),
    _case("pause_case", *WORKED_ON),
    _case("resume_case", *WORKED_ON, paused=True),
    _case("escalate_case", *OPEN),
    _case("reopen_case", "closed"),
)


def _repatriation(operation: str, roles: frozenset[Role], *states: str) -> Button:
    return Button(service="rights", operation=operation, parts=REPATRIATION, roles=roles, when=lambda item: item["state"] in states)


SCREENS = (
    ListScreen(
        path="/cases",
        title="Cases",
        group="Rights",
        service="rights",
        route="/cases",
        columns=("opened_at", "category", "severity", "state", "due_at", "overdue", "age_days", "assignee", "level", "enterprise"),
        filters=("open", "late", "state", "category", "severity", "enterprise", "assignee", "older_than_days"),
        searched={"enterprise": KIND},
        asked_of={"enterprise": AUTHORITY, "assignee": AUTHORITY},
        hints={"assignee": sentence("Somebody's account")},
        usual={"open": "true"},
        sort="due_at",
        roles=READERS,
        row="/cases/{case}",
        buttons=(Button(service="rights", operation="open_case", roles=HANDLERS),),
        empty="No case is as asked for.",
        fits_filters=True,
        advice=Advice(sentence("Show everything to see those that are closed, too."), READERS),
    ),
    ListScreen(
        path="/cases/ageing",
        title="How old the open cases are",
        group="Rights",
        service="rights",
        route="/cases/ageing",
        columns=("from_days", "open", "late"),
        words={"from_days": sentence("Open for")},
        shape=in_days,
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
        known_by=("placement", "enterprise", "level"),
        to_do=case_to_do,
        links=(("Placement", "/placements/{placement}", READERS),),
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
        columns=("placement", "enterprise", "period", "expected"),
        words=OWED,
        filters=("enterprise", "period"),
        searched={"enterprise": KIND},
        asked_of={"enterprise": AUDITED},
        roles=AUDITED | {Role.ENTERPRISE},
        row="/placements/{placement}",
        empty="Every month that is due was reported.",
    ),
    ListScreen(
        path="/findings",
        title="Wages that differ from the contract",
        group="Rights",
        service="rights",
        route="/findings",
        columns=("placement", "enterprise", "period", "kind", "expected", "paid", "shortfall"),
        words=OWED,
        note="Only what was not made good yet.",
        filters=("kind", "enterprise", "period"),
        searched={"enterprise": KIND},
        asked_of={"enterprise": AUDITED},
        usual={"kind": "short"},
        needed=("kind",),
        roles=AUDITED | {Role.ENTERPRISE},
        row="/placements/{placement}",
        empty="No wage that was reported is less than the contract says.",
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
        empty="No wage report has been without its placement this long.",
        fits_filters=True,
    ),
    ListScreen(
        path="/emergencies",
        title="Emergencies",
        group="Rights",
        service="rights",
        route="/emergencies",
        columns=("destination", "kind", "grade", "state", "declared_at", "authority"),
        words={"authority": sentence("Level of the authority")},
        filters=("state", "destination"),
        sort="-declared_at",
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
        known_by=("region", "since"),
        unset={"region": sentence("The whole country")},
        fields=("destination", "region", "since", "declared_at", "authority", "text", "ended_at", "end_reason"),
        words={"authority": sentence("Level of the authority")},
        parts=(
            Part(
                title="How far the roll-call is",
                service="rights",
                route="/emergencies/{emergency}/progress",
                parts=EMERGENCY,
                at="by_enterprise",
                columns=("enterprise", "counts.total", "counts.accounted", "counts.pending", "counts.missing"),
                words={"counts.pending": "Not heard of yet", "counts.missing": "Missing persons"},
                empty="No enterprise whose workers you see had anybody there.",
            ),
            Part(
                title="Roll-call",
                service="rights",
                route="/emergencies/{emergency}/workers",
                parts=EMERGENCY,
                columns=("worker", "enterprise", "condition", "whereabouts", "accounted_on", "reported_by"),
                row="/placements/{placement}",
                empty="None of the workers whom you see was abroad there.",
                buttons=(
                    Button(
                        service="rights",
                        operation="account_for_worker",
                        parts={"emergency": "emergency", "placement": "placement"},
                        roles=PARTIES,
                        when=may_be_accounted_for,
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
        columns=("placement", "enterprise", "cause", "state", "requested_on", "requested_by", "paid_by", "cost", "completed_on"),
        filters=("state",),
        sort="-id",
        roles=READERS,
        row="/repatriations/{repatriation}",
        empty="No repatriation was asked for. It is asked for at the placement of a worker abroad.",
    ),
    ItemScreen(
        path="/repatriations/{repatriation}",
        title="Repatriation of {placement}",
        service="rights",
        route="/repatriations/{repatriation}",
        roles=READERS,
        tags=("state",),
        known_by=("cause", "paid_by"),
        fields=(
            "enterprise",
            "cause",
            "requested_on",
            "requested_by",
            "paid_by",
            "approval",
            "approver",
            "criteria_version",
            "refusal",
            "cost",
            "completed_on",
        ),
        links=(("Placement", "/placements/{placement}", READERS), ("Emergency", "/emergencies/{emergency}", READERS)),
        buttons=(
            _repatriation("approve_repatriation", OFFICER, "requested"),
            _repatriation("record_repatriation", HANDLERS, "approved"),
            _repatriation("refuse_repatriation", OFFICER, "requested", "approved"),
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
        labels={"hours": sentence("Waiting for at least so many hours")},
        roles=AUDITED,
        row="/cases/{case}",
        empty="No settlement has waited for its payment this long.",
        fits_filters=True,
    ),
)
COMMANDS = (
    Command(service="rights", operation="assign_case", suggested={"assignee": case_handlers}),
    Command(
        service="rights",
        operation="open_case",
        hidden=("placement",),
        searched={"enterprise": KIND},
        resolved={"placement": placement_by_number},
        labels={"placement": PLACEMENT_BY_NUMBER},
        then="/cases/{case}",
        note="About one placement: give its worker's number; the newest is meant. About nobody in particular: choose the enterprise.",
    ),
    Command(
        service="rights",
        operation="reattach_orphan",
        resolved={"placement": placement_by_number},
        labels={"placement": PLACEMENT_BY_NUMBER},
    ),
    Command(
        service="rights",
        operation="declare_emergency",
        labels={"region": sentence("State, province or city there")},
        hints={"region": sentence("Left empty: the whole country. It limits nothing: where in a country a worker is nobody records.")},
        note=(
            "Nobody is cleared for the country until the emergency ends, and clearances that were not used are withdrawn. "
            "Everybody who is abroad there must be accounted for. Enterprises, centres and offices are notified."
        ),
        then="/emergencies/{emergency}",
    ),
    Command(
        service="rights",
        operation="request_repatriation",
        hidden=("placement",),
        options={"emergency": open_emergencies},
        unoffered={"emergency": sentence("No emergency is declared: leave this empty.")},
        then="/repatriations/{repatriation}",
    ),
)

"""Screens of those who answer for the figures: periods, restatements, programmes, exchange rates."""

from __future__ import annotations

from collections.abc import Sequence

from console.web.screen import Button, Command, Item, ItemScreen, ListScreen, Screen
from shared.principals import Role
from shared.texts import Texts, sentence

FIGURES = frozenset({Role.OFFICER, Role.OPERATOR, Role.AUDITOR})
OFFICER = frozenset({Role.OFFICER})
CLOSED = {"closed_at": sentence("Books closed at"), "closed_by": sentence("Books closed by")}
KEEPERS = frozenset({Role.OFFICER, Role.OPERATOR})


def in_money(restatements: Sequence[Item], _text: Texts) -> Sequence[Item]:
    """Sums of money as money, changes with their sign, the steps of one figure on one day under each other, the newest first.

    `key`: of the figure, whose events explain the change.
    """
    steps: dict[object, list[Item]] = {}
    for one in restatements:
        steps.setdefault((one["restated"]["effective"], one["restated"]["key"], one["counted"]), []).append(one)
    newest_first = [one for some in steps.values() for one in sorted(some, key=lambda step: int(step["id"]), reverse=True)]
    return [{**one, "key": one["restated"]["key"], **_amounts(one, one["restated"])} for one in newest_first]


def _amounts(one: Item, restated: Item) -> Item:
    if restated["currency"] is not None:
        amounts = {name: {"minor": restated[name], "currency": restated["currency"]} for name in ("old", "new")}
        return {"restated": {**restated, **amounts}, "unit": None}  # it says its currency itself
    if one["counted"] == "level":
        return {"restated": {**restated, **{name: {"change": restated[name]} for name in ("old", "new")}}}
    return {"restated": restated}


def by_name(programmes: Sequence[Item], text: Texts) -> Sequence[Item]:
    """As the plan has it, where no translation is known."""
    return [{**one, "plan": {**one["plan"], "title": _title(one["plan"], text)}} for one in programmes]


def _title(plan: Item, text: Texts) -> str:
    return text.word("programme", plan["code"]) if text.has("programme", plan["code"]) else str(plan["title"])


def newest_close_first(closes: Sequence[Item], _text: Texts) -> Sequence[Item]:
    """`in_force`: the period of one that was not reopened: only that has a release."""
    shown = [{**one, "in_force": one["period"] if one["reopened_at"] is None else None} for one in closes]
    return sorted(shown, key=lambda one: str(one["closed_at"]), reverse=True)


SCREENS: tuple[Screen, ...] = (
    ListScreen(
        path="/periods",
        row="/releases/{in_force}",
        title="Closed periods",
        group="Figures",
        service="stats",
        route="/periods",
        columns=("period", "version", "closed_at", "closed_by", "reopened_at", "reopened_by", "reason"),
        words=CLOSED,
        roles=FIGURES,
        buttons=(Button(service="stats", operation="close_period", roles=OFFICER),),
        row_buttons=(
            Button(
                service="stats",
                operation="reopen_period",
                parts={"period": "period", "version": "version"},
                roles=OFFICER,
                when=lambda closed: closed["reopened_at"] is None,
            ),
        ),
        shape=newest_close_first,
        empty="No period was closed yet.",
    ),
    ItemScreen(
        path="/releases/{period}",
        title="Release of {period}",
        above="/periods",
        service="stats",
        route="/periods/{period}",  # what the papers hold takes long to count
        roles=FIGURES,
        fields=("version", "closed_at", "closed_by", "as_known_at", "digest"),  # what is counted is defined in the papers
        words=CLOSED,
        links=(
            ("As PDF", "/papers/releases/{period}/pdf", FIGURES),
            ("As a spreadsheet", "/papers/releases/{period}/xlsx", FIGURES),
            ("Restated since", "/restatements?period={period}", FIGURES),
        ),
    ),
    ListScreen(
        path="/restatements",
        title="Restatements",
        group="Figures",
        service="stats",
        route="/restatements",
        columns=(
            "restated.measure",
            "counted",
            "restated.period",
            "restated.scope",
            "restated.old",
            "restated.new",
            "unit",
            "restated.kind",
            "restated.causes_total",
            "restated.effective",
        ),
        filters=("period",),
        rows=20,
        sort="-effective",  # the latest to become known first
        roles=FIGURES,
        row="/board/why?key={key}",
        words={"restated.causes_total": sentence("Records behind it")},
        shape=in_money,
        empty="No closed figure was restated.",
    ),
    ListScreen(
        path="/programmes",
        title="Programmes",
        group="Figures",
        service="stats",
        route="/programmes",
        columns=("plan.code", "plan.title", "version", "entered_at", "entered_by", "reason"),
        roles=FIGURES,
        row="/board",
        note="Targets and quotas of the newest one, and how far they are, are on the board.",
        shape=by_name,
    ),
    ListScreen(
        path="/fx-rates/held",
        title="Exchange rates to decide",
        group="Figures",
        service="stats",
        route="/fx-rates/held",
        columns=("month", "currency", "yuan_per_unit", "compared_month", "compared_yuan_per_unit", "state", "entered_by", "decided_by"),
        filters=("state",),
        usual={"state": "held"},
        roles=FIGURES,
        row_buttons=tuple(
            Button(
                service="stats",
                operation=operation,
                parts={"held": "held"},
                roles=KEEPERS,
                when=lambda rate: rate["decided_at"] is None,
            )
            for operation in ("approve_held_rate", "reject_held_rate")
        ),
        empty="No exchange rate waits for a decision.",
    ),
)
COMMANDS = (
    Command(
        service="stats",
        operation="close_period",
        note="The figures are published as they stand now. What becomes known later is shown as restatements.",
    ),
    Command(
        service="stats",
        operation="reopen_period",
        hidden=("period",),
        note="What was published stays; what is restated is shown beside it.",
    ),
)

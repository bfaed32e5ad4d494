"""Docking's screens in sentences: what comes next, who must act and by when, and why a row is in a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from console.web.screen import Item, State, falling_due
from shared.texts import Texts, sentence

BEGINNING = "1990-01-01"
EMPLOYER = {"licence_no": sentence("Licence number in its country")}  # of a foreign employer; not that of a qualified enterprise
FAIR = {"county": sentence("County where it is held"), "counties": sentence("Counties that take part")}


def enterprise_to_do(enterprise: Item, text: Texts, _today: date) -> Sequence[str]:
    """What keeps the enterprise from dispatching, and what falls due."""
    found = [text("Suspended: {reason}.", reason=text.value("suspended_for", one)) for one in enterprise["suspended_for"]]
    if enterprise["reserve_due"] is not None:
        found.append(text("The reserve is short: it must be topped up by {day}.", day=_day(text, enterprise["reserve_due"])))
    return [*found, *(text.value("warnings", one) for one in enterprise["warnings"])]


def order_to_do(order: Item, text: Texts, _today: date) -> Sequence[str]:
    """Who can still be taken."""
    if order["state"] != "open" or is_free(order):
        return []
    line = text(
        "Every position is taken: {filled} filled, {reserved} reserved. Others are proposed once one is given back.",
        filled=text.number(order["filled"]),
        reserved=text.number(order["reserved"]),
    )
    return [State(line)]


OF_ORDER = {"state": {"staffed": sentence("Every position filled"), "over": sentence("Expired, every position filled")}}
STAFFED = {"open": "staffed", "expired": "over"}  # state of an order -> what it is as well once nobody is needed any more


def as_listed(orders: Sequence[Item], text: Texts) -> Sequence[Item]:
    """A wage means little without what it is paid for, and a state says little of an order that needs nobody any more."""
    return [{**with_state(one), "wage": _wage(text, one["wage"], one["wage_period"])} for one in orders]


def with_state(order: Item) -> Item:
    return {**order, "state": STAFFED.get(order["state"], order["state"])} if order["filled"] >= order["positions"] else order


def latest_month_first(reports: Sequence[Item], _text: Texts) -> Sequence[Item]:
    return sorted(reports, key=lambda one: str(one["period"]), reverse=True)


def _wage(text: Texts, wage: Item, period: str) -> str:
    amount = text.money(wage["minor"], wage["currency"])
    return text("{wage} a month", wage=amount) if period == "month" else text("{wage} a day", wage=amount)


def is_free(order: Item) -> bool:
    return bool(order["positions"] > order["filled"] + order["reserved"])


def may_be_proposed_to(order: Item) -> bool:
    return order["state"] == "open" and is_free(order)


def placement_to_do(placement: Item, text: Texts, today: date) -> Sequence[str]:
    """Who must act next, and by when."""
    state = placement["state"]
    if state == "matched":
        day = _day(text, placement["due"])
        return [
            text("Contract, insurance and medical are filed, then clearance is asked for, by {day}; else the position returns.", day=day)
        ]
    if state == "clearance_requested":
        return [text("Clearance waits for the training certificate until {day}.", day=_day(text, placement["due"]))]
    if state == "cleared":
        return [text("Cleared until {day}. The departure is recorded with its evidence.", day=_day(text, placement["clearance_valid_to"]))]
    if state == "abroad" and placement["contract"]:
        end = placement["contract"]["end"]
        return [falling_due(text("Abroad. The contract ends on {day}.", day=_day(text, end)), date.fromisoformat(end), today)]
    return []


def arrival_to_do(answer: Item, placement: Item, text: Texts, today: date) -> Sequence[str]:
    """The first day on which the worker was to be asked, and was not; none before it comes."""
    if placement["state"] != "abroad" or not placement["dispatch"]:
        return []
    departed, confirmed = date.fromisoformat(placement["dispatch"]["departed_on"]), {one["day"] for one in answer["items"]}
    asked = [(departed + timedelta(days=after), after) for after in answer["days"] if after not in confirmed]
    line = "The arrival is not confirmed: the worker was to be asked on {day}, {count} days after the departure."
    return [text(line, day=text.day(day), count=text.number(after)) for day, after in asked[:1] if day <= today]


def checks_to_do(answer: Item, _placement: Item, text: Texts, _today: date) -> Sequence[str]:
    """What is missing before departure, by who must see to it."""
    missing: dict[str, list[str]] = {}
    for one in answer["items"]:
        if not one["met"]:
            missing.setdefault(one["actor"], []).append(text.value("check", one["check"]))
    return [_missing(text, actor, (", " if text.language == "en" else "、").join(names)) for actor, names in missing.items()]


def _missing(text: Texts, actor: str, checks: str) -> str:
    if actor == "nobody":
        return text("In the way, until it is over: {checks}.", checks=checks)
    return text("Missing, to be seen to by the {role}: {checks}.", role=text.word("role", actor), checks=checks)


def unmet_first(checks: Sequence[Item], _text: Texts) -> Sequence[Item]:
    """Where nothing is missing nobody must act."""
    return sorted(({**one, "actor": None} if one["met"] or one["actor"] == "nobody" else one for one in checks), key=lambda one: one["met"])


def since_ever(scorecard: Item) -> Item:
    """Without a first day everything is in it that is recorded: nothing before that day is."""
    return {**scorecard, "since": None} if scorecard["since"] <= BEGINNING else scorecard


OF_PLACEMENT = ("county", "destination", "occupation", "channel")


def as_agreed(placement: Item) -> Item:
    """How many days a month are paid is of a daily wage alone; what the departure has in common with the placement stands there."""
    contract, dispatch = placement["contract"], placement["dispatch"]
    if contract is not None and contract["wage_period"] == "month":
        contract = {**contract, "days_per_month": None}
    if dispatch is not None:
        dispatch = {name: one for name, one in dispatch.items() if name not in OF_PLACEMENT or one != placement[name]}
    return {**placement, "contract": contract, "dispatch": dispatch}


def why_unconfirmed(answer: Item, text: Texts) -> str:
    return text(
        "On day {day} after the departure a worker is asked to confirm the arrival. Whoever has not by day {last} is in this list: "
        "due is the departure and {last} days. Call them, the longest overdue first.",
        day=answer["day"],
        last=answer["day"] + answer["grace_days"],
    )


def why_ending(answer: Item, text: Texts) -> str:
    return text(
        "Ended while the worker is still abroad: {overdue}. Ending within 30 days: {in_30}, within 60: {in_60}, within 90: {in_90}.",
        **{name: text.number(count) for name, count in answer["contracts"].items()},
    )


def _day(text: Texts, day: str | None) -> str:
    return text.day(date.fromisoformat(day)) if day else "–"

"""What the boards say about their rows, in the reader's language. A state is a word and a sign, never a colour alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from babel import numbers

from console.board.rows import NATIONAL, EventRow, Explanation, Freshness, Programme, ProgrammeVersion, QuotaRow, RestatementRow, TargetRow
from console.board.stream import event_class
from shared import currencies
from shared.texts import Texts
from shared.values import PROGRAMME_ZONE, Ratio

# One sign per state, in ASCII: terminals disagree on how wide other signs are.
SIGNS: Mapping[str, str] = {
    "met": "+",
    "achieved": "+",
    "ahead": "+",
    "on_track": "=",
    "at_risk": "!",
    "behind": "!",
    "breached": "x",
    "missed": "x",
    "not_comparable": "?",
    "insufficient_data": "?",
}
WEB_SIGNS = {"+": "✓", "x": "✗"}
# What a state means to whoever looks: the two boards colour these four.
TONES: Mapping[str, str] = {
    "met": "good",
    "achieved": "good",
    "ahead": "good",
    "on_track": "good",
    "at_risk": "warning",
    "behind": "warning",
    "breached": "bad",
    "missed": "bad",
    "not_comparable": "open",
    "insufficient_data": "open",
}
_SEASONS = re.compile(r"by the seasons of (?P<whose>own|published) (?P<years>[0-9, ]+)")
_THOUSANDS = re.compile(r"[0-9]{4,}")  # Babel does not group what stands before 万 or bn
STALE_AFTER = timedelta(minutes=5)


def state(t: Texts, code: str | None) -> str:
    """The sign and the word of a state; empty for none."""
    return f"{SIGNS.get(code, '?')} {t.word('state', code)}" if code else ""


def shown_state(t: Texts, code: str | None) -> str:
    """As `state`, for a page."""
    sign, space, word = state(t, code).partition(" ")
    return f"{WEB_SIGNS.get(sign, sign)}{space}{word}"


def tone(quota: QuotaRow) -> str:
    """That of its state; one that does not bind is neither good nor bad."""
    return TONES[quota.status] if quota.binding else "open"


def in_a_row(t: Texts, *parts: str) -> str:
    """Sentences beside each other, those that say anything."""
    return (" " if t.language == "en" else "").join(filter(None, parts))


# --- numbers --------------------------------------------------------------------------------------------------------------
def signed(t: Texts, change: int | None) -> str:
    """With its sign; empty where there is nothing to compare with."""
    return "" if change is None else f"{change:+d}" if abs(change) < 1000 else ("+" if change > 0 else "-") + t.number(abs(change))


def change_in_percent(t: Texts, value: int, before: int | None) -> str:
    """On the year before, with its sign; empty without one."""
    if not before:
        return ""
    return numbers.format_percent((value - before) / before, format="+#,##0.0%;-#,##0.0%", locale=t.language)


def amount(t: Texts, value: int | None, *, money: bool) -> str:
    """A count in full; money, in fen, as a short amount of yuan; empty for none."""
    if value is None:
        return ""
    return short_yuan(t, value) if money else t.number(value)


def short_yuan(t: Texts, fen: int) -> str:
    """Such as 98.3 bn; three digits that count, for what is read at a glance."""
    shown = numbers.format_compact_decimal(fen / 100, format_type="short", locale=t.language, fraction_digits=1)
    grouped = _THOUSANDS.sub(lambda digits: t.number(int(digits[0])), shown)
    return t("{amount} yuan", amount=grouped)


def money(t: Texts, minor: int, currency: str) -> str:
    """In full, with the code of its currency."""
    return f"{plain_amount(t, minor, currency)} {currency}"


def plain_amount(t: Texts, value: int, currency: str | None) -> str:
    """A count, or money in full without the code of its currency."""
    if currency is None:
        return t.number(value)
    exponent = currencies.exponent(currency)
    return t.number(value / 10**exponent, exponent)


def percent(t: Texts, share: Ratio, decimals: int = 2) -> str:
    """A share for people, rounded; empty without a denominator."""
    if not share[1]:
        return ""
    return numbers.format_percent(share[0] / share[1], format=f"#,##0.{'0' * decimals}%", locale=t.language)


# --- sentences ------------------------------------------------------------------------------------------------------------
def progress(t: Texts, target: TargetRow) -> str:
    """How much of what, and how much it should be by now."""
    actual = amount(t, target.actual, money=target.money)
    if target.floor is None:
        return actual
    floor = amount(t, target.floor, money=target.money)
    found = t("{actual} of {floor} = {share}", actual=actual, floor=floor, share=percent(t, (target.actual, target.floor), 1))
    if target.stretch is not None:
        found += "  " + t("stretch {stretch}", stretch=amount(t, target.stretch, money=target.money))
    if target.days_left:
        found += "  " + t("expected by now {expected}", expected=amount(t, target.expected, money=target.money))
    return found


def run_rate(t: Texts, target: TargetRow) -> str:
    """What is needed from here on."""
    if target.floor is None or target.state is None:
        return ""
    if target.actual >= target.floor:
        return t("The floor is reached.")
    missing = _with_unit(t, target.floor - target.actual, target)
    if not target.days_left:
        return t("Missing at the end: {missing}.", missing=missing)
    daily = _with_unit(t, target.run_rate or 0, target)
    return t("{missing} to go in {days} days: {daily} a day.", missing=missing, days=t.number(target.days_left), daily=daily)


def projection(t: Texts, target: TargetRow) -> str:
    """Where it is heading: likely, and between what."""
    found = target.projection
    if found is None:
        return ""
    low, high = (amount(t, value, money=target.money) for value in (found.low, found.high))
    likely = _with_unit(t, found.likely, target)
    return t("Heading for {likely}, between {low} and {high}.", likely=likely, low=low, high=high)


def _with_unit(t: Texts, value: int, target: TargetRow) -> str:
    return amount(t, value, money=True) if target.money else f"{t.number(value)} {t.value('unit', 'dispatches')}"


def method(t: Texts, target: TargetRow) -> str:
    """How the projection was worked out; in the words of stats where this build does not know the method."""
    if target.projection is None:
        return ""
    found = _SEASONS.search(target.projection.method)
    if found is None:
        return target.projection.method
    sentence = (
        "Counted so far, and the rest at the pace of the last 12 months, by the programme's own seasons of {years}. "
        "Low and high: the slowest and the fastest calendar year so far."
        if found["whose"] == "own"
        else "Counted so far, and the rest at the pace of the last 12 months, by the published seasons of {years}. "
        "Low and high: the slowest and the fastest calendar year so far."
    )
    return t(sentence, years=found["years"])


def target_title(t: Texts, code: str) -> str:
    """Of a plan entered since, its code."""
    return t.word("target", code)


def programme_title(t: Texts, programme: Programme | ProgrammeVersion) -> str:
    """As the plan has it, where no translation is known."""
    return t.word("programme", programme.code) if t.has("programme", programme.code) else programme.title


def programme_in_force(t: Texts, programme: ProgrammeVersion) -> str:
    """The version by which a figure is judged."""
    title = programme_title(t, programme)
    if programme.entered_on is None:
        return t("As in {programme}, as shipped.", programme=title)
    return t(
        "As in {programme}, version {version}, entered on {day}.",
        programme=title,
        version=programme.version,
        day=t.day(programme.entered_on),
    )


def quota_title(t: Texts, quota: QuotaRow) -> str:
    """As the plan has it, where no translation is known."""
    return t.word("quota", quota.code) if t.has("quota", quota.code) else quota.title


def threshold(t: Texts, quota: QuotaRow) -> str:
    rule = t("at least {share}", share=percent(t, quota.threshold, 0))
    return rule if quota.binding else t("{rule}, not binding", rule=rule)


def rise(t: Texts, quota: QuotaRow) -> str:
    """On the year before."""
    return {"rose": t("rose"), "fell": t("fell")}.get(quota.rise, t("not compared"))


def judged_by(t: Texts, quota: QuotaRow, before: QuotaRow | None) -> str:
    """What the share is of, what is required of it, and how it stands beside the year before, where that is compared.

    `before`: the whole of it, of a finished year.
    """
    of = t("{part} of {whole} dispatches.", part=t.number(quota.share[0]), whole=t.number(quota.share[1]))
    required = t("Required: {rule}.", rule=threshold(t, quota))
    if quota.rise == "not_comparable":
        return in_a_row(t, of, required)
    if before is None:
        return in_a_row(t, of, required, t("Beside the same time of the year before it {rise}.", rise=rise(t, quota)))
    compared = t("The year before: {share}; this year it {rise}.", share=percent(t, before.share), rise=rise(t, quota))
    return in_a_row(t, of, required, compared)


def gap(t: Texts, quota: QuotaRow) -> str:
    """How many more heads are needed, and whether the orders in hand can close the gap."""
    if quota.gap_heads is None:
        return t("Nothing is judged yet.")
    if quota.gap_heads == 0:
        return t("Reached, but not above the year before.") if quota.rise == "fell" else t("No gap.")
    heads, places = t.number(quota.gap_heads), t.number(quota.open_positions or 0)
    if quota.finished:
        share = percent(t, quota.threshold, 0)
        return t("{heads} short: had {heads} more of this kind been sent, {share} would have been reached.", heads=heads, share=share)
    if quota.infeasible:
        return t("Gap in heads: {heads}. The orders in hand cannot close it: {places} positions open.", heads=heads, places=places)
    return t("Gap in heads: {heads}. The orders in hand can close it: {places} positions open.", heads=heads, places=places)


def pending(t: Texts, target: TargetRow) -> str:
    """What no rate turns into yuan yet; empty where there is nothing of the kind."""
    found = ", ".join(money(t, minor, currency) for currency, minor in target.pending_fx.items())
    return t("Not converted yet, for want of a rate: {amounts}.", amounts=found) if found else ""


def restated_figure(t: Texts, row: RestatementRow) -> str:
    """The name of what was restated, where that is not what its measure is called after."""
    measure = t.word("measure", row.measure)
    if row.counted == "durations":
        return t("{measure}: how many were counted", measure=measure)
    return t("{measure}: change in the period", measure=measure) if row.counted == "level" else measure


def restated_amount(t: Texts, row: RestatementRow, value: int) -> str:
    """A change with its sign."""
    return ("+" if row.counted == "level" and value > 0 else "") + plain_amount(t, value, row.currency)


def restated(t: Texts, row: RestatementRow) -> str:
    """The kind of the change, and how many events are behind it."""
    return f"{t.word('restated', row.kind)} ({t.number(row.causes_total)})"


def complete_through(t: Texts, fresh: Freshness) -> str:
    if fresh.complete_through is None:
        return t("Nothing has been read yet.")
    return t("Complete through {moment}.", moment=t.moment(fresh.complete_through))


def lag(t: Texts, fresh: Freshness) -> str:
    """How far behind the logs, and since when that is too far."""
    if fresh.complete_through is not None and is_stale(fresh):
        return t("Stale since {moment}.", moment=t.moment(fresh.complete_through))
    return t("{seconds} s behind.", seconds=t.number(fresh.lag_seconds))


def parked(t: Texts, fresh: Freshness) -> str:
    return t("{count} events parked.", count=t.number(fresh.parked)) if fresh.parked else t("No event parked.")


def is_stale(fresh: Freshness) -> bool:
    return fresh.lag_seconds > STALE_AFTER.total_seconds()


def known(t: Texts, fresh: Freshness) -> str:
    return t("as known on {day}", day=fresh.known_on.isoformat()) if fresh.known_on else t("as known now")


def moment(at: datetime) -> str:
    """In the programme's zone, the same form in every language: it is compared with logs."""
    return at.astimezone(PROGRAMME_ZONE).strftime("%Y-%m-%d %H:%M:%S")


# --- figures and events -----------------------------------------------------------------------------------------------------
def figure_name(t: Texts, key: str) -> str:
    """What a published key names, such as dispatches|nation:CN|2018: the figure, where and when; of a quota or target its name alone."""
    code, *rest = key.split("|")
    kind = next((kind for kind in ("target", "quota") if t.has(kind, code)), "measure")
    return (", " if t.language == "en" else "，").join(filter(None, (t.word(kind, code), *(_scope_name(t, part) for part in rest))))


def _scope_name(t: Texts, scope: str) -> str:
    """Empty for the nation, which is what a figure is of unless it says so; what is no scope, such as a month, is itself."""
    level, _, code = scope.removeprefix(f"{NATIONAL}/").partition(":")
    match level:
        case _ if not code:
            return t.period(scope)
        case "nation":
            return ""
        case "province" | "county":
            return t.place(code)
        case "destination":
            return t.country(code)
        case _:
            return t.value(level, code)


def event_name(t: Texts, type_name: str) -> str:
    """Of docking.Dispatched.v1; the name of its class where it has no translation."""
    return t.word("event", event_class(type_name))


def published(t: Texts, envelope: Mapping[str, Any]) -> str:
    """What was published, in one line; empty for a figure of a part of the nation: each has many."""
    data, at = envelope["data"], moment(datetime.fromisoformat(envelope["time"]))
    name = figure_name(t, data["key"]) if "|" in data.get("key", "") else ""
    if event_class(envelope["type"]) == "FigurePublished" and data["cut"] != NATIONAL:
        return ""
    if event_class(envelope["type"]) != "FigurePublished":
        return " ".join(filter(None, (at, event_name(t, envelope["type"]), name)))
    if data["share"] is not None:
        num, den = data["share"]
        return f"{at} {name} = {t.number(num)} / {t.number(den)}"
    return f"{at} {name}" if data["value"] is None else f"{at} {name} = {t.number(data['value'])}"


def adds_up(t: Texts, found: Explanation) -> str:
    """As verdict(), for a page, which has its own sign for it."""
    values = {"sum": amounts(t, found.sums), "answer": amounts(t, found.answers), "number": t.number(found.number)}
    return (
        t("The {number} events of the log add up to {sum}, which is what is shown.", **values)
        if found.explained
        else t("The {number} events of the log add up to {sum}, while {answer} is shown.", **values)
    )


def in_groups(events: Sequence[EventRow]) -> list[list[EventRow]]:
    """Those of one kind, day and minute together, where they follow each other."""
    return [list(group) for _, group in groupby(events, key=lambda one: (one.type, one.day, one.currency, f"{one.time:%Y-%m-%d %H:%M}"))]


def happened(t: Texts, event: EventRow) -> str:
    """The day, or the month of what is reported by the month."""
    return t.period(f"{event.day:%Y-%m}") if event_class(event.type).startswith("Income") else t.day(event.day)


def verdict(t: Texts, found: Explanation) -> str:
    """Whether the events add up to what the API answers, and how many are shown."""
    values = {"sum": amounts(t, found.sums), "answer": amounts(t, found.answers), "number": t.number(found.number)}
    line = (
        t("+ Equal: {number} entries of the log add up to {sum}, as the API answers.", **values)
        if found.explained
        else t("x Different: {number} entries of the log add up to {sum}, the API answers {answer}.", **values)
    )
    return line + (" " + t("The newest {shown} are shown.", shown=t.number(len(found.events))) if len(found.events) < found.number else "")


def side(t: Texts, found: Explanation) -> str:
    """Which side of a share an explanation is of."""
    return t("numerator") if found.title.endswith("numerator") else t("denominator")


def amounts(t: Texts, by_currency: Mapping[str, int]) -> str:
    """Sums by currency ("" where it is no money), in one line."""
    return ", ".join(money(t, value, name) if name else t.number(value) for name, value in by_currency.items()) or "0"

"""Notifications in the language of whoever reads them: templates filled with names, money and days instead of codes and numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from shared.notifications.templates import TEMPLATES
from shared.texts import Texts, texts

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(Z|[+-][0-9:]+)", re.ASCII)
_UNSPACED = frozenset({"zh", "ja"})
_BETWEEN = {"zh": "、", "ja": "、", "en": ", "}
PLAIN = frozenset({"licence_no", "announcement_no", "decision_no", "centre", "serial", "code", "link"})  # as it is

IN_FEN = frozenset({"income", "income_remitted"})  # measures of which a target's figures are sums of money
IN_HEADS = frozenset({"dispatches"})  # and those of which they are departures


@dataclass(frozen=True, slots=True)
class Message:
    """A notification in one language. `due` as it stands in the event: YYYY-MM-DD or a moment."""

    title: str
    text: str
    due: str | None


def message(kind: str, fields: Mapping[str, Any], count: int, language: str) -> Message:
    """What a notification of the event class `kind`, or of the CloudEvents type of one, says."""
    t = texts(language)
    template = TEMPLATES[class_name(kind)]
    values = {**fields, "count": count}
    if values.get("measure") in IN_FEN:
        values |= {name: {"minor": values[name], "currency": "CNY"} for name in ("actual", "floor")}
    elif values.get("measure") in IN_HEADS:
        values |= {name: f"{t.number(values[name])} {t.value('unit', 'dispatches')}" for name in ("actual", "floor")}
    lines = [
        sentence
        for sentence in template.sentences
        if all(values.get(name) not in (None, []) for name in _names(sentence)) and template.when.get(sentence, bool)(values)
    ]
    return Message(
        title=t(template.title),
        text=("" if language in _UNSPACED else " ").join(
            t(one, **{name: shown(t, name, values[name]) for name in _names(one)}) for one in lines
        ),
        due=None if template.due is None else values.get(template.due),
    )


def class_name(kind: str) -> str:
    """ClearanceGranted, of docking.ClearanceGranted.v1."""
    return kind.split(".")[1] if "." in kind else kind


def _names(sentence: str) -> list[str]:
    return _PLACEHOLDER.findall(sentence)


def shown(t: Texts, name: str, value: Any) -> str:
    """A field's value for people: names instead of codes, money, days and numbers in the language's own form."""
    if isinstance(value, dict):
        return t.money(value["minor"], value["currency"])
    if isinstance(value, list):
        return t.share(*value) if name.startswith("share") else _BETWEEN[t.language].join(shown(t, name, one) for one in value)
    if isinstance(value, int):
        return t.number(value)
    return _text(t, name, str(value))


def _text(t: Texts, name: str, value: str) -> str:
    by_name = {"county": t.place, "destination": t.country, "occupation": t.occupation, "period": t.period}
    if name in PLAIN:
        return value
    if name in by_name:
        return by_name[name](value)
    if name in ("quota", "target"):
        return t.word(name, value)
    if _DAY.fullmatch(value):
        return t.day(date.fromisoformat(value))
    if _MOMENT.fullmatch(value):
        return t.moment(datetime.fromisoformat(value))
    return t.value(name, value)

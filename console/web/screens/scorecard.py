"""The scorecard of an enterprise in sentences: each value with its unit, what it is compared with, and what is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.web.pages import fen, show
from console.web.screen import Item
from shared.texts import Texts, sentence

PART = sentence("{value}, of {whole}")
RETURNS = sentence("{value}, of {whole} who returned")
DEPARTURES = sentence("{value}, with {whole} departures in the same time")
AGAINST: Mapping[str, str] = {  # score -> how it stands beside what it is compared with, where it is no part of that
    "early_returns": RETURNS,
    "distress_returns": RETURNS,
    "deaths": RETURNS,
    "complaints": DEPARTURES,
    "shortfalls": DEPARTURES,
    "reserve": sentence("{value}; it must be at least {whole}"),
}


def in_words(scores: Sequence[Item], text: Texts) -> Sequence[Item]:
    """One sentence for each score. The definition is that of the service, in the reader's language where it is known."""
    return [{"score": one["score"], "value": _value(one, text), "definition": text(one["definition"])} for one in scores]


def _value(one: Item, text: Texts) -> str | None:
    if one["value"] is None:
        return None
    unit = "people" if one["score"] == "deaths" else one["unit"]
    against = AGAINST.get(one["score"], PART)
    value = _amount(text, one["value"], unit)
    if one["of"] is None:
        return value
    return text(against, value=value, whole=text.number(one["of"]) if against in {DEPARTURES, RETURNS} else _amount(text, one["of"], unit))


def _amount(text: Texts, value: int, unit: str) -> str:
    if unit == "fen":
        return str(show(text, "value", fen(value)))
    return f"{text.number(value)} {text.value('unit', unit)}"

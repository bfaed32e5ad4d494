"""What encode() writes, as one regular expression per event class, generated from the contract.

A record that matches is one that decode() accepts, so whoever wants a few of its values takes them from the match and builds
no event, at a tenth of the cost. A record that does not match is not wrong for that: it may be written otherwise (escapes,
the fields of a newer build), and decode() has to judge it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from types import NoneType
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

import iso4217

from shared.events import BY_TYPE, Event, Part
from shared.values import Money


@dataclass(frozen=True, slots=True)
class Kind:
    """What may stand in a place, as an expression; and every option, where they can be listed."""

    text: str
    options: tuple[bytes, ...] = ()


_DAYS = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31"
_LEAP = r"(?:[12][0-9](?:0[48]|[2468][048]|[13579][26])|2000)-02-29"
_CODES = sorted(currency.value for currency in iso4217.Currency)
TEXT = Kind(r'[^"\\\x00-\x1f]*+')
INTEGER = Kind(r"(?:0|-?[1-9][0-9]{0,17}+)")
MINOR = Kind(r"(?:0|-?[1-9][0-9]{0,14}+)")
DATE = Kind(rf"(?:[12][0-9]{{3}}-(?:{_DAYS})|{_LEAP})")
TIME = Kind(rf"{DATE.text}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}}+)?Z")
UID = Kind(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FLAG = Kind("(?:true|false)", (b"true", b"false"))
SUBJECT = Kind("(?P=subject)")  # once more
CURRENCY = Kind(  # by first letter: a match tries alternatives one after the other
    "(?:" + "|".join(f"{first}(?:{'|'.join(code[1:] for code in codes)})" for first, codes in groupby(_CODES, key=itemgetter(0))) + ")",
    tuple(code.encode() for code in _CODES),
)
_QUOTED: dict[Any, Kind] = {str: TEXT, UUID: UID, date: DATE, datetime: TIME}
_PLAIN: dict[Any, Kind] = {int: INTEGER, bool: FLAG}
_HEAD = re.compile(rb'\{"specversion":"1\.0","id":"[^"]*+","source":"[^"]*+","type":"([^"]*+)","subject":"([^"]*+)"')


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """`names`: what the groups of a match are, in their order: "subject", "time", and paths into the data such as "fact.period".

    The subject of the envelope is also the one in the data. The group of a path is None where a part on the way is null.
    """

    event: type[Event]
    match: Any  # of re.Pattern: fullmatch
    names: tuple[str, ...]
    kinds: tuple[Kind, ...]


def head_of(value: bytes) -> tuple[bytes, bytes] | None:
    """Type and subject of a record that begins as encode() begins."""
    found = _HEAD.match(value)
    return (found[1], found[2]) if found else None


def class_of(value: bytes) -> type[Event] | None:
    """The class that a record begins to be of."""
    head = head_of(value)
    return BY_TYPE.get(head[0].decode(errors="replace")) if head else None


def pattern(event: type[Event], wanted: Iterable[str] | None = ()) -> Pattern | None:
    """For whole records of the class, with groups for the wanted paths. None wanted: for whatever is not the same in all records.

    None: a field is of a kind that no pattern is known for.
    """
    writer = _Writer(None if wanted is None else frozenset({"subject", "time", *wanted}))
    leaf = writer.leaf
    source, kind = re.escape(event.TOPIC.partition(".")[0]), re.escape(event.type_name())
    try:
        text = (
            rf'\{{"specversion":"1\.0","id":"{leaf(UID, "envelope.id")}","source":"/{source}","type":"{kind}",'
            rf'"subject":"{leaf(TEXT, "subject")}","time":"{leaf(TIME, "time")}","datacontenttype":"application/json",'
            rf'"dataschema":"{leaf(TEXT, "envelope.dataschema")}","correlationid":"{leaf(TEXT, "envelope.correlationid")}"'
            rf'(?:,"causationid":"{leaf(TEXT, "envelope.causationid")}")?,"actor":"{leaf(TEXT, "envelope.actor")}"'
            rf'(?:,"traceparent":"{leaf(TEXT, "envelope.traceparent")}")?,'
            rf'"data":{_fields(writer, event, "", {event.SUBJECT: SUBJECT})}\}}'
        )
    except _Patternless:
        return None
    whole = re.compile(text.encode())
    return Pattern(event, whole.fullmatch, tuple(name.replace("__", ".") for name in whole.groupindex), tuple(writer.kinds))


class _Patternless(Exception):
    """A field of a kind that is not written down here."""


@dataclass(frozen=True, slots=True)
class _Writer:
    wanted: frozenset[str] | None
    kinds: list[Kind] = field(default_factory=list)  # of the groups written so far

    def leaf(self, kind: Kind, place: str) -> str:
        if self.wanted is not None and place not in self.wanted:
            return kind.text
        self.kinds.append(kind)
        return f"(?P<{place.replace('.', '__')}>{kind.text})"


_NO_GROUPS = _Writer(frozenset())


def _fields(writer: _Writer, cls: type[Part], path: str, known: Mapping[str, Kind]) -> str:
    """A part: its fields in order. One that was added later has a default, and older records are without it."""
    written = ""
    for name, field_ in cls.model_fields.items():
        place = f"{path}{name}"
        value = f'"{writer.leaf(known[place], place)}"' if place in known else _value(writer, field_.annotation, place)
        pair = f'{"," if written else ""}"{name}":{value}'
        written += pair if field_.is_required() or not written else f"(?:{pair})?"
    return rf"\{{{written}\}}"


def _value(writer: _Writer, kind: Any, place: str) -> str:
    kind = getattr(kind, "__supertype__", kind)
    options = get_args(kind)
    if NoneType in options:
        return f"(?:null|{_value(writer, next(option for option in options if option is not NoneType), place)})"
    if get_origin(kind) is tuple:
        return _sequence(options, place)
    if isinstance(kind, type) and issubclass(kind, Money):
        minor, currency = writer.leaf(MINOR, f"{place}.minor"), writer.leaf(CURRENCY, f"{place}.currency")
        return rf'\{{"minor":{minor},"currency":"{currency}"\}}'
    if isinstance(kind, type) and issubclass(kind, Part):
        return _fields(writer, kind, f"{place}.", {})
    if kind in _PLAIN:
        return writer.leaf(_PLAIN[kind], place)
    return f'"{writer.leaf(_quoted(kind, options), place)}"'


def _quoted(kind: Any, options: tuple[Any, ...]) -> Kind:
    if get_origin(kind) is Literal and all(isinstance(option, str) for option in options):
        return _one_of(options)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _one_of([member.value for member in kind])
    if kind not in _QUOTED:
        raise _Patternless(kind)
    return _QUOTED[kind]


def _one_of(options: Sequence[str]) -> Kind:
    return Kind(f"(?:{'|'.join(map(re.escape, options))})", tuple(option.encode() for option in options))


def _sequence(options: tuple[Any, ...], place: str) -> str:
    if options[-1] is Ellipsis:
        one = _value(_NO_GROUPS, options[0], place)
        return rf"\[(?:{one}(?:,{one})*+)?\]"
    return rf"\[{','.join(_value(_NO_GROUPS, option, place) for option in options)}\]"

"""What encode() writes, as one regular expression per event class, generated from the contract.

A record that matches is one that decode() accepts, so whoever wants a few of its values takes them from the match and builds
no event, at a tenth of the cost. A record that does not match is not wrong for that: it may be written otherwise (escapes,
the fields of a newer build), and decode() has to judge it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from types import NoneType
from typing import Any, Literal, get_args, get_origin
from uuid import UUID

import iso4217

from shared.events import Data, Part
from shared.values import Money

TEXT = r'[^"\\\x00-\x1f]*+'
INTEGER = r"(?:0|-?[1-9][0-9]{0,17}+)"
_DAYS = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31"
_LEAP = r"(?:[12][0-9](?:0[48]|[2468][048]|[13579][26])|2000)-02-29"
DATE = rf"(?:[12][0-9]{{3}}-(?:{_DAYS})|{_LEAP})"
TIME = rf"{DATE}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}}+)?Z"
UID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_MINOR = r"(?:0|-?[1-9][0-9]{0,14}+)"
_CODES = sorted(currency.value for currency in iso4217.Currency)
# By first letter: a match tries alternatives one after the other.
_CURRENCY = "|".join(f"{first}(?:{'|'.join(code[1:] for code in codes)})" for first, codes in groupby(_CODES, key=itemgetter(0)))
_QUOTED: dict[Any, str] = {str: TEXT, UUID: UID, date: DATE, datetime: TIME}
_PLAIN: dict[Any, str] = {int: INTEGER, bool: "(?:true|false)"}
_HEAD = re.compile(rb'\{"specversion":"1\.0","id":"[^"]*+","source":"[^"]*+","type":"([^"]*+)","subject":"([^"]*+)"')


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """`names`: what the groups of a match are, in their order: "subject", "time", and paths into the data such as "fact.period".

    The subject of the envelope is also the one in the data. The group of a path is None where a part on the way is null.
    """

    event: type[Data]
    match: Any  # of re.Pattern: fullmatch
    names: tuple[str, ...]


def head_of(value: bytes) -> tuple[bytes, bytes] | None:
    """Type and subject of a record that begins as encode() begins."""
    found = _HEAD.match(value)
    return (found[1], found[2]) if found else None


def pattern(event: type[Data], wanted: Iterable[str] = ()) -> Pattern | None:
    """For whole records of the class, with groups for the wanted paths. None: a field is of a kind that no pattern is known for."""
    groups = {event.SUBJECT: '"(?P=subject)"'}
    try:
        data = _fields(event, "", groups, frozenset(wanted))
    except _Patternless:
        return None
    source, kind = re.escape(event.TOPIC.partition(".")[0]), re.escape(event.type_name())
    whole = re.compile(
        rf'\{{"specversion":"1\.0","id":"{UID}","source":"/{source}","type":"{kind}","subject":"(?P<subject>{TEXT})",'
        rf'"time":"(?P<time>{TIME})","datacontenttype":"application/json","dataschema":"{TEXT}","correlationid":"{TEXT}"'
        rf'(?:,"causationid":"{TEXT}")?,"actor":"{TEXT}"(?:,"traceparent":"{TEXT}")?,"data":{data}\}}'.encode()
    )
    return Pattern(event, whole.fullmatch, tuple(name.replace("__", ".") for name in whole.groupindex))


class _Patternless(Exception):
    """A field of a kind that is not written down here."""


def _fields(cls: type[Part], path: str, known: dict[str, str], wanted: frozenset[str]) -> str:
    """A part: its fields in order. One that was added later has a default, and older records are without it."""
    written = ""
    for name, field in cls.model_fields.items():
        place = f"{path}{name}"
        value = known.get(place) or _value(field.annotation, place, wanted)
        pair = f'{"," if written else ""}"{name}":{value}'
        written += pair if field.is_required() or not written else f"(?:{pair})?"
    return rf"\{{{written}\}}"


def _value(kind: Any, place: str, wanted: frozenset[str]) -> str:
    kind = getattr(kind, "__supertype__", kind)
    options = get_args(kind)
    if NoneType in options:
        return f"(?:null|{_value(next(option for option in options if option is not NoneType), place, wanted)})"
    if get_origin(kind) is tuple:
        return _sequence(options, place)
    if isinstance(kind, type) and issubclass(kind, Money):
        minor, currency = _leaf(_MINOR, f"{place}.minor", wanted), _leaf(f"(?:{_CURRENCY})", f"{place}.currency", wanted)
        return rf'\{{"minor":{minor},"currency":"{currency}"\}}'
    if isinstance(kind, type) and issubclass(kind, Part):
        return _fields(kind, f"{place}.", {}, wanted)
    if kind in _PLAIN:
        return _leaf(_PLAIN[kind], place, wanted)
    return f'"{_leaf(_text(kind, options), place, wanted)}"'


def _text(kind: Any, options: tuple[Any, ...]) -> str:
    if get_origin(kind) is Literal and all(isinstance(option, str) for option in options):
        return f"(?:{'|'.join(map(re.escape, options))})"
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return f"(?:{'|'.join(re.escape(member.value) for member in kind)})"
    if kind not in _QUOTED:
        raise _Patternless(kind)
    return _QUOTED[kind]


def _sequence(options: tuple[Any, ...], place: str) -> str:
    if options[-1] is Ellipsis:
        one = _value(options[0], place, frozenset())
        return rf"\[(?:{one}(?:,{one})*+)?\]"
    return rf"\[{','.join(_value(option, place, frozenset()) for option in options)}\]"


def _leaf(text: str, place: str, wanted: frozenset[str]) -> str:
    return f"(?P<{place.replace('.', '__')}>{text})" if place in wanted else text

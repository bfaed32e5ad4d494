"""One regular expression per event class for what encode() writes, generated from the contract.

decode() accepts every record that matches, so a reader that needs a few values takes them from the match and builds no event,
at a tenth of the cost. A record that does not match is not invalid: it may be written differently (escapes, the fields of a
newer build), and decode() has to judge it.
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
from typing import Annotated, Any, Literal, get_args, get_origin
from uuid import UUID

from shared import currencies
from shared.events import BY_TYPE, Event, Part
from shared.events.voided import EVENTS as VOIDS
from shared.values import Money


@dataclass(frozen=True, slots=True)
class ValueKind:
    """The values a field may have, as an expression; and every option, where they can be listed."""

    text: str
    options: tuple[bytes, ...] = ()


_DAYS = r"(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31"
_LEAP = r"(?:[12][0-9](?:0[48]|[2468][048]|[13579][26])|2000)-02-29"
_CODES = currencies.codes()
TEXT = ValueKind(r'[^"\\\x00-\x1f]*+')
INTEGER = ValueKind(r"(?:0|-?[1-9][0-9]{0,17}+)")
MINOR = ValueKind(r"(?:0|-?[1-9][0-9]{0,14}+)")
DATE = ValueKind(rf"(?:[12][0-9]{{3}}-(?:{_DAYS})|{_LEAP})")
TIME = ValueKind(rf"{DATE.text}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{{1,6}}+)?Z")
UID = ValueKind(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
FLAG = ValueKind("(?:true|false)", (b"true", b"false"))
SUBJECT = ValueKind("(?P=subject)")  # repeats the subject of the envelope
CURRENCY = ValueKind(  # grouped by first letter: a match tries alternatives one after the other
    "(?:" + "|".join(f"{first}(?:{'|'.join(code[1:] for code in codes)})" for first, codes in groupby(_CODES, key=itemgetter(0))) + ")",
    tuple(code.encode() for code in _CODES),
)
_QUOTED: dict[Any, ValueKind] = {str: TEXT, UUID: UID, date: DATE, datetime: TIME}
_PLAIN: dict[Any, ValueKind] = {int: INTEGER, bool: FLAG}
_HEAD = re.compile(rb'\{"specversion":"1\.0","id":"[^"]*+","source":"[^"]*+","type":"([^"]*+)","subject":"([^"]*+)"')


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """`names`: the groups of a match in order: "subject", "time", and paths into the data such as "fact.period".

    The subject of the envelope is also the one in the data. The group of a path is None where a part on the way is null.
    """

    event: type[Event]
    match: Any  # fullmatch of the compiled expression
    names: tuple[str, ...]
    kinds: tuple[ValueKind, ...]


def type_and_subject(value: bytes) -> tuple[bytes, bytes] | None:
    """Type and subject of a record that begins as encode() begins one."""
    found = _HEAD.match(value)
    return (found[1], found[2]) if found else None


def event_class_of(value: bytes) -> type[Event] | None:
    """The event class that the head of a record names."""
    head = type_and_subject(value)
    return BY_TYPE.get(head[0].decode(errors="replace")) if head else None


def build_pattern(event: type[Event], wanted: Iterable[str] | None = ()) -> Pattern | None:
    """The pattern for whole records of the class, with groups for the wanted paths; `wanted` None: for every value that varies.

    None where a field has a type that no expression is known for, and for what takes another event back: that one has to be decoded.
    """
    if event in VOIDS:
        return None
    writer = _Writer(None if wanted is None else frozenset({"subject", "time", *wanted}))
    leaf = writer.leaf
    source, kind = re.escape(event.TOPIC.partition(".")[0]), re.escape(event.type_name())
    try:
        subject = _quoted(_bare(event.model_fields[event.SUBJECT].annotation))
        text = (
            rf'\{{"specversion":"1\.0","id":"{leaf(UID, "envelope.id")}","source":"/{source}","type":"{kind}",'
            rf'"subject":"{leaf(subject, "subject")}","time":"{leaf(TIME, "time")}","datacontenttype":"application/json",'
            rf'"dataschema":"{leaf(TEXT, "envelope.dataschema")}","correlationid":"{leaf(TEXT, "envelope.correlationid")}"'
            rf'(?:,"causationid":"{leaf(TEXT, "envelope.causationid")}")?,"actor":"{leaf(TEXT, "envelope.actor")}"'
            rf'(?:,"traceparent":"{leaf(TEXT, "envelope.traceparent")}")?,'
            rf'"data":{_fields(writer, event, "", {event.SUBJECT: SUBJECT})}\}}'
        )
    except _UnsupportedType:
        return None
    whole = re.compile(text.encode())
    return Pattern(event, whole.fullmatch, tuple(name.replace("__", ".") for name in whole.groupindex), tuple(writer.kinds))


class _UnsupportedType(Exception):
    """A field has a type that no expression is known for."""


@dataclass(frozen=True, slots=True)
class _Writer:
    wanted: frozenset[str] | None
    kinds: list[ValueKind] = field(default_factory=list)  # of the groups so far

    def leaf(self, kind: ValueKind, path: str) -> str:
        """The expression for one value, as a group where the path is wanted."""
        if self.wanted is not None and path not in self.wanted:
            return kind.text
        self.kinds.append(kind)
        return f"(?P<{path.replace('.', '__')}>{kind.text})"


_NO_GROUPS = _Writer(frozenset())


def _fields(writer: _Writer, cls: type[Part], prefix: str, known: Mapping[str, ValueKind]) -> str:
    """The fields of a part in order. A field that was added later has a default; older records lack it."""
    written = ""
    for name, field_ in cls.model_fields.items():
        path = f"{prefix}{name}"
        value = f'"{writer.leaf(known[path], path)}"' if path in known else _value(writer, field_.annotation, path)
        pair = f'{"," if written else ""}"{name}":{value}'
        written += pair if field_.is_required() or not written else f"(?:{pair})?"
    return rf"\{{{written}\}}"


def _value(writer: _Writer, annotation: Any, path: str) -> str:
    kind = _bare(annotation)
    options = get_args(kind)
    if NoneType in options:
        return f"(?:null|{_value(writer, next(option for option in options if option is not NoneType), path)})"
    if get_origin(kind) is tuple:
        return _sequence(options, path)
    if isinstance(kind, type) and issubclass(kind, Money):
        minor, currency = writer.leaf(MINOR, f"{path}.minor"), writer.leaf(CURRENCY, f"{path}.currency")
        return rf'\{{"minor":{minor},"currency":"{currency}"\}}'
    if isinstance(kind, type) and issubclass(kind, Part):
        return _fields(writer, kind, f"{path}.", {})
    if kind in _PLAIN:
        return writer.leaf(_PLAIN[kind], path)
    return f'"{writer.leaf(_quoted(kind), path)}"'


def _bare(annotation: Any) -> Any:
    """What a NewType wraps; of an annotated type, the type."""
    kind = getattr(annotation, "__supertype__", annotation)
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _quoted(kind: Any) -> ValueKind:
    options = get_args(kind)
    if get_origin(kind) is Literal and all(isinstance(option, str) for option in options):
        return _one_of(options)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _one_of([member.value for member in kind])
    if kind not in _QUOTED:
        raise _UnsupportedType(kind)
    return _QUOTED[kind]


def _one_of(options: Sequence[str]) -> ValueKind:
    return ValueKind(f"(?:{'|'.join(map(re.escape, options))})", tuple(option.encode() for option in options))


def _sequence(options: tuple[Any, ...], path: str) -> str:
    if options[-1] is Ellipsis:
        one = _value(_NO_GROUPS, options[0], path)
        return rf"\[(?:{one}(?:,{one})*+)?\]"
    return rf"\[{','.join(_value(_NO_GROUPS, option, path) for option in options)}\]"

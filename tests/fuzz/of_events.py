"""Records of the log: whoever may write to a topic may write anything."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Sequence
from datetime import date
from enum import Enum
from functools import cache
from typing import Any

from aiokafka import ConsumerRecord

from services.stats.counting import columnar_fold, record_reader
from services.stats.counting.columnar_fold import Unreadable
from services.stats.counting.reference_fold import RULES_OF, fold, fold_all
from services.stats.domain.errors import AbsurdDay
from shared.delivery.batches import Item, decode_record
from shared.delivery.event_log import Entry
from shared.delivery.numbering import START, Number, accept, number_of
from shared.delivery.restoring import _found
from shared.events import EventEnvelope, Undecodable, decode, encode
from tests.contracts.samples import FOLDER
from tests.fuzz.parser import Parser, Refusal

_COPIES = 70  # more than record_layouts.MIN_GROUP


def a_record(value: bytes | None, *headers: tuple[str, bytes], key: bytes = b"") -> ConsumerRecord[Any, Any]:
    return ConsumerRecord("docking.events", 0, 0, 0, 0, key, value, None, len(key), len(value or b""), headers)


@cache
def golden() -> tuple[bytes, ...]:
    """A recorded event of every class."""
    return tuple(path.read_bytes().strip() for path in sorted(FOLDER.glob("*.json")))


def read_event(value: bytes) -> None:
    """What decodes is written again as the same event, and is counted or refused by its day."""
    event = decode(value)
    if not isinstance(event, EventEnvelope):
        raise Refusal
    assert decode(encode(event)) == event
    fold(event)


def read_record(value: bytes) -> None:
    """As the consumers do, to whom nothing may be an error, and as whoever compares a restored database with its log."""
    topic, key, _ = columnar_fold._as_raw(value)
    record = a_record(value, key=key or b"")
    found = decode_record(topic, record, Number(1, 0))
    _found(Entry(topic, Number(1, 0), record))
    if not isinstance(found, Item) or found.reason:
        raise Refusal


def read_number(header: bytes) -> None:
    number = number_of(a_record(None, ("sequence", header)))
    if number is None:
        raise Refusal
    accept(START, number)
    assert str(number).encode() == header


# --- without decoding ---------------------------------------------------------------------------------------------------
@cache
def counted() -> tuple[bytes, ...]:
    """Samples of the classes that are counted."""
    kinds = {event.type_name() for event in RULES_OF}
    return tuple(value for value in golden() if json.loads(value)["type"] in kinds)


def read_by_pattern(value: bytes) -> None:
    """Whatever the pattern of a class matches decodes, to the very values that the match holds."""
    pattern = record_reader._pattern_of(value) if record_reader.is_utf8(value) else None
    match = pattern.match(value) if pattern else None
    if pattern is None or match is None:
        raise Refusal
    event = decode(value)
    assert isinstance(event, EventEnvelope)
    for name, text in zip(pattern.names, match.groups(), strict=True):
        if name not in ("subject", "time"):
            assert _written(_value_at(event.data, name)) == text or (text is None and _value_at(event.data, name) in (True, False, None))


def _value_at(found: Any, path: str) -> Any:
    for name in path.split("."):
        found = None if found is None else getattr(found, name)
    return found


def _written(value: Any) -> bytes | None:
    if value is None or isinstance(value, bool):
        return None if value is None else str(value).lower().encode()
    if isinstance(value, Enum):
        return str(value.value).encode()
    return (value.isoformat() if isinstance(value, date) else str(value)).encode()


@cache
def batches() -> tuple[bytes, ...]:
    """Records of one class in the same form, one on a line: they are read as a group."""
    return tuple(b"\n".join(_renamed(value, number) for number in range(_COPIES)) for value in counted())


def _renamed(value: bytes, number: int) -> bytes:
    subject = json.loads(value)["subject"].encode()
    other = str(uuid.UUID(int=number + (7 << 76) + (8 << 60))).encode()
    return value.replace(subject, other) if re.fullmatch(rb"[0-9a-f-]{36}", subject) else value


def read_batch(lines: bytes) -> None:
    """What is read as columns is counted as the reference fold counts it; what cannot be is named."""
    values = lines.split(b"\n")
    try:
        cells = columnar_fold.fold(values)
    except Unreadable as error:
        values = [value for row, value in enumerate(values) if row not in error.rows]
        cells = columnar_fold.fold(values)
    assert cells == fold_all(_events(values))
    if not cells:
        raise Refusal


def _events(values: Sequence[bytes]) -> list[EventEnvelope[Any]]:
    events = [decode(value) for value in values]
    assert all(isinstance(event, EventEnvelope) for event in events)
    return [event for event in events if isinstance(event, EventEnvelope)]


PARSERS = (
    Parser(name="events", samples=golden, read=read_event, refuses=(Refusal, Undecodable, AbsurdDay), share=170),
    Parser(name="records of a consumer", samples=golden, read=read_record, share=90),
    Parser(name="records by pattern", samples=counted, read=read_by_pattern, share=180),
    Parser(name="records as columns", samples=batches, read=read_batch, share=1),
    Parser(name="numbers of the log", samples=lambda: (b"1.0", b"7.182", b"999999999.99999999999"), read=read_number, share=50),
)

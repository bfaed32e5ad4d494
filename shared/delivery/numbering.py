"""The numbers of the log: every record carries one, and by it a reader tells the next event from a repeat and from one that is too early.

A log may hold repeats (a relay that crashed sends its last batch again), so every reader (consumers, rebuilds, audits, watch)
accepts records by `accept`, and by nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple, TypeAlias

from aiokafka import ConsumerRecord

KafkaRecord: TypeAlias = ConsumerRecord  # or a LightRecord, which has what is read of one; key, value: bytes or None
CONTENT_TYPE = ("content-type", b"application/cloudevents+json; charset=UTF-8")  # the header before it
SEQUENCE = "sequence"  # the header with the number
_NUMBERED = re.compile(rb"([1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,17})")  # within PostgreSQL's integer and bigint


class Number(NamedTuple):
    """What the relay wrote in the header `sequence`: the epoch, and the number within topic, partition and epoch."""

    epoch: int
    number: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.number}"


START = Number(0, 0)  # nothing read yet: the first record of any epoch is the next


class Verdict(Enum):
    """What a record is to a reader that expects a number."""

    ACCEPTED = "accepted"  # the next event
    REPEAT = "repeat"  # read before, or written by a relay whose database has since been restored from a backup
    AHEAD = "ahead"  # an earlier number has not come yet; the relay will send this one again after it


def accept(expected: Number, found: Number) -> Verdict:
    """The rule of every reader. After ACCEPTED, `following(found)` is expected."""
    if found == expected or (found.epoch > expected.epoch and found.number == 0):
        return Verdict.ACCEPTED
    return Verdict.AHEAD if found > expected else Verdict.REPEAT


def following(number: Number) -> Number:
    return Number(number.epoch, number.number + 1)


def number_of(record: KafkaRecord) -> Number | None:
    """The record's number; None when it has none, an unreadable one, or two: then no relay of this system wrote it."""
    values = [value for name, value in record.headers if name == SEQUENCE]
    return read_number(values[0]) if len(values) == 1 else None


def read_number(text: bytes | None) -> Number | None:
    """The number that the header holds; None: none."""
    match = _NUMBERED.fullmatch(text or b"")
    return Number(int(match[1]), int(match[2])) if match else None


def first_of_run(records: Sequence[KafkaRecord], expected: Number) -> Number | None:
    """The number of the first record when every record is the next one; None: each has to be judged.

    Most batches are such a run, and comparing headers costs a fraction of parsing each.
    """
    first = number_of(records[0])
    if first is None or accept(expected, first) is not Verdict.ACCEPTED:
        return None
    epoch, number = first
    for record in records:
        if [value for name, value in record.headers if name == SEQUENCE] != [b"%d.%d" % (epoch, number)]:
            return None
        number += 1
    return first

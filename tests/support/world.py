"""A small programme: who is abroad, whose departure is a person's first of the year, and the log of what is published of it.

The world publishes every change as docking and rights do; tests/support/oracle.py recounts the events. What is true in the end
is known here without any event.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any, Literal
from uuid import UUID
from zlib import crc32

from shared import events
from shared.delivery.positions import TopicPartition
from shared.events import DispatchFact, Event, IncomeFact, Part, ReturnFact, encode
from shared.values import PlacementId, WorkerId
from tests.support.stats import recorded

PARTITIONS = 3
Cause = Literal["correction", "void_of_first", "late_earlier_departure", "merge"]


# --- the log ----------------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Log:
    """Records as relays write them: numbered per partition; the last few may be sent again."""

    prefix: str
    records: dict[TopicPartition, list[Any]] = field(default_factory=dict)
    numbers: dict[TopicPartition, int] = field(default_factory=dict)

    def append(self, topic: str, key: bytes, value: bytes) -> Any:
        topic_partition = TopicPartition(topic, crc32(key) % PARTITIONS)
        number = self.numbers[topic_partition] = self.numbers.get(topic_partition, -1) + 1
        return self._write(topic_partition, key, value, f"1.{number}")

    def resend(self, topic_partition: TopicPartition, back: int) -> None:
        """Send the last records of a partition again, as after a crash of the relay."""
        for record in self.records.get(topic_partition, [])[-back:]:
            self._write(topic_partition, record.key, record.value, record.headers[0][1].decode())

    def _write(self, topic_partition: TopicPartition, key: bytes, value: bytes, sequence: str) -> Any:
        lane = self.records.setdefault(topic_partition, [])
        lane.append(
            SimpleNamespace(
                topic=self.prefix + topic_partition.topic,
                partition=topic_partition.partition,
                offset=len(lane),
                timestamp=0,
                key=key,
                value=value,
                headers=(("sequence", sequence.encode()),),
            )
        )
        return lane[-1]


# --- the world --------------------------------------------------------------------------------------------------------
@dataclass(slots=True, kw_only=True)
class Voyage:
    placement: PlacementId
    worker: int
    fact: DispatchFact
    published_on: date  # the day of its newest event: no later event is recorded before
    returned: ReturnFact | None = None
    voided: bool = False


@dataclass(slots=True)
class Wage:
    report: events.IncomeReported
    fact: IncomeFact
    published_on: date


@dataclass(slots=True)
class Recruited:
    of: events.Dispatched
    fact: events.RecruitmentCost | None
    published_on: date


@dataclass(slots=True)
class Followed:
    """What is counted of an aggregate whose events carry a `fact`, and go on from it as `previous`; None: voided."""

    subject: UUID
    fact: Part | None
    published_on: date


@dataclass(slots=True)
class Kept:
    """A fact beside a placement's way: a fee, say."""

    of: events.Dispatched
    id: UUID
    fact: Any
    published_on: date


@dataclass(slots=True, kw_only=True)
class World:
    """`counted`: the JSON of every event that has to be counted, by topic, partition and offset."""

    log: Log
    voyages: list[Voyage] = field(default_factory=list)
    wages: list[Wage] = field(default_factory=list)
    recruited: list[Recruited] = field(default_factory=list)
    surveys: list[Followed] = field(default_factory=list)
    intended: list[Any] = field(default_factory=list)  # tests/support/history_of_fairs.py
    kept: dict[str, list[Kept]] = field(default_factory=dict)  # by kind
    outreach: list[Followed] = field(default_factory=list)
    merged: dict[int, int] = field(default_factory=dict)
    uncountable: set[bytes] = field(default_factory=set)  # subjects whose events cannot be counted
    counted: dict[tuple[str, int, int], dict[str, Any]] = field(default_factory=dict)

    def publish(self, data: Event, on: date) -> None:
        event = recorded(data, on)
        key = event.subject.encode()
        record = self.log.append(data.TOPIC, key, encode(event))
        if key not in self.uncountable:
            self.counted[data.TOPIC, record.partition, record.offset] = json.loads(record.value)

    def person(self, worker: int) -> int:
        """The person of a worker number, after merges."""
        while worker in self.merged:
            worker = self.merged[worker]
        return worker

    def real(self) -> list[Voyage]:
        return [voyage for voyage in self.voyages if not voyage.voided]

    def firsts(self, worker: int) -> set[PlacementId]:
        """The first departure of a person in each year."""
        found: dict[int, Voyage] = {}
        for voyage in self.real():
            if self.person(voyage.worker) == self.person(worker):
                held = found.get(voyage.fact.departed_on.year)
                if held is None or voyage.fact.departed_on < held.fact.departed_on:
                    found[voyage.fact.departed_on.year] = voyage
        return {voyage.placement for voyage in found.values()}

    def set_firsts(self, worker: int, cause: Cause, on: date) -> None:
        """Correct every departure that newly counts as the first of the year, or no longer does."""
        firsts = self.firsts(worker)
        for voyage in self.real():
            first = voyage.placement in firsts
            if self.person(voyage.worker) == self.person(worker) and voyage.fact.first_this_year is not first:
                self.correct(voyage, voyage.fact.model_copy(update={"first_this_year": first}), cause, on)

    def correct(self, voyage: Voyage, fact: DispatchFact, cause: Cause, on: date) -> None:
        voyage.published_on = max(voyage.published_on, on)
        about = {"placement": voyage.placement, "worker": worker_id(voyage.worker), "returned": voyage.returned, "cause": cause}
        changed = {**about, "previous": voyage.fact, "fact": fact, "reason": "misread" if cause == "correction" else None}
        self.publish(events.DispatchCorrected.model_validate(changed), voyage.published_on)
        voyage.fact = fact

    # --- the true values of figures ---------------------------------------------------------------------------------
    def abroad_on(self, day: date) -> int:
        return sum(
            voyage.fact.departed_on <= day and not (voyage.returned is not None and voyage.returned.returned_on <= day)
            for voyage in self.real()
        )

    def person_years(self) -> int:
        return len({(self.person(voyage.worker), voyage.fact.departed_on.year) for voyage in self.real()})


def worker_id(number: int) -> WorkerId:
    return WorkerId(UUID(int=number + 1))
